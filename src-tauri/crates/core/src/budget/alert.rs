//! What a user is told of a budget: a mark that was passed, an hour that is out of the ordinary,
//! where the window will end at this pace. Owns the sentences; who delivers them is elsewhere.

use super::{Ask, AtLimit, Budget, InForce, Limit, Standing};
use crate::Money;
use crate::period::{Period, Window};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Something a user is told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Told {
    /// A percentage of a budget was reached.
    Percent(u8),
    /// A budget turned a request away, or to another model, for the first time in its window.
    AtLimit,
    /// At this pace the budget's window ends above its limit.
    Forecast,
    /// An hour cost many times the usual one.
    Spike,
}

impl Told {
    const FORECAST: u16 = 200;
    const SPIKE: u16 = 201;
    const AT_LIMIT: u16 = 202;

    /// The number it is kept under. Never given another meaning.
    pub fn code(self) -> u16 {
        match self {
            Self::Percent(percent) => u16::from(percent),
            Self::Forecast => Self::FORECAST,
            Self::Spike => Self::SPIKE,
            Self::AtLimit => Self::AT_LIMIT,
        }
    }

    /// What is kept under a number.
    pub fn of(code: u16) -> Option<Self> {
        match code {
            Self::FORECAST => Some(Self::Forecast),
            Self::SPIKE => Some(Self::Spike),
            Self::AT_LIMIT => Some(Self::AtLimit),
            percent => u8::try_from(percent).ok().filter(|p| *p <= 100).map(Self::Percent),
        }
    }
}

/// The marks that are reached and not told yet, rising.
pub fn crossed(thresholds: &[u8], percent: u64, told: impl Fn(u8) -> bool) -> Vec<u8> {
    thresholds.iter().copied().filter(|t| percent >= u64::from(*t) && !told(*t)).collect()
}

/// What a mark says: "Week budget at 90 %: $1.80 of $2.00. From $2.00 on, only local models until
/// Monday."
pub fn said(
    budget: &Budget,
    terms: &InForce,
    standing: &Standing,
    window: Window,
    percent: u8,
    zone: &TimeZone,
) -> String {
    let (spent, limit) = (standing.shown(terms.limit), terms.limit.short());
    let until = day(window, budget.period, zone);
    let then = match (terms.at_limit, percent >= 100) {
        (AtLimit::Notify, _) => {
            format!("Nothing is stopped; it starts anew {}.", on(window, budget.period, zone))
        }
        (AtLimit::Downgrade, false) => format!("From {limit} on, cheaper models until {until}."),
        (AtLimit::Downgrade, true) => format!("Cheaper models until {until}."),
        (AtLimit::Local, false) => format!("From {limit} on, only local models until {until}."),
        (AtLimit::Local, true) => format!("Only local models until {until}."),
        (AtLimit::Block, false) => format!("From {limit} on, paid requests stop until {until}."),
        (AtLimit::Block, true) => format!("Paid requests stop until {until}."),
    };
    format!("{} at {percent} %: {spent} of {limit}. {then}", titled(&budget.name))
}

/// What is said when a budget turns a request away, or to another model, for the first time in its
/// window: "Week budget at its limit: $1.97 of $2.00, and a request that is likely to cost $0.12 does not
/// fit. Local models answer instead until Monday."
pub fn at_limit(
    budget: &Budget,
    terms: &InForce,
    standing: &Standing,
    window: Window,
    ask: Ask,
    zone: &TimeZone,
) -> String {
    let (held, most) = held_and_most(terms.limit, standing, ask);
    let verb = verb(budget, terms.limit);
    let then = match terms.at_limit {
        AtLimit::Notify => "It goes on".to_owned(),
        AtLimit::Downgrade => "Cheaper models answer instead".to_owned(),
        AtLimit::Local => "Local models answer instead".to_owned(),
        AtLimit::Block => "What does not fit is refused".to_owned(),
    };
    format!(
        "{} at its limit: {} of {}{held}, and a request that {verb} {most} does not fit. {then} \
         until {}.",
        titled(&budget.name),
        standing.shown(terms.limit),
        terms.limit.short(),
        day(window, budget.period, zone),
    )
}

/// What is said of an ask: a budget that steps down weighs what is likely, any other the most.
fn verb(budget: &Budget, limit: Limit) -> &'static str {
    let likely = matches!(budget.at_limit, AtLimit::Downgrade | AtLimit::Local);
    match (limit, likely) {
        (Limit::Usd(_), false) => "may cost",
        (Limit::Usd(_), true) => "is likely to cost",
        (Limit::Tokens(_), false) => "may use",
        (Limit::Tokens(_), true) => "is likely to use",
    }
}

/// What is set aside, as a clause or nothing, and the most an ask can come to.
fn held_and_most(limit: Limit, standing: &Standing, ask: Ask) -> (String, String) {
    let (held, most) = match limit {
        Limit::Usd(_) => (
            (standing.reserved > Money::ZERO).then(|| standing.reserved.short()),
            ask.cost.unwrap_or(Money::ZERO).short(),
        ),
        Limit::Tokens(_) => (
            (standing.reserved_tokens > 0).then(|| crate::money::group(standing.reserved_tokens)),
            Limit::Tokens(ask.tokens).short(),
        ),
    };
    (held.map(|h| format!(", {h} set aside for requests under way")).unwrap_or_default(), most)
}

/// Why a request does not fit a budget, and what to do.
pub fn full(
    budget: &Budget,
    terms: &InForce,
    standing: &Standing,
    window: Window,
    ask: Ask,
    zone: &TimeZone,
) -> String {
    let name = &budget.name;
    let anew = shown_moment(window.end_ms, zone);
    if terms.closed {
        let until = terms.until_ms.map_or_else(|| anew.clone(), |ms| shown_moment(ms, zone));
        return format!(
            "Budget {name} is set to local models only until {until}. To go on with paid ones: weir \
             budget lift {} --end",
            quoted(name)
        );
    }
    let (held, most) = held_and_most(terms.limit, standing, ask);
    let verb = verb(budget, terms.limit);
    let waited = if standing.may_pass(ask, terms.limit) {
        " There is room when those have ended: send it again then."
    } else {
        ""
    };
    let key = if terms.limit.usd().is_some() { "limit_usd" } else { "limit_tokens" };
    format!(
        "Budget {name}: {} of {} spent{held}, and this request {verb} up to {most}.{waited} It starts \
         anew on {anew}. To lift it for an hour: weir budget lift {} --for 1h; for good, raise its \
         {key} in config.toml; or ask for a local model",
        standing.shown(terms.limit),
        terms.limit.short(),
        quoted(name),
    )
}

/// Why a request without a price does not fit a budget.
pub fn unpriced(budget: &Budget, terms: &InForce, provider: &str, model: &str) -> String {
    format!(
        "Budget {} stops spending at {}, and no price is known for {provider}/{model}, so it cannot \
         be held to that. Set its price in prices.toml, or ask for a model with a known price \
         (weir models)",
        budget.name,
        terms.limit.short(),
    )
}

/// Where a window ends at this pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// What it comes to.
    pub at_end: Money,
    /// When the limit is passed, in Unix milliseconds; `None` when it is not.
    pub over_ms: Option<i64>,
}

/// A forecast before this part of a window has gone by is a guess, in percent.
const FORECAST_FROM_PERCENT: i128 = 10;

/// Where a window ends when the rest of it costs as much a minute as what has gone by. `None`
/// before a tenth of it has, after its end, and where nothing was spent.
pub fn forecast(
    spent: Money,
    limit: Option<Money>,
    window: Window,
    now_ms: i64,
) -> Option<Forecast> {
    let whole = i128::from(window.end_ms) - i128::from(window.start_ms);
    let gone = i128::from(now_ms) - i128::from(window.start_ms);
    if spent <= Money::ZERO
        || gone * 100 < whole * FORECAST_FROM_PERCENT
        || gone > whole
        || gone <= 0
    {
        return None;
    }
    let spent = i128::from(spent.nano());
    let at_end = Money::from_nano(i64::try_from(spent * whole / gone).unwrap_or(i64::MAX));
    let over_ms = limit.filter(|limit| at_end > *limit).map(|limit| {
        let after = i128::from(limit.nano()) * gone / spent;
        i64::try_from(i128::from(window.start_ms) + after).unwrap_or(window.end_ms).max(now_ms)
    });
    Some(Forecast { at_end, over_ms })
}

impl Forecast {
    /// "At this pace the week ends at $3.10, over by Thursday"; `None` when the limit holds.
    pub fn said(&self, budget: &Budget, zone: &TimeZone) -> Option<String> {
        let over = Timestamp::from_millisecond(self.over_ms?).ok()?.to_zoned(zone.clone());
        let (period, by) = match budget.period {
            Period::Day => ("day", over.strftime("%H:%M").to_string()),
            Period::Week => ("week", over.strftime("%A").to_string()),
            Period::Month => ("month", over.strftime("%-d %B").to_string()),
        };
        Some(format!(
            "Budget {}: at this pace the {period} ends at {}, over by {by}.",
            budget.name,
            self.at_end.short()
        ))
    }
}

/// Spend by hour of the last two weeks: what an ordinary hour costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours(BTreeMap<i64, Money>);

const HOUR_MS: i64 = 3_600_000;
const HOURS_KEPT: i64 = 14 * 24;
/// Fewer hours with spend than this are no habit.
const HOURS_MIN: usize = 8;
const SPIKE_TIMES: i128 = 5;
/// An hour below this is not worth a notice, in nano-dollars.
const SPIKE_NANO_MIN: i64 = 100_000_000;

impl Hours {
    /// Counts what an hour cost.
    pub fn add(&mut self, at_ms: i64, cost: Money) {
        if cost <= Money::ZERO {
            return;
        }
        let hour = at_ms.div_euclid(HOUR_MS);
        let sum = self.0.entry(hour).or_default();
        *sum = sum.saturating_add(cost);
        let newest = self.0.keys().next_back().copied().unwrap_or(hour);
        self.0 = self.0.split_off(&newest.saturating_sub(HOURS_KEPT));
    }

    /// The usual hour: the median of those in which anything was spent before this one.
    pub fn usual(&self, now_ms: i64) -> Option<Money> {
        let hour = now_ms.div_euclid(HOUR_MS);
        let mut before: Vec<Money> = self.0.range(..hour).map(|(_, sum)| *sum).collect();
        before.sort_unstable();
        (before.len() >= HOURS_MIN).then(|| before[before.len() / 2])
    }

    /// What is said of this hour when it costs more than five usual ones.
    pub fn spike(&self, now_ms: i64) -> Option<String> {
        let now = *self.0.get(&now_ms.div_euclid(HOUR_MS))?;
        let usual = self.usual(now_ms)?;
        let many = i128::from(now.nano()) >= i128::from(usual.nano()) * SPIKE_TIMES;
        (many && now.nano() >= SPIKE_NANO_MIN).then(|| {
            let times = i128::from(now.nano()) / i128::from(usual.nano()).max(1);
            format!(
                "This hour cost {}, {times} times the usual {}. See: weir log",
                now.short(),
                usual.short()
            )
        })
    }
}

/// A moment as one says it: "Monday 23 November 00:00".
pub fn shown_moment(ms: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(ms).map_or_else(
        |_| "another day".to_owned(),
        |end| end.to_zoned(zone.clone()).strftime("%A %-d %B %H:%M").to_string(),
    )
}

/// The day a window ends on, as one says it.
fn day(window: Window, period: Period, zone: &TimeZone) -> String {
    let end = Timestamp::from_millisecond(window.end_ms).map(|end| end.to_zoned(zone.clone()));
    match (end, period) {
        (Err(_), _) => "the next one".into(),
        (Ok(_), Period::Day) => "tomorrow".into(),
        (Ok(end), Period::Week) => end.strftime("%A").to_string(),
        (Ok(end), Period::Month) => end.strftime("%-d %B").to_string(),
    }
}

/// The same for a sentence in which nothing happens until then: "on Monday".
fn on(window: Window, period: Period, zone: &TimeZone) -> String {
    let day = day(window, period, zone);
    match period {
        Period::Day => day,
        Period::Week | Period::Month => format!("on {day}"),
    }
}

/// A budget as a sentence begins with it. `weir cost alert` names what it makes `alert-…`, and that
/// is what it is.
fn titled(name: &str) -> String {
    match name.strip_prefix("alert-") {
        Some(of) if !of.is_empty() => format!("{} alert", capital(of)),
        _ => format!("{} budget", capital(name)),
    }
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A name as a shell takes it.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if name.chars().all(plain) { name.to_owned() } else { format!("'{name}'") }
}
