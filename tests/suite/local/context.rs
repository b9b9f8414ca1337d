//! Prompts and what a local server can hold of them: none is sent to be cut without a word.
//! May use what the module above has for every local scenario.

use super::*;

fn long_call(client: &Client, kind: Kind, model: &str, marker: &str) -> Vec<u8> {
    call_with(client, kind, model, marker, &"how the water finds its level ".repeat(2_000))
}

fn call_with(client: &Client, kind: Kind, model: &str, marker: &str, text: &str) -> Vec<u8> {
    let headers = [("x-weir-session", marker)];
    client.post(
        &kind.path(model, false),
        &headers,
        kind.ask(model, false, text).to_string().as_bytes(),
    )
}

/// Texts that look as if they fitted 4,096 tokens at four bytes each, and do not.
fn dense() -> [(&'static str, String); 3] {
    [
        ("chinese", "这台服务器会悄悄截断开头，".repeat(400)),
        ("digits", "314159265358979 ".repeat(800)),
        ("json", r#"{"id":17,"at":[0.5,12,7]}, "#.repeat(500)),
    ]
}

#[test]
fn a_prompt_that_only_its_tokenizer_can_measure_is_never_cut_by_ollama() {
    let ollama = ollama();
    let config = configured("ollama", "ollama", &ollama.url()) + CHAIN;
    let stage = Stage::serving(&config);
    let client = stage.client();
    for (name, text) in dense() {
        for kind in [Kind::Messages, Kind::Chat, Kind::Responses, Kind::Gemini] {
            let refused = client.send(&call_with(&client, kind, "ollama/qwen3:8b", name, &text));
            assert_eq!(refused.status, 400, "{name} {kind:?}: {}", refused.text());
            assert!(refused.text().contains("prompt is too long"), "{name}: {}", refused.text());
        }
        let response = client.send(&call_with(&client, Kind::Chat, "weir-low", name, &text));
        assert_eq!(response.header("x-weir-route"), "openai/gpt-5-mini", "{name}");
    }
    let just = "how the water finds its level ".repeat(440);
    let response = client.send(&call_with(&client, Kind::Messages, "weir-low", "just", &just));
    assert_eq!(response.header("x-weir-route"), "ollama/qwen3:8b", "it fits, by 40 tokens or so");
    assert_eq!(ollama.models()[0].asked, Some(4_096), "as it was loaded: nothing is loaded anew");
    assert!(ollama.lines().iter().all(|(_, path, _)| !path.starts_with("/v1/")), "asked natively");
}

#[test]
fn a_model_that_is_not_loaded_is_given_the_context_its_prompt_needs() {
    let ollama = ollama();
    let stage = Stage::serving(&configured("ollama", "ollama", &ollama.url()));
    let client = stage.client();
    let model = "ollama/llama3.2:3b";
    let response = client.send(&long_call(&client, Kind::Messages, model, "unloaded"));
    assert_eq!(response.status, 200, "{}", response.text());
    let given = ollama.models()[1].asked.expect("a context was asked for");
    assert!((18_000..=40_960).contains(&given), "{given}");
    wait::until("the new context to be known", || {
        self::model(&stage.server("ollama"), "llama3.2:3b")["context"] == given
    });
    assert_eq!(stage.chat(model, "short").status, 200);
    assert_eq!(ollama.models()[1].asked, Some(given), "a short one does not load it anew");
    stage.home.weir(&["local", "unload", "llama3.2:3b"]).ok();
    let far = "how the water finds its level ".repeat(12_000);
    let refused = client.send(&call_with(&client, Kind::Chat, model, "far", &far));
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("40960 tokens that"), "{}", refused.text());
    assert_eq!(stage.chat(model, "own").status, 200);
    assert_eq!(ollama.models()[1].asked, None, "a short prompt leaves the context to Ollama");
}

#[test]
fn an_older_ollama_that_cannot_be_told_to_refuse_is_sent_only_what_surely_fits() {
    let ollama = ollama();
    ollama.is_version("0.12.3");
    let config = configured("ollama", "ollama", &ollama.url()) + CHAIN;
    let stage = Stage::serving(&config);
    let client = stage.client();
    for (name, text) in dense() {
        let response = client.send(&call_with(&client, Kind::Chat, "weir-low", name, &text));
        assert_eq!(response.header("x-weir-route"), "openai/gpt-5-mini", "{name}");
        assert_eq!(response.header("x-weir-reason"), "local-context", "{name}");
    }
    assert!(ollama.asked().is_empty());
}

#[test]
fn a_server_that_cuts_is_sent_only_what_surely_fits_and_one_that_refuses_counts_for_itself() {
    let studio = LocalServer::start(
        Likeness::LmStudio,
        vec![Held::new("in", 4_096).loaded(), Held::new("out", 4_096)],
    );
    let vllm = LocalServer::start(Likeness::Vllm, vec![Held::new("fixed", 4_096)]);
    let llama = LocalServer::start(Likeness::LlamaCpp, vec![Held::new("tiny", 4_096)]);
    let config = configured("studio", "openai", &format!("{}/v1", studio.url()))
        + &configured("gpu", "openai", &format!("{}/v1", vllm.url()))
        + &configured("llama", "openai", &format!("{}/v1", llama.url()));
    let stage = Stage::serving(&config);
    let client = stage.client();
    let say = |model: &str, name: &str, text: &str| {
        client.send(&call_with(&client, Kind::Chat, model, name, text))
    };
    for (name, text) in dense() {
        let refused = say("studio/in", name, &text);
        assert_eq!(refused.status, 400, "{name}: {}", refused.text());
        assert!(refused.text().contains("it may have"), "{name}: {}", refused.text());
        for strict in ["gpu/fixed", "llama/tiny"] {
            let refused = say(strict, name, &text);
            assert_eq!(refused.status, 400, "{name}: {}", refused.text());
            assert!(refused.text().contains("available context size"), "its own words");
        }
    }
    assert!(studio.asked().is_empty(), "nothing reached it");
    assert_eq!((vllm.asked().len(), llama.asked().len()), (3, 3));
    let text = "how the water finds its level ".repeat(300);
    let refused = say("studio/out", "unloaded", &text);
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("weir local load studio/out"), "{}", refused.text());
    stage.home.weir(&["local", "load", "studio/out"]).ok();
    assert_eq!(say("studio/out", "loaded", &text).status, 200);
}

#[test]
fn a_server_that_nobody_has_looked_at_is_looked_at_before_its_first_prompt() {
    let loaded = || LocalServer::start(Likeness::LmStudio, vec![Held::new("in", 4_096).loaded()]);
    let (alone, first) = (loaded(), loaded());
    // One that takes connections and never says a word.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = format!("http://{}/v1", mute.local_addr().expect("its address"));
    let stage = Stage::serving("");
    let studio = |name: &str, server: &LocalServer| {
        configured(name, "openai", &format!("{}/v1", server.url()))
    };
    let more =
        studio("alone", &alone) + &studio("first", &first) + &configured("mute", "openai", &silent);
    let chain = "[tiers]\nlow = [\"first/in\", \"openai/gpt-5-mini\"]\n";
    let profile = stage.home.path().join("profiles").join("work.toml");
    std::fs::create_dir_all(profile.parent().expect("a folder")).expect("a folder");
    let text = format!("{}{more}{chain}", providers(&stage.cloud.url()));
    std::fs::write(profile, text).expect("a profile");
    stage.home.weir(&["profile", "use", "work"]).ok();
    let client = stage.client();
    let (_, long) = &dense()[0];
    let say = |model: &str| client.send(&call_with(&client, Kind::Chat, model, "m", long));
    let refused = say("alone/in");
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("4096 tokens that alone/in has now"), "{}", refused.text());
    assert_eq!(say("weir-low").header("x-weir-reason"), "local-context");
    let unknown = say("mute/in");
    assert_eq!(unknown.status, 502, "nobody knows what it would do: {}", unknown.text());
    assert!(unknown.text().contains("no answer within"), "{}", unknown.text());
    assert!([&alone, &first].iter().all(|server| server.asked().is_empty()));
    assert_eq!(stage.chat("alone/in", "short").status, 200);
}

#[test]
fn a_coding_tools_small_task_loads_the_model_with_what_its_next_prompt_needs() {
    let ollama = ollama();
    let mut stage = Stage::new(&configured("ollama", "ollama", &ollama.url()));
    stage.token = stage.home.token("claude-code");
    stage.weir = Some(Weir::start(&stage.home));
    stage.looked();
    let listed = stage.home.weir(&["models", "--json"]).json();
    let told = listed.as_array().expect("a list").iter();
    let told = told.filter(|m| m["id"] == "ollama/llama3.2:3b").map(|m| m["context"].clone());
    assert_eq!(told.collect::<Vec<_>>(), [json!(32_768)], "what a tool is told");
    assert_eq!(stage.chat("ollama/llama3.2:3b", "small").status, 200);
    assert_eq!(ollama.models()[1].asked, Some(32_768), "is what it gets");
    wait::until("the new context to be known", || {
        self::model(&stage.server("ollama"), "llama3.2:3b")["context"] == 32_768
    });
    let client = stage.client();
    let long = "how the water finds its level ".repeat(2_000);
    let call = call_with(&client, Kind::Messages, "ollama/llama3.2:3b", "long", &long);
    assert_eq!(client.send(&call).status, 200);
    assert_eq!((ollama.models()[1].asked, ollama.cut()), (Some(32_768), 0));
}

#[test]
fn the_scripted_ollama_cuts_as_the_real_one_does() {
    let ollama = ollama();
    let client = Client::new(ollama.port(), "none");
    let (_, text) = &dense()[0];
    assert_eq!(client.send(&call_with(&client, Kind::Chat, "qwen3:8b", "cut", text)).status, 200);
    assert_eq!(ollama.cut(), 1);
    let strict =
        json!({ "model": "qwen3:8b", "truncate": false, "messages": [{ "content": text }] });
    let refused = client.send(&client.post("/api/chat", &[], strict.to_string().as_bytes()));
    assert_eq!((refused.status, ollama.cut()), (400, 1));
    let room = json!({ "model": "qwen3:8b", "options": { "num_ctx": 8_192 }, "stream": false,
        "messages": [{ "content": text }] });
    let answered = client.send(&client.post("/api/chat", &[], room.to_string().as_bytes()));
    assert_eq!((answered.status, ollama.cut()), (200, 1));
}

#[test]
fn a_prompt_longer_than_the_loaded_context_is_never_sent_to_be_cut() {
    let ollama = ollama();
    let config = configured("ollama", "ollama", &ollama.url()) + CHAIN;
    let stage = Stage::serving(&config);
    let client = stage.client();
    let response = client.send(&long_call(&client, Kind::Chat, "weir-low", "chain"));
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("x-weir-route"), "openai/gpt-5-mini");
    assert_eq!(response.header("x-weir-reason"), "local-context");
    for kind in [Kind::Messages, Kind::Chat] {
        let refused = client.send(&long_call(&client, kind, "ollama/qwen3:8b", "alone"));
        assert_eq!(refused.status, 400, "{kind:?}: {}", refused.text());
        assert!(refused.text().contains("prompt is too long"), "{kind:?}: {}", refused.text());
        assert!(refused.text().contains("exceeds the context window"), "{kind:?}");
    }
    assert!(ollama.asked().is_empty(), "nothing reached it");
    assert_eq!(stage.chat("weir-low", "short").header("x-weir-route"), "ollama/qwen3:8b");
}

#[test]
fn an_image_does_not_count_as_text_and_goes_to_a_model_whose_server_says_that_it_sees() {
    let ollama = LocalServer::start(
        Likeness::Ollama,
        vec![
            Held { sees: true, ..Held::new("own-tune:8b", 4_096).loaded() },
            Held::new("gemma3-blind", 4_096),
        ],
    );
    let stage = Stage::serving(&configured("ollama", "ollama", &ollama.url()));
    let image = "iVBORw0KGgoAAAANSUhEUgAA".repeat(4_000);
    let body = |model: &str| {
        json!({ "model": model, "messages": [{ "role": "user", "content": [
        { "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{image}") } },
        { "type": "text", "text": "what is this" } ] }] })
    };
    let client = stage.client();
    let send = |model: &str| {
        let body = body(model).to_string();
        client.send(&client.post("/v1/chat/completions", &[], body.as_bytes()))
    };
    let response = send("ollama/own-tune:8b");
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(ollama.asked().len(), 1);
    let refused = send("ollama/gemma3-blind");
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(ollama.asked().len(), 1, "its name is not believed");
}
