//! The ledger as an auditor reads it: the database opened read-only, with SQL of its own, and the
//! journal beside it by its published form; no code of the product in between.

use crate::journal;
use crate::tokens::Tokens;
use rusqlite::{Connection, OpenFlags};
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

/// An attempt in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The request's number.
    pub request: i64,
    /// 1 for the first attempt.
    pub attempt: i64,
    /// When it was reserved, in Unix milliseconds.
    pub at_ms: i64,
    /// Days since 1970-01-01 of the local calendar.
    pub day: i64,
    /// The zone of that calendar.
    pub zone: String,
    /// The tool.
    pub client: String,
    /// `x-weir-project`.
    pub project: String,
    /// `x-weir-session`: the marker of a test.
    pub session: String,
    /// `x-weir-category`.
    pub category: String,
    /// What was asked for, as `messages`, `chat`, …
    pub endpoint: String,
    /// The model as the client named it.
    pub asked_model: String,
    /// The provider it went to.
    pub provider: String,
    /// The model it went to.
    pub model: String,
    /// Whether no sum counts it: a demonstration, or a call that is free everywhere.
    pub uncounted: bool,
    /// Whether the provider is local.
    pub local: bool,
    /// Nano-dollars set aside; `None` when unpriced.
    pub reserved: Option<i64>,
    /// How it ended; `None` while it is open.
    pub end: Option<End>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// `settle`, `void` or `orphan`.
    pub kind: String,
    /// `ok`, `client_gone`, …
    pub outcome: String,
    /// The provider's status, 0 when none came.
    pub status: i64,
    /// `exact`, `estimated` or `unpriced`.
    pub pricing: String,
    /// Nano-dollars; `None` when unpriced.
    pub cost: Option<i64>,
    /// Tokens by kind; `None` where nothing is known.
    pub tokens: Option<Tokens>,
}

impl Row {
    /// The end of a row that must have one.
    #[track_caller]
    pub fn ended(&self) -> &End {
        self.end.as_ref().unwrap_or_else(|| panic!("still open: {self:?}"))
    }

    /// The cost of a row that must have one, in nano-dollars.
    #[track_caller]
    pub fn cost(&self) -> i128 {
        let cost = self.ended().cost;
        i128::from(cost.unwrap_or_else(|| panic!("no cost: {self:?}")))
    }
}

/// Opens a ledger file for reading.
///
/// # Panics
/// When it cannot be opened.
pub fn open(path: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    db.busy_timeout(Duration::from_secs(10)).expect("a timeout can be set");
    db
}

/// Every row of the ledger, oldest first.
///
/// # Panics
/// When the file is not a ledger.
pub fn rows(path: &Path) -> Vec<Row> {
    rows_after(path, i64::MIN)
}

/// Every row whose request is newer than `after`, oldest first. A reservation that only the
/// journal has is an open row.
///
/// # Panics
/// When the file is not a ledger.
pub fn rows_after(path: &Path, after: i64) -> Vec<Row> {
    if !path.exists() {
        return Vec::new();
    }
    // The journal first: what leaves it is in the database by then.
    let waiting = journal::rows(path);
    let db = open(path);
    let mut statement = db.prepare(ROWS).expect("the ledger has the tables an auditor knows");
    let rows = statement.query_map([after], row).expect("the ledger can be read");
    let mut rows: Vec<Row> = rows.collect::<Result<_, _>>().expect("every row can be read");
    let known: HashSet<_> = rows.iter().map(|row| (row.request, row.attempt)).collect();
    let fresh = |row: &Row| row.request > after && !known.contains(&(row.request, row.attempt));
    rows.extend(waiting.into_iter().filter(fresh));
    rows.sort_by_key(|row| (row.request, row.attempt));
    rows
}

const ROWS: &str = "
    SELECT r.request_id AS request, r.attempt, r.at_ms, r.day, zone.text AS zone,
        client.text AS client, project.text AS project, session.text AS session,
        category.text AS category, endpoint.text AS endpoint, asked.text AS asked_model,
        provider.text AS provider, model.text AS model, r.uncounted, r.local,
        r.reserved_nano AS reserved,
        CASE s.kind WHEN 0 THEN 'settle' WHEN 1 THEN 'void' WHEN 2 THEN 'orphan' END AS kind,
        CASE s.outcome WHEN 0 THEN 'ok' WHEN 1 THEN 'upstream_error'
            WHEN 2 THEN 'error_in_stream' WHEN 3 THEN 'truncated' WHEN 4 THEN 'client_gone'
            WHEN 5 THEN 'unreachable' WHEN 6 THEN 'timeout' WHEN 7 THEN 'internal'
            WHEN 8 THEN 'orphan' END AS outcome,
        s.status,
        CASE s.pricing WHEN 0 THEN 'exact' WHEN 1 THEN 'estimated' WHEN 2 THEN 'unpriced' END
            AS pricing,
        s.cost_nano AS cost, s.input, s.cache_read, s.cache_write_5m, s.cache_write_1h,
        s.output, s.reasoning, s.web_searches
    FROM reserve r
    LEFT JOIN settle s ON s.request_id = r.request_id AND s.attempt = r.attempt
    LEFT JOIN name zone ON zone.id = r.zone
    LEFT JOIN name client ON client.id = r.client
    LEFT JOIN name project ON project.id = r.project
    LEFT JOIN name session ON session.id = r.session
    LEFT JOIN name category ON category.id = r.category
    LEFT JOIN name endpoint ON endpoint.id = r.endpoint
    LEFT JOIN name asked ON asked.id = r.asked_model
    LEFT JOIN name provider ON provider.id = r.provider
    LEFT JOIN name model ON model.id = r.model
    WHERE r.request_id > ?1
    ORDER BY r.request_id, r.attempt";

fn row(from: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let text = |name: &str| from.get::<_, Option<String>>(name).map(Option::unwrap_or_default);
    let count = |name: &str| from.get::<_, Option<i64>>(name).map(|n| n.unwrap_or(0) as u64);
    let kind: Option<String> = from.get("kind")?;
    let end = match kind {
        None => None,
        Some(kind) => {
            let known: Option<i64> = from.get("input")?;
            let tokens = Tokens {
                input: count("input")?,
                cache_read: count("cache_read")?,
                cache_write_5m: count("cache_write_5m")?,
                cache_write_1h: count("cache_write_1h")?,
                output: count("output")?,
                reasoning: count("reasoning")?,
                web_searches: count("web_searches")?,
            };
            Some(End {
                kind,
                outcome: text("outcome")?,
                status: from.get::<_, Option<i64>>("status")?.unwrap_or(0),
                pricing: text("pricing")?,
                cost: from.get("cost")?,
                tokens: known.map(|_| tokens),
            })
        }
    };
    Ok(Row {
        request: from.get("request")?,
        attempt: from.get("attempt")?,
        at_ms: from.get("at_ms")?,
        day: from.get("day")?,
        zone: text("zone")?,
        client: text("client")?,
        project: text("project")?,
        session: text("session")?,
        category: text("category")?,
        endpoint: text("endpoint")?,
        asked_model: text("asked_model")?,
        provider: text("provider")?,
        model: text("model")?,
        uncounted: from.get::<_, i64>("uncounted")? != 0,
        local: from.get::<_, i64>("local")? != 0,
        reserved: from.get("reserved")?,
        end,
    })
}

/// What is wrong with the file itself: `quick_check`, foreign keys, an attempt written twice or
/// settled without a reservation.
pub fn damage(path: &Path) -> Vec<String> {
    let db = open(path);
    let mut found = Vec::new();
    let check: Result<String, _> = db.query_row("PRAGMA quick_check", [], |row| row.get(0));
    if check.as_deref() != Ok("ok") {
        found.push(format!("quick_check: {check:?}"));
    }
    for (what, sql) in [
        ("foreign keys", "SELECT count(*) FROM pragma_foreign_key_check"),
        (
            "attempts reserved twice",
            "SELECT count(*) FROM (SELECT 1 FROM reserve GROUP BY request_id, attempt \
             HAVING count(*) > 1)",
        ),
        (
            "attempts settled twice",
            "SELECT count(*) FROM (SELECT 1 FROM settle GROUP BY request_id, attempt \
             HAVING count(*) > 1)",
        ),
        (
            "settled without a reservation",
            "SELECT count(*) FROM settle s LEFT JOIN reserve r \
             USING (request_id, attempt) WHERE r.request_id IS NULL",
        ),
    ] {
        match db.query_row(sql, [], |row| row.get::<_, i64>(0)) {
            Ok(0) => {}
            other => found.push(format!("{what}: {other:?}")),
        }
    }
    found
}
