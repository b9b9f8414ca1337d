//! What Weir says before and after a request is what happened: which tiers can answer, where a body
//! would go, what a request was judged and why it stayed, and what Weir refused itself.

use crate::failover::course::{Course, LANES, Lane};
use serde_json::{Value, json};
use weir_tests::local_servers::{Held, Likeness, LocalServer};
use weir_tests::{Asked, Home, Provider, Response, Rig, answers, home};

const EASY: &str = "Classify the sentiment of this review as positive or negative. Answer with one \
                    word.\n\nReview: The kettle stopped working after two days.";

/// A rig whose configuration names one provider alone, with its key.
fn with_one(name: &str, more: &str) -> Rig {
    let provider = Provider::answering(answers::natural);
    let home = Home::pointing_at(&provider);
    home.configure(&(one(name, &provider.url()) + more));
    Rig::in_home(home, provider)
}

fn one(name: &str, url: &str) -> String {
    let (version, key) = (if name == "openai" { "/v1" } else { "" }, name.to_ascii_uppercase());
    format!("[providers.{name}]\nbase_url = \"{url}{version}\"\nkey = \"env:CANARY_{key}_KEY\"\n\n")
}

/// Asks Chat, the dialect that any provider can be asked in.
fn chat(rig: &Rig, model: &str, text: &str, marker: &str) -> Response {
    let body = json!({"model": model, "max_tokens": 64,
        "messages": [{"role": "user", "content": text}]});
    let agent = format!("tests marker/{marker}");
    let headers = [("user-agent", agent.as_str()), ("x-weir-session", marker)];
    let call = rig.client().post("/v1/chat/completions", &headers, body.to_string().as_bytes());
    rig.client().send(&call)
}

/// A program's words in one line, wherever they were broken.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The doctor's checks of the tiers that failed.
fn ill_tiers(home: &Home) -> Vec<Value> {
    let ran = home.weir(&["doctor", "--json"]);
    let doctor: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let checks = doctor["checks"].as_array().cloned().unwrap_or_default();
    let of_a_tier = |check: &Value| check["name"].as_str().is_some_and(|n| n.starts_with("tier "));
    checks.into_iter().filter(|c| of_a_tier(c) && c["state"] == "fail").collect()
}

#[test]
fn a_newcomer_with_a_key_of_any_one_vendor_is_answered_on_every_tier() {
    for name in ["anthropic", "openai", "gemini"] {
        let rig = with_one(name, "");
        for tier in ["low", "medium", "high"] {
            let marker = format!("{name}-{tier}");
            let response = chat(&rig, &format!("weir-{tier}"), EASY, &marker);
            assert_eq!(response.status, 200, "{marker}: {}", response.text());
            let route = response.header("x-weir-route").to_owned();
            assert!(route.starts_with(&format!("{name}/")), "{marker}: {route}");
            assert_eq!(response.header("x-weir-reason"), "tier", "{marker}");
            rig.settled(&marker);
        }
        assert_eq!(ill_tiers(&rig.home), Vec::<Value>::new(), "{name}");
        let shown = rig.home.weir(&["config", "show"]).ok();
        assert_eq!(shown.contains("# weir-medium asks"), name != "anthropic", "{shown}");
    }
}

#[test]
fn a_tier_that_nothing_can_answer_fails_the_doctor_and_status_says_the_line_that_mends_it() {
    let written = "[tiers]\nhigh = [\"anthropic/claude-sonnet-4-5\"]\n";
    let rig = with_one("openai", written);
    assert_eq!(chat(&rig, "weir-high", EASY, "keyless").status, 403);
    let ill = ill_tiers(&rig.home);
    assert_eq!(ill.len(), 1, "{ill:?}");
    assert_eq!(ill[0]["name"], "tier high");
    let text = |key: &str| ill[0][key].as_str().unwrap_or_default().to_owned();
    assert!(text("found").contains("no key for anthropic"), "{}", text("found"));
    assert!(text("fix").contains("high = [\"openai/gpt-5\"]"), "{}", text("fix"));
    assert!(text("fix").contains("weir key set anthropic"), "{}", text("fix"));
    assert_eq!(rig.home.weir(&["doctor"]).code, 1);
    let status = flat(&rig.home.weir(&["status"]).ok());
    assert!(status.contains("no key for anthropic"), "{status}");
    assert!(status.contains("high = [\"openai/gpt-5\"]"), "{status}");
}

#[test]
fn with_local_models_alone_the_tiers_that_need_more_are_told_and_can_be_given_to_them() {
    let local =
        LocalServer::start(Likeness::Ollama, vec![Held::new("llama3.2:3b", 32_768).loaded()]);
    let home = Home::bare();
    home.configure(&format!("[providers.ollama]\nbase_url = \"{}\"\n", local.url()));
    let ill = ill_tiers(&home);
    let names: Vec<&str> = ill.iter().filter_map(|check| check["name"].as_str()).collect();
    assert_eq!(names, ["tier medium", "tier high"], "{ill:?}");
    let fix = ill[0]["fix"].as_str().unwrap_or_default();
    assert!(fix.contains("medium = [\"local\"]"), "{fix}");
}

#[test]
fn a_trial_says_of_each_way_whether_it_can_answer_and_the_request_then_goes_as_it_said() {
    let chain = "[tiers]\nmedium = [\"anthropic/claude-haiku-4-5\", \"openai/gpt-4o-mini\"]\n\
                 high = [\"anthropic/claude-sonnet-4-5\"]\n";
    let rig = with_one("openai", chain);
    let trial = |model: &str, args: &[&str]| {
        let body = json!({"model": model, "messages": [{"role": "user", "content": EASY}]});
        let args = [&["route", "test", "--dialect", "openai"], args].concat();
        rig.home.weir_reading(&args, &body.to_string())
    };
    let test = trial("weir-medium", &["--json"]).json();
    let ways = test["candidates"].as_array().expect("candidates");
    let unable = |way: &Value| way["unable"].as_str().unwrap_or_default().to_owned();
    assert!(unable(&ways[0]).contains("no key for anthropic"), "{test}");
    assert_eq!(ways[1]["unable"], Value::Null, "{test}");
    let text = trial("weir-medium", &[]).ok();
    let rows: Vec<&str> = text.lines().filter(|line| line.contains('/')).collect();
    assert!(text.contains("expected") && !text.contains("at most"), "{text}");
    assert!(flat(&text).contains("no key for anthropic"), "{text}");
    assert!(!text.contains('…') && !text.contains("failed"), "{text}");
    assert!(rows[1].contains("next in the chain"), "{text}");
    // What is said is what happens.
    let response = chat(&rig, "weir-medium", EASY, "said");
    assert_eq!(response.header("x-weir-route"), "openai/gpt-4o-mini");
    rig.settled("said");
    let none = flat(&trial("weir-high", &[]).ok());
    assert!(none.contains("Nothing of this can answer now"), "{none}");
    assert_eq!(chat(&rig, "weir-high", EASY, "none").status, 403);
}

#[test]
fn a_tier_that_was_asked_for_is_told_beside_the_one_that_was_judged() {
    let rig = with_one("openai", "");
    assert_eq!(chat(&rig, "weir-high", EASY, "told").status, 200);
    assert_eq!(chat(&rig, "gpt-4o-mini", EASY, "judged").status, 200);
    rig.settled("told");
    rig.settled("judged");
    let log = rig.home.weir(&["log", "--json"]).json();
    let row = |marker: &str| {
        let mut rows = log.as_array().expect("rows").iter();
        rows.find(|row| row["session"] == marker).expect("the row").clone()
    };
    let (told, judged) = (row("told"), row("judged"));
    assert_eq!((&told["tier"], &told["judged_tier"]), (&json!("high"), &judged["tier"]), "{told}");
    assert_eq!(judged["judged_tier"], Value::Null, "{judged}");
    let explained = flat(&rig.home.weir(&["explain", told["id"].as_str().expect("an id")]).ok());
    assert!(explained.contains("Judged: classification, low,"), "{explained}");
    assert!(explained.contains("asked for high"), "{explained}");
    assert!(!explained.contains("classification, high"), "{explained}");
}

#[test]
fn what_weir_refuses_itself_can_be_explained_by_the_id_that_was_handed_out() {
    let lane = LANES[0];
    let down = move |_, _: &Asked| lane.error(503, "overloaded_error", "down").answer();
    let course = Course::of(lane, false, down);
    course.ask_alone("failing");
    let refused = course.ask_alone("refused");
    assert_eq!(refused.response.status, 503, "{}", refused.response.text());
    let id = refused.response.header("x-weir-request-id").to_owned();
    let explained = flat(&course.rig.home.weir(&["explain", &id]).ok());
    assert!(explained.contains("Weir refused it (503)"), "{explained}");
    assert!(explained.contains("resting for another"), "{explained}");
    assert!(explained.contains("Nothing was sent"), "{explained}");
    let json = course.rig.home.weir(&["explain", &id, "--json"]).json();
    assert_eq!((&json["id"], &json["outcome"]), (&json!(id), &json!("refused")), "{json}");
    assert_eq!(json["attempts"], json!([]), "{json}");
    // One that could not be read has an id as well, and so it is told.
    let broken = course.rig.client().post("/v1/messages", &[], b"{");
    let broken = course.rig.client().send(&broken);
    assert_eq!(broken.status, 400);
    let told = course.rig.home.weir(&["explain", broken.header("x-weir-request-id")]).ok();
    assert!(told.contains("Weir refused it (400)"), "{told}");
    let unknown = course.rig.home.weir(&["explain", "wr_0000000000000"]);
    assert!(unknown.stderr.contains("refused itself"), "{}", unknown.stderr);
}

#[test]
fn a_refusal_names_first_what_matters_and_a_route_that_rests_says_what_it_failed_of() {
    let lane = LANES[0];
    let down = move |_, _: &Asked| lane.error(529, "overloaded_error", "down").answer();
    let answers = |lane: Lane, _: &Asked| lane.turn("fall", lane.models()[1]).stream().answer();
    let rule = format!(
        "[[rules]]\nwhen = {{ model = \"claude-ruled\" }}\nuse = [\"{}/{}\", \"openai/gpt-5\"]\n",
        lane.dialect(),
        lane.models()[0]
    );
    let course = Course::with(lane, false, &rule, down, answers);
    (0..3).for_each(|number| drop(course.ask(&format!("fails-{number}"))));
    let tried = course.ask("rested").response.header("x-weir-tried").to_owned();
    assert!(tried.contains("3 failures, the last one status 529"), "{tried}");
    let refused = course.ask_model("claude-ruled", "ruled").response;
    assert_eq!(refused.status, 503, "{}", refused.text());
    let text = refused.text();
    let (rests, keyless) = (text.find("resting for another"), text.find("no key for openai"));
    assert!(rests.is_some() && rests < keyless, "{text}");
}

#[test]
fn a_refused_attempt_is_not_said_to_have_a_usage_that_was_reported() {
    let limited = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#;
    let provider = Provider::scripted();
    provider.script(answers::Reply::json(429, limited).answer());
    let home = Home::pointing_at(&provider);
    home.configure(&home::providers(&provider.url()));
    let rig = Rig::in_home(home, provider);
    assert_eq!(chat(&rig, "anthropic/claude-haiku-4-5", EASY, "limited").status, 429);
    rig.settled("limited");
    let log = rig.home.weir(&["log", "--json"]).json();
    let explained = flat(&rig.home.weir(&["explain", log[0]["id"].as_str().expect("an id")]).ok());
    assert!(!explained.contains("reported the usage"), "{explained}");
    assert!(explained.contains("Exact: no answer came, so nothing was used"), "{explained}");
}

#[test]
fn status_tells_a_resting_provider_whole() {
    let lane = LANES[0];
    let down = move |_, _: &Asked| {
        lane.error(429, "rate_limit_error", "slow down").with("retry-after", "600").answer()
    };
    let course = Course::of(lane, false, down);
    course.ask_alone("limited");
    let status = course.rig.home.weir(&["status"]).ok();
    assert!(!status.lines().any(|line| line.contains("failure") && line.contains('…')), "{status}");
    let status = flat(&status);
    assert!(status.contains("resting until") && status.contains("status 429"), "{status}");
}

#[test]
fn the_configuration_in_force_shows_the_second_opinion_also_where_there_is_none() {
    let home = Home::bare();
    let shown = home.weir(&["config", "show"]).ok();
    let line = shown.lines().find(|line| line.contains("second_opinion")).unwrap_or_default();
    assert!(line.starts_with("# ") && line.contains("off"), "{shown}");
    home.configure(&shown);
    assert_eq!(home.weir(&["config", "check"]).code, 0);
}
