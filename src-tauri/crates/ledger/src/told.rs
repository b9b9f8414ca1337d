//! Table `told`: what a user was told of a budget in one window.
//! Owns that nothing is told twice, whatever restarts in between.

use rusqlite::{Connection, params};
use weir_core::budget::Told;
use weir_core::period::{LocalDay, Period};

const INSERT: &str = "INSERT OR IGNORE INTO told (budget, period, day, what, at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5)";
const SELECT: &str = "SELECT what FROM told WHERE budget = ?1 AND period = ?2 AND day = ?3";
const FORGET: &str = "DELETE FROM told WHERE day < ?1";

/// Days kept: longer than any window.
const DAYS_KEPT: i32 = 70;

/// Notes that it was told. True when that was news.
pub(crate) fn note(
    conn: &Connection,
    budget: &str,
    period: Period,
    day: LocalDay,
    what: Told,
    at_ms: i64,
) -> rusqlite::Result<bool> {
    conn.prepare_cached(FORGET)?.execute([day.0.saturating_sub(DAYS_KEPT)])?;
    let row = params![budget, period.as_str(), day.0, what.code(), at_ms];
    Ok(conn.prepare_cached(INSERT)?.execute(row)? > 0)
}

/// What was told of a budget in the window that begins on a day.
pub(crate) fn list(
    conn: &Connection,
    budget: &str,
    period: Period,
    day: LocalDay,
) -> rusqlite::Result<Vec<Told>> {
    let mut select = conn.prepare_cached(SELECT)?;
    let codes =
        select.query_map(params![budget, period.as_str(), day.0], |r| r.get::<_, u16>(0))?;
    let codes: rusqlite::Result<Vec<u16>> = codes.collect();
    Ok(codes?.into_iter().filter_map(Told::of).collect())
}
