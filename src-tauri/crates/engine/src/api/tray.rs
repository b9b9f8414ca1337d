//! The tray as it is drawn: its mark, the words of its menu, what can be clicked.
//! Pure: a status in, a view out. Whoever draws it decides nothing.

use super::spend::Sums;
use super::stamp::{Stamp, Zone};
use super::status::Status;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use ts_rs::TS;
use weir_core::Money;
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
    /// The first line: where Weir listens and what today cost, or why it does not listen.
    pub status: String,
    /// The second line: the week and the month.
    pub spend: String,
    /// Whether routing is paused; `None` while nothing can be paused.
    pub paused: Option<bool>,
    /// What "Copy proxy address" copies; `None` while nothing listens.
    pub address: Option<String>,
    /// The item about the tunnel for Cursor; what it says while it is closed is no offer.
    pub tunnel: String,
    /// Whether the tunnel is open, so that the item closes it.
    pub tunnel_open: bool,
}

impl TrayView {
    /// The view of a running or stopped engine.
    pub fn of(status: &Status) -> Self {
        let Some(port) = status.port.filter(|_| status.running) else {
            return Self::offline("not running");
        };
        let today = status.totals.day.shown();
        Self {
            mark: Mark::of(status),
            tooltip: format!("Weir · {today} today"),
            status: format!("Weir · listening on {port} · {today} today{}", open(status)),
            spend: format!(
                "{}   {}",
                against_budget("Week", "week", &status.totals.week, status),
                against_budget("Month", "month", &status.totals.month, status),
            ),
            paused: Some(status.routing.paused),
            address: status.url.clone(),
            tunnel: tunnel(status),
            tunnel_open: status.tunnel.is_some(),
        }
    }

    /// The view while nothing is served: `reason` is a short phrase, such as `starting`.
    pub fn offline(reason: &str) -> Self {
        Self {
            mark: Mark::Offline,
            tooltip: format!("Weir · {reason}"),
            status: format!("Weir · {reason}"),
            spend: "Nothing is being served".into(),
            paused: None,
            address: None,
            tunnel: TUNNEL_CLOSED.into(),
            tunnel_open: false,
        }
    }
}

const TUNNEL_CLOSED: &str = "Cursor tunnel is closed";
const HOUR_S: u64 = 3_600;

/// A word in the first line while strangers can reach this machine.
fn open(status: &Status) -> &'static str {
    if status.tunnel.is_some() { " · tunnel open" } else { "" }
}

fn tunnel(status: &Status) -> String {
    let Some(tunnel) = &status.tunnel else { return TUNNEL_CLOSED.into() };
    let hours = tunnel.left_s.unwrap_or(0).div_ceil(HOUR_S);
    format!(
        "Close the Cursor tunnel ({} of {} today, at most {hours} h left)",
        tunnel.spent_usd.short(),
        tunnel.cap_usd.short()
    )
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

/// `Week $3.80 of $10.00`; the limit of the budget that counts all of the period's spend, if any.
fn against_budget(label: &str, period: &str, sums: &Sums, status: &Status) -> String {
    let limit: Option<Money> = status
        .budgets
        .iter()
        .find(|b| b.period == period && b.spent_usd == sums.spent_usd)
        .and_then(|b| b.limit_usd);
    let of = limit.map(|l| format!(" of {}", l.short())).unwrap_or_default();
    format!("{label} {}{of}", sums.shown())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{BudgetStanding, Routing, Stamp, TierChains, Totals, TunnelStatus};

    fn status() -> Status {
        let sums =
            |nano| Sums { requests: 3, spent_usd: Money::from_nano(nano), ..Sums::default() };
        Status {
            running: true,
            pid: Some(1),
            port: Some(9347),
            url: Some("http://127.0.0.1:9347".into()),
            version: "0.1.0".into(),
            home: "home".into(),
            uptime_s: Some(1),
            streams: 0,
            totals: Totals {
                day: sums(1_240_000_000),
                week: sums(3_800_000_000),
                month: sums(14_020_000_000),
            },
            budgets: Vec::new(),
            allowances: Vec::new(),
            providers: Vec::new(),
            local: Vec::new(),
            routing: Routing {
                mode: "honour".into(),
                local_share: None,
                tiers: TierChains::default(),
                paused: false,
                local_on: true,
                per_tier: Vec::new(),
            },
            tunnel: None,
            notices: Vec::new(),
        }
    }

    fn week_budget(spent_nano: i64, percent: u64) -> BudgetStanding {
        BudgetStanding {
            name: "week".into(),
            period: "week".into(),
            limit_usd: Some(Money::from_nano(10_000_000_000)),
            limit_tokens: None,
            spent_usd: Money::from_nano(spent_nano),
            reserved_usd: Money::ZERO,
            spent_tokens: 0,
            reserved_tokens: 0,
            percent,
            thresholds: vec![70, 90, 100],
            reached: Vec::new(),
            resets_at: Stamp::from_ms(0),
            at_limit: "notify".into(),
            origin: "written".into(),
            step: "open".into(),
            changed_until: None,
            forecast_usd: None,
            over_at: None,
        }
    }

    #[test]
    fn the_menu_names_the_port_and_what_today_the_week_and_the_month_cost() {
        let view = TrayView::of(&status());
        assert_eq!(view.status, "Weir · listening on 9347 · $1.24 today");
        assert_eq!(view.spend, "Week $3.80   Month $14.02");
        assert_eq!(view.paused, Some(false));
        assert_eq!(view.address.as_deref(), Some("http://127.0.0.1:9347"));
    }

    #[test]
    fn a_budget_that_counts_the_whole_week_is_named_and_one_that_counts_a_part_is_not() {
        let mut status = status();
        status.budgets = vec![week_budget(1_000_000_000, 10)];
        assert_eq!(TrayView::of(&status).spend, "Week $3.80   Month $14.02");
        status.budgets.push(week_budget(3_800_000_000, 38));
        assert_eq!(TrayView::of(&status).spend, "Week $3.80 of $10.00   Month $14.02");
    }

    #[test]
    fn an_estimated_or_unpriced_part_is_never_left_out() {
        let mut status = status();
        status.totals.day.estimated_requests = 1;
        status.totals.day.unpriced_requests = 3;
        let view = TrayView::of(&status);
        assert_eq!(view.status, "Weir · listening on 9347 · about $1.24 + 3 unpriced today");
    }

    #[test]
    fn an_open_tunnel_is_told_in_the_first_line_and_can_be_closed() {
        let closed = TrayView::of(&status());
        assert_eq!((closed.tunnel.as_str(), closed.tunnel_open), (TUNNEL_CLOSED, false));
        let mut status = status();
        status.tunnel = Some(TunnelStatus {
            on: true,
            port: Some(9348),
            host: None,
            base_url: None,
            since: None,
            until: None,
            left_s: Some(7 * HOUR_S + 1),
            models: Vec::new(),
            cap_usd: Money::from_nano(5_000_000_000),
            spent_usd: Money::from_nano(120_000_000),
            reserved_usd: Money::ZERO,
            resets_at: Stamp::from_ms(0),
            per_minute: 60,
            at_once: 8,
            open: 0,
            requests: 0,
            refused: 0,
            last: None,
            last_refused: None,
        });
        let view = TrayView::of(&status);
        assert_eq!(view.status, "Weir · listening on 9347 · $1.24 today · tunnel open");
        assert_eq!(view.tunnel, "Close the Cursor tunnel ($0.12 of $5.00 today, at most 8 h left)");
        assert!(view.tunnel_open);
    }

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
            status.budgets = vec![week_budget(0, 5), week_budget(0, percent)];
            assert_eq!(Mark::of(&status), mark, "{percent}");
        }
        status.routing.paused = true;
        assert_eq!(Mark::of(&status), Mark::Paused);
        status.running = false;
        assert_eq!(Mark::of(&status), Mark::Offline);
        assert_eq!(TrayView::of(&status).address, None);
    }
}
