//! A damaged ledger made whole again from every row that can still be read.
//! Owns the copy that is kept of the damaged file, which rows of its pages are believed, and what
//! stands in for what is lost. The damaged file is replaced only at the very end.

use crate::connection;
use crate::decision;
use crate::journal;
use crate::migration::{self, MIGRATIONS, beside};
use crate::opening::make_private;
use crate::page::{self, Found, PAGE_BYTES};
use crate::problem::OpenProblem;
use crate::recount;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params_from_iter};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use weir_core::period::LocalDay;

/// What a salvage came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// The damaged file as it was, with its log and its journal beside it.
    pub copy: PathBuf,
    /// Reservations carried over.
    pub reserves: u64,
    /// Settlements carried over.
    pub settles: u64,
    /// Decisions carried over.
    pub decisions: u64,
    /// Tools carried over.
    pub clients: u64,
    /// Settlements whose reservation was lost; their day is reckoned from their end and their
    /// names read `(lost)`.
    pub without_reserve: u64,
    /// Whether the file was whole after all, so that nothing can have been lost.
    pub whole: bool,
}

/// Keeps a copy of the ledger as `weir.db.damaged-TIMESTAMP` and puts a new one in its place that
/// holds every row that can be read, page by page, whatever became of the tree above them.
/// The caller holds the home's lock and has no ledger open.
///
/// # Errors
/// See `OpenProblem`. Until the last step the file stays as it was.
pub fn salvage(path: &Path, zone: &TimeZone, now_ms: i64) -> Result<Salvaged, OpenProblem> {
    connection::check_version()?;
    let io = |e: std::io::Error| OpenProblem::from_io(path, &e);
    let sql = |e: rusqlite::Error| OpenProblem::from_sqlite(path, &e);
    let copy = keep_copy(path, now_ms).map_err(io)?;
    let fresh = beside(path, ".salvage");
    clear(&fresh).and_then(|()| make_private(&fresh)).map_err(io)?;
    let mut target = connection::writing(&fresh).map_err(sql)?;
    migration::migrate(&mut target, &fresh, MIGRATIONS)?;
    let mut found = carry_over(&copy, &mut target, zone).map_err(|e| match e {
        Fault::Io(e) => io(e),
        Fault::Sql(e) => sql(e),
    })?;
    migration::quick_check(&target).map_err(sql)?;
    target.close().map_err(|(_, e)| sql(e))?;
    found.whole = is_whole(path);
    // The old log must go before the new file comes: SQLite would replay it into that.
    remove(&beside(path, "-wal")).and_then(|()| remove(&beside(path, "-shm"))).map_err(io)?;
    std::fs::rename(&fresh, path).map_err(io)?;
    found.copy = copy;
    Ok(found)
}

enum Fault {
    Io(std::io::Error),
    Sql(rusqlite::Error),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
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
    std::fs::copy(path, &copy)?;
    let log = beside(path, "-wal");
    if log.exists() {
        std::fs::copy(log, beside(&copy, "-wal"))?;
    }
    // The journal itself stays where it is: the next start takes its reservations over.
    journal::copy(path, &copy)?;
    Ok(copy)
}

fn clear(path: &Path) -> std::io::Result<()> {
    remove(path)?;
    remove(&beside(path, "-wal"))?;
    remove(&beside(path, "-shm"))
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn is_whole(path: &Path) -> bool {
    connection::reading(path).is_ok_and(|conn| {
        let known = migration::identity(&conn).is_ok_and(|i| i.check(path, MIGRATIONS).is_ok());
        known && migration::quick_check(&conn).is_ok()
    })
}

/// Passes the pages of a file to `each`: of a database all but the first, which holds only the
/// header and the schema; of its log all there are. A log's old pages hold nothing wrong, because
/// rows never change.
fn pages(
    path: &Path,
    log: bool,
    mut each: impl FnMut(&[u8]) -> rusqlite::Result<()>,
) -> Result<(), Fault> {
    const LOG_HEADER_BYTES: u64 = 32;
    const FRAME_HEADER_BYTES: usize = 24;
    let file = match File::open(path) {
        Err(e) if log && e.kind() == ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    let mut file = BufReader::with_capacity(64 * PAGE_BYTES, file);
    let skipped = if log { LOG_HEADER_BYTES } else { PAGE_BYTES as u64 };
    std::io::copy(&mut file.by_ref().take(skipped), &mut std::io::sink())?;
    let header = if log { FRAME_HEADER_BYTES } else { 0 };
    let mut bytes = vec![0; header + PAGE_BYTES];
    loop {
        match file.read_exact(&mut bytes) {
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        each(&bytes[header..])?;
    }
}

// === rows ===

const INSERT_NAME: &str = "INSERT OR IGNORE INTO name (id, text) VALUES (?1, ?2)";

/// A client can be met in several states, of which the file's order says nothing; what was once
/// removed stays removed.
const INSERT_CLIENT: &str = "INSERT INTO client (id, name, token_sha256, created_ms, last_used_day,
    removed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (id) DO UPDATE SET
    last_used_day = max(coalesce(last_used_day, excluded.last_used_day),
        coalesce(excluded.last_used_day, last_used_day)),
    removed_ms = coalesce(removed_ms, excluded.removed_ms)";

const INSERT_RESERVE: &str = "INSERT OR IGNORE INTO reserve VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
    ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";

const INSERT_SETTLE: &str = "INSERT OR IGNORE INTO settle VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
    ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";

const INSERT_DECISION: &str =
    "INSERT OR IGNORE INTO decision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const COUNT_CLIENTS: &str = "SELECT count(*) FROM client";

/// A settlement's reservation was lost: one that says so, on the day the attempt ended.
const STAND_IN: &str = "INSERT INTO reserve (request_id, attempt, at_ms, day, zone, client,
    endpoint, asked_model, provider, model, reason, local, uncounted, input_tokens, output_tokens)
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
        UNION SELECT service FROM settle UNION SELECT mode FROM decision
        UNION SELECT class FROM decision)
    WHERE lost IS NOT NULL AND lost NOT IN (SELECT id FROM name)";

/// The same for one number.
const NAME_ONE_LOST: &str =
    "INSERT OR IGNORE INTO name (id, text) VALUES (?1, '(lost ' || ?1 || ')')";

/// Columns of both `reserve` and `settle`; a rollup has as many.
const ROW_COLUMNS: usize = 22;

/// The earliest moment a row can be of: 2001-09-09, the first of thirteen digits.
const AT_MS_MIN: i64 = 1_000_000_000_000;

/// What a row found in a page is.
enum Kind {
    Name,
    Client,
    Reserve,
    Settle,
    Decision,
    Other,
}

/// Tells rows apart by their form. Request ids and times are large numbers, days and kinds small
/// ones, so no row of one table passes for one of another.
fn kind(found: &Found) -> Kind {
    use Value::{Blob, Integer, Null, Text};
    let id = (AT_MS_MIN << weir_core::RequestId::SEQUENCE_BITS)..;
    match (found.rowid, found.values.as_slice()) {
        (Some(_), [Null, Text(_)]) => Kind::Name,
        (Some(_), [Null, Text(_), Blob(hash), ..]) if hash.len() == 32 => Kind::Client,
        (
            Some(key),
            [Null, Integer(_), Integer(_), Integer(0 | 1), Integer(_), _, Blob(_), Blob(_) | Null],
        ) if id.contains(&key) => Kind::Decision,
        (None, [Integer(key), _, Integer(at_ms), ..])
            if found.values.len() == ROW_COLUMNS && id.contains(key) && *at_ms >= AT_MS_MIN =>
        {
            Kind::Reserve
        }
        (None, [Integer(key), _, Integer(0..=2), Integer(at_ms), ..])
            if found.values.len() == ROW_COLUMNS && id.contains(key) && *at_ms >= AT_MS_MIN =>
        {
            Kind::Settle
        }
        _ => Kind::Other,
    }
}

fn carry_over(copy: &Path, target: &mut Connection, zone: &TimeZone) -> Result<Salvaged, Fault> {
    let mut found = Salvaged::default();
    let tx = target.transaction()?;
    let log = beside(copy, "-wal");
    let mut referred = BTreeSet::new();
    // Settlements refer to reservations, so those come first.
    for (path, is_log) in [(copy, false), (&log, true)] {
        pages(path, is_log, |page| {
            for row in page::rows(page) {
                match kind(&row) {
                    Kind::Name => drop(put(&tx, INSERT_NAME, with_rowid(row))?),
                    Kind::Client => drop(put(&tx, INSERT_CLIENT, with_rowid(row))?),
                    Kind::Reserve => {
                        found.reserves += u64::from(put(&tx, INSERT_RESERVE, row.values)?);
                    }
                    Kind::Decision => {
                        referred.extend(names_of(&row.values));
                        found.decisions += u64::from(put(&tx, INSERT_DECISION, with_rowid(row))?);
                    }
                    Kind::Settle | Kind::Other => {}
                }
            }
            Ok(())
        })?;
    }
    for (path, is_log) in [(copy, false), (&log, true)] {
        pages(path, is_log, |page| {
            for row in page::rows(page) {
                if let Kind::Settle = kind(&row) {
                    found.without_reserve += u64::from(stand_in(&tx, &row.values, zone)?);
                    found.settles += u64::from(put(&tx, INSERT_SETTLE, row.values)?);
                }
            }
            Ok(())
        })?;
    }
    tx.execute(NAME_THE_LOST, [])?;
    for name in referred {
        tx.prepare_cached(NAME_ONE_LOST)?.execute([name])?;
    }
    recount::recount(&tx)?;
    found.clients = tx.query_row(COUNT_CLIENTS, [], |r| r.get::<_, u32>(0))?.into();
    tx.commit()?;
    target.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(found)
}

/// The names a decision's candidates refer to. Those of a page that only looks readable are held to
/// numbers that a ledger's names can reach.
fn names_of(row: &[Value]) -> Vec<i64> {
    const NAMES_MAX: i64 = 1 << 32;
    let [.., Value::Blob(weighed), shadow] = row else { return Vec::new() };
    let shadow = match shadow {
        Value::Blob(bytes) => Some(bytes.as_slice()),
        _ => None,
    };
    let mut names = decision::names_in(weighed, shadow);
    names.retain(|name| (1..NAMES_MAX).contains(name));
    names
}

/// In a table with rowids the first column is stored as NULL and means the rowid.
fn with_rowid(row: Found) -> Vec<Value> {
    let mut values = row.values;
    values[0] = row.rowid.map_or(Value::Null, Value::Integer);
    values
}

/// Writes a row that is not there yet. False for one that is, and for one that the schema
/// refuses: it comes from a page that only looks readable.
fn put(conn: &Connection, insert: &str, row: Vec<Value>) -> rusqlite::Result<bool> {
    let mut insert = conn.prepare_cached(insert)?;
    if insert.parameter_count() < row.len() {
        return Ok(false);
    }
    match insert.execute(params_from_iter(row)) {
        Ok(written) => Ok(written > 0),
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Gives a settlement without a reservation one. True when it needed it.
fn stand_in(conn: &Connection, row: &[Value], zone: &TimeZone) -> rusqlite::Result<bool> {
    let [Value::Integer(id), Value::Integer(attempt), _, Value::Integer(at_ms), ..] = row else {
        return Ok(false);
    };
    let known = conn.prepare_cached(HAS_RESERVE)?.query_row([id, attempt], |_| Ok(()));
    if known.optional()?.is_some() {
        return Ok(false);
    }
    let (name, day) = (lost_name(conn)?, LocalDay::of(*at_ms, zone).0);
    let done = conn.prepare_cached(STAND_IN)?.execute((id, attempt, at_ms, day, name));
    match done {
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(false),
        done => Ok(done? > 0),
    }
}

fn lost_name(conn: &Connection) -> rusqlite::Result<i64> {
    conn.execute("INSERT OR IGNORE INTO name (text) VALUES ('(lost)')", [])?;
    conn.query_row("SELECT id FROM name WHERE text = '(lost)'", [], |r| r.get(0))
}
