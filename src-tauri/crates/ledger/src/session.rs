//! The one breakdown that no rollup has: by session, summed from the rows.
//! Owns how far a day's rows can lie from the day in a table that is ordered by arrival.

use crate::imported;
use crate::reader::{Filter, Now, Reader, named};
use crate::rollup::{Key, Split};
use crate::row::{Columns, amount_columns, key_columns};
use crate::rows::{DayRange, Dimension, Group, Totals};
use crate::settle::Flags;
use crate::waiting::{self, add_open};
use rusqlite::Row;
use std::collections::HashMap;
use weir_core::budget::Scope;
use weir_core::period::LocalDay;
use weir_core::{Money, RequestId};

/// How far a day's rows can lie from the day's bounds in UTC: zones reach 14 hours, and an
/// attempt can leave long after its request arrived.
const DAY_SLACK_MS: i64 = 2 * 86_400_000;

const SELECT_SESSIONS: &str = concat!(
    "SELECT r.request_id, r.session, r.reserved_nano, ",
    key_columns!(),
    ", ",
    amount_columns!(),
    " FROM reserve r LEFT JOIN settle s ON s.request_id = r.request_id AND s.attempt = r.attempt
    WHERE r.request_id >= ?1 AND r.request_id < ?2 AND r.uncounted = 0
    ORDER BY r.request_id, r.attempt"
);

/// One request while its rows are summed by session: it counts where its highest settled
/// attempt went, and only if that lies in the range and scope.
#[derive(Default)]
struct Counting {
    id: i64,
    session: i64,
    local: bool,
    counts: bool,
    flags: Flags,
}

/// The sums of a range by session, from the rows.
pub(crate) fn by_session(
    reader: &mut Reader,
    range: DayRange,
    scope: &Scope,
    now: &Now,
) -> rusqlite::Result<Vec<Group>> {
    let sums = match Filter::of(&reader.conn, scope)? {
        Some(filter) => sums(reader, range, &filter)?,
        None => HashMap::new(),
    };
    let totals = sums
        .into_iter()
        .map(|(session, (split, open))| {
            let mut totals = split.sums.totals(split.local_requests);
            (totals.open, totals.open_unpriced) = (open.open, open.open_unpriced);
            totals.reserved = open.reserved;
            (session, totals)
        })
        .collect();
    let waiting = now.waiting.entries().filter(|e| waiting::counts(e, range, scope));
    named(reader, Dimension::Session, totals, waiting)
}

type Sessions = HashMap<i64, (Split, Totals)>;

fn sums(reader: &Reader, range: DayRange, filter: &Filter) -> rusqlite::Result<Sessions> {
    let day_ms = |day: LocalDay| i64::from(day.0).saturating_mul(86_400_000);
    // A request id holds 43 bits of milliseconds.
    let bound = |ms: i64| RequestId::floor(ms.clamp(0, (1 << 43) - 1)).raw();
    let from = bound(day_ms(range.from) - DAY_SLACK_MS);
    let to = if range.to.0 == i32::MAX { i64::MAX } else { bound(day_ms(range.to) + DAY_SLACK_MS) };
    let mut sums = Sessions::new();
    let mut select = reader.conn.prepare_cached(SELECT_SESSIONS)?;
    let mut rows = select.query([from, to])?;
    let mut counting = Counting::default();
    while let Some(row) = rows.next()? {
        session_row(row, range, filter, &mut counting, &mut sums)?;
    }
    counting.close(&mut sums);
    // What tools' own logs tell of stands in a table of its own.
    imported::each(&reader.conn, range, |session, key, told| {
        if filter.holds(&key) {
            sums.entry(session.unwrap_or(Key::NONE)).or_default().0.add(false, &told);
        }
    })?;
    Ok(sums)
}

impl Counting {
    fn close(&self, sums: &mut Sessions) {
        if self.counts {
            sums.entry(self.session).or_default().0.add(self.local, &self.flags.sums(1));
        }
    }
}

fn session_row(
    row: &Row<'_>,
    range: DayRange,
    filter: &Filter,
    counting: &mut Counting,
    sums: &mut Sessions,
) -> rusqlite::Result<()> {
    let mut c = Columns::of(row);
    let (id, session, reserved): (i64, Option<i64>, Option<i64>) =
        (c.take()?, c.take()?, c.take()?);
    let session = session.unwrap_or(Key::NONE);
    let key = c.key()?;
    let inside = range.holds(LocalDay(key.day)) && filter.holds(&key);
    let Some(amounts) = c.amounts()? else {
        if inside {
            let totals = &mut sums.entry(session).or_default().1;
            add_open(totals, reserved.map(Money::from_nano));
        }
        return Ok(());
    };
    if inside {
        sums.entry(session).or_default().0.add(false, &amounts.sums());
    }
    if counting.id != id {
        counting.close(sums);
        *counting = Counting { id, ..Counting::default() };
    }
    (counting.session, counting.local, counting.counts) = (session, key.local, inside);
    counting.flags = counting.flags.and(amounts.pricing);
    Ok(())
}
