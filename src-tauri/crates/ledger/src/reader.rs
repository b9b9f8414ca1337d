//! Questions: a few read-only connections, so that no question ever holds up the writer.
//! Owns the sums over days and dimensions; rows are `log`'s.

use crate::connection;
use crate::entry::Entry;
use crate::name::{self, Texts};
use crate::part;
use crate::reserve::Open;
use crate::rollup::{self, Key, Split, Sums};
use crate::rows::{DayRange, Dimension, Group, Totals};
use crate::waiting::{self, Waiting, add_open};
use parking_lot::Mutex;
use rusqlite::Connection;
use std::collections::HashMap;
use std::path::PathBuf;
use weir_core::budget::Scope;
use weir_core::period::LocalDay;

/// Connections kept for the next question.
const READERS_KEPT: usize = 3;

/// What is open at the moment of an answer.
pub(crate) struct Now {
    /// Attempts with a row of `reserve`.
    pub open: Vec<Open>,
    /// Attempts that only the journal has.
    pub waiting: Waiting,
}

/// A connection and the names it has met.
pub(crate) struct Reader {
    pub conn: Connection,
    pub texts: Texts,
}

pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
}

impl Readers {
    pub fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::default() }
    }

    /// Lends a reader to `ask`, inside one read transaction: everything it sees is of one moment.
    /// `first` runs at that moment.
    pub fn at_once<T, U>(
        &self,
        first: impl FnOnce(&Connection) -> rusqlite::Result<U>,
        ask: impl FnOnce(&mut Reader, U) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut reader = self.take()?;
        reader.conn.execute_batch("BEGIN")?;
        let answer = first(&reader.conn).and_then(|u| ask(&mut reader, u));
        reader.conn.execute_batch("COMMIT")?;
        // A reader that failed is closed instead of kept.
        if answer.is_ok() {
            self.give(reader);
        }
        answer
    }

    /// Lends a reader to `ask`.
    pub fn ask<T>(
        &self,
        ask: impl FnOnce(&mut Reader) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.at_once(|_| Ok(()), |reader, ()| ask(reader))
    }

    fn take(&self) -> rusqlite::Result<Reader> {
        if let Some(reader) = self.idle.lock().pop() {
            return Ok(reader);
        }
        Ok(Reader { conn: connection::reading(&self.path)?, texts: Texts::default() })
    }

    fn give(&self, reader: Reader) {
        let mut idle = self.idle.lock();
        if idle.len() < READERS_KEPT {
            idle.push(reader);
        }
    }
}

/// A scope in numbers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Filter {
    provider: Option<i64>,
    model: Option<i64>,
    tier: Option<i64>,
    category: Option<i64>,
    client: Option<i64>,
    project: Option<i64>,
    local: Option<bool>,
}

/// How much of a ledger a scope leaves, but for whether it is local.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Everything,
    Part(Dimension, i64),
    Combination,
}

impl Filter {
    /// `None` when the scope names something that no row carries.
    pub fn of(conn: &Connection, scope: &Scope) -> rusqlite::Result<Option<Self>> {
        let mut filter = Self { local: scope.local, ..Self::default() };
        let fields = [
            (&mut filter.provider, &scope.provider),
            (&mut filter.model, &scope.model),
            (&mut filter.tier, &scope.tier),
            (&mut filter.category, &scope.category),
            (&mut filter.client, &scope.client),
            (&mut filter.project, &scope.project),
        ];
        for (number, text) in fields {
            if let Some(text) = text {
                *number = name::find(conn, text)?;
                if number.is_none() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(filter))
    }

    /// What it takes to find the sums inside: nothing, one dimension, or every combination.
    fn reach(&self) -> Reach {
        let wanted = [
            (Dimension::Provider, self.provider),
            (Dimension::Model, self.model),
            (Dimension::Tier, self.tier),
            (Dimension::Category, self.category),
            (Dimension::Client, self.client),
            (Dimension::Project, self.project),
        ];
        let mut named = wanted.into_iter().filter_map(|(by, id)| Some((by, id?)));
        match (named.next(), named.next()) {
            (None, _) => Reach::Everything,
            (Some((by, id)), None) => Reach::Part(by, id),
            _ => Reach::Combination,
        }
    }

    fn holds_local(&self, local: bool) -> bool {
        self.local.is_none_or(|want| want == local)
    }

    /// Whether the key is inside the scope.
    pub fn holds(&self, key: &Key) -> bool {
        let fits = |want: Option<i64>, is: i64| want.is_none_or(|want| want == is);
        fits(self.provider, key.provider)
            && fits(self.model, key.model)
            && fits(self.tier, key.tier)
            && fits(self.category, key.category)
            && fits(self.client, key.client)
            && fits(self.project, key.project)
            && self.holds_local(key.local)
    }
}

fn counted(open: &Open, range: DayRange, filter: &Filter) -> bool {
    !open.uncounted && range.holds(LocalDay(open.key.day)) && filter.holds(&open.key)
}

/// Passes the sums inside a range and scope to `each`, with the number they are grouped by and
/// whether they are local. Reads the smallest table that can tell.
fn sums(
    conn: &Connection,
    range: DayRange,
    by: Dimension,
    filter: &Filter,
    mut each: impl FnMut(i64, bool, &Sums),
) -> rusqlite::Result<()> {
    let (from, to) = (range.from.0, range.to.0);
    match (filter.reach(), by) {
        (Reach::Everything, Dimension::Day) => {
            rollup::scan_days(conn, from, to, |day, local, sums| {
                if filter.holds_local(local) {
                    each(i64::from(day), local, sums);
                }
            })
        }
        (Reach::Part(dimension, id), Dimension::Day) => {
            part::scan(conn, dimension, from, to, |p| {
                if p.member == id && filter.holds_local(p.local) {
                    each(i64::from(p.day), p.local, &p.sums);
                }
            })
        }
        (reach, by)
            if reach == Reach::Everything || matches!(reach, Reach::Part(d, _) if d == by) =>
        {
            part::scan(conn, by, from, to, |p| {
                let inside = !matches!(reach, Reach::Part(_, id) if id != p.member);
                if inside && filter.holds_local(p.local) {
                    each(p.member, p.local, &p.sums);
                }
            })
        }
        _ => rollup::scan(conn, from, to, |key, sums| {
            if filter.holds(key) {
                each(part::member(key, by), key.local, sums);
            }
        }),
    }
}

/// The sums of a range. Without a scope only the days are read.
pub(crate) fn totals(
    reader: &mut Reader,
    range: DayRange,
    scope: &Scope,
    now: &Now,
) -> rusqlite::Result<Totals> {
    let filter = Filter::of(&reader.conn, scope)?;
    let mut split = Split::default();
    if let Some(filter) = filter {
        // Sums by day group by nothing else, which is all that is needed here.
        sums(&reader.conn, range, Dimension::Day, &filter, |_, local, sums| {
            split.add(local, sums)
        })?;
    }
    let mut totals = split.sums.totals(split.local_requests);
    let open = now.open.iter().filter(|o| filter.is_some_and(|f| counted(o, range, &f)));
    open.for_each(|o| add_open(&mut totals, o.ask()));
    let waiting = now.waiting.entries().filter(|e| waiting::counts(e, range, scope));
    waiting.for_each(|e| add_open(&mut totals, e.ask()));
    Ok(totals)
}

/// The sums of a range by a dimension the rollup has.
pub(crate) fn by(
    reader: &mut Reader,
    range: DayRange,
    dimension: Dimension,
    scope: &Scope,
    now: &Now,
) -> rusqlite::Result<Vec<Group>> {
    let mut totals: HashMap<i64, Totals> = HashMap::new();
    if let Some(filter) = Filter::of(&reader.conn, scope)? {
        let mut groups: HashMap<i64, Split> = HashMap::new();
        sums(&reader.conn, range, dimension, &filter, |id, local, sums| {
            groups.entry(id).or_default().add(local, sums);
        })?;
        totals = groups.into_iter().map(|(id, s)| (id, s.sums.totals(s.local_requests))).collect();
        for open in now.open.iter().filter(|o| counted(o, range, &filter)) {
            add_open(totals.entry(part::member(&open.key, dimension)).or_default(), open.ask());
        }
    }
    let waiting = now.waiting.entries().filter(|e| waiting::counts(e, range, scope));
    named(reader, dimension, totals, waiting)
}

/// Numbers to names, with what has no numbers yet, in the order people read: dearest first, days
/// in order.
pub(crate) fn named<'a>(
    reader: &mut Reader,
    dimension: Dimension,
    totals: HashMap<i64, Totals>,
    waiting: impl Iterator<Item = Entry<'a>>,
) -> rusqlite::Result<Vec<Group>> {
    let mut names: HashMap<Option<String>, Totals> = HashMap::with_capacity(totals.len());
    for (id, totals) in totals {
        let key = match (dimension, id) {
            (Dimension::Day, day) => {
                let day = i32::try_from(day).expect("a day was widened, never computed");
                Some(LocalDay(day).date().to_string())
            }
            (_, Key::NONE) => None,
            (_, id) => Some(reader.texts.text(&reader.conn, id)?.to_string()),
        };
        names.insert(key, totals);
    }
    for entry in waiting {
        let totals = names.entry(waiting::group(&entry, dimension)).or_default();
        add_open(totals, entry.ask());
    }
    let mut groups: Vec<Group> =
        names.into_iter().map(|(key, totals)| Group { key, totals }).collect();
    if dimension == Dimension::Day {
        groups.sort_by(|a, b| a.key.cmp(&b.key));
    } else {
        groups.sort_by(|a, b| {
            let rank = |g: &Group| (g.totals.spent, g.totals.requests);
            rank(b).cmp(&rank(a)).then_with(|| a.key.cmp(&b.key))
        });
    }
    Ok(groups)
}
