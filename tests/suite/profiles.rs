//! `weir profile`: named configurations that are swapped whole while Weir serves, never for one that
//! does not hold; and what becomes of one whose file is gone.

use serde_json::Value;
use weir_tests::home::providers;
use weir_tests::{Client, Home, Kind, Provider, Weir, answers};

fn tiers(low: &str) -> String {
    format!("[tiers]\nlow = [\"{low}\"]\n")
}

fn stage() -> (Provider, Home, String) {
    let provider = Provider::answering(answers::natural);
    let mut home = Home::pointing_at(&provider);
    home.configure(&(providers(&provider.url()) + &tiers("openai/gpt-5")));
    let token = home.token("tests");
    (provider, home, token)
}

fn profile(home: &Home, provider: &Provider, name: &str, low: &str) {
    let folder = home.path().join("profiles");
    std::fs::create_dir_all(&folder).expect("a folder");
    let text = providers(&provider.url()) + &tiers(low);
    std::fs::write(folder.join(format!("{name}.toml")), text).expect("a file");
}

fn listed(home: &Home) -> Value {
    home.weir(&["profile", "list", "--json"]).json()
}

#[test]
fn a_profile_is_in_force_at_once_and_after_a_restart_and_config_toml_is_never_touched() {
    let (provider, home, token) = stage();
    profile(&home, &provider, "work", "openai/gpt-5-mini");
    let before = std::fs::read(home.path().join("config.toml")).expect("config.toml");
    let weir = Weir::start(&home);
    let route = |weir: &Weir, marker: &str| {
        let client = Client::new(weir.port(), &token);
        let response = client.send(&client.call_model(Kind::Chat, "weir-low", false, marker));
        assert_eq!(response.status, 200, "{}", response.text());
        response.header("x-weir-route").to_owned()
    };
    assert_eq!(route(&weir, "before"), "openai/gpt-5");
    let said = home.weir(&["profile", "use", "work"]);
    assert!(said.stderr.contains("in force now"), "{said:?}");
    assert_eq!(route(&weir, "after"), "openai/gpt-5-mini");
    let list = listed(&home);
    assert_eq!(list["in_use"], "work");
    let marks: Vec<_> = list["profiles"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| (row["name"].as_str().unwrap_or(""), row["in_use"] == true))
        .collect();
    assert_eq!(marks, [("default", false), ("work", true)]);
    assert!(weir.stop().success());
    let weir = Weir::start(&home);
    assert_eq!(route(&weir, "restarted"), "openai/gpt-5-mini");
    home.weir(&["profile", "use", "default"]).ok();
    assert_eq!(route(&weir, "back"), "openai/gpt-5");
    assert_eq!(std::fs::read(home.path().join("config.toml")).expect("config.toml"), before);
}

#[test]
fn a_profile_that_does_not_hold_never_replaces_what_runs_and_names_file_line_and_fix() {
    let (provider, home, token) = stage();
    profile(&home, &provider, "bad", "nobody/x");
    let weir = Weir::start(&home);
    let ran = home.weir(&["profile", "use", "bad"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for told in
        ["bad.toml", "line ", "tiers.low", "no provider is called", "Add [providers.nobody]"]
    {
        assert!(ran.stderr.contains(told), "{told} is not in: {}", ran.stderr);
    }
    let client = Client::new(weir.port(), &token);
    let response = client.send(&client.call_model(Kind::Chat, "weir-low", false, "still"));
    assert_eq!(response.header("x-weir-route"), "openai/gpt-5");
    assert_eq!(listed(&home)["in_use"], "default");
    let unknown = home.weir(&["profile", "use", "nowhere"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.stderr.contains("weir profile add nowhere"), "{}", unknown.stderr);
}

#[test]
fn edits_belong_to_the_profile_in_use_and_a_new_one_begins_as_its_copy() {
    let (provider, home, _) = stage();
    profile(&home, &provider, "work", "openai/gpt-5-mini");
    let _weir = Weir::start(&home);
    home.weir(&["profile", "use", "work"]).ok();
    home.weir(&["budget", "set", "week", "--period", "week", "--limit", "5.00"]).ok();
    let read = |path: &str| std::fs::read_to_string(home.path().join(path)).expect("a file");
    assert!(read("profiles/work.toml").contains("limit_usd = 5.00"));
    assert!(!read("config.toml").contains("limit_usd"));
    home.weir(&["profile", "add", "offline"]).ok();
    assert_eq!(read("profiles/offline.toml"), read("profiles/work.toml"));
    assert_eq!(home.weir(&["profile", "add", "offline"]).code, 1, "a name is used once");
    assert_eq!(home.weir(&["profile", "add", "../up"]).code, 1);
    assert_eq!(listed(&home)["in_use"], "work");
}

#[test]
fn a_profile_whose_file_is_gone_is_told_at_the_start_and_can_be_left_with_nothing_running() {
    let (provider, home, _) = stage();
    profile(&home, &provider, "work", "openai/gpt-5-mini");
    home.weir(&["profile", "use", "work"]).ok();
    std::fs::remove_file(home.path().join("profiles/work.toml")).expect("removed");
    let not_up = Weir::try_start(&home, &["serve", "--port", "0"]).err().expect("not served");
    assert!(not_up.said.contains("weir profile use default"), "{}", not_up.said);
    home.weir(&["profile", "use", "default"]).ok();
    let weir = Weir::start(&home);
    assert!(weir.stop().success());
}
