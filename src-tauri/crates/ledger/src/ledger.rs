//! The ledger as others see it: open, reserve, settle, ask.
//! Owns the two threads and the order in which things start and end; the work is in the tables'
//! files.

use crate::client::{self, ClientProblem, ClientRow};
use crate::connection;
use crate::entry::Entry;
use crate::journal::{Journal, Left};
use crate::log::{self, Export};
use crate::migration::{self, MIGRATIONS};
use crate::name::cut;
use crate::opening;
use crate::problem::{OpenProblem, ReadProblem, WriteProblem};
use crate::queue::Desk;
use crate::reader::{self, Now, Reader, Readers};
use crate::reserve;
use crate::rows::{
    DayRange, Dimension, Group, LogFilter, RequestRow, Reserve, Settle, Spent, Totals,
};
use crate::session;
use crate::sync;
use crate::waiting::Waiting;
use crate::writer::{self, Writer};
use jiff::tz::TimeZone;
use parking_lot::RwLock;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use weir_core::RequestId;
use weir_core::budget::Scope;
use weir_core::period::LocalDay;

/// What opening found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Attempts that were open when Weir last stopped, now settled at their estimate.
    pub orphans: u64,
    /// The copy made before the ledger was brought to this version, if it was.
    pub backup: Option<PathBuf>,
    /// Whether the file is new.
    pub created: bool,
}

/// How the ledger is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why nothing can be written, while that lasts: settlements, or the last reservation.
    pub problem: Option<WriteProblem>,
    /// Settlements that wait to be written.
    pub waiting: usize,
    /// Settlements refused since the start: of attempts settled already or never reserved.
    pub refused: u64,
    /// Settlements given up since the start, because too many waited.
    pub given_up: u64,
}

/// An open ledger. Cheap to share behind an `Arc`; every method may be called from any thread.
pub struct Ledger {
    path: PathBuf,
    readers: Readers,
    live: Option<Live>,
}

/// The writing half.
struct Live {
    desk: Arc<Desk>,
    zone: RwLock<Zone>,
    /// The highest request id of earlier runs. Ids grow, so those above it cannot be in the
    /// tables but by this run, unless the clock was set back.
    newest_before: i64,
    threads: Vec<JoinHandle<()>>,
}

struct Zone {
    zone: TimeZone,
    name: String,
}

impl Zone {
    fn new(zone: TimeZone) -> Self {
        let name = match zone.iana_name() {
            Some(name) => name.to_owned(),
            None => zone.to_fixed_offset().map_or_else(|_| "unnamed".into(), |o| o.to_string()),
        };
        Self { zone, name }
    }
}

// === opening and closing ===

impl Ledger {
    /// Opens the ledger for writing, makes or migrates it if need be, and settles what an
    /// earlier run left open. One process at a time: the caller holds the home's lock.
    ///
    /// # Errors
    /// See `OpenProblem`; a file that is damaged, newer or foreign is left as it is.
    pub fn open(path: &Path, zone: TimeZone, now_ms: i64) -> Result<(Self, Opened), OpenProblem> {
        connection::check_version()?;
        let left = opening::left_behind(path)?;
        let created = opening::prepare_file(path)?;
        let problem = |e: rusqlite::Error| OpenProblem::from_sqlite(path, &e);
        let io = |e: std::io::Error| OpenProblem::from_io(path, &e);
        let mut conn = connection::writing(path).map_err(problem)?;
        if conn.is_readonly("main").map_err(problem)? {
            let (path, reason) = (path.to_path_buf(), "the file is read-only".to_owned());
            return Err(OpenProblem::ReadOnly { path, reason });
        }
        let backup = migration::migrate(&mut conn, path, MIGRATIONS)?;
        let (writer, orphans) = Writer::start(conn, left.entries(), now_ms).map_err(problem)?;
        let syncing = connection::writing(path).map_err(problem)?;
        if !left.is_empty() {
            // The journal may be emptied only when its reservations are on the disk elsewhere.
            let done = sync::checkpoint(&syncing).map_err(problem)?;
            if !done.ours {
                return Err(OpenProblem::Busy { path: path.to_path_buf() });
            }
            done.or_sync_log(path).map_err(io)?;
        }
        let newest_before = writer.newest();
        let journal = Journal::start(path).map_err(io)?;
        let desk = Arc::new(Desk::new(path.to_path_buf(), writer, journal));
        desk.place.look();
        let threads = opening::start(&desk, syncing).map_err(io)?;
        desk.sync.touch();
        let zone = RwLock::new(Zone::new(zone));
        let live = Live { desk, zone, newest_before, threads };
        let readers = Readers::new(path.to_path_buf());
        let ledger = Self { path: path.to_path_buf(), readers, live: Some(live) };
        Ok((ledger, Opened { orphans, backup, created }))
    }

    /// Opens the ledger for questions only, also while another process writes it.
    ///
    /// # Errors
    /// See `OpenProblem`. A ledger of an older version must be opened for writing once.
    pub fn open_read_only(path: &Path) -> Result<Self, OpenProblem> {
        connection::check_version()?;
        opening::left_behind(path)?;
        let version = opening::identify(path)?;
        if version != i64::try_from(MIGRATIONS.len()).expect("a few migrations") {
            let reason = "it is of an older version. Start Weir once to bring it up to date".into();
            return Err(OpenProblem::Io { path: path.to_path_buf(), reason });
        }
        let readers = Readers::new(path.to_path_buf());
        Ok(Self { path: path.to_path_buf(), readers, live: None })
    }

    /// Where the ledger is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// From now on days are reckoned in this zone. Rows keep the day and zone they were given.
    pub fn set_zone(&self, zone: TimeZone) {
        if let Some(live) = &self.live {
            *live.zone.write() = Zone::new(zone);
        }
    }

    /// The zone days are reckoned in, and the name it is kept under.
    ///
    /// # Errors
    /// A ledger opened for questions has none.
    pub(crate) fn zone(&self) -> Result<(TimeZone, String), WriteProblem> {
        let zone = self.live()?.zone.read();
        Ok((zone.zone.clone(), zone.name.clone()))
    }

    fn live(&self) -> Result<&Live, WriteProblem> {
        self.live.as_ref().ok_or_else(|| WriteProblem::ReadOnlyHandle { path: self.path.clone() })
    }
}

impl Drop for Ledger {
    /// Writes what waits, then brings everything to the disk. What cannot be written becomes an
    /// orphan at the next start.
    fn drop(&mut self) {
        let Some(live) = self.live.take() else { return };
        live.desk.stop();
        let mut threads = live.threads.into_iter();
        let settling = threads.next();
        let joined = settling.is_none_or(|t| t.join().is_ok());
        live.desk.sync.stop();
        if !(threads.all(|t| t.join().is_ok()) && joined) {
            tracing::error!("a thread of the ledger had panicked");
        }
    }
}

// === the request's path ===

impl Ledger {
    /// Writes a reservation. When it returns, it outlives a kill of the process; a power cut may
    /// lose the last second. One write of a few hundred bytes to the journal, a few microseconds;
    /// the database is not touched.
    ///
    /// # Errors
    /// See `WriteProblem`. Also while earlier rows cannot be written: nothing is let out whose
    /// cost could not be recorded.
    pub fn reserve(&self, row: &Reserve<'_>) -> Result<(), WriteProblem> {
        let live = self.live()?;
        if let Some(problem) = live.desk.problem() {
            return Err(problem);
        }
        let zone = live.zone.read();
        let entry = Entry::of(row, LocalDay::of(row.at_ms, &zone.zone), &zone.name);
        if !entry.is_placed() {
            let reason = "a request's id and its attempts are counted from 1".to_owned();
            return Err(WriteProblem::Io { path: self.path.clone(), reason });
        }
        if entry.id <= live.newest_before && self.has(&entry)? {
            return Err(WriteProblem::Duplicate { id: row.id, attempt: row.attempt });
        }
        live.desk.reserve(&entry)?;
        live.desk.sync.touch();
        Ok(())
    }

    fn has(&self, entry: &Entry<'_>) -> Result<bool, WriteProblem> {
        let found = self.readers.ask(|reader| reserve::has(&reader.conn, entry.place()));
        found.map_err(|e| WriteProblem::from_sqlite(&self.path, &e))
    }

    /// Takes a settlement; it is written within milliseconds. While the ledger cannot be written
    /// it is kept and tried again. A second one for the same attempt is logged and refused.
    pub fn settle(&self, row: Settle) {
        match self.live() {
            Ok(live) => live.desk.push(row),
            Err(problem) => tracing::error!(id = %row.id, "a settlement was refused: {problem}"),
        }
    }

    /// Writes every settlement and every reservation taken so far into the tables.
    ///
    /// # Errors
    /// See `WriteProblem`; what was not written is kept.
    pub fn flush(&self) -> Result<(), WriteProblem> {
        let desk = &self.live()?.desk;
        desk.drain()?;
        desk.carry()
    }

    /// How the ledger is doing.
    pub fn health(&self) -> Health {
        let Some(live) = &self.live else { return Health::default() };
        let (waiting, refused, given_up) = live.desk.counts();
        let problem = live.desk.problem().or_else(|| live.desk.unnoted());
        Health { problem, waiting, refused, given_up }
    }
}

// === questions ===

impl Ledger {
    /// Sums over days and what is open now, of one moment. An empty scope is everything.
    ///
    /// # Errors
    /// See `ReadProblem`.
    pub fn totals(&self, range: DayRange, scope: &Scope) -> Result<Totals, ReadProblem> {
        self.ask(|reader, now| reader::totals(reader, range, scope, &now))
    }

    /// The same by a dimension: dearest first, days in order.
    ///
    /// # Errors
    /// See `ReadProblem`.
    pub fn by(
        &self,
        range: DayRange,
        dimension: Dimension,
        scope: &Scope,
    ) -> Result<Vec<Group>, ReadProblem> {
        self.ask(|reader, now| match dimension {
            Dimension::Session => session::by_session(reader, range, scope, &now),
            _ => reader::by(reader, range, dimension, scope, &now),
        })
    }

    /// Where a budget stands.
    ///
    /// # Errors
    /// See `ReadProblem`.
    pub fn spent(&self, scope: &Scope, range: DayRange) -> Result<Spent, ReadProblem> {
        let totals = match &scope.session {
            None => self.totals(range, scope)?,
            // No sum is kept by session; its rows are added up.
            Some(session) => {
                let rest = Scope { session: None, ..scope.clone() };
                let all = self.by(range, Dimension::Session, &rest)?;
                let own = all.into_iter().find(|group| group.key.as_deref() == Some(cut(session)));
                own.map(|group| group.totals).unwrap_or_default()
            }
        };
        Ok(Spent {
            tokens: totals.usage.prompt().saturating_add(totals.usage.output),
            settled: totals.spent,
            reserved: totals.reserved,
            unpriced_requests: totals.unpriced_requests + totals.open_unpriced,
        })
    }

    /// What a range and scope have cost, for one who will remember it: everything that was settled
    /// is in it.
    ///
    /// # Errors
    /// See `ReadProblem`; also while settlements cannot be written.
    pub fn settled(&self, scope: &Scope, range: DayRange) -> Result<Spent, ReadProblem> {
        if let Some(live) = &self.live {
            live.desk.drain()?;
        }
        self.spent(scope, range)
    }

    /// Requests with their attempts, newest first.
    ///
    /// # Errors
    /// See `ReadProblem`.
    pub fn log(&self, filter: &LogFilter) -> Result<Vec<RequestRow>, ReadProblem> {
        self.ask(|reader, now| log::log(reader, filter, &now))
    }

    /// One request; `None` when the ledger does not know it.
    ///
    /// # Errors
    /// See `ReadProblem`.
    pub fn request(&self, id: RequestId) -> Result<Option<RequestRow>, ReadProblem> {
        self.ask(|reader, now| log::one(reader, id, &now))
    }

    /// Every request that arrived in `from_ms..to_ms`, oldest first, in bounded memory.
    pub fn export(&self, from_ms: i64, to_ms: i64) -> Export<'_> {
        self.settle_first();
        let waiting = match &self.live {
            Some(live) => Ok(Waiting::of(live.desk.journal.waiting())),
            None => self.left().map(|left| Waiting::all(&left)),
        };
        Export::new(&self.readers, &self.path, from_ms..to_ms, waiting)
    }

    /// Reads every page. Takes seconds for gigabytes; for `doctor`.
    ///
    /// # Errors
    /// `Damaged` with the first fault.
    pub fn check(&self) -> Result<(), ReadProblem> {
        self.ask(|reader, _| migration::quick_check(&reader.conn))
    }

    /// A question sees every settlement that was taken before it, unless it cannot be written.
    fn settle_first(&self) {
        if let Some(live) = &self.live {
            let _ = live.desk.drain();
        }
    }

    /// Asks about one moment: the tables, and what is open besides. The writer is stopped for the
    /// instant in which the reader's snapshot is taken, so that no attempt is both open and
    /// settled in one answer, or neither.
    pub(crate) fn ask<T>(
        &self,
        ask: impl FnOnce(&mut Reader, Now) -> rusqlite::Result<T>,
    ) -> Result<T, ReadProblem> {
        self.settle_first();
        let answer = match &self.live {
            None => {
                let left = self.left()?;
                let now = |conn: &Connection| {
                    let open = writer::open_in_file(conn)?;
                    Ok(Now { open, waiting: Waiting::in_files(conn, &left)? })
                };
                self.readers.at_once(now, ask)
            }
            Some(live) => self.readers.at_once(
                |conn| {
                    let writer = live.desk.writer.lock();
                    migration::identity(conn)?;
                    let waiting = Waiting::of(live.desk.journal.waiting());
                    Ok(Now { open: writer.open(), waiting })
                },
                ask,
            ),
        };
        answer.map_err(|e| ReadProblem::from_sqlite(&self.path, &e))
    }

    /// What another process has in its journal, or left there.
    fn left(&self) -> Result<Left, ReadProblem> {
        Left::read(&self.path).map_err(|e| ReadProblem::from_io(&self.path, &e))
    }
}

// === tools ===

impl Ledger {
    /// Adds a tool by the hash of its token.
    ///
    /// # Errors
    /// See `ClientProblem`.
    pub fn add_client(
        &self,
        name: &str,
        token_sha256: &[u8; 32],
        at_ms: i64,
    ) -> Result<(), ClientProblem> {
        if !client::good_name(name) {
            return Err(ClientProblem::BadName);
        }
        let added = self.write(|w| client::add(&w.conn, name, token_sha256, at_ms))?;
        if added { Ok(()) } else { Err(ClientProblem::Exists { name: name.to_owned() }) }
    }

    /// Takes a tool's token away; its rows stay. False when there is no such tool.
    ///
    /// # Errors
    /// See `WriteProblem`.
    pub fn remove_client(&self, name: &str, at_ms: i64) -> Result<bool, WriteProblem> {
        self.write(|w| client::remove(&w.conn, name, at_ms))
    }

    /// Notes that a tool called on the local day of `at_ms`. A write once a tool and day.
    ///
    /// # Errors
    /// See `WriteProblem`.
    pub fn touch_client(&self, name: &str, at_ms: i64) -> Result<(), WriteProblem> {
        let day = LocalDay::of(at_ms, &self.live()?.zone.read().zone);
        self.write(|w| client::touch(&w.conn, name, day)).map(|_| ())
    }

    /// All tools, removed ones last.
    ///
    /// # Errors
    /// See `ReadProblem`.
    pub fn clients(&self) -> Result<Vec<ClientRow>, ReadProblem> {
        self.ask(|reader, _| client::list(&reader.conn))
    }

    pub(crate) fn write<T>(
        &self,
        write: impl FnOnce(&mut Writer) -> rusqlite::Result<T>,
    ) -> Result<T, WriteProblem> {
        let live = self.live()?;
        let done = write(&mut *live.desk.lock_patiently()?);
        let done = done.map_err(|e| WriteProblem::from_sqlite(&self.path, &e))?;
        live.desk.sync.touch();
        Ok(done)
    }
}

#[cfg(test)]
impl Ledger {
    /// The writer, for tests that take something away from it.
    pub(crate) fn writer_for_test(&self) -> parking_lot::MutexGuard<'_, Writer> {
        self.live.as_ref().expect("opened for writing").desk.writer.lock()
    }

    /// Puts another file in the place of the one the journal adds to.
    #[cfg(target_os = "linux")]
    pub(crate) fn swap_journal_for_test(&self, file: std::fs::File) -> std::fs::File {
        self.live.as_ref().expect("opened for writing").desk.journal.swap_for_test(file)
    }

    /// Brings everything into the database file.
    pub(crate) fn checkpoint_for_test(&self) {
        self.flush().expect("written");
        let conn = connection::writing(&self.path).expect("opens");
        conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).expect("checkpointed");
    }
}
