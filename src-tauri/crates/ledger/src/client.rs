//! Table `client`: the tools that may call, each with the hash of its token.
//! Owns names and hashes; making and comparing tokens is the engine's.

use crate::name::cut;
use crate::problem::WriteProblem;
use rusqlite::{Connection, OptionalExtension, params};
use weir_core::period::LocalDay;

const SELECT: &str = "SELECT name, token_sha256, created_ms, last_used_day, removed_ms FROM client
    ORDER BY removed_ms IS NOT NULL, name, created_ms";
const FIND: &str = "SELECT 1 FROM client WHERE name = ?1 AND removed_ms IS NULL";
const INSERT: &str = "INSERT INTO client (name, token_sha256, created_ms) VALUES (?1, ?2, ?3)";
const REMOVE: &str = "UPDATE client SET removed_ms = ?2 WHERE name = ?1 AND removed_ms IS NULL";
const TOUCH: &str = "UPDATE client SET last_used_day = ?2
    WHERE name = ?1 AND removed_ms IS NULL AND coalesce(last_used_day, -1) < ?2";

/// A tool that may call, or once could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// The name given to it; unique among those not removed.
    pub name: String,
    /// SHA-256 of its token.
    pub token_sha256: [u8; 32],
    /// When it was added, in Unix milliseconds.
    pub created_ms: i64,
    /// The local day of its last call; `None` before the first.
    pub last_used: Option<LocalDay>,
    /// When it was removed, in Unix milliseconds.
    pub removed_ms: Option<i64>,
}

/// Why a client was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientProblem {
    /// The name is taken.
    #[error(
        "a client named {name} exists already. Choose another name, or run: weir client rm {name}"
    )]
    Exists {
        /// The name.
        name: String,
    },
    /// A client's name is shown in tables and written in rules.
    #[error("a client's name has 1 to 200 bytes and no control characters")]
    BadName,
    /// The ledger cannot be written.
    #[error(transparent)]
    Ledger(#[from] WriteProblem),
}

/// Whether a text can be a client's name.
pub(crate) fn good_name(name: &str) -> bool {
    !name.trim().is_empty() && cut(name) == name && !name.contains(char::is_control)
}

/// Adds a client. False when the name is taken.
pub(crate) fn add(
    conn: &Connection,
    name: &str,
    token_sha256: &[u8; 32],
    at_ms: i64,
) -> rusqlite::Result<bool> {
    let taken = conn.query_row(FIND, [name], |_| Ok(())).optional()?.is_some();
    if !taken {
        conn.execute(INSERT, params![name, token_sha256, at_ms])?;
    }
    Ok(!taken)
}

/// Removes a client; its row stays. False when there is none.
pub(crate) fn remove(conn: &Connection, name: &str, at_ms: i64) -> rusqlite::Result<bool> {
    Ok(conn.execute(REMOVE, params![name, at_ms])? > 0)
}

/// Notes the day of a call. True when that was news.
pub(crate) fn touch(conn: &Connection, name: &str, day: LocalDay) -> rusqlite::Result<bool> {
    Ok(conn.prepare_cached(TOUCH)?.execute(params![name, day.0])? > 0)
}

/// All of them, removed ones last.
pub(crate) fn list(conn: &Connection) -> rusqlite::Result<Vec<ClientRow>> {
    let row = |r: &rusqlite::Row<'_>| {
        Ok(ClientRow {
            name: r.get(0)?,
            token_sha256: r.get(1)?,
            created_ms: r.get(2)?,
            last_used: r.get::<_, Option<i32>>(3)?.map(LocalDay),
            removed_ms: r.get(4)?,
        })
    };
    conn.prepare_cached(SELECT)?.query_map([], row)?.collect()
}
