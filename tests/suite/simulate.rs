//! What shadow mode would have done, what another configuration would have cost, and one sentence
//! for every request, read from a real home with real requests in it.

use serde_json::{Value, json};
use weir_tests::tokens::HAIKU;
use weir_tests::{Home, Kind, Provider, Rig, Tokens, Turn, home};

const OPUS: &str = "claude-opus-4-5";
const EASY: &str = "Classify the sentiment of this review as positive or negative. Answer with one \
                    word.\n\nReview: The kettle stopped working after two days.";

fn configuration(url: &str, mode: &str) -> String {
    format!(
        "{}\n[tiers]\nlow = [\"anthropic/{HAIKU}\"]\nmedium = [\"anthropic/{HAIKU}\"]\n\
         high = [\"anthropic/{OPUS}\"]\n[routing]\nmode = \"{mode}\"\n",
        home::providers(url)
    )
}

/// A rig in a mode, with three easy requests for the dear model answered, each on its own.
fn rig(mode: &str) -> Rig {
    let provider = Provider::scripted();
    let home = Home::pointing_at(&provider);
    home.configure(&configuration(&provider.url(), mode));
    let rig = Rig::in_home(home, provider);
    three(&rig, ["one", "two", "three"], OPUS);
    rig
}

/// Three easy requests for the dear model, answered by whichever is said.
fn three(rig: &Rig, markers: [&str; 3], by: &str) {
    for marker in markers {
        let body = json!({"model": OPUS, "max_tokens": 256,
            "messages": [{"role": "user", "content": EASY}]});
        let mut turn = Turn::new(Kind::Messages, Tokens::plain(1_000, 50));
        turn.model = by.into();
        rig.provider.script(turn.whole().answer());
        let agent = format!("tests marker/{marker}");
        let headers = [("user-agent", agent.as_str()), ("x-weir-session", marker)];
        let call = rig.client().post("/v1/messages", &headers, body.to_string().as_bytes());
        assert_eq!(rig.client().send(&call).status, 200);
        rig.settled(marker);
    }
}

/// A side of a comparison in nano-dollars.
fn spent(side: &Value) -> i64 {
    let text = side["spent_usd"].as_str().expect("an amount");
    text.replace('.', "").parse().expect("digits")
}

#[test]
fn a_day_in_shadow_mode_shows_what_would_have_been_sent_where_and_saved() {
    let rig = rig("shadow");
    let report = rig.home.weir(&["cost", "shadow", "--period", "day", "--json"]).json();
    let all = &report["all"];
    assert_eq!(all["requests"], 3, "{report}");
    // Haiku costs a fifth of Opus, in every kind of token.
    assert_eq!(spent(&all["was"]), 5 * spent(&all["would"]), "{report}");
    assert_eq!(all["would"]["estimated_requests"], 3);
    assert_eq!(report["tiers"][0]["key"], "low");
    assert_eq!(report["tasks"][0]["key"], "classification");
    let text = rig.home.weir(&["cost", "shadow", "--period", "day"]).ok();
    assert!(
        text.contains("as it was and as shadow mode planned") && text.contains("low"),
        "{text}"
    );
    let status = rig.home.weir(&["status"]).ok();
    assert!(status.contains("Shadow   today $"), "{status}");
    let status = rig.home.weir(&["status", "--json"]).json();
    assert_eq!(status["shadow"]["all"]["requests"], 3);
    let low = &status["routing"]["per_tier"][0];
    assert_eq!((&low["tier"], &low["requests"]), (&"low".into(), &3.into()));
    assert_eq!(low["now"], format!("anthropic/{HAIKU}"));
    let log = rig.home.weir(&["log", "--json"]).json();
    let summary = log[0]["summary"].as_str().expect("a sentence");
    assert!(summary.starts_with("As asked: classification, low, "), "{summary}");
    assert!(summary.contains(&format!("In shadow: anthropic/{HAIKU}, about $")), "{summary}");
}

#[test]
fn past_traffic_is_priced_under_another_configuration_and_under_its_own() {
    let rig = rig("honour");
    let file = rig.home.path().join("tiered.toml");
    let url = rig.provider.url();
    std::fs::write(&file, configuration(&url, "tiered")).expect("written");
    let path = file.to_str().expect("text");
    let found = rig.home.weir(&["simulate", "--since", "30d", "--config", path, "--json"]).json();
    let all = &found["all"];
    assert_eq!(all["requests"], 3, "{found}");
    assert_eq!(spent(&all["was"]), 5 * spent(&all["would"]), "{found}");
    let log = rig.home.weir(&["log", "--json"]).json();
    let real = log.as_array().expect("rows").iter().map(|row| {
        row["cost_usd"].as_str().expect("priced").replace('.', "").parse::<i64>().expect("digits")
    });
    assert_eq!(real.sum::<i64>(), spent(&all["was"]), "as it was is what the ledger says");
    let text = rig.home.weir(&["simulate", "--config", path]).ok();
    for part in ["as it was and under", "Spent", "Switches", "Estimated:"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    // The same configuration changes nothing, and nothing of it is an estimate.
    std::fs::write(&file, configuration(&url, "honour")).expect("written");
    let same = rig.home.weir(&["simulate", "--config", path, "--json"]).json();
    assert_eq!(spent(&same["all"]["was"]), spent(&same["all"]["would"]), "{same}");
    assert_eq!(same["all"]["would"]["estimated_requests"], 0);
    let none = rig.home.weir(&["cost", "shadow"]).ok();
    assert!(none.contains("Shadow mode is off"), "{none}");
}

#[test]
fn what_simulate_says_of_another_configuration_is_what_then_happens_under_it() {
    let mut rig = rig("honour");
    let file = rig.home.path().join("tiered.toml");
    let tiered = configuration(&rig.provider.url(), "tiered");
    std::fs::write(&file, &tiered).expect("written");
    let path = file.to_str().expect("text");
    let said = rig.home.weir(&["simulate", "--config", path, "--json"]).json();
    let saved = said["all"]["saved_usd"].clone();
    // The same three again, under that configuration.
    rig.home.configure(&tiered);
    rig.stop_and_start();
    three(&rig, ["four", "five", "six"], HAIKU);
    let log = rig.home.weir(&["log", "--json"]).json();
    let rows = &log.as_array().expect("rows")[..3];
    let sum = |key: &str| {
        let nano = |row: &Value| spent(&json!({"spent_usd": row[key]}));
        rows.iter().map(nano).sum::<i64>()
    };
    assert!(rows.iter().all(|row| row["route"] == format!("anthropic/{HAIKU}")), "{log}");
    assert_eq!(sum("cost_usd"), spent(&said["all"]["would"]), "{said}");
    assert_eq!(sum("saved_usd"), spent(&json!({"spent_usd": saved})), "{said}");
}

/// The configuration with a rule that sends what is classified to one model.
fn ruled(url: &str, to: &str) -> String {
    let rule = format!("[[rules]]\nwhen = {{ task = \"classification\" }}\nuse = [\"{to}\"]\n");
    configuration(url, "honour") + &rule
}

#[test]
fn a_request_without_a_price_on_one_side_is_in_no_saving_and_is_said_to_be_in_none() {
    let rig = rig("honour");
    let file = rig.home.path().join("ruled.toml");
    let (url, path) = (rig.provider.url(), file.to_str().expect("text").to_owned());
    let asks = |to: &str, more: &[&str]| {
        std::fs::write(&file, ruled(&url, to)).expect("written");
        let args = [&["simulate", "--config", path.as_str()], more].concat();
        rig.home.weir(&args)
    };
    // Priced, and to be sent where no price is known: that is no saving of all it cost.
    let found = asks("anthropic/known-to-nobody", &["--json"]).json();
    for group in [&found["all"], &found["tiers"][0], &found["tasks"][0]] {
        assert_eq!(group["saved_usd"], "0.000000000", "{group}");
        assert_eq!(group["uncompared_requests"], 3, "{group}");
    }
    let text = asks("anthropic/known-to-nobody", &[]).ok();
    let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("3 requests have no price on one side"), "{text}");
    assert!(said.contains("they are not compared"), "{text}");
    let mut lines = text.lines();
    let row = lines.find(|line| line.starts_with("classific"));
    let row = row.unwrap_or_else(|| panic!("no row of the task: {text}"));
    assert!(row.contains("unpriced") && !row.contains("~$0 "), "{text}");
    // Unpriced, and to be sent where a price is known: that is no loss of all it would cost.
    let body = json!({"model": "known-to-nobody", "max_tokens": 256,
        "messages": [{"role": "user", "content": EASY}]});
    let mut turn = Turn::new(Kind::Messages, Tokens::plain(1_000, 50));
    turn.model = "known-to-nobody".into();
    rig.provider.script(turn.whole().answer());
    let headers = [("user-agent", "tests marker/four"), ("x-weir-session", "four")];
    let call = rig.client().post("/v1/messages", &headers, body.to_string().as_bytes());
    assert_eq!(rig.client().send(&call).status, 200);
    rig.settled("four");
    let found = asks(&format!("anthropic/{HAIKU}"), &["--json"]).json();
    let (was, would) = (spent(&found["all"]["was"]), spent(&found["all"]["would"]));
    assert_eq!(found["all"]["uncompared_requests"], 1, "{found}");
    // Four would be priced, and the three that really were cost five times as much.
    let saved = spent(&json!({"spent_usd": found["all"]["saved_usd"]}));
    assert_eq!((was * 4, saved), (would / 4 * 3 * 5 * 4, was - would / 4 * 3), "{found}");
}

#[test]
fn a_configuration_that_does_not_hold_is_told_with_its_file_and_line() {
    let home = Home::bare();
    let missing = home.weir(&["simulate", "--config", "nowhere.toml"]);
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("nowhere.toml does not exist"), "{}", missing.stderr);
    let file = home.path().join("wrong.toml");
    std::fs::write(&file, "[routing]\nmode = \"cheap\"\n").expect("written");
    let wrong = home.weir(&["simulate", "--config", file.to_str().expect("text")]);
    assert_eq!(wrong.code, 1);
    for part in ["wrong.toml", "line 2", "tiered"] {
        assert!(wrong.stderr.contains(part), "{part} is missing in: {}", wrong.stderr);
    }
}
