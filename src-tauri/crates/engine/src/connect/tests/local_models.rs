//! Claude Code and the models of this user's machines: which model does the small tasks, how many tokens
//! it is told, and that a run gets what a connected one gets.

use super::*;
use serde_json::{Value, json};

fn says(world: &World, tool: Tool) -> Value {
    super::super::document::Format::Json.read(&world.text(tool)).unwrap()
}

#[test]
fn the_small_tasks_of_claude_code_follow_a_local_model_and_whatever_can_be_asked() {
    let mut world = World::new();
    let small = |world: &World, model: &str| {
        let ask = Ask { model: Some(model.into()), ..Ask::default() };
        world.shop().connect(Tool::ClaudeCode, &world.gateway, &world.purse, &ask).unwrap();
        let env = says(world, Tool::ClaudeCode)["env"].clone();
        assert_eq!(env["ANTHROPIC_MODEL"], model);
        env["ANTHROPIC_DEFAULT_HAIKU_MODEL"].as_str().unwrap().to_owned()
    };
    assert_eq!(small(&world, "claude-opus-4-5"), "claude-haiku-4-5");
    assert_eq!(small(&world, "weir-auto"), "claude-haiku-4-5");
    assert_eq!(small(&world, "ollama/q"), "ollama/q");
    // Nothing of Anthropic's can be asked: no key is stored.
    world.gateway.usable = vec!["ollama".to_owned()];
    assert_eq!(small(&world, "weir-auto"), "weir-auto");
    assert_eq!(small(&world, "ollama/q"), "ollama/q");
    assert_eq!(small(&world, "anthropic/claude-opus-4-5"), "claude-haiku-4-5");
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert!(!world.disk.is_there(&world.settings(Tool::ClaudeCode)));
}

#[test]
fn claude_code_is_told_the_context_of_a_local_model_and_of_no_other() {
    let world = World::new();
    let told = |model: &str| {
        let ask = Ask { model: Some(model.into()), ..Ask::default() };
        world.shop().connect(Tool::ClaudeCode, &world.gateway, &world.purse, &ask).unwrap();
        says(&world, Tool::ClaudeCode)["env"].get("CLAUDE_CODE_MAX_CONTEXT_TOKENS").cloned()
    };
    assert_eq!(told("ollama/q"), Some(json!("32768")));
    assert_eq!(told("weir-auto"), None);
    world.disconnect(Tool::ClaudeCode).unwrap();
    world.put(Tool::ClaudeCode, r#"{"env":{"CLAUDE_CODE_MAX_CONTEXT_TOKENS":"16000"}}"#);
    assert_eq!(told("ollama/q"), Some(json!("16000")), "the user's own stays");
}

#[test]
fn a_model_that_is_not_loaded_or_with_too_little_is_told_before_the_first_prompt() {
    let mut world = World::new();
    world.gateway.models.extend([
        local("lmstudio/out", None, false),
        local("ollama/small:latest", Some(4_096), true),
    ]);
    let notes = |model: &str| {
        let ask = Ask { model: Some(model.into()), ..Ask::default() };
        let shop = world.shop();
        shop.connect(Tool::ClaudeCode, &world.gateway, &world.purse, &ask).unwrap().notes.join("\n")
    };
    assert!(notes("lmstudio/out").contains("weir local load lmstudio/out"));
    let env = says(&world, Tool::ClaudeCode)["env"].clone();
    assert_eq!(env.get("CLAUDE_CODE_MAX_CONTEXT_TOKENS"), None, "nobody knows it");
    assert_eq!(env["ANTHROPIC_DEFAULT_HAIKU_MODEL"], "lmstudio/out");
    let small = notes("ollama/small");
    assert!(small.contains("takes 4096 tokens"), "also without its tag: {small}");
    assert!(!notes("ollama/q").contains("tokens"));
}

#[test]
fn a_run_of_claude_code_gets_the_variables_that_a_connected_one_gets() {
    let mut world = World::new();
    let beside = |set: &[(String, OsString)]| -> Vec<(String, String)> {
        let kept = ["ANTHROPIC_DEFAULT_HAIKU_MODEL", "CLAUDE_CODE_MAX_CONTEXT_TOKENS"];
        let found = set.iter().filter(|(name, _)| kept.contains(&name.as_str()));
        found.map(|(name, value)| (name.clone(), value.to_str().unwrap().to_owned())).collect()
    };
    let run = |world: &World, arguments: &[&str]| {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let home = Path::new("/weir");
        let (gateway, around) = (&world.gateway, &world.around);
        let model = Tool::ClaudeCode.model_of_run(&arguments, around, &world.disk);
        let mut launch = Launch {
            program: "/bin/claude".into(),
            arguments: Vec::new(),
            set: Vec::new(),
            unset: Vec::new(),
            files: Vec::new(),
        };
        Tool::ClaudeCode.launch(&mut launch, gateway, "t", around, home, model.as_deref());
        beside(&launch.set)
    };
    let pair = |small: &str, context: Option<&str>| -> Vec<(String, String)> {
        let small = ("ANTHROPIC_DEFAULT_HAIKU_MODEL".to_owned(), small.to_owned());
        let context = context.map(|c| ("CLAUDE_CODE_MAX_CONTEXT_TOKENS".to_owned(), c.to_owned()));
        std::iter::once(small).chain(context).collect()
    };
    let local = pair("ollama/q", Some("32768"));
    assert_eq!(run(&world, &["-p", "hi", "--model", "ollama/q"]), local);
    assert_eq!(run(&world, &["--model=ollama/q"]), local);
    assert_eq!(run(&world, &["-p", "hi"]), pair("claude-haiku-4-5", None));
    world.put(Tool::ClaudeCode, r#"{"model":"ollama/q"}"#);
    assert_eq!(run(&world, &[]), local, "its settings say it");
    assert_eq!(run(&world, &["--model", "opus"]), pair("claude-haiku-4-5", None));
    world.put(Tool::ClaudeCode, "{}");
    world.around.variables.insert("ANTHROPIC_MODEL".into(), "ollama/q".into());
    assert_eq!(run(&world, &[]), local, "the shell says it");
    world.around.variables.insert("ANTHROPIC_DEFAULT_HAIKU_MODEL".into(), "mine".into());
    let own = run(&world, &[]);
    assert_eq!(own, local[1..], "the user's own variable stays");
    world.around.variables.clear();
    world.gateway.usable = vec!["ollama".to_owned()];
    assert_eq!(run(&world, &["--model", "weir-auto"]), pair("weir-auto", None));
    assert_eq!(run(&world, &["--model", "sonnet"]), pair("claude-haiku-4-5", None));
}

#[test]
fn a_long_list_keeps_every_model_a_local_one_and_shows_those_in_memory_first() {
    let mut world = World::new();
    let many = (0..60).map(|n| local(&format!("ollama/m{n}"), Some(8_192), n == 59));
    world.gateway.models = std::iter::once(offered("weir-auto", None)).chain(many).collect();
    let listed: Vec<&str> =
        world.gateway.listed().into_iter().map(|model| model.id.as_str()).collect();
    assert_eq!((listed.len(), listed[0], listed[1]), (41, "weir-auto", "ollama/m59"));
    // What is not in the list is no less local.
    let ask = Ask { model: Some("ollama/m58".into()), ..Ask::default() };
    world.shop().connect(Tool::ClaudeCode, &world.gateway, &world.purse, &ask).unwrap();
    let env = says(&world, Tool::ClaudeCode)["env"].clone();
    assert_eq!(env["ANTHROPIC_DEFAULT_HAIKU_MODEL"], "ollama/m58");
    assert_eq!(env["CLAUDE_CODE_MAX_CONTEXT_TOKENS"], "8192");
}

#[test]
fn the_coding_tools_that_a_local_model_is_loaded_for_are_those_that_are_connected() {
    let names = Tool::ALL.map(Tool::name);
    assert_eq!(names, weir_proxy::ports::CODING_TOOLS);
}
