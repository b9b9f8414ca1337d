//! Table `lift`: limits raised, or budgets closed to paid models, for a time.
//! Owns the codes of what is changed.

use rusqlite::{Connection, params};
use weir_core::Money;
use weir_core::budget::{Change, Lift, Limit};

const INSERT: &str = "INSERT OR REPLACE INTO lift (budget, from_ms, until_ms, change, amount)
    VALUES (?1, ?2, ?3, ?4, ?5)";
const SELECT: &str = "SELECT budget, from_ms, until_ms, change, amount FROM lift
    WHERE until_ms > ?1 ORDER BY from_ms";
const END: &str = "UPDATE lift SET until_ms = ?2 WHERE budget = ?1 AND until_ms > ?2";

const USD: i64 = 1;
const TOKENS: i64 = 2;
const LOCAL: i64 = 3;

/// Writes one.
pub(crate) fn add(conn: &Connection, lift: &Lift) -> rusqlite::Result<()> {
    let (change, amount) = match lift.change {
        Change::Raise(Limit::Usd(money)) => (USD, money.nano().max(0)),
        Change::Raise(Limit::Tokens(count)) => (TOKENS, i64::try_from(count).unwrap_or(i64::MAX)),
        Change::Local => (LOCAL, 0),
    };
    let row = params![lift.budget, lift.from_ms, lift.until_ms, change, amount];
    conn.execute(INSERT, row).map(|_| ())
}

/// Ends all of a budget's at a moment.
pub(crate) fn end(conn: &Connection, budget: &str, at_ms: i64) -> rusqlite::Result<bool> {
    Ok(conn.execute(END, params![budget, at_ms])? > 0)
}

/// Those that have not ended by a moment.
pub(crate) fn list(conn: &Connection, at_ms: i64) -> rusqlite::Result<Vec<Lift>> {
    let row = |r: &rusqlite::Row<'_>| {
        let amount: i64 = r.get(4)?;
        let change = match r.get(3)? {
            USD => Change::Raise(Limit::Usd(Money::from_nano(amount))),
            TOKENS => Change::Raise(Limit::Tokens(amount.unsigned_abs())),
            _ => Change::Local,
        };
        Ok(Lift { budget: r.get(0)?, from_ms: r.get(1)?, until_ms: r.get(2)?, change })
    };
    conn.prepare_cached(SELECT)?.query_map([at_ms], row)?.collect()
}
