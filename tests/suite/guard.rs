//! Whatever ends Weir, no tool is left calling a port where nobody answers: killed, it is started
//! again; asked to stop, it puts the tools back; and where it only dies again, its guardian does.

#![cfg(target_os = "linux")]

mod gone;
mod login;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use weir_tests::auditor::{self, Strictness};
use weir_tests::family::{Family, answers, kill, program_of};
use weir_tests::server::terminate;
use weir_tests::{Answer, Client, Home, Kind, Provider, Step, Weir, home, wait};

/// What a user may notice at most.
const USABLE_AGAIN: Duration = Duration::from_secs(5);
/// A restart under load.
const LISTENING_AGAIN: Duration = Duration::from_secs(1);
/// Homes that are killed twice each under load; `WEIR_RESTARTS` sets another number of kills.
const KILLS_UNDER_LOAD: usize = 6;
const CLIENTS: usize = 8;
/// How often a tool such as Claude Code asks again before it gives up.
const TRIES: u32 = 10;
/// Memory of its own that a guardian may have, in KiB; most of it are the addresses that the loader
/// wrote into a program with debug information.
const GUARDIAN_KIB: u64 = 4_096;

/// Below those that the system gives out by itself.
const PORTS: std::ops::Range<usize> = 21_000..28_000;
static NEXT: AtomicUsize = AtomicUsize::new(0);

const SETTINGS: &str = "{\r\n\t\"theme\": \"dark\", // mine\r\n}\r\n";

/// A home whose Claude Code has settings, and who of Weir runs for it.
struct Desk {
    // First, so that everything is ended before the folder goes.
    family: Family,
    home: Home,
    provider: Provider,
}

impl Desk {
    fn new() -> Self {
        Self::with(Provider::answering(weir_tests::answers::natural))
    }

    fn with(provider: Provider) -> Self {
        let mut home = Home::pointing_at(&provider);
        home.set("WEIR_GUARD", "on");
        let desk = Self { family: Family::of(&home), home, provider };
        let path = desk.settings();
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, SETTINGS).expect("a file");
        desk
    }

    /// A running server and a connected tool.
    fn connected() -> (Self, Weir) {
        let desk = Self::new();
        let weir = desk.connect();
        (desk, weir)
    }

    /// Starts a server at a port that nothing else takes while it is dead: not one of those that
    /// the system gives to whoever asks for any. Then connects the tool.
    fn connect(&self) -> Weir {
        let started = PORTS.clone().find_map(|_| {
            let nth = NEXT.fetch_add(1, Ordering::SeqCst) + std::process::id() as usize % 97 * 50;
            let port = PORTS.start + nth % PORTS.len();
            Weir::try_start(&self.home, &["serve", "--port", &port.to_string()]).ok()
        });
        let weir = started.expect("a free port");
        self.home.weir(&["connect", "claude-code"]).ok();
        self.family.guardian();
        weir
    }

    fn settings(&self) -> PathBuf {
        self.home.user().join(".claude/settings.json")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.settings()).unwrap_or_default()
    }

    /// Whether the tool's file is as it was before Weir, byte for byte.
    fn as_before(&self) -> bool {
        self.text() == SETTINGS
    }

    /// Whether the tool's file leads to that port.
    fn leads_to(&self, port: u16) -> bool {
        self.text().contains(&format!("http://127.0.0.1:{port}"))
    }

    /// The tool, as it would call now.
    fn tool(&self, port: u16) -> Client {
        let text = self.text();
        let at = text.find("weir_").unwrap_or_else(|| panic!("no token in {text}"));
        Client::new(port, &text[at..at + 48])
    }

    #[track_caller]
    fn put_back_soon(&self, began: Instant) {
        wait::until("the tool's settings to be as before", || self.as_before());
        let took = began.elapsed();
        assert!(took < USABLE_AGAIN, "the tool was on a dead port for {took:?}");
    }
}

#[test]
fn a_killed_engine_serves_again_at_its_port_before_the_user_notices() {
    let (desk, weir) = Desk::connected();
    let (port, pid) = (weir.port(), weir.pid());
    let tool = desk.tool(port);
    let began = Instant::now();
    weir.kill();
    let engine = desk.family.next_engine(pid);
    let took = began.elapsed();
    assert!(took < USABLE_AGAIN, "{took:?}");
    assert!(answers(port), "the port is the same");
    assert_eq!(tool.ask(Kind::Messages, false, "again").status, 200);
    let guardian = desk.family.guardian();
    assert_ne!(guardian.pid, engine.pid);
    let status = desk.home.weir(&["status", "--json"]).json();
    assert_eq!(status["port"], port);
    let doctor = desk.home.weir(&["doctor"]).stdout;
    assert!(doctor.contains(&format!("pid {} starts Weir again", guardian.pid)), "{doctor}");
    desk.family.stop();
    assert!(desk.as_before(), "{}", desk.text());
}

#[test]
fn what_was_open_when_the_engine_was_killed_counts_once_at_its_estimate() {
    let desk = Desk::with(Provider::scripted());
    let weir = desk.connect();
    let (pid, tool) = (weir.pid(), desk.tool(weir.port()));
    desk.provider.script(Answer { steps: vec![Step::Stall], told: None });
    let exchange = tool.open(&tool.call(Kind::Messages, true, "open"));
    desk.provider.until("the request", |truth| truth.first().is_some_and(|attempt| attempt.whole));
    weir.kill();
    drop(exchange);
    desk.family.next_engine(pid);
    let rows = weir_tests::ledger::rows(&desk.home.ledger());
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0].ended().kind, "orphan");
    assert_eq!(rows[0].ended().cost, rows[0].reserved);
    desk.family.stop();
}

#[test]
fn no_call_of_a_tool_that_asks_again_fails_while_engines_are_killed_under_it() {
    let kills = std::env::var("WEIR_RESTARTS").ok().and_then(|n| n.parse().ok());
    let kills: usize = kills.unwrap_or(KILLS_UNDER_LOAD);
    let mut gaps = Vec::with_capacity(kills);
    let (mut calls, mut retried) = (0, 0);
    // Two deaths a home: a third within a minute is a loop.
    while gaps.len() < kills {
        let (desk, weir) = Desk::connected();
        let port = weir.port();
        let mut pid = weir.pid();
        let load = Load::default();
        std::thread::scope(|scope| {
            for nth in 0..CLIENTS {
                let (desk, load) = (&desk, &load);
                scope.spawn(move || load.keep_asking(&desk.tool(port), nth));
            }
            for _ in 0..2 {
                let so_far = load.done.load(Ordering::SeqCst);
                wait::until("calls to be answered", || {
                    load.done.load(Ordering::SeqCst) > so_far + 20
                });
                let began = Instant::now();
                kill(pid);
                wait::until("the port to be closed", || !answers(port));
                wait::until("the port to be open", || answers(port));
                gaps.push(began.elapsed());
                pid = desk.family.next_engine(pid).pid;
            }
            load.over.store(true, Ordering::SeqCst);
        });
        assert_eq!(load.failed.load(Ordering::SeqCst), 0, "calls that were given up");
        calls += load.done.load(Ordering::SeqCst);
        retried += load.retried.load(Ordering::SeqCst);
        desk.family.stop();
        drop(weir);
        let wrong = auditor::audit(&desk.home, &desk.provider.truth(), Strictness::Killed);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    gaps.sort();
    told(&gaps, calls, retried);
    let worst = gaps.last().expect("a kill");
    assert!(*worst <= LISTENING_AGAIN, "{gaps:?}");
}

#[expect(clippy::print_stderr, reason = "the figures of a run are worth reading")]
fn size(own: u64, resident: u64) {
    eprintln!("a guardian has {own} KiB of its own, {resident} KiB with what it shares");
}

#[expect(clippy::print_stderr, reason = "the figures of a run are worth reading")]
fn told(gaps: &[Duration], calls: usize, retried: usize) {
    eprintln!(
        "{} kills under load: listening again after {:?} (median), {:?} (worst); {calls} calls, \
         {retried} asked again, none failed",
        gaps.len(),
        gaps[gaps.len() / 2],
        gaps[gaps.len() - 1]
    );
}

/// Tools that ask, and ask again where they are not answered.
#[derive(Default)]
struct Load {
    over: AtomicBool,
    done: AtomicUsize,
    retried: AtomicUsize,
    failed: AtomicUsize,
}

impl Load {
    fn keep_asking(&self, tool: &Client, nth: usize) {
        let mut number = 0;
        while !self.over.load(Ordering::SeqCst) {
            number += 1;
            let call = tool.call(Kind::Messages, false, &format!("load-{nth}-{number}"));
            let answered = (0..TRIES).any(|tried| {
                let response = tool.try_open(&call).and_then(|mut exchange| exchange.response());
                if response.is_ok_and(|response| response.complete && response.status == 200) {
                    return true;
                }
                self.retried.fetch_add(1, Ordering::SeqCst);
                wait::pause(Duration::from_millis(50 << tried.min(4)));
                false
            });
            let counter = if answered { &self.done } else { &self.failed };
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[test]
fn a_stop_puts_the_tools_back_and_the_next_start_connects_them_again() {
    let (desk, weir) = Desk::connected();
    let (port, pid) = (weir.port(), weir.pid());
    let running = desk.tool(port);
    let began = Instant::now();
    assert!(weir.stop().success());
    desk.put_back_soon(began);
    desk.family.gone();
    let doctor = desk.home.weir(&["doctor"]).stdout;
    assert!(doctor.contains("as it was before Weir"), "{doctor}");
    let weir = Weir::try_start(&desk.home, &["serve", "--port", &port.to_string()]);
    let weir = weir.expect("the port is free again");
    assert_ne!(weir.pid(), pid);
    wait::until("the tool to be connected again", || desk.leads_to(port));
    let anew = desk.tool(port);
    assert_ne!(anew.token(), running.token());
    for (who, tool) in [("anew", &anew), ("in-memory", &running)] {
        assert_eq!(tool.ask(Kind::Messages, false, who).status, 200, "{who}");
    }
    let log = desk.home.weir(&["log", "--json"]).json();
    assert_eq!(
        (&log[0]["client"], &log[1]["client"]),
        (&"claude-code".into(), &"claude-code".into())
    );
    // Once more: the token before the last one ends, whoever still has it.
    assert!(weir.stop().success());
    let weir = Weir::try_start(&desk.home, &["serve", "--port", &port.to_string()]);
    let weir = weir.expect("the port is free again");
    wait::until("the tool to be connected again", || desk.leads_to(port));
    for (tool, status) in [(&running, 401), (&anew, 200), (&desk.tool(port), 200)] {
        assert_eq!(tool.ask(Kind::Messages, false, "once-more").status, status);
    }
    let clients = desk.home.weir(&["client", "list", "--json"]).json();
    assert_eq!(clients.as_array().map(Vec::len), Some(2), "{clients}");
    assert!(weir.stop().success());
    desk.home.weir(&["disconnect", "claude-code"]).ok();
    let clients = desk.home.weir(&["client", "list", "--json"]).json();
    assert_eq!(clients, serde_json::json!([]), "no token is left");
    let weir = Weir::start(&desk.home);
    assert!(weir.stop().success());
    assert!(desk.as_before(), "what the user disconnected stays so");
}

#[test]
fn a_stop_leaves_the_tools_where_the_configuration_says_so() {
    let desk = Desk::new();
    let text = fs::read_to_string(desk.home.path().join("config.toml")).expect("a file");
    desk.home.configure(&format!("[server]\non_stop = \"keep\"\n\n{text}"));
    let weir = desk.connect();
    let port = weir.port();
    assert!(login::entry(&desk).is_some(), "a death is made good all the same");
    assert!(weir.stop().success());
    desk.family.gone();
    assert!(desk.leads_to(port), "{}", desk.text());
    assert_eq!(login::entry(&desk), None, "and the next login leaves them too");
}

#[test]
fn a_killed_guardian_is_replaced_and_the_new_one_does_its_work() {
    let (desk, weir) = Desk::connected();
    let pid = weir.pid();
    let first = desk.family.guardian();
    kill(first.pid);
    wait::until("another guardian", || {
        desk.family.guardians().iter().any(|guardian| guardian.pid != first.pid)
    });
    let second = desk.family.guardian();
    assert_ne!(second.pid, first.pid);
    weir.kill();
    desk.family.next_engine(pid);
    desk.family.stop();
    assert!(desk.as_before());
}

/// Kills the guardian and the engine at once: both are halted first, so that on a busy machine
/// neither has the time to replace the other.
fn kill_both(desk: &Desk, weir: Weir) {
    let guardian = desk.family.guardian().pid.to_string();
    for signal in ["-STOP", "-KILL"] {
        let both = [signal, &guardian, &weir.pid().to_string()];
        let killed = Command::new("kill").args(both).status().expect("kill runs");
        assert!(killed.success());
    }
    weir.kill();
    desk.family.gone();
}

#[test]
fn after_both_were_killed_doctor_says_so_and_a_start_makes_it_good() {
    let (desk, weir) = Desk::connected();
    let port = weir.port();
    kill_both(&desk, weir);
    assert!(desk.leads_to(port), "nobody was left to put it back");
    let ran = desk.home.weir(&["doctor"]);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ran.code, 1, "{said}");
    assert!(said.contains("Claude Code goes through Weir, which is not running"), "{said}");
    assert!(said.contains("weir serve, or put every tool back: weir restore"), "{said}");
    let weir = Weir::try_start(&desk.home, &["serve", "--port", &port.to_string()]);
    let weir = weir.expect("it starts");
    assert_eq!(desk.tool(port).ask(Kind::Messages, false, "good").status, 200);
    desk.family.guardian();
    assert!(weir.stop().success());
    desk.family.gone();
    assert!(desk.as_before());
}

#[test]
fn after_both_were_killed_a_start_that_fails_puts_the_tools_back() {
    let (desk, weir) = Desk::connected();
    let good = fs::read_to_string(desk.home.path().join("config.toml")).expect("a file");
    kill_both(&desk, weir);
    desk.home.configure("this = [is not toml");
    let failed = Weir::try_start(&desk.home, &["serve", "--port", "0"]);
    let said = failed.err().expect("it does not start").said;
    assert!(said.contains("Claude Code put back as before Weir"), "{said}");
    assert!(desk.as_before(), "{}", desk.text());
    desk.home.configure(&good);
    let weir = Weir::start(&desk.home);
    wait::until("the tool to be connected again", || desk.leads_to(weir.port()));
    assert!(weir.stop().success());
}

#[test]
fn an_engine_that_dies_again_and_again_is_given_up_and_the_tools_are_put_back() {
    let (desk, weir) = Desk::connected();
    let mut pid = weir.pid();
    for _ in 0..2 {
        kill(pid);
        pid = desk.family.next_engine(pid).pid;
    }
    let began = Instant::now();
    kill(pid);
    desk.put_back_soon(began);
    desk.family.gone();
    drop(weir);
    let log = fs::read_to_string(desk.home.path().join("logs/weir.log")).expect("a log");
    let line = log.lines().last().expect("a line");
    assert!(
        line.contains("Weir ended again and again and is not restarted. Claude Code"),
        "{line}"
    );
    // The user's own next start is one that the tools follow.
    let weir = Weir::start(&desk.home);
    wait::until("the tool to be connected again", || desk.leads_to(weir.port()));
    assert!(weir.stop().success());
    assert!(desk.as_before());
}

#[test]
fn an_engine_whose_configuration_was_broken_before_it_died_is_given_up_too() {
    let (desk, weir) = Desk::connected();
    desk.home.configure("this = [is not toml");
    let began = Instant::now();
    weir.kill();
    desk.put_back_soon(began);
    desk.family.gone();
}

#[test]
fn two_homes_have_a_guardian_each_and_one_death_is_nothing_to_the_other() {
    let (first, dies) = Desk::connected();
    let (second, lives) = Desk::connected();
    let (pid, guardian) = (dies.pid(), second.family.guardian());
    dies.kill();
    first.family.next_engine(pid);
    assert_eq!(second.family.engine().map(|engine| engine.pid), Some(lives.pid()));
    assert_eq!(second.family.guardian(), guardian);
    first.family.stop();
    assert!(first.as_before() && second.leads_to(lives.port()));
    assert!(lives.stop().success());
    second.family.gone();
}

#[test]
fn a_second_start_for_the_same_home_changes_nothing() {
    let (desk, weir) = Desk::connected();
    let guardian = desk.family.guardian();
    let second = Weir::try_start(&desk.home, &["serve", "--port", "0"]);
    assert!(second.err().expect("refused").said.contains("already runs"));
    assert!(desk.leads_to(weir.port()));
    assert_eq!(desk.family.guardian(), guardian);
    assert!(weir.stop().success());
}

#[test]
fn under_a_supervisor_there_is_no_guardian_and_a_stop_puts_the_tools_back_all_the_same() {
    let mut desk = Desk::new();
    desk.home.set("WEIR_GUARD", "");
    desk.home.set("INVOCATION_ID", "0123456789abcdef0123456789abcdef");
    let weir = Weir::start(&desk.home);
    desk.home.weir(&["connect", "claude-code"]).ok();
    let doctor = desk.home.weir(&["doctor"]).stdout;
    assert!(doctor.contains("its supervisor starts Weir again"), "{doctor}");
    assert_eq!(desk.family.guardians(), []);
    assert!(weir.stop().success());
    assert!(desk.as_before());
    let weir = Weir::start(&desk.home);
    wait::until("the tool to be connected again", || desk.leads_to(weir.port()));
    weir.kill();
    desk.family.gone();
}

#[test]
fn nobody_watches_while_no_tool_is_connected_and_the_one_who_does_is_small_and_asleep() {
    let desk = Desk::new();
    let weir = Weir::start(&desk.home);
    assert_eq!(desk.home.weir(&["client", "list", "--json"]).json(), serde_json::json!([]));
    assert_eq!(desk.family.guardians(), []);
    desk.home.weir(&["connect", "claude-code"]).ok();
    let guardian = desk.family.guardian();
    let state = || {
        let text = fs::read_to_string(format!("/proc/{}/stat", guardian.pid)).expect("it lives");
        text.rsplit(')').next().and_then(|rest| rest.trim().chars().next())
    };
    wait::until("it to sleep", || state() == Some('S'));
    let (own, threads) = (guardian.kib("RssAnon"), guardian.kib("Threads"));
    size(own, guardian.kib("VmRSS"));
    assert!(own <= GUARDIAN_KIB, "{own} KiB");
    assert_eq!(threads, 1);
    assert!(weir.stop().success());
    desk.family.gone();
}

#[test]
fn a_guardian_is_not_reached_by_a_signal_for_the_terminals_programs() {
    let (desk, weir) = Desk::connected();
    let session = |pid: u32| {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
        let rest = text.rsplit(')').next().unwrap_or_default().to_owned();
        rest.split_whitespace().nth(3).and_then(|id| id.parse::<u32>().ok())
    };
    let guardian = desk.family.guardian();
    wait::until("a session of its own", || session(guardian.pid) == Some(guardian.pid));
    assert_ne!(session(weir.pid()), Some(guardian.pid));
    terminate(weir.pid());
    desk.family.gone();
    assert!(desk.as_before());
    drop(weir);
}
