//! Changes that the window makes to the configuration of a running engine: shown, judged, written,
//! in force; over a temporary home, loopback only.

use std::sync::Arc;
use weir_engine::api::{BudgetOrder, ConfigEdit, Desk, RuleText, RuleWhen};
use weir_engine::secrets::MemoryVault;
use weir_engine::{Engine, Home, HomeDesk, Options, Running};

const FILE: &str = "# mine\n[server]\nport = 9347 # kept\n\n[tiers]\nlow = [\n  \"local\", # free\n  \
                    \"openai/gpt-5-mini\", # paid\n]\n\n# titles\n[[rules]]\nwhen = { class = \
                    \"auxiliary\" }\nuse = \"low\"\n";

struct Stage {
    running: Running,
    home: Home,
    _dir: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        Self::with(FILE).await
    }

    async fn with(file: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let home = Home::at(dir.path().join("home"));
        home.prepare().expect("a home");
        std::fs::write(home.config(), file).expect("a configuration");
        let vault = Some(Arc::new(MemoryVault::default()) as _);
        let options = Options { port: Some(0), vault, ..Options::default() };
        let running = Engine::start(home.clone(), options).await.expect("it starts");
        Self { running, home, _dir: dir }
    }

    fn desk(&self) -> Arc<HomeDesk> {
        self.running.desk()
    }

    fn file(&self) -> String {
        std::fs::read_to_string(self.home.config()).expect("a file")
    }
}

fn low(links: &[&str]) -> ConfigEdit {
    let chain = links.iter().map(|link| (*link).to_owned()).collect();
    ConfigEdit::Tier { tier: "low".into(), chain }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_shown_first_then_written_with_every_comment_and_in_force() {
    let s = Stage::new().await;
    let desk = s.desk();
    let text = desk.routing_text().expect("as written");
    assert_eq!(text.tiers.low, ["local", "openai/gpt-5-mini"]);
    assert_eq!(text.rules[0].leads, ["low"]);
    let codex = RuleWhen { client: Some("codex".into()), ..RuleWhen::default() };
    let rule = RuleText { when: codex, leads: vec!["openai/gpt-5".into()] };
    let edits = [
        low(&["openai/gpt-5-mini", "local", "anthropic/claude-haiku-4-5"]),
        ConfigEdit::AddRule { rule },
        ConfigEdit::MoveRule { from: 1, to: 0 },
        ConfigEdit::Mode { mode: "tiered".into() },
    ];
    let shown = desk.config_edit(&edits, None).expect("shown");
    assert!(!shown.written && shown.problems.is_empty(), "{shown:?}");
    assert!(shown.diff.contains("\"anthropic/claude-haiku-4-5\""), "{}", shown.diff);
    assert_eq!(s.file(), FILE, "nothing is written by looking");
    let done = desk.config_edit(&edits, Some(&shown.of)).expect("written");
    assert!(done.written, "{done:?}");
    let file = s.file();
    for kept in
        ["# mine", "# kept", "\"local\", # free", "\"openai/gpt-5-mini\", # paid", "# titles"]
    {
        assert!(file.contains(kept), "{kept} is gone from:\n{file}");
    }
    let status = desk.status().expect("a status");
    assert_eq!(status.routing.mode, "tiered");
    assert_eq!(status.routing.tiers.low.len(), 3);
    let text = desk.routing_text().expect("as written");
    assert_eq!(text.rules[0].when.client.as_deref(), Some("codex"));
    assert_eq!(text.rules[1].when.class.as_deref(), Some("auxiliary"));
    s.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_chain_or_rule_is_refused_by_the_name_of_its_key_and_nothing_is_written() {
    let s = Stage::new().await;
    let desk = s.desk();
    let rule = RuleText {
        when: RuleWhen { task: Some("sumarization".into()), ..RuleWhen::default() },
        leads: vec!["lower".into()],
    };
    let edits = [low(&["nobody/x", "gpt-5"]), ConfigEdit::ChangeRule { at: 0, rule }];
    let shown = desk.config_edit(&edits, None).expect("shown");
    let said: Vec<&str> = shown.problems.iter().map(|p| p.message.as_str()).collect();
    for told in ["tiers.low[0]", "tiers.low[1]", "rules[0].when.task", "rules[0].use"] {
        assert!(said.iter().any(|text| text.contains(told)), "{told} is not in {said:#?}");
    }
    assert!(shown.problems.iter().all(|problem| problem.line.is_some()));
    let done = desk.config_edit(&edits, Some(&shown.of)).expect("judged");
    assert!(!done.written);
    assert_eq!(s.file(), FILE);
    let gone = desk.config_edit(&[ConfigEdit::RemoveRule { at: 7 }], None).expect_err("refused");
    assert!(gone.message.contains("no rule 8"), "{}", gone.message);
    s.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_edited_since_it_was_shown_is_not_written_over() {
    let s = Stage::new().await;
    let desk = s.desk();
    let edits = [low(&["local"])];
    let shown = desk.config_edit(&edits, None).expect("shown");
    let theirs = FILE.replace("# mine", "# edited elsewhere");
    std::fs::write(s.home.config(), &theirs).expect("edited");
    let refused = desk.config_edit(&edits, Some(&shown.of)).expect_err("refused");
    assert!(refused.message.contains("changed meanwhile"), "{}", refused.message);
    assert_eq!(s.file(), theirs);
    s.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_port_says_what_goes_on_until_when_and_what_has_to_be_connected_again() {
    let s = Stage::new().await;
    let desk = s.desk();
    let now = s.running.port();
    let edits = [ConfigEdit::Port { port: 9400 }];
    let shown = desk.config_edit(&edits, None).expect("shown");
    assert!(shown.notes[0].contains(&format!("goes on listening on {now}")), "{:?}", shown.notes);
    assert!(shown.notes[0].contains("9400") && shown.notes[0].contains("next start"));
    assert!(shown.notes[1].contains("Connect them again"), "{:?}", shown.notes);
    let done = desk.config_edit(&edits, Some(&shown.of)).expect("written");
    assert!(done.written);
    assert_eq!(s.file(), FILE.replace("9347", "9400"));
    assert_eq!(desk.status().expect("a status").port, Some(now), "it still listens where it did");
    let same = desk.config_edit(&[ConfigEdit::Port { port: now }], None).expect("shown");
    assert!(same.notes.is_empty(), "{:?}", same.notes);
    s.running.stop().await;
}

/// What the desk says of the budgets, as the window hears it.
fn budgets(desk: &HomeDesk) -> serde_json::Value {
    serde_json::to_value(desk.budgets().expect("budgets")).expect("JSON")["budgets"].take()
}

fn edit(json: serde_json::Value) -> ConfigEdit {
    serde_json::from_value(json).expect("an edit")
}

const WEEK: &str = "\n[[budgets]] # mine\nname = \"week\"\nperiod = \"week\"\nlimit_usd = 10.00\n\
                    thresholds = [50, 100]\nscope = { client = \"codex\" }\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_says_what_is_written_beside_what_holds_for_a_time() {
    let s = Stage::with(&format!("{FILE}{WEEK}")).await;
    let desk = s.desk();
    let by_usd = Some(weir_core::Money::from_nano(10_000_000_000));
    let lift = BudgetOrder::Lift { name: "week".into(), for_s: None, by_usd, by_tokens: None };
    desk.budget(&lift).expect("raised");
    desk.budget(&BudgetOrder::Local { name: "week".into(), for_s: None }).expect("local");
    let week = &budgets(&desk)[0];
    assert_eq!((&week["limit_usd"], &week["at_limit"]), (&"20.000000000".into(), &"local".into()));
    let written = serde_json::json!({
        "limit_usd": "10.000000000", "limit_tokens": null, "at_limit": "block"
    });
    assert_eq!(week["written"], written);
    s.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_shown_by_its_lines_first_and_a_rise_for_today_is_not_written_with_it() {
    let s = Stage::with(&format!("{FILE}{WEEK}")).await;
    let desk = s.desk();
    let lift =
        BudgetOrder::Lift { name: "week".into(), for_s: None, by_usd: None, by_tokens: None };
    desk.budget(&lift).expect("raised");
    let edits = [edit(serde_json::json!({
        "edit": "budget", "name": "week", "period": null, "limit_usd": null, "limit_tokens": null,
        "at_limit": "local"
    }))];
    let shown = desk.config_edit(&edits, None).expect("shown");
    assert!(shown.problems.is_empty(), "{shown:?}");
    let lines: Vec<&str> = shown.diff.lines().collect();
    assert_eq!(lines.len(), 1, "one line is added: {}", shown.diff);
    assert!(lines[0].ends_with("at_limit = \"local\""), "{}", shown.diff);
    assert!(shown.notes.iter().any(|note| note.contains("for a time")), "{:?}", shown.notes);
    let done = desk.config_edit(&edits, Some(&shown.of)).expect("written");
    assert!(done.written);
    let expected = WEEK.replace("# mine\n", "# mine\nat_limit = \"local\"\n");
    assert_eq!(s.file(), format!("{FILE}{expected}"), "scope, marks and limit stay as written");
    assert_eq!(budgets(&desk)[0]["limit_usd"], "20.000000000", "and today's rise goes on");
    let gone = [edit(serde_json::json!({ "edit": "remove_budget", "name": "week" }))];
    let shown = desk.config_edit(&gone, None).expect("shown");
    assert!(shown.diff.contains("-scope = { client = \"codex\" }"), "{}", shown.diff);
    desk.config_edit(&gone, Some(&shown.of)).expect("written");
    assert_eq!(s.file(), format!("{FILE}\n"));
    s.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_budget_is_shown_and_one_that_would_not_hold_is_refused_by_its_key() {
    let s = Stage::new().await;
    let desk = s.desk();
    let new = |limit: &str, period: &str| {
        [edit(serde_json::json!({
            "edit": "budget", "name": "week", "period": period, "limit_usd": limit,
            "limit_tokens": null, "at_limit": "block"
        }))]
    };
    let shown = desk.config_edit(&new("5.000000000", "week"), None).expect("shown");
    assert!(shown.diff.contains("limit_usd = 5.00"), "{}", shown.diff);
    assert!(shown.notes.is_empty(), "{:?}", shown.notes);
    let none = desk.config_edit(&new("0.000000000", "week"), None).expect("judged");
    assert!(none.problems[0].message.contains("limit_usd"), "{:?}", none.problems);
    let odd = desk.config_edit(&new("5.000000000", "year"), None).expect_err("refused");
    assert!(odd.message.contains("day, week or month"), "{}", odd.message);
    desk.config_edit(&new("5.000000000", "week"), Some(&shown.of)).expect("written");
    assert_eq!(budgets(&desk)[0]["counts_all"], true);
    s.running.stop().await;
}
