//! `[failover]` and `[clients.NAME]`: what happens when a provider fails. Owns what their keys may
//! say; the defaults are `weir_core::Failover`'s.

use super::check::Judge;
use super::raw::{RawClient, RawFailover};
use super::read::At;
use std::sync::Arc;
use std::time::Duration;
use weir_core::Failover;

const ATTEMPTS_MAX: i64 = 20;
const FAILURES_MAX: i64 = 1_000;
const HOUR: Duration = Duration::from_secs(3_600);
const TIME_MIN: Duration = Duration::from_millis(10);

impl Judge {
    pub(super) fn failover(
        &mut self,
        raw: Option<RawFailover>,
        clients: Vec<RawClient>,
    ) -> Arc<Failover> {
        let raw = raw.unwrap_or_default();
        let mut settings = Failover::default();
        let against = |at: &Option<At<String>>| at.as_ref().map(|at| (at.line, at.key.clone()));
        let (wait, thought) = (against(&raw.wait), against(&raw.first_thought));
        let per_route = raw.per_route.as_ref().map(|at| (at.line, at.key.clone()));
        let per_route = per_route.filter(|_| raw.attempts.is_some());
        let tries = &mut settings.tries;
        tries.attempts = self.number(raw.attempts, 1, ATTEMPTS_MAX, tries.attempts);
        tries.per_route = self.number(raw.per_route, 1, ATTEMPTS_MAX, tries.per_route);
        tries.wait = self.time(raw.wait, tries.wait);
        tries.total = self.time(raw.total, tries.total);
        let health = &mut settings.health;
        health.failures = self.number(raw.failures, 0, FAILURES_MAX, health.failures);
        health.rest = self.time(raw.rest, health.rest);
        let shorter = raw.rest_max.as_ref().map(|at| (at.line, at.key.clone()));
        health.rest_max = self.time(raw.rest_max, health.rest_max.max(health.rest));
        if let Some((line, key)) = shorter.filter(|_| health.rest_max < health.rest) {
            let at = At { value: (), line, key };
            self.wrong(&at, "shorter than rest, which is the first one", "Write at least as much");
        }
        health.slow_rest_max = health.slow_rest_max.max(health.rest_max);
        settings.first_content = self.time(raw.first_content, settings.first_content);
        settings.first_thought = self.time(raw.first_thought, settings.first_thought);
        settings.whole_answer = self.time(raw.whole_answer, settings.whole_answer);
        settings.stall = self.time(raw.stall, settings.stall);
        let tries = settings.tries;
        self.contradicts(
            wait.filter(|_| tries.wait > tries.total),
            "longer than total, after which nothing is tried anew",
        );
        self.contradicts(
            per_route.filter(|_| tries.per_route > tries.attempts),
            "more than attempts, which is all of them together",
        );
        if let Some((line, key)) =
            thought.filter(|_| settings.first_thought < settings.first_content)
        {
            let at = At { value: (), line, key };
            self.wrong(
                &at,
                "shorter than first_content, which is for all models",
                "Write at least as much",
            );
        }
        let held = clients.into_iter().filter(|c| c.hold.as_ref().is_some_and(|h| h.value));
        settings.held = held.map(|client| client.name).collect();
        Arc::new(settings)
    }

    fn contradicts(&mut self, at: Option<(usize, String)>, reason: &str) {
        if let Some((line, key)) = at {
            self.wrong(&At { value: (), line, key }, reason, "Write at most as much");
        }
    }

    fn number<T: TryFrom<i64>>(
        &mut self,
        given: Option<At<i64>>,
        min: i64,
        max: i64,
        default: T,
    ) -> T {
        let Some(at) = given else { return default };
        let fits = (min..=max).contains(&at.value);
        match T::try_from(at.value).ok().filter(|_| fits) {
            Some(number) => number,
            None => {
                let reason = format!("{} is outside {min} to {max}", at.value);
                self.wrong(&at, reason, "Write a number from there");
                default
            }
        }
    }

    fn time(&mut self, given: Option<At<String>>, default: Duration) -> Duration {
        let Some(at) = given else { return default };
        match duration(&at.value).filter(|time| (TIME_MIN..=HOUR).contains(time)) {
            Some(time) => time,
            None => {
                let reason = format!("{:?} is not a time from 10 ms to an hour", at.value);
                self.wrong(&at, reason, "Write a number and ms, s, m or h, such as 12s");
                default
            }
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let (number, millis) =
        units.iter().find_map(|(unit, millis)| Some((text.strip_suffix(unit)?, *millis)))?;
    number.trim_end().parse::<u64>().ok()?.checked_mul(millis).map(Duration::from_millis)
}

/// A time as it is written.
pub(super) fn written(time: Duration) -> String {
    match time.as_millis() {
        ms if ms % 1_000 == 0 => format!("{}s", ms / 1_000),
        ms => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    fn settings(text: &str) -> Arc<Failover> {
        let checked = check(text);
        assert!(checked.problems.is_empty(), "{:?}", checked.problems);
        checked.config.expect("it holds").failover
    }

    #[test]
    fn what_is_written_holds_and_the_rest_is_the_default() {
        let given = settings(
            "[failover]\nattempts = 2\nfirst_content = \"500ms\"\nstall = \"3m\"\n\
             [clients.nightly]\nhold = true\n[clients.other]\nhold = false\n",
        );
        assert_eq!(given.tries.attempts, 2);
        assert_eq!(given.first_content, Duration::from_millis(500));
        assert_eq!(given.stall, Duration::from_secs(180));
        assert_eq!(given.tries.wait, Failover::default().tries.wait);
        assert_eq!(given.held, ["nightly"]);
    }

    #[test]
    fn what_cannot_be_is_told_with_its_line() {
        let problems = |text: &str| {
            check(text).problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let told = problems("[failover]\nattempts = 0\nwait = \"soon\"\nstall = \"2h\"\n");
        assert!(told.contains("line 2: failover.attempts: 0 is outside 1 to 20"), "{told}");
        assert!(told.contains("line 3: failover.wait: \"soon\" is not a time"), "{told}");
        assert!(told.contains("line 4: failover.stall: \"2h\" is not a time"), "{told}");
        let told = problems("[failover]\nrest = \"30s\"\nrest_max = \"20s\"\n");
        assert!(told.contains("line 3: failover.rest_max: shorter than rest"), "{told}");
        let told = problems("[failover]\ntotal = \"5s\"\nwait = \"8s\"\n");
        assert!(told.contains("line 3: failover.wait: longer than total"), "{told}");
        let told = problems("[failover]\nattempts = 2\nattempts_per_route = 3\n");
        assert!(told.contains("line 3: failover.attempts_per_route: more than attempts"), "{told}");
        let told = problems("[failover]\nfirst_content = \"9s\"\nfirst_thought = \"8s\"\n");
        assert!(
            told.contains("line 3: failover.first_thought: shorter than first_content"),
            "{told}"
        );
        assert!(problems("[failover]\npatience = \"1s\"\n").contains("unknown key"));
        assert!(problems("[clients.a]\nhold = 1\n").contains("true or false is expected"));
    }
}
