//! The pricing rules, one test a rule.

use super::*;

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
    assert!(prices.upper(&own, &Estimate::default(), None).is_none());
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
        assert_eq!(prices.upper(&call, &Estimate::default(), None), Some(Money::ZERO));
    }
    for model in ["gpt-oss:120b-cloud", "glm-4.6:cloud"] {
        let bill = prices.bill(&ollama(model), &used(usage));
        assert!(matches!(bill.problem, Some(Unpriced::Cloud { .. })), "{model}");
        assert_eq!(bill.cost, None);
        assert_eq!(prices.upper(&ollama(model), &Estimate::default(), None), None);
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
    // Any other server's word about its cost is not a bill.
    let elsewhere = built_in().bill(&openai("gpt-5"), &metered);
    assert_eq!(elsewhere.pricing, Pricing::Unpriced);
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
    let estimate =
        Estimate { input_tokens: 1_000_000, output_tokens: 1_000, cache_write: true, choices: 1 };
    let upper = prices.upper(&anthropic("claude-opus-5-5"), &estimate, None).expect("priced");
    assert_eq!(upper.nano(), 8_000_000_000 + 20_000_000);
    let plain = Estimate { cache_write: false, ..estimate };
    let upper = prices.upper(&anthropic("claude-opus-5-5"), &plain, None).expect("priced");
    assert_eq!(upper.nano(), 4_000_000_000 + 20_000_000);
    // Above its band, and with the cache that OpenAI writes unasked.
    let upper = prices.upper(&openai("gpt-5.6-sol"), &plain, None).expect("priced");
    assert_eq!(upper.nano(), 10_000_000_000 + 30_000_000);
    // An embedding has no output price, and none to reserve for.
    assert!(prices.upper(&openai("text-embedding-3-small"), &plain, None).is_some());
    let gpt = openai("gpt-5.6-sol");
    let priority = prices.upper(&gpt, &plain, Some("priority")).expect("priced");
    assert!(priority > prices.upper(&gpt, &plain, None).expect("priced"), "a dearer tier");
    assert_eq!(prices.upper(&gpt, &plain, Some("auto")), prices.upper(&gpt, &plain, None));
}

#[test]
fn an_estimated_usage_makes_an_estimated_bill() {
    let usage = Usage { output: 1_000, ..Usage::default() };
    let bill = built_in().bill_estimate(&anthropic("claude-opus-5-5"), &Metered::default(), &usage);
    assert_eq!((nano(&bill), bill.pricing), (20_000_000, Pricing::Estimated));
}
