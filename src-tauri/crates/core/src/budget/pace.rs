//! Subscription windows: how much of one is used, and whether it will last to its reset.
//! Owns the decision to send what a local model can do there early; pure, `now` is an argument.

/// What a provider says of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllowanceState {
    /// Requests are taken.
    #[default]
    Open,
    /// Requests are taken, and the provider warns.
    Near,
    /// Requests are refused until the reset.
    Spent,
}

impl AllowanceState {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Near => "near",
            Self::Spent => "spent",
        }
    }
}

/// One window of a subscription, as the provider's last answer told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The provider's short name for the window: `5h`, `7d`.
    pub window: String,
    /// How long it is, in milliseconds; `None` where nobody says.
    pub length_ms: Option<i64>,
    /// Used, in thousandths. Above 1000 where a provider lets one overdraw.
    pub used: u16,
    /// When it starts anew, in Unix milliseconds.
    pub resets_ms: Option<i64>,
    /// What the provider says of it.
    pub state: AllowanceState,
    /// When this was heard, in Unix milliseconds.
    pub heard_ms: i64,
}

/// What to do with work that a local model could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Nothing: there is enough.
    Keep,
    /// Deterministic and auxiliary work goes local, so that the window lasts.
    Early,
    /// Everything goes local until then, in Unix milliseconds; `None`: until the provider says
    /// otherwise.
    Spent(Option<i64>),
}

/// Below this much used nothing is paced, in thousandths: a window that has just begun says
/// nothing about its end.
const PACED_FROM: u16 = 250;
/// How far use may run ahead of time, in thousandths.
const AHEAD_MAX: i64 = 50;
const WHOLE: i64 = 1_000;

impl Allowance {
    /// Whether it is still about now: a window that has started anew since says nothing.
    pub fn is_current(&self, now_ms: i64) -> bool {
        self.resets_ms.is_none_or(|resets| now_ms < resets)
    }

    fn pace(&self, now_ms: i64) -> Pace {
        if self.state == AllowanceState::Spent || i64::from(self.used) >= WHOLE {
            return Pace::Spent(self.resets_ms);
        }
        if self.used < PACED_FROM {
            return Pace::Keep;
        }
        let (Some(resets), Some(length)) = (self.resets_ms, self.length_ms.filter(|l| *l > 0))
        else {
            return if self.state == AllowanceState::Near { Pace::Early } else { Pace::Keep };
        };
        let gone = length.saturating_sub(resets.saturating_sub(now_ms)).clamp(0, length);
        let gone = i64::try_from(i128::from(gone) * i128::from(WHOLE) / i128::from(length))
            .unwrap_or(WHOLE);
        if i64::from(self.used) > gone + AHEAD_MAX { Pace::Early } else { Pace::Keep }
    }
}

/// The decision over all windows of one provider: the strictest holds.
pub fn pace(allowances: &[Allowance], now_ms: i64) -> Pace {
    let current = allowances.iter().filter(|a| a.is_current(now_ms));
    current.map(|a| a.pace(now_ms)).fold(Pace::Keep, |worst, one| match (worst, one) {
        (Pace::Spent(a), Pace::Spent(b)) => Pace::Spent(match (a, b) {
            (Some(a), Some(b)) => Some(a.max(b)),
            _ => None,
        }),
        (Pace::Spent(until), _) | (_, Pace::Spent(until)) => Pace::Spent(until),
        (Pace::Early, _) | (_, Pace::Early) => Pace::Early,
        (Pace::Keep, Pace::Keep) => Pace::Keep,
    })
}
