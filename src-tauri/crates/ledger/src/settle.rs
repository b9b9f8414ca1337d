//! Table `settle`: one row an attempt, written once when the attempt ended.
//! Owns the codes of kind, outcome and pricing, and what a settlement adds to the sums.

use crate::entry::{Place, tokens};
use crate::name::{Names, cut};
use crate::reserve::{self, Open};
use crate::rollup::{Key, Sums};
use crate::rows::{AttemptState, Settle};
use rusqlite::{Connection, params};
use weir_core::{Money, Outcome, Pricing, RequestId, Usage};

/// Nano-dollars kept of one attempt's cost: a million dollars. No call costs that; a provider
/// that says so must not be able to overflow a sum.
const COST_NANO_MAX: i64 = 1_000_000 * 1_000_000_000;

const INSERT: &str = "INSERT INTO settle (request_id, attempt, kind, at_ms, outcome, status,
    pricing, cost_nano, saved_nano, input, cache_read, cache_write_5m, cache_write_1h, output,
    reasoning, web_searches, first_byte_ms, total_ms, cache, dropped, service, note)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
    ?20, ?21, ?22)";

const SELECT_OTHERS: &str = "SELECT s.attempt, s.pricing, r.uncounted FROM settle s
    JOIN reserve r ON r.request_id = s.request_id AND r.attempt = s.attempt
    WHERE s.request_id = ?1 ORDER BY s.attempt";

/// Stored codes. They are in files: a number once given is never given another meaning.
pub(crate) fn kind_code(state: AttemptState) -> i64 {
    match state {
        AttemptState::Settled | AttemptState::Open => 0,
        AttemptState::Void => 1,
        AttemptState::Orphan => 2,
    }
}

pub(crate) fn kind_of(code: i64) -> AttemptState {
    match code {
        1 => AttemptState::Void,
        2 => AttemptState::Orphan,
        _ => AttemptState::Settled,
    }
}

pub(crate) fn pricing_code(pricing: Pricing) -> i64 {
    match pricing {
        Pricing::Exact => 0,
        Pricing::Estimated => 1,
        Pricing::Unpriced => 2,
    }
}

pub(crate) fn pricing_of(code: i64) -> Pricing {
    match code {
        0 => Pricing::Exact,
        1 => Pricing::Estimated,
        _ => Pricing::Unpriced,
    }
}

fn outcome_code(outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Ok => 0,
        Outcome::UpstreamError => 1,
        Outcome::ErrorInStream => 2,
        Outcome::Truncated => 3,
        Outcome::ClientGone => 4,
        Outcome::Unreachable => 5,
        Outcome::Timeout => 6,
        Outcome::Internal => 7,
        Outcome::Orphan => 8,
    }
}

pub(crate) fn outcome_of(code: i64) -> Outcome {
    match code {
        0 => Outcome::Ok,
        1 => Outcome::UpstreamError,
        2 => Outcome::ErrorInStream,
        3 => Outcome::Truncated,
        4 => Outcome::ClientGone,
        5 => Outcome::Unreachable,
        6 => Outcome::Timeout,
        8 => Outcome::Orphan,
        _ => Outcome::Internal,
    }
}

/// A settlement as it is stored: voids made zero, amounts held in range, pricing and cost agreed.
pub(crate) struct Final {
    kind: AttemptState,
    pricing: Pricing,
    cost: Option<i64>,
    saved: i64,
    usage: Option<[i64; USAGE_KINDS]>,
}

/// Input, cache read, two cache writes, output, reasoning, web searches.
pub(crate) const USAGE_KINDS: usize = 7;

/// Usage as stored numbers, in the tables' order.
pub(crate) fn kinds(usage: &Usage) -> [i64; USAGE_KINDS] {
    [
        usage.input,
        usage.cache_read,
        usage.cache_write_5m,
        usage.cache_write_1h,
        usage.output,
        usage.reasoning,
        usage.web_searches,
    ]
    .map(tokens)
}

/// Stored numbers as usage.
pub(crate) fn usage_of(kinds: [i64; USAGE_KINDS]) -> Usage {
    let [input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches] =
        kinds.map(|n| u64::try_from(n).unwrap_or(0));
    Usage { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches }
}

impl Final {
    fn of(row: &Settle) -> Self {
        let usage = row.usage.as_ref().map(kinds);
        if row.outcome == Outcome::Orphan {
            let cost = row.cost.map(in_range);
            let pricing = if cost.is_some() { Pricing::Estimated } else { Pricing::Unpriced };
            return Self { kind: AttemptState::Orphan, pricing, cost, saved: 0, usage };
        }
        if row.is_void() {
            let (kind, pricing) = (AttemptState::Void, Pricing::Exact);
            return Self { kind, pricing, cost: Some(0), saved: 0, usage };
        }
        // A cost and "unpriced" contradict each other; the doubt wins.
        let cost = if row.pricing == Pricing::Unpriced { None } else { row.cost.map(in_range) };
        let pricing = if cost.is_none() { Pricing::Unpriced } else { row.pricing };
        let saved = row.saved.nano().clamp(-COST_NANO_MAX, COST_NANO_MAX);
        Self { kind: AttemptState::Settled, pricing, cost, saved, usage }
    }

    fn sums(&self) -> Sums {
        Sums {
            attempts: 1,
            cost: self.cost.unwrap_or(0),
            saved: self.saved,
            usage: self.usage.unwrap_or_default(),
            ..Sums::default()
        }
    }
}

/// Nano-dollars that no sum overflows by.
pub(crate) fn in_range(cost: Money) -> i64 {
    cost.nano().clamp(0, COST_NANO_MAX)
}

/// The settlement of an attempt that was open when Weir stopped: its estimate, in money and in tokens,
/// flagged.
pub(crate) fn orphan(place: Place, open: &Open, now_ms: i64) -> Settle {
    let (id, attempt) = place;
    let mut row = Settle::new(RequestId::from_raw(id), attempt, now_ms, Outcome::Orphan);
    row.cost = open.reserved.map(Money::from_nano);
    let (input, output) = open.tokens;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let most = Usage { input: count(input), output: count(output), ..Usage::default() };
    row.usage = Some(most).filter(|_| !open.uncounted);
    row
}

/// What the ledger holds of a request besides the attempt that is being settled.
#[derive(Default)]
struct Before {
    this: bool,
    highest: Option<u16>,
    flags: Flags,
}

impl Before {
    fn of(conn: &Connection, row: &Settle) -> rusqlite::Result<Self> {
        let mut before = Self::default();
        let mut select = conn.prepare_cached(SELECT_OTHERS)?;
        let mut others = select.query([row.id.raw()])?;
        while let Some(other) = others.next()? {
            let attempt = other.get(0)?;
            before.this |= attempt == row.attempt;
            if !other.get::<_, bool>(2)? {
                before.highest = before.highest.max(Some(attempt));
                before.flags = before.flags.and(pricing_of(other.get(1)?));
            }
        }
        Ok(before)
    }
}

/// Writes the row and reports what it changes in the sums to `add`. False, and nothing done, when
/// the attempt is settled already.
pub(crate) fn insert(
    conn: &Connection,
    names: &mut Names,
    row: &Settle,
    open: &Open,
    add: &mut impl FnMut(Key, Sums),
) -> rusqlite::Result<bool> {
    let before = Before::of(conn, row)?;
    if before.this {
        return Ok(false);
    }
    let last = Final::of(row);
    if !open.uncounted {
        count(conn, row, open, &last, &before, add)?;
    }
    let mut id = |text: &Option<String>| match text.as_deref() {
        Some(text) if !text.is_empty() => names.id(conn, text).map(Some),
        _ => Ok(None),
    };
    let (cache, dropped, service) = (id(&row.cache)?, id(&row.dropped)?, id(&row.service)?);
    let kind = |n: usize| last.usage.map(|u| u[n]);
    conn.prepare_cached(INSERT)?.execute(params![
        row.id.raw(),
        row.attempt,
        kind_code(last.kind),
        row.at_ms,
        outcome_code(row.outcome),
        row.status,
        pricing_code(last.pricing),
        last.cost,
        last.saved,
        kind(0),
        kind(1),
        kind(2),
        kind(3),
        kind(4),
        kind(5),
        kind(6),
        row.first_byte_ms,
        row.total_ms,
        cache,
        dropped,
        service,
        row.note.as_deref().map(cut),
    ])?;
    Ok(true)
}

/// What a request counts as.
#[derive(Clone, Copy, Default)]
pub(crate) struct Flags {
    unpriced: bool,
    estimated: bool,
}

impl Flags {
    pub fn and(self, pricing: Pricing) -> Self {
        Self {
            unpriced: self.unpriced || pricing == Pricing::Unpriced,
            estimated: self.estimated || pricing == Pricing::Estimated,
        }
    }

    pub fn sums(self, sign: i64) -> Sums {
        Sums {
            requests: sign,
            unpriced: sign * i64::from(self.unpriced),
            estimated: sign * i64::from(self.estimated),
            ..Sums::default()
        }
    }
}

/// A request counts where its highest settled attempt went, so a later attempt takes the count
/// over from an earlier one, in whatever order they are settled.
fn count(
    conn: &Connection,
    row: &Settle,
    open: &Open,
    last: &Final,
    before: &Before,
    add: &mut impl FnMut(Key, Sums),
) -> rusqlite::Result<()> {
    add(open.key, last.sums());
    let after = before.flags.and(last.pricing);
    let Some(highest) = before.highest else {
        add(open.key, after.sums(1));
        return Ok(());
    };
    let counted = reserve::find(conn, (row.id.raw(), highest))?.key;
    add(counted, before.flags.sums(-1));
    add(if row.attempt > highest { open.key } else { counted }, after.sums(1));
    Ok(())
}
