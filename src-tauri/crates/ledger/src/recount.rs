//! Makes the sums again from the rows: after a salvage, and as the measure of what they must be.
//! Owns one pass over both tables in order of arrival, in bounded memory.

use crate::log::{Columns, usage};
use crate::rollup::{Changes, Key, Sums};
use crate::settle::{Flags, pricing_of};
use rusqlite::{Connection, Row};

const SELECT: &str = "SELECT r.request_id, r.day, r.local, r.provider, r.model, r.task, r.tier,
    r.category, r.client, r.project, s.pricing, s.cost_nano, s.saved_nano, s.input, s.cache_read,
    s.cache_write_5m, s.cache_write_1h, s.output, s.reasoning, s.web_searches
    FROM settle s JOIN reserve r ON r.request_id = s.request_id AND r.attempt = s.attempt
    WHERE r.uncounted = 0 ORDER BY s.request_id, s.attempt";

/// Sums held in memory before they are written.
const KEYS_HELD_MAX: usize = 4096;

/// A request whose attempts are being read.
struct Counting {
    id: i64,
    key: Key,
    flags: Flags,
}

/// Replaces all sums. Call inside a transaction.
pub(crate) fn recount(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch("DELETE FROM rollup; DELETE FROM day_total;")?;
    let mut changes = Changes::default();
    let mut counting: Option<Counting> = None;
    let mut select = conn.prepare(SELECT)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (id, key, pricing, sums) = read(row)?;
        changes.add(key, sums);
        let flags = match counting.take() {
            Some(same) if same.id == id => same.flags,
            Some(done) => {
                changes.add(done.key, done.flags.sums(1));
                Flags::default()
            }
            None => Flags::default(),
        };
        counting = Some(Counting { id, key, flags: flags.and(pricing_of(pricing)) });
        if changes.len() >= KEYS_HELD_MAX {
            std::mem::take(&mut changes).write(conn)?;
        }
    }
    if let Some(done) = counting {
        changes.add(done.key, done.flags.sums(1));
    }
    changes.write(conn)
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Key, i64, Sums)> {
    let mut c = Columns::of(row);
    let id = c.take()?;
    let or_none = |id: Option<i64>| id.unwrap_or(Key::NONE);
    let key = Key {
        day: c.take()?,
        local: c.take()?,
        provider: c.take()?,
        model: c.take()?,
        task: or_none(c.take()?),
        tier: or_none(c.take()?),
        category: or_none(c.take()?),
        client: c.take()?,
        project: or_none(c.take()?),
    };
    let pricing = c.take()?;
    let cost: Option<i64> = c.take()?;
    let sums = Sums {
        attempts: 1,
        cost: cost.unwrap_or(0),
        saved: c.take()?,
        usage: usage(&mut c)?.unwrap_or_default(),
        ..Sums::default()
    };
    Ok((id, key, pricing, sums))
}
