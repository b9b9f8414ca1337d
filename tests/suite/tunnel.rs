//! The second listener as strangers meet it: what it knows, whom it lets in, which shapes it takes,
//! what it may spend, and that it is off unless it was opened.

use serde_json::{Value, json};
use weir_tests::home::providers;
use weir_tests::tokens::{HAIKU, MINI};
use weir_tests::{Client, Home, Kind, Provider, PublicName, Rig, Tunnel, Weir, answers, wait};

/// A rig whose tiers lead to the chat model of the tests, and whose tunnel takes any free port.
fn rig(tunnel: &str) -> Rig {
    let provider = Provider::answering(answers::natural);
    let home = Home::pointing_at(&provider);
    let chain = format!("[\"openai/{MINI}\"]");
    home.configure(&format!(
        "{}[tiers]\nlow = {chain}\nmedium = {chain}\nhigh = {chain}\n\n[tunnel]\nport = 0\n{tunnel}",
        providers(&provider.url())
    ));
    Rig::in_home(home, provider)
}

fn opened(tunnel: &str) -> (Rig, Tunnel) {
    let mut rig = rig(tunnel);
    let tunnel = Tunnel::open(&mut rig.home, &[]);
    (rig, tunnel)
}

fn ask(model: &str) -> Value {
    Kind::Chat.ask(model, false, "How does water find its level?")
}

fn status(rig: &Rig) -> Value {
    rig.home.weir(&["tunnel", "status", "--json"]).json()
}

#[test]
fn it_is_off_until_it_is_started_and_after_a_restart() {
    let mut rig = rig("");
    assert_eq!(status(&rig)["on"], false);
    assert_eq!(rig.home.weir(&["status", "--json"]).json()["tunnel"], Value::Null);
    let tunnel = Tunnel::open(&mut rig.home, &[]);
    let shown = status(&rig);
    assert_eq!((&shown["on"], &shown["port"]), (&json!(true), &json!(tunnel.port)));
    let left = shown["left_s"].as_u64().expect("seconds");
    assert!((8 * 3600 - 60..=8 * 3600).contains(&left), "eight hours: {left}");
    assert!(rig.home.weir(&["status"]).ok().contains("Tunnel   open to Cursor's servers until"));
    rig.stop_and_start();
    assert_eq!(status(&rig)["on"], false, "a restart does not open it again");
    assert!(tunnel.client().try_open(b"").is_err(), "nothing listens");
}

#[test]
fn without_an_engine_it_says_how_to_start_one() {
    let home = Home::bare();
    let ran = home.weir(&["tunnel", "start"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("weir serve"), "{}", ran.stderr);
}

#[test]
fn it_knows_three_paths_and_says_nothing_about_others() {
    let (rig, tunnel) = opened("");
    let bearer = format!("Bearer {}", tunnel.key);
    for (method, path) in [
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/messages"),
        ("POST", "/v1/responses"),
        ("POST", "/v1/embeddings"),
        ("GET", "/v1/models"),
        ("GET", "/v1beta/models"),
        ("GET", "/healthz"),
        ("GET", "/"),
        ("GET", "/cursor/v1"),
        ("POST", "/cursor/v1/models"),
        ("GET", "/cursor/v1/chat/completions"),
        ("OPTIONS", "/cursor/v1/chat/completions"),
        ("POST", "/cursor/v1/responses"),
        ("POST", "/cursor/v1/../../v1/messages"),
        ("POST", "/openai/deployments/weir-low/embeddings"),
    ] {
        for headers in [&[("authorization", bearer.as_str())][..], &[]] {
            let response = tunnel.bare(method, path, headers);
            assert_eq!((response.status, response.text()), (404, String::new()), "{method} {path}");
        }
    }
    let list = tunnel.bare("GET", "/cursor/v1/models", &[("authorization", &bearer)]).json();
    let names: Vec<&str> =
        list["data"].as_array().expect("a list").iter().filter_map(|m| m["id"].as_str()).collect();
    let route = format!("openai/{MINI}");
    assert_eq!(names, ["weir-auto", "weir-low", "weir-medium", "weir-high", &route]);
    assert_eq!(rig.provider.contacts(), 0);
}

#[test]
fn its_key_and_the_tools_tokens_open_only_their_own_door() {
    let (rig, tunnel) = opened("");
    let to_tunnel =
        |headers: &[(&str, &str)]| tunnel.bare("GET", "/cursor/v1/models", headers).status;
    let own = format!("Bearer {}", tunnel.key);
    let tools = format!("Bearer {}", rig.token);
    assert_eq!(to_tunnel(&[("authorization", &own)]), 200);
    assert_eq!(to_tunnel(&[("api-key", &tunnel.key)]), 200);
    assert_eq!(to_tunnel(&[("authorization", &tools)]), 401);
    assert_eq!(to_tunnel(&[("x-weir-token", &rig.token)]), 401);
    assert_eq!(to_tunnel(&[]), 401);
    for origin in ["origin", "referer"] {
        assert_eq!(to_tunnel(&[("authorization", &own), (origin, "https://x.example")]), 403);
    }
    let main = Client::new(rig.server().port(), &tunnel.key);
    assert_eq!(main.ask(Kind::Chat, false, "wrong-door").status, 401);
    let head = main.head("GET", "/cursor/v1/models", &[("x-weir-token", &rig.token)]);
    assert_eq!(main.send(format!("{head}\r\n").as_bytes()).status, 404, "not on the main port");
    let shown = status(&rig);
    assert_eq!((&shown["requests"], &shown["refused"]), (&json!(2), &json!(5)));
    assert_eq!(shown["last_refused"]["refused"], "web page");
}

#[test]
fn a_named_host_is_the_only_one_that_is_answered_to() {
    let mut rig = rig("");
    let tunnel = Tunnel::open(&mut rig.home, &["--host", "https://weir.example.com/cursor/v1"]);
    assert_eq!(tunnel.started["status"]["base_url"], "https://weir.example.com/cursor/v1");
    let send = |host: &str| {
        let head = format!(
            "GET /cursor/v1/models HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\r\n",
            tunnel.key
        );
        tunnel.client().send(head.as_bytes()).status
    };
    assert_eq!(send("weir.example.com"), 200);
    assert_eq!(send(&format!("127.0.0.1:{}", tunnel.port)), 403);
    assert_eq!(send("evil.example"), 403);
    let ran = rig.home.weir(&["tunnel", "start", "--host", "no host"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("weir.example.com"), "{}", ran.stderr);
}

#[test]
fn a_second_start_makes_another_key_and_a_stop_voids_it() {
    let mut rig = rig("");
    let first = Tunnel::open(&mut rig.home, &[]);
    let second = Tunnel::open(&mut rig.home, &[]);
    assert_ne!(first.key, second.key);
    let with = |key: &str| {
        let bearer = format!("Bearer {key}");
        second.bare("GET", "/cursor/v1/models", &[("authorization", &bearer)]).status
    };
    assert_eq!((with(&first.key), with(&second.key)), (401, 200));
    assert_eq!(rig.home.weir(&["tunnel", "stop", "--json"]).json()["on"], false);
    wait::until("the port to be let go", || second.client().try_open(b"").is_err());
    assert_eq!(rig.home.weir(&["tunnel", "stop"]).ok(), "The tunnel was not open.\n");
}

#[test]
fn a_fixed_port_is_had_again_at_once_and_a_taken_one_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = taken.local_addr().expect("bound").port();
    let mut rig = rig("");
    rig.home.configure(&format!("{}[tunnel]\nport = {port}\n", providers(&rig.provider.url())));
    rig.stop_and_start();
    let ran = rig.home.weir(&["tunnel", "start"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("[tunnel]") && ran.stderr.contains("taken"), "{}", ran.stderr);
    drop(taken);
    for _ in 0..3 {
        assert_eq!(Tunnel::open(&mut rig.home, &[]).port, port);
    }
}

#[test]
fn only_listed_models_are_answered_and_variants_say_an_effort() {
    let (rig, tunnel) = opened("models = [\"weir-low\"]\n");
    for model in ["weir-high", MINI, &format!("openai/{MINI}"), "demo/x", "weir-low-mini"] {
        let response = tunnel.chat(&ask(model), "not-listed");
        assert_eq!(response.status, 404, "{model}");
        assert_eq!(response.json()["error"]["code"], "model_not_found", "{model}");
    }
    assert_eq!(rig.provider.contacts(), 0);
    let response = tunnel.chat(&ask("weir-low-high-thinking"), "variant");
    assert_eq!(response.status, 200, "{}", response.text());
    let sent: Value = serde_json::from_str(&rig.provider.last().asked.text()).expect("JSON");
    assert_eq!((&sent["model"], &sent["reasoning_effort"]), (&json!(MINI), &json!("high")));
    let shown = status(&rig);
    assert_eq!(shown["last_refused"]["refused"], "model not on the list");
}

#[test]
fn a_tier_cannot_be_asked_for_around_the_list() {
    let (rig, tunnel) = opened("models = [\"weir-auto\"]\n");
    let bearer = format!("Bearer {}", tunnel.key);
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-weir-tier", "nonsense"),
        ("session-id", "hint"),
        ("user-agent", "marker/hint"),
    ];
    let client = tunnel.client();
    let body = ask("weir-auto").to_string();
    let request = client.post("/cursor/v1/chat/completions", &headers, body.as_bytes());
    assert_eq!(client.send(&request).status, 200, "the hint was not read at all");
    assert_eq!(rig.row("hint").client, "cursor-tunnel");
}

#[test]
fn every_shape_cursor_sends_reaches_the_provider_as_chat() {
    let (rig, tunnel) = opened("");
    let chat = json!([{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]);
    let tool =
        json!([{"type": "function", "function": {"name": "t", "parameters": {"type": "object"}}}]);
    let shapes = [
        ("plain", json!({"model": "weir-low", "messages": chat, "tools": tool})),
        (
            "responses",
            json!({"model": "weir-low", "instructions": "S", "store": false,
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "U"}]}],
            "tools": [{"type": "function", "name": "t", "parameters": {"type": "object"}}]}),
        ),
        (
            "anthropic",
            json!({"model": "weir-low", "max_tokens": 64,
            "system": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "U"}]}],
            "tools": [{"name": "t", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "auto"}}),
        ),
    ];
    for (name, body) in &shapes {
        let response = tunnel.chat(body, name);
        assert_eq!(response.status, 200, "{name}: {}", response.text());
        assert_eq!(response.json()["object"], "chat.completion", "{name}");
        let sent: Value = serde_json::from_str(&rig.provider.last().asked.text()).expect("JSON");
        let parts = json!([{"type": "text", "text": "U"}]);
        let messages = &sent["messages"];
        assert_eq!(messages[0], chat[0], "{name}: {sent}");
        assert!(messages[1]["content"] == "U" || messages[1]["content"] == parts, "{name}: {sent}");
        assert_eq!(sent["tools"], tool, "{name}");
        for foreign in ["input", "instructions", "system", "store"] {
            assert_eq!(sent.get(foreign), None, "{name}");
        }
        let row = rig.row(name);
        assert_eq!((row.client.as_str(), row.endpoint.as_str()), ("cursor-tunnel", "chat"));
        assert_eq!((row.asked_model.as_str(), row.model.as_str()), ("weir-low", MINI));
    }
}

#[test]
fn a_model_of_another_dialect_answers_in_chat_whole_and_streamed() {
    let mut rig = rig("");
    rig.home.configure(&format!(
        "{}[tiers]\nhigh = [\"anthropic/{HAIKU}\"]\n\n[tunnel]\nport = 0\n",
        providers(&rig.provider.url())
    ));
    rig.stop_and_start();
    let tunnel = Tunnel::open(&mut rig.home, &[]);
    for stream in [false, true] {
        let marker = format!("crossed-{stream}");
        let body = json!({"model": "weir-high", "stream": stream, "max_tokens": 64,
            "system": [{"type": "text", "text": "S"}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "U"}]}],
            "tools": [{"name": "t", "input_schema": {"type": "object"}}]});
        let response = tunnel.chat(&body, &marker);
        assert_eq!(response.status, 200, "{}", response.text());
        let object = if stream { "chat.completion.chunk" } else { "chat.completion" };
        assert!(response.text().contains(&format!("\"{object}\"")), "{}", response.text());
        let asked = rig.provider.last().asked;
        assert_eq!(asked.path(), "/v1/messages");
        let sent: Value = serde_json::from_str(&asked.text()).expect("JSON");
        assert_eq!(sent["tools"][0]["input_schema"]["type"], "object", "{sent}");
        let row = rig.row(&marker);
        assert_eq!((row.client.as_str(), row.provider.as_str()), ("cursor-tunnel", "anthropic"));
    }
}

#[test]
fn the_azure_form_names_the_model_in_its_path() {
    let (rig, tunnel) = opened("");
    let mut body = ask("gpt-4o");
    let path = "/openai/deployments/weir-high/chat/completions?api-version=2026-01-01";
    let client = tunnel.client();
    let headers =
        [("api-key", tunnel.key.as_str()), ("session-id", "azure"), ("user-agent", "marker/azure")];
    let response = client.send(&client.post(path, &headers, body.to_string().as_bytes()));
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(rig.row("azure").asked_model, "weir-high");
    let asked = rig.provider.last().asked;
    assert_eq!(asked.target, "/v1/chat/completions", "its query goes nowhere");
    assert!(asked.head.header("api-key").is_none(), "and its key neither");
    body.as_object_mut().expect("an object").remove("model");
    let unnamed = tunnel.post(path, &body, "azure-unnamed");
    assert_eq!(unnamed.status, 200, "{}", unnamed.text());
    rig.row("azure-unnamed");
    let other = tunnel.post("/openai/deployments/gpt-4o/chat/completions", &ask("weir-low"), "x");
    assert_eq!(other.status, 404);
}

#[test]
fn a_stream_comes_through_whole_and_its_head_tells_strangers_nothing() {
    let (rig, tunnel) = opened("");
    let response = tunnel.chat(&Kind::Chat.ask("weir-low", true, "flow"), "stream");
    assert_eq!(response.status, 200);
    assert!(response.complete && response.text().contains("data: [DONE]"), "{}", response.text());
    assert!(response.header("content-type").starts_with("text/event-stream"));
    assert!(response.header("cache-control").contains("no-transform"));
    for name in ["x-weir-route", "x-weir-cost-usd", "x-weir-tier", "openai-organization"] {
        assert!(response.head.header(name).is_none(), "{name}");
    }
    response.header("x-weir-request-id");
    assert_eq!(rig.row("stream").ended().outcome, "ok");
}

#[test]
fn its_own_daily_limit_is_set_aside_before_anything_leaves() {
    let (rig, tunnel) = opened("daily_usd = 0.00001\n");
    let refused = tunnel.chat(&ask("weir-low"), "over");
    assert_eq!(refused.status, 402, "{}", refused.text());
    assert!(refused.text().contains("cursor-tunnel"), "{}", refused.text());
    assert_eq!(rig.provider.contacts(), 0, "nothing left");
    assert_eq!(
        rig.client().ask(Kind::Chat, false, "tools").status,
        200,
        "the tools have their own"
    );
    rig.row("tools");
    let shown = status(&rig);
    assert_eq!(shown["cap_usd"], "0.000010000");
    assert_eq!(shown["spent_usd"], "0.000000000");
}

#[test]
fn what_was_spent_through_it_counts_against_its_limit_alone() {
    let (rig, tunnel) = opened("daily_usd = 1\n");
    assert_eq!(tunnel.chat(&ask("weir-low"), "spent").status, 200);
    assert_eq!(rig.client().ask(Kind::Chat, false, "tool").status, 200);
    let cost = rig.row("spent").cost();
    rig.row("tool");
    let shown = status(&rig);
    let spent = weir_tests::auditor::nano(shown["spent_usd"].as_str().expect("money"));
    assert_eq!(spent, Some(cost));
    let by = rig.home.weir(&["cost", "breakdown", "--period", "day", "--by", "client", "--json"]);
    let groups = by.json()["groups"].to_string();
    assert!(groups.contains("\"cursor-tunnel\"") && groups.contains("\"tests\""), "{groups}");
}

#[test]
fn requests_a_minute_are_limited() {
    let (rig, tunnel) = opened("per_minute = 2\n");
    let bearer = format!("Bearer {}", tunnel.key);
    let ask = || tunnel.bare("GET", "/cursor/v1/models", &[("authorization", &bearer)]);
    // A minute may turn between two of them, once.
    let answers: Vec<u16> = (0..6).map(|_| ask().status).collect();
    assert!(answers.contains(&429) && answers.contains(&200), "{answers:?}");
    assert_eq!(status(&rig)["last_refused"]["refused"], "too many a minute");
}

#[test]
fn too_many_at_once_are_turned_away_and_the_tools_are_not() {
    let (rig, tunnel) = opened("at_once = 1\n");
    let latch = weir_tests::Latch::default();
    let turn = answers::Turn::new(Kind::Chat, weir_tests::Tokens::plain(5, 7)).whole().answer();
    let steps = [vec![weir_tests::Step::Hold(latch.clone())], turn.steps.clone()].concat();
    rig.provider.script(weir_tests::Answer { steps, ..turn });
    let client = tunnel.client();
    let bearer = format!("Bearer {}", tunnel.key);
    let headers =
        [("authorization", bearer.as_str()), ("session-id", "held"), ("user-agent", "marker/held")];
    let body = ask("weir-low").to_string();
    let mut held =
        client.open(&client.post("/cursor/v1/chat/completions", &headers, body.as_bytes()));
    rig.provider.until("the first to wait", |all| all.iter().any(|a| a.waiting));
    assert_eq!(tunnel.chat(&ask("weir-low"), "second").status, 429);
    assert_eq!(rig.client().ask(Kind::Chat, false, "tool").status, 200);
    latch.open();
    let response = held.response().expect("an answer");
    assert_eq!(response.status, 200, "{}", response.text());
}

#[test]
fn a_body_over_its_limit_is_refused_before_it_is_read() {
    let (rig, tunnel) = opened("");
    let client = tunnel.client();
    let bearer = format!("Bearer {}", tunnel.key);
    let head = client.head(
        "POST",
        "/cursor/v1/chat/completions",
        &[
            ("authorization", &bearer),
            ("content-type", "application/json"),
            ("content-length", "40000000"),
        ],
    );
    assert_eq!(client.send(format!("{head}\r\n").as_bytes()).status, 413);
    assert_eq!(status(&rig)["last_refused"]["refused"], "too large");
}

#[test]
fn no_tool_can_take_the_tunnels_name() {
    let home = Home::bare();
    let ran = home.weir(&["client", "add", "cursor-tunnel"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
}

#[test]
fn the_self_test_sees_whether_a_stream_arrives_in_pieces() {
    let mut rig = rig("");
    for (holds_back, code) in [(false, 0), (true, 1)] {
        let name = PublicName::open(holds_back);
        let tunnel = Tunnel::open(&mut rig.home, &["--host", &name.host()]);
        name.lead_to(tunnel.port);
        let ran = rig.home.weir(&["tunnel", "test", "--json"]);
        assert_eq!(ran.code, code, "{ran:?}");
        let found: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!(found["streams"], !holds_back, "{found}");
        assert_eq!(found["models"], 5, "{found}");
        assert_eq!(found["public"], false, "127.0.0.1 is nothing that Cursor could call: {found}");
        let said = found["message"].as_str().expect("words");
        assert_eq!(said.contains("which is no public address"), !holds_back, "{said}");
        assert_eq!(rig.provider.contacts(), 0, "no model is asked");
    }
}

#[test]
fn the_self_test_says_what_is_wrong_with_a_name_that_leads_elsewhere() {
    let mut rig = rig("");
    let nowhere = PublicName::open(false);
    Tunnel::open(&mut rig.home, &["--host", &nowhere.host()]);
    let found = rig.home.weir(&["tunnel", "test"]);
    assert_eq!(found.code, 1);
    assert!(found.stdout.contains("cannot be reached"), "{found:?}");
    nowhere.lead_to(rig.server().port());
    let found = rig.home.weir(&["tunnel", "test"]);
    assert!(
        found.stdout.replace('\n', " ").contains("status 403"),
        "the main port is another door: {found:?}"
    );
    rig.home.weir(&["tunnel", "stop"]).ok();
    let closed = rig.home.weir(&["tunnel", "test"]);
    assert!(closed.stderr.contains("weir tunnel start"), "{closed:?}");
}

#[test]
fn the_first_start_needs_no_key_of_a_provider() {
    let mut home = Home::bare();
    home.configure("[tunnel]\nport = 0\n");
    let _weir = Weir::start(&home);
    let tunnel = Tunnel::open(&mut home, &[]);
    let response = tunnel.chat(&ask("weir-low"), "demo");
    assert_eq!(response.status, 200, "{}", response.text());
    assert!(response.text().contains("demonstration"), "{}", response.text());
}
