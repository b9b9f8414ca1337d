//! Local servers as a user meets them: found, switched off and on, loaded and unloaded, gone and
//! back; and what a request meets that is too long, too many or not for that model.

mod context;
#[cfg(target_os = "linux")]
mod found;
mod line;
mod one;
#[cfg(target_os = "linux")]
mod starting;

use serde_json::{Value, json};
use weir_tests::home::providers;
use weir_tests::local_servers::{Held, Likeness, LocalServer};
use weir_tests::provider::Provider;
use weir_tests::{Client, Home, Kind, Weir, answers, ledger, wait};

/// A cloud provider, a home and what its configuration says beside the cloud.
struct Stage {
    cloud: Provider,
    home: Home,
    token: String,
    weir: Option<Weir>,
}

impl Stage {
    fn new(more: &str) -> Self {
        let cloud = Provider::answering(answers::natural);
        let mut home = Home::pointing_at(&cloud);
        home.configure(&format!("{}{more}", providers(&cloud.url())));
        let token = home.token("tests");
        Self { cloud, home, token, weir: None }
    }

    /// With a server running, which has looked at its local servers once.
    fn serving(more: &str) -> Self {
        let mut stage = Self::new(more);
        stage.weir = Some(Weir::start(&stage.home));
        stage.looked();
        stage
    }

    fn client(&self) -> Client {
        Client::new(self.weir.as_ref().expect("it serves").port(), &self.token)
    }

    /// What is known of the local servers, looked at now.
    #[track_caller]
    fn looked(&self) -> Value {
        self.home.weir(&["local", "status", "--json"]).json()
    }

    /// One server of a status.
    #[track_caller]
    fn server(&self, name: &str) -> Value {
        one(&self.looked(), name)
    }

    fn chat(&self, model: &str, marker: &str) -> weir_tests::Response {
        let client = self.client();
        client.send(&client.call_model(Kind::Chat, model, false, marker))
    }

    #[track_caller]
    fn row(&self, marker: &str) -> ledger::Row {
        let found = wait::within(wait::SOON, || {
            let rows = ledger::rows(&self.home.ledger());
            rows.into_iter().find(|row| row.session == marker && row.end.is_some())
        });
        found.unwrap_or_else(|| panic!("{marker} is not in the books"))
    }
}

#[track_caller]
fn one(status: &Value, name: &str) -> Value {
    let servers = status["local"].as_array().expect("a list");
    let found = servers.iter().find(|s| s["server"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {status}")).clone()
}

#[track_caller]
fn model<'v>(server: &'v Value, name: &str) -> &'v Value {
    let models = server["models"].as_array().expect("a list");
    models.iter().find(|m| m["name"] == name).unwrap_or_else(|| panic!("{name}: {server}"))
}

fn configured(name: &str, dialect: &str, url: &str) -> String {
    format!("[providers.{name}]\ndialect = \"{dialect}\"\nbase_url = \"{url}\"\nlocal = true\n\n")
}

fn ollama() -> LocalServer {
    LocalServer::start(
        Likeness::Ollama,
        vec![
            Held::new("qwen3:8b", 4_096).loaded(),
            Held::new("llama3.2:3b", 8_192),
            Held { embeds: true, ..Held::new("nomic-embed-text:latest", 2_048) },
            Held { elsewhere: true, ..Held::new("kimi-k2:latest", 0) },
        ],
    )
}

const CHAIN: &str = "[tiers]\nlow = [\"ollama/qwen3:8b\", \"openai/gpt-5-mini\"]\n";

#[test]
fn every_kind_of_server_is_found_by_what_it_answers() {
    let ollama = ollama();
    let studio = LocalServer::start(Likeness::LmStudio, vec![Held::new("qwen/q3", 8_192).loaded()]);
    let llama = LocalServer::start(Likeness::LlamaCpp, vec![Held::new("tiny", 2_048)]);
    let vllm = LocalServer::start(Likeness::Vllm, vec![Held::new("Qwen/Qwen3-8B", 32_768)]);
    let other = LocalServer::start(Likeness::Unknown, vec![Held::new("mystery", 0)]);
    let starting = LocalServer::start(Likeness::LlamaCpp, Vec::new());
    let config = configured("ollama", "ollama", &ollama.url())
        + &configured("studio", "openai", &format!("{}/v1", studio.url()))
        + &configured("llama", "openai", &format!("{}/v1", llama.url()))
        + &configured("gpu", "openai", &format!("{}/v1", vllm.url()))
        + &configured("other", "openai", &format!("{}/v1", other.url()))
        + &configured("starting", "openai", &format!("{}/v1", starting.url()));
    let stage = Stage::new(&config);
    let status = stage.looked();
    assert_eq!(status["on"], true);
    for (name, kind) in [
        ("ollama", "ollama"),
        ("studio", "lmstudio"),
        ("llama", "llamacpp"),
        ("gpu", "vllm"),
        ("other", "openai-compatible"),
    ] {
        let server = one(&status, name);
        assert_eq!(
            (&server["kind"], &server["state"]),
            (&json!(kind), &json!("running")),
            "{name}"
        );
    }
    assert_eq!(one(&status, "starting")["state"], "loading");
    let seen = one(&status, "ollama");
    let qwen = model(&seen, "qwen3:8b");
    assert_eq!((&qwen["loaded"], &qwen["context"]), (&json!(true), &json!(4_096)));
    assert_eq!((&qwen["cloud"], &qwen["context_max"]), (&json!(false), &json!(40_960)));
    assert_eq!(model(&seen, "llama3.2:3b")["context"], Value::Null, "not loaded, so not known");
    assert_eq!(model(&seen, "kimi-k2:latest")["cloud"], true);
    assert_eq!(model(&one(&status, "studio"), "qwen/q3")["context"], 8_192);
    assert_eq!(model(&one(&status, "llama"), "tiny")["context"], 2_048);
    assert_eq!(model(&one(&status, "gpu"), "Qwen/Qwen3-8B")["context"], 32_768);
    let words = stage.home.weir(&["local", "status"]).ok();
    assert!(words.contains("qwen3:8b") && words.contains("in a cloud"), "{words}");
    let models = stage.home.weir(&["models", "--json"]).json();
    let listed = models.as_array().expect("a list").iter();
    let qwen = listed.clone().find(|m| m["id"] == "ollama/qwen3:8b").expect("listed");
    assert_eq!((&qwen["local"], &qwen["loaded"]), (&json!(true), &json!(true)));
    let kimi = listed.clone().find(|m| m["id"] == "ollama/kimi-k2:latest").expect("listed");
    assert_eq!((&kimi["local"], &kimi["price"]), (&json!(false), &Value::Null), "not free");
}

#[test]
fn a_server_nobody_wrote_down_is_found_where_its_own_setting_says() {
    let ollama = ollama();
    let mut stage = Stage::new("");
    stage.home.set("OLLAMA_HOST", &format!("0.0.0.0:{}", ollama.port()));
    stage.weir = Some(Weir::start(&stage.home));
    let server = stage.server("ollama");
    assert_eq!((&server["state"], &server["url"]), (&json!("running"), &json!(ollama.url())));
    assert_eq!(server["written"], false);
    let response = stage.chat("ollama/qwen3:8b", "found");
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(ollama.asked().len(), 1, "the request went where the server is");
    assert!(stage.row("found").local);
}

#[test]
fn looking_wakes_no_model_and_an_idle_engine_looks_at_nothing() {
    let ollama = ollama();
    let stage = Stage::serving(&configured("ollama", "ollama", &ollama.url()));
    let reads = ["/", "/api/version", "/api/tags", "/api/ps"];
    for (method, path, _) in ollama.lines() {
        let looks = method == "GET" && reads.contains(&path.as_str());
        assert!(looks || path == "/api/show", "{method} {path} is more than a look");
    }
    let before = ollama.lines().len();
    for n in 0..5 {
        assert_eq!(stage.chat("gpt-5-mini", &format!("cloud-{n}")).status, 200);
    }
    assert_eq!(ollama.lines().len(), before, "requests to a cloud look at no local server");
    assert_eq!(stage.cloud.count(), 5);
}

#[test]
fn the_switch_takes_local_models_out_of_routing_at_once_and_for_good() {
    let ollama = ollama();
    let config = configured("ollama", "ollama", &ollama.url()) + CHAIN;
    let mut stage = Stage::serving(&config);
    assert_eq!(stage.chat("weir-low", "on").header("x-weir-route"), "ollama/qwen3:8b");
    let said = stage.home.weir(&["local", "off"]).ok();
    assert!(said.contains("out of routing"), "{said}");
    let response = stage.chat("weir-low", "off");
    assert_eq!(response.header("x-weir-route"), "openai/gpt-5-mini");
    assert_eq!(response.header("x-weir-reason"), "local-off");
    stage.row("off");
    let told = stage.home.weir(&["explain", response.header("x-weir-request-id")]).ok();
    assert!(told.contains("local models are switched off"), "{told}");
    let refused = stage.chat("ollama/qwen3:8b", "named");
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("weir local on"), "{}", refused.text());
    if let Some(weir) = stage.weir.take() {
        assert!(weir.stop().success());
    }
    stage.weir = Some(Weir::start(&stage.home));
    assert_eq!(stage.looked()["on"], false, "it outlives a restart");
    assert_eq!(stage.chat("weir-low", "still-off").header("x-weir-reason"), "local-off");
    stage.home.weir(&["local", "on"]).ok();
    assert_eq!(stage.chat("weir-low", "on-again").header("x-weir-route"), "ollama/qwen3:8b");
    assert_eq!(ollama.asked().len(), 2);
}

#[test]
fn while_only_local_models_are_in_use_no_request_leaves_this_machine() {
    let ollama = ollama();
    let config = configured("ollama", "ollama", &ollama.url()) + CHAIN;
    let mut stage = Stage::serving(&config);
    let said = stage.home.weir(&["local", "only"]).ok();
    assert!(said.contains("Only local models"), "{said}");
    for (n, model) in ["gpt-5-mini", "openai/gpt-5-mini", "weir-low"].into_iter().enumerate() {
        let response = stage.chat(model, &format!("only-{n}"));
        assert_eq!(response.status, 200, "{model}: {}", response.text());
        assert_eq!(response.header("x-weir-route"), "ollama/qwen3:8b", "{model}");
    }
    assert_eq!(stage.chat("gpt-5-mini", "why").header("x-weir-reason"), "local-only");
    assert_eq!(stage.cloud.count(), 0, "nothing left");
    if let Some(weir) = stage.weir.take() {
        assert!(weir.stop().success());
    }
    stage.weir = Some(Weir::start(&stage.home));
    assert_eq!(stage.looked()["only"], true, "it outlives a restart");
    assert_eq!(stage.chat("gpt-5-mini", "again").header("x-weir-route"), "ollama/qwen3:8b");
    let said = stage.home.weir(&["local", "on"]).ok();
    assert!(said.contains("All models are in use again"), "{said}");
    assert_eq!(stage.chat("gpt-5-mini", "on").header("x-weir-route"), "openai/gpt-5-mini");
}

#[test]
fn models_are_loaded_and_unloaded_in_each_servers_own_way() {
    let ollama = ollama();
    let studio = LocalServer::start(Likeness::LmStudio, vec![Held::new("q3", 8_192)]);
    let vllm = LocalServer::start(Likeness::Vllm, vec![Held::new("fixed", 32_768)]);
    let config = configured("ollama", "ollama", &ollama.url())
        + &configured("studio", "openai", &format!("{}/v1", studio.url()))
        + &configured("gpu", "openai", &format!("{}/v1", vllm.url()));
    let stage = Stage::new(&config);
    let said = stage.home.weir(&["local", "load", "ollama/llama3.2:3b"]).ok();
    assert!(said.contains("context of 8192 tokens"), "{said}");
    assert!(ollama.models()[1].loaded);
    stage.home.weir(&["local", "unload", "llama3.2:3b"]).ok();
    assert!(!ollama.models()[1].loaded);
    let done = stage.home.weir(&["local", "load", "q3", "--json"]).json();
    assert_eq!(model(&one(&done, "studio"), "q3")["loaded"], true);
    stage.home.weir(&["local", "unload", "studio/q3"]).ok();
    assert!(!studio.models()[0].loaded);
    for (order, word) in [
        (["unload", "gpu/fixed"], "started with"),
        (["load", "kimi-k2:latest"], "runs in a cloud"),
        (["load", "ollama/never-pulled"], "has no never-pulled"),
        (["unload", "llama3.2:3b"], "is not loaded"),
        (["load", "nowhere"], "no running local server has nowhere"),
    ] {
        let ran = stage.home.weir(&["local", order[0], order[1]]);
        assert_eq!(ran.code, 1, "{order:?}");
        assert!(ran.stderr.contains(word), "{order:?}: {}", ran.stderr);
    }
}

#[test]
fn of_two_servers_with_the_same_model_one_must_be_named() {
    let (one, other) = (ollama(), ollama());
    let config =
        configured("ollama", "ollama", &one.url()) + &configured("gpu", "ollama", &other.url());
    let stage = Stage::new(&config);
    let ran = stage.home.weir(&["local", "load", "llama3.2:3b"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("ollama/llama3.2:3b"), "{}", ran.stderr);
    stage.home.weir(&["local", "load", "gpu/llama3.2:3b"]).ok();
    assert!(other.models()[1].loaded && !one.models()[1].loaded);
}

#[test]
fn a_model_that_runs_in_a_cloud_is_neither_local_nor_free() {
    let ollama = ollama();
    let stage = Stage::serving(&configured("ollama", "ollama", &ollama.url()));
    assert_eq!(stage.chat("ollama/kimi-k2", "cloud").status, 200);
    assert_eq!(stage.chat("ollama/qwen3:8b", "local").status, 200);
    let row = stage.row("cloud");
    assert!(!row.local);
    assert_eq!(row.ended().pricing, "unpriced");
    let row = stage.row("local");
    assert!(row.local);
    assert_eq!(row.cost(), 0);
}

#[test]
fn embeddings_pass_over_a_model_that_makes_none() {
    let ollama = ollama();
    let config = configured("ollama", "ollama", &ollama.url())
        + "[tiers]\nlow = [\"ollama/qwen3:8b\", \"ollama/nomic-embed-text\"]\n";
    let stage = Stage::serving(&config);
    let client = stage.client();
    let call = client.call_model(Kind::Embeddings, "weir-low", false, "vectors");
    let response = client.send(&call);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("x-weir-route"), "ollama/nomic-embed-text");
    assert_eq!(response.header("x-weir-reason"), "local-unfit");
}

#[test]
fn a_server_may_go_and_come_back() {
    let mut ollama = ollama();
    let written = configured("ollama", "ollama", &ollama.url());
    let config = format!("{}\nstart = [\"ollama\", \"serve\"]\n\n{CHAIN}", written.trim_end());
    let stage = Stage::serving(&config);
    assert_eq!(stage.chat("weir-low", "there").header("x-weir-route"), "ollama/qwen3:8b");
    ollama.go_away();
    let server = stage.server("ollama");
    assert_eq!(server["state"], "not_running");
    assert!(server["reason"].as_str().is_some_and(|r| r.contains("weir local start ollama")));
    let response = stage.chat("weir-low", "gone");
    assert_eq!(response.header("x-weir-route"), "openai/gpt-5-mini");
    assert_eq!(response.header("x-weir-reason"), "local-absent");
    let alone = stage.chat("ollama/qwen3:8b", "alone");
    assert_eq!(alone.status, 502, "{}", alone.text());
    ollama.come_back();
    assert_eq!(stage.server("ollama")["state"], "running");
    assert_eq!(stage.chat("weir-low", "back").header("x-weir-route"), "ollama/qwen3:8b");
}

#[test]
fn nothing_is_sent_to_another_program_on_a_known_servers_port() {
    let ollama = ollama();
    let config = configured("ollama", "ollama", &ollama.url()) + CHAIN;
    let stage = Stage::serving(&config);
    ollama.becomes(Likeness::Unknown);
    let server = stage.server("ollama");
    assert_eq!(server["state"], "changed");
    assert!(server["reason"].as_str().is_some_and(|r| r.contains("was Ollama")), "{server}");
    assert_eq!(stage.chat("weir-low", "chain").header("x-weir-route"), "openai/gpt-5-mini");
    let refused = stage.chat("ollama/qwen3:8b", "named");
    assert_eq!(refused.status, 502, "{}", refused.text());
    assert!(ollama.asked().is_empty(), "no prompt reached it");
}

#[test]
fn nothing_is_sent_to_a_program_that_took_the_port_of_a_server_that_is_gone() {
    let mut ollama = ollama();
    let config = configured("ollama", "ollama", &ollama.url());
    let stage = Stage::serving(&config);
    assert_eq!(stage.server("ollama")["state"], "running");
    ollama.go_away();
    assert_eq!(stage.server("ollama")["state"], "not_running");
    ollama.becomes(Likeness::Unknown);
    ollama.come_back();
    let refused = stage.chat("ollama/qwen3:8b", "named");
    assert_eq!(refused.status, 502, "{}", refused.text());
    assert!(ollama.asked().is_empty(), "no prompt reached it");
}

#[test]
fn a_server_that_its_own_setting_names_is_asked_for_nowhere_else_when_it_is_gone() {
    let mut ollama = ollama();
    let mut stage = Stage::new("");
    stage.home.set("OLLAMA_HOST", &format!("127.0.0.1:{}", ollama.port()));
    ollama.go_away();
    stage.weir = Some(Weir::start(&stage.home));
    assert_eq!(stage.server("ollama")["url"], json!(ollama.url()));
    let refused = stage.chat("ollama/qwen3:8b", "gone");
    assert_eq!(refused.status, 502, "{}", refused.text());
    let port = format!(":{}", ollama.port());
    assert!(refused.text().contains(&port), "{}", refused.text());
    ollama.becomes(Likeness::Unknown);
    ollama.come_back();
    let refused = stage.chat("ollama/qwen3:8b", "stranger");
    assert_eq!(refused.status, 502, "{}", refused.text());
    assert!(ollama.asked().is_empty(), "no prompt reached it");
}

/// Sends a call on a thread of its own, for a client that has to wait.
fn sent(client: &Client, model: &str, marker: &str) -> std::thread::JoinHandle<u16> {
    let (client, call) = (client.clone(), client.call_model(Kind::Chat, model, false, marker));
    std::thread::spawn(move || client.send(&call).status)
}

#[test]
fn jobs_for_another_model_wait_in_line_and_a_chain_goes_on_when_the_line_is_long() {
    let ollama = ollama();
    let config = configured("ollama", "ollama", &ollama.url())
        + "[tiers]\nlow = [\"ollama/llama3.2:3b\", \"openai/gpt-5-mini\"]\n";
    let stage = Stage::serving(&config);
    let client = stage.client();
    ollama.hold();
    let first = sent(&client, "ollama/qwen3:8b", "first");
    ollama.until("the first request", |o| o.asked().len() == 1);
    let second = sent(&client, "ollama/qwen3:8b", "second");
    ollama.until("another of the same model", |o| o.asked().len() == 2);
    let mut waiting = Vec::new();
    for n in 1..=4usize {
        waiting.push(sent(&client, "ollama/llama3.2:3b", &format!("waits-{n}")));
        wait::until("a longer line", || {
            stage.server("ollama")["queue"]["waiting"].as_array().is_some_and(|w| w.len() == n)
        });
    }
    let queue = stage.server("ollama")["queue"].clone();
    assert_eq!(queue["running"], json!([{ "model": "qwen3:8b", "jobs": 2 }]));
    assert_eq!(queue["waiting"][3]["position"], 4);
    assert!(queue["waiting"][0]["waited_ms"].is_u64());
    let response = stage.chat("weir-low", "chain");
    assert_eq!(response.header("x-weir-route"), "openai/gpt-5-mini");
    assert_eq!(response.header("x-weir-reason"), "local-busy");
    assert_eq!(ollama.asked().len(), 2, "the other model has not been asked for");
    ollama.let_go();
    for one in [first, second].into_iter().chain(waiting) {
        assert_eq!(one.join().expect("answered"), 200);
    }
    assert_eq!(ollama.asked().len(), 6);
    wait::until("an empty line", || stage.server("ollama")["queue"].is_null());
}

#[test]
fn a_client_that_leaves_the_line_is_never_sent() {
    let ollama = ollama();
    let stage = Stage::serving(&configured("ollama", "ollama", &ollama.url()));
    let client = stage.client();
    ollama.hold();
    let first = sent(&client, "ollama/qwen3:8b", "first");
    ollama.until("the first request", |o| o.asked().len() == 1);
    let impatient =
        client.open(&client.call_model(Kind::Chat, "ollama/llama3.2:3b", false, "impatient"));
    let waits = |stage: &Stage, n: usize| {
        let queue = stage.server("ollama")["queue"]["waiting"].clone();
        queue.as_array().map_or(0, Vec::len) == n
    };
    wait::until("it to wait", || waits(&stage, 1));
    drop(impatient);
    wait::until("it to leave", || waits(&stage, 0));
    ollama.let_go();
    assert_eq!(first.join().expect("answered"), 200);
    assert_eq!(stage.chat("ollama/llama3.2:3b", "next").status, 200);
    let models: Vec<bool> = ollama.asked().iter().map(|b| b.contains("llama3.2")).collect();
    assert_eq!(models, [false, true], "the one that left was not sent");
}
