//! The built-in table, whole, and what of it is in memory.

use super::*;

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
fn the_table_decodes_whole_as_the_crate_reads_it() {
    let whole = Calculator::from_json(table::BUNDLED).expect("the crate takes it");
    assert_eq!(whole.providers().count(), Table::bundled().providers().count());
    let models: usize = whole.providers().map(|p| p.models().count()).sum();
    assert_eq!(models, Table::bundled().models());
}

/// A table of one model, whose prices are these pico-dollars a token.
fn mini(input: u64, cached: u64, write: u64, hour: u64, output: u64, above: u64) -> Table {
    // Six decimals of a dollar a million are one pico-dollar a token.
    let usd = |pico: u64| format!("{}.{:06}", pico / 1_000_000, pico % 1_000_000);
    let text = format!(
        r#"[{{"id":"acme","name":"Acme","api_pattern":"https://acme","models":[{{"id":"m",
        "match":{{"equals":"m"}},"prices":{{"input_mtok":{{"base":{},"tiers":[{{"start":{above},
        "price":{}}}]}},"cache_read_mtok":{},"cache_write_mtok":{},"cache_write_1h_mtok":{},
        "output_mtok":{}}}}}]}}]"#,
        usd(input),
        usd(output),
        usd(cached),
        usd(write),
        usd(hour),
        usd(output),
    );
    Table::read(text.into_bytes().into(), "a test".into()).expect("a list of providers")
}

proptest! {
    // A table is decoded for every case, which takes its time without optimisation.
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever a table may say, up to the dearest rate taken: the float never costs a unit.
    #[test]
    fn any_decimal_a_table_may_hold_comes_back_as_that_very_integer(
        rates in prop::array::uniform5(0u64..=10_000_000_000_000),
        above in 0u64..1_000_000,
        prompt in prop_oneof![0u64..2_000_000, Just(u64::MAX), Just(1 << 53)],
    ) {
        let [input, cached, write, hour, output] = rates;
        let shelf = mini(input, cached, write, hour, output, above).shelf(0).expect("decodes");
        let context = PriceContext::default();
        for prompt in [prompt, above, above + 1] {
            let asked = Asked { provider: "acme", base_url: "", model: "m", at_ms: NOW, context: &context };
            let got = derive::quote(&shelf, &asked, prompt).expect("priced").rates;
            // A prompt of none has no input to be in a band; one token is priced in its stead.
            let band = if prompt.max(1) > above { output } else { input };
            prop_assert_eq!(got.input, Some(Pico(band)));
            prop_assert_eq!(got.cache_read, Some(Pico(cached)));
            prop_assert_eq!(got.cache_write_5m, Some(Pico(write)));
            prop_assert_eq!(got.cache_write_1h, Some(Pico(hour)));
            prop_assert_eq!(got.output, Some(Pico(output)));
        }
    }

    /// What the cache answers is what the table would, in any order of asking.
    #[test]
    fn a_remembered_price_is_the_derived_one(
        asks in prop::collection::vec((0usize..3, 0u64..400_000, 0i64..3), 1..60),
    ) {
        let prices = built_in();
        let table = Table::bundled();
        let shelf = table.shelf(table.index("anthropic").expect("listed")).expect("decodes");
        let context = PriceContext::default();
        for (model, prompt, minutes) in asks {
            let model = ["claude-haiku-5-5", "claude-sonnet-4-5", "claude-opus-4-6"][model];
            // Before and after the day on which the last one lost its band.
            let at_ms = 1_773_359_940_000 + minutes * 60_000;
            let asked = Asked { provider: "anthropic", base_url: "", model, at_ms, context: &context };
            let derived = derive::quote(&shelf, &asked, prompt).map(|quote| quote.rates);
            prop_assert_eq!(prices.rates("anthropic", "", model, at_ms, prompt, &context), derived);
        }
    }
}
