//! The command line: the shapes of the outside contract, with and without a running server, and
//! exit codes that a script can rely on.

use serde_json::Value;
use weir_tests::auditor::nano;
use weir_tests::tokens::HAIKU;
use weir_tests::{Answer, Home, Kind, Provider, Rig, Tokens, Turn};

/// Asserts that an object has these fields at least.
#[track_caller]
fn has(object: &Value, fields: &str) {
    for field in fields.split(' ') {
        assert!(object.get(field).is_some(), "no {field} in {object}");
    }
}

const SUMS: &str =
    "requests spent_usd saved_usd local_requests unpriced_requests estimated_requests tokens";
const TOKENS: &str = "input cache_read cache_write_5m cache_write_1h output reasoning";

/// Three calls of known cost by one tool, in two dialects, with hints.
fn busy() -> Rig {
    let rig = Rig::scripted();
    let tokens = Tokens { cache_read: 1_000, cache_write_1h: 10, ..Tokens::plain(100, 50) };
    rig.provider.script(Turn::new(Kind::Messages, tokens).whole().answer());
    rig.provider.script(Turn::new(Kind::Messages, tokens).stream().answer());
    let plain = Tokens { reasoning: 7, ..Tokens::plain(40, 20) };
    rig.provider.script(Turn::new(Kind::Chat, plain).whole().answer());
    for (kind, stream, marker) in [
        (Kind::Messages, false, "one"),
        (Kind::Messages, true, "two"),
        (Kind::Chat, false, "three"),
    ] {
        let body = kind.ask(kind.model(), stream, "hello").to_string();
        let agent = format!("tests marker/{marker}");
        let headers = [
            ("user-agent", agent.as_str()),
            ("x-weir-session", marker),
            ("x-weir-project", "dam"),
            ("x-weir-category", "standard"),
            ("x-weir-task", "summarization"),
            ("x-weir-tier", "low"),
        ];
        let client = rig.client();
        let path = kind.path(kind.model(), stream);
        assert_eq!(client.send(&client.post(&path, &headers, body.as_bytes())).status, 200);
        rig.settled(marker);
    }
    rig
}

#[test]
fn cost_summary_has_the_contracts_fields_and_adds_up() {
    let rig = busy();
    let spent: i128 = rig.rows().iter().map(weir_tests::ledger::Row::cost).sum();
    for period in ["day", "week", "month", "all"] {
        let summary = rig.home.weir(&["cost", "summary", "--period", period, "--json"]).json();
        has(&summary, &format!("period from to {SUMS}"));
        has(&summary["tokens"], TOKENS);
        assert_eq!(summary["period"], period);
        assert_eq!(summary["requests"], 3, "{summary}");
        assert_eq!(summary["spent_usd"].as_str().and_then(nano), Some(spent), "{summary}");
        assert_eq!(summary["tokens"]["cache_read"], 2_000);
        assert_eq!(summary["tokens"]["reasoning"], 7);
        assert_eq!(summary["unpriced_requests"], 0);
    }
}

#[test]
fn cost_breakdown_groups_by_everything_it_promises_and_adds_up() {
    let rig = busy();
    let spent: i128 = rig.rows().iter().map(weir_tests::ledger::Row::cost).sum();
    for (by, keys) in [
        ("provider", vec!["anthropic", "openai"]),
        ("model", vec![HAIKU, "gpt-4o-mini"]),
        ("client", vec!["tests"]),
        ("project", vec!["dam"]),
        ("session", vec!["one", "three", "two"]),
        ("category", vec!["standard"]),
        ("task", vec!["summarization"]),
        ("tier", vec!["low"]),
        ("day", vec![]),
    ] {
        let args = ["cost", "breakdown", "--period", "all", "--by", by, "--json"];
        let breakdown = rig.home.weir(&args).json();
        has(&breakdown, "period by groups");
        let groups = breakdown["groups"].as_array().cloned().unwrap_or_default();
        let mut found: Vec<&str> =
            groups.iter().filter_map(|group| group["key"].as_str()).collect();
        found.sort_unstable();
        if by == "day" {
            assert_eq!(found.len(), 1, "{breakdown}");
        } else {
            assert_eq!(found, keys, "by {by}");
        }
        let sum: i128 =
            groups.iter().filter_map(|group| group["spent_usd"].as_str().and_then(nano)).sum();
        assert_eq!(sum, spent, "by {by}: {breakdown}");
        groups.iter().for_each(|group| has(group, &format!("key {SUMS}")));
    }
}

#[test]
fn log_and_explain_tell_one_request_whole() {
    let rig = busy();
    let log = rig.home.weir(&["log", "--json"]).json();
    let rows = log.as_array().expect("a list");
    assert_eq!(rows.len(), 3);
    let fields = "id at client project session asked_model route task tier confidence reason \
                  attempts outcome pricing usage cost_usd saved_usd cache first_byte_ms total_ms \
                  dropped";
    for row in rows {
        has(row, &fields.split_whitespace().collect::<Vec<_>>().join(" "));
        assert_eq!(row["attempts"].as_array().map(Vec::len), Some(1), "{row}");
        let attempt = &row["attempts"][0];
        has(attempt, "route at outcome status reserved_usd settled_usd state");
        assert_eq!(attempt["state"], "settled");
        assert_eq!((&row["client"], &row["project"]), (&"tests".into(), &"dam".into()));
        assert_eq!((&row["outcome"], &row["pricing"]), (&"ok".into(), &"exact".into()));
    }
    assert_eq!(rows[0]["session"], "three", "newest first");
    let id = rows[2]["id"].as_str().expect("an id");
    let explained = rig.home.weir(&["explain", id]).ok();
    for part in [id, HAIKU, "anthropic", "1,000"] {
        assert!(explained.contains(part), "{part} is missing in:\n{explained}");
    }
    let limited = rig.home.weir(&["log", "--limit", "1", "--json"]).json();
    assert_eq!(limited.as_array().map(Vec::len), Some(1));
    let recent = rig.home.weir(&["log", "--since", "7d", "--json"]).json();
    assert_eq!(recent.as_array().map(Vec::len), Some(3));
}

#[test]
fn the_request_id_of_an_answer_is_the_one_to_explain() {
    let rig = Rig::natural();
    let response = rig.client().ask(Kind::Gemini, false, "explained");
    let id = response.header("x-weir-request-id").to_owned();
    rig.row("explained");
    let explained = rig.home.weir(&["explain", &id, "--json"]).json();
    assert_eq!(explained["id"], id.as_str());
    assert_eq!(explained["session"], "explained");
    let unknown = rig.home.weir(&["explain", "wr_0000000000000"]);
    assert_eq!(unknown.code, 1, "{unknown:?}");
}

#[test]
fn status_tells_the_running_server_and_its_absence() {
    let mut rig = busy();
    let status = rig.home.weir(&["status", "--json"]).json();
    has(&status, "pid port version uptime_s streams budgets providers local routing");
    assert_eq!(status["pid"], rig.server().pid());
    assert_eq!(status["port"], rig.server().port());
    has(&status["routing"], "mode local_share tiers");
    for provider in status["providers"].as_array().expect("a list") {
        has(provider, "name state reason");
    }
    assert!(rig.weir.take().expect("it runs").stop().success());
    let absent = rig.home.weir(&["status"]);
    assert!(absent.code == 1, "{absent:?}");
    assert!((absent.stdout + &absent.stderr).contains("weir serve"));
    rig.weir = Some(weir_tests::Weir::start(&rig.home));
}

#[test]
fn reports_are_the_same_with_and_without_a_running_server() {
    let mut rig = busy();
    let commands: [&[&str]; 4] = [
        &["cost", "summary", "--period", "all", "--json"],
        &["cost", "breakdown", "--period", "all", "--by", "model", "--json"],
        &["log", "--json"],
        &["export", "--format", "csv"],
    ];
    let online: Vec<String> = commands.iter().map(|args| rig.home.weir(args).ok()).collect();
    assert!(rig.weir.take().expect("it runs").stop().success());
    let offline: Vec<String> = commands.iter().map(|args| rig.home.weir(args).ok()).collect();
    assert_eq!(online, offline);
    rig.weir = Some(weir_tests::Weir::start(&rig.home));
}

#[test]
fn export_holds_every_attempt_in_both_formats() {
    let rig = busy();
    let exported = rig.home.weir(&["export", "--format", "json"]).ok();
    let rows: Vec<Value> = match serde_json::from_str::<Value>(&exported) {
        Ok(Value::Array(rows)) => rows,
        _ => exported.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(),
    };
    assert_eq!(rows.len(), 3);
    let sum: i128 = rows.iter().filter_map(|row| row["cost_usd"].as_str().and_then(nano)).sum();
    assert_eq!(sum, rig.rows().iter().map(weir_tests::ledger::Row::cost).sum::<i128>());
    let csv = rig.home.weir(&["export", "--format", "csv"]).ok();
    assert_eq!(csv.lines().count(), 4, "a head and three rows:\n{csv}");
    assert!(csv.lines().next().is_some_and(|head| head.contains("cost_usd")));
    let nothing = rig.home.weir(&["export", "--format", "csv", "--since", "2999-01-01"]);
    assert!(nothing.code == 0 && nothing.stdout.lines().count() <= 1, "{nothing:?}");
}

#[test]
fn price_cost_computes_to_the_nano_dollar() {
    let home = Home::bare();
    let usage = r#"{"input_tokens":1000,"output_tokens":500,"cache_read_input_tokens":2000,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":10}}"#;
    let cost = home.weir(&["price", "cost", "--model", HAIKU, "--usage", usage, "--json"]).json();
    has(&cost, "model at nano_usd lines");
    let tokens = Tokens {
        cache_read: 2_000,
        cache_write_5m: 100,
        cache_write_1h: 10,
        ..Tokens::plain(1_000, 500)
    };
    let nano_usd = cost["nano_usd"].as_i64().map(i128::from);
    assert_eq!(nano_usd, tokens.nano(HAIKU), "{cost}");
    let lines = cost["lines"].as_array().expect("lines");
    lines.iter().for_each(|line| has(line, "kind tokens nano_usd"));
    let sum: i64 = lines.iter().filter_map(|line| line["nano_usd"].as_i64()).sum();
    assert_eq!(Some(i128::from(sum)), nano_usd);
    let shown = home.weir(&["price", "show", HAIKU]).ok();
    assert!(shown.contains(HAIKU), "{shown}");
    let unknown = home.weir(&["price", "show", "no-such-model"]);
    assert_eq!(unknown.code, 1, "{unknown:?}");
}

#[test]
fn clients_are_added_listed_and_removed_and_the_token_is_shown_once() {
    let mut home = Home::bare();
    let token = home.token("editor");
    assert!(token.len() >= 48, "256 bits: {}", token.len());
    let again = home.weir(&["client", "add", "editor"]);
    assert_eq!((again.code, again.stdout.as_str()), (1, ""), "{again:?}");
    let listed = home.weir(&["client", "list", "--json"]).ok();
    assert!(listed.contains("editor") && !listed.contains(&token[..20]));
    home.weir(&["client", "rm", "editor"]).ok();
    assert!(!home.weir(&["client", "list"]).ok().contains("editor"));
    assert_eq!(home.weir(&["client", "rm", "editor"]).code, 1);
}

#[test]
fn wrong_usage_exits_with_2_and_help_shows_an_example() {
    let home = Home::bare();
    for args in [
        &["no-such-command"][..],
        &["cost", "summary", "--period", "fortnight"],
        &["log", "--limit", "many"],
        &["serve", "--port", "99999"],
    ] {
        let ran = home.weir(args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:?}");
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{args:?}: {ran:?}");
    }
    for args in [
        &["serve", "--help"][..],
        &["status", "--help"],
        &["doctor", "--help"],
        &["cost", "summary", "--help"],
        &["cost", "breakdown", "--help"],
        &["log", "--help"],
        &["explain", "--help"],
        &["key", "set", "--help"],
        &["client", "add", "--help"],
        &["price", "cost", "--help"],
        &["export", "--help"],
        &["config", "check", "--help"],
        &["models", "--help"],
        &["profile", "use", "--help"],
        &["local", "only", "--help"],
    ] {
        let help = home.weir(args).ok();
        let example = help.to_lowercase().contains("example") && help.contains("weir ");
        assert!(example, "{args:?} shows no example:\n{help}");
    }
}

#[test]
fn a_key_is_never_taken_from_the_command_line() {
    let home = Home::bare();
    for args in [
        &["key", "set", "anthropic", "sk-ant-on-the-command-line"][..],
        &["key", "set", "anthropic", "like-no-key-on-the-command-line"],
        &["key", "set", "anthropic", "--key=like-no-key-on-the-command-line"],
        &["key", "sk-ant-on-the-command-line"],
        &["key", "test", "anthropic", "sk-ant-on-the-command-line"],
    ] {
        let ran = home.weir(args);
        assert_eq!(ran.code, 2, "{ran:?}");
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains("on-the-command-line"), "{said}");
        assert!(said.contains("weir key set PROVIDER < FILE"), "{said}");
    }
}

#[test]
fn people_read_lines_of_at_most_80_columns_without_colour_in_a_pipe() {
    let rig = busy();
    for args in [&["status"][..], &["cost", "summary", "--period", "week"], &["doctor"]] {
        let ran = rig.home.weir(args);
        for line in ran.stdout.lines() {
            assert!(line.chars().count() <= 80, "{args:?}: {line}");
        }
        assert!(!ran.stdout.contains('\u{1b}'), "{args:?} colours a pipe");
    }
}

#[test]
fn models_lists_what_can_be_asked_for() {
    let rig = Rig::natural();
    let models = rig.home.weir(&["models", "--json"]).ok();
    assert!(models.contains("weir-auto") || models.contains(HAIKU), "{models}");
}

#[test]
fn a_key_that_its_provider_refused_is_not_told_to_be_ready() {
    let answer = |status: &str| {
        let body = r#"{"data":[]}"#;
        let length = body.len();
        Answer::raw(format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n{body}"
        ))
    };
    let rig = Rig::with(Provider::scripted());
    let stands = |rig: &Rig| {
        let status = rig.home.weir(&["status", "--json"]).json();
        let all = status["providers"].as_array().expect("a list").clone();
        let own = all.iter().find(|p| p["name"] == "anthropic").expect("it is one of them");
        (own["state"].as_str().unwrap_or_default().to_owned(), own["reason"].to_string())
    };
    assert_eq!(stands(&rig).0, "ready");
    rig.provider.script(answer("401 Unauthorized"));
    let refused = rig.home.weir(&["key", "test", "anthropic"]);
    assert_ne!(refused.code, 0, "{}", refused.stdout);
    let (state, reason) = stands(&rig);
    assert_eq!(state, "key_rejected");
    assert!(reason.contains("status 401") && reason.contains("CANARY_ANTHROPIC_KEY"), "{reason}");
    let doctor = rig.home.weir(&["doctor"]);
    assert!(doctor.stdout.contains("refused by the provider"), "{}", doctor.stdout);
    rig.provider.script(answer("200 OK"));
    rig.home.weir(&["key", "test", "anthropic"]).ok();
    assert_eq!(stands(&rig).0, "ready");
}
