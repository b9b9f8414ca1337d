//! The user's own files: their rows, a newer table, and how prices are shown.

use super::*;

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
    assert_eq!(lines, [1, 2, 4, 5, 8, 9, 10, 11, 11, 12], "{problems:#?}");
    let bare = rows::read("[[price]]\nprovider='p'\nmodel='m'\n").expect_err("no price");
    assert!(bare[0].reason.contains("has no price"), "{bare:?}");
    assert!(rows::read("[[price]\n").is_err());
    assert_eq!(rows::read("").expect("an empty file has no rows"), []);
}

#[test]
fn an_edited_file_is_in_force_and_one_with_a_mistake_changes_nothing() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let (path, table) = (home.path().join("prices.toml"), home.path().join("prices.json"));
    let row = |usd: &str| {
        format!("[[price]]\nprovider = 'corp'\nmodel = 'x'\ninput = {usd}\noutput = 1\n")
    };
    let prices = Prices::start(&path, &table);
    let input = || {
        let url = "https://llm.corp.example/v1";
        prices.rates("corp", url, "x", NOW, 1, &PriceContext::default()).map(|rates| rates.input)
    };
    assert!(input().is_err() && !prices.look());
    std::fs::write(&path, row("2.5")).expect("written");
    assert!(prices.look());
    assert_eq!((input(), prices.own_rows_count()), (Ok(usd("2.5")), 1));
    assert!(!prices.look(), "it was read already");
    std::fs::write(&path, row("'two and a half'")).expect("written");
    assert!(!prices.look());
    let problem = prices.problem().expect("it is told");
    assert!(problem.contains("prices.toml:4: input is dollars"), "{problem}");
    assert!(problem.contains("the row read before it stays in force"), "{problem}");
    assert_eq!(input(), Ok(usd("2.5")), "as before");
    std::fs::write(&path, row("10.25")).expect("written");
    assert!(prices.look());
    assert_eq!((input(), prices.problem()), (Ok(usd("10.25")), None));
    std::fs::remove_file(&path).expect("removed");
    assert!(prices.look());
    assert!(input().is_err());
}

#[test]
fn a_start_with_a_mistake_in_the_file_has_the_table_alone_and_says_so() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let (path, table) = (home.path().join("prices.toml"), home.path().join("prices.json"));
    std::fs::write(&path, "[[price]]\nprovider = 'corp'\nmodle = 'x'\n").expect("written");
    let prices = Prices::start(&path, &table);
    let problem = prices.problem().expect("it is told");
    assert!(problem.contains("prices.toml:3: unknown key modle"), "{problem}");
    assert!(problem.ends_with("prices are the table's alone until it is repaired"), "{problem}");
    let usage = Usage { input: 1_000_000, ..Usage::default() };
    assert_eq!(nano(&prices.bill(&openai("gpt-5"), &used(usage))), 1_250_000_000);
    assert!(Prices::open(Some(&path), None).is_err());
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

proptest! {
    #[test]
    fn a_price_of_the_file_is_read_digit_by_digit(pico in 0u64..=10_000_000_000_000) {
        let usd = format!("{}.{:06}", pico / 1_000_000, pico % 1_000_000);
        for written in [usd.clone(), format!("\"{usd}\""), format!("{usd}000")] {
            let text = format!("[[price]]\nprovider='p'\nmodel='m'\ninput={written}\n");
            let rows = rows::read(&text).expect("a good row");
            prop_assert_eq!(rows[0].base.input, Some(Pico(pico)));
        }
    }

    #[test]
    fn no_text_makes_the_reader_fail_otherwise_than_by_a_list_of_mistakes(text in ".{0,200}") {
        if let Err(problems) = rows::read(&text) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|p| p.line >= 1));
        }
    }
}
