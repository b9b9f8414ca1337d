//! Writes a home with a made-up month of a developer into an empty folder: the ledger and the
//! configuration that docs/report.png is made from. Everything follows from its place in a list, so
//! that two runs write the same.
//!
//!     cargo run -p weir-engine --example sample_month -- FOLDER 2026-10
//!     weir --home FOLDER report --month 2026-10 --out docs/report.png

use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::error::Error;
use std::path::PathBuf;
use weir_core::route::{Reason, Tier};
use weir_core::{Endpoint, Money, Outcome, Pricing, RequestId, Usage};
use weir_ledger::{Ledger, Reserve, Settle};

const CONFIG: &str = r#"[providers.anthropic]
key = "none"

[providers.openai]
key = "none"

[providers.gemini]
key = "none"

[[budgets]]
name = "month"
period = "month"
limit_usd = 40.00
at_limit = "local"

[[budgets]]
name = "week"
period = "week"
limit_usd = 9.00
at_limit = "downgrade"
"#;

/// Provider, model, whether it is local, nano-dollars a prompt token and an answer's, its usual
/// milliseconds to the first byte.
type Way = (&'static str, &'static str, bool, i64, i64, u32);

const WAYS: [Way; 6] = [
    ("anthropic", "claude-sonnet-4-5", false, 3_000, 15_000, 1_240),
    ("anthropic", "claude-haiku-4-5", false, 1_000, 5_000, 610),
    ("openai", "gpt-5", false, 1_250, 10_000, 1_890),
    ("gemini", "gemini-2.5-flash", false, 300, 2_500, 480),
    ("ollama", "qwen2.5-coder:7b", true, 0, 0, 350),
    ("groq", "llama-3.3-70b", false, 590, 790, 210),
];

const TASKS: [(&str, Tier, usize); 8] = [
    ("agent_step", Tier::High, 0),
    ("code_editing", Tier::High, 0),
    ("debugging", Tier::High, 2),
    ("code_explanation", Tier::Medium, 1),
    ("summarization", Tier::Medium, 3),
    ("extraction", Tier::Low, 4),
    ("classification", Tier::Low, 4),
    ("test_generation", Tier::Medium, 5),
];

const CLIENTS: [&str; 4] = ["claude-code", "codex", "script", "opencode"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut given = std::env::args().skip(1);
    let (Some(folder), Some(month)) = (given.next(), given.next()) else {
        return Err("usage: sample_month FOLDER MONTH".into());
    };
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("config.toml"), CONFIG)?;
    let first: Date = format!("{month}-01").parse()?;
    let zone = TimeZone::UTC;
    let start_ms = first.to_zoned(zone.clone())?.timestamp().as_millisecond();
    let end_ms = start_ms + i64::from(first.days_in_month()) * 86_400_000;
    let (ledger, _) = Ledger::open(&folder.join("weir.db"), zone, end_ms)?;
    for day in 0..i64::from(first.days_in_month()) {
        let date = first.checked_add(jiff::Span::new().days(day))?;
        let weekend = i64::from(date.weekday().to_monday_zero_offset() >= 5);
        let count = (34 + day * 7_919 % 41) * (1 - weekend) + 5 * weekend;
        for n in 0..count {
            let at_ms = start_ms + day * 86_400_000 + 28_800_000 + n * 36_000_000 / count;
            request(&ledger, at_ms, day * 100 + n)?;
        }
    }
    ledger.flush()?;
    Ok(())
}

fn request(ledger: &Ledger, at_ms: i64, n: i64) -> Result<(), Box<dyn Error>> {
    let pick = |count: usize, step: i64| usize::try_from(n * step).unwrap_or(0) % count;
    let (task, tier, way) = TASKS[(pick(11, 7) * 5 + pick(5, 3)) % TASKS.len()];
    let way = if n % 13 == 5 { (way + 1) % 5 } else { way };
    let (provider, model, local, input_nano, output_nano, usual_ms) = WAYS[way];
    let id = RequestId::new(at_ms, u32::try_from(n)?);
    let usage = Usage {
        input: 700 + u64::try_from(n * 7_919 % 9_000)?,
        cache_read: u64::try_from(n * 331 % 31_000)?,
        output: 60 + u64::try_from(n * 104_729 % 2_100)?,
        ..Usage::default()
    };
    ledger.reserve(&Reserve {
        id,
        attempt: 1,
        at_ms,
        client: CLIENTS[pick(CLIENTS.len(), 11)],
        project: Some("weir"),
        session: None,
        category: None,
        endpoint: Endpoint::Messages,
        asked_model: "weir-auto",
        provider,
        model,
        task: (n % 9 != 4).then_some(task),
        tier: Some(tier),
        reason: Reason::Tier,
        confidence: Some(900),
        local,
        uncounted: false,
        reserved: None,
        input_tokens: usage.input,
        output_tokens: usage.output,
    })?;
    let cost = i64::try_from(usage.input)? * input_nano
        + i64::try_from(usage.cache_read)? * input_nano / 10
        + i64::try_from(usage.output)? * output_nano;
    let mut end = Settle::new(id, 1, at_ms + 4_000, Outcome::Ok);
    let unknown = provider == "groq" && n % 3 == 0;
    end.status = 200;
    end.pricing = match n % 97 {
        _ if unknown => Pricing::Unpriced,
        11 => Pricing::Estimated,
        _ => Pricing::Exact,
    };
    end.cost = (!unknown).then(|| Money::from_nano(cost));
    end.saved =
        if local { Money::from_nano(9_100_000 + n * 13_001 % 31_000_000) } else { Money::ZERO };
    end.usage = Some(usage);
    end.first_byte_ms = Some(usual_ms * 7 / 10 + u32::try_from(n * 613 % 1_000)? * usual_ms / 900);
    end.total_ms = 4_000;
    ledger.settle(end);
    Ok(())
}
