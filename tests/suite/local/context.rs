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

/// An Ollama whose model can have no more than the 4,096 tokens it is loaded with.
fn short() -> LocalServer {
    LocalServer::start(Likeness::Ollama, vec![Held::new("qwen3:8b", 4_096).loaded().at_most()])
}

/// The context that the last request asked for, in tokens.
fn asked_last(ollama: &LocalServer) -> Option<u64> {
    let asked = ollama.asked();
    let last: Value = serde_json::from_str(asked.last().expect("one was asked")).expect("JSON");
    last["options"]["num_ctx"].as_u64()
}

#[test]
fn a_prompt_that_only_its_tokenizer_can_measure_is_never_cut_by_ollama() {
    let ollama = short();
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
    assert!(refused.text().contains("> 40960 maximum"), "{}", refused.text());
    assert_eq!(stage.chat(model, "own").status, 200);
    assert_eq!(ollama.models()[1].asked, None, "a short prompt leaves the context to Ollama");
}

#[test]
fn a_model_that_somebody_had_loaded_short_is_loaded_anew_for_a_prompt_that_needs_more() {
    let ollama = ollama();
    let mut stage = Stage::new(&configured("ollama", "ollama", &ollama.url()));
    stage.token = stage.home.token("claude-code");
    // Nobody asks for a status: what the model can have is known all the same.
    stage.weir = Some(Weir::start(&stage.home));
    let client = stage.client();
    let call = long_call(&client, Kind::Messages, "ollama/qwen3:8b", "long");
    let response = client.send(&call);
    assert_eq!(response.status, 200, "{}", response.text());
    let given = ollama.models()[0].asked.expect("a context was asked for");
    assert!((32_768..=40_960).contains(&given), "{given}");
    assert_eq!(ollama.asked().len(), 1, "at once");
    assert_eq!(stage.chat("ollama/qwen3:8b", "short").status, 200);
    assert_eq!(asked_last(&ollama), Some(given), "the short one after it loads nothing anew");
    let rows = stage.home.weir(&["models", "--json"]).json();
    let told = rows.as_array().expect("a list").iter().find(|m| m["id"] == "ollama/qwen3:8b");
    assert_eq!(told.expect("listed")["context"], given);
}

#[test]
fn what_ollama_itself_finds_too_long_is_asked_once_more_with_room_for_it() {
    let ollama = ollama();
    let config = configured("ollama", "ollama", &ollama.url()) + CHAIN;
    let stage = Stage::serving(&config);
    let client = stage.client();
    let (name, text) = &dense()[1];
    let response = client.send(&call_with(&client, Kind::Chat, "weir-low", name, text));
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("x-weir-route"), "ollama/qwen3:8b");
    let given = asked_last(&ollama).expect("a context was asked for");
    assert!(given >= 16_384, "{given}");
    assert_eq!(ollama.asked().len(), 2, "once as it was loaded, once with room");
    let (name, text) = &dense()[0];
    let again = client.send(&call_with(&client, Kind::Messages, "ollama/qwen3:8b", name, text));
    assert_eq!((again.status, ollama.asked().len()), (200, 3), "{}", again.text());
    assert_eq!(asked_last(&ollama), Some(given));
}

#[test]
fn a_request_beside_one_for_more_context_asks_for_the_same() {
    let ollama = ollama();
    let stage = Stage::serving(&configured("ollama", "ollama", &ollama.url()));
    let client = stage.client();
    ollama.hold();
    let call = long_call(&client, Kind::Messages, "ollama/qwen3:8b", "long");
    let long = {
        let client = client.clone();
        std::thread::spawn(move || client.send(&call).status)
    };
    ollama.until("the long one", |o| o.asked().len() == 1);
    let given = asked_last(&ollama);
    let beside = sent(&client, "ollama/qwen3:8b", "beside");
    ollama.until("the one beside it", |o| o.asked().len() == 2);
    assert_eq!(asked_last(&ollama), given, "or it would be loaded anew, and anew again");
    assert!(given > Some(4_096), "{given:?}");
    ollama.let_go();
    assert_eq!((long.join().expect("answered"), beside.join().expect("answered")), (200, 200));
}

#[test]
fn a_model_loaded_short_is_told_to_tools_with_what_weir_will_ask_for() {
    let ollama = ollama();
    let stage = Stage::serving(&configured("ollama", "ollama", &ollama.url()));
    let rows = stage.home.weir(&["models", "--json"]).json();
    let told = rows.as_array().expect("a list").iter().find(|m| m["id"] == "ollama/qwen3:8b");
    assert_eq!(told.expect("listed")["context"], 32_768, "not the 4,096 of this moment");
    let checks = stage.home.weir(&["doctor", "--json"]).stdout;
    assert!(!checks.contains("a coding tool's first request is longer"), "{checks}");
}

#[test]
fn an_older_ollama_that_cannot_be_told_to_refuse_is_sent_only_what_surely_fits() {
    let ollama = short();
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
fn an_older_ollama_is_asked_for_as_much_as_a_prompt_can_surely_need() {
    let ollama = ollama();
    ollama.is_version("0.12.3");
    let stage = Stage::serving(&configured("ollama", "ollama", &ollama.url()));
    let client = stage.client();
    for (name, text) in dense() {
        let call = call_with(&client, Kind::Chat, "ollama/qwen3:8b", name, &text);
        assert_eq!(client.send(&call).status, 200, "{name}");
    }
    assert_eq!((ollama.asked().len(), ollama.cut()), (3, 0));
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
fn a_tool_is_told_a_refusal_for_length_as_it_knows_it_whatever_the_server_calls_it() {
    let llama = LocalServer::start(Likeness::LlamaCpp, vec![Held::new("tiny", 4_096)]);
    let stage = Stage::serving(&configured("llama", "openai", &format!("{}/v1", llama.url())));
    let client = stage.client();
    let (name, text) = &dense()[0];
    for kind in [Kind::Messages, Kind::Chat, Kind::Responses] {
        let refused = client.send(&call_with(&client, kind, "llama/tiny", name, text));
        assert_eq!(refused.status, 400, "{kind:?}: {}", refused.text());
        let body: Value = serde_json::from_str(&refused.text()).expect("JSON");
        let message = body["error"]["message"].as_str().expect("words");
        let numbers = message.strip_prefix("prompt is too long: ").expect("Anthropic's words");
        assert!(numbers.contains(" tokens > 4096 maximum: the request exceeds"), "{message}");
        match kind {
            Kind::Messages => assert_eq!(body["type"], "error", "{body}"),
            _ => assert_eq!(body["error"]["code"], "context_length_exceeded", "{body}"),
        }
    }
    assert_eq!(llama.asked().len(), 3, "it was the server that counted");
}

/// The command that a refusal names, as its arguments.
#[track_caller]
fn command_in(text: &str) -> Vec<String> {
    let start = text.find("weir local load ").unwrap_or_else(|| panic!("no command: {text}"));
    let words = text[start..].split(|c: char| c.is_whitespace() || matches!(c, '"' | '\\'));
    let words = words.skip(1).take_while(|word| !word.is_empty());
    let given = |word: &&str| word.starts_with("--") || word.parse::<u64>().is_ok();
    let (first, rest): (Vec<_>, Vec<_>) = words.enumerate().partition(|(n, _)| *n < 3);
    let rest = rest.into_iter().map(|(_, word)| word).take_while(given);
    first.into_iter().map(|(_, word)| word).chain(rest).map(str::to_owned).collect()
}

#[test]
fn the_command_that_a_refusal_names_makes_room_for_the_same_prompt() {
    let studio = LocalServer::start(
        Likeness::LmStudio,
        vec![Held::new("in", 4_096).loaded(), Held::new("out", 4_096), Held::new("far", 4_096)],
    );
    let stage = Stage::serving(&configured("studio", "openai", &format!("{}/v1", studio.url())));
    let client = stage.client();
    let long = "how the water finds its level ".repeat(2_000);
    let longer = "how the water finds its level ".repeat(5_000);
    for (model, text) in [("studio/in", &long), ("studio/out", &long), ("studio/far", &longer)] {
        let call = || call_with(&client, Kind::Messages, model, "room", text);
        let refused = client.send(&call());
        assert_eq!(refused.status, 400, "{model}: {}", refused.text());
        let command = command_in(&refused.text());
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        stage.home.weir(&words).ok();
        let response = client.send(&call());
        assert_eq!(response.status, 200, "{model} after {words:?}: {}", response.text());
    }
    assert!(studio.models().iter().all(|m| m.copies == 0), "no model twice in memory");
}

#[test]
fn a_model_is_loaded_with_the_context_that_a_tool_needs_or_the_one_that_was_named() {
    let studio = LocalServer::start(
        Likeness::LmStudio,
        vec![Held::new("q3", 4_096), Held { most: 8_192, ..Held::new("small", 4_096) }],
    );
    let ollama = ollama();
    let llama = LocalServer::start(Likeness::LlamaCpp, vec![Held::new("tiny", 2_048)]);
    let config = configured("studio", "openai", &format!("{}/v1", studio.url()))
        + &configured("ollama", "ollama", &ollama.url())
        + &configured("llama", "openai", &format!("{}/v1", llama.url()));
    let stage = Stage::new(&config);
    let run = |words: &[&str]| stage.home.weir(&[&["local", "load"], words].concat());
    assert!(run(&["studio/q3"]).ok().contains("context of 32768 tokens"));
    assert!(
        run(&["studio/small"]).ok().contains("context of 8192 tokens"),
        "the longest it can have"
    );
    let said = run(&["studio/q3"]).ok();
    assert!(said.contains("loaded on studio already, with a context of 32768"), "{said}");
    let said = run(&["studio/q3", "--context", "65536"]).ok();
    assert!(said.contains("context of 65536 tokens"), "{said}");
    assert_eq!(studio.models()[0].copies, 0, "loaded anew, not twice");
    let said = run(&["ollama/llama3.2:3b", "--context", "16384"]).ok();
    assert!(said.contains("context of 16384 tokens"), "{said}");
    let said = run(&["ollama/llama3.2:3b", "--context", "8192"]).ok();
    assert!(said.contains("context of 8192 tokens"), "it may also be less: {said}");
    for (words, word) in [
        (&["studio/small", "--context", "16384"][..], "8192 tokens at most"),
        (&["llama/tiny", "--context", "8192"], "started with"),
    ] {
        let ran = run(words);
        assert_eq!(ran.code, 1, "{words:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(word), "{words:?}: {}", ran.stderr);
    }
    assert_eq!(run(&["studio/q3", "--context", "0"]).code, 2, "no context at all");
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
    assert!(
        refused
            .text()
            .contains("> 4096 maximum. It exceeds the context window that alone/in has now"),
        "{}",
        refused.text()
    );
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
    let ollama = short();
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

#[test]
fn a_text_to_embed_that_would_be_cut_is_refused_and_each_of_a_list_counts_for_itself() {
    let embedding = || vec![Held { embeds: true, ..Held::new("embed", 512).loaded() }];
    let ollama = LocalServer::start(Likeness::Ollama, embedding());
    let studio = LocalServer::start(Likeness::LmStudio, embedding());
    let idle = LocalServer::start(
        Likeness::Ollama,
        vec![Held { embeds: true, most: 512, ..Held::new("small", 512) }],
    );
    let vllm = LocalServer::start(Likeness::Vllm, embedding());
    let config = configured("ollama", "ollama", &ollama.url())
        + &configured("idle", "ollama", &idle.url())
        + &configured("studio", "openai", &format!("{}/v1", studio.url()))
        + &configured("gpu", "openai", &format!("{}/v1", vllm.url()));
    let stage = Stage::serving(&config);
    let client = stage.client();
    let send = |model: &str, input: Value| {
        let body = json!({ "model": model, "input": input }).to_string();
        client.send(&client.post("/v1/embeddings", &[], body.as_bytes()))
    };
    let line = "how the water finds its level ";
    let (short, long) = (line.repeat(40), line.repeat(400));
    for (model, server) in
        [("ollama/embed", &ollama), ("idle/small", &idle), ("studio/embed", &studio)]
    {
        let listed = send(model, json!(vec![&short; 20]));
        assert_eq!(listed.status, 200, "{model}: {}", listed.text());
        for input in
            [json!(long), json!([short, long]), json!(vec![7; 600]), json!([[7], vec![7; 600]])]
        {
            let refused = send(model, input);
            assert_eq!(refused.status, 400, "{model}: {}", refused.text());
            assert!(refused.text().contains("is too long"), "{model}: {}", refused.text());
        }
        assert_eq!(server.asked().len(), 1, "{model}: nothing else reached it");
    }
    let refused = send("ollama/embed", json!([short, long]));
    assert!(refused.text().contains("input 2 "), "which one: {}", refused.text());
    assert!(refused.text().contains("OLLAMA_CONTEXT_LENGTH"), "{}", refused.text());
    let refused = send("gpu/embed", json!(line.repeat(100)));
    assert_eq!((refused.status, vllm.asked().len()), (400, 1), "it counts for itself");
    assert!(refused.text().contains("available context size"), "{}", refused.text());
}
