//! Fills a ledger through its own API and measures it: bytes a request, time of a reservation,
//! time of the questions. `cargo run --release --example ledger_volume -- 1000000 FOLDER`
//! Prints one line a figure. The traffic is made up but shaped: 400 days, a few tools, projects
//! and models, conversations of twenty requests, one attempt in fifty failing over.
#![expect(clippy::disallowed_methods, clippy::unit_arg, reason = "a measuring tool")]

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_core::budget::Scope;
use weir_core::period::{LocalDay, Period};
use weir_core::route::{Mode, Reason, Route, Tier};
use weir_core::{
    Class, Conversation, Decision, Endpoint, Money, Outcome, Pricing, RequestId, Usage, Weighed,
};
use weir_ledger::{DayRange, Dimension, Ledger, LogFilter, Reserve, Settle};

type Done<T = ()> = Result<T, Box<dyn Error>>;

const DAYS: u64 = 400;
const START_MS: u64 = 1_760_000_000_000;
const CLIENTS: [&str; 4] = ["claude-code", "codex", "aider", "script"];
const PROJECTS: [&str; 5] = ["weir", "site", "notes", "infra", "game"];
const TASKS: [&str; 8] = [
    "agent_step",
    "agent_step",
    "code_editing",
    "code_generation",
    "debugging",
    "summarization",
    "question_answering",
    "classification",
];
const MODELS: [(&str, &str, bool); 5] = [
    ("anthropic", "claude-sonnet-4-5", false),
    ("anthropic", "claude-haiku-4-5", false),
    ("openai", "gpt-5", false),
    ("gemini", "gemini-2.5-pro", false),
    ("ollama", "llama3.2:3b", true),
];

/// A small generator with a fixed seed: every run makes the same ledger.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    /// Small values more often than large ones, as use is.
    fn skewed(&mut self, sides: u64) -> u64 {
        self.roll(sides).min(self.roll(sides))
    }
}

struct Traffic {
    dice: Dice,
    made: u64,
    rows: u64,
    session: String,
    conversation: u64,
}

/// One request: what it is reserved with and settled with, for each of its attempts.
struct Call {
    id: RequestId,
    attempts: u16,
    at_ms: i64,
    pick: [usize; 5],
    prompt: u64,
    answer: u64,
    conversation: u64,
}

impl Traffic {
    fn next(&mut self) -> Call {
        if self.made.is_multiple_of(20) {
            self.session = uuid(self.dice.roll(u64::MAX), self.dice.roll(u64::MAX));
            self.conversation = self.dice.roll(u64::MAX);
        }
        let span = DAYS * 86_400_000;
        let at_ms = (START_MS + span * self.made / self.rows).cast_signed();
        self.made += 1;
        let d = &mut self.dice;
        let pick = [
            d.skewed(CLIENTS.len() as u64),
            d.skewed(PROJECTS.len() as u64),
            d.roll(TASKS.len() as u64),
            d.skewed(MODELS.len() as u64),
            d.roll(3),
        ];
        Call {
            id: RequestId::new(at_ms, (self.made % (1 << 20)) as u32),
            attempts: if d.roll(50) == 0 { 2 } else { 1 },
            at_ms: at_ms + 2,
            pick: pick.map(|p| p as usize),
            prompt: 800 + d.roll(90_000),
            answer: 20 + d.skewed(6_000),
            conversation: self.conversation,
        }
    }
}

fn uuid(a: u64, b: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}",
        a >> 32,
        a & 0xffff,
        a >> 20 & 0xfff,
        b & 0xfff,
        b >> 16
    )
}

fn reserve<'a>(call: &Call, attempt: u16, session: &'a str) -> Reserve<'a> {
    let [client, project, task, model, tier] = call.pick;
    let (provider, name, local) = MODELS[model];
    let reserved = call.prompt * 3_000 + 4_096 * 15_000;
    Reserve {
        id: call.id,
        attempt,
        at_ms: call.at_ms,
        client: CLIENTS[client],
        project: (project > 0).then_some(PROJECTS[project]),
        session: Some(session),
        category: None,
        endpoint: Endpoint::Messages,
        asked_model: "claude-sonnet-4-5",
        provider,
        model: name,
        task: Some(TASKS[task]),
        tier: [Some(Tier::Low), Some(Tier::Medium), Some(Tier::High)][tier],
        reason: Reason::Asked,
        confidence: Some(700 + (call.prompt % 300) as u16),
        local,
        uncounted: false,
        reserved: Some(Money::from_nano(if local { 0 } else { reserved.cast_signed() })),
        input_tokens: call.prompt,
        output_tokens: 4_096,
    }
}

fn settle(call: &Call, attempt: u16) -> Settle {
    let total_ms = 300 + (call.answer * 12) as u32;
    let mut row = Settle::new(call.id, attempt, call.at_ms + i64::from(total_ms), Outcome::Ok);
    if attempt < call.attempts {
        (row.outcome, row.status) = (Outcome::UpstreamError, 529);
        row.note = Some("overloaded_error".into());
        return row;
    }
    row.status = 200;
    row.pricing = Pricing::Exact;
    row.cost = Some(Money::from_nano((call.prompt * 900 + call.answer * 15_000).cast_signed()));
    row.usage = Some(Usage {
        input: call.prompt / 9,
        cache_read: call.prompt - call.prompt / 9,
        cache_write_5m: call.prompt % 2_000,
        output: call.answer,
        ..Usage::default()
    });
    row.first_byte_ms = Some(250 + (call.prompt % 700) as u32);
    row.total_ms = total_ms;
    row.decision = Some(Arc::new(decided(call)));
    row
}

/// A decision between three candidates, as of a tier's chain.
fn decided(call: &Call) -> Decision {
    let [.., model, _] = call.pick;
    let weighed = (0..3).map(|link| {
        let (provider, name, local) = MODELS[(model + link) % MODELS.len()];
        let nano = call.prompt * 900 * (1 + link as u64) + call.answer * 15_000;
        Weighed {
            route: Route { provider: provider.into(), model: name.into() },
            reason: if link == 0 { Reason::Tier } else { Reason::Fallback },
            expected: Some(Money::from_nano(if local { 0 } else { nano.cast_signed() })),
        }
    });
    Decision {
        mode: Mode::Tiered,
        class: Class::Main,
        deterministic: false,
        prompt_tokens: call.prompt,
        conversation: Some(Conversation(call.conversation)),
        weighed: weighed.collect(),
        shadow: None,
        judged_tier: None,
        way_back: None,
    }
}

fn percentile(times: &mut [Duration], per_mille: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * per_mille / 1000]
}

fn say(what: &str, figure: impl std::fmt::Debug) -> Done {
    writeln!(std::io::stdout(), "{what:<44} {figure:?}")?;
    Ok(())
}

fn median(mut ask: impl FnMut() -> Done) -> Done<Duration> {
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        ask()?;
        times.push(start.elapsed());
    }
    Ok(percentile(&mut times, 500))
}

fn fill(ledger: &Ledger, rows: u64) -> Done<Traffic> {
    let dice = Dice(0x5eed_5eed_5eed);
    let mut traffic = Traffic { dice, made: 0, rows, session: String::new(), conversation: 0 };
    let mut times = Vec::new();
    let start = Instant::now();
    for n in 0..rows {
        let call = traffic.next();
        for attempt in 1..=call.attempts {
            let row = reserve(&call, attempt, &traffic.session);
            let before = Instant::now();
            ledger.reserve(&row)?;
            if n.is_multiple_of(16) {
                times.push(before.elapsed());
            }
            ledger.settle(settle(&call, attempt));
        }
    }
    ledger.flush()?;
    say("filled, rows a second", rows as f64 / start.elapsed().as_secs_f64())?;
    say("reserve while filling, p50", percentile(&mut times, 500))?;
    say("reserve while filling, p99", percentile(&mut times, 990))?;
    Ok(traffic)
}

/// A steady 1,000 requests a second, as the engine would: a reservation, then its settlement.
fn paced(ledger: &Ledger, traffic: &mut Traffic) -> Done {
    let mut times = Vec::new();
    for _ in 0..5_000 {
        std::thread::sleep(Duration::from_millis(1));
        let call = traffic.next();
        let row = reserve(&call, 1, &traffic.session);
        let before = Instant::now();
        ledger.reserve(&row)?;
        times.push(before.elapsed());
        let mut end = settle(&call, 1);
        end.outcome = Outcome::Ok;
        ledger.settle(end);
    }
    say("reserve at 1,000/s, p50", percentile(&mut times, 500))?;
    say("reserve at 1,000/s, p99", percentile(&mut times, 990))?;
    say("reserve at 1,000/s, p99.9", percentile(&mut times, 999))
}

fn ask(ledger: &Ledger, last_ms: i64) -> Done {
    let all = Scope::default();
    let zone = jiff::tz::TimeZone::UTC;
    let month: DayRange = Period::Month.window(last_ms, &zone).into();
    let today = LocalDay::of(last_ms, &zone);
    let day = DayRange { from: today, to: LocalDay(today.0 + 1) };
    let client = Scope { client: Some("codex".into()), ..Scope::default() };
    let totals = |range, scope: &Scope| {
        median(|| ledger.totals(range, scope).map(|_| ()).map_err(Into::into))
    };
    let by = |range, d| median(|| Ok(drop(ledger.by(range, d, &all)?)));
    say("requests", ledger.totals(DayRange::ALL, &all)?.requests)?;
    say("totals, all time", totals(DayRange::ALL, &all)?)?;
    say("totals, month", totals(month, &all)?)?;
    say("totals of a client, all time", totals(DayRange::ALL, &client)?)?;
    say("totals of a client, month", totals(month, &client)?)?;
    say("by provider, all time", by(DayRange::ALL, Dimension::Provider)?)?;
    say("by model, month", by(month, Dimension::Model)?)?;
    say("by day, all time", by(DayRange::ALL, Dimension::Day)?)?;
    say("by session, day", by(day, Dimension::Session)?)?;
    let log = LogFilter { limit: 50, ..LogFilter::default() };
    say("log, 50", median(|| Ok(drop(ledger.log(&log)?)))?)
}

/// What the file consists of, by SQLite's own account.
fn sizes(path: &Path, rows: u64) -> Done {
    let bytes = std::fs::metadata(path)?.len();
    say("bytes a request", bytes as f64 / rows as f64)?;
    let conn = rusqlite::Connection::open(path)?;
    say("page size", conn.pragma_query_value(None, "page_size", |r| r.get::<_, i64>(0))?)?;
    let mut select = conn.prepare(
        "SELECT name, sum(pgsize), sum(payload), sum(unused), sum(ncell) FROM dbstat
         GROUP BY name ORDER BY 2 DESC LIMIT 8",
    )?;
    let mut found = select.query([])?;
    while let Some(row) = found.next()? {
        let (name, pages, payload, unused, cells): (String, f64, f64, f64, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        writeln!(
            std::io::stdout(),
            "  {name:<26} {:7.2} bytes a request, {:5.1} payload a cell, {:4.1} % unused, {cells} cells",
            pages / rows as f64,
            payload / cells as f64,
            100.0 * unused / pages,
        )?;
    }
    Ok(())
}

fn main() -> Done {
    let mut args = std::env::args().skip(1);
    let rows: u64 = args.next().ok_or("how many rows?")?.parse()?;
    let path = Path::new(&args.next().ok_or("in which folder?")?).join("weir.db");
    let now_ms = (START_MS + DAYS * 86_400_000).cast_signed();
    let started = Instant::now();
    let (ledger, opened) = Ledger::open(&path, jiff::tz::TimeZone::UTC, now_ms)?;
    say("opened", started.elapsed())?;
    if opened.created {
        let mut traffic = fill(&ledger, rows)?;
        paced(&ledger, &mut traffic)?;
    }
    ask(&ledger, now_ms)?;
    let closing = Instant::now();
    drop(ledger);
    say("closed", closing.elapsed())?;
    let again = Instant::now();
    let ledger = Ledger::open_read_only(&path)?;
    ledger.totals(DayRange::ALL, &Scope::default())?;
    say("opened to read, and totals", again.elapsed())?;
    drop(ledger);
    let again = Instant::now();
    let (ledger, opened) = Ledger::open(&path, jiff::tz::TimeZone::UTC, now_ms)?;
    say("opened again", again.elapsed())?;
    say("orphans", opened.orphans)?;
    drop(ledger);
    sizes(&path, rows)
}
