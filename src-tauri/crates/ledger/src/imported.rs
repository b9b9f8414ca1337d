//! Table `imported`: requests that a tool's own session logs tell of.
//! Owns what is the same request as one that Weir carried, and what an import adds to the sums.

use crate::name::{Names, cut};
use crate::rollup::{Changes, Key, Sums};
use crate::rows::DayRange;
use crate::settle::{USAGE_KINDS, kinds, pricing_code, pricing_of};
use rusqlite::{Connection, OptionalExtension, params};
use weir_core::period::LocalDay;
use weir_core::{Money, Pricing, RequestId, Usage};

/// How far a tool's time and Weir's can lie apart for one request: a tool notes the end of an
/// answer, Weir the arrival of its request.
const SAME_WITHIN_MS: i64 = 30 * 60_000;

const HAS: &str = "SELECT 1 FROM imported WHERE source = ?1 AND key = ?2";
/// The same counts close by, told of by no other row. Models are not compared: a tool may write a
/// dated name where Weir was asked for the short one.
const FIND_CARRIED: &str = "SELECT s.request_id, s.attempt FROM settle s
    JOIN reserve r ON r.request_id = s.request_id AND r.attempt = s.attempt
    WHERE s.request_id >= ?1 AND s.request_id < ?2 AND r.uncounted = 0
    AND s.input = ?3 AND s.cache_read = ?4 AND s.cache_write_5m + s.cache_write_1h = ?5
    AND s.output = ?6
    AND NOT EXISTS (SELECT 1 FROM imported i
        WHERE i.request_id = s.request_id AND i.attempt = s.attempt)
    ORDER BY abs(s.at_ms - ?7) LIMIT 1";
const INSERT: &str = "INSERT INTO imported (source, key, at_ms, day, zone, project, session,
    provider, model, client, pricing, cost_nano, input, cache_read, cache_write_5m, cache_write_1h,
    output, reasoning, request_id, attempt)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
    ?20)";
const SELECT: &str = "SELECT day, provider, model, client, project, pricing, cost_nano, input,
    cache_read, cache_write_5m, cache_write_1h, output, reasoning, session
    FROM imported WHERE request_id IS NULL AND day >= ?1 AND day < ?2";

/// One request as a session log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// What is unique about it in its source: the provider's message id, say.
    pub key: String,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// The project.
    pub project: Option<String>,
    /// The tool's session.
    pub session: Option<String>,
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Tokens by kind.
    pub usage: Usage,
    /// How the cost is known.
    pub pricing: Pricing,
    /// The cost; `None` exactly when it is unpriced.
    pub cost: Option<Money>,
}

/// What an import came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Rows that are new and in the sums.
    pub added: u64,
    /// Rows that were there already.
    pub known: u64,
    /// Rows that are new and tell of what Weir carried itself; in no sum.
    pub carried: u64,
    /// Of those added: without a known price.
    pub unpriced: u64,
    /// What was added costs.
    pub cost: Money,
}

/// Writes what is new. Call inside a transaction; `changes` is written by the caller.
pub(crate) fn insert(
    conn: &Connection,
    names: &mut Names,
    source: &str,
    zone: (&jiff::tz::TimeZone, &str),
    rows: &[ImportRow],
    changes: &mut Changes,
) -> rusqlite::Result<Imported> {
    let mut done = Imported::default();
    for row in rows {
        if conn.prepare_cached(HAS)?.exists(params![source, cut(&row.key)])? {
            done.known += 1;
            continue;
        }
        let mut id = |text: &str| names.id(conn, text);
        let (provider, model, client) = (id(&row.provider)?, id(&row.model)?, id(source)?);
        let project = row.project.as_deref().map(&mut id).transpose()?;
        let session = row.session.as_deref().map(&mut id).transpose()?;
        let zone_name = id(zone.1)?;
        let carried = carried(conn, row)?;
        let day = LocalDay::of(row.at_ms, zone.0).0;
        let u = kinds(&row.usage);
        let cost = row.cost.filter(|_| row.pricing != Pricing::Unpriced).map(|c| c.nano().max(0));
        let pricing = if cost.is_none() { Pricing::Unpriced } else { row.pricing };
        conn.prepare_cached(INSERT)?.execute(params![
            source,
            cut(&row.key),
            row.at_ms,
            day,
            zone_name,
            project,
            session,
            provider,
            model,
            client,
            pricing_code(pricing),
            cost,
            u[0],
            u[1],
            u[2],
            u[3],
            u[4],
            u[5],
            carried.map(|(id, _)| id),
            carried.map(|(_, attempt)| attempt),
        ])?;
        if carried.is_some() {
            done.carried += 1;
            continue;
        }
        done.added += 1;
        done.unpriced += u64::from(cost.is_none());
        done.cost = done.cost.saturating_add(Money::from_nano(cost.unwrap_or(0)));
        let key = key(day, provider, model, client, project);
        changes.add(key, sums(pricing, cost, u));
    }
    Ok(done)
}

fn key(day: i32, provider: i64, model: i64, client: i64, project: Option<i64>) -> Key {
    Key {
        day,
        local: false,
        provider,
        model,
        task: Key::NONE,
        tier: Key::NONE,
        category: Key::NONE,
        client,
        project: project.unwrap_or(Key::NONE),
    }
}

fn sums(pricing: Pricing, cost: Option<i64>, usage: [i64; USAGE_KINDS]) -> Sums {
    Sums {
        requests: 1,
        attempts: 1,
        unpriced: i64::from(pricing == Pricing::Unpriced),
        estimated: i64::from(pricing == Pricing::Estimated),
        cost: cost.unwrap_or(0),
        usage,
        ..Sums::default()
    }
}

/// The attempt of Weir's that a row tells of.
fn carried(conn: &Connection, row: &ImportRow) -> rusqlite::Result<Option<(i64, u16)>> {
    // A request id holds 43 bits of milliseconds.
    let bound = |ms: i64| RequestId::floor(ms.clamp(0, (1 << 43) - 1)).raw();
    let u = kinds(&row.usage);
    conn.prepare_cached(FIND_CARRIED)?
        .query_row(
            params![
                bound(row.at_ms.saturating_sub(SAME_WITHIN_MS)),
                bound(row.at_ms.saturating_add(SAME_WITHIN_MS)),
                u[0],
                u[1],
                u[2].saturating_add(u[3]),
                u[4],
                row.at_ms,
            ],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
        .optional()
}

/// What one counted row cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedCost {
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// The model.
    pub model: String,
    /// The cost; `None` when unpriced.
    pub cost: Option<Money>,
}

const SELECT_COSTS: &str = "SELECT i.at_ms, m.text, i.cost_nano FROM imported i
    JOIN name m ON m.id = i.model JOIN name p ON p.id = i.provider
    WHERE i.request_id IS NULL AND p.text = ?1 AND i.at_ms >= ?2 AND i.at_ms < ?3";

/// The counted rows of a provider in a range of Unix milliseconds.
pub(crate) fn costs(
    conn: &Connection,
    provider: &str,
    from_ms: i64,
    to_ms: i64,
) -> rusqlite::Result<Vec<ImportedCost>> {
    let row = |r: &rusqlite::Row<'_>| {
        let cost = r.get::<_, Option<i64>>(2)?.map(Money::from_nano);
        Ok(ImportedCost { at_ms: r.get(0)?, model: r.get(1)?, cost })
    };
    conn.prepare_cached(SELECT_COSTS)?.query_map(params![provider, from_ms, to_ms], row)?.collect()
}

/// Adds every counted row to sums that are made again.
pub(crate) fn recount(conn: &Connection, changes: &mut Changes) -> rusqlite::Result<()> {
    each(conn, DayRange::ALL, |_, key, told| changes.add(key, told))
}

/// Every counted row of a range: its session, and what it adds to which sums.
pub(crate) fn each(
    conn: &Connection,
    range: DayRange,
    mut each: impl FnMut(Option<i64>, Key, Sums),
) -> rusqlite::Result<()> {
    let mut select = conn.prepare_cached(SELECT)?;
    let mut rows = select.query([range.from.0, range.to.0])?;
    while let Some(row) = rows.next()? {
        let key = key(row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        let mut usage = [0; USAGE_KINDS];
        for (n, kind) in usage.iter_mut().take(6).enumerate() {
            *kind = row.get(7 + n)?;
        }
        each(row.get(13)?, key, sums(pricing_of(row.get(5)?), row.get(6)?, usage));
    }
    Ok(())
}
