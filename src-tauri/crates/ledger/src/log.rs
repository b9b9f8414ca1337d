//! Rows of `reserve` and `settle` put together again: the log, one request, the export.
//! Owns the reading of a row; filters run on numbers, texts are looked up for what is shown.

use crate::decision;
use crate::entry::Entry;
use crate::name;
use crate::problem::ReadProblem;
use crate::reader::{Filter, Now, Reader, Readers};
use crate::rollup::Key;
use crate::row::{Amounts, Columns, amount_columns, key_columns};
use crate::rows::{AttemptRow, AttemptState, LogFilter, RequestRow};
use crate::settle::{kind_of, outcome_of, usage_of};
use crate::waiting::{self, Waiting};
use rusqlite::{Row, Statement, params};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::path::Path;
use weir_core::period::LocalDay;
use weir_core::route::Tier;
use weir_core::{Money, RequestId};

/// Requests of one log.
pub const LOG_REQUESTS_MAX: usize = 10_000;

/// Requests read at a time by an export: its memory, and how long it holds the log back.
const EXPORT_REQUESTS_A_PAGE: usize = 256;

macro_rules! columns {
    () => {
        concat!(
            "r.request_id, r.attempt, r.at_ms, ",
            key_columns!(),
            ", r.zone, r.session, r.endpoint, r.asked_model, r.reason, r.confidence, r.uncounted,
            r.reserved_nano, r.input_tokens, r.output_tokens, ",
            amount_columns!(),
            ", s.kind, s.at_ms, s.outcome, s.status, s.first_byte_ms, s.total_ms, s.cache,
            s.dropped, s.service, s.note
            FROM reserve r LEFT JOIN settle s
            ON s.request_id = r.request_id AND s.attempt = r.attempt"
        )
    };
}

const NEWEST_FIRST: &str = concat!(
    "SELECT ",
    columns!(),
    " WHERE r.request_id >= ?1 AND r.request_id < ?2 ORDER BY r.request_id DESC, r.attempt DESC"
);

const OLDEST_FIRST: &str = concat!(
    "SELECT ",
    columns!(),
    " WHERE r.request_id >= ?1 AND r.request_id < ?2 ORDER BY r.request_id, r.attempt"
);

/// A row of both tables, in numbers.
struct Raw {
    id: i64,
    attempt: u16,
    at_ms: i64,
    key: Key,
    zone: i64,
    session: Option<i64>,
    endpoint: i64,
    asked_model: i64,
    reason: i64,
    confidence: Option<u16>,
    uncounted: bool,
    reserved: Option<i64>,
    input_tokens: i64,
    output_tokens: i64,
    ended: Option<Ended>,
}

struct Ended {
    amounts: Amounts,
    kind: i64,
    at_ms: i64,
    outcome: i64,
    status: u16,
    first_byte_ms: Option<u32>,
    total_ms: u32,
    cache: Option<i64>,
    dropped: Option<i64>,
    service: Option<i64>,
    note: Option<String>,
}

impl Raw {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let mut c = Columns::of(row);
        let (id, attempt, at_ms, key) = (c.take()?, c.take()?, c.take()?, c.key()?);
        Ok(Self {
            id,
            attempt,
            at_ms,
            key,
            zone: c.take()?,
            session: c.take()?,
            endpoint: c.take()?,
            asked_model: c.take()?,
            reason: c.take()?,
            confidence: c.take()?,
            uncounted: c.take()?,
            reserved: c.take()?,
            input_tokens: c.take()?,
            output_tokens: c.take()?,
            ended: Ended::of(&mut c)?,
        })
    }
}

impl Ended {
    fn of(c: &mut Columns<'_, '_>) -> rusqlite::Result<Option<Self>> {
        let Some(amounts) = c.amounts()? else { return Ok(None) };
        Ok(Some(Self {
            amounts,
            kind: c.take()?,
            at_ms: c.take()?,
            outcome: c.take()?,
            status: c.take()?,
            first_byte_ms: c.take()?,
            total_ms: c.take()?,
            cache: c.take()?,
            dropped: c.take()?,
            service: c.take()?,
            note: c.take()?,
        }))
    }
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

impl Reader {
    /// The text of a name.
    pub fn text(&mut self, id: i64) -> rusqlite::Result<String> {
        Ok(self.texts.text(&self.conn, id)?.to_string())
    }

    fn maybe(&mut self, id: Option<i64>) -> rusqlite::Result<Option<String>> {
        id.filter(|id| *id != Key::NONE).map(|id| self.text(id)).transpose()
    }

    /// A request of its rows, which are in order and never empty.
    fn request(&mut self, rows: Vec<Raw>) -> rusqlite::Result<RequestRow> {
        let first = rows.first().expect("only called with the rows of a request");
        let (id, key, confidence) = (RequestId::from_raw(first.id), first.key, first.confidence);
        let (session, endpoint, asked) = (first.session, first.endpoint, first.asked_model);
        let tier = self.maybe(Some(key.tier))?;
        Ok(RequestRow {
            id,
            client: self.text(key.client)?,
            project: self.maybe(Some(key.project))?,
            session: self.maybe(session)?,
            category: self.maybe(Some(key.category))?,
            endpoint: self.text(endpoint)?,
            asked_model: self.text(asked)?,
            task: self.maybe(Some(key.task))?,
            tier: tier.as_deref().and_then(Tier::parse),
            confidence,
            decision: decision::find(self, id.raw())?,
            attempts: rows.into_iter().map(|raw| self.attempt(raw)).collect::<Result<_, _>>()?,
        })
    }

    fn attempt(&mut self, raw: Raw) -> rusqlite::Result<AttemptRow> {
        let ended = raw.ended.as_ref();
        Ok(AttemptRow {
            attempt: raw.attempt,
            at_ms: raw.at_ms,
            day: LocalDay(raw.key.day),
            zone: self.text(raw.zone)?,
            provider: self.text(raw.key.provider)?,
            model: self.text(raw.key.model)?,
            reason: self.text(raw.reason)?,
            local: raw.key.local,
            uncounted: raw.uncounted,
            reserved: raw.reserved.map(Money::from_nano),
            input_tokens: unsigned(raw.input_tokens),
            output_tokens: unsigned(raw.output_tokens),
            state: ended.map_or(AttemptState::Open, |e| kind_of(e.kind)),
            ended_ms: ended.map(|e| e.at_ms),
            outcome: ended.map(|e| outcome_of(e.outcome)),
            status: ended.map_or(0, |e| e.status),
            pricing: ended.map(|e| e.amounts.pricing),
            cost: ended.and_then(|e| e.amounts.cost).map(Money::from_nano),
            saved: Money::from_nano(ended.map_or(0, |e| e.amounts.saved)),
            usage: ended.and_then(|e| e.amounts.usage).map(usage_of),
            first_byte_ms: ended.and_then(|e| e.first_byte_ms),
            total_ms: ended.map(|e| e.total_ms),
            cache: self.maybe(ended.and_then(|e| e.cache))?,
            dropped: self.maybe(ended.and_then(|e| e.dropped))?,
            service: self.maybe(ended.and_then(|e| e.service))?,
            note: raw.ended.and_then(|e| e.note),
        })
    }
}

/// Rows grouped into requests, up to `limit` of those that `wanted` accepts.
fn gather(
    select: &mut Statement<'_>,
    from: i64,
    to: i64,
    limit: usize,
    wanted: impl Fn(&Raw) -> bool,
) -> rusqlite::Result<Vec<Vec<Raw>>> {
    let mut requests: Vec<Vec<Raw>> = Vec::new();
    let mut current: Vec<Raw> = Vec::new();
    let mut rows = select.query(params![from, to])?;
    let mut keep = |request: Vec<Raw>| {
        if request.iter().any(&wanted) {
            requests.push(request);
        }
        requests.len()
    };
    while let Some(row) = rows.next()? {
        let raw = Raw::of(row)?;
        if current.last().is_some_and(|last| last.id != raw.id)
            && keep(std::mem::take(&mut current)) >= limit
        {
            return Ok(requests);
        }
        current.push(raw);
    }
    if !current.is_empty() {
        keep(current);
    }
    Ok(requests)
}

/// The log, newest first.
pub(crate) fn log(
    reader: &mut Reader,
    filter: &LogFilter,
    now: &Now,
) -> rusqlite::Result<Vec<RequestRow>> {
    let limit = filter.limit.min(LOG_REQUESTS_MAX);
    if limit == 0 {
        return Ok(Vec::new());
    }
    let from = filter.since_ms.map_or(0, |ms| RequestId::floor(ms).raw());
    let to = filter.before.map_or(i64::MAX, RequestId::raw);
    let mut requests = stored(reader, filter, from..to, limit)?;
    let same = |want: &Option<String>, is: Option<&str>| {
        want.as_deref().is_none_or(|want| is == Some(name::cut(want)))
    };
    add_waiting(reader, &mut requests, &now.waiting, |entry| {
        (from..to).contains(&entry.id)
            && waiting::in_scope(entry, &filter.scope)
            && same(&filter.session, entry.session)
            && same(&filter.task, entry.task)
    })?;
    requests.sort_by_key(|row| std::cmp::Reverse(row.id));
    requests.truncate(limit);
    Ok(requests)
}

/// The part of the log that is in the tables.
fn stored(
    reader: &mut Reader,
    filter: &LogFilter,
    ids: Range<i64>,
    limit: usize,
) -> rusqlite::Result<Vec<RequestRow>> {
    let Some(scope) = Filter::of(&reader.conn, &filter.scope)? else { return Ok(Vec::new()) };
    let mut wanted = [None, None];
    for (id, text) in wanted.iter_mut().zip([&filter.session, &filter.task]) {
        if let Some(text) = text {
            *id = name::find(&reader.conn, text)?;
            if id.is_none() {
                return Ok(Vec::new());
            }
        }
    }
    let [session, task] = wanted;
    let requests = {
        let mut select = reader.conn.prepare_cached(NEWEST_FIRST)?;
        gather(&mut select, ids.start, ids.end, limit, |raw| {
            scope.holds(&raw.key)
                && session.is_none_or(|s| raw.session == Some(s))
                && task.is_none_or(|t| raw.key.task == t)
        })?
    };
    requests
        .into_iter()
        .map(|mut rows| {
            rows.reverse();
            reader.request(rows)
        })
        .collect()
}

/// Adds the attempts that only the journal has: to the requests that are there already, and with
/// their own requests where they are `wanted`.
fn add_waiting(
    reader: &mut Reader,
    requests: &mut Vec<RequestRow>,
    waiting: &Waiting,
    wanted: impl Fn(&Entry<'_>) -> bool,
) -> rusqlite::Result<()> {
    let mut places: HashMap<RequestId, usize> = HashMap::new();
    for (at, row) in requests.iter().enumerate() {
        places.insert(row.id, at);
    }
    for entry in waiting.entries() {
        let id = entry.request();
        if let Some(at) = places.get(&id) {
            waiting::add_attempt(&mut requests[*at], &entry);
        } else if wanted(&entry) {
            let known = page(reader, id.raw(), id.raw().saturating_add(1), 1)?.pop();
            let mut row = known.unwrap_or_else(|| waiting::request(&entry));
            waiting::add_attempt(&mut row, &entry);
            places.insert(id, requests.len());
            requests.push(row);
        }
    }
    Ok(())
}

/// One request.
pub(crate) fn one(
    reader: &mut Reader,
    id: RequestId,
    now: &Now,
) -> rusqlite::Result<Option<RequestRow>> {
    let mut found = page(reader, id.raw(), id.raw().saturating_add(1), 1)?;
    add_waiting(reader, &mut found, &now.waiting, |entry| entry.request() == id)?;
    Ok(found.pop())
}

/// Requests `from..to` by id, oldest first.
fn page(
    reader: &mut Reader,
    from: i64,
    to: i64,
    limit: usize,
) -> rusqlite::Result<Vec<RequestRow>> {
    let requests = {
        let mut select = reader.conn.prepare_cached(OLDEST_FIRST)?;
        gather(&mut select, from, to, limit, |_| true)?
    };
    requests.into_iter().map(|rows| reader.request(rows)).collect()
}

/// Every request of a span, oldest first, a page in memory at a time. Rows that are written
/// while it runs may or may not be in it.
pub struct Export<'a> {
    readers: &'a Readers,
    path: &'a Path,
    waiting: Waiting,
    failed: Option<ReadProblem>,
    page: VecDeque<RequestRow>,
    from: i64,
    to: i64,
    done: bool,
}

impl<'a> Export<'a> {
    /// `waiting` must have been taken before any table is read.
    pub(crate) fn new(
        readers: &'a Readers,
        path: &'a Path,
        span_ms: Range<i64>,
        waiting: Result<Waiting, ReadProblem>,
    ) -> Self {
        let (waiting, failed) = match waiting {
            Ok(waiting) => (waiting, None),
            Err(problem) => (Waiting::default(), Some(problem)),
        };
        let (from_ms, to_ms) = (span_ms.start, span_ms.end);
        let (from, to) = (RequestId::floor(from_ms.max(0)), to_ms.max(0));
        let to = if to > RequestId::from_raw(i64::MAX).unix_ms() {
            i64::MAX
        } else {
            RequestId::floor(to).raw()
        };
        let page = VecDeque::new();
        let done = failed.is_some();
        Self { readers, path, waiting, failed, page, from: from.raw(), to, done }
    }

    /// The next requests, and where those after them begin; `None` when these are the last.
    fn turn(&self, reader: &mut Reader) -> rusqlite::Result<(Vec<RequestRow>, Option<i64>)> {
        let mut rows = page(reader, self.from, self.to, EXPORT_REQUESTS_A_PAGE)?;
        let full = rows.len() == EXPORT_REQUESTS_A_PAGE;
        let next = rows.last().filter(|_| full).map(|row| row.id.raw() + 1);
        let ids = self.from..next.unwrap_or(self.to);
        add_waiting(reader, &mut rows, &self.waiting, |entry| ids.contains(&entry.id))?;
        rows.sort_by_key(|row| row.id);
        Ok((rows, next))
    }
}

impl Iterator for Export<'_> {
    type Item = Result<RequestRow, ReadProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() && !self.done {
            match self.readers.ask(|reader| self.turn(reader)) {
                Ok((rows, next)) => {
                    self.done = next.is_none();
                    self.from = next.unwrap_or(self.to);
                    self.page = rows.into();
                }
                Err(error) => {
                    self.done = true;
                    self.failed = Some(ReadProblem::from_sqlite(self.path, &error));
                }
            }
        }
        self.page.pop_front().map(Ok).or_else(|| self.failed.take().map(Err))
    }
}
