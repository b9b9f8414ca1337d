//! The settings of fail-over, `[failover]` of the configuration, and their defaults. Pure values;
//! `verdict` and `health` act on them.

use crate::{health, verdict};
use std::time::Duration;

/// Bounds of retries, waits and rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// Attempts of one request, waits between them and their whole time.
    pub tries: verdict::Limits,
    /// When a route rests.
    pub health: health::Limits,
    /// How long a stream's first content may take where another candidate can be asked.
    pub first_content: Duration,
    /// The same for models that think before they speak, and for local ones, which may have to be
    /// loaded.
    pub first_thought: Duration,
    /// How long an answer that is not streamed may take where another candidate can be asked.
    pub whole_answer: Duration,
    /// The longest silence inside an answer.
    pub stall: Duration,
    /// Tools whose answers are held until they are complete.
    pub held: Vec<String>,
}

impl Default for Failover {
    fn default() -> Self {
        Self {
            tries: verdict::Limits {
                attempts: 6,
                per_route: 3,
                wait: Duration::from_secs(10),
                total: Duration::from_secs(120),
            },
            health: health::Limits {
                failures: 3,
                rest: Duration::from_secs(10),
                rest_max: Duration::from_secs(25),
                slow_rest_max: Duration::from_secs(120),
            },
            first_content: Duration::from_secs(12),
            first_thought: Duration::from_secs(60),
            whole_answer: Duration::from_secs(300),
            stall: Duration::from_secs(300),
            held: Vec::new(),
        }
    }
}
