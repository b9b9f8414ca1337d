//! The pricing rules, one test a rule, on the built-in table and on the user's own rows.

use super::*;
use genai_prices::Calculator;
use serde_json::Value;
use std::collections::BTreeSet;
use weir_core::price::Pico;
use weir_core::{Metered, Money, Pricing, Usage};
use weir_proxy::ports::Estimate;

/// 22 November 2026, 12:00 UTC.
const NOW: i64 = 1_795_348_800_000;

fn built_in() -> Prices {
    Prices::open(None, None).expect("no file, no mistake")
}

fn with_rows(text: &str) -> Prices {
    let home = tempfile::tempdir().expect("a temporary folder");
    let path = home.path().join("prices.toml");
    std::fs::write(&path, text).expect("written");
    Prices::open(Some(&path), None).expect("good rows")
}

fn anthropic(model: &str) -> Call<'_> {
    Call {
        provider: "anthropic",
        base_url: "https://api.anthropic.com",
        local: false,
        model,
        at_ms: NOW,
    }
}

fn openai(model: &str) -> Call<'_> {
    Call {
        provider: "openai",
        base_url: "https://api.openai.com/v1",
        local: false,
        model,
        at_ms: NOW,
    }
}

fn used(usage: Usage) -> Metered {
    Metered { usage: Some(usage), ..Metered::default() }
}

fn nano(bill: &Bill) -> i64 {
    bill.cost.unwrap_or_else(|| panic!("unpriced: {:?}", bill.problem)).nano()
}

fn usd(text: &str) -> Option<Pico> {
    Some(Pico(text.parse::<Money>().expect("dollars a million").nano() as u64 / 1_000))
}

#[test]
fn claude_is_billed_by_its_own_cache_prices_and_input_excludes_the_cache() {
    let usage = Usage {
        input: 1_000,
        cache_read: 50_000,
        cache_write_5m: 2_000,
        cache_write_1h: 3_000,
        output: 700,
        reasoning: 500,
        web_searches: 2,
    };
    let bill = built_in().bill(&anthropic("claude-opus-5-5"), &used(usage));
    // 4, 0.20, 5, 8 and 20 dollars a million, a cent a search.
    assert_eq!(
        nano(&bill),
        4_000_000 + 10_000_000 + 10_000_000 + 24_000_000 + 14_000_000 + 20_000_000
    );
    assert_eq!(bill.pricing, Pricing::Exact);
    assert_eq!(bill.lines.iter().map(|(_, l)| l.cost.nano()).sum::<i64>(), nano(&bill));
}

#[test]
fn a_band_prices_the_whole_request_and_begins_above_its_threshold() {
    let prices = built_in();
    let input = |call: &Call, prompt, cached| {
        let context = PriceContext::default();
        let usage =
            Usage { input: prompt - cached, cache_read: cached, output: 10, ..Usage::default() };
        let rates = prices
            .rates(call.provider, call.base_url, call.model, NOW, usage.prompt(), &context)
            .expect("priced");
        (rates.input, rates.output)
    };
    let haiku = anthropic("claude-haiku-5-5");
    assert_eq!(input(&haiku, 100_000, 0), (usd("0.1"), usd("0.5")));
    assert_eq!(input(&haiku, 100_001, 0), (usd("0.5"), usd("2.5")));
    // Cached tokens count towards the band.
    assert_eq!(input(&haiku, 100_001, 100_000), (usd("0.5"), usd("2.5")));
    let sonnet = anthropic("claude-sonnet-4-5");
    assert_eq!(input(&sonnet, 200_000, 0), (usd("3"), usd("15")));
    assert_eq!(input(&sonnet, 200_001, 0), (usd("6"), usd("22.5")));
    let gpt = openai("gpt-5.4");
    assert_eq!(input(&gpt, 272_000, 0), (usd("2.5"), usd("15")));
    assert_eq!(input(&gpt, 272_001, 0), (usd("5"), usd("22.5")));
}

#[test]
fn the_date_of_the_request_chooses_the_row() {
    let prices = built_in();
    let at = |model, at_ms| {
        let context = PriceContext::default();
        prices
            .rates("openai", "https://api.openai.com/v1", model, at_ms, 1, &context)
            .expect("priced")
            .input
    };
    // Reduced by a fifth on 21 August 2026, midnight UTC.
    let change = 1_787_270_400_000;
    assert_eq!(at("gpt-5.6-sol", change - 1), usd("5"));
    assert_eq!(at("gpt-5.6-sol", change), usd("4"));
}

#[test]
fn the_tier_that_the_answer_names_chooses_the_price_and_an_unknown_one_makes_an_estimate() {
    let prices = built_in();
    let usage = Usage { input: 1_000_000, ..Usage::default() };
    let bill = |call: &Call, tier: &str| {
        prices.bill(call, &Metered { service_tier: Some(tier.into()), ..used(usage) })
    };
    for (tier, expected) in [
        ("default", 1_250_000_000),
        ("auto", 1_250_000_000),
        ("flex", 625_000_000),
        ("priority", 2_500_000_000),
        ("fast", 2_500_000_000),
        ("batch", 625_000_000),
    ] {
        let bill = bill(&openai("gpt-5"), tier);
        assert_eq!((nano(&bill), bill.pricing), (expected, Pricing::Exact), "{tier}");
    }
    let odd = bill(&openai("gpt-5"), "turbo");
    assert_eq!((nano(&odd), odd.pricing), (1_250_000_000, Pricing::Estimated));
    let batch = bill(&anthropic("claude-opus-5"), "batch");
    assert_eq!((nano(&batch), batch.pricing), (2_500_000_000, Pricing::Exact));
}

#[test]
fn fast_claude_has_its_own_price_and_is_unpriced_where_the_table_has_none() {
    let prices = built_in();
    let fast = |usage| Metered { speed: Some("fast".into()), ..used(usage) };
    let written = Usage { input: 1_000, output: 1_000, ..Usage::default() };
    let bill = prices.bill(&anthropic("claude-opus-5-5"), &fast(written));
    assert_eq!((nano(&bill), bill.pricing), (8_000_000 + 40_000_000, Pricing::Exact));
    let standard = Metered { speed: Some("standard".into()), ..used(written) };
    assert_eq!(nano(&prices.bill(&anthropic("claude-opus-5-5"), &standard)), 24_000_000);

    let bill = prices.bill(&anthropic("claude-sonnet-5-5"), &fast(written));
    assert_eq!((bill.cost, bill.pricing), (None, Pricing::Unpriced));
    assert!(matches!(bill.problem, Some(Unpriced::Speed { .. })));
    let own = with_rows(
        "[[price]]\nprovider = 'anthropic'\nmodel = 'claude-sonnet-5-5'\nspeed = 'fast'\n\
         input = 7\noutput = 9\n",
    );
    assert_eq!(nano(&own.bill(&anthropic("claude-sonnet-5-5"), &fast(written))), 16_000_000);
    // The row is for fast calls alone.
    assert_eq!(nano(&own.bill(&anthropic("claude-sonnet-5-5"), &used(written))), 12_000_000);
}

#[test]
fn an_unknown_model_provider_or_kind_is_unpriced_and_never_zero() {
    let prices = built_in();
    let usage = Usage { input: 10, output: 10, ..Usage::default() };
    let unknown = |call: &Call, usage| {
        let bill = prices.bill(call, &used(usage));
        assert_eq!((bill.cost, bill.pricing), (None, Pricing::Unpriced));
        bill.problem.expect("a reason")
    };
    assert!(matches!(unknown(&anthropic("claude-zeta-9"), usage), Unpriced::UnknownModel { .. }));
    let own = Call { provider: "corp", base_url: "https://llm.corp.example/v1", ..openai("gpt-5") };
    assert!(matches!(unknown(&own, usage), Unpriced::UnknownProvider { .. }));
    assert!(prices.upper(&own, &Estimate::default()).is_none());
    // An old model whose list has no price for searches.
    let searched = Usage { web_searches: 1, ..usage };
    assert!(matches!(
        unknown(&anthropic("claude-3-haiku-20240307"), searched),
        Unpriced::NoRate { kind: "web_search", .. }
    ));
    // An embedding that claims to have written something.
    assert!(matches!(
        unknown(&openai("text-embedding-3-small"), usage),
        Unpriced::NoRate { kind: "output", .. }
    ));
    let silent = prices.bill(&openai("gpt-5"), &Metered::default());
    assert!(matches!(silent.problem, Some(Unpriced::NoUsage { .. })));
}

#[test]
fn demo_and_local_models_cost_nothing_and_a_cloud_model_behind_a_local_server_is_unpriced() {
    let prices = built_in();
    let ollama = |model| Call {
        provider: "ollama",
        base_url: "http://127.0.0.1:11434",
        local: true,
        model,
        at_ms: NOW,
    };
    let usage = Usage { input: 10, output: 10, ..Usage::default() };
    for call in [ollama("llama3.2:3b"), Call { provider: "demo", ..anthropic("demo") }] {
        let bill = prices.bill(&call, &used(usage));
        assert_eq!((bill.cost, bill.pricing), (Some(Money::ZERO), Pricing::Exact));
        assert_eq!(prices.bill(&call, &Metered::default()).cost, Some(Money::ZERO));
        assert_eq!(prices.upper(&call, &Estimate::default()), Some(Money::ZERO));
    }
    for model in ["gpt-oss:120b-cloud", "glm-4.6:cloud"] {
        let bill = prices.bill(&ollama(model), &used(usage));
        assert!(matches!(bill.problem, Some(Unpriced::Cloud { .. })), "{model}");
        assert_eq!(bill.cost, None);
        assert_eq!(prices.upper(&ollama(model), &Estimate::default()), None);
    }
    let own = with_rows("[[price]]\nprovider='ollama'\nmodel='*-cloud'\ninput=1\noutput=1\n");
    assert_eq!(nano(&own.bill(&ollama("gpt-oss:120b-cloud"), &used(usage))), 20_000);
}

#[test]
fn the_sum_that_the_provider_names_wins() {
    let call = Call {
        provider: "openrouter",
        base_url: "https://openrouter.ai/api/v1",
        ..openai("x/unknown")
    };
    let metered = Metered { provider_cost: Some(Money::from_nano(12_345)), ..Metered::default() };
    let bill = built_in().bill(&call, &metered);
    assert_eq!((nano(&bill), bill.pricing), (12_345, Pricing::Exact));
    assert_eq!(bill.lines[0].1.kind, "reported");
}

#[test]
fn usage_of_another_model_in_the_same_answer_is_billed_as_that_model() {
    let usage = Usage { output: 1_000, ..Usage::default() };
    let metered = Metered {
        extra: vec![(Some("claude-haiku-4-5".into()), usage), (None, usage)],
        ..used(usage)
    };
    let bill = built_in().bill(&anthropic("claude-opus-5-5"), &metered);
    assert_eq!(nano(&bill), 20_000_000 + 5_000_000 + 20_000_000);
    let models: Vec<_> = bill.lines.iter().map(|(model, _)| model.as_deref()).collect();
    assert_eq!(models, [None, Some("claude-haiku-4-5"), None]);
    let unknown = Metered { extra: vec![(Some("claude-zeta-9".into()), usage)], ..used(usage) };
    assert_eq!(built_in().bill(&anthropic("claude-opus-5-5"), &unknown).cost, None);
}

#[test]
fn the_model_that_answered_is_billed_and_the_one_asked_where_its_name_means_nothing() {
    let prices = built_in();
    let usage = Usage { output: 1_000, ..Usage::default() };
    let answered = |by: &str| {
        nano(&prices.bill(&openai("gpt-5"), &Metered { model: Some(by.into()), ..used(usage) }))
    };
    assert_eq!(answered("gpt-5-mini-2025-08-07"), 2_000_000);
    assert_eq!(answered("deployment-7"), 10_000_000);
}

#[test]
fn a_provider_is_known_by_its_address_then_by_its_name() {
    let prices = built_in();
    let input = |provider, base_url, model| {
        let context = PriceContext::default();
        prices.rates(provider, base_url, model, NOW, 1, &context).map(|rates| rates.input)
    };
    let opus = Ok(usd("4"));
    assert_eq!(input("work", "https://api.anthropic.com", "claude-opus-5-5"), opus);
    assert_eq!(input("anthropic", "http://127.0.0.1:4000", "claude-opus-5-5"), opus);
    assert_eq!(input("anthropic", "https://gateway.corp.example", "claude-opus-5-5"), opus);
    assert_eq!(input("gemini", "http://127.0.0.1:1", "models/gemini-2.5-pro"), Ok(usd("1.25")));
    assert!(input("cheap", "https://api.deepseek.com/v1", "deepseek-chat").is_ok());
    assert_eq!(input("azure-eu", "https://x.openai.azure.com/openai/v1", "gpt-5"), Ok(usd("1.25")));
    // Who sends the bill decides, whatever the user calls him.
    assert!(input("anthropic", "https://openrouter.ai/api", "claude-opus-5-5").is_err());
}

#[test]
fn dated_and_vertex_names_match_as_the_table_says() {
    let prices = built_in();
    let input = |provider, base_url, model| {
        prices
            .rates(provider, base_url, model, NOW, 1, &PriceContext::default())
            .expect(model)
            .input
    };
    let anthropic = |model| input("anthropic", "https://api.anthropic.com", model);
    assert_eq!(anthropic("claude-opus-5-20260401"), usd("5"));
    assert_eq!(anthropic("claude-opus-5@20260401"), usd("5"));
    assert_eq!(anthropic("CLAUDE-HAIKU-4-5-20251001"), usd("1"));
    let vertex = "https://us-central1-aiplatform.googleapis.com";
    assert_eq!(input("vertex", vertex, "claude-sonnet-4-5@20250929"), usd("3"));
    assert_eq!(input("openai", "", "gpt-5-2025-08-07"), usd("1.25"));
}

#[test]
fn a_reservation_covers_the_dearest_way_the_request_can_be_billed() {
    let prices = built_in();
    let estimate = Estimate { input_tokens: 1_000_000, output_tokens: 1_000, cache_write: true };
    let upper = prices.upper(&anthropic("claude-opus-5-5"), &estimate).expect("priced");
    assert_eq!(upper.nano(), 8_000_000_000 + 20_000_000);
    let plain = Estimate { cache_write: false, ..estimate };
    let upper = prices.upper(&anthropic("claude-opus-5-5"), &plain).expect("priced");
    assert_eq!(upper.nano(), 4_000_000_000 + 20_000_000);
    // Above its band, and with the cache that OpenAI writes unasked.
    let upper = prices.upper(&openai("gpt-5.6-sol"), &plain).expect("priced");
    assert_eq!(upper.nano(), 10_000_000_000 + 30_000_000);
    // An embedding has no output price, and none to reserve for.
    assert!(prices.upper(&openai("text-embedding-3-small"), &plain).is_some());
}

#[test]
fn an_estimated_usage_makes_an_estimated_bill() {
    let usage = Usage { output: 1_000, ..Usage::default() };
    let bill = built_in().bill_estimate(&anthropic("claude-opus-5-5"), &Metered::default(), &usage);
    assert_eq!((nano(&bill), bill.pricing), (20_000_000, Pricing::Estimated));
}

#[test]
fn the_users_row_wins_by_name_then_date_and_has_bands_of_its_own() {
    let prices = with_rows(
        r#"
        [[price]]
        provider = "corp"
        model = "llama-*"
        input = "0.25"
        output = 0.123456
        above = [{ prompt_tokens = 200_000, input = 1 }]
        [[price]]
        provider = "corp"
        model = "llama-*"
        from = 2026-11-22
        input = "0.50"
        output = 2
        [[price]]
        provider = "corp"
        model = "llama-guard"
        input = "0.75"
        "#,
    );
    let rates = |model, at_ms, prompt| {
        let context = PriceContext::default();
        prices
            .rates("corp", "https://llm.corp.example/v1", model, at_ms, prompt, &context)
            .expect(model)
    };
    let before = NOW - 86_400_000;
    assert_eq!(rates("llama-4", before, 200_000).input, usd("0.25"));
    assert_eq!(rates("llama-4", before, 200_001).input, usd("1"));
    // A band keeps what it does not name.
    assert_eq!(rates("llama-4", before, 200_001).output, usd("0.123456"));
    assert_eq!(rates("llama-4", NOW, 300_000).input, usd("0.50"));
    assert_eq!(rates("llama-guard", NOW, 1).input, usd("0.75"));
    // Reads and writes fall back to input, output to nothing.
    assert_eq!(rates("llama-4", NOW, 1).cache_write_1h, usd("0.50"));
    assert_eq!(rates("llama-guard", NOW, 1).output, None);
}

#[test]
fn every_mistake_of_the_file_is_told_at_once_with_its_line() {
    let problems = rows::read(
        "prise = 1\n\
         [[price]]\n\
         model = \"x\"\n\
         input = \"1e-6\"\n\
         outptu = 3\n\
         [[price]]\n\
         provider = \"corp\"\n\
         model = 5\n\
         input = 0.0000001\n\
         from = \"soon\"\n\
         above = [{ input = 1 }, { prompt_tokens = 5, input = -1 }]\n\
         web_search = 100\n",
    )
    .expect_err("all wrong");
    let lines: Vec<usize> = problems.iter().map(|p| p.line).collect();
    assert_eq!(lines, [1, 2, 2, 4, 5, 6, 8, 9, 10, 11, 11, 12], "{problems:#?}");
    assert!(rows::read("[[price]\n").is_err());
    assert_eq!(rows::read("").expect("an empty file has no rows"), []);
}

#[test]
fn nothing_is_decoded_before_a_price_is_asked_for_and_few_providers_stay() {
    let prices = built_in();
    assert!(prices.table.lock().is_none());
    for provider in ["anthropic", "openai", "gemini", "mistral", "groq", "xai", "deepseek"] {
        let _ = prices.rates(provider, "", "x", NOW, 1, &PriceContext::default());
    }
    assert_eq!(prices.table().decoded(), 4);
}

#[test]
fn the_cache_is_bounded_and_gives_what_was_derived() {
    let prices = built_in();
    let context = PriceContext::default();
    for i in 0..3_000 {
        assert!(prices.rates("anthropic", "", &format!("m{i}"), NOW, 1, &context).is_err());
    }
    for prompt in [1, 100_000, 100_001, 5_000_000, 100_000] {
        for at_ms in [NOW, NOW + 60_000, NOW] {
            let rates = prices.rates("anthropic", "", "claude-haiku-5-5", at_ms, prompt, &context);
            let expected = if prompt > 100_000 { usd("0.5") } else { usd("0.1") };
            assert_eq!(rates.expect("priced").input, expected, "{prompt}");
        }
    }
}

/// The crate's own copy of the table, found as Cargo finds the crate.
fn crate_table() -> Vec<u8> {
    let cargo = |args: &[&str]| {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        let out = cargo.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        let out = out.expect("cargo runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    };
    let version = String::from_utf8(cargo(&["-vV"])).expect("UTF-8");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    // Only what this machine builds: nothing else need be on it.
    let args = ["metadata", "--format-version", "1", "--offline", "--filter-platform", host];
    let metadata: Value = serde_json::from_slice(&cargo(&args)).expect("cargo's metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let found = packages.iter().find(|p| p["name"] == "genai-prices").expect("a dependency");
    let manifest = std::path::PathBuf::from(found["manifest_path"].as_str().expect("a path"));
    std::fs::read(manifest.with_file_name("data/prices.json")).expect("the crate has its table")
}

/// The built-in table is newer than the crate's; a model may be new or cheaper, never lost.
#[test]
fn every_model_of_the_crates_own_table_is_in_the_built_in_one() {
    let theirs: Vec<Value> = serde_json::from_slice(&crate_table()).expect("json");
    let ours: Vec<Value> = serde_json::from_slice(table::BUNDLED).expect("json");
    let ids = |providers: &[Value]| -> BTreeSet<(String, String)> {
        let text = |value: &Value| value["id"].as_str().expect("an id").to_owned();
        let models = |p: &Value| p["models"].as_array().expect("models").clone();
        providers
            .iter()
            .flat_map(|p| models(p).iter().map(|m| (text(p), text(m))).collect::<Vec<_>>())
            .collect()
    };
    let (theirs, ours) = (ids(&theirs), ids(&ours));
    assert_eq!(theirs.difference(&ours).collect::<Vec<_>>(), [] as [&(String, String); 0]);
    assert!(theirs.len() > 2_000);
}

/// A JSON number as millionths, rounded half up: dollars a million tokens as pico-dollars each.
fn millionths(number: &Value) -> u64 {
    let text = number.to_string();
    let (digits, exponent) = text
        .split_once('e')
        .map_or((text.as_str(), 0), |(d, e)| (d, e.parse::<i32>().expect("an exponent")));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all: u128 = format!("{whole}{fraction}").parse().expect("digits");
    let shift = 6 + exponent - i32::try_from(fraction.len()).expect("short");
    let exact = match u32::try_from(shift) {
        Ok(up) => all * 10u128.pow(up),
        Err(_) => {
            let down = 10u128.pow(shift.unsigned_abs());
            (all + down / 2) / down
        }
    };
    u64::try_from(exact).expect("a sane price")
}

/// What a row of the table says for `key` at a prompt size, by the text of its number.
fn written(row: &Value, key: &str, prompt: u64) -> Option<u64> {
    let price = row.get(key)?;
    let Some(tiers) = price.get("tiers") else { return Some(millionths(price)) };
    let above = tiers
        .as_array()
        .expect("bands")
        .iter()
        .filter(|t| prompt > t["start"].as_u64().expect("a start"));
    let band = above.max_by_key(|t| t["start"].as_u64());
    Some(millionths(band.map_or(&price["base"], |t| &t["price"])))
}

fn active(model: &Value, seconds: i64) -> Option<&Value> {
    let Some(rows) = model["prices"].as_array() else { return Some(&model["prices"]) };
    if rows.iter().any(|row| row["constraint"].get("start_time").is_some()) {
        return None;
    }
    let started = |row: &&Value| {
        row["constraint"]["start_date"].as_str().is_none_or(|day| {
            let date: jiff::civil::Date = day.parse().expect("a day");
            date.to_zoned(jiff::tz::TimeZone::UTC).expect("UTC").timestamp().as_second() <= seconds
        })
    };
    Some(&rows.iter().rev().find(started).expect("one holds always")["prices"])
}

/// Every rate that comes out of the float calculator is the decimal that stands in the table:
/// all models of all providers, at every band's threshold and one above.
#[test]
fn every_derived_rate_is_the_decimal_of_the_table() {
    let table = Table::bundled();
    let (mut rates, mut headings) = (0u32, 0u32);
    for (at, provider) in table.providers().enumerate() {
        let shelf = table.shelf(at).expect("decodes");
        let json = table.json(at).expect("json");
        for model in json["models"].as_array().expect("models") {
            let id = model["id"].as_str().expect("an id");
            // Some ids are headings that no request names: Fireworks' full names, say.
            let Some(found) = derive::matched(&shelf, id, NOW) else {
                headings += 1;
                continue;
            };
            assert_eq!(found, id, "{provider}");
            let Some(row) = active(model, NOW / 1_000) else { continue };
            let mut starts = vec![0];
            table::collect_starts(model, &mut starts);
            let prompts: BTreeSet<u64> = starts.iter().flat_map(|s| [*s, s + 1]).collect();
            for prompt in prompts {
                let context = PriceContext::default();
                let asked =
                    Asked { provider, base_url: "", model: id, at_ms: NOW, context: &context };
                let got = derive::quote(&shelf, &asked, prompt).expect(id).rates;
                let of = |key| written(row, key, prompt).map(Pico);
                let input = of("input_mtok");
                let write = of("cache_write_mtok").or(input);
                let expected = [
                    input,
                    of("cache_read_mtok").or(input),
                    of("cache_write_5m_mtok").or(write),
                    of("cache_write_1h_mtok").or(write),
                ];
                assert_eq!(
                    [got.input, got.cache_read, got.cache_write_5m, got.cache_write_1h],
                    expected,
                    "{provider}/{id} at {prompt}"
                );
                let output = of("output_mtok");
                let dearest = output.and_then(|text| {
                    ["output_image_mtok", "output_audio_mtok", "output_video_mtok"]
                        .into_iter()
                        .filter_map(of)
                        .chain([text])
                        .max()
                });
                assert_eq!(got.output, dearest, "{provider}/{id} at {prompt}");
                // A thousand searches: a thousandth of a dollar is 10^9 pico.
                let search =
                    of("web_searches_kcount").map(|p| Pico(p.0 * 1_000)).filter(|p| p.0 > 0);
                assert_eq!(got.web_search, search, "{provider}/{id}");
                rates += 6;
            }
        }
    }
    assert!(rates > 10_000, "{rates}");
    assert!(headings < 100, "{headings} ids lead to no row");
}

#[test]
fn a_newer_table_is_checked_whole_before_it_replaces_the_old_one() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let place = home.path().join("prices.json");
    let file = home.path().join("given.json");
    let prices = Prices::open(None, Some(&place)).expect("no file yet");
    let opus =
        || prices.rates("anthropic", "", "claude-opus-5-5", NOW, 1, &PriceContext::default());
    let built_in = opus().expect("priced");

    let text = std::str::from_utf8(table::BUNDLED).expect("UTF-8");
    let no_openai = text.replace("\"id\":\"openai\"", "\"id\":\"openbi\"");
    let absurd = text.replace("\"input_mtok\":4,", "\"input_mtok\":40000000000,");
    let broken = text.replace("\"input_mtok\":4,", "\"input_mtok\":\"four\",");
    let cut = &text[..text.len() / 2];
    for bad in [cut, "[]", "{}", "", &no_openai, &absurd, &broken] {
        std::fs::write(&file, bad).expect("written");
        let problem = prices.update(&file).expect_err("not taken").to_string();
        assert!(problem.contains("given.json"), "{problem}");
        assert!(problem.contains("unchanged"), "{problem}");
        assert!(!place.exists());
        assert_eq!(opus(), Ok(built_in));
    }
    assert!(prices.update(&home.path().join("none.json")).is_err());

    std::fs::write(&file, text.replace("\"input_mtok\":4,", "\"input_mtok\":4.5,"))
        .expect("written");
    let update = prices.update(&file).expect("a good table");
    assert!(update.changed >= 1 && update.added == 0 && update.removed == 0, "{update:?}");
    assert!(update.table.source.starts_with("price update, loaded 20"), "{update:?}");
    assert_eq!(opus().expect("priced").input, usd("4.5"));
    // It lasts.
    let again = Prices::open(None, Some(&place)).expect("opens");
    let rates = again.rates("anthropic", "", "claude-opus-5-5", NOW, 1, &PriceContext::default());
    assert_eq!(rates.expect("priced").input, usd("4.5"));
    assert_eq!(std::fs::read_dir(home.path()).expect("a folder").count(), 2);
    // A table that was damaged on disk does not stop anything: the built-in one serves.
    std::fs::write(&place, cut).expect("written");
    let damaged = Prices::open(None, Some(&place)).expect("opens");
    let rates = damaged.rates("anthropic", "", "claude-opus-5-5", NOW, 1, &PriceContext::default());
    assert_eq!(rates, Ok(built_in));
}

#[test]
fn rows_are_shown_by_date_band_and_tier_and_say_where_they_come_from() {
    let prices = built_in();
    let haiku = prices.show(None, "claude-haiku-5-5", NOW);
    let shown: Vec<_> = haiku
        .rows
        .iter()
        .map(|r| (r.service_tier.as_deref(), r.from.as_deref(), r.above_tokens, r.current))
        .collect();
    assert_eq!(
        shown,
        [
            (None, None, 0, true),
            (None, None, 100_000, true),
            (Some("batch"), Some("2026-10-14"), 0, true),
            (Some("batch"), Some("2026-10-14"), 100_000, true),
        ]
    );
    assert_eq!(haiku.rows[0].per_million.input, Some("0.1".parse().expect("money")));
    assert_eq!(haiku.rows[0].web_search_usd, Some("0.01".parse().expect("money")));
    assert!(haiku.table.source.contains("genai-prices"));
    let opus = prices.show(None, "claude-opus-5-5", NOW);
    let fast = opus.rows.iter().find(|r| r.service_tier.as_deref() == Some("fast")).expect("a row");
    assert_eq!((fast.per_million.input, fast.current), (Some("8".parse().expect("money")), true));
    let sol = prices.show(Some(("openai", "https://api.openai.com/v1")), "gpt-5.6-sol", NOW);
    let dated: Vec<_> = sol
        .rows
        .iter()
        .filter(|r| r.service_tier.is_none() && r.above_tokens == 0)
        .map(|r| (r.from.as_deref(), r.current, r.per_million.input))
        .collect();
    let usd = |text: &str| Some(text.parse().expect("money"));
    assert_eq!(dated, [(None, false, usd("5")), (Some("2026-08-21"), true, usd("4"))]);
    assert_eq!(prices.show(None, "no-such-model", NOW).rows, []);
    let own = with_rows("[[price]]\nprovider='corp'\nmodel='x*'\ninput=1\noutput=2\n");
    let rows = own.show(Some(("corp", "https://llm.corp.example")), "x1", NOW).rows;
    assert_eq!(
        (rows.len(), rows[0].current, rows[0].source.as_str()),
        (1, true, "prices.toml, line 1")
    );
}

#[test]
fn a_providers_models_are_listed_with_their_price() {
    let models = built_in().models("anthropic", "https://api.anthropic.com", NOW);
    let opus = models.iter().find(|m| m.model == "claude-opus-5-5").expect("listed");
    assert_eq!(opus.price.input, Some("4".parse().expect("money")));
    assert!(models.len() >= 25);
    assert_eq!(built_in().models("corp", "https://llm.corp.example", NOW), []);
}

#[test]
fn the_table_decodes_whole_as_the_crate_reads_it() {
    let whole = Calculator::from_json(table::BUNDLED).expect("the crate takes it");
    assert_eq!(whole.providers().count(), Table::bundled().providers().count());
    let models: usize = whole.providers().map(|p| p.models().count()).sum();
    assert_eq!(models, Table::bundled().models());
}
