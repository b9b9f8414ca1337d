//! The binary as a script meets it: exit codes, what goes to stdout and what to stderr, signals.
//! Every test has a home of its own and leaves loopback alone but for its own port.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(TempDir::new().expect("a home"))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command.args(args).stdin(Stdio::null());
        command.env_clear().env("WEIR_HOME", self.0.path()).env("TZ", "UTC");
        command
    }

    fn weir(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("runs")
    }
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

/// A served home; killed when a test fails.
struct Served {
    child: Child,
    port: u16,
    rest: BufReader<std::process::ChildStdout>,
}

impl Served {
    fn start(home: &Home) -> Self {
        let mut command = home.command(&["serve", "--port", "0"]);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        let mut rest = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        rest.read_line(&mut line).expect("a line");
        let port = line
            .strip_prefix("listening on http://127.0.0.1:")
            .and_then(|rest| rest.strip_suffix('\n'))
            .and_then(|port| port.parse().ok());
        let Some(port) = port else {
            let mut said = String::new();
            child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
            panic!("{line:?} {said}");
        };
        Self { child, port, rest }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status().expect("kill runs");
        assert!(sent.success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_says_one_line_answers_and_leaves_on_a_signal() {
    for signal in ["-TERM", "-INT"] {
        let home = Home::new();
        let mut served = Served::start(&home);
        let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("accepts");
        let host = format!("127.0.0.1:{}", served.port);
        write!(stream, "GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
            .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(home.0.path().join("control.sock").exists());

        served.signal(signal);
        assert!(served.child.wait().expect("ends").success());
        let mut more = String::new();
        served.rest.read_to_string(&mut more).expect("text");
        assert_eq!(more, "", "nothing but the one line");
        assert!(!home.0.path().join("control.sock").exists());
        assert!(TcpStream::connect(("127.0.0.1", served.port)).is_err());
    }
}

#[test]
fn commands_say_the_same_with_an_engine_and_without() {
    let home = Home::new();
    let added = home.weir(&["client", "add", "script"]);
    assert!(added.status.success(), "{}", stderr(&added));
    let token = stdout(&added);
    assert!(token.starts_with("weir_") && token.trim_end().lines().count() == 1, "{token}");
    assert!(!stderr(&added).contains(token.trim_end()), "advice never repeats the token");

    let questions: [&[&str]; 7] = [
        &["client", "list", "--json"],
        &["cost", "summary", "--json"],
        &["cost", "breakdown", "--json"],
        &["log", "--json"],
        &["price", "show", "claude-sonnet-4-5", "--json"],
        &["config", "show"],
        &["export", "--format", "json"],
    ];
    let before: Vec<Output> = questions.iter().map(|q| home.weir(q)).collect();
    let served = Served::start(&home);
    for (question, before) in questions.iter().zip(before) {
        let after = home.weir(question);
        assert!(before.status.success(), "{question:?}: {}", stderr(&before));
        assert_eq!(stdout(&after), stdout(&before), "{question:?}");
    }
    drop(served);
}

#[test]
fn status_tells_a_running_engine_by_its_exit_code() {
    let home = Home::new();
    let stopped = home.weir(&["status", "--json"]);
    assert_eq!(stopped.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&stopped.stdout).expect("JSON");
    assert_eq!((&json["running"], &json["port"]), (&false.into(), &serde_json::Value::Null));
    assert!(
        stdout(&home.weir(&["status"])).starts_with("Weir is not running. Start it: weir serve\n")
    );

    let served = Served::start(&home);
    let running = home.weir(&["status", "--json"]);
    assert_eq!(running.status.code(), Some(0), "{}", stderr(&running));
    let json: serde_json::Value = serde_json::from_slice(&running.stdout).expect("JSON");
    assert_eq!(json["port"], served.port);
    assert_eq!(json["pid"], served.child.id());
}

#[test]
fn a_second_server_on_the_same_home_is_told_who_has_it() {
    let home = Home::new();
    let served = Served::start(&home);
    let second = home.weir(&["serve", "--port", "0"]);
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(stdout(&second), "");
    let said = stderr(&second);
    assert!(
        said.contains(&format!("pid {}", served.child.id())) && said.contains("--home"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn wrong_usage_is_two_and_a_failure_is_one_and_stdout_stays_empty() {
    let home = Home::new();
    for (args, code) in [
        (&["cost", "summary", "--period", "year"][..], 2),
        (&["log", "--since", "yesterday"][..], 2),
        (&["explain", "wr_1m816n35r0007"][..], 1),
        (&["explain", "last"][..], 1),
        (&["client", "rm", "nobody"][..], 1),
        (&["price", "cost", "--model", "no-such-model", "--usage", "{\"input\":1}"][..], 1),
        (&["price", "update", "/nowhere.json"][..], 1),
        (&["config", "check", "/nowhere.toml"][..], 1),
        (&["route", "test", "/nowhere.json"][..], 1),
        (&["log", "--follow"][..], 1),
    ] {
        let output = home.weir(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{args:?}");
        assert!(!stderr(&output).is_empty(), "{args:?}");
        if code == 1 {
            assert_eq!(stderr(&output).lines().count(), 1, "{args:?}: {}", stderr(&output));
        }
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let home = Home::new();
    for args in [
        &["config", "show"][..],
        &["price", "show", "gpt-5"][..],
        &["export", "--format", "csv"][..],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let child = home.command(args).stdout(writer).stderr(Stdio::piped()).spawn();
        let output = child.expect("starts").wait_with_output().expect("ends");
        assert!(output.status.success(), "{args:?}");
        assert_eq!(stderr(&output), "", "{args:?}");
    }
}

#[test]
fn a_configuration_is_checked_whole_with_a_line_a_problem() {
    let home = Home::new();
    let file = home.0.path().join("bad.toml");
    std::fs::write(&file, "[server]\nport = \"x\"\nprot = 1\n\n[routing]\nmode = \"best\"\n")
        .expect("written");
    let path = file.to_str().expect("text");
    let output = home.weir(&["config", "check", path]);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<&str> = stdout(&output).lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, n) in lines.iter().zip([2, 3, 6]) {
        assert!(line.starts_with(&format!("{path}:{n}: ")), "{line}");
    }
    let json = home.weir(&["config", "check", path, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["problems"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_broken_configuration_stops_the_server_and_the_doctor_says_so() {
    let home = Home::new();
    std::fs::write(home.0.path().join("config.toml"), "[server]\nport = 99999\n").expect("written");
    let served = home.weir(&["serve"]);
    assert_eq!(served.status.code(), Some(1));
    assert!(stderr(&served).contains("config.toml, line 2"), "{}", stderr(&served));
    let doctor = home.weir(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(
        stdout(&doctor).contains("fail") && stdout(&doctor).contains("line 2"),
        "{}",
        stdout(&doctor)
    );
}

#[test]
fn a_key_is_taken_from_stdin_and_never_repeated() {
    let home = Home::new();
    for (provider, key, why) in [
        ("no-such-provider", "sk-canary-1", "no provider is called no-such-provider"),
        ("no-such-provider", "", "no provider is called no-such-provider"),
        ("anthropic", "", "no key came"),
        ("anthropic-admin", "sk canary", "not a key"),
    ] {
        let mut command = home.command(&["key", "set", provider]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        // Who knows that there is no such provider reads no key.
        let _ = child.stdin.take().expect("piped").write_all(key.as_bytes());
        let output = child.wait_with_output().expect("ends");
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
        assert!(!stderr(&output).contains("canary") && stdout(&output).is_empty());
    }
}

#[test]
fn a_key_of_a_name_that_means_nothing_is_looked_for_in_no_keychain() {
    let home = Home::new();
    let output = home.weir(&["key", "rm", "nope"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("no key is stored for nope"), "{said}");
    assert!(!said.contains("keychain"), "{said}");
}

#[test]
fn a_home_that_is_a_file_is_told_in_one_line() {
    let home = Home::new();
    let file = home.0.path().join("a file");
    std::fs::write(&file, "").expect("written");
    let mut command = home.command(&["serve", "--port", "0"]);
    let output = command.env("WEIR_HOME", &file).output().expect("runs");
    let said = stderr(&output);
    assert!(said.contains("is not a folder") && said.lines().count() == 1, "{said}");
}

#[test]
fn the_doctor_calls_a_bad_configuration_by_its_name_and_tells_a_problem_a_line() {
    let home = Home::new();
    std::fs::write(home.0.path().join("config.toml"), "[server]\nport = \"x\"\nhost = 1\n")
        .expect("written");
    let output = home.weir(&["doctor"]);
    let said = stdout(&output);
    assert!(said.contains("fail  config"), "{said}");
    assert!(!said.contains('\u{fffd}') && !said.contains("fail  home"), "{said}");
    assert!(said.lines().filter(|line| line.contains("line ")).count() >= 2, "{said}");
}

#[test]
fn plans_come_in_the_order_of_the_bodies() {
    let home = Home::new();
    let mut command = home.command(&["route", "test", "--jsonl", "--dialect", "openai"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    let body = |model: &str| {
        format!(
            "{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}]}}\n"
        )
    };
    let input = [body("openai/gpt-5"), "nonsense\n".into(), body("openai/gpt-5-mini")].concat();
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("read");
    let output = child.wait_with_output().expect("ends");
    let lines: Vec<serde_json::Value> =
        stdout(&output).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["candidates"][0]["route"], "openai/gpt-5");
    assert_eq!(lines[1]["error"]["code"], "bad_request");
    assert_eq!(lines[2]["candidates"][0]["route"], "openai/gpt-5-mini");
}

/// A provider that answers every request with the head of a stream and then waits to be let go.
struct Slow {
    port: u16,
    go: std::sync::mpsc::SyncSender<()>,
}

const STREAM_START: &str =
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"slow\"}}]}\n\n";
const STREAM_END: &str = "data: {\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n";

impl Slow {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        let port = listener.local_addr().expect("bound").port();
        let (go, waits) = std::sync::mpsc::sync_channel(1);
        std::thread::spawn(move || {
            // A local provider is looked at too; only a request is answered.
            let mut stream = loop {
                let (mut stream, _) = listener.accept().expect("a request");
                let mut request = Vec::new();
                let mut chunk = [0u8; 4096];
                while !request.ends_with(b"}") {
                    let n = stream.read(&mut chunk).unwrap_or(0);
                    request.extend_from_slice(&chunk[..n]);
                    if n == 0 || request.starts_with(b"GET ") {
                        break;
                    }
                }
                if request.starts_with(b"POST ") {
                    break stream;
                }
            };
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).expect("sent");
            stream.write_all(STREAM_START.as_bytes()).expect("sent");
            // The test's end lets go too.
            let _ = waits.recv();
            let _ = stream.write_all(STREAM_END.as_bytes());
        });
        Self { port, go }
    }

    fn configure(&self, home: &Home) {
        let config = format!(
            "[providers.slow]\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:{}/v1\"\nkey = \"none\"\nlocal = true\n",
            self.port
        );
        std::fs::write(home.0.path().join("config.toml"), config).expect("written");
    }
}

/// A streamed request whose first bytes have arrived.
fn open_stream(served: &Served, token: &str) -> BufReader<TcpStream> {
    let body = "{\"model\":\"slow/m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("accepts");
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        served.port,
        body.len()
    )
    .expect("sent");
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    while !line.contains("slow") {
        line.clear();
        assert!(answer.read_line(&mut line).expect("a line") > 0, "ended early");
    }
    answer
}

#[test]
fn the_first_signal_lets_an_open_answer_finish_and_the_second_ends_at_once() {
    for twice in [false, true] {
        let home = Home::new();
        let slow = Slow::start();
        slow.configure(&home);
        let added = home.weir(&["client", "add", "script"]);
        let token = stdout(&added).trim().to_owned();
        let mut served = Served::start(&home);
        let mut answer = open_stream(&served, &token);
        served.signal("-TERM");
        let mut said = BufReader::new(served.child.stderr.take().expect("piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("a line");
        assert_eq!(
            line,
            "Stopping. 1 open answer may finish within 10 s; Ctrl-C again ends at once.\n"
        );
        let mut rest = Vec::new();
        if twice {
            served.signal("-TERM");
            assert!(served.child.wait().expect("ends").success());
            let _ = answer.read_to_end(&mut rest);
            assert!(!String::from_utf8_lossy(&rest).contains("[DONE]"));
        } else {
            slow.go.send(()).expect("waits");
            let mut line = String::new();
            while !line.contains("[DONE]") {
                line.clear();
                assert!(answer.read_line(&mut line).expect("a line") > 0, "ended early");
            }
            assert!(served.child.wait().expect("ends").success());
        }
        // Either way nothing is lost: the request is in the ledger and counted.
        let log = home.weir(&["log", "--json"]);
        let rows: serde_json::Value = serde_json::from_slice(&log.stdout).expect("JSON");
        // One that was ended is settled on the way out, or found open at the next start.
        let ended = if twice { ["client_gone", "orphan"].as_slice() } else { &["ok"] };
        let outcome = rows[0]["outcome"].as_str().expect("closed");
        assert!(ended.contains(&outcome), "{rows}");
    }
}

#[test]
fn a_followed_log_misses_nothing_and_ends_with_the_engine() {
    let home = Home::new();
    let added = home.weir(&["client", "add", "script"]);
    let token = stdout(&added).trim().to_owned();
    let served = Served::start(&home);
    let ask = || {
        let body =
            "{\"model\":\"weir-auto\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
        let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("accepts");
        write!(
            stream,
            "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nx-api-key: {token}\r\n\
             content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            served.port,
            body.len()
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let id = answer.lines().find_map(|l| l.strip_prefix("x-weir-request-id: "));
        id.map(str::trim).expect("an id").to_owned()
    };
    let first = ask();
    let mut command = home.command(&["log", "--follow", "--json"]);
    let mut follow = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut lines = BufReader::new(follow.stdout.take().expect("piped"));
    let mut next = || {
        let mut line = String::new();
        lines.read_line(&mut line).expect("a line");
        let row: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(row["outcome"], "ok", "{row}");
        row["id"].as_str().expect("an id").to_owned()
    };
    assert_eq!(next(), first);
    // The list is printed after the subscription, so from here on every request is heard.
    for _ in 0..3 {
        let asked = ask();
        assert_eq!(next(), asked);
    }
    drop(served);
    let ended = follow.wait_with_output().expect("ends");
    assert_eq!(ended.status.code(), Some(1));
    assert!(stderr(&ended).starts_with("weir: Weir stopped in "), "{}", stderr(&ended));
}
