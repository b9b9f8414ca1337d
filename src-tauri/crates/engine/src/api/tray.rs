//! The tray as it is drawn: its mark, what pointing at it shows, and the menu of `menu`.
//! Pure: a status and what stands around it in, a view out. Whoever draws it decides nothing.

use super::menu::{self, Around, Line};
use super::stamp::{Stamp, Zone};
use super::status::Status;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use ts_rs::TS;
use weir_core::period::Period;

/// The state the mark shows: how high the water stands against the fullest budget's crest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Below 70 % of every budget, or no budget at all.
    #[default]
    Calm,
    /// From 70 %.
    Near,
    /// From 90 %.
    Crest,
    /// A budget is used up.
    Over,
    /// Everything is passed through to where it asked.
    Paused,
    /// Nothing is being served.
    Offline,
}

impl Mark {
    const NEAR_PERCENT: u64 = 70;
    const CREST_PERCENT: u64 = 90;
    const OVER_PERCENT: u64 = 100;

    /// The mark of a status. Not serving outranks paused, paused outranks the water level.
    pub fn of(status: &Status) -> Self {
        if !status.running {
            return Self::Offline;
        }
        if status.routing.paused {
            return Self::Paused;
        }
        match status.budgets.iter().map(|b| b.percent).max().unwrap_or(0) {
            Self::OVER_PERCENT.. => Self::Over,
            Self::CREST_PERCENT.. => Self::Crest,
            Self::NEAR_PERCENT.. => Self::Near,
            _ => Self::Calm,
        }
    }
}

/// The tray's icon and menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrayView {
    /// The icon.
    pub mark: Mark,
    /// What pointing at the icon shows.
    pub tooltip: String,
    /// The menu.
    pub lines: Vec<Line>,
    /// What "Copy address" copies; `None` while nothing listens.
    pub address: Option<String>,
}

impl TrayView {
    /// The view of a running or stopped engine.
    pub fn of(status: &Status, around: &Around) -> Self {
        let Some(port) = status.port.filter(|_| status.running) else {
            return Self::offline("not running", around);
        };
        Self {
            mark: Mark::of(status),
            tooltip: tooltip(status),
            lines: menu::serving(status, port, around),
            address: status.url.clone(),
        }
    }

    /// The view while nothing is served: `reason` is a short phrase, such as `starting`.
    pub fn offline(reason: &str, around: &Around) -> Self {
        Self {
            mark: Mark::Offline,
            tooltip: format!("Weir · {reason}"),
            lines: menu::idle(reason, around),
            address: None,
        }
    }
}

/// `Weir · $1.24 of $5.00 today · week at 92 % · paused`: what was spent of the day's budget, and in
/// words what the mark shows, for whoever does not see it.
fn tooltip(status: &Status) -> String {
    let mut text = format!("Weir · {} today", menu::spent_of("day", &status.totals.day, status));
    let fullest = status.budgets.iter().max_by_key(|budget| budget.percent);
    if let Some(budget) = fullest.filter(|budget| budget.percent >= Mark::NEAR_PERCENT) {
        text.push_str(&match budget.percent {
            Mark::OVER_PERCENT.. => format!(" · {} used up", budget.name),
            percent => format!(" · {} at {percent} %", budget.name),
        });
    }
    if status.routing.paused {
        text.push_str(" · paused");
    }
    if status.routing.local_only {
        text.push_str(" · local only");
    }
    text
}

/// A timer stands still while the machine sleeps, so a view is looked at again after this long.
const FRESH_MAX: Duration = Duration::from_secs(15 * 60);

/// How long a view stays right when nothing happens: until local midnight, when today starts anew.
/// At least a second, at most `FRESH_MAX`.
pub fn fresh_for(now: Stamp, zone: &Zone) -> Duration {
    let left_ms = Period::Day.window(now.ms(), zone).end_ms.saturating_sub(now.ms());
    Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))
        .clamp(Duration::from_secs(1), FRESH_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::menu::samples::{budget, status};

    #[test]
    fn a_view_is_fresh_until_midnight_and_never_for_long() {
        let zone = Zone::UTC;
        let fresh = |at: &str| fresh_for(at.parse().expect("a moment"), &zone);
        assert_eq!(fresh("2026-11-22T12:00:00Z"), FRESH_MAX);
        assert_eq!(fresh("2026-11-22T23:59:50Z"), Duration::from_secs(10));
        assert_eq!(fresh("2026-11-22T23:59:59.990Z"), Duration::from_secs(1));
    }

    #[test]
    fn the_mark_rises_with_the_fullest_budget_and_yields_to_paused_and_offline() {
        let mut status = status();
        for (percent, mark) in [
            (0, Mark::Calm),
            (69, Mark::Calm),
            (70, Mark::Near),
            (90, Mark::Crest),
            (100, Mark::Over),
        ] {
            status.budgets = vec![budget("a", "week", 0, 5), budget("b", "week", 0, percent)];
            assert_eq!(Mark::of(&status), mark, "{percent}");
        }
        status.routing.paused = true;
        assert_eq!(Mark::of(&status), Mark::Paused);
        let around = Around::default();
        let view = TrayView::of(&status, &around);
        assert_eq!(view.tooltip, "Weir · $1.24 today · b used up · paused");
        assert_eq!(view.address.as_deref(), Some("http://127.0.0.1:9347"));
        status.running = false;
        assert_eq!(Mark::of(&status), Mark::Offline);
        assert_eq!(TrayView::of(&status, &around).address, None);
    }

    #[test]
    fn pointing_at_the_icon_says_what_was_spent_of_what_and_what_the_mark_means() {
        let said = |status: &Status| TrayView::of(status, &Around::default()).tooltip;
        let mut status = status();
        assert_eq!(said(&status), "Weir · $1.24 today");
        let spent = 1_240_000_000;
        status.budgets = vec![budget("today", "day", spent, 12), budget("week", "week", 0, 69)];
        assert_eq!(said(&status), "Weir · $1.24 of $10.00 today");
        status.budgets[1].percent = 92;
        assert_eq!(said(&status), "Weir · $1.24 of $10.00 today · week at 92 %");
        status.routing.paused = true;
        assert_eq!(said(&status), "Weir · $1.24 of $10.00 today · week at 92 % · paused");
        status.budgets[0].percent = 104;
        status.routing.paused = false;
        assert_eq!(said(&status), "Weir · $1.24 of $10.00 today · today used up");
    }
}
