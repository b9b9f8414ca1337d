//! What follows a death: pure, `now` is an argument.
//! Owns how many deaths in how short a time make a loop.

/// So many deaths ...
const DEATHS_MAX: usize = 3;
/// ... within this time, in milliseconds, make a loop: the engine is not started again.
const LOOP_MS: i64 = 60_000;

/// What is done about a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Start again at once.
    Again,
    /// It would only die once more.
    Loop,
}

/// Deaths, the newest last, in Unix milliseconds; old ones are forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deaths(Vec<i64>);

impl Deaths {
    /// From what was handed on; what is no number is left out.
    pub fn read(text: &str) -> Self {
        Self(text.split(',').filter_map(|at| at.trim().parse().ok()).collect())
    }

    /// To hand on.
    pub fn text(&self) -> String {
        self.0.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
    }

    /// One more, and what follows. A clock that was set back counts as no time gone.
    pub fn another(&mut self, now_ms: i64) -> Verdict {
        self.0.retain(|at| now_ms.saturating_sub(*at) < LOOP_MS);
        self.0.push(now_ms);
        if self.0.len() >= DEATHS_MAX { Verdict::Loop } else { Verdict::Again }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_death_within_a_minute_is_a_loop() {
        let mut deaths = Deaths::default();
        assert_eq!(deaths.another(1_000), Verdict::Again);
        assert_eq!(deaths.another(30_000), Verdict::Again);
        assert_eq!(deaths.another(60_999), Verdict::Loop);
    }

    #[test]
    fn deaths_far_apart_are_no_loop_however_many() {
        let mut deaths = Deaths::default();
        for death in 0..100 {
            assert_eq!(deaths.another(death * 31_000), Verdict::Again, "{death}");
        }
    }

    #[test]
    fn what_is_handed_on_reads_back_and_nonsense_is_no_death() {
        let mut deaths = Deaths::default();
        deaths.another(5);
        deaths.another(7);
        assert_eq!(Deaths::read(&deaths.text()), deaths);
        assert_eq!(Deaths::read(""), Deaths::default());
        assert_eq!(Deaths::read("x,5,").text(), "5");
    }
}
