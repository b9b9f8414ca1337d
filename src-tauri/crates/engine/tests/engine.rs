//! A whole engine in a temporary home: start, one request, stop. Loopback only, any free port.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use weir_core::Money;
use weir_engine::api::{CheckState, KeyState};
use weir_engine::api::{Desk, LogQuery, SecretText, Span};
use weir_engine::secrets::{MemoryVault, StoreProblem, Vault};
use weir_engine::{Engine, Home, Options, Running, StartProblem};

struct Started {
    running: Running,
    home: Home,
    dir: tempfile::TempDir,
}

fn options() -> Options {
    Options { port: Some(0), vault: Some(Arc::new(MemoryVault::default())), ..Options::default() }
}

async fn started(config: &str) -> Started {
    let dir = tempfile::tempdir().expect("a folder");
    let home = Home::at(dir.path().join("home"));
    home.prepare().expect("a home");
    std::fs::write(home.config(), config).expect("a configuration");
    let running = Engine::start(home.clone(), options()).await.expect("it starts");
    Started { running, home, dir }
}

/// Sends one request and reads the whole answer.
fn ask(port: u16, token: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nx-weir-token: {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .expect("it takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

async fn asked(port: u16, token: &str, path: &'static str, body: &'static str) -> String {
    let token = token.to_owned();
    tokio::task::spawn_blocking(move || ask(port, &token, path, body)).await.expect("asked")
}

const CHAT: &str = r#"{"model":"weir-low","messages":[{"role":"user","content":"hello"}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_home_answers_in_the_first_minute_and_counts_it_in_no_sum() {
    let s = started("").await;
    let desk = s.running.desk();
    let token = desk.client_add("script").expect("a token").token.expose().to_owned();
    let answer = asked(s.running.port(), &token, "/v1/chat/completions", CHAT).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let rows = desk.log(&LogQuery::default()).expect("a log");
    assert_eq!(rows.len(), 1);
    assert!(rows[0].demo);
    assert_eq!(rows[0].client, "script");
    let sums = desk.cost_summary(Span::All).expect("a sum").sums;
    assert_eq!((sums.requests, sums.spent_usd), (0, Money::ZERO));
    s.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nobody_is_let_in_and_a_removed_one_is_refused_at_once() {
    let s = started("").await;
    let desk = s.running.desk();
    let port = s.running.port();
    let answer = asked(port, "weir_wrong", "/v1/chat/completions", CHAT).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let token = desk.client_add("script").expect("a token").token.expose().to_owned();
    assert!(asked(port, &token, "/v1/chat/completions", CHAT).await.starts_with("HTTP/1.1 200"));
    desk.client_remove("script").expect("removed");
    assert!(asked(port, &token, "/v1/chat/completions", CHAT).await.starts_with("HTTP/1.1 401"));
    s.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_engine_on_the_same_home_is_told_who_has_it() {
    let s = started("").await;
    let said = Engine::start(s.home.clone(), options()).await.err().expect("refused").to_string();
    assert!(said.contains(&format!("pid {}", std::process::id())), "{said}");
    assert!(said.contains(&format!("port {}", s.running.port())), "{said}");
    let said = Engine::open(s.home.clone(), options()).err().expect("refused").to_string();
    assert!(said.contains("already runs"), "{said}");
    s.running.stop().await;
    Engine::open(s.home.clone(), options()).expect("the home is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_said_and_the_home_is_let_go() {
    let s = started("").await;
    let other = Home::at(s.dir.path().join("other"));
    let taken = Options { port: Some(s.running.port()), ..options() };
    let problem = Engine::start(other.clone(), taken).await.err().expect("refused");
    assert!(matches!(problem, StartProblem::Listen(_)), "{problem}");
    Engine::open(other, options()).expect("nothing was left behind");
    s.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_mistakes_in_the_configuration_are_said_at_once_and_nothing_starts() {
    let dir = tempfile::tempdir().expect("a folder");
    let home = Home::at(dir.path());
    std::fs::write(home.config(), "port = 1\n[server]\nport = true\n[routing]\nmode = \"x\"\n")
        .expect("written");
    let said = Engine::start(home, options()).await.err().expect("refused").to_string();
    assert_eq!(said.lines().count(), 3, "{said}");
    for line in ["line 1", "line 3", "line 5"] {
        assert!(said.contains(line), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_users_prices_stops_no_start_and_is_told_until_it_is_repaired() {
    let dir = tempfile::tempdir().expect("a folder");
    let home = Home::at(dir.path().join("home"));
    home.prepare().expect("a home");
    let row = "[[price]]\nprovider = 'corp'\nmodel = 'x'\ninput = 1\noutput = 2\n";
    std::fs::write(home.price_overrides(), row.replace("input", "imput")).expect("written");
    let running = Engine::start(home.clone(), options()).await.expect("it starts");
    let desk = running.desk();
    let found = |desk: &dyn Desk| {
        let checks = desk.doctor().expect("a doctor").checks;
        checks.into_iter().find(|check| check.name == "prices").expect("it looks at the prices")
    };
    let check = found(&*desk);
    assert_eq!(check.state, CheckState::Fail, "{check:?}");
    assert!(check.found.contains("prices.toml:4: unknown key imput"), "{check:?}");
    let notices = desk.status().expect("a status").notices;
    assert!(notices.iter().any(|notice| notice.contains("prices.toml:4")), "{notices:?}");
    assert!(desk.price_show("gpt-5").is_ok(), "the table is in force");
    std::fs::write(home.price_overrides(), row).expect("written");
    running.reload().expect("a good configuration");
    let check = found(&*desk);
    assert_eq!(check.state, CheckState::Ok, "{check:?}");
    assert!(check.found.ends_with("and 1 row of prices.toml"), "{check:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("written");
    let said = Engine::start(Home::at(file.join("home")), options()).await.err().expect("refused");
    let said = said.to_string();
    assert!(said.contains("home") && said.contains("WEIR_HOME"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_key_ends_the_demonstration_and_a_removed_one_brings_it_back() {
    let s = started("").await;
    let desk = s.running.desk();
    let token = desk.client_add("script").expect("a token").token.expose().to_owned();
    let port = s.running.port();
    // Stored for an address where nobody listens, so that nothing leaves the machine.
    let nowhere = "[providers.anthropic]\nbase_url = \"http://127.0.0.1:1\"\n";
    std::fs::write(s.home.config(), nowhere).expect("written");
    s.running.reload().expect("it holds");
    desk.key_set("anthropic", SecretText::new("sk-1".into())).expect("stored");
    const BODY: &str =
        r#"{"model":"weir-low","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}"#;
    let answer = asked(port, &token, "/v1/messages", BODY).await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    desk.key_remove("anthropic").expect("removed");
    let answer = asked(port, &token, "/v1/messages", BODY).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "a provider is configured: {answer}");
    std::fs::remove_file(s.home.config()).expect("removed");
    s.running.reload().expect("it holds");
    let answer = asked(port, &token, "/v1/messages", BODY).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    s.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_edit_leaves_the_good_configuration_in_force_and_says_so() {
    let s = started("").await;
    let desk = s.running.desk();
    std::fs::write(s.home.config(), "[routing]\nmode = \"sideways\"\n").expect("written");
    assert!(s.running.reload().is_err());
    let status = desk.status().expect("a status");
    assert_eq!(status.routing.mode, "honour");
    assert!(status.notices.iter().any(|n| n.contains("config.toml")), "{:?}", status.notices);
    std::fs::write(s.home.config(), "[[budgets]]\nname = \"b\"\nperiod = \"day\"\nlimit_usd = 1\n")
        .expect("written");
    s.running.reload().expect("it holds");
    let status = desk.status().expect("a status");
    assert_eq!(status.budgets.len(), 1);
    assert!(status.notices.is_empty(), "{:?}", status.notices);
    s.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_engine_leaves_no_socket_and_an_opened_home_knows_the_past() {
    let s = started("").await;
    let token = s.running.desk().client_add("script").expect("added").token.expose().to_owned();
    asked(s.running.port(), &token, "/v1/chat/completions", CHAT).await;
    assert!(s.home.socket().exists());
    s.running.stop().await;
    assert!(!s.home.socket().exists());
    let offline = Engine::open(s.home.clone(), options()).expect("it opens");
    let desk = offline.desk();
    assert_eq!(desk.log(&LogQuery::default()).expect("a log").len(), 1);
    let clients = desk.client_list().expect("a list");
    assert!(clients[0].last_used.is_some(), "when it last called was written at the stop");
    assert!(!desk.status().expect("a status").running);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_back_to_weir_is_refused_at_the_start_and_on_an_edit() {
    let s = started("").await;
    let port = s.running.port();
    let circle = format!("[providers.openai]\nbase_url = \"http://localhost:{port}/v1\"\n");
    std::fs::write(s.home.config(), circle).expect("written");
    let said = s.running.reload().expect_err("refused").to_string();
    assert!(said.contains("Weir's own address"), "{said}");
    s.running.stop().await;
    let same = Options { port: Some(port), ..options() };
    let said = Engine::start(s.home.clone(), same).await.err().expect("refused").to_string();
    assert!(said.contains("Weir's own address") && said.contains("another port"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_ledger_is_said_and_made_whole_on_request() {
    let s = started("").await;
    s.running.desk().client_add("script").expect("added");
    s.running.stop().await;
    let mut bytes = std::fs::read(s.home.ledger()).expect("a ledger");
    let end = bytes.len();
    bytes[end - 4096..].fill(0xa5);
    std::fs::write(s.home.ledger(), &bytes).expect("damaged");
    match Engine::start(s.home.clone(), options()).await {
        Err(problem) => {
            let said = problem.to_string();
            assert!(said.contains("damaged") && said.contains("--salvage"), "{said}");
        }
        Ok(_) => panic!("a damaged ledger was taken for a good one"),
    }
    let salvaged = Engine::salvage(&s.home).expect("it is made whole");
    assert!(salvaged.copy.exists());
    let again = Engine::start(s.home.clone(), options()).await.expect("it starts");
    again.stop().await;
}

/// A keychain whose owner dismisses every prompt; counts them.
#[derive(Default)]
struct Dismissed(std::sync::atomic::AtomicU32);

impl Vault for Dismissed {
    fn read(&self) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, StoreProblem> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Err(StoreProblem::Locked)
    }
    fn write(&self, _: &[u8]) -> Result<(), StoreProblem> {
        Err(StoreProblem::Locked)
    }
    fn delete(&self) -> Result<(), StoreProblem> {
        Err(StoreProblem::Locked)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_often_the_desktop_is_drawn_a_dismissed_prompt_is_raised_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let home = Home::at(dir.path().join("home"));
    home.prepare().expect("a home");
    let names = r#"{"keychain":{"openai":"https://api.openai.com:443","anthropic":"https://api.anthropic.com:443","gemini":"https://elsewhere.example:443"}}"#;
    std::fs::write(home.root().join("keys.json"), names).expect("a list of names");
    let vault = Arc::new(Dismissed::default());
    let prompts = || vault.0.load(std::sync::atomic::Ordering::SeqCst);
    let options = Options { port: Some(0), vault: Some(vault.clone()), ..Options::default() };
    let running = Engine::start(home, options).await.expect("it starts");
    let desk = running.desk();
    let asked = tokio::task::spawn_blocking(move || {
        for _ in 0..10 {
            desk.status().expect("a status");
        }
        let keys = desk.key_list().expect("keys");
        let status = desk.status().expect("a status");
        desk.doctor().expect("checks");
        (desk, keys, status)
    });
    let (desk, keys, status) = asked.await.expect("asked");
    assert_eq!(prompts(), 1);
    let key = |name: &str| keys.iter().find(|row| row.provider == name).map(|row| row.state);
    assert_eq!(key("openai"), Some(KeyState::Locked));
    assert_eq!(key("gemini"), Some(KeyState::Moved));
    let health = |name: &str| {
        let found = status.providers.iter().find(|p| p.name == name);
        found.map(|p| p.state.clone()).unwrap_or_default()
    };
    assert_eq!((&*health("anthropic"), &*health("gemini")), ("key_locked", "key_moved"));
    let asked = tokio::task::spawn_blocking(move || desk.key_test("openai").map(drop));
    assert!(asked.await.expect("asked").is_err());
    assert_eq!(prompts(), 2, "who tests a key asks");
    running.stop().await;
}
