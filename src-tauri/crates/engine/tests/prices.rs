//! Every bill against an oracle: `tests/prices/oracle.json`, which independent arithmetic made of
//! two price tables (`tests/prices/oracle.py`). Equal to the nano-dollar with the table that is
//! built in; with the other one but for the differences listed here, each of which must be real.

use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use weir_core::{Detail, Media, Metered, Pricing, Usage};
use weir_engine::prices::{Call, Prices};

const ORACLE: &str = include_str!("../../../../tests/prices/oracle.json");
const KINDS: [&str; 6] =
    ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "web_search"];
const TOKENS: [&str; 5] = ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output"];

/// A difference between the two tables, explained in docs/prices.md under the same heading.
struct Difference {
    heading: &'static str,
    provider: &'static str,
    models: &'static [&'static str],
    /// Contexts it shows in; empty: any.
    contexts: &'static [&'static str],
    kinds: &'static [&'static str],
    prompts: RangeInclusive<u64>,
}

const ANY: RangeInclusive<u64> = 0..=u64::MAX;
const ABOVE_200K: RangeInclusive<u64> = 200_001..=u64::MAX;
const ABOVE_272K: RangeInclusive<u64> = 272_001..=u64::MAX;

const DIFFERENCES: [Difference; 9] = [
    Difference {
        heading: "Twelve-hour cache writes at OpenAI",
        provider: "openai",
        models: &[
            "gpt-5.6-cyber",
            "gpt-5.6-luna",
            "gpt-5.6-sol",
            "gpt-5.6-terra",
            "gpt-6-astra",
            "gpt-6-luna",
            "gpt-6-rosalind",
            "gpt-6-sol",
            "gpt-6.1-sol",
            "gpt-6.1-terra",
        ],
        contexts: &[],
        kinds: &["cache_write_1h"],
        prompts: ANY,
    },
    Difference {
        heading: "Exactly 200,000 tokens at xAI",
        provider: "x-ai",
        models: &[
            "grok-4.20",
            "grok-4.20-multi-agent-0309",
            "grok-4.3",
            "grok-4.5",
            "grok-4.6",
            "grok-4.7",
            "grok-build-0.1",
        ],
        contexts: &[],
        kinds: &["input", "cache_read", "output"],
        prompts: 200_000..=200_000,
    },
    Difference {
        heading: "grok-code-fast-1",
        provider: "x-ai",
        models: &["grok-code-fast-1"],
        contexts: &[],
        kinds: &["input", "cache_read", "output"],
        prompts: ANY,
    },
    Difference {
        heading: "Long prompts of claude-sonnet-4-5",
        provider: "anthropic",
        models: &["claude-sonnet-4-5"],
        contexts: &[],
        kinds: &TOKENS,
        prompts: ABOVE_200K,
    },
    Difference {
        heading: "Long prompts of gpt-5.6-cyber and of gpt-5.5-pro in batch",
        provider: "openai",
        models: &["gpt-5.6-cyber"],
        contexts: &["standard"],
        kinds: &["input", "cache_read", "cache_write_5m", "output"],
        prompts: ABOVE_272K,
    },
    Difference {
        heading: "Long prompts of gpt-5.6-cyber and of gpt-5.5-pro in batch",
        provider: "openai",
        models: &["gpt-5.5-pro"],
        contexts: &["batch"],
        kinds: &["input", "output"],
        prompts: ABOVE_272K,
    },
    Difference {
        heading: "Web searches of gpt-4.1 and gpt-4o-mini",
        provider: "openai",
        models: &["gpt-4.1", "gpt-4.1-mini", "gpt-4o-mini"],
        contexts: &[],
        kinds: &["web_search"],
        prompts: ANY,
    },
    Difference {
        heading: "Cache reads of gpt-4o-search-preview and gpt-oss-safeguard-20b",
        provider: "openai",
        models: &["gpt-4o-search-preview"],
        contexts: &["standard"],
        kinds: &["cache_read"],
        prompts: ANY,
    },
    Difference {
        heading: "mistral-large-4",
        provider: "mistral",
        models: &["mistral-large-4"],
        contexts: &["standard"],
        kinds: &["input", "cache_read", "output"],
        prompts: ANY,
    },
];

/// As above, at Groq; apart because a difference has one provider.
const GROQ: Difference = Difference {
    heading: "Cache reads of gpt-4o-search-preview and gpt-oss-safeguard-20b",
    provider: "groq",
    models: &["openai/gpt-oss-safeguard-20b"],
    contexts: &["standard"],
    kinds: &["cache_read"],
    prompts: ANY,
};

fn listed() -> impl Iterator<Item = &'static Difference> {
    DIFFERENCES.iter().chain([&GROQ])
}

/// One bill of the oracle.
struct Expected<'a> {
    provider: &'a str,
    model: &'a str,
    context: &'a str,
    prompt: u64,
    usage: Usage,
    /// Nano-dollars by kind: the built-in table's, and the other one's where it has any.
    lines: Vec<(&'static str, i64, Option<i64>)>,
}

fn expected<'a>(oracle: &'a Value, visit: &mut dyn FnMut(&Expected<'a>)) {
    let text = |value: &'a Value| value.as_str().expect("a text");
    let list = |value: &'a Value| value.as_array().expect("a list");
    for model in list(&oracle["models"]) {
        for case in list(&model[2]) {
            let lines: Vec<_> = KINDS.into_iter().zip(list(&case[2])).collect();
            let mut units = lines.iter().map(|(_, line)| line[0].as_u64().expect("units"));
            let mut next = || units.next().unwrap_or(0);
            let usage = Usage {
                input: next(),
                cache_read: next(),
                cache_write_5m: next(),
                cache_write_1h: next(),
                output: next(),
                web_searches: next(),
                reasoning: oracle["reasoning"].as_u64().expect("units"),
            };
            let nano = |line: &Value| (line[1].as_i64().expect("ours"), line[2].as_i64());
            let lines = lines.iter().map(|(kind, line)| (*kind, nano(line).0, nano(line).1));
            visit(&Expected {
                provider: text(&model[0]),
                model: text(&model[1]),
                context: text(&case[0]),
                prompt: case[1].as_u64().expect("a size"),
                usage,
                lines: lines.collect(),
            });
        }
    }
}

fn oracle() -> Value {
    serde_json::from_str(ORACLE).expect("tests/prices/oracle.json is JSON")
}

#[test]
fn every_bill_equals_the_oracles_to_the_nano_dollar() {
    let oracle = oracle();
    let at: jiff::Timestamp = oracle["at"].as_str().expect("a moment").parse().expect("RFC 3339");
    let prices = Prices::open(None, None).expect("no file, no mistake");
    let (mut bills, mut models) = (0, BTreeSet::new());
    expected(&oracle, &mut |case| {
        let word = |prefix: &str| case.context.strip_prefix(prefix).map(str::to_owned);
        let speed = word("speed ");
        let tier = if speed.is_some() { None } else { Some(case.context.to_owned()) };
        let metered =
            Metered { usage: Some(case.usage), speed, service_tier: tier, ..Metered::default() };
        let call = Call {
            provider: case.provider,
            base_url: "",
            local: false,
            model: case.model,
            at_ms: at.as_millisecond(),
        };
        let bill = prices.bill(&call, &metered);
        let name = format!("{}/{} {} {}", case.provider, case.model, case.context, case.prompt);
        let lines: Vec<_> = bill.lines.iter().map(|(_, l)| (l.kind, l.cost.nano())).collect();
        let ours: Vec<_> = case.lines.iter().map(|(kind, ours, _)| (*kind, *ours)).collect();
        assert_eq!(lines, ours, "{name}");
        let sum: i64 = ours.iter().map(|(_, nano)| nano).sum();
        assert_eq!(bill.cost.map(|cost| cost.nano()), Some(sum), "{name}");
        assert_ne!(bill.pricing, Pricing::Unpriced, "{name}");
        assert_eq!(case.usage.prompt(), case.prompt, "{name}");
        bills += 1;
        models.insert((case.provider, case.model));
    });
    assert!(models.len() >= 40, "only {} models", models.len());
    assert!(bills >= 300, "only {bills} bills");
    let providers: BTreeSet<&str> = models.iter().map(|(provider, _)| *provider).collect();
    let wanted = ["anthropic", "google", "groq", "mistral", "openai", "openrouter", "x-ai"];
    assert_eq!(providers.into_iter().collect::<Vec<_>>(), wanted);
}

#[test]
fn the_two_tables_differ_only_where_it_is_listed_and_explained() {
    let oracle = oracle();
    let mut real = BTreeSet::new();
    let mut unlisted = Vec::new();
    let mut compared = 0;
    expected(&oracle, &mut |case| {
        for (kind, ours, theirs) in &case.lines {
            let Some(theirs) = theirs else { continue };
            compared += 1;
            let found = listed().enumerate().find(|(_, d)| {
                d.provider == case.provider
                    && d.models.contains(&case.model)
                    && (d.contexts.is_empty() || d.contexts.contains(&case.context))
                    && d.kinds.contains(kind)
                    && d.prompts.contains(&case.prompt)
            });
            match found {
                Some((i, _)) if ours != theirs => {
                    real.insert((i, case.model, *kind));
                }
                None if ours != theirs => unlisted.push(format!(
                    "{}/{} {} {kind} at {}: {ours} here, {theirs} there",
                    case.provider, case.model, case.context, case.prompt
                )),
                _ => {}
            }
        }
    });
    assert_eq!(unlisted, [] as [String; 0]);
    let stale: Vec<_> = listed()
        .enumerate()
        .flat_map(|(i, d)| {
            d.models.iter().flat_map(move |m| d.kinds.iter().map(move |k| (i, *m, *k)))
        })
        .filter(|listed| !real.contains(listed))
        .collect();
    assert_eq!(stale, [], "these are no longer different: take them off the list");
    assert!(compared >= 1_000, "only {compared} lines were compared");
}

/// One call whose answer told parts of it apart.
fn parts(case: &Value) -> (Usage, Detail) {
    let (mut usage, mut detail) = (Usage::default(), Detail::default());
    let mut put_out = Media::default();
    for line in case[4].as_array().expect("lines") {
        let units = line[1].as_u64().expect("units");
        match line[0].as_str().expect("a kind") {
            "input" => usage.input += units,
            "input_audio" => {
                (usage.input, detail.input.audio) = (usage.input + units, units);
            }
            "cache_read" => usage.cache_read += units,
            "cache_read_audio" => {
                (usage.cache_read, detail.cache_read.audio) = (usage.cache_read + units, units);
            }
            "output" => usage.output += units,
            "output_audio" => (usage.output, put_out.audio) = (usage.output + units, units),
            "web_search" => usage.web_searches = units,
            "file_search" => detail.file_searches = units,
            other => panic!("{other} is no kind"),
        }
    }
    detail.output = Some(put_out);
    (usage, detail)
}

#[test]
fn sound_file_searches_and_places_are_billed_as_both_tables_say() {
    let oracle = oracle();
    let at: jiff::Timestamp = oracle["at"].as_str().expect("a moment").parse().expect("RFC 3339");
    let prices = Prices::open(None, None).expect("no file, no mistake");
    let (mut kinds, mut places, mut compared) = (BTreeSet::new(), 0, 0);
    for case in oracle["apart"].as_array().expect("a list") {
        let text = |at: usize| case[at].as_str().expect("a text");
        let (provider, model, context) = (text(0), text(1), text(2));
        let call = Call { provider, base_url: "", local: false, model, at_ms: at.as_millisecond() };
        let (usage, detail) = parts(case);
        let speed = context.strip_prefix("speed ").map(str::to_owned);
        let us = case[3].as_bool().expect("whether it has a place");
        let metered = Metered {
            usage: Some(usage),
            detail,
            service_tier: speed.is_none().then(|| context.to_owned()),
            speed,
            inference_geo: us.then(|| "us".to_owned()),
            ..Metered::default()
        };
        let bill = prices.bill(&call, &metered);
        assert_eq!(bill.pricing, Pricing::Exact, "{case}: {:?}", bill.doubt);
        let mut lines = bill.lines.iter();
        for line in case[4].as_array().expect("lines") {
            let (_, ours) = lines.next().expect("a line for each");
            assert_eq!(Some(ours.kind), line[0].as_str(), "{case}");
            assert_eq!(Some(ours.tokens), line[1].as_u64(), "{case}");
            assert_eq!(Some(ours.cost.nano()), line[2].as_i64(), "{case}");
            if let Some(theirs) = line[3].as_i64() {
                assert_eq!(ours.cost.nano(), theirs, "{case}: the other table");
                compared += 1;
            }
            kinds.insert(ours.kind);
        }
        assert!(lines.next().is_none(), "{case}");
        places += usize::from(us);
    }
    let wanted = ["input_audio", "cache_read_audio", "output_audio", "web_search", "file_search"];
    assert!(wanted.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    assert!(places >= 20 && compared >= 150, "{places} places, {compared} lines compared");
}

#[test]
fn every_listed_difference_is_explained_in_the_documentation() {
    let docs = include_str!("../../../../docs/prices.md");
    for difference in listed() {
        assert!(
            docs.contains(&format!("\n### {}\n", difference.heading)),
            "{}",
            difference.heading
        );
    }
}
