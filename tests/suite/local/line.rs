//! Lines before local servers that hold one model: as wide as they answer side by side, and long
//! enough to be busy. May use what the module above has for every local scenario.

use super::*;

fn llama(slots: u64) -> LocalServer {
    let llama = LocalServer::start(Likeness::LlamaCpp, vec![Held::new("qwen", 32_768)]);
    llama.has_slots(slots);
    llama
}

fn chained(llama: &LocalServer, more: &str) -> Stage {
    let url = format!("{}/v1", llama.url());
    let server = configured("llamacpp", "openai", &url);
    let chain = "[tiers]\nlow = [\"llamacpp/qwen\", \"openai/gpt-5-mini\"]\n";
    Stage::serving(&format!("{}{more}\n{chain}", server.trim_end()))
}

fn waiting(stage: &Stage) -> usize {
    stage.server("llamacpp")["queue"]["waiting"].as_array().map_or(0, Vec::len)
}

#[test]
fn agents_beyond_the_slots_of_a_llama_server_wait_in_line_and_the_sixth_goes_on() {
    let llama = llama(1);
    let stage = chained(&llama, "\n");
    let client = stage.client();
    llama.hold();
    // Whatever it is called, llama.cpp answers with its one model.
    let mut agents = vec![sent(&client, "llamacpp/any-name", "first")];
    llama.until("the first request", |l| l.asked().len() == 1);
    for n in 1..=4usize {
        agents.push(sent(&client, "llamacpp/qwen", &format!("waits-{n}")));
        wait::until("a longer line", || waiting(&stage) == n);
    }
    let queue = stage.server("llamacpp")["queue"].clone();
    assert_eq!(queue["running"], json!([{ "model": "qwen", "jobs": 1 }]));
    let response = stage.chat("weir-low", "sixth");
    assert_eq!(response.header("x-weir-route"), "openai/gpt-5-mini");
    assert_eq!(response.header("x-weir-reason"), "local-busy");
    assert_eq!(llama.asked().len(), 1, "one slot, one request");
    llama.let_go();
    for agent in agents {
        assert_eq!(agent.join().expect("answered"), 200);
    }
    assert_eq!(llama.asked().len(), 5);
}

#[test]
fn a_line_is_as_wide_as_a_server_says_or_the_configuration() {
    for (slots, written, width) in [(2, "\n", 2), (1, "\nparallel = 3\n", 3)] {
        let llama = llama(slots);
        let stage = chained(&llama, written);
        let client = stage.client();
        llama.hold();
        let agents: Vec<_> =
            (0..=width).map(|n| sent(&client, "llamacpp/qwen", &format!("agent-{n}"))).collect();
        llama.until("a full server", |l| l.asked().len() == width);
        wait::until("the last one in line", || waiting(&stage) == 1);
        assert_eq!(llama.asked().len(), width, "no more than fit");
        llama.let_go();
        for agent in agents {
            assert_eq!(agent.join().expect("answered"), 200);
        }
    }
}

#[test]
fn a_server_that_batches_is_held_back_by_no_line() {
    let vllm = LocalServer::start(Likeness::Vllm, vec![Held::new("qwen", 32_768)]);
    let stage = Stage::serving(&configured("gpu", "openai", &format!("{}/v1", vllm.url())));
    let client = stage.client();
    vllm.hold();
    let agents: Vec<_> =
        (0..12).map(|n| sent(&client, "gpu/qwen", &format!("agent-{n}"))).collect();
    vllm.until("all of them", |v| v.asked().len() == 12);
    assert!(stage.server("gpu")["queue"].is_null());
    vllm.let_go();
    for agent in agents {
        assert_eq!(agent.join().expect("answered"), 200);
    }
}

#[test]
fn a_width_that_is_none_is_told_with_its_line() {
    let stage = Stage::new("");
    let text = "[providers.llamacpp]\nparallel = 0\n";
    let file = stage.home.out().join("wrong.toml");
    std::fs::write(&file, text).expect("written");
    let ran = stage.home.weir(&["config", "check", file.to_str().expect("a path")]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("wrong.toml:2: ") && said.contains("from 1 to"), "{said}");
}
