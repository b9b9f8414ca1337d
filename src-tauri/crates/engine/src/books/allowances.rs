//! What providers said last of the windows of a subscription. In memory alone: the next answer
//! says it again. Owns which marks of a window were told.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use weir_core::budget::{Allowance, Pace, crossed, pace};

/// Percentages at which the user is told.
const THRESHOLDS: [u8; 3] = [70, 90, 100];
/// Thousandths a percent.
const PER_PERCENT: u64 = 10;

/// A mark of a window that was passed for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The provider.
    pub provider: String,
    /// The window.
    pub allowance: Allowance,
    /// The mark, in percent.
    pub percent: u8,
}

struct Heard {
    allowance: Allowance,
    told: Vec<u8>,
}

/// The windows of all providers.
#[derive(Default)]
pub struct Allowances(Mutex<BTreeMap<(String, String), Heard>>);

impl Allowances {
    /// Takes over what an answer said, and returns the marks it passed.
    pub fn hear(&self, provider: &str, heard: Vec<Allowance>, at_ms: i64) -> Vec<Reached> {
        if heard.is_empty() {
            return Vec::new();
        }
        let mut all = self.0.lock();
        let mut news = Vec::new();
        for allowance in heard {
            let key = (provider.to_owned(), allowance.window.clone());
            let before = all.remove(&key).filter(|b| b.allowance.is_current(at_ms));
            let mut told = before.map_or_else(Vec::new, |before| before.told);
            let percent = u64::from(allowance.used) / PER_PERCENT;
            for mark in crossed(&THRESHOLDS, percent, |mark| told.contains(&mark)) {
                told.push(mark);
                let (provider, allowance) = (provider.to_owned(), allowance.clone());
                news.push(Reached { provider, allowance, percent: mark });
            }
            all.insert(key, Heard { allowance, told });
        }
        news
    }

    /// Every window that is still about now, by provider.
    pub fn current(&self, now_ms: i64) -> Vec<(String, Allowance)> {
        let all = self.0.lock();
        let current = all.iter().filter(|(_, heard)| heard.allowance.is_current(now_ms));
        current.map(|((provider, _), heard)| (provider.clone(), heard.allowance.clone())).collect()
    }

    /// Whether work should leave a provider before its windows are used up.
    pub fn pace(&self, provider: &str, now_ms: i64) -> Pace {
        let all = self.0.lock();
        let own = all.iter().filter(|((name, _), _)| name == provider);
        let own: Vec<Allowance> = own.map(|(_, heard)| heard.allowance.clone()).collect();
        pace(&own, now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::budget::AllowanceState;

    const NOW: i64 = 1_795_334_400_000;

    fn used(used: u16, resets_ms: i64) -> Vec<Allowance> {
        vec![Allowance {
            window: "5h".into(),
            length_ms: Some(5 * 3_600_000),
            used,
            resets_ms: Some(resets_ms),
            state: AllowanceState::Open,
            heard_ms: NOW,
        }]
    }

    #[test]
    fn each_mark_of_a_window_is_told_once_and_anew_after_its_reset() {
        let all = Allowances::default();
        let marks = |heard: Vec<Reached>| heard.iter().map(|r| r.percent).collect::<Vec<_>>();
        let later = NOW + 3_600_000;
        assert_eq!(marks(all.hear("anthropic", used(699, later), NOW)), [0u8; 0]);
        assert_eq!(marks(all.hear("anthropic", used(910, later), NOW)), [70, 90]);
        assert_eq!(marks(all.hear("anthropic", used(950, later), NOW)), [0u8; 0]);
        assert_eq!(marks(all.hear("openai", used(700, later), NOW)), [70], "another provider's");
        assert_eq!(all.current(NOW).len(), 2);
        assert!(all.current(later).is_empty(), "a window that started anew says nothing");
        assert_eq!(marks(all.hear("anthropic", used(720, later * 2), later)), [70]);
        assert_eq!(all.pace("anthropic", later), Pace::Early);
        assert_eq!(all.pace("gemini", later), Pace::Keep);
    }
}
