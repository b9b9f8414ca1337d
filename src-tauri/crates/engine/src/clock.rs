//! The only place that asks the time: the wall clock, the monotonic clock and the local zone.
//! Everything else takes `now` as an argument.

use jiff::tz::TimeZone;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use weir_proxy::ports::Clock;

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// Starts the monotonic clock at zero.
    #[expect(clippy::disallowed_methods, reason = "this module is the one that may")]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn unix_ms(&self) -> i64 {
        unix_ms()
    }

    #[expect(clippy::disallowed_methods, reason = "this module is the one that may")]
    fn monotonic_ns(&self) -> u64 {
        let elapsed = Instant::now().saturating_duration_since(self.origin);
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Unix time in milliseconds, negative before 1970.
#[expect(clippy::disallowed_methods, reason = "this module is the one that may")]
pub fn unix_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

/// The local zone: `TZ` if set, else the system's; UTC when neither can be read.
pub fn zone() -> TimeZone {
    TimeZone::system()
}

/// The name a zone is stored under in the ledger: its IANA name, else its offset's.
pub fn zone_name(zone: &TimeZone) -> String {
    match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => zone.to_fixed_offset().map_or_else(|_| "local".to_owned(), |o| o.to_string()),
    }
}
