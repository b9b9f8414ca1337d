//! What a request meets at a limit: a cheaper model, a local one or a refusal, in every dialect, and
//! never in silence. And a subscription's window, which is paced and ends on local models.

use crate::bad_input::message;
use serde_json::{Value, json};
use weir_tests::answers::Reply;
use weir_tests::auditor::Strictness;
use weir_tests::tokens::{HAIKU, MINI};
use weir_tests::{Answer, Asked, Client, Home, Kind, Provider, Response, Rig, Step, Tokens, Turn};
use weir_tests::{home, wait};

const OPUS: &str = "claude-opus-4-5";
const LOCAL: &str = "qwen3:8b";

/// An Ollama with one model, as far as it is looked at.
fn ollama(asked: &Asked) -> Answer {
    let model = json!({"name": LOCAL, "model": LOCAL, "size": 5_225_388_164u64,
        "digest": "500a1f067a9f", "details": {"family": "qwen3", "parameter_size": "8.2B"},
        "capabilities": ["completion", "tools"]});
    let mut running = model.clone();
    running["context_length"] = json!(32_768);
    let body = match asked.path() {
        "/api/version" => json!({"version": "0.33.0"}),
        "/api/tags" => json!({"models": [model]}),
        "/api/ps" => json!({"models": [running]}),
        "/" => return Reply::json(200, "Ollama is running").answer(),
        _ => return Reply::json(404, "404 page not found").answer(),
    };
    Reply::json(200, body.to_string()).answer()
}

/// 40 tokens in and 256 out, from whatever model in whatever dialect.
fn plain(asked: &Asked) -> Answer {
    let Some(kind) = Kind::of(asked.path()).filter(|_| asked.method == "POST") else {
        return ollama(asked);
    };
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let mut turn = Turn::new(kind, Tokens::plain(40, 256));
    turn.usage_chunk = body["stream_options"]["include_usage"] == true;
    if let Some(model) = body["model"].as_str() {
        turn.model = model.into();
    }
    let streamed = body["stream"] == true || asked.path().ends_with(":streamGenerateContent");
    if streamed { turn.stream().answer() } else { turn.whole().answer() }
}

/// Three vendors and an Ollama that are one scripted provider, and who is told.
struct Stage {
    rig: Rig,
    hook: Provider,
}

fn budget(name: &str, limit: &str, at_limit: &str, scope: &str) -> String {
    format!(
        "[[budgets]]\nname = \"{name}\"\nperiod = \"week\"\nlimit_usd = {limit}\n\
         at_limit = \"{at_limit}\"\nscope = {{ {scope} }}\n"
    )
}

impl Stage {
    fn new(more: &str) -> Self {
        Self::with(Provider::answering(plain), more, |text| text)
    }

    fn with(provider: Provider, more: &str, edit: impl Fn(String) -> String) -> Self {
        let hook = Provider::answering(|_| Reply::json(200, "{}").answer());
        let home = Home::pointing_at(&provider);
        home.configure(&edit(format!(
            "{}[providers.ollama]\nbase_url = \"{}\"\nlocal = true\n\n\
             [alerts]\ndesktop = false\nwebhook = \"{}\"\n\n{more}",
            home::providers(&provider.url()),
            provider.url(),
            hook.url(),
        )));
        let rig = Rig::in_home(home, provider);
        rig.home.weir(&["local", "status"]).ok();
        Self { rig, hook }
    }

    /// The models that were asked, in order.
    fn asked(&self) -> Vec<String> {
        let all = self.rig.provider.truth();
        let calls = all.iter().filter(|a| a.whole && a.asked.marker().is_some());
        let model = |asked: &Asked| {
            let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
            body["model"].as_str().unwrap_or_else(|| asked.path()).to_owned()
        };
        calls.map(|a| model(&a.asked)).collect()
    }

    fn ask(&self, kind: Kind, model: &str, stream: bool, marker: &str) -> Response {
        let client = self.rig.client();
        client.send(&client.call_model(kind, model, stream, marker))
    }

    /// Budgets that were told to be at their limits, in order, with what was said.
    fn limits_told(&self) -> Vec<(String, String)> {
        let all = self.hook.truth();
        let read = |a: &weir_tests::provider::Attempt| -> Value {
            serde_json::from_slice(&a.asked.body).expect("an alert is JSON")
        };
        let alerts = all.iter().filter(|a| a.whole).map(read);
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        alerts
            .filter(|alert| alert["kind"] == "limit")
            .map(|alert| (text(&alert["budget"]), text(&alert["message"])))
            .collect()
    }

    /// The row of a marker, as `weir log` tells it.
    #[track_caller]
    fn logged(&self, marker: &str) -> Value {
        self.rig.settled(marker);
        let log = self.rig.home.weir(&["log", "--json", "--limit", "100"]).json();
        let found = log.as_array().expect("a list").iter().find(|row| row["session"] == marker);
        found.unwrap_or_else(|| panic!("no {marker} in {log}")).clone()
    }

    /// That an answer came from there, for that reason, and that header and log both say so.
    #[track_caller]
    fn came_from(&self, response: &Response, marker: &str, route: &str, reason: &str) {
        assert_eq!(response.status, 200, "{marker}: {}", response.text());
        let header = (response.header("x-weir-route"), response.header("x-weir-reason"));
        assert_eq!(header, (route, reason), "{marker}");
        let row = self.logged(marker);
        assert_eq!((row["route"].as_str(), row["reason"].as_str()), (Some(route), Some(reason)));
    }
}

const CHAINS: &str = "[tiers]\nlow = [\"ollama/qwen3:8b\"]\nmedium = [\"anthropic/claude-haiku-4-5\"]\n\
                      high = [\"anthropic/claude-opus-4-5\", \"anthropic/claude-haiku-4-5\"]\n";

/// Opus may cost $0.0068 for 256 tokens, Haiku $0.0014.
const BETWEEN: &str = "0.005";

#[test]
fn a_downgrade_takes_the_cheaper_link_of_the_chain_in_every_dialect_and_says_so() {
    let own = |kind: Kind| {
        let name = format!("down-{kind:?}");
        budget(&name, BETWEEN, "downgrade", &format!("session = \"{name}\""))
    };
    let stage = Stage::new(&(Kind::TALKING.map(own).concat() + CHAINS));
    let cheaper = format!("anthropic/{HAIKU}");
    for kind in Kind::TALKING {
        let marker = format!("down-{kind:?}");
        for stream in [false, true] {
            let response = stage.ask(kind, "weir-high", stream, &marker);
            assert_eq!(response.status, 200, "{marker}: {}", response.text());
            assert_eq!(response.header("x-weir-route"), cheaper, "{marker}");
            assert_eq!(response.header("x-weir-reason"), "budget-cheaper", "{marker}");
            stage.rig.settled(&marker);
        }
        let row = stage.logged(&marker);
        assert_eq!(row["reason"], "budget-cheaper", "{row}");
        let gave_way = row["candidates"].as_array().expect("candidates");
        let opus = format!("anthropic/{OPUS}");
        assert!(gave_way.iter().any(|c| c["route"] == opus.as_str()), "{row}");
    }
    assert!(stage.asked().iter().all(|model| model == HAIKU), "{:?}", stage.asked());
    let names = || -> Vec<String> { stage.limits_told().into_iter().map(|told| told.0).collect() };
    wait::until("four notices", || names().len() >= 4);
    assert_eq!(names(), Kind::TALKING.map(|kind| format!("down-{kind:?}")), "each once");
    let said = &stage.limits_told()[0].1;
    assert!(said.starts_with("Down-Messages budget at its limit: $0 of $0.005"), "{said}");
    assert!(said.contains("Cheaper models answer instead until Monday"), "{said}");
}

#[test]
fn a_conversation_that_a_budget_moved_goes_home_when_there_is_room_again() {
    let stage = Stage::new(&(budget("week", BETWEEN, "downgrade", "") + CHAINS));
    let moved = stage.ask(Kind::Messages, "weir-high", false, "talk");
    stage.came_from(&moved, "talk", &format!("anthropic/{HAIKU}"), "budget-cheaper");
    stage.rig.home.weir(&["budget", "lift", "week", "--for", "1h", "--by", "5"]).ok();
    let home = stage.ask(Kind::Messages, "weir-high", false, "talk");
    assert_eq!(home.header("x-weir-route"), format!("anthropic/{OPUS}"));
    assert_eq!(home.header("x-weir-reason"), "tier");
    stage.rig.settled("talk");
}

#[test]
fn a_downgrade_goes_to_the_tier_below_where_the_own_chain_has_nothing_cheaper() {
    let stage = Stage::new(&(budget("week", BETWEEN, "downgrade", "") + CHAINS));
    let body = json!({"model": OPUS, "max_tokens": 256,
        "messages": [{"role": "user", "content": "How does water find its level?"}]});
    let headers = [
        ("user-agent", "tests marker/below"),
        ("x-weir-session", "below"),
        ("x-weir-tier", "medium"),
    ];
    let client = stage.rig.client();
    let call = client.post("/v1/messages", &headers, body.to_string().as_bytes());
    let response = client.send(&call);
    stage.came_from(&response, "below", &format!("anthropic/{HAIKU}"), "budget-tier");
    // What names its provider is the client's own word, and is refused instead.
    let named = stage.ask(Kind::Messages, &format!("anthropic/{OPUS}"), false, "named");
    assert_eq!(named.status, 402);
    assert!(message(Kind::Messages, &named).contains("Budget week"), "{}", named.text());
}

#[test]
fn at_a_local_limit_local_models_answer_in_every_dialect_and_it_is_told_once() {
    let mut stage = Stage::new(&(budget("week", "0.0001", "local", "") + CHAINS));
    for kind in Kind::TALKING {
        for stream in [false, true] {
            let marker = format!("local-{kind:?}-{stream}");
            let response = stage.ask(kind, kind.model(), stream, &marker);
            stage.came_from(&response, &marker, "ollama/qwen3:8b", "budget-local");
        }
    }
    assert!(stage.asked().iter().all(|model| model == LOCAL), "nothing paid: {:?}", stage.asked());
    wait::until("the notice", || !stage.limits_told().is_empty());
    let said = "Week budget at its limit: $0 of $0.0001, and a request that is likely to cost ";
    let told = stage.limits_told();
    assert!(told[0].1.starts_with(said), "{told:?}");
    assert!(told[0].1.ends_with("Local models answer instead until Monday."), "{told:?}");
    let status = stage.rig.home.weir(&["status", "--json"]).json();
    assert!(status["notices"].to_string().contains(said), "{status}");
    assert_eq!(status["budgets"][0]["step"], "local", "{status}");
    let id = stage.logged("local-Messages-false")["id"].as_str().expect("an id").to_owned();
    let explained = stage.rig.home.weir(&["explain", &id]).ok();
    let plain = explained.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains("a budget is at its limit for paid models, and this one is local"));
    assert!(plain.contains(&format!("anthropic/{HAIKU}")), "{explained}");

    stage.rig.stop_and_start();
    let again = stage.ask(Kind::Messages, HAIKU, false, "after-a-restart");
    stage.came_from(&again, "after-a-restart", "ollama/qwen3:8b", "budget-local");
    stage.rig.stop_and_start();
    assert_eq!(stage.limits_told().len(), 1, "once a window, also after a restart");
}

#[test]
fn where_the_local_server_is_gone_the_refusal_names_the_budget_as_well() {
    let money = budget("week", "0.0001", "local", "") + CHAINS;
    let stage = Stage::with(Provider::answering(plain), &money, |text| {
        let at = text.find("[providers.ollama]").expect("it is there");
        let (before, after) = text.split_at(at);
        let url = after.split('"').nth(1).expect("an address").to_owned();
        before.to_owned() + &after.replacen(&url, "http://127.0.0.1:9", 1)
    });
    let refused = stage.ask(Kind::Messages, HAIKU, false, "nobody");
    let said = message(Kind::Messages, &refused);
    assert_eq!(refused.status, 402, "{said}");
    assert!(said.contains("Budget week") && said.contains("is not running"), "{said}");
}

#[test]
fn a_block_stops_the_request_in_every_dialect_although_a_later_link_would_fit() {
    let chains = CHAINS.replace("-haiku-4-5\"]\n", "-haiku-4-5\", \"ollama/qwen3:8b\"]\n");
    let stage = Stage::new(&(budget("week", BETWEEN, "block", "") + &chains));
    for kind in Kind::TALKING {
        for stream in [false, true] {
            let marker = format!("block-{kind:?}-{stream}");
            let refused = stage.ask(kind, "weir-high", stream, &marker);
            let said = message(kind, &refused);
            assert_eq!(refused.status, 402, "{marker}: {said}");
            assert_eq!(said.matches("Budget week").count(), 1, "{marker}: {said}");
            let parts =
                ["$0 of $0.005 spent", "It starts anew on", "weir budget lift week --for 1h"];
            assert!(parts.iter().all(|part| said.contains(part)), "{marker}: {said}");
        }
    }
    assert!(stage.asked().is_empty(), "no other link, and no local one: {:?}", stage.asked());
    // Codex sends everything but a 400 again.
    let client = stage.rig.client();
    let body = Kind::Responses.ask("weir-high", true, "hello").to_string();
    let headers = [("originator", "codex_cli_rs")];
    let codex = client.send(&client.post("/v1/responses", &headers, body.as_bytes()));
    assert_eq!(codex.status, 400, "{}", codex.text());
    wait::until("the notice", || stage.limits_told().len() == 1);
    let said = &stage.limits_told()[0].1;
    assert!(said.ends_with("What does not fit is refused until Monday."), "{said}");
    // What was asked of a local model costs nothing, and fits.
    let local = stage.ask(Kind::Chat, "ollama/qwen3:8b", false, "asked-local");
    assert_eq!(local.status, 200, "{}", local.text());
}

#[test]
fn what_a_blocking_budget_does_not_count_goes_on() {
    let own = "low = [\"anthropic/claude-haiku-4-5\", \"openai/gpt-4o-mini\"]\n\
               high = [\"anthropic/claude-opus-4-5\", \"ollama/qwen3:8b\"]\n";
    let scoped = budget("vendor", "0.0001", "block", "provider = \"anthropic\"");
    let stage = Stage::new(&format!("{scoped}[tiers]\n{own}"));
    let other = stage.ask(Kind::Chat, "weir-low", false, "vendor");
    stage.came_from(&other, "vendor", &format!("openai/{MINI}"), "budget-cheaper");
    let paid = budget("paid", "0.0001", "block", "local = false");
    let stage = Stage::new(&format!("{paid}[tiers]\n{own}"));
    let local = stage.ask(Kind::Messages, "weir-high", true, "paid");
    stage.came_from(&local, "paid", "ollama/qwen3:8b", "budget-local");
    let refused = stage.ask(Kind::Messages, "weir-low", false, "both-paid");
    assert_eq!(refused.status, 402, "{}", refused.text());
    assert_eq!(stage.asked(), [LOCAL]);
}

/// Opus begins and breaks off; everybody else answers.
fn opus_breaks_off(asked: &Asked) -> Answer {
    if !asked.text().contains(OPUS) {
        return plain(asked);
    }
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                 transfer-encoding: chunked\r\n\r\n";
    Answer { steps: vec![Step::Send(head.to_vec()), Step::Cut], told: None }
}

#[test]
fn a_limit_that_a_failed_attempt_reaches_holds_for_what_is_asked_after_it() {
    // There is room for Opus or for Haiku. Opus breaks off and counts at what was set aside.
    for (at_limit, goes_on) in [("local", true), ("block", false)] {
        let money = budget("week", "0.0075", at_limit, "");
        let chains = CHAINS
            .replace("high = [", "high = [\n")
            .replace("-haiku-4-5\"]\n", "-haiku-4-5\", \"ollama/qwen3:8b\"]\n");
        let stage =
            Stage::with(Provider::answering(opus_breaks_off), &(money + &chains), |text| text);
        let marker = format!("after-{at_limit}");
        let response = stage.ask(Kind::Messages, "weir-high", true, &marker);
        let models: &[&str] = if goes_on { &[OPUS, LOCAL] } else { &[OPUS] };
        assert_eq!(stage.asked(), models, "{at_limit}");
        if goes_on {
            assert_eq!(response.status, 200, "{}", response.text());
            assert_eq!(response.header("x-weir-reason"), "budget-local");
            assert_eq!(response.header("x-weir-attempts"), "2");
        } else {
            let said = message(Kind::Messages, &response);
            assert_eq!(response.status, 502, "{said}");
            assert!(said.contains("Budget week"), "{said}");
        }
        stage.rig.settled(&marker);
    }
}

#[test]
fn embeddings_count_and_what_is_free_at_every_provider_does_not() {
    let stage = Stage::with(
        Provider::answering(weir_tests::answers::natural),
        &budget("week", "10", "block", ""),
        |text| text.replace("[providers.ollama]", "[providers.shelf]\ndialect = \"ollama\""),
    );
    let spent = || {
        let all = stage.rig.home.weir(&["budget", "list", "--json"]).json();
        all[0]["spent_usd"].as_str().expect("an amount").to_owned()
    };
    let first = stage.ask(Kind::Embeddings, Kind::Embeddings.model(), false, "vectors");
    assert_eq!(first.status, 200, "{}", first.text());
    let row = stage.rig.row("vectors");
    let cost = row.end.as_ref().and_then(|end| end.cost).expect("a price");
    assert_eq!(cost, 20 * weir_tests::answers::figures(Kind::Embeddings, "vectors").input as i64);
    assert_eq!(spent(), format!("0.{cost:09}"));
    for kind in [Kind::MessagesCount, Kind::GeminiCount] {
        let counted = stage.ask(kind, kind.model(), false, "counted");
        assert_eq!(counted.status, 200, "{}", counted.text());
    }
    let client = stage.rig.client();
    let list = client.head("GET", "/v1/models", &[]) + "\r\n";
    assert_eq!(client.send(list.as_bytes()).status, 200);
    stage.rig.home.weir(&["key", "test", "anthropic"]);
    assert_eq!(stage.rig.provider.last().asked.method, "GET", "a key is tested by a list");
    stage.rig.settled("counted");
    assert_eq!(spent(), format!("0.{cost:09}"), "counts, lists and tests of a key are free");
}

// === subscriptions ===

const WINDOW: [&str; 3] = [
    "anthropic-ratelimit-unified-5h-utilization",
    "anthropic-ratelimit-unified-5h-reset",
    "anthropic-ratelimit-unified-5h-status",
];
const CODEX: [&str; 3] =
    ["x-codex-primary-used-percent", "x-codex-primary-window-minutes", "x-codex-primary-reset-at"];

fn now_s() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

fn with_headers(mut reply: Reply, names: [&str; 3], values: [String; 3]) -> Reply {
    reply.headers.extend(names.map(str::to_owned).into_iter().zip(values));
    reply
}

/// A plan with 90 % used of a window that has an hour to go; spent for whoever asks for Opus or GPT-5.
fn plan(asked: &Asked) -> Answer {
    let spent = asked.text().contains(OPUS) || asked.text().contains("gpt-5");
    let resets = (now_s() + 3_600).to_string();
    let kind = Kind::of(asked.path()).filter(|_| asked.method == "POST");
    let Some(kind) = kind.filter(|_| !asked.text().contains(LOCAL)) else { return plain(asked) };
    let reply = match (kind, spent) {
        (Kind::Messages, true) => Reply::json(
            429,
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"usage limit reached"}}"#,
        ),
        (_, true) => Reply::json(
            429,
            r#"{"error":{"type":"usage_limit_reached","message":"usage limit reached"}}"#,
        ),
        (_, false) => Turn::new(kind, Tokens::plain(40, 256)).whole(),
    };
    match (kind, spent) {
        (Kind::Messages, true) => {
            with_headers(reply, WINDOW, ["1.0".into(), resets, "rejected".into()])
        }
        (Kind::Messages, false) => {
            with_headers(reply, WINDOW, ["0.9".into(), resets, "allowed_warning".into()])
        }
        (_, true) => with_headers(reply, CODEX, ["100".into(), "300".into(), resets]),
        (_, false) => with_headers(reply, CODEX, ["90".into(), "300".into(), resets]),
    }
    .answer()
}

fn subscribed(pace: bool) -> Stage {
    let more = format!("[allowances]\npace = {pace}\n{CHAINS}");
    Stage::with(Provider::answering(plan), &more, |text| {
        text.replace("env:CANARY_ANTHROPIC_KEY", "passthrough")
            .replace("env:CANARY_OPENAI_KEY", "passthrough")
    })
}

impl Stage {
    /// A request of a tool that is logged in itself.
    fn logged_in(&self, kind: Kind, model: &str, marker: &str, more: &[(&str, &str)]) -> Response {
        let agent = format!("tests marker/{marker}");
        let mut headers = vec![
            ("user-agent", agent.as_str()),
            ("x-weir-session", marker),
            ("authorization", "Bearer own-login"),
        ];
        headers.extend(more);
        let client: Client = self.rig.client().expecting(&WINDOW).expecting(&CODEX);
        let body = kind.ask(model, false, "How does water find its level?").to_string();
        client.send(&client.post(&kind.path(model, false), &headers, body.as_bytes()))
    }
}

#[test]
fn a_window_that_runs_ahead_sends_small_work_to_local_models_and_leaves_the_rest() {
    let stage = subscribed(true);
    let aside = [("x-claude-code-request-class", "auxiliary")];
    let first = stage.logged_in(Kind::Messages, HAIKU, "heard", &aside);
    stage.came_from(&first, "heard", &format!("anthropic/{HAIKU}"), "asked");
    let small = stage.logged_in(Kind::Messages, HAIKU, "small", &aside);
    stage.came_from(&small, "small", "ollama/qwen3:8b", "paced");
    let main = stage.logged_in(Kind::Messages, HAIKU, "main", &[("x-weir-tier", "high")]);
    stage.came_from(&main, "main", &format!("anthropic/{HAIKU}"), "asked");
    let status = stage.rig.home.weir(&["status", "--json"]).json();
    assert_eq!(status["allowances"][0]["pace"], "early", "{status}");
    let unpaced = subscribed(false);
    for marker in ["one", "two"] {
        let own = unpaced.logged_in(Kind::Messages, HAIKU, marker, &aside);
        unpaced.came_from(&own, marker, &format!("anthropic/{HAIKU}"), "asked");
    }
}

#[test]
fn a_tool_goes_on_with_local_models_in_the_very_request_that_finds_its_plan_spent() {
    for (kind, model, provider) in
        [(Kind::Messages, OPUS, "anthropic"), (Kind::Responses, "gpt-5", "openai")]
    {
        let stage = subscribed(true);
        let first = stage.logged_in(kind, model, "spent", &[]);
        assert_eq!(first.status, 200, "{}", first.text());
        assert_eq!(first.header("x-weir-route"), "ollama/qwen3:8b");
        assert_eq!(first.header("x-weir-reason"), "paced");
        assert_eq!(first.header("x-weir-attempts"), "2");
        assert!(first.header("x-weir-tried").contains(provider), "{:?}", first.head);
        stage.rig.settled("spent");
        let next = stage.logged_in(kind, model, "later", &[]);
        stage.came_from(&next, "later", "ollama/qwen3:8b", "paced");
        assert_eq!(stage.asked(), [model, LOCAL, LOCAL], "a spent plan is not asked again");
        let told = "is 100 % used";
        wait::until("the notice", || {
            stage.hook.truth().iter().any(|a| a.whole && a.asked.text().contains(told))
        });
        // Without pacing the tool hears it from its provider, in the provider's words.
        let unpaced = subscribed(false);
        let own = unpaced.logged_in(kind, model, "own", &[]);
        assert_eq!(own.status, 429, "{}", own.text());
        assert!(own.text().contains("usage limit reached"), "{}", own.text());
    }
}

#[test]
fn a_plans_marks_are_told_once_a_window_also_after_a_restart() {
    let mut stage = subscribed(true);
    let told = |stage: &Stage| {
        let all = stage.hook.truth();
        let texts = all.iter().filter(|a| a.whole).map(|a| a.asked.text());
        texts.filter(|text| text.contains("window of anthropic is")).count()
    };
    stage.logged_in(Kind::Messages, HAIKU, "first", &[]);
    wait::until("two marks", || told(&stage) >= 2);
    stage.rig.kill_and_start();
    stage.rig.strictness = Strictness::Killed;
    stage.logged_in(Kind::Messages, HAIKU, "second", &[]);
    stage.rig.quiet();
    stage.rig.stop_and_start();
    assert_eq!(told(&stage), 2, "70 and 90, once each");
}
