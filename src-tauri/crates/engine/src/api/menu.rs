//! The lines of the tray's menu: what each says, what a click asks for, what is greyed.
//! Pure: a status and what stands around it in, lines out. Whoever draws them decides nothing.

mod servers;

use super::local::LocalOrder;
use super::spend::{DaySpend, Sums};
use super::status::{BudgetStanding, Status};
use super::{Profiles, ToolRow, ToolStanding};
use weir_core::Money;

/// Budgets that get a line of their own, at most; the window has the others.
const BUDGETS_MAX: usize = 3;
const HOUR_S: u64 = 3_600;

/// What a click asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The window, on a page of it or as it was left.
    Open(Option<&'static str>),
    /// Passes everything through, or routes again.
    Pause(bool),
    /// An order to local models.
    Local(LocalOrder),
    /// Puts a profile in force.
    Profile(String),
    /// Puts a tool's settings back.
    Disconnect(String),
    /// Puts the proxy's address on the clipboard.
    Copy,
    /// Closes the tunnel for Cursor.
    CloseTunnel,
    /// Starts at login, or no longer.
    Login(bool),
    /// Takes the icon away and goes on serving.
    Hide,
    /// Puts every tool back, then ends.
    RestoreAndQuit,
    /// Ends.
    Quit,
}

impl Act {
    /// What the next click on the same line asks for before the menu is drawn anew: a panel turns a
    /// tick round by itself, and whoever clicks twice wants what was there.
    pub fn turned(&self) -> Self {
        match self {
            Self::Pause(paused) => Self::Pause(!paused),
            Self::Login(on) => Self::Login(!on),
            Self::Local(LocalOrder::Only { on }) => Self::Local(LocalOrder::Only { on: !on }),
            Self::Local(LocalOrder::Switch { on }) => Self::Local(LocalOrder::Switch { on: !on }),
            Self::Local(LocalOrder::SwitchModel { model, on }) => {
                Self::Local(LocalOrder::SwitchModel { model: model.clone(), on: !on })
            }
            other => other.clone(),
        }
    }
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words; greyed.
    Words,
    /// Something to click.
    Item(Act),
    /// Something that is on or off; greyed without an act.
    Check {
        /// Whether it is on.
        on: bool,
        /// What a click asks for.
        act: Option<Act>,
    },
    /// A menu of its own.
    Below(Vec<Line>),
    /// A line between groups.
    Gap,
}

/// A line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Tells it from its neighbours for as long as it is there, whatever it says.
    pub id: String,
    /// What it says.
    pub label: String,
    /// What it is.
    pub kind: Kind,
}

/// What the menu says beside the status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// The days of this week.
    pub days: Vec<DaySpend>,
    /// The tools of this user.
    pub tools: Vec<ToolRow>,
    /// Named configurations.
    pub profiles: Profiles,
    /// Orders to local models that are being carried out.
    pub busy: Vec<LocalOrder>,
    /// Whether Weir starts at login; `None` where this home cannot.
    pub login: Option<bool>,
    /// Whether the engine runs in the tray's process and ends with it.
    pub own_engine: bool,
}

fn line(id: impl Into<String>, label: impl Into<String>, kind: Kind) -> Line {
    Line { id: id.into(), label: label.into(), kind }
}

fn item(id: impl Into<String>, label: impl Into<String>, act: Act) -> Line {
    line(id, label, Kind::Item(act))
}

fn check(id: impl Into<String>, label: impl Into<String>, on: bool, act: Act) -> Line {
    line(id, label, Kind::Check { on, act: Some(act) })
}

fn words(id: impl Into<String>, label: impl Into<String>) -> Line {
    line(id, label, Kind::Words)
}

fn gap(id: &str) -> Line {
    line(id, "", Kind::Gap)
}

/// The menu of a running engine.
pub fn serving(status: &Status, port: u16, around: &Around) -> Vec<Line> {
    let tunnel = status.tunnel.as_ref();
    let open = if tunnel.is_some() { " · tunnel open" } else { "" };
    let paused = match (status.routing.paused, status.routing.local_only) {
        (true, _) => " · paused",
        (false, true) => " · local only",
        (false, false) => "",
    };
    let mut lines = vec![
        words("status", format!("Weir · listening on {port}{open}{paused}")),
        item("spend", spend(status, &around.days), Act::Open(Some("overview"))),
        item("saved", shares(status), Act::Open(Some("overview"))),
    ];
    lines.extend(budgets(status));
    let routing = &status.routing;
    let only = Act::Local(LocalOrder::Only { on: !routing.local_only });
    lines.extend([
        gap("gap-1"),
        item("open", "Open Weir", Act::Open(None)),
        check(
            "pause",
            "Pause routing (budgets still hold)",
            routing.paused,
            Act::Pause(!routing.paused),
        ),
        check("only", "Local models only", routing.local_only, only),
        line("local", "Local models", Kind::Below(servers::lines(status, &around.busy))),
        line("profiles", "Profile", Kind::Below(profiles(&around.profiles))),
        line("tools", "Tools", Kind::Below(tools(&around.tools, Some(port)))),
        item("copy", "Copy address", Act::Copy),
    ]);
    if let Some(tunnel) = tunnel {
        let hours = tunnel.left_s.unwrap_or(0).div_ceil(HOUR_S);
        let (spent, cap) = (tunnel.spent_usd.short(), tunnel.cap_usd.short());
        let label =
            format!("Close the Cursor tunnel ({spent} of {cap} today, at most {hours} h left)");
        lines.push(item("tunnel", label, Act::CloseTunnel));
    }
    lines.extend(ending(around, true));
    lines
}

/// The menu while nothing is served: `reason` is a short phrase, such as `starting`.
pub fn idle(reason: &str, around: &Around) -> Vec<Line> {
    let mut lines = vec![
        words("status", format!("Weir · {reason}")),
        gap("gap-1"),
        item("open", "Open Weir", Act::Open(None)),
        line("tools", "Tools", Kind::Below(tools(&around.tools, None))),
    ];
    lines.extend(ending(around, false));
    lines
}

fn ending(around: &Around, serves: bool) -> Vec<Line> {
    let login = match around.login {
        Some(on) => check("login", "Start at login", on, Act::Login(!on)),
        None => line("login", "Start at login", Kind::Check { on: false, act: None }),
    };
    vec![gap("gap-2"), login, quit(around, serves)]
}

/// Ending asks, where ending would take something away. A menu below needs no window, no second
/// program and no time, says beforehand what each way does, and closing it is the way back.
fn quit(around: &Around, serves: bool) -> Line {
    if serves && !around.own_engine {
        return item("quit", "Quit (Weir goes on serving without this icon)", Act::Quit);
    }
    let connected = around.tools.iter().filter(|tool| held(tool)).count();
    if !serves && connected == 0 {
        return item("quit", "Quit Weir", Act::Quit);
    }
    let mut below = Vec::new();
    if serves {
        below.push(item("hide", "Keep serving without this icon", Act::Hide));
    }
    if connected == 0 {
        below.push(item("end", "Stop serving and quit", Act::Quit));
    } else {
        let through = match connected {
            1 => "1 tool goes through Weir:".to_owned(),
            n => format!("{n} tools go through Weir:"),
        };
        below.insert(0, words("through", through));
        below.push(item("restore", "Restore the tools and quit", Act::RestoreAndQuit));
        below.push(words("again", "They are connected again when Weir starts"));
    }
    line("quit", "Quit…", Kind::Below(below))
}

// === money ===

/// `Today $1.24   Week $3.80 of $10.00   ▂▂▃▅▆`
fn spend(status: &Status, days: &[DaySpend]) -> String {
    let totals = &status.totals;
    let mut text = format!(
        "{}   {}",
        against("Today", "day", &totals.day, status),
        against("Week", "week", &totals.week, status)
    );
    if let Some(bars) = bars(days) {
        text.push_str("   ");
        text.push_str(&bars);
    }
    text
}

/// The budget that counts all of a period's spend, if there is one.
fn whole<'a>(period: &str, status: &'a Status) -> Option<&'a BudgetStanding> {
    let mut budgets = status.budgets.iter();
    budgets.find(|b| b.period == period && b.limit_usd.is_some() && b.counts_all)
}

fn against(label: &str, period: &str, sums: &Sums, status: &Status) -> String {
    format!("{label} {}", spent_of(period, sums, status))
}

/// `$1.24 of $5.00`; without a budget for all of it, `$1.24`.
pub(super) fn spent_of(period: &str, sums: &Sums, status: &Status) -> String {
    let limit = whole(period, status).and_then(|budget| budget.limit_usd);
    let of = limit.map(|limit| format!(" of {}", limit.short())).unwrap_or_default();
    format!("{}{of}", sums.shown())
}

/// Each further budget, the fullest first.
fn budgets(status: &Status) -> Vec<Line> {
    let told: Vec<&str> = ["day", "week"]
        .into_iter()
        .filter_map(|period| Some(whole(period, status)?.name.as_str()))
        .collect();
    let mut others: Vec<&BudgetStanding> =
        status.budgets.iter().filter(|b| !told.contains(&b.name.as_str())).collect();
    others.sort_by_key(|budget| std::cmp::Reverse(budget.percent));
    let one = |budget: &&BudgetStanding| {
        let of = match (budget.limit_usd, budget.limit_tokens) {
            (Some(limit), _) => format!("{} of {}", budget.spent_usd.short(), limit.short()),
            (None, tokens) => {
                format!("{} of {} tokens", budget.spent_tokens, tokens.unwrap_or_default())
            }
        };
        let label = format!("{} {of}, {} %", budget.name, budget.percent);
        item(format!("budget:{}", budget.name), label, Act::Open(Some("budgets")))
    };
    others.iter().take(BUDGETS_MAX).map(one).collect()
}

/// `Local 46 %   Saved $2.10 this week`
fn shares(status: &Status) -> String {
    let local = match status.routing.local_share {
        Some(share) => format!("Local {:.0} % today", share * 100.0),
        None => "No request today".to_owned(),
    };
    let saved = status.totals.week.saved_usd;
    if saved > Money::ZERO { format!("{local}   Saved {} this week", saved.short()) } else { local }
}

/// A bar a day, against the dearest of them. Nothing before two days have cost something.
fn bars(days: &[DaySpend]) -> Option<String> {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let nanos: Vec<u128> =
        days.iter().map(|day| u128::from(day.spent_usd.nano().max(0).unsigned_abs())).collect();
    let top = nanos.iter().copied().max().filter(|top| *top > 0)?;
    if nanos.iter().filter(|nano| **nano > 0).count() < 2 {
        return None;
    }
    let bar = |nano: &u128| BARS[usize::try_from(nano * 7 / top).unwrap_or(0)];
    Some(nanos.iter().map(bar).collect())
}

// === profiles and tools ===

fn profiles(profiles: &Profiles) -> Vec<Line> {
    let row = |row: &super::ProfileRow| {
        let broken = if row.problem.is_some() { "   does not hold" } else { "" };
        let label = format!("{}{broken}", row.name);
        check(format!("profile:{}", row.name), label, row.in_use, Act::Profile(row.name.clone()))
    };
    let mut lines: Vec<Line> = profiles.profiles.iter().map(row).collect();
    if !profiles.profiles.iter().any(|row| row.in_use) && !profiles.in_use.is_empty() {
        lines.insert(0, words("profile-gone", format!("{} is gone", profiles.in_use)));
    }
    lines.push(item("profile-new", "New profile…", Act::Open(Some("settings"))));
    lines
}

fn held(tool: &ToolRow) -> bool {
    tool.state != ToolStanding::NotConnected
}

fn tools(tools: &[ToolRow], port: Option<u16>) -> Vec<Line> {
    let row = |tool: &ToolRow| {
        let note = match (tool.state, tool.port.zip(port)) {
            (ToolStanding::Edited, _) => "   edited since".to_owned(),
            (ToolStanding::Unfinished, _) => "   half-way".to_owned(),
            (_, Some((asks, now))) if asks != now => format!("   asks {asks}"),
            _ => String::new(),
        };
        let label = format!("{}{note}", tool.title);
        check(format!("tool:{}", tool.tool), label, true, Act::Disconnect(tool.tool.clone()))
    };
    let mut lines: Vec<Line> = tools.iter().filter(|tool| held(tool)).map(row).collect();
    let other = if lines.is_empty() { "Connect a tool…" } else { "Connect another…" };
    lines.push(item("connect", other, Act::Open(Some("tools"))));
    lines
}

#[cfg(test)]
pub mod samples;

#[cfg(test)]
mod tests;
