//! Servers that nobody wrote down, found by themselves: at the ports of their own settings, and at the
//! ports their kinds use, with other programs in the way. The ports are a machine's own, so such a test
//! runs in a network namespace where nothing else listens.

use super::*;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

fn state_and_url(stage: &Stage, name: &str) -> (Value, Value) {
    let server = stage.server(name);
    (server["state"].clone(), server["url"].clone())
}

fn at(server: &LocalServer, path: &str) -> (Value, Value) {
    (json!("running"), json!(format!("{}{path}", server.url())))
}

/// Puts LM Studio's own settings where it keeps them.
fn studio_says(stage: &Stage, port: u16) {
    let folder = stage.home.user().join(".lmstudio/.internal");
    std::fs::create_dir_all(&folder).expect("a folder");
    let settings = json!({ "port": port, "cors": false }).to_string();
    std::fs::write(folder.join("http-server-config.json"), settings).expect("written");
}

#[test]
fn lm_studio_is_found_at_the_port_of_its_own_settings() {
    let studio = LocalServer::start(Likeness::LmStudio, vec![Held::new("q3", 8_192).loaded()]);
    let mut stage = Stage::new("");
    studio_says(&stage, studio.port());
    stage.weir = Some(Weir::start(&stage.home));
    assert_eq!(state_and_url(&stage, "lmstudio"), at(&studio, "/v1"));
    let response = stage.chat("lmstudio/q3", "found");
    assert_eq!((response.status, studio.asked().len()), (200, 1), "{}", response.text());
    assert!(stage.row("found").local);
}

#[test]
fn llama_server_is_found_at_the_port_of_its_own_variable() {
    let llama = LocalServer::start(Likeness::LlamaCpp, vec![Held::new("tiny", 8_192)]);
    let mut stage = Stage::new("");
    stage.home.set("LLAMA_ARG_PORT", &llama.port().to_string());
    stage.weir = Some(Weir::start(&stage.home));
    assert_eq!(state_and_url(&stage, "llamacpp"), at(&llama, "/v1"));
    assert_eq!(stage.chat("llamacpp/tiny", "found").status, 200);
    assert_eq!(llama.asked().len(), 1);
}

/// Set for a test that runs in a network of its own.
const ALONE: &str = "WEIR_TESTS_ALONE";

/// Whether a machine that cannot play these tests is set up wrongly: where root runs everything for
/// everybody, nobody would see that they were passed over.
fn must_be_played() -> bool {
    let root = std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    root && std::env::var_os("CI").is_some_and(|ci| ci == "true")
}

/// Whether this process has a network of its own. Another one plays the test of this module once more in
/// one, and does no more itself.
#[track_caller]
fn alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let up = "ip link set lo up";
    let may = Command::new("unshare").args(["-rn", "sh", "-c", up]).output();
    let lacks = match may {
        Ok(ran) if ran.status.success() => None,
        Ok(ran) => Some(String::from_utf8_lossy(&ran.stderr).trim().to_owned()),
        Err(problem) => Some(format!("unshare: {problem}")),
    };
    if let Some(lacks) = lacks {
        let told = format!(
            "not played: {test}. It takes unshare, ip and the right to a network of its own ({lacks})"
        );
        assert!(!must_be_played(), "{told}");
        // Past what the harness keeps of a test that passes, so that whoever runs it sees it.
        writeln!(std::io::stderr(), "{told}").expect("told");
        return false;
    }
    let suite = std::env::current_exe().expect("a test knows where it is");
    let script = format!("{up} && exec \"$0\" \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["-rn", "sh", "-c", &script]).arg(suite);
    command.args(["--exact", &format!("local::found::{test}"), "--nocapture"]);
    command.env(ALONE, "1").env("WEIR_BIN", weir_tests::home::binary());
    let ran = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}{told}");
    false
}

#[test]
fn every_kind_is_found_at_its_own_port_with_another_program_in_the_way() {
    if !alone("every_kind_is_found_at_its_own_port_with_another_program_in_the_way") {
        return;
    }
    let start = |port, likeness, name: &str| {
        LocalServer::start_at(port, likeness, vec![Held::new(name, 8_192).loaded()])
    };
    let ollama = start(11_434, Likeness::Ollama, "qwen3:8b");
    let studio = start(1_234, Likeness::LmStudio, "q3");
    let page = start(8_080, Likeness::Pages, "page");
    let llama = start(9_931, Likeness::LlamaCpp, "tiny");
    let vllm = start(8_000, Likeness::Vllm, "fixed");
    vllm.closes_metrics();
    let stage = Stage::serving("");
    let servers = [
        ("ollama", "qwen3:8b", &ollama, ""),
        ("lmstudio", "q3", &studio, "/v1"),
        ("llamacpp", "tiny", &llama, "/v1"),
        ("vllm", "fixed", &vllm, "/v1"),
    ];
    for (name, model, server, path) in servers {
        assert_eq!(state_and_url(&stage, name), at(server, path), "{name}");
        let response = stage.chat(&format!("{name}/{model}"), name);
        assert_eq!(response.status, 200, "{name}: {}", response.text());
        assert_eq!(server.asked().len(), 1, "{name}");
    }
    assert!(page.asked().is_empty(), "no prompt reached the other program");
    assert!(page.lines().iter().all(|(method, ..)| method == "GET"), "{:?}", page.lines());
}

#[test]
fn a_program_on_a_kinds_second_port_or_its_only_one_is_not_taken_for_it() {
    if !alone("a_program_on_a_kinds_second_port_or_its_only_one_is_not_taken_for_it") {
        return;
    }
    let pages = |port| LocalServer::start_at(port, Likeness::Pages, Vec::new());
    let llama = LocalServer::start_at(8_080, Likeness::LlamaCpp, vec![Held::new("tiny", 8_192)]);
    let studio = LocalServer::start_at(1_234, Likeness::LmStudio, vec![Held::new("q3", 8_192)]);
    let (second, only, own) = (pages(9_931), pages(8_000), pages(4_321));
    let mut stage = Stage::new("");
    // The settings are those of another day.
    studio_says(&stage, own.port());
    stage.weir = Some(Weir::start(&stage.home));
    assert_eq!(state_and_url(&stage, "llamacpp"), at(&llama, "/v1"));
    assert_eq!(state_and_url(&stage, "lmstudio"), at(&studio, "/v1"));
    let gone = stage.server("vllm");
    assert_eq!(gone["state"], "not_running", "{gone}");
    let reason = gone["reason"].as_str().expect("a reason");
    assert!(reason.contains("something else answers at http://127.0.0.1:8000"), "{reason}");
    assert_eq!(stage.chat("vllm/any", "nobody").status, 502);
    assert_eq!(stage.chat("llamacpp/tiny", "tiny").status, 200);
    for program in [&second, &only, &own] {
        assert!(program.lines().iter().all(|(method, ..)| method == "GET"), "no prompt");
    }
}
