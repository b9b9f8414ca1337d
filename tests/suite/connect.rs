//! Client set-up with the real program and real files: every tool is pointed at a running server
//! and calls it, everything comes back with nothing running, and SIGKILL breaks no file.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;
use weir_tests::{Client, Home, Kind, Rig, Seed, Weir, wait};

/// How many kills; `WEIR_KILLS` sets another number.
const KILLS: usize = 60;

const TOOLS: [&str; 7] =
    ["claude-code", "codex", "gemini-cli", "opencode", "aider", "zed", "continue"];

/// A settings file of a tool, and a text a user could have in it.
fn settings(home: &Home, tool: &str) -> (PathBuf, &'static str) {
    let (path, text) = match tool {
        "claude-code" => (".claude/settings.json", "{\r\n\t\"theme\": \"dark\", // mine\r\n}\r\n"),
        "codex" => (".codex/config.toml", "# mine\nmodel = 'gpt'   # why\n[tools]\nweb = true"),
        "gemini-cli" => (".gemini/.env", "# mine\nGEMINI_API_KEY='own key'\n"),
        "opencode" => (".config/opencode/opencode.jsonc", "{ /* mine */ \"autoupdate\": false, }"),
        "aider" => (".aider.conf.yml", "# mine\nset-env:\n- A=1\ndark-mode: true\n"),
        "zed" => (".config/zed/settings.json", "// mine\n{\n  \"vim_mode\": true\n}\n"),
        _ => {
            (".continue/config.yaml", "name: a\nversion: 1.0.0\nschema: v1\nmodels:\n  - uses: x/y")
        }
    };
    (home.user().join(path), text)
}

/// The second file that Gemini CLI is set up in, with a way to sign in of the user's own.
const SIGN_IN: (&str, &str) = (
    ".gemini/settings.json",
    "{\n  // mine\n  \"security\": { \"auth\": { \"selectedType\": \"oauth-personal\" } },\n  \"theme\": \"x\"\n}\n",
);

/// Every tool's files as a user could have them.
fn put_all(home: &Home) {
    for tool in TOOLS {
        let (path, text) = settings(home, tool);
        put(&path, text);
    }
    put(&home.user().join(SIGN_IN.0), SIGN_IN.1);
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// Every file of the user's, with its permissions and its bytes.
fn picture(home: &Home) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let facts = |path: PathBuf| {
        let mode = mode(&path);
        let bytes = fs::read(&path).expect("readable");
        (path, mode, bytes)
    };
    weir_tests::canary::files(&home.user()).into_iter().map(facts).collect()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode(_: &Path) -> u32 {
    0
}

/// The first token in a text.
fn token(text: &str) -> String {
    let at = text.find("weir_").unwrap_or_else(|| panic!("no token in {text}"));
    text[at..at + 48].to_owned()
}

#[test]
fn every_tool_is_pointed_at_the_server_and_its_token_is_its_own() {
    let rig = Rig::natural();
    put_all(&rig.home);
    let before = picture(&rig.home);
    for tool in TOOLS {
        rig.home.weir(&["connect", tool]).ok();
        let (path, _) = settings(&rig.home, tool);
        let text = fs::read_to_string(&path).expect("UTF-8");
        let port = rig.server().port();
        assert!(text.contains(&format!("http://127.0.0.1:{port}")), "{tool}: {text}");
        #[cfg(unix)]
        assert_eq!(mode(&path), 0o600, "{tool}: a token is inside");
        let client = Client::new(port, &token(&text));
        assert_eq!(client.ask(Kind::Messages, false, tool).status, 200);
        rig.settled(tool);
        let log = rig.home.weir(&["log", "--json", "--limit", "1"]).json();
        assert_eq!(log[0]["client"], tool);
    }
    let sign_in = fs::read_to_string(rig.home.user().join(SIGN_IN.0)).expect("UTF-8");
    assert!(sign_in.contains("\"selectedType\": \"gemini-api-key\""), "{sign_in}");
    let listed = rig.home.weir(&["connect", "--json"]).json();
    let states: Vec<&Value> =
        listed.as_array().expect("a list").iter().map(|row| &row["state"]).collect();
    assert_eq!(states, ["connected"; 7].iter().chain(&["not_connected"]).collect::<Vec<_>>());
    let status = rig.home.weir(&["status", "--json"]).json();
    assert_eq!(status["tools"][0]["state"], "connected");
    for tool in TOOLS {
        rig.home.weir(&["disconnect", tool]).ok();
    }
    assert_eq!(picture(&rig.home), before);
    let clients = rig.home.weir(&["client", "list", "--json"]).json();
    assert_eq!(clients.as_array().map(Vec::len), Some(1), "{clients}");
}

#[test]
fn restore_needs_no_engine_and_no_good_configuration() {
    let home = Home::bare();
    put_all(&home);
    let before = picture(&home);
    for tool in TOOLS {
        home.weir(&["connect", tool]).ok();
    }
    home.configure("this = [is not toml");
    let said = home.weir(&["restore"]).ok();
    assert!(said.contains("byte for byte"), "{said}");
    assert_eq!(picture(&home), before);
    let again = home.weir(&["restore", "--json"]).json();
    assert_eq!(again, serde_json::json!([]));
    home.configure("");
    let clients = home.weir(&["client", "list", "--json"]).json();
    assert_eq!(clients, serde_json::json!([]));
}

#[test]
fn no_kill_breaks_a_tools_settings() {
    let mut chance = Seed::announced("connect");
    let kills = std::env::var("WEIR_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    let home = Home::bare();
    let (path, text) = settings(&home, "claude-code");
    put(&path, text);
    // How long a whole run takes here, so that kills fall everywhere in it.
    let began = Instant::now();
    home.weir(&["connect", "claude-code"]).ok();
    let whole = began.elapsed();
    home.weir(&["restore"]).ok();
    let (mut old, mut new) = (0, 0);
    for round in 0..kills {
        let command = if round % 3 == 2 { "restore" } else { "connect" };
        let args: &[&str] =
            if command == "connect" { &["connect", "claude-code"] } else { &["restore"] };
        if command == "restore" {
            home.weir(&["connect", "claude-code"]).ok();
        }
        let mut child = home
            .command(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("weir starts");
        let wait = whole.mul_f64(chance.below(1_000) as f64 / 900.0);
        std::thread::sleep(wait);
        let _ = child.kill();
        child.wait().expect("it is over");
        let now = fs::read_to_string(&path).expect("the file is there and whole");
        if now == text {
            old += 1;
        } else {
            new += 1;
            assert!(now.ends_with("\t\"theme\": \"dark\", // mine\r\n}\r\n"), "{now}");
            assert!(now.contains("\"ANTHROPIC_AUTH_TOKEN\""), "{now}");
        }
        home.weir(&["restore"]).ok();
        assert_eq!(fs::read_to_string(&path).expect("UTF-8"), text, "after kill {round}");
        let left = weir_tests::canary::files(&home.user());
        assert_eq!(left, std::slice::from_ref(&path), "nothing lies beside it");
    }
    report(kills, old, new);
    let clients = home.weir(&["client", "list", "--json"]).json();
    assert_eq!(clients, serde_json::json!([]), "no token is left");
}

#[expect(clippy::print_stderr, reason = "the figures of a run are worth reading")]
fn report(kills: usize, old: usize, new: usize) {
    eprintln!("{kills} kills: {old} times the old file was found, {new} times the new one");
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_permissions_come_back() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let home = Home::bare();
    let (path, text) = settings(&home, "claude-code");
    let real = home.user().join("dotfiles/claude.json");
    put(&real, text);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o664)).expect("a mode");
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    symlink("../dotfiles/claude.json", &path).expect("a link");
    home.weir(&["connect", "claude-code"]).ok();
    assert!(fs::symlink_metadata(&path).expect("it is there").is_symlink());
    assert_eq!(mode(&real), 0o600);
    home.weir(&["disconnect", "claude-code"]).ok();
    assert_eq!(fs::read_to_string(&real).expect("UTF-8"), text);
    assert_eq!(mode(&real), 0o664);
    assert!(fs::symlink_metadata(&path).expect("it is there").is_symlink());
}

#[test]
fn a_file_with_a_mistake_is_named_with_its_line_and_left_alone() {
    let home = Home::bare();
    let (path, _) = settings(&home, "claude-code");
    put(&path, "{\n  \"a\": 1\n  \"b\": 2\n}\n");
    let ran = home.weir(&["connect", "claude-code"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("line 3") && ran.stderr.contains("Nothing was changed"), "{ran:?}");
    assert_eq!(fs::read_to_string(&path).expect("UTF-8"), "{\n  \"a\": 1\n  \"b\": 2\n}\n");
    let clients = home.weir(&["client", "list", "--json"]).json();
    assert_eq!(clients, serde_json::json!([]), "not even a token was made");
}

#[test]
fn a_provider_that_is_weir_itself_is_refused() {
    let home = Home::bare();
    home.configure(
        "[server]\nport = 9347\n[providers.openai]\ndialect = \"openai\"\n\
         base_url = \"http://localhost:9347/v1\"\nkey = \"none\"\n",
    );
    let ran = home.weir(&["connect", "codex"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("own address") || ran.stderr.contains("itself"), "{ran:?}");
    assert!(!settings(&home, "codex").0.exists());
}

#[test]
fn a_rehearsal_shows_the_lines_and_touches_nothing() {
    let home = Home::bare();
    let (path, text) = settings(&home, "codex");
    put(&path, text);
    let said = home.weir(&["connect", "codex", "--dry-run"]).ok();
    assert!(said.contains("model_provider = \"weir\"") && said.contains("weir_…"), "{said}");
    assert_eq!(fs::read_to_string(&path).expect("UTF-8"), text);
    assert!(!home.path().join("tools").exists());
}

#[test]
fn doctor_finds_what_leads_a_tool_past_weir() {
    let mut home = Home::bare();
    let (path, text) = settings(&home, "claude-code");
    put(&path, text);
    home.weir(&["connect", "claude-code"]).ok();
    let said = |home: &Home| {
        let ran = home.weir(&["doctor"]);
        ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(said(&home).contains("Claude Code goes through Weir"), "{}", said(&home));
    home.set("CLAUDE_CODE_USE_BEDROCK", "1");
    home.set("NO_PROXY", "");
    home.set("HTTPS_PROXY", "http://proxy.example:3128");
    home.set("ANTHROPIC_BASE_URL", "https://user:secret@away.example/v1");
    let found = said(&home);
    for part in
        ["CLAUDE_CODE_USE_BEDROCK is set", "export NO_PROXY=127.0.0.1,localhost", "away.example"]
    {
        assert!(found.contains(part), "{part} is missing in {found}");
    }
    assert!(!found.contains("secret"), "{found}");
    let server = Weir::start(&home);
    assert!(said(&home).contains("calls port 9347, and Weir has port"), "{}", said(&home));
    drop(server);
    fs::write(&path, "{}").expect("a file");
    assert!(said(&home).contains("settings were changed since"), "{}", said(&home));
}

#[test]
fn connecting_again_keeps_the_model_until_none_is_asked_for() {
    let home = Home::bare();
    let (path, _) = settings(&home, "codex");
    let says = || fs::read_to_string(&path).expect("UTF-8");
    home.weir(&["connect", "codex", "--model", "weir-low"]).ok();
    let first = says();
    assert!(first.contains("model = \"weir-low\""), "{first}");
    let said = home.weir(&["connect", "codex"]).ok();
    assert!(said.contains("goes through Weir already"), "{said}");
    assert_eq!(says(), first);
    home.weir(&["connect", "codex", "--model", "none"]).ok();
    assert!(!says().contains("weir-low"), "{}", says());
}

#[test]
fn doctor_finds_a_projects_file() {
    let home = Home::bare();
    home.weir(&["connect", "claude-code"]).ok();
    let project = home.out().join("project/.claude/settings.json");
    put(&project, r#"{"env":{"ANTHROPIC_BASE_URL":"https://away.example"}}"#);
    let mut command = home.command(&["doctor", "--json"]);
    let ran = command.current_dir(home.out().join("project")).output().expect("weir starts");
    let doctor: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let found = doctor["checks"].to_string();
    assert!(found.contains("sets env.ANTHROPIC_BASE_URL for this project"), "{found}");
    assert!(!found.contains("goes through Weir\"") && !found.contains("weir run"), "{found}");
}

/// A program that stands for a tool: says what it was given, and ends as it is told.
#[cfg(unix)]
fn program(home: &Home, name: &str, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = home.out().join("bin").join(name);
    put(&path, &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    let folder = path.parent().expect("a folder").display().to_string();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

#[cfg(unix)]
#[test]
fn a_run_touches_no_file_passes_the_exit_code_and_leaves_no_token() {
    let mut rig = Rig::natural();
    let path = program(
        &rig.home,
        "claude",
        "echo \"$ANTHROPIC_BASE_URL $NO_PROXY $ANTHROPIC_AUTH_TOKEN $*\"; exit 7",
    );
    rig.home.set("PATH", &path);
    rig.home.set("NO_PROXY", "own.example");
    let before = picture(&rig.home);
    let ran = rig.home.weir(&["run", "claude-code", "--", "-p", "two words"]);
    assert_eq!(ran.code, 7, "{ran:?}");
    let port = rig.server().port();
    let start = format!("http://127.0.0.1:{port} own.example,127.0.0.1,localhost weir_");
    assert!(
        ran.stdout.starts_with(&start) && ran.stdout.trim_end().ends_with(" -p two words"),
        "{ran:?}"
    );
    assert_eq!(picture(&rig.home), before);
    let old = Client::new(port, &token(&ran.stdout));
    assert_eq!(old.ask(Kind::Messages, false, "late").status, 401, "the token is taken back");
    let clients = rig.home.weir(&["client", "list", "--json"]).json();
    assert_eq!(clients.as_array().map(Vec::len), Some(1), "{clients}");
}

#[cfg(unix)]
#[test]
fn a_run_passes_signals_on() {
    let mut rig = Rig::natural();
    let started = rig.home.out().join("started");
    let script =
        format!("trap 'exit 9' TERM; echo > {}; while :; do sleep 0.05; done", started.display());
    let path = program(&rig.home, "codex", &script);
    rig.home.set("PATH", &path);
    let mut child = rig.home.command(&["run", "codex"]).spawn().expect("weir starts");
    wait::until("the tool to run", || started.exists());
    let told = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(told.is_ok_and(|status| status.success()));
    let ended = child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(9));
}

#[test]
fn a_run_without_a_server_says_how_to_start_one() {
    let home = Home::bare();
    let ran = home.weir(&["run", "codex"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("weir serve"), "{ran:?}");
}
