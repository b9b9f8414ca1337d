//! Tables `rollup` and `day_total`: sums of settled attempts by day and by what they were, kept
//! in the transaction of each settlement, so that a summary reads days and not rows.
//! `rollup` has every dimension but session, asked model, endpoint and reason; `day_total` only
//! whether it was local, so that a whole ledger sums in the time of its days. `part` keeps the
//! dimensions one by one.

use crate::part;
use crate::rows::Totals;
use crate::settle::{USAGE_KINDS, usage_of};
use rusqlite::{Connection, params};
use std::collections::HashMap;
use weir_core::Money;

/// Where a sum is kept. Numbers are of table `name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub day: i32,
    pub local: bool,
    pub provider: i64,
    pub model: i64,
    pub task: i64,
    pub tier: i64,
    pub category: i64,
    pub client: i64,
    pub project: i64,
}

impl Key {
    /// The number that stands for no text; names begin at 1.
    pub const NONE: i64 = 0;
}

/// The sums of one key, or what a settlement adds to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub requests: i64,
    pub attempts: i64,
    pub unpriced: i64,
    pub estimated: i64,
    pub cost: i64,
    pub saved: i64,
    pub usage: [i64; USAGE_KINDS],
}

impl Sums {
    pub fn add(&mut self, more: &Self) {
        let pairs = [
            (&mut self.requests, more.requests),
            (&mut self.attempts, more.attempts),
            (&mut self.unpriced, more.unpriced),
            (&mut self.estimated, more.estimated),
            (&mut self.cost, more.cost),
            (&mut self.saved, more.saved),
        ];
        for (sum, more) in pairs {
            *sum = sum.saturating_add(more);
        }
        for (sum, more) in self.usage.iter_mut().zip(more.usage) {
            *sum = sum.saturating_add(more);
        }
    }

    /// As what leaves the crate; `local` says which part of it local requests are.
    pub fn totals(&self, local_requests: i64) -> Totals {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        Totals {
            requests: count(self.requests),
            attempts: count(self.attempts),
            local_requests: count(local_requests),
            unpriced_requests: count(self.unpriced),
            estimated_requests: count(self.estimated),
            usage: usage_of(self.usage),
            spent: Money::from_nano(self.cost),
            saved: Money::from_nano(self.saved),
            ..Totals::default()
        }
    }
}

/// Sums and the local requests among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Split {
    pub sums: Sums,
    pub local_requests: i64,
}

impl Split {
    pub fn add(&mut self, local: bool, more: &Sums) {
        self.sums.add(more);
        if local {
            self.local_requests = self.local_requests.saturating_add(more.requests);
        }
    }
}

// An integer sum that overflows becomes a float in SQLite, which a STRICT table refuses and the
// settlement would fail for ever; `min` holds the sum at 9e18 instead.
const UPSERT_ROLLUP: &str = "INSERT INTO rollup (day, local, provider, model, task, tier, category,
    client, project, requests, attempts, unpriced, estimated, cost_nano, saved_nano, input,
    cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
    ?20, ?21, ?22)
    ON CONFLICT DO UPDATE SET
    requests = requests + excluded.requests,
    attempts = attempts + excluded.attempts,
    unpriced = unpriced + excluded.unpriced,
    estimated = estimated + excluded.estimated,
    cost_nano = min(cost_nano + excluded.cost_nano, 9000000000000000000),
    saved_nano = min(saved_nano + excluded.saved_nano, 9000000000000000000),
    input = min(input + excluded.input, 9000000000000000000),
    cache_read = min(cache_read + excluded.cache_read, 9000000000000000000),
    cache_write_5m = min(cache_write_5m + excluded.cache_write_5m, 9000000000000000000),
    cache_write_1h = min(cache_write_1h + excluded.cache_write_1h, 9000000000000000000),
    output = min(output + excluded.output, 9000000000000000000),
    reasoning = min(reasoning + excluded.reasoning, 9000000000000000000),
    web_searches = min(web_searches + excluded.web_searches, 9000000000000000000)";

const UPSERT_DAY: &str = "INSERT INTO day_total (day, local, requests, attempts, unpriced,
    estimated, cost_nano, saved_nano, input, cache_read, cache_write_5m, cache_write_1h, output,
    reasoning, web_searches)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
    ON CONFLICT DO UPDATE SET
    requests = requests + excluded.requests,
    attempts = attempts + excluded.attempts,
    unpriced = unpriced + excluded.unpriced,
    estimated = estimated + excluded.estimated,
    cost_nano = min(cost_nano + excluded.cost_nano, 9000000000000000000),
    saved_nano = min(saved_nano + excluded.saved_nano, 9000000000000000000),
    input = min(input + excluded.input, 9000000000000000000),
    cache_read = min(cache_read + excluded.cache_read, 9000000000000000000),
    cache_write_5m = min(cache_write_5m + excluded.cache_write_5m, 9000000000000000000),
    cache_write_1h = min(cache_write_1h + excluded.cache_write_1h, 9000000000000000000),
    output = min(output + excluded.output, 9000000000000000000),
    reasoning = min(reasoning + excluded.reasoning, 9000000000000000000),
    web_searches = min(web_searches + excluded.web_searches, 9000000000000000000)";

const SELECT_ROLLUP: &str = "SELECT requests, attempts, unpriced, estimated, cost_nano, saved_nano,
    input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches,
    day, local, provider, model, task, tier, category, client, project
    FROM rollup WHERE day >= ?1 AND day < ?2";

const SELECT_DAYS: &str = "SELECT requests, attempts, unpriced, estimated, cost_nano, saved_nano,
    input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches,
    day, local FROM day_total WHERE day >= ?1 AND day < ?2";

/// Changes gathered over a batch, so that each key is written once a transaction.
#[derive(Default)]
pub(crate) struct Changes(HashMap<Key, Sums>);

impl Changes {
    pub fn add(&mut self, key: Key, sums: Sums) {
        self.0.entry(key).or_default().add(&sums);
    }

    /// Keys that have changed.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes them. Call inside the transaction of the rows they come from.
    pub fn write(&self, conn: &Connection) -> rusqlite::Result<()> {
        let mut days: HashMap<(i32, bool), Sums> = HashMap::new();
        let mut upsert = conn.prepare_cached(UPSERT_ROLLUP)?;
        for (key, sums) in &self.0 {
            days.entry((key.day, key.local)).or_default().add(sums);
            let u = &sums.usage;
            upsert.execute(params![
                key.day,
                key.local,
                key.provider,
                key.model,
                key.task,
                key.tier,
                key.category,
                key.client,
                key.project,
                sums.requests,
                sums.attempts,
                sums.unpriced,
                sums.estimated,
                sums.cost,
                sums.saved,
                u[0],
                u[1],
                u[2],
                u[3],
                u[4],
                u[5],
                u[6],
            ])?;
        }
        let mut upsert = conn.prepare_cached(UPSERT_DAY)?;
        for ((day, local), sums) in &days {
            let u = &sums.usage;
            upsert.execute(params![
                day,
                local,
                sums.requests,
                sums.attempts,
                sums.unpriced,
                sums.estimated,
                sums.cost,
                sums.saved,
                u[0],
                u[1],
                u[2],
                u[3],
                u[4],
                u[5],
                u[6],
            ])?;
        }
        part::write(conn, &self.0)
    }
}

/// Forgets all sums. Call inside the transaction that makes them again.
pub(crate) fn clear(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch("DELETE FROM rollup; DELETE FROM day_total; DELETE FROM part_total;")
}

/// The sums that a row begins with.
pub(crate) fn sums_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Sums> {
    let mut usage = [0; USAGE_KINDS];
    for (n, kind) in usage.iter_mut().enumerate() {
        *kind = row.get(6 + n)?;
    }
    Ok(Sums {
        requests: row.get(0)?,
        attempts: row.get(1)?,
        unpriced: row.get(2)?,
        estimated: row.get(3)?,
        cost: row.get(4)?,
        saved: row.get(5)?,
        usage,
    })
}

/// Passes every kept sum of the days `from..to` to `each`.
pub(crate) fn scan(
    conn: &Connection,
    from: i32,
    to: i32,
    mut each: impl FnMut(&Key, &Sums),
) -> rusqlite::Result<()> {
    let mut select = conn.prepare_cached(SELECT_ROLLUP)?;
    let mut rows = select.query([from, to])?;
    while let Some(row) = rows.next()? {
        let key = Key {
            day: row.get(13)?,
            local: row.get(14)?,
            provider: row.get(15)?,
            model: row.get(16)?,
            task: row.get(17)?,
            tier: row.get(18)?,
            category: row.get(19)?,
            client: row.get(20)?,
            project: row.get(21)?,
        };
        each(&key, &sums_of(row)?);
    }
    Ok(())
}

/// Passes the sums of each of the days `from..to`, local and not, to `each`.
pub(crate) fn scan_days(
    conn: &Connection,
    from: i32,
    to: i32,
    mut each: impl FnMut(i32, bool, &Sums),
) -> rusqlite::Result<()> {
    let mut select = conn.prepare_cached(SELECT_DAYS)?;
    let mut rows = select.query([from, to])?;
    while let Some(row) = rows.next()? {
        each(row.get(13)?, row.get(14)?, &sums_of(row)?);
    }
    Ok(())
}
