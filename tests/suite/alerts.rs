//! What a user is told of money comes once, also after a restart, and through what is there.

use weir_tests::answers::Reply;
use weir_tests::{Home, Kind, Provider, Rig, Tokens, Turn, wait};

/// One answer costs $0.00132: a third of $0.004.
const LIMIT: &str = "[[budgets]]\nname = \"week\"\nperiod = \"week\"\nlimit_usd = 0.004\n\
                     at_limit = \"notify\"\n";

fn rig(alerts: &str) -> Rig {
    let answer =
        |_: &weir_tests::Asked| Turn::new(Kind::Messages, Tokens::plain(40, 256)).whole().answer();
    let provider = Provider::answering(answer);
    let home = Home::pointing_at(&provider);
    home.configure(&(weir_tests::home::providers(&provider.url()) + LIMIT + alerts));
    Rig::in_home(home, provider)
}

/// What a webhook was told: kind and mark, in order.
fn told(hook: &Provider) -> Vec<(String, Option<u64>)> {
    let read = |body: &[u8]| -> serde_json::Value {
        serde_json::from_slice(body).expect("an alert is JSON")
    };
    let all = hook.truth();
    let bodies = all.iter().filter(|a| a.whole).map(|a| read(&a.asked.body));
    bodies
        .map(|b| (b["kind"].as_str().unwrap_or_default().to_owned(), b["percent"].as_u64()))
        .filter(|(kind, _)| kind == "threshold")
        .collect()
}

#[test]
fn three_marks_are_told_to_a_webhook_once_each_also_over_a_kill() {
    let hook = Provider::answering(|_| Reply::json(200, "{}").answer());
    let mut rig = rig(&format!("[alerts]\nwebhook = \"{}/hook\"\n", hook.url()));
    let expected = |marks: &[u64]| {
        marks.iter().map(|m| ("threshold".to_owned(), Some(*m))).collect::<Vec<_>>()
    };
    for n in 0..3 {
        assert_eq!(rig.client().ask(Kind::Messages, false, &format!("spend-{n}")).status, 200);
    }
    wait::until("two marks", || told(&hook).len() >= 2);
    assert_eq!(told(&hook), expected(&[70, 90]));
    rig.kill_and_start();
    rig.strictness = weir_tests::auditor::Strictness::Killed;
    for n in 3..6 {
        assert_eq!(rig.client().ask(Kind::Messages, false, &format!("spend-{n}")).status, 200);
    }
    wait::until("the third", || told(&hook).len() >= 3);
    rig.home.weir(&["budget", "set", "week", "--limit", "0.0045"]).ok();
    rig.client().ask(Kind::Messages, false, "after-a-raise");
    rig.stop_and_start();
    assert_eq!(told(&hook), expected(&[70, 90, 100]), "each once");
    let body: serde_json::Value =
        serde_json::from_slice(&hook.truth()[0].asked.body).expect("JSON");
    let message = body["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("Week budget at 70 %: $0.00396 of $0.004."), "{message}");
    assert_eq!(body["limit_usd"], "0.004000000");
    let status = rig.home.weir(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).expect("JSON");
    let notices = status["notices"].to_string();
    assert!(notices.contains("Week budget at 100 %"), "{notices}");
}

#[cfg(unix)]
#[test]
fn a_command_of_the_users_gets_the_alert_and_one_that_fails_costs_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("told");
    let script = format!("cat >> {0}; echo \" $0\" >> {0}", file.display());
    let rig = rig(&format!("[alerts]\ndesktop = false\ncommand = [\"sh\", \"-c\", {script:?}]\n"));
    for n in 0..4 {
        assert_eq!(rig.client().ask(Kind::Messages, false, &format!("spend-{n}")).status, 200);
    }
    let lines = || std::fs::read_to_string(&file).unwrap_or_default().lines().count();
    wait::until("three lines", || lines() >= 3);
    let text = std::fs::read_to_string(&file).expect("readable");
    assert!(text.contains("\"percent\":100") && text.contains("Week budget at 100 %"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_notification_server_that_is_missing_is_reported_once() {
    let rig = rig("");
    for n in 0..4 {
        assert_eq!(rig.client().ask(Kind::Messages, false, &format!("spend-{n}")).status, 200);
    }
    let missing = "through the desktop's notifications";
    wait::until("the report", || rig.server().log().contains(missing));
    assert_eq!(rig.server().log().matches(missing).count(), 1, "{}", rig.server().log());
    let status = rig.home.weir(&["status"]).stdout;
    assert!(status.contains("could not be told"), "{status}");
}

#[test]
fn a_plans_windows_are_read_from_answers_shown_and_told() {
    let answer = |_: &weir_tests::Asked| {
        let mut reply = Turn::new(Kind::Messages, Tokens::plain(40, 256)).whole();
        let more = [
            ("anthropic-ratelimit-unified-5h-utilization", "0.72"),
            ("anthropic-ratelimit-unified-5h-reset", "4102444800"),
            ("anthropic-ratelimit-unified-5h-status", "allowed_warning"),
        ];
        reply.headers.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
        reply.answer()
    };
    let provider = Provider::answering(answer);
    let home = Home::pointing_at(&provider);
    let providers = weir_tests::home::providers(&provider.url());
    let hook = Provider::answering(|_| Reply::json(200, "{}").answer());
    let alerts = format!("[alerts]\nwebhook = \"{}\"\n", hook.url());
    home.configure(&(providers.replace("env:CANARY_ANTHROPIC_KEY", "passthrough") + &alerts));
    let rig = Rig::in_home(home, provider);
    let client = rig.client().expecting(&[
        "anthropic-ratelimit-unified-5h-utilization",
        "anthropic-ratelimit-unified-5h-reset",
        "anthropic-ratelimit-unified-5h-status",
    ]);
    let body = Kind::Messages.ask(Kind::Messages.model(), false, "hello").to_string();
    let headers = [
        ("authorization", "Bearer own-login"),
        ("x-weir-session", "plan"),
        ("user-agent", "tests marker/plan"),
    ];
    let response = client.send(&client.post("/v1/messages", &headers, body.as_bytes()));
    assert_eq!(response.status, 200, "{}", response.text());
    let status: serde_json::Value =
        serde_json::from_str(&rig.home.weir(&["status", "--json"]).stdout).expect("JSON");
    let window = &status["allowances"][0];
    assert_eq!((&window["provider"], &window["window"]), (&"anthropic".into(), &"5h".into()));
    assert_eq!((&window["percent"], &window["state"]), (&72.into(), &"near".into()));
    assert_eq!(window["resets_at"], "2100-01-01T00:00:00.000Z");
    let told = "The 5h window of anthropic is 70 % used.";
    wait::until("the notice", || {
        hook.truth().iter().any(|a| a.whole && a.asked.text().contains(told))
    });
    let text = rig.home.weir(&["budget", "list"]).stdout;
    assert!(text.contains("anthropic 5h") && text.contains("72 %"), "{text}");
}
