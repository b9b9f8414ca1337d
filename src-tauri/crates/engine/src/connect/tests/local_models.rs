//! Claude Code and the models of this user's machines: which model does the small tasks, how many tokens
//! it is told, and that a run gets what a connected one gets.

use super::*;
use serde_json::Value;

fn says(world: &World, tool: Tool) -> Value {
    super::super::document::Format::Json.read(&world.text(tool)).unwrap()
}

#[test]
fn the_small_tasks_of_claude_code_follow_a_local_model_and_whatever_can_be_asked() {
    let mut world = World::new();
    let small = |world: &World, model: &str| {
        let given = Given { model: Some(model.into()), ..Given::default() };
        world.connect_as(Tool::ClaudeCode, &given).unwrap();
        let env = says(world, Tool::ClaudeCode)["env"].clone();
        assert_eq!(env["ANTHROPIC_MODEL"], model);
        env["ANTHROPIC_DEFAULT_HAIKU_MODEL"].as_str().unwrap().to_owned()
    };
    assert_eq!(small(&world, "claude-opus-4-5"), "claude-haiku-5-5");
    assert_eq!(small(&world, "weir-auto"), "claude-haiku-5-5");
    assert_eq!(small(&world, "ollama/q"), "ollama/q");
    // Nothing of Anthropic's can be asked: no key is stored.
    world.gateway.usable = vec!["ollama".to_owned()];
    assert_eq!(small(&world, "weir-auto"), "weir-auto");
    assert_eq!(small(&world, "ollama/q"), "ollama/q");
    assert_eq!(small(&world, "anthropic/claude-opus-4-5"), "claude-haiku-5-5");
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert!(!world.disk.is_there(&world.settings(Tool::ClaudeCode)));
}

/// What Claude Code is told of the context and of the answer.
fn window(says: &Value) -> [Option<u64>; 2] {
    ["CLAUDE_CODE_MAX_CONTEXT_TOKENS", "CLAUDE_CODE_MAX_OUTPUT_TOKENS"]
        .map(|name| says["env"].get(name).map(|value| value.as_str().unwrap().parse().unwrap()))
}

#[test]
fn claude_code_is_told_the_context_of_a_local_model_and_of_no_other() {
    let world = World::new();
    let told = |model: &str| {
        let given = Given { model: Some(model.into()), ..Given::default() };
        world.connect_as(Tool::ClaudeCode, &given).unwrap();
        window(&says(&world, Tool::ClaudeCode))
    };
    assert_eq!(told("ollama/q"), [Some(45_768), Some(8_192)]);
    assert_eq!(told("weir-auto"), [None, None]);
    world.disconnect(Tool::ClaudeCode).unwrap();
    world.put(Tool::ClaudeCode, r#"{"env":{"CLAUDE_CODE_MAX_CONTEXT_TOKENS":"16000"}}"#);
    assert_eq!(told("ollama/q"), [Some(16_000), Some(8_192)], "the user's own stays");
}

#[test]
fn claude_code_shortens_a_conversation_when_three_quarters_of_a_local_context_are_full() {
    let mut world = World::new();
    for context in [4_096, 24_576, 32_768, 65_536, 100_000, 131_072, 262_144] {
        world.gateway.models = vec![local("ollama/q", Some(context), true)];
        let given = Given { model: Some("ollama/q".into()), ..Given::default() };
        world.connect_as(Tool::ClaudeCode, &given).unwrap();
        let [told, answer] = window(&says(&world, Tool::ClaudeCode));
        // Where 2.1.330 begins to shorten, by what it is told.
        let shortens = told.unwrap() - answer.unwrap_or(32_000).min(20_000) - 13_000;
        match context {
            128_000.. => assert_eq!((told, answer), (Some(context), None)),
            _ => assert_eq!((shortens, answer), (context - context / 4, Some(context / 4))),
        }
        assert!(shortens >= context * 7 / 10 && shortens < context, "{context}: {shortens}");
        world.disconnect(Tool::ClaudeCode).unwrap();
    }
}

#[test]
fn a_model_that_is_not_loaded_or_with_too_little_is_told_before_the_first_prompt() {
    let mut world = World::new();
    world.gateway.models.extend([
        local("lmstudio/out", None, false),
        local("ollama/small:latest", Some(4_096), true),
    ]);
    let notes = |model: &str| {
        let given = Given { model: Some(model.into()), ..Given::default() };
        world.connect_as(Tool::ClaudeCode, &given).unwrap().notes.join("\n")
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
    let kept = [
        "ANTHROPIC_DEFAULT_HAIKU_MODEL",
        "CLAUDE_CODE_MAX_CONTEXT_TOKENS",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
    ];
    let beside = |set: &[(String, OsString)]| -> Vec<(String, String)> {
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
    let pair = |small: &str, window: Option<[&str; 2]>| -> Vec<(String, String)> {
        let [context, answer] = window.unwrap_or_default();
        [(kept[0], small), (kept[1], context), (kept[2], answer)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    let local = pair("ollama/q", Some(["45768", "8192"]));
    assert_eq!(run(&world, &["-p", "hi", "--model", "ollama/q"]), local);
    assert_eq!(run(&world, &["--model=ollama/q"]), local);
    assert_eq!(run(&world, &["-p", "hi"]), pair("claude-haiku-5-5", None));
    world.put(Tool::ClaudeCode, r#"{"model":"ollama/q"}"#);
    assert_eq!(run(&world, &[]), local, "its settings say it");
    assert_eq!(run(&world, &["--model", "opus"]), pair("claude-haiku-5-5", None));
    world.put(Tool::ClaudeCode, "{}");
    world.around.variables.insert("ANTHROPIC_MODEL".into(), "ollama/q".into());
    assert_eq!(run(&world, &[]), local, "the shell says it");
    world.around.variables.insert("ANTHROPIC_DEFAULT_HAIKU_MODEL".into(), "mine".into());
    let own = run(&world, &[]);
    assert_eq!(own, local[1..], "the user's own variable stays");
    world.around.variables.clear();
    world.gateway.usable = vec!["ollama".to_owned()];
    assert_eq!(run(&world, &["--model", "weir-auto"]), pair("weir-auto", None));
    assert_eq!(run(&world, &["--model", "sonnet"]), pair("claude-haiku-5-5", None));
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
    let given = Given { model: Some("ollama/m58".into()), ..Given::default() };
    world.connect_as(Tool::ClaudeCode, &given).unwrap();
    let env = says(&world, Tool::ClaudeCode)["env"].clone();
    assert_eq!(env["ANTHROPIC_DEFAULT_HAIKU_MODEL"], "ollama/m58");
    assert_eq!(env["CLAUDE_CODE_MAX_OUTPUT_TOKENS"], "2048", "a quarter of its 8,192");
}

#[test]
fn the_coding_tools_that_a_local_model_is_loaded_for_are_those_that_are_connected() {
    let names = Tool::ALL.map(Tool::name);
    assert_eq!(names, weir_proxy::ports::CODING_TOOLS);
}

/// The names of Claude Code's own models that it can be told another model for.
const OWN_NAMES: [&str; 3] = [
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_FABLE_MODEL",
];

#[test]
fn where_anthropic_cannot_be_asked_every_name_of_claude_codes_means_the_model_that_can() {
    let mut world = World::new();
    let env = |world: &World| says(world, Tool::ClaudeCode)["env"].clone();
    let asked = |model: &str| Given { model: Some(model.into()), ..Given::default() };
    world.connect_as(Tool::ClaudeCode, &asked("ollama/q")).unwrap();
    for name in OWN_NAMES {
        assert_eq!(env(&world).get(name), None, "Anthropic's can be asked: {name} stays its own");
    }
    world.gateway.usable = vec!["ollama".to_owned()];
    for model in ["ollama/q", "weir-low"] {
        world.connect_as(Tool::ClaudeCode, &asked(model)).unwrap();
        for name in OWN_NAMES {
            assert_eq!(env(&world)[name], model, "{name}");
        }
    }
    // A model of Anthropic's that was asked for by name is left to say for itself that it needs a key.
    world.connect_as(Tool::ClaudeCode, &asked("claude-opus-5-5")).unwrap();
    world
        .connect_as(Tool::ClaudeCode, &Given { login: Some(Login::Kept), ..asked("ollama/q") })
        .unwrap();
    for name in OWN_NAMES {
        assert_eq!(env(&world).get(name), None, "the plan answers: {name}");
    }
    world.disconnect(Tool::ClaudeCode).unwrap();
    world.put(Tool::ClaudeCode, r#"{"env":{"ANTHROPIC_DEFAULT_OPUS_MODEL":"mine"}}"#);
    world.connect_as(Tool::ClaudeCode, &asked("ollama/q")).unwrap();
    assert_eq!(env(&world)["ANTHROPIC_DEFAULT_OPUS_MODEL"], "mine");
    assert_eq!(env(&world)["ANTHROPIC_DEFAULT_SONNET_MODEL"], "ollama/q");
}

#[test]
fn codex_is_told_the_context_of_a_local_model_and_gets_its_own_back() {
    let world = World::new();
    let asked = |model: &str| Given { model: Some(model.into()), ..Given::default() };
    let original = "model = 'gpt'\nmodel_context_window = 400_000 # mine\n\n[tools]\nweb = true\n";
    world.put(Tool::Codex, original);
    let told = |world: &World| {
        let table: ::toml::Table = world.text(Tool::Codex).parse().unwrap();
        table.get("model_context_window").and_then(::toml::Value::as_integer)
    };
    world.connect(Tool::Codex).unwrap();
    assert_eq!(told(&world), Some(400_000), "no model was asked for");
    world.connect_as(Tool::Codex, &asked("weir-auto")).unwrap();
    assert_eq!(told(&world), Some(400_000), "nobody knows which model that will be");
    world.connect_as(Tool::Codex, &asked("ollama/q")).unwrap();
    assert_eq!(told(&world), Some(32_768));
    world.disconnect(Tool::Codex).unwrap();
    assert_eq!(world.text(Tool::Codex), original);

    world.put(Tool::Codex, "# none\n");
    world.connect_as(Tool::Codex, &asked("ollama/q")).unwrap();
    assert_eq!(told(&world), Some(32_768));
    world.disconnect(Tool::Codex).unwrap();
    assert_eq!(world.text(Tool::Codex), "# none\n");
}

#[test]
fn a_run_of_codex_is_told_the_context_of_the_local_model_it_asks_for() {
    let world = World::new();
    let run = |arguments: &[&str]| {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let model = Tool::Codex.model_of_run(&arguments, &world.around, &world.disk);
        let mut launch = Launch {
            program: "/bin/codex".into(),
            arguments: Vec::new(),
            set: Vec::new(),
            unset: Vec::new(),
            files: Vec::new(),
        };
        let home = Path::new("/weir");
        Tool::Codex.launch(&mut launch, &world.gateway, "t", &world.around, home, model.as_deref());
        launch.arguments.contains(&"model_context_window=32768".to_owned())
    };
    assert!(run(&["-m", "ollama/q", "exec", "hi"]));
    assert!(run(&["exec", "--model", "ollama/q", "hi"]));
    assert!(run(&["--model=ollama/q"]));
    assert!(run(&["-c", "model=\"ollama/q\""]));
    assert!(!run(&["-m", "gpt", "exec", "hi"]));
    assert!(!run(&[]));
    world.put(Tool::Codex, "model = 'ollama/q'\n");
    assert!(run(&[]), "its settings say it");
    assert!(!run(&["-m", "gpt"]));
}
