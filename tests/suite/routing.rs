//! Where a request goes: by its task and tier, by rules and modes, and where its conversation is.
//! Nothing is moved silently, and nothing is moved to what costs more.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use weir_tests::tokens::{EMBED, HAIKU, MINI};
use weir_tests::{Home, Kind, Provider, Response, Rig, Tokens, Turn, home};

const OPUS: &str = "claude-opus-4-5";
const SONNET: &str = "claude-sonnet-4-5";

const EASY: &str = "Classify the sentiment of this review as positive or negative. Answer with one \
                    word.\n\nReview: The kettle stopped working after two days.";
const HARD: &str = "Design the architecture of a distributed job scheduler that survives the loss of \
                    any two nodes: reason step by step about consensus, exactly-once delivery, clock \
                    skew and back-pressure, compare three designs with their failure modes, and prove \
                    that no job runs twice.";

/// A rig whose chains are Haiku, Sonnet and Opus of one scripted vendor, with more lines of
/// configuration.
fn rig(more: &str) -> Rig {
    with(Provider::answering(weir_tests::answers::natural), more)
}

fn with(provider: Provider, more: &str) -> Rig {
    let home = Home::pointing_at(&provider);
    let text = format!(
        "{}\n[tiers]\nlow = [\"anthropic/{HAIKU}\"]\nmedium = [\"anthropic/{SONNET}\"]\n\
         high = [\"anthropic/{OPUS}\"]\n{more}",
        home::providers(&provider.url())
    );
    home.configure(&text);
    Rig::in_home(home, provider)
}

/// Sends one user message to Messages.
#[track_caller]
fn say(rig: &Rig, model: &str, text: &str, marker: &str, more: &[(&str, &str)]) -> Response {
    let body = json!({"model": model, "max_tokens": 256,
        "messages": [{"role": "user", "content": text}]});
    post(rig, &body, marker, more)
}

#[track_caller]
fn post(rig: &Rig, body: &Value, marker: &str, more: &[(&str, &str)]) -> Response {
    let agent = format!("tests marker/{marker}");
    let mut headers = vec![("user-agent", agent.as_str()), ("x-weir-session", marker)];
    headers.extend(more);
    let call = rig.client().post("/v1/messages", &headers, body.to_string().as_bytes());
    let response = rig.client().send(&call);
    assert_eq!(response.status, 200, "{}", response.text());
    response
}

#[test]
fn weir_auto_takes_the_chain_of_what_the_request_is_and_says_so() {
    let rig = rig("");
    for (text, tier, model) in [(EASY, "low", HAIKU), (HARD, "high", OPUS)] {
        let response = say(&rig, "weir-auto", text, tier, &[]);
        assert_eq!(response.header("x-weir-tier"), tier, "{text}");
        assert_eq!(response.header("x-weir-route"), format!("anthropic/{model}"));
        assert_eq!(response.header("x-weir-reason"), "tier");
    }
    assert_eq!(say(&rig, "weir-auto", EASY, "task", &[]).header("x-weir-task"), "classification");
}

#[test]
fn by_default_a_bare_name_is_honoured_and_still_judged() {
    let rig = rig("");
    let response = say(&rig, OPUS, EASY, "honoured", &[]);
    assert_eq!(response.header("x-weir-route"), format!("anthropic/{OPUS}"));
    assert_eq!(response.header("x-weir-reason"), "asked");
    assert_eq!(response.header("x-weir-task"), "classification");
    assert_eq!(rig.provider.last().asked.text().matches(OPUS).count(), 1);
}

#[test]
fn tiered_mode_sends_easy_work_to_the_low_chain_and_hard_work_nowhere_dearer() {
    let rig = rig("[routing]\nmode = \"tiered\"\n");
    let response = say(&rig, OPUS, EASY, "easy", &[]);
    assert_eq!(response.header("x-weir-route"), format!("anthropic/{HAIKU}"));
    let response = say(&rig, HAIKU, HARD, "hard", &[]);
    assert_eq!(response.header("x-weir-route"), format!("anthropic/{HAIKU}"), "Opus is dearer");
    assert_eq!(response.header("x-weir-reason"), "asked");
    let named = say(&rig, &format!("anthropic/{OPUS}"), EASY, "named", &[]);
    assert_eq!(named.header("x-weir-reason"), "named", "a named provider is taken at its word");
}

#[test]
fn hints_of_the_client_win_over_what_is_judged() {
    let rig = rig("");
    let hints = [("x-weir-tier", "high"), ("x-weir-task", "planning")];
    let response = say(&rig, "weir-auto", EASY, "hinted", &hints);
    assert_eq!(response.header("x-weir-route"), format!("anthropic/{OPUS}"));
    assert_eq!(response.header("x-weir-task"), "planning");
}

#[test]
fn a_rule_for_what_a_tool_asks_beside_the_conversation_leaves_the_conversation_alone() {
    let rig =
        rig("[[rules]]\nwhen = { client = \"tests\", class = \"auxiliary\" }\nuse = \"low\"\n\
         [[rules]]\nwhen = { model = \"claude-sonnet-*\", task = \"classification\" }\n\
         use = [\"openai/gpt-4o-mini\"]\n");
    let aside = [("x-claude-code-request-class", "auxiliary")];
    let response = say(&rig, OPUS, HARD, "title", &aside);
    assert_eq!(response.header("x-weir-reason"), "rule");
    assert_eq!(response.header("x-weir-route"), format!("anthropic/{HAIKU}"));
    assert_eq!(say(&rig, OPUS, HARD, "main", &[]).header("x-weir-reason"), "asked");
    let response = say(&rig, SONNET, EASY, "sorted", &[]);
    assert_eq!(response.header("x-weir-route"), format!("openai/{MINI}"));
}

#[test]
fn rules_tell_a_tools_subagents_and_its_compaction_from_the_conversation() {
    let rig = rig("[[rules]]\nwhen = { class = \"subagent\" }\nuse = \"medium\"\n\
         [[rules]]\nwhen = { class = \"compaction\" }\nuse = \"low\"\n");
    let agent = [("x-claude-code-agent-id", "a1")];
    let compacts = [("x-claude-code-compaction", "auto")];
    let both = [agent[0], compacts[0]];
    for (marker, headers, reason, model) in [
        ("main", &[][..], "asked", OPUS),
        ("agent", &agent[..], "rule", SONNET),
        ("compacts", &compacts[..], "rule", HAIKU),
        ("agent-compacts", &both[..], "rule", HAIKU),
    ] {
        let response = say(&rig, OPUS, HARD, marker, headers);
        assert_eq!(response.header("x-weir-reason"), reason, "{marker}");
        assert_eq!(response.header("x-weir-route"), format!("anthropic/{model}"), "{marker}");
        rig.settled(marker);
    }
    let log = rig.home.weir(&["log", "--json", "--limit", "10"]).json();
    let class = |marker: &str| {
        let mut rows = log.as_array().expect("rows").iter();
        rows.find(|row| row["session"] == marker).map(|row| row["class"].clone())
    };
    assert_eq!(class("agent"), Some("subagent".into()));
    assert_eq!(class("agent-compacts"), Some("compaction".into()));
}

#[test]
fn embeddings_take_the_model_named_for_them_and_a_model_named_by_the_client_is_never_moved() {
    let rig = rig(&format!(
        "[routing]\nmode = \"tiered\"\ntasks = {{ embedding = \"openai/{EMBED}\" }}\n"
    ));
    let embed = |model: &str, marker: &str| {
        let body = json!({"model": model, "input": ["where does water go", "and when"]});
        let agent = format!("tests marker/{marker}");
        let headers = [("user-agent", agent.as_str()), ("x-weir-session", marker)];
        let call = rig.client().post("/v1/embeddings", &headers, body.to_string().as_bytes());
        let response = rig.client().send(&call);
        assert_eq!(response.status, 200, "{}", response.text());
        rig.settled(marker);
        response
    };
    let named_for = embed("weir-auto", "named-for");
    assert_eq!(named_for.header("x-weir-route"), format!("openai/{EMBED}"));
    assert_eq!(named_for.header("x-weir-reason"), "task-model");
    assert_eq!(named_for.header("x-weir-task"), "embedding");
    let own = embed("text-embedding-3-large", "own");
    assert_eq!(own.header("x-weir-route"), "openai/text-embedding-3-large");
    assert_eq!(own.header("x-weir-reason"), "asked");
}

#[test]
fn a_conversation_stays_where_its_prompt_is_warm_and_its_row_tells_what_moving_would_have_cost() {
    let rig = with(Provider::scripted(), "");
    let mut warm = Tokens::plain(100, 50);
    warm.cache_write_5m = 40_000;
    let mut turn = Turn::new(Kind::Messages, warm);
    turn.model = OPUS.into();
    rig.provider.script(turn.whole().answer());
    let first = say(&rig, "weir-auto", HARD, "talk", &[]);
    assert_eq!(first.header("x-weir-route"), format!("anthropic/{OPUS}"));

    // The same conversation, with its 40,000 tokens and an easy question at the end.
    let mut next = Tokens::plain(100, 5);
    next.cache_read = 40_000;
    turn.tokens = next;
    rig.provider.script(turn.whole().answer());
    let history = "water ".repeat(27_000);
    let body = json!({"model": "weir-auto", "max_tokens": 256, "messages": [
        {"role": "user", "content": HARD},
        {"role": "assistant", "content": history},
        {"role": "user", "content": "Thanks. Is 7 a prime number? Answer yes or no."}]});
    let second = post(&rig, &body, "talk", &[]);
    assert_eq!(second.header("x-weir-route"), format!("anthropic/{OPUS}"));
    assert_eq!(second.header("x-weir-reason"), "kept");

    // Another conversation begins where its own first question belongs.
    turn.model = HAIKU.into();
    rig.provider.script(turn.whole().answer());
    let other = say(&rig, "weir-auto", EASY, "other", &[]);
    assert_eq!(other.header("x-weir-route"), format!("anthropic/{HAIKU}"));
    rig.settled("other");

    let log = rig.home.weir(&["log", "--json", "--limit", "10"]).json();
    let rows = log.as_array().expect("a list");
    let kept = rows.iter().find(|row| row["reason"] == "kept").expect("the kept row");
    assert_eq!(kept["tier"], "low", "{kept}");
    let candidates = kept["candidates"].as_array().expect("candidates");
    assert!(candidates.len() >= 2, "{kept}");
    let usd = |row: &Value| row["expected_usd"].as_str().expect("a price").parse::<f64>().unwrap();
    assert!(usd(&candidates[0]) < usd(&candidates[1]), "moving would have cost more: {kept}");
}

#[test]
fn shadow_mode_changes_nothing_and_notes_where_a_request_would_have_gone() {
    let rig = rig("[routing]\nmode = \"shadow\"\n");
    let response = say(&rig, OPUS, EASY, "shadow", &[]);
    assert_eq!(response.header("x-weir-route"), format!("anthropic/{OPUS}"));
    assert_eq!(response.header("x-weir-reason"), "asked");
    rig.settled("shadow");
    let log = rig.home.weir(&["log", "--json"]).json();
    let shadow = &log[0]["shadow"];
    assert_eq!(shadow["route"], format!("anthropic/{HAIKU}"), "{log}");
}

#[test]
fn a_chain_that_is_spent_ends_at_the_model_that_was_asked_for() {
    let overloaded =
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let provider = Provider::answering(move |asked| {
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        if body["model"] == HAIKU {
            return weir_tests::answers::Reply::json(529, overloaded).answer();
        }
        weir_tests::answers::natural(asked)
    });
    let rig = with(provider, "[routing]\nmode = \"tiered\"\n");
    let response = say(&rig, OPUS, EASY, "spent", &[]);
    assert_eq!(response.header("x-weir-route"), format!("anthropic/{OPUS}"));
    rig.settled("spent");
}

#[test]
fn a_conversation_stays_on_its_model_also_when_weir_was_started_anew() {
    let mut rig = rig("");
    let first = say(&rig, "weir-auto", HARD, "lasting", &[]);
    assert_eq!(first.header("x-weir-route"), format!("anthropic/{OPUS}"));
    rig.settled("lasting");
    rig.stop_and_start();
    let body = json!({"model": "weir-auto", "max_tokens": 256, "messages": [
        {"role": "user", "content": HARD},
        {"role": "assistant", "content": "water ".repeat(27_000)},
        {"role": "user", "content": "Thanks. Is 7 a prime number? Answer yes or no."}]});
    weir_tests::wait::until("the conversation to be recalled", || {
        post(&rig, &body, "lasting", &[]).header("x-weir-reason") == "kept"
    });
}

#[test]
fn a_prompt_that_only_the_asked_model_caches_is_not_sent_where_every_turn_reads_it_whole() {
    let rig = rig("[routing]\nmode = \"tiered\"\n");
    // Some three thousand tokens: Sonnet caches from 1,024 on, Haiku 4.5 from 4,096.
    let system = "water ".repeat(2_300);
    let ask = |marked: bool, marker: &str| {
        let mut block = json!({"type": "text", "text": system});
        if marked {
            block["cache_control"] = json!({"type": "ephemeral"});
        }
        let body = json!({"model": SONNET, "max_tokens": 256, "system": [block],
            "messages": [{"role": "user", "content": EASY}]});
        post(&rig, &body, marker, &[("x-weir-tier", "low")]).header("x-weir-route").to_owned()
    };
    assert_eq!(ask(false, "plain"), format!("anthropic/{HAIKU}"));
    assert_eq!(ask(true, "marked"), format!("anthropic/{SONNET}"));
}

#[test]
fn after_one_failure_the_same_call_goes_back_to_the_first_link_although_the_other_has_no_price() {
    let failed = AtomicBool::new(false);
    let provider = Provider::answering(move |asked| {
        if asked.path().starts_with("/odd/") || failed.swap(true, Ordering::SeqCst) {
            return weir_tests::answers::natural(asked);
        }
        let overloaded =
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        weir_tests::answers::Reply::json(529, overloaded).answer()
    });
    let odd = format!(
        "[providers.odd]\ndialect = \"anthropic\"\nbase_url = \"{}/odd\"\n\
         key = \"env:CANARY_ANTHROPIC_KEY\"\nlocal = false\n\
         [[rules]]\nwhen = {{ client = \"tests\" }}\n\
         use = [\"anthropic/{HAIKU}\", \"odd/nobody-knows-7\"]\n",
        provider.url()
    );
    let rig = with(provider, &odd);
    let mut went = Vec::new();
    for _ in 0..3 {
        went.push(say(&rig, OPUS, EASY, "again", &[]).header("x-weir-route").to_owned());
    }
    let home = format!("anthropic/{HAIKU}");
    assert_eq!(went, ["odd/nobody-knows-7".to_owned(), home.clone(), home]);
}

#[test]
fn an_unsure_judgement_gets_a_second_opinion_whose_cost_is_booked() {
    let provider = Provider::answering(|asked| {
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        if body["model"] == MINI {
            let mut turn = Turn::new(Kind::Chat, Tokens::plain(300, 4));
            turn.model = MINI.into();
            turn.text = vec!["planning high".into()];
            return turn.whole().answer();
        }
        weir_tests::answers::natural(asked)
    });
    // Nothing is surer than a thousand thousandths, so that every judgement is unsure here.
    let asks =
        format!("[routing]\nsecond_opinion = {{ model = \"openai/{MINI}\", below = 1.0 }}\n");
    let rig = with(provider, &asks);
    let response = say(&rig, "weir-auto", EASY, "unsure", &[]);
    assert_eq!(response.header("x-weir-task"), "planning");
    assert_eq!(response.header("x-weir-route"), format!("anthropic/{OPUS}"));
    rig.settled("unsure");
    rig.quiet();
    let log = rig.home.weir(&["log", "--json"]).json();
    let own = log.as_array().expect("rows").iter().find(|row| row["client"] == "weir");
    let own = own.unwrap_or_else(|| panic!("no row of Weir's own in {log}"));
    assert_eq!(own["route"], format!("openai/{MINI}"));
    assert!(own["cost_usd"].as_str().is_some_and(|usd| usd > "0.000000000"), "{own}");
    // Nobody acts on the judgement of a model that was named: no opinion is asked for.
    let before = rig.provider.count();
    say(&rig, OPUS, EASY, "named", &[]);
    assert_eq!(rig.provider.count(), before + 1);
}

#[test]
fn a_second_opinion_counts_in_its_budgets_and_is_not_asked_where_they_are_full() {
    let asks =
        format!("[routing]\nsecond_opinion = {{ model = \"openai/{MINI}\", below = 1.0 }}\n");
    // An opinion may cost $0.0003, and a few answers of Opus less than $5.
    let budget = |name: &str, limit: &str, scope: &str| {
        format!(
            "[[budgets]]\nname = \"{name}\"\nperiod = \"month\"\nlimit_usd = {limit}\n\
             at_limit = \"block\"\nscope = {{ {scope} }}\n"
        )
    };
    let own = "client = \"weir\"";
    let rig = rig(&(asks.clone() + &budget("own", "5", own) + &budget("all", "5", "")));
    say(&rig, "weir-auto", EASY, "counted", &[]);
    rig.quiet();
    let costs: Vec<i64> = rig.rows().iter().filter_map(|row| row.end.as_ref()?.cost).collect();
    assert_eq!(costs.len(), 2, "the opinion and the answer");
    let all = rig.home.weir(&["budget", "list", "--json"]).json();
    let spent =
        |at: usize| weir_tests::auditor::nano(all[at]["spent_usd"].as_str().expect("money"));
    let opinion = rig.rows().iter().find(|row| row.client == "weir").map(|row| row.cost());
    assert!(opinion > Some(0), "{opinion:?}");
    assert_eq!(spent(0), opinion, "{all}");
    assert_eq!(spent(1), Some(costs.iter().copied().map(i128::from).sum()), "{all}");

    let full = self::rig(&(asks + &budget("own", "0.00001", own)));
    say(&full, "weir-auto", EASY, "full", &[]);
    full.quiet();
    assert_eq!(full.rows().len(), 1, "the answer alone");
    assert_eq!(full.provider.count(), 1);
}
