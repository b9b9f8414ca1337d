//! Connecting a second time: what was asked for before stays, whatever the second command leaves out.

use super::*;
use serde_json::{Value, json};

fn given(login: Option<Login>, model: Option<&str>) -> Given {
    Given { login, model: model.map(str::to_owned) }
}

fn env(world: &World) -> Value {
    let says = super::super::document::Format::Json.read(&world.text(Tool::ClaudeCode)).unwrap();
    says["env"].clone()
}

#[test]
fn the_model_that_was_asked_for_stays_when_a_tool_is_connected_again() {
    let mut world = World::new();
    world.gateway.usable = vec!["ollama".to_owned()];
    world.connect_as(Tool::ClaudeCode, &given(None, Some("weir-low"))).unwrap();
    let first = env(&world);
    assert_eq!(first["ANTHROPIC_MODEL"], "weir-low");
    let report = world.connect(Tool::ClaudeCode).unwrap();
    assert!(report.unchanged, "{report:?}");
    assert_eq!(env(&world), first, "its small tasks too");
    // At another port as well.
    world.gateway.port = 9400;
    world.connect(Tool::ClaudeCode).unwrap();
    assert_eq!(env(&world)["ANTHROPIC_MODEL"], "weir-low");

    world.connect_as(Tool::Codex, &given(None, Some("ollama/q"))).unwrap();
    let first = world.text(Tool::Codex);
    assert!(first.contains("model = \"ollama/q\""), "{first}");
    world.connect(Tool::Codex).unwrap();
    assert_eq!(world.text(Tool::Codex), first);
    let rehearsed = world.shop().rehearse(Tool::Codex, &world.gateway, &Given::default()).unwrap();
    // A rehearsal has no token to show, so that line alone differs.
    let diff = &rehearsed.files[0].diff;
    assert!(!diff.contains("model = ") && !diff.contains("ollama/q"), "{diff}");
}

#[test]
fn a_login_that_was_kept_stays_kept_until_weirs_keys_are_asked_for() {
    let world = World::new();
    world.connect_as(Tool::ClaudeCode, &given(Some(Login::Kept), None)).unwrap();
    let first = env(&world);
    assert_eq!(first.get("ANTHROPIC_AUTH_TOKEN"), None);
    world.connect(Tool::ClaudeCode).unwrap();
    assert_eq!(env(&world), first, "the plan pays, as before");
    // Another model is no word about the login, and the other way round.
    world.connect_as(Tool::ClaudeCode, &given(None, Some("weir-high"))).unwrap();
    assert_eq!(env(&world).get("ANTHROPIC_AUTH_TOKEN"), None);
    world.connect_as(Tool::ClaudeCode, &given(Some(Login::Replaced), None)).unwrap();
    assert_eq!(env(&world)["ANTHROPIC_MODEL"], "weir-high");
    assert!(env(&world)["ANTHROPIC_AUTH_TOKEN"].is_string());
}

#[test]
fn the_window_shows_a_login_that_is_kept_and_no_mark_there_ends_that() {
    let world = World::new();
    let keeps = |world: &World| world.shop().list()[0].keeps_login;
    assert!(!keeps(&world));
    world.connect_as(Tool::ClaudeCode, &given(Some(Login::Kept), None)).unwrap();
    assert!(keeps(&world));
    use super::super::bench::login;
    assert_eq!(login(true, Login::Kept), Login::Kept);
    assert_eq!(login(false, Login::Kept), Login::AsConfigured);
    assert_eq!(login(false, Login::Replaced), Login::Replaced, "asked for on the line");
    assert_eq!(login(true, Login::AsConfigured), Login::Kept);
}

#[test]
fn the_word_none_gives_the_model_back_to_the_tool() {
    let world = World::new();
    let original = "model = 'gpt'\n";
    world.put(Tool::Codex, original);
    world.connect_as(Tool::Codex, &given(None, Some("weir-low"))).unwrap();
    world.connect_as(Tool::Codex, &given(None, Some("none"))).unwrap();
    let text = world.text(Tool::Codex);
    assert!(text.contains("model = 'gpt'") && !text.contains("weir-low"), "{text}");
    world.connect(Tool::Codex).unwrap();
    assert_eq!(world.text(Tool::Codex), text, "and that stays too");
    world.disconnect(Tool::Codex).unwrap();
    assert_eq!(world.text(Tool::Codex), original);
    // After that nothing is remembered.
    world.connect(Tool::Codex).unwrap();
    assert!(world.text(Tool::Codex).contains("model = 'gpt'"));
}

#[test]
fn what_an_interrupted_connect_was_asked_for_is_what_the_next_one_does() {
    let world = World::new();
    world.put(Tool::Codex, "# mine\n");
    world.connect_as(Tool::Codex, &given(None, Some("weir-low"))).unwrap();
    let whole = world.disk.steps();
    for steps in 0..whole {
        let world = World::new();
        world.put(Tool::Codex, "# mine\n");
        world.disk.live_for(steps);
        world.connect_as(Tool::Codex, &given(None, Some("weir-low"))).unwrap_err();
        world.disk.revive();
        let noted = world.shop().record(Tool::Codex).unwrap().is_some();
        world.connect(Tool::Codex).unwrap();
        let text = world.text(Tool::Codex);
        assert_eq!(text.contains("model = \"weir-low\""), noted, "killed after {steps}: {text}");
    }
}

#[test]
fn what_is_asked_for_is_remembered_also_where_it_changes_no_byte_of_a_file() {
    let mut world = World::new();
    world.connect(Tool::ClaudeCode).unwrap();
    let report = world.connect_as(Tool::ClaudeCode, &given(Some(Login::Replaced), None)).unwrap();
    assert!(report.unchanged);
    // Weir's keys were asked for, whatever the configuration comes to say.
    world.gateway.passes_login = true;
    world.connect(Tool::ClaudeCode).unwrap();
    assert!(env(&world)["ANTHROPIC_AUTH_TOKEN"].is_string());
}

#[test]
fn the_advice_to_connect_again_is_the_whole_command() {
    let mut world = World::new();
    world.gateway.models.push(local("ollama/small", Some(4_096), true));
    let asked = given(Some(Login::Kept), Some("ollama/small"));
    let report = world.connect_as(Tool::ClaudeCode, &asked).unwrap();
    let command = "weir connect claude-code --keep-login --model ollama/small";
    assert!(report.notes.iter().any(|note| note.contains(command)), "{:?}", report.notes);
    world.put(Tool::ClaudeCode, json!({"env": {}}).to_string());
    let fix = |world: &World| {
        let checks = checks(&world.shop(), Some(&world.gateway));
        checks.iter().find(|check| check.name == "tool claude-code").unwrap().fix.clone().unwrap()
    };
    assert!(fix(&world).starts_with(command), "{}", fix(&world));
    world.gateway.port = 9400;
    assert!(fix(&world).starts_with(command), "{}", fix(&world));
}
