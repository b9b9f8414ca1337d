//! Makes the sums again from the rows: after a salvage, and as the measure of what they must be.
//! Owns one pass over both tables in order of arrival, in bounded memory.

use crate::imported;
use crate::rollup::{self, Changes, Key};
use crate::row::{Columns, amount_columns, key_columns};
use crate::settle::Flags;
use rusqlite::Connection;

const SELECT: &str = concat!(
    "SELECT r.request_id, ",
    key_columns!(),
    ", ",
    amount_columns!(),
    " FROM settle s JOIN reserve r ON r.request_id = s.request_id AND r.attempt = s.attempt
    WHERE r.uncounted = 0 ORDER BY s.request_id, s.attempt"
);

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
    rollup::clear(conn)?;
    let mut changes = Changes::default();
    let mut counting: Option<Counting> = None;
    let mut select = conn.prepare(SELECT)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let mut c = Columns::of(row);
        let (id, key): (i64, Key) = (c.take()?, c.key()?);
        let Some(amounts) = c.amounts()? else { continue };
        changes.add(key, amounts.sums());
        let flags = match counting.take() {
            Some(same) if same.id == id => same.flags,
            Some(done) => {
                changes.add(done.key, done.flags.sums(1));
                Flags::default()
            }
            None => Flags::default(),
        };
        counting = Some(Counting { id, key, flags: flags.and(amounts.pricing) });
        if changes.len() >= KEYS_HELD_MAX {
            std::mem::take(&mut changes).write(conn)?;
        }
    }
    if let Some(done) = counting {
        changes.add(done.key, done.flags.sums(1));
    }
    imported::recount(conn, &mut changes)?;
    changes.write(conn)
}
