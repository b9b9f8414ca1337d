//! A single local model that is switched off: passed over and refused by whatever name, over a
//! restart and beside the switch of all. May use what the module above has for every local scenario.

use super::*;

const THREE: &str =
    "[tiers]\nlow = [\"ollama/qwen3:8b\", \"ollama/llama3.2:3b\", \"openai/gpt-5-mini\"]\n";

impl Stage {
    fn again(&mut self) {
        let weir = self.weir.take().expect("it serves");
        assert!(weir.stop().success());
        self.weir = Some(Weir::start(&self.home));
    }

    /// What a command says, on one line however it was wrapped.
    #[track_caller]
    fn said(&self, args: &[&str]) -> String {
        flat(&self.home.weir(args).ok())
    }

    /// What a command says that fails.
    #[track_caller]
    fn refused(&self, args: &[&str]) -> String {
        let ran = self.home.weir(args);
        assert_eq!(ran.code, 1, "{args:?}: {}", ran.stdout);
        flat(&ran.stderr)
    }

    /// The names that a tool is offered.
    fn offered(&self) -> String {
        let client = self.client();
        client.send((client.head("GET", "/v1/models", &[]) + "\r\n").as_bytes()).text()
    }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_model_is_out_of_routing_at_once_and_for_good_and_the_others_are_not() {
    let ollama = ollama();
    let mut stage = Stage::serving(&(configured("ollama", "ollama", &ollama.url()) + THREE));
    assert!(stage.offered().contains("ollama/qwen3:8b"));
    let said = stage.said(&["local", "off", "qwen3:8b"]);
    assert!(said.contains("ollama/qwen3:8b is out of routing from this moment on"), "{said}");
    assert!(said.contains("weir local unload ollama/qwen3:8b"), "{said}");
    let passed = stage.chat("weir-low", "off");
    assert_eq!(passed.header("x-weir-route"), "ollama/llama3.2:3b");
    assert_eq!(passed.header("x-weir-reason"), "local-model-off");
    stage.row("off");
    let told = stage.said(&["explain", passed.header("x-weir-request-id")]);
    assert!(told.contains("the local model before it is switched off"), "{told}");
    for restarted in [false, true] {
        if restarted {
            stage.again();
        }
        let refused = stage.chat("ollama/qwen3:8b", "named");
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains("weir local on ollama/qwen3:8b"), "{}", refused.text());
        // Ollama would run the same model by each of these.
        for other in ["QWEN3:8b", "library/qwen3:8b", "registry.ollama.ai/library/qwen3:8b"] {
            assert_eq!(stage.chat(&format!("ollama/{other}"), "spelt").status, 400, "{other}");
        }
        let status = stage.looked();
        assert_eq!(
            (&status["on"], &status["models_off"]),
            (&json!(true), &json!(["ollama/qwen3:8b"]))
        );
        let server = one(&status, "ollama");
        let off = ["qwen3:8b", "llama3.2:3b"].map(|name| model(&server, name)["off"].clone());
        assert_eq!(off, [json!(true), json!(false)], "restarted: {restarted}");
    }
    let status = stage.home.weir(&["status", "--json"]).json();
    assert_eq!(status["routing"]["models_off"], json!(["ollama/qwen3:8b"]));
    assert_eq!(status["routing"]["per_tier"][0]["now"], "ollama/llama3.2:3b");
    let shown = stage.said(&["status"]);
    assert!(shown.contains("low ollama/qwen3:8b (off), ollama/llama3.2:3b"), "{shown}");
    let shown = stage.said(&["local", "status"]);
    let row = ["qwen3:8b off", "qwen3:8b loaded, off"].into_iter().any(|row| shown.contains(row));
    assert!(row, "{shown}");
    let models = stage.home.weir(&["models", "--json"]).json();
    let rows = models.as_array().expect("a list").iter();
    let off: Vec<&Value> = rows.filter(|row| row["off"] == true).map(|row| &row["id"]).collect();
    assert_eq!(off, [&json!("ollama/qwen3:8b")]);
    assert!(!stage.offered().contains("ollama/qwen3:8b"), "no tool is offered it");
    let doctor = flat(&stage.home.weir(&["doctor"]).stdout);
    assert!(doctor.contains("switched off: ollama/qwen3:8b"), "{doctor}");
    let said = stage.said(&["local", "on", "qwen3:8b"]);
    assert!(said.contains("ollama/qwen3:8b is in use again"), "{said}");
    assert_eq!(stage.chat("weir-low", "on").header("x-weir-route"), "ollama/qwen3:8b");
    let qwen = ollama.asked().iter().filter(|body| body.contains("qwen3:8b")).count();
    assert_eq!(qwen, 1, "only after it was switched on again");
}

#[test]
fn the_switch_of_all_neither_loses_nor_ends_the_switch_of_one() {
    let mut ollama = ollama();
    let mut stage = Stage::serving(&(configured("ollama", "ollama", &ollama.url()) + THREE));
    stage.said(&["local", "off", "ollama/qwen3:8b"]);
    stage.said(&["local", "off"]);
    assert_eq!(stage.chat("weir-low", "all").header("x-weir-reason"), "local-off");
    let said = stage.said(&["local", "on"]);
    assert!(
        said.contains("in use again, but for") && said.contains(": ollama/qwen3:8b."),
        "{said}"
    );
    assert_eq!(stage.chat("weir-low", "again").header("x-weir-route"), "ollama/llama3.2:3b");
    stage.said(&["local", "only"]);
    stage.said(&["local", "off", "llama3.2:3b"]);
    let refused = stage.chat("weir-low", "only");
    assert_eq!(refused.status, 400, "nothing leaves in its place: {}", refused.text());
    assert!(refused.text().contains("weir local on ollama/"), "{}", refused.text());
    stage.said(&["local", "on"]);
    assert_eq!(stage.chat("weir-low", "cloud").header("x-weir-route"), "openai/gpt-5-mini");
    ollama.go_away();
    stage.again();
    assert!(stage.said(&["local", "status"]).contains("ollama/llama3.2:3b, ollama/qwen3:8b"));
    for name in ["llama3.2:3b", "ollama/qwen3:8b"] {
        let said = stage.said(&["local", "on", name]);
        assert!(said.contains("in use again"), "also while its server is gone: {said}");
    }
    assert_eq!(stage.looked()["models_off"], json!([]));
}

#[test]
fn a_name_that_the_server_takes_for_the_model_does_not_get_round_its_switch() {
    let llama = LocalServer::start(Likeness::LlamaCpp, vec![Held::new("tiny", 32_768)]);
    let newest = LocalServer::start(Likeness::Ollama, vec![Held::new("qwen3:latest", 8_192)]);
    let config = configured("llamacpp", "openai", &format!("{}/v1", llama.url()))
        + &configured("ollama", "ollama", &newest.url())
        + "[tiers]\nlow = [\"llamacpp/whatever\", \"openai/gpt-5-mini\"]\n";
    let stage = Stage::serving(&config);
    stage.said(&["local", "off", "llamacpp/tiny"]);
    stage.said(&["local", "off", "ollama/qwen3"]);
    for (n, name) in ["llamacpp/tiny", "llamacpp/whatever", "ollama/qwen3", "ollama/qwen3:latest"]
        .into_iter()
        .enumerate()
    {
        let refused = stage.chat(name, &format!("named-{n}"));
        assert_eq!(refused.status, 400, "{name}: {}", refused.text());
        assert!(refused.text().contains("weir local on "), "{name}: {}", refused.text());
    }
    let chained = stage.chat("weir-low", "chained");
    assert_eq!(chained.header("x-weir-route"), "openai/gpt-5-mini");
    assert_eq!(chained.header("x-weir-reason"), "local-model-off");
    assert!(llama.asked().is_empty() && newest.asked().is_empty(), "no prompt reached them");
}

#[test]
fn a_request_that_waits_for_a_model_when_it_is_switched_off_is_not_sent() {
    let ollama = ollama();
    let stage = Stage::serving(&configured("ollama", "ollama", &ollama.url()));
    let client = stage.client();
    ollama.hold();
    let first = sent(&client, "ollama/qwen3:8b", "first");
    ollama.until("the first request", |o| o.asked().len() == 1);
    let waits = sent(&client, "ollama/llama3.2:3b", "waits");
    wait::until("it to wait", || {
        stage.server("ollama")["queue"]["waiting"].as_array().is_some_and(|w| w.len() == 1)
    });
    stage.said(&["local", "off", "llama3.2:3b"]);
    ollama.let_go();
    assert_eq!(first.join().expect("answered"), 200);
    assert_eq!(waits.join().expect("answered"), 400);
    assert_eq!(ollama.asked().len(), 1);
}

#[test]
fn a_model_that_is_not_there_is_refused_with_what_there_is() {
    let (ollama, vllm) =
        (ollama(), LocalServer::start(Likeness::Vllm, vec![Held::new("qwen3:8b", 32_768)]));
    let config = configured("ollama", "ollama", &ollama.url())
        + &configured("gpu", "openai", &format!("{}/v1", vllm.url()));
    let mut stage = Stage::serving(&config);
    for on in ["on", "off"] {
        let said = stage.refused(&["local", on, "qwen4"]);
        assert!(said.contains("no running local server has qwen4"), "{said}");
        assert!(said.contains("ollama/qwen3:8b") && said.contains("gpu/qwen3:8b"), "{said}");
        let said = stage.refused(&["local", on, "ollama/qwen4"]);
        assert!(
            said.contains("ollama has no qwen4. It has") && said.contains("llama3.2:3b"),
            "{said}"
        );
        let said = stage.refused(&["local", on, "qwen3:8b"]);
        assert!(said.contains("Say which: "), "{said}");
    }
    assert_eq!(stage.looked()["models_off"], json!([]));
    let said = stage.said(&["local", "on", "gpu/qwen3:8b"]);
    assert!(said.contains("gpu/qwen3:8b is in use already"), "{said}");
    stage.weir.take().expect("it serves").stop();
    std::fs::write(stage.home.path().join("local.models.off"), "qwen3\n").expect("written");
    let said = stage.refused(&["serve", "--port", "0"]);
    assert!(said.contains("local.models.off, line 1") && said.contains("SERVER/MODEL"), "{said}");
}
