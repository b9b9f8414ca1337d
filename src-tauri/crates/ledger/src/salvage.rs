//! A damaged ledger made whole again from every row that can still be read.
//! Owns the copy that is kept of the damaged file, the search around pages that cannot be read,
//! and what stands in for what is lost. The damaged file is replaced only at the very end.

use crate::connection;
use crate::migration::{self, APPLICATION_ID, MIGRATIONS, beside};
use crate::problem::OpenProblem;
use crate::recount;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params_from_iter};
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};
use weir_core::period::LocalDay;

/// How often a stretch that cannot be read is split in search of good pages inside it.
const SPLITS_MAX: usize = 4096;

/// What a salvage came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// The damaged file as it was, with its log beside it.
    pub copy: PathBuf,
    /// Reservations carried over.
    pub reserves: u64,
    /// Settlements carried over.
    pub settles: u64,
    /// Tools carried over.
    pub clients: u64,
    /// Settlements whose reservation was lost; their day is reckoned from their end and their
    /// names read `(lost)`.
    pub without_reserve: u64,
    /// Whether nothing had to be left out: every table could be read to its end.
    pub complete: bool,
}

/// Keeps a copy of the ledger as `weir.db.damaged-TIMESTAMP` and puts a new one in its place that
/// holds every row that can be read. The caller holds the home's lock and has no ledger open.
///
/// # Errors
/// See `OpenProblem`. Until the last step the file stays as it was.
pub fn salvage(path: &Path, zone: &TimeZone, now_ms: i64) -> Result<Salvaged, OpenProblem> {
    connection::check_version()?;
    let io = |e: std::io::Error| OpenProblem::from_io(path, &e);
    let sql = |e: rusqlite::Error| OpenProblem::from_sqlite(path, &e);
    let copy = keep_copy(path, now_ms).map_err(io)?;
    let (work, fresh) = (beside(path, ".salvage-work"), beside(path, ".salvage-new"));
    clear(&work).and_then(|()| clear(&fresh)).map_err(io)?;
    copy_with_log(&copy, &work).map_err(io)?;
    let mut target = connection::writing(&fresh).map_err(sql)?;
    migration::migrate(&mut target, &fresh, MIGRATIONS)?;
    let source = readable(&work, &fresh, &target).map_err(sql)?;
    let mut found = carry_over(&source, &mut target, zone).map_err(sql)?;
    drop(source);
    migration::quick_check(&target).map_err(sql)?;
    target.close().map_err(|(_, e)| sql(e))?;
    // The old log must go before the new file comes: SQLite would replay it into that.
    remove(&beside(path, "-wal")).and_then(|()| remove(&beside(path, "-shm"))).map_err(io)?;
    std::fs::rename(&fresh, path).map_err(io)?;
    clear(&work).map_err(io)?;
    found.copy = copy;
    Ok(found)
}

// === files ===

fn keep_copy(path: &Path, now_ms: i64) -> std::io::Result<PathBuf> {
    let at = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut suffix = String::from(".damaged-");
    suffix.push_str(&at.strftime("%Y%m%dT%H%M%S").to_string());
    let mut copy = beside(path, &suffix);
    while copy.exists() {
        copy = beside(&copy, "x");
    }
    copy_with_log(path, &copy)?;
    Ok(copy)
}

fn copy_with_log(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::copy(from, to)?;
    let log = beside(from, "-wal");
    if log.exists() {
        std::fs::copy(log, beside(to, "-wal"))?;
    }
    Ok(())
}

fn clear(path: &Path) -> std::io::Result<()> {
    remove(path)?;
    remove(&beside(path, "-wal"))?;
    remove(&beside(path, "-shm"))
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Opens the copy. Where its first page is bad, that page is taken from a new ledger: it holds
/// only the header and the schema, and both are the same in every ledger of a version.
fn readable(work: &Path, fresh: &Path, target: &Connection) -> rusqlite::Result<Connection> {
    if let Ok(conn) = open_source(work) {
        return Ok(conn);
    }
    checkpoint(target)?;
    let transplanted = transplant(work, fresh);
    match open_source(work) {
        Err(_) if transplanted.is_err() => Connection::open_in_memory(),
        other => other,
    }
}

fn open_source(work: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(work)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    let id: i64 = conn.pragma_query_value(None, "application_id", |r| r.get(0))?;
    let tables = "SELECT count(*) FROM sqlite_schema
        WHERE name IN ('name', 'reserve', 'settle', 'client')";
    let tables: i64 = conn.query_row(tables, [], |r| r.get(0))?;
    if id == i64::from(APPLICATION_ID) && tables == 4 {
        return Ok(conn);
    }
    Err(rusqlite::Error::QueryReturnedNoRows)
}

fn checkpoint(conn: &Connection) -> rusqlite::Result<()> {
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Where the database header keeps what belongs to the file and not to the schema.
const HEADER_PAGE_SIZE: usize = 16;
const HEADER_CHANGES: usize = 24;
const HEADER_PAGES: usize = 28;
const HEADER_CHANGES_VALID: usize = 92;

fn transplant(work: &Path, fresh: &Path) -> std::io::Result<()> {
    let (mut bytes, new) = (std::fs::read(work)?, std::fs::read(fresh)?);
    let size = usize::from(u16::from_be_bytes([new[HEADER_PAGE_SIZE], new[HEADER_PAGE_SIZE + 1]]));
    if size < 512 || bytes.len() < size || new.len() < size {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    bytes[..size].copy_from_slice(&new[..size]);
    let pages = u32::try_from(bytes.len() / size).unwrap_or(u32::MAX);
    bytes[HEADER_PAGES..HEADER_PAGES + 4].copy_from_slice(&pages.to_be_bytes());
    // Equal counters say that the page count is to be believed.
    bytes.copy_within(HEADER_CHANGES..HEADER_CHANGES + 4, HEADER_CHANGES_VALID);
    std::fs::write(work, bytes)
}

// === rows ===

/// How a table is read and written. The first column is its key.
struct Table {
    up: &'static str,
    down: &'static str,
    insert: &'static str,
}

const NAME: Table = Table {
    up: "SELECT id, text FROM name NOT INDEXED WHERE id > ?1 AND id < ?2 ORDER BY id",
    down: "SELECT id, text FROM name NOT INDEXED WHERE id > ?1 AND id < ?2 ORDER BY id DESC",
    insert: "INSERT OR IGNORE INTO name (id, text) VALUES (?1, ?2)",
};

const CLIENT: Table = Table {
    up: "SELECT id, name, token_sha256, created_ms, last_used_day, removed_ms
        FROM client NOT INDEXED WHERE id > ?1 AND id < ?2 ORDER BY id",
    down: "SELECT id, name, token_sha256, created_ms, last_used_day, removed_ms
        FROM client NOT INDEXED WHERE id > ?1 AND id < ?2 ORDER BY id DESC",
    insert: "INSERT OR IGNORE INTO client (id, name, token_sha256, created_ms, last_used_day,
        removed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
};

const RESERVE: Table = Table {
    up: "SELECT * FROM reserve WHERE request_id > ?1 AND request_id < ?2
        ORDER BY request_id, attempt",
    down: "SELECT * FROM reserve WHERE request_id > ?1 AND request_id < ?2
        ORDER BY request_id DESC, attempt DESC",
    insert: "INSERT OR IGNORE INTO reserve VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
        ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
};

const SETTLE: Table = Table {
    up: "SELECT * FROM settle WHERE request_id > ?1 AND request_id < ?2
        ORDER BY request_id, attempt",
    down: "SELECT * FROM settle WHERE request_id > ?1 AND request_id < ?2
        ORDER BY request_id DESC, attempt DESC",
    insert: "INSERT OR IGNORE INTO settle VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
        ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
};

/// A settlement's reservation was lost: one that says so, on the day the attempt ended.
const STAND_IN: &str = "INSERT INTO reserve (request_id, attempt, at_ms, day, zone, client,
    endpoint, asked_model, provider, model, reason, local, demo, input_tokens, output_tokens)
    VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5, ?5, ?5, ?5, ?5, 0, 0, 0, 0)";

const HAS_RESERVE: &str = "SELECT 1 FROM reserve WHERE request_id = ?1 AND attempt = ?2";

/// Numbers whose text was lost get one, so that no new text is given their number.
const NAME_THE_LOST: &str = "INSERT INTO name (id, text)
    SELECT DISTINCT lost, '(lost ' || lost || ')' FROM (
        SELECT zone AS lost FROM reserve UNION SELECT client FROM reserve
        UNION SELECT project FROM reserve UNION SELECT session FROM reserve
        UNION SELECT category FROM reserve UNION SELECT endpoint FROM reserve
        UNION SELECT asked_model FROM reserve UNION SELECT provider FROM reserve
        UNION SELECT model FROM reserve UNION SELECT task FROM reserve
        UNION SELECT tier FROM reserve UNION SELECT reason FROM reserve
        UNION SELECT cache FROM settle UNION SELECT dropped FROM settle
        UNION SELECT service FROM settle)
    WHERE lost IS NOT NULL AND lost NOT IN (SELECT id FROM name)";

fn carry_over(
    source: &Connection,
    target: &mut Connection,
    zone: &TimeZone,
) -> rusqlite::Result<Salvaged> {
    let mut found = Salvaged { complete: true, ..Salvaged::default() };
    let tx = target.transaction()?;
    found.complete &= harvest(source, &NAME, &mut |row| put(&tx, &NAME, row).map(|_| ()))?;
    found.complete &= harvest(source, &CLIENT, &mut |row| {
        found.clients += u64::from(put(&tx, &CLIENT, row)?);
        Ok(())
    })?;
    found.complete &= harvest(source, &RESERVE, &mut |row| {
        found.reserves += u64::from(put(&tx, &RESERVE, row)?);
        Ok(())
    })?;
    found.complete &= harvest(source, &SETTLE, &mut |row| {
        found.without_reserve += u64::from(stand_in(&tx, row, zone)?);
        found.settles += u64::from(put(&tx, &SETTLE, row)?);
        Ok(())
    })?;
    tx.execute(NAME_THE_LOST, [])?;
    recount::recount(&tx)?;
    tx.commit()?;
    checkpoint(target)?;
    Ok(found)
}

/// Writes a row that is not there yet. False for one that is, and for one that the schema
/// refuses: it comes from a page that only looks readable.
fn put(conn: &Connection, table: &Table, row: &[Value]) -> rusqlite::Result<bool> {
    match conn.prepare_cached(table.insert)?.execute(params_from_iter(row)) {
        Ok(written) => Ok(written > 0),
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Gives a settlement without a reservation one. True when it needed it.
fn stand_in(conn: &Connection, row: &[Value], zone: &TimeZone) -> rusqlite::Result<bool> {
    let (Value::Integer(id), Value::Integer(attempt), Value::Integer(at_ms)) =
        (&row[0], &row[1], &row[3])
    else {
        return Ok(false);
    };
    let known = conn.prepare_cached(HAS_RESERVE)?.query_row([id, attempt], |_| Ok(()));
    if known.optional()?.is_some() {
        return Ok(false);
    }
    let (name, day) = (lost_name(conn)?, LocalDay::of(*at_ms, zone).0);
    conn.prepare_cached(STAND_IN)?.execute((id, attempt, at_ms, day, name))?;
    Ok(true)
}

fn lost_name(conn: &Connection) -> rusqlite::Result<i64> {
    conn.execute("INSERT OR IGNORE INTO name (text) VALUES ('(lost)')", [])?;
    conn.query_row("SELECT id FROM name WHERE text = '(lost)'", [], |r| r.get(0))
}

/// A stretch of keys, both ends outside it, ordered by width.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Gap {
    width: i64,
    low: i64,
    high: i64,
}

impl Gap {
    fn new(low: i64, high: i64) -> Self {
        Self { width: high.saturating_sub(low), low, high }
    }
}

/// Passes every readable row of a table to `each`: from both ends of a stretch to the first page
/// that cannot be read, then the same in both halves of what is left, the widest first. A row can
/// come twice. True when everything could be read.
///
/// # Errors
/// Only those of `each`.
fn harvest(
    source: &Connection,
    table: &Table,
    each: &mut dyn FnMut(&[Value]) -> rusqlite::Result<()>,
) -> rusqlite::Result<bool> {
    let mut gaps = BinaryHeap::from([Gap::new(0, i64::MAX)]);
    let mut complete = true;
    for _ in 0..SPLITS_MAX {
        let Some(Gap { low, high, width }) = gaps.pop() else { break };
        let Some(low) = walk(source, table.up, [low, high], low, each)? else { continue };
        complete = false;
        let Some(high) = walk(source, table.down, [low, high], high, each)? else { continue };
        let middle = low + (high - low) / 2;
        for gap in [Gap::new(low, middle), Gap::new(middle - 1, high)] {
            if gap.width > 1 && gap.width < width {
                gaps.push(gap);
            }
        }
    }
    Ok(complete)
}

/// Reads one way from `start`. `None` when the end was reached, else the key to go on from: the
/// one before the last that was read, because a request's attempts can lie on two pages.
fn walk(
    source: &Connection,
    select: &str,
    [low, high]: [i64; 2],
    start: i64,
    each: &mut dyn FnMut(&[Value]) -> rusqlite::Result<()>,
) -> rusqlite::Result<Option<i64>> {
    let (mut before, mut last) = (start, start);
    let Ok(mut select) = source.prepare_cached(select) else { return Ok(Some(start)) };
    let columns = select.column_count();
    let Ok(mut rows) = select.query([low, high]) else { return Ok(Some(start)) };
    loop {
        let row = match rows.next() {
            Ok(None) => return Ok(None),
            Ok(Some(row)) => row,
            Err(_) => return Ok(Some(before)),
        };
        let values: Result<Vec<Value>, _> = (0..columns).map(|n| row.get(n)).collect();
        // Text that is not UTF-8 is a row that only looks readable.
        let Ok(values) = values else { continue };
        match values[0] {
            Value::Integer(key) if key != last => (before, last) = (last, key),
            _ => {}
        }
        each(&values)?;
    }
}
