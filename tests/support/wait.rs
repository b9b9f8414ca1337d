//! Waiting for a condition with a deadline; the only place of the tests that lets time pass.

use std::time::{Duration, Instant};

/// How long a condition may take that a healthy machine meets in milliseconds.
pub const SOON: Duration = Duration::from_secs(20);

/// Asks `condition` until it answers, at most for `limit`.
pub fn within<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = condition() {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// Lets time pass, as a client does between two tries.
pub fn pause(time: Duration) {
    std::thread::park_timeout(time);
}

/// Asks `condition` until it holds; fails the test, naming `what`, when it does not hold [`SOON`].
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let met = within(SOON, || condition().then_some(()));
    assert!(met.is_some(), "still waiting after {SOON:?} for {what}");
}
