//! The control socket over a desk that answers from memory.

use super::client::ask;
use super::{Door, DoorProblem, Remote, call, watch};
use crate::api::*;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use weir_core::{Dialect, Money, RequestId};

/// Answers what the tests ask; everything else is a named problem.
struct Small;

fn unasked<T>() -> Result<T, ApiProblem> {
    Err(ApiProblem::new(Code::Unavailable, "no test asks this"))
}

impl Desk for Small {
    fn status(&self) -> Result<Status, ApiProblem> {
        unasked()
    }
    fn doctor(&self) -> Result<Doctor, ApiProblem> {
        panic!("a desk that breaks")
    }
    fn cost_summary(&self, period: Span) -> Result<CostSummary, ApiProblem> {
        let sums = Sums { requests: 3, spent_usd: Money::from_nano(7), ..Sums::default() };
        Ok(CostSummary { period, from: None, to: None, sums, days: Vec::new() })
    }
    fn cost_breakdown(&self, _: Span, _: By) -> Result<CostBreakdown, ApiProblem> {
        unasked()
    }
    fn cost_shadow(&self, _: Span) -> Result<Comparison, ApiProblem> {
        unasked()
    }
    fn simulate(&self, _: Option<Stamp>, _: &str, _: &str) -> Result<Comparison, ApiProblem> {
        unasked()
    }
    fn log(&self, _: &LogQuery) -> Result<Vec<LogRow>, ApiProblem> {
        Ok(Vec::new())
    }
    fn explain(&self, id: RequestId) -> Result<Explain, ApiProblem> {
        Err(ApiProblem::new(Code::NotFound, format!("no request {id} in the ledger")))
    }
    fn route_test(&self, _: &str, _: Option<Dialect>) -> Result<RouteTest, ApiProblem> {
        unasked()
    }
    fn models(&self) -> Result<Vec<ModelRow>, ApiProblem> {
        unasked()
    }
    fn price_show(&self, _: &str) -> Result<PriceShow, ApiProblem> {
        unasked()
    }
    fn price_cost(&self, _: &str, _: &Value, _: Option<Stamp>) -> Result<PriceCost, ApiProblem> {
        unasked()
    }
    fn price_update(&self, _: &Path) -> Result<PriceUpdate, ApiProblem> {
        unasked()
    }
    fn key_set(&self, provider: &str, key: SecretText) -> Result<(), ApiProblem> {
        assert_eq!((provider, key.expose()), ("openai", "sk-canary"));
        Ok(())
    }
    fn key_list(&self) -> Result<Vec<KeyRow>, ApiProblem> {
        unasked()
    }
    fn key_remove(&self, _: &str) -> Result<(), ApiProblem> {
        unasked()
    }
    fn key_test(&self, _: &str) -> Result<KeyTest, ApiProblem> {
        unasked()
    }
    fn client_add(&self, name: &str) -> Result<ClientAdded, ApiProblem> {
        Ok(ClientAdded { name: name.into(), token: SecretText::new("weir_abc".into()) })
    }
    fn client_list(&self) -> Result<Vec<ClientRow>, ApiProblem> {
        unasked()
    }
    fn client_remove(&self, _: &str) -> Result<(), ApiProblem> {
        unasked()
    }
    fn config_show(&self) -> Result<ConfigShown, ApiProblem> {
        unasked()
    }
    fn pause(&self, _: bool) -> Result<(), ApiProblem> {
        Ok(())
    }
    fn local_status(&self) -> Result<LocalStatus, ApiProblem> {
        unasked()
    }
    fn local(&self, _: &LocalOrder) -> Result<LocalDone, ApiProblem> {
        unasked()
    }
    fn tunnel_start(&self, _: Option<&str>) -> Result<TunnelStarted, ApiProblem> {
        unasked()
    }
    fn tunnel_stop(&self) -> Result<TunnelStatus, ApiProblem> {
        unasked()
    }
    fn tunnel_status(&self) -> Result<TunnelStatus, ApiProblem> {
        unasked()
    }
    fn profiles(&self) -> Result<Profiles, ApiProblem> {
        unasked()
    }
    fn profile_use(&self, _: &str) -> Result<Profiles, ApiProblem> {
        unasked()
    }
    fn profile_add(&self, _: &str) -> Result<Profiles, ApiProblem> {
        unasked()
    }
    fn routing_text(&self) -> Result<RoutingText, ApiProblem> {
        unasked()
    }
    fn config_edit(&self, _: &[ConfigEdit], _: Option<&str>) -> Result<ConfigChange, ApiProblem> {
        unasked()
    }
    fn tunnel_test(&self) -> Result<TunnelTest, ApiProblem> {
        unasked()
    }
    fn budgets(&self) -> Result<Budgets, ApiProblem> {
        unasked()
    }
    fn budget(&self, _: &BudgetOrder) -> Result<BudgetDone, ApiProblem> {
        unasked()
    }
    fn import(&self, _: &str, _: &Path, _: bool) -> Result<ImportDone, ApiProblem> {
        unasked()
    }
    fn reconcile(&self, _: &str, _: Option<&str>) -> Result<Reconciled, ApiProblem> {
        unasked()
    }
    fn chart(&self, _: &ChartQuery) -> Result<Chart, ApiProblem> {
        unasked()
    }
    fn report(&self, _: Option<&str>) -> Result<Report, ApiProblem> {
        unasked()
    }
}

/// An engine's control socket and nothing else of it.
struct Served {
    home: TempDir,
    events: broadcast::Sender<LiveEvent>,
    stop: CancellationToken,
    runtime: Option<Runtime>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Served {
    fn start() -> Self {
        Self::start_in(TempDir::new().expect("a home"))
    }

    fn start_in(home: TempDir) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (events, _) = broadcast::channel(4);
        let stop = CancellationToken::new();
        let guard = runtime.enter();
        let door = Door::open(home.path()).expect("the door opens");
        let task = runtime.spawn(door.serve(Arc::new(Small), events.clone(), stop.clone()));
        drop(guard);
        Self { home, events, stop, runtime: Some(runtime), task: Some(task) }
    }

    fn connect(&self) -> Raw {
        let stream = UnixStream::connect(self.home.path().join("control.sock")).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
        Raw { lines: BufReader::new(stream) }
    }

    fn end(mut self) -> TempDir {
        self.stop.cancel();
        let task = self.task.take().expect("running");
        let runtime = self.runtime.take().expect("running");
        runtime.block_on(task).expect("ends");
        self.home
    }
}

struct Raw {
    lines: BufReader<UnixStream>,
}

impl Raw {
    fn say(&mut self, line: &str) -> Value {
        self.lines.get_mut().write_all(format!("{line}\n").as_bytes()).expect("sent");
        self.hear()
    }
    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }
}

#[test]
fn a_call_comes_back_typed_and_a_problem_keeps_its_code() {
    let served = Served::start();
    let desk = Remote::find(served.home.path()).expect("reachable").expect("running");
    assert_eq!(desk.cost_summary(Span::Week).expect("sums").sums.requests, 3);
    assert_eq!(desk.client_add("script").expect("added").token.expose(), "weir_abc");
    desk.key_set("openai", SecretText::new("sk-canary".into())).expect("kept");
    let problem = desk.explain(RequestId::new(1, 1)).expect_err("no such request");
    assert_eq!(problem.code, Code::NotFound);
    served.end();
}

#[test]
fn one_connection_carries_many_calls_and_survives_bad_lines() {
    let served = Served::start();
    let mut raw = served.connect();
    for bad in [
        "",
        "{",
        "[]",
        "nonsense",
        "\u{0}",
        r#"{"method":"rm_rf"}"#,
        r#"{"method":"log"}"#,
        r#"{"method":"explain","params":{"id":"wr_nope"}}"#,
        r#"{"method":"cost_summary","params":{"period":"week","extra":1}}"#,
    ] {
        assert_eq!(raw.say(bad)["error"]["code"], "bad_request", "{bad}");
    }
    let good = raw.say(r#"{"method":"cost_summary","params":{"period":"day"}}"#);
    assert_eq!(good["result"]["spent_usd"], "0.000000007");
    assert_eq!(raw.say(r#"{"method":"pause","params":{"paused":true}}"#), json!({"result": null}));
    served.end();
}

#[test]
fn a_desk_that_panics_is_answered_with_a_problem() {
    let served = Served::start();
    let problem = call(served.home.path(), &Call::Doctor).expect_err("it broke");
    assert_eq!(problem.code, Code::Internal);
    assert!(call(served.home.path(), &Call::Pause { paused: true }).is_ok(), "and serves on");
    served.end();
}

#[test]
fn a_line_over_the_limit_is_refused_and_the_connection_closed() {
    let served = Served::start();
    let mut raw = served.connect();
    let long = vec![b'x'; super::CALL_BYTES_MAX + 1];
    // The refusal may come, and the connection close, before everything is written.
    let _ = raw.lines.get_mut().write_all(&long);
    assert_eq!(raw.hear()["error"]["code"], "bad_request");
    let mut rest = Vec::new();
    let _ = raw.lines.read_to_end(&mut rest);
    assert!(rest.is_empty());
    assert!(call(served.home.path(), &Call::Pause { paused: true }).is_ok(), "and serves on");
    served.end();
}

#[test]
fn the_socket_is_this_users_alone_and_gone_after_the_end() {
    let served = Served::start();
    let path = served.home.path().join("control.sock");
    let socket = std::fs::symlink_metadata(&path).expect("there");
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    served.end();
    assert!(!path.exists());
}

#[test]
fn a_dead_engines_socket_is_replaced_and_a_live_ones_is_not() {
    let home = TempDir::new().expect("a home");
    let path = home.path().join("control.sock");
    drop(UnixListener::bind(&path).expect("an engine"));
    assert!(path.exists(), "a dead engine leaves its socket");
    let problem = call(home.path(), &Call::Status).expect_err("nobody answers");
    assert_eq!(problem.code, Code::NotRunning);

    let served = Served::start_in(home);
    assert!(call(served.home.path(), &Call::Pause { paused: true }).is_ok());
    let _guard = served.runtime.as_ref().map(Runtime::enter);
    assert!(matches!(Door::open(served.home.path()), Err(DoorProblem::Taken { .. })));
    assert!(call(served.home.path(), &Call::Pause { paused: true }).is_ok(), "undisturbed");
}

#[test]
fn a_file_in_the_way_is_left_alone() {
    let home = TempDir::new().expect("a home");
    std::fs::write(home.path().join("control.sock"), "mine").expect("written");
    let runtime = Runtime::new().expect("a runtime");
    let _guard = runtime.enter();
    assert!(matches!(Door::open(home.path()), Err(DoorProblem::InTheWay { .. })));
    assert_eq!(std::fs::read_to_string(home.path().join("control.sock")).expect("kept"), "mine");
}

#[test]
fn an_engine_that_does_not_answer_is_told_from_one_that_does_not_run() {
    let home = TempDir::new().expect("a home");
    assert!(Remote::find(home.path()).expect("no fault").is_none());
    assert!(Remote::find(home.path().join("nowhere")).expect("no fault").is_none());
    let stuck = UnixListener::bind(home.path().join("control.sock")).expect("bound");
    let problem = ask(home.path(), &Call::Status, Duration::from_millis(50)).expect_err("stuck");
    assert_eq!(problem.code, Code::NotAnswering);
    let hangs_up = std::thread::spawn(move || {
        // The first connection is the call above, the second the one below.
        for stream in stuck.incoming().take(2) {
            drop(stream);
        }
    });
    let problem = call(home.path(), &Call::Status).expect_err("hung up");
    assert_eq!(problem.code, Code::NotAnswering);
    hangs_up.join().expect("ends");
}

#[cfg(target_os = "linux")]
#[test]
fn a_home_with_a_path_longer_than_a_socket_address_works() {
    let outer = TempDir::new().expect("a home");
    let home = TempDir::new_in({
        let deep = outer.path().join("x".repeat(120));
        std::fs::create_dir(&deep).expect("made");
        deep
    });
    let served = Served::start_in(home.expect("a home"));
    assert!(call(served.home.path(), &Call::Pause { paused: true }).is_ok());
    let path = served.home.path().join("control.sock");
    let mode = std::fs::symlink_metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let home = served.end();
    assert!(!home.path().join("control.sock").exists());
}

#[test]
fn a_watcher_hears_events_in_order_and_that_the_engine_ended() {
    let served = Served::start();
    let (home, events) = (served.home.path().to_owned(), served.events.clone());
    let (tell, heard) = std::sync::mpsc::sync_channel(1);
    let watcher = std::thread::spawn(move || watch(&home, |event| tell.send(event).is_ok()));
    while events.receiver_count() == 0 {
        std::thread::yield_now();
    }
    for event in [LiveEvent::Changed, LiveEvent::Missed { events: 7 }] {
        events.send(event.clone()).expect("somebody listens");
        assert_eq!(heard.recv(), Ok(event));
    }
    served.end();
    let ended = watcher.join().expect("ends");
    assert_eq!(ended.expect_err("the engine ended").code, Code::NotRunning);
}

#[test]
fn a_slow_watcher_is_told_how_much_it_missed() {
    let served = Served::start();
    let mut raw = served.connect();
    assert_eq!(raw.say(r#"{"method":"watch"}"#), json!({"result": null}));
    let guard = served.runtime.as_ref().expect("running").handle().clone();
    // All in one step of the only worker, so that the watcher's task cannot run in between.
    let events = served.events.clone();
    let sent = guard.spawn(async move {
        for _ in 0..10 {
            let _ = events.send(LiveEvent::Changed);
        }
    });
    guard.block_on(sent).expect("sent");
    let mut missed = 0;
    let mut heard = 0;
    while missed + heard < 10 {
        match raw.hear() {
            event if event["event"] == "missed" => missed += event["events"].as_u64().expect("n"),
            event => {
                assert_eq!(event["event"], "changed");
                heard += 1;
            }
        }
    }
    assert_eq!((missed, heard), (6, 4));
    served.end();
}

#[test]
fn a_secret_is_never_printed() {
    let call = Call::KeySet { provider: "openai".into(), key: SecretText::new("sk-canary".into()) };
    assert!(!format!("{call:?}").contains("canary"));
    let added = ClientAdded { name: "x".into(), token: SecretText::new("weir_canary".into()) };
    assert!(!format!("{added:?}").contains("canary"));
}

#[test]
fn a_home_that_is_a_file_has_no_engine() {
    let home = TempDir::new().expect("a home");
    let file = home.path().join("file");
    std::fs::write(&file, "").expect("written");
    assert!(Remote::find(file).expect("no fault").is_none());
}
