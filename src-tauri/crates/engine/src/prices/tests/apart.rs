//! What an answer tells beside its counts: sound, places, and tools that the provider runs. Each
//! test begins with an answer as it comes, so that reading and pricing hold together.

use super::*;
use weir_core::Endpoint;
use weir_wire::encoding::Encoding;
use weir_wire::tap::Tap;

fn answered(endpoint: Endpoint, answer: &str) -> Metered {
    let mut tap = Tap::new(endpoint, false, Encoding::Identity);
    tap.feed(answer.as_bytes());
    tap.finish()
}

fn gemini(model: &str) -> Call<'_> {
    Call {
        provider: "gemini",
        base_url: "https://generativelanguage.googleapis.com",
        ..openai(model)
    }
}

fn generated(usage: &str) -> Metered {
    let answer = format!(
        r#"{{"candidates":[{{"content":{{"parts":[{{"text":"a"}}]}},"finishReason":"STOP"}}],"usageMetadata":{usage}}}"#
    );
    answered(Endpoint::Generate, &answer)
}

fn chatted(usage: &str) -> Metered {
    let answer = format!(
        r#"{{"choices":[{{"index":0,"message":{{"content":"a"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
    );
    answered(Endpoint::Chat, &answer)
}

fn lines(bill: &Bill) -> Vec<(&str, u64, i64)> {
    bill.lines.iter().map(|(_, l)| (l.kind, l.tokens, l.cost.nano())).collect()
}

fn reason(bill: &Bill) -> String {
    assert_eq!(bill.pricing, Pricing::Estimated, "{:?}", bill.lines);
    bill.doubt.as_ref().expect("a reason").to_string()
}

#[test]
fn sound_sent_to_gemini_costs_what_the_table_says_sound_costs() {
    let prices = built_in();
    let sound = r#"{"promptTokenCount":100000,"candidatesTokenCount":10,"totalTokenCount":100010,
        "promptTokensDetails":[{"modality":"AUDIO","tokenCount":100000}]}"#;
    let bill = prices.bill(&gemini("gemini-2.5-flash"), &generated(sound));
    assert_eq!((nano(&bill), bill.pricing), (100_025_000, Pricing::Exact));
    // Text and sound, some of each from the cache: 0.30, 1, 0.03 and 0.10 dollars a million.
    let mixed = r#"{"promptTokenCount":10000,"cachedContentTokenCount":4000,
        "candidatesTokenCount":100,
        "promptTokensDetails":[{"modality":"TEXT","tokenCount":3000},{"modality":"AUDIO","tokenCount":7000}],
        "cacheTokensDetails":[{"modality":"TEXT","tokenCount":1000},{"modality":"AUDIO","tokenCount":3000}],
        "candidatesTokensDetails":[{"modality":"TEXT","tokenCount":100}]}"#;
    let bill = prices.bill(&gemini("gemini-2.5-flash"), &generated(mixed));
    assert_eq!(
        lines(&bill),
        [
            ("input", 2_000, 600_000),
            ("input_audio", 4_000, 4_000_000),
            ("cache_read", 1_000, 30_000),
            ("cache_read_audio", 3_000, 300_000),
            ("output", 100, 250_000),
        ]
    );
    assert_eq!(bill.pricing, Pricing::Exact);
}

#[test]
fn cached_sound_of_which_nobody_says_how_much_it_was_makes_an_estimate() {
    let untold = r#"{"promptTokenCount":1000,"cachedContentTokenCount":400,
        "candidatesTokenCount":0,
        "promptTokensDetails":[{"modality":"AUDIO","tokenCount":500}]}"#;
    let bill = built_in().bill(&gemini("gemini-2.5-flash"), &generated(untold));
    assert!(reason(&bill).contains("how much of what was cached"));
    // The dearest reading: all the sound is in what was not cached.
    assert_eq!(nano(&bill), 100 * 300 + 500 * 1_000 + 400 * 30);
    // Pictures have no price of their own there, so nothing is in doubt.
    let pictures = untold.replace("AUDIO", "IMAGE");
    let bill = built_in().bill(&gemini("gemini-2.5-flash"), &generated(&pictures));
    assert_eq!((nano(&bill), bill.pricing), (600 * 300 + 400 * 30, Pricing::Exact));
}

#[test]
fn sound_without_a_price_is_an_estimate_that_says_so_and_a_row_of_ones_own_makes_it_exact() {
    let sound = r#"{"prompt_tokens":1000,"completion_tokens":10,"total_tokens":1010,
        "prompt_tokens_details":{"cached_tokens":0,"audio_tokens":1000},
        "completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}"#;
    let bill = built_in().bill(&openai("gpt-4o-audio-preview"), &chatted(sound));
    assert_eq!(nano(&bill), 2_600_000);
    assert!(reason(&bill).contains("sound sent to gpt-4o-audio-preview"));
    let own = with_rows(
        "[[price]]\nprovider = 'openai'\nmodel = 'gpt-4o-audio-*'\ninput = 2.5\noutput = 10\n\
         input_audio = 40\noutput_audio = 80\n",
    );
    let bill = own.bill(&openai("gpt-4o-audio-preview"), &chatted(sound));
    assert_eq!((nano(&bill), bill.pricing), (40_000_000 + 100_000, Pricing::Exact));
    // Without a word of what the answer was, the dearest is taken, as with the table's rows.
    let untold = r#"{"prompt_tokens":0,"completion_tokens":10}"#;
    let bill = own.bill(&openai("gpt-4o-audio-preview"), &chatted(untold));
    assert_eq!(nano(&bill), 800_000);
    assert!(reason(&bill).contains("how much of it was text"));
    // A text-only call to the same model is certain as before.
    let text = sound.replace("\"audio_tokens\":1000", "\"audio_tokens\":0");
    let bill = built_in().bill(&openai("gpt-4o-audio-preview"), &chatted(&text));
    assert_eq!((nano(&bill), bill.pricing), (2_600_000, Pricing::Exact));
}

#[test]
fn spoken_answers_are_billed_by_what_was_sound_and_what_was_text() {
    let told = r#"{"prompt_tokens":300,"completion_tokens":120,
        "prompt_tokens_details":{"cached_tokens":0,"audio_tokens":200,"text_tokens":100},
        "completion_tokens_details":{"audio_tokens":100,"text_tokens":20,"reasoning_tokens":0}}"#;
    let bill = built_in().bill(&openai("gpt-audio"), &chatted(told));
    // 2.50, 32, 10 and 64 dollars a million.
    assert_eq!(
        lines(&bill),
        [
            ("input", 100, 250_000),
            ("input_audio", 200, 6_400_000),
            ("output", 20, 200_000),
            ("output_audio", 100, 6_400_000),
        ]
    );
    assert_eq!(bill.pricing, Pricing::Exact);
    let image = r#"{"promptTokenCount":10,"candidatesTokenCount":1300,"thoughtsTokenCount":50,
        "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]}"#;
    let bill = built_in().bill(&gemini("gemini-2.5-flash-image"), &generated(image));
    assert_eq!(
        (nano(&bill), bill.pricing),
        (10 * 300 + 60 * 2_500 + 1_290 * 30_000, Pricing::Exact)
    );
}

fn responded(items: &str) -> Metered {
    let answer = format!(
        r#"{{"status":"completed","output":[{items}],"usage":{{"input_tokens":1000,"output_tokens":100,"input_tokens_details":{{"cached_tokens":0}}}}}}"#
    );
    answered(Endpoint::Responses, &answer)
}

#[test]
fn hosted_tools_are_billed_each_and_an_unknown_fee_is_told() {
    let prices = built_in();
    let searches = r#"{"type":"file_search_call","status":"completed"},
        {"type":"file_search_call","status":"completed"},{"type":"web_search_call","status":"completed"}"#;
    let bill = prices.bill(&openai("gpt-5"), &responded(searches));
    assert_eq!(lines(&bill)[2..], [("web_search", 1, 10_000_000), ("file_search", 2, 5_000_000)]);
    assert_eq!(bill.pricing, Pricing::Exact);
    let code = r#"{"type":"code_interpreter_call","container_id":"c1"},
        {"type":"code_interpreter_call","container_id":"c1"},
        {"type":"code_interpreter_call","container_id":"c2"}"#;
    let bill = prices.bill(&openai("gpt-5"), &responded(code));
    assert_eq!(lines(&bill)[2], ("code_container", 2, 60_000_000));
    assert!(reason(&bill).contains("sessions of the containers"));
    let image = r#"{"type":"image_generation_call","result":"x"}"#;
    let bill = prices.bill(&openai("gpt-5"), &responded(image));
    assert!(reason(&bill).contains("charges for image generation beside this"));
    // Where nobody knows a fee, the tokens are billed and the rest is said to be missing.
    let other = Call { provider: "x-ai", base_url: "https://api.x.ai/v1", ..openai("grok-4.5") };
    for (items, what) in [(searches, "searches of files"), (code, "running code")] {
        let items = items.replace("web_search_call", "message");
        assert!(reason(&prices.bill(&other, &responded(&items))).contains(what), "{what}");
    }
    let own = with_rows(
        "[[price]]\nprovider='x-ai'\nmodel='*'\ninput=1\noutput=1\nweb_search=1\nfile_search='0.0025'\n",
    );
    assert_eq!(own.bill(&other, &responded(searches)).pricing, Pricing::Exact);
}

fn messaged(usage: &str, content: &str) -> Metered {
    let answer = format!(
        r#"{{"type":"message","model":"claude-opus-5-5","content":[{content}],"usage":{{"input_tokens":1000,"cache_read_input_tokens":1000,"cache_creation_input_tokens":1000,"output_tokens":1000{usage}}}}}"#
    );
    answered(Endpoint::Messages, &answer)
}

#[test]
fn an_answer_made_in_the_united_states_alone_costs_a_tenth_more_but_for_its_searches() {
    let prices = built_in();
    let bill = |usage: &str| prices.bill(&anthropic("claude-opus-5-5"), &messaged(usage, ""));
    // 4, 0.20, 5 and 20 dollars a million, and a cent a search.
    let tokens = 4_000_000 + 200_000 + 5_000_000 + 20_000_000;
    for geo in ["", r#","inference_geo":"global""#, r#","inference_geo":"not_available""#] {
        assert_eq!((nano(&bill(geo)), bill(geo).pricing), (tokens, Pricing::Exact), "{geo}");
    }
    let us = bill(r#","inference_geo":"us","server_tool_use":{"web_search_requests":1}"#);
    assert_eq!((nano(&us), us.pricing), (tokens * 11 / 10 + 10_000_000, Pricing::Exact));
    let fast = bill(r#","inference_geo":"us","speed":"fast""#);
    let fast_anywhere = bill(r#","speed":"fast""#);
    assert_eq!(nano(&fast), nano(&fast_anywhere) * 11 / 10);
    let moon = bill(r#","inference_geo":"moon""#);
    assert_eq!(nano(&moon), tokens);
    assert!(reason(&moon).contains("for inference in moon"));
    // A row of one's own is taken as it is written.
    let own = with_rows("[[price]]\nprovider='anthropic'\nmodel='*'\ninput=1\noutput=1\n");
    let bill = own.bill(&anthropic("claude-opus-5-5"), &messaged(r#","inference_geo":"us""#, ""));
    assert_eq!(nano(&bill), 4_000_000);
}

#[test]
fn code_that_the_provider_ran_by_the_hour_makes_an_estimate() {
    let ran = r#"{"type":"server_tool_use","id":"s","name":"bash_code_execution","input":{}}"#;
    let bill = built_in().bill(&anthropic("claude-opus-5-5"), &messaged("", ran));
    assert!(reason(&bill).contains("charges for code execution"));
    let own = r#"{"type":"tool_use","id":"s","name":"code_execution","input":{}}"#;
    let bill = built_in().bill(&anthropic("claude-opus-5-5"), &messaged("", own));
    assert_eq!(bill.pricing, Pricing::Exact);
}

#[test]
fn every_reason_is_short_enough_for_a_row_and_ends_without_a_full_stop() {
    let model = || "gemini-2.5-flash-native-audio-preview".to_owned();
    for doubt in [
        Doubt::Context { model: model(), context: "service tier priority".into() },
        Doubt::LongWrite { model: model() },
        Doubt::Output { model: model() },
        Doubt::Sound { side: "made by", model: model() },
        Doubt::Cached,
        Doubt::Container { containers: 1_000 },
        Doubt::Fee { what: "grounding with maps" },
    ] {
        let text = doubt.to_string();
        assert!(text.len() <= weir_ledger::TEXT_BYTES_MAX, "{text}");
        assert!(!text.ends_with('.'), "{text}");
    }
}
