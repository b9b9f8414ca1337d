//! Table `part_total`: sums by one thing at a time, a provider, a model, a tool, by day. Kept beside
//! `rollup`, in the same transactions; a breakdown reads it instead of every combination.
//! Owns the codes of the dimensions.

use crate::rollup::{Key, Sums, sums_of};
use crate::rows::Dimension;
use rusqlite::{Connection, params};
use std::collections::HashMap;

/// Stored codes. They are in files: a number once given is never given another meaning.
const PARTS: [(Dimension, i64); 7] = [
    (Dimension::Provider, 1),
    (Dimension::Model, 2),
    (Dimension::Task, 3),
    (Dimension::Tier, 4),
    (Dimension::Category, 5),
    (Dimension::Client, 6),
    (Dimension::Project, 7),
];

/// Sessions and days have no rows here.
const NOT_KEPT: i64 = 0;

const UPSERT: &str = "INSERT INTO part_total (dimension, day, part, local, requests, attempts,
    unpriced, estimated, cost_nano, saved_nano, input, cache_read, cache_write_5m, cache_write_1h,
    output, reasoning, web_searches)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
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

const SELECT: &str = "SELECT requests, attempts, unpriced, estimated, cost_nano, saved_nano, input,
    cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches, day, part, local
    FROM part_total WHERE dimension = ?1 AND day >= ?2 AND day < ?3";

/// The number by which a key is grouped; a day stands for itself, and no rollup has sessions.
pub(crate) fn member(key: &Key, by: Dimension) -> i64 {
    match by {
        Dimension::Provider => key.provider,
        Dimension::Model => key.model,
        Dimension::Task => key.task,
        Dimension::Tier => key.tier,
        Dimension::Category => key.category,
        Dimension::Client => key.client,
        Dimension::Project => key.project,
        Dimension::Session => Key::NONE,
        Dimension::Day => i64::from(key.day),
    }
}

/// Adds what changed. Call inside the transaction of the rows it comes from.
pub(crate) fn write(conn: &Connection, changes: &HashMap<Key, Sums>) -> rusqlite::Result<()> {
    let mut parts: HashMap<(i64, i32, i64, bool), Sums> = HashMap::new();
    for (key, sums) in changes {
        for (dimension, code) in PARTS {
            let part = (code, key.day, member(key, dimension), key.local);
            parts.entry(part).or_default().add(sums);
        }
    }
    let mut upsert = conn.prepare_cached(UPSERT)?;
    for ((dimension, day, part, local), sums) in &parts {
        let u = &sums.usage;
        upsert.execute(params![
            dimension,
            day,
            part,
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
    Ok(())
}

/// A row of `part_total`.
pub(crate) struct Part {
    pub day: i32,
    /// The number of the provider, model and so on; `Key::NONE` for none.
    pub member: i64,
    pub local: bool,
    pub sums: Sums,
}

/// Passes the sums of a dimension over the days `from..to` to `each`.
pub(crate) fn scan(
    conn: &Connection,
    dimension: Dimension,
    from: i32,
    to: i32,
    mut each: impl FnMut(&Part),
) -> rusqlite::Result<()> {
    let code = PARTS.iter().find(|(kept, _)| *kept == dimension).map_or(NOT_KEPT, |(_, c)| *c);
    let mut select = conn.prepare_cached(SELECT)?;
    let mut rows = select.query(params![code, from, to])?;
    while let Some(row) = rows.next()? {
        let (day, member, local) = (row.get(13)?, row.get(14)?, row.get(15)?);
        each(&Part { day, member, local, sums: sums_of(row)? });
    }
    Ok(())
}
