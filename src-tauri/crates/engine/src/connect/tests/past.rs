//! What leads a connected tool past Weir: found in every file and variable that counts more than its
//! settings, and told with a way out that does not lead to the next refusal.

use super::*;
use crate::api::{Check, CheckState};

/// What the doctor says of a tool.
fn told(world: &World, name: &str) -> Vec<Check> {
    let mut checks = checks(&world.shop(), Some(&world.gateway));
    checks.retain(|check| check.name == name);
    checks
}

fn words(checks: &[Check]) -> String {
    let line = |check: &Check| {
        format!("{:?} {} => {}\n", check.state, check.found, check.fix.as_deref().unwrap_or("-"))
    };
    checks.iter().map(line).collect()
}

fn connected(tool: Tool) -> World {
    let world = World::new();
    world.connect(tool).unwrap();
    world
}

const CLAUDE_PROJECT: &str = "/home/u/project/.claude/settings.json";

fn put(world: &World, path: &str, text: &str) {
    world.disk.put(Path::new(path), text.as_bytes(), 0o644);
}

#[test]
fn another_program_of_this_machine_is_not_weir() {
    for (address, past) in [
        ("http://127.0.0.1:3456", true),
        ("http://localhost:4000/v1", true),
        ("http://127.0.0.1:93470", true),
        ("http://127.0.0.1:9347", false),
        ("http://localhost:9347/t/x", false),
    ] {
        let mut world = connected(Tool::ClaudeCode);
        put(&world, CLAUDE_PROJECT, &format!(r#"{{"env":{{"ANTHROPIC_BASE_URL":"{address}"}}}}"#));
        let found = words(&told(&world, "tool claude-code"));
        assert_eq!(found.contains("sets env.ANTHROPIC_BASE_URL for this project"), past, "{found}");
        assert_eq!(found.contains("Claude Code goes through Weir"), !past, "{found}");
        world.connect(Tool::GeminiCli).unwrap();
        world.around.variables.insert("GOOGLE_GEMINI_BASE_URL".into(), address.into());
        let found = words(&told(&world, "tool gemini-cli"));
        assert_eq!(found.contains("GOOGLE_GEMINI_BASE_URL is set in this shell"), past, "{found}");
        assert_eq!(told(&world, "GOOGLE_GEMINI_BASE_URL").len(), usize::from(past), "{address}");
    }
}

#[test]
fn with_no_configuration_that_holds_the_port_a_tool_was_connected_at_is_weirs() {
    let world = connected(Tool::ClaudeCode);
    let found = |address: &str| {
        put(&world, CLAUDE_PROJECT, &format!(r#"{{"env":{{"ANTHROPIC_BASE_URL":"{address}"}}}}"#));
        words(&checks(&world.shop(), None))
    };
    assert!(!found("http://127.0.0.1:9347").contains("for this project"));
    assert!(found("http://127.0.0.1:3456").contains("for this project"));
}

#[test]
fn a_cloud_platform_in_any_file_that_counts_is_found() {
    let bedrock = r#"{"env":{"CLAUDE_CODE_USE_BEDROCK":"1"}}"#;
    for (path, text, state, part) in [
        (CLAUDE_PROJECT, bedrock, CheckState::Note, "for this project"),
        ("/etc/claude-code/managed-settings.json", bedrock, CheckState::Fail, "looks after"),
        (
            "/etc/claude-code/managed-settings.d/10-aws.json",
            bedrock,
            CheckState::Fail,
            "looks after",
        ),
        (
            CLAUDE_PROJECT,
            r#"{"env":{"CLAUDE_CODE_USE_VERTEX":"true"}}"#,
            CheckState::Note,
            "VERTEX",
        ),
        (
            CLAUDE_PROJECT,
            r#"{"env":{"CLAUDE_CODE_USE_FOUNDRY":true}}"#,
            CheckState::Note,
            "FOUNDRY",
        ),
        (CLAUDE_PROJECT, r#"{"env":{"CLAUDE_CODE_USE_MANTLE":"on"}}"#, CheckState::Note, "MANTLE"),
    ] {
        let world = connected(Tool::ClaudeCode);
        world.disk.make_folders(Path::new(path).parent().unwrap());
        put(&world, path, text);
        let found = told(&world, "tool claude-code");
        let [check] = &found[..] else { panic!("{}", words(&found)) };
        assert!(check.state == state && words(&found).contains(part), "{}", words(&found));
        assert!(check.found.contains(path), "{}", words(&found));
    }
    // In its own file, where Weir's keys stand untouched beside it.
    let world = World::new();
    world.put(Tool::ClaudeCode, bedrock);
    world.connect(Tool::ClaudeCode).unwrap();
    let found = words(&told(&world, "tool claude-code"));
    assert!(found.contains("Fail") && found.contains("CLAUDE_CODE_USE_BEDROCK"), "{found}");
    assert!(!found.contains("goes through Weir"), "{found}");
    assert!(!found.contains("weir connect") && !found.contains("weir run"), "{found}");
    // Switched off, or set back by a file that counts more.
    for text in [
        r#"{"env":{"CLAUDE_CODE_USE_BEDROCK":"0"}}"#,
        r#"{"env":{"CLAUDE_CODE_USE_BEDROCK":"false"}}"#,
        r#"{"env":{"CLAUDE_CODE_USE_BEDROCK":""}}"#,
    ] {
        put(&world, CLAUDE_PROJECT, text);
        let found = words(&told(&world, "tool claude-code"));
        assert!(found.contains("Claude Code goes through Weir"), "{text}: {found}");
    }
}

#[test]
fn what_beats_a_run_is_told_with_a_way_out_that_is_one() {
    let fix = |path: &str, text: &str| {
        let world = World::new();
        world.disk.make_folders(Path::new(path).parent().unwrap());
        put(&world, path, text);
        let beaten = Tool::ClaudeCode.beaten(&world.gateway, &world.around, &world.disk);
        LaunchProblem::beaten(Tool::ClaudeCode, beaten.into_iter().next().unwrap()).to_string()
    };
    let away = r#"{"env":{"ANTHROPIC_BASE_URL":"https://corp.example"}}"#;
    let own = fix("/home/u/.claude/settings.json", away);
    assert!(own.contains("weir connect claude-code"), "that writes this very key: {own}");
    let bedrock = r#"{"env":{"CLAUDE_CODE_USE_BEDROCK":"1"}}"#;
    for (path, text) in [
        (CLAUDE_PROJECT, away),
        ("/home/u/.claude/settings.json", bedrock),
        ("/etc/claude-code/managed-settings.json", away),
    ] {
        let told = fix(path, text);
        assert!(told.contains(path) && !told.contains("weir connect"), "{told}");
    }
}

#[test]
fn the_doctor_offers_a_run_only_where_one_would_help() {
    // Claude Code's project file beats a run too.
    let world = connected(Tool::ClaudeCode);
    put(&world, CLAUDE_PROJECT, r#"{"env":{"ANTHROPIC_BASE_URL":"https://away.example"}}"#);
    let found = words(&told(&world, "tool claude-code"));
    assert!(found.contains("take it out") && !found.contains("weir run"), "{found}");
    // Codex gets its provider as an argument, which counts more than any file.
    let world = connected(Tool::Codex);
    let codex = "/home/u/project/.codex/config.toml";
    put(&world, codex, "model_provider = 'azure'\n");
    let found = words(&told(&world, "tool codex"));
    assert!(found.contains("sets model_provider") && found.contains("weir run codex"), "{found}");
    // What a run gives opencode chooses no model.
    let world = connected(Tool::Opencode);
    put(&world, "/home/u/project/opencode.json", r#"{"model":"openrouter/x"}"#);
    let found = words(&told(&world, "tool opencode"));
    assert!(found.contains("sets model") && !found.contains("weir run"), "{found}");
}

#[test]
fn a_projects_file_that_leads_to_weir_is_left_in_peace() {
    let here = r#"{"options":{"baseURL":"http://127.0.0.1:9347/v1","timeout":5}}"#;
    for (tool, path, text) in [
        (Tool::Opencode, "opencode.json", r#"{"model":"weir/weir-auto"}"#.to_owned()),
        (Tool::Opencode, "opencode.json", r#"{"model":"anthropic/claude-opus-5-5"}"#.to_owned()),
        (Tool::Opencode, "opencode.json", format!(r#"{{"provider":{{"anthropic":{here}}}}}"#)),
        (
            Tool::Opencode,
            "opencode.json",
            r#"{"provider":{"openai":{"options":{"timeout":5}}}}"#.to_owned(),
        ),
        (Tool::Codex, ".codex/config.toml", "model_provider = \"weir\"\n".to_owned()),
        (Tool::Codex, ".codex/config.toml", "[model_providers.azure]\nname = \"A\"\n".to_owned()),
        (Tool::Aider, ".aider.conf.yml", "openai-api-base: http://127.0.0.1:9347/v1\n".to_owned()),
        (
            Tool::Zed,
            ".zed/settings.json",
            r#"{"language_models":{"openai":{"available_models":[]}}}"#.to_owned(),
        ),
    ] {
        let world = connected(tool);
        put(&world, &format!("/home/u/project/{path}"), &text);
        let found = words(&told(&world, &format!("tool {}", tool.name())));
        assert!(found.contains("goes through Weir"), "{tool:?} {text}: {found}");
    }
    for (tool, path, text) in [
        (
            Tool::Opencode,
            "opencode.json",
            r#"{"provider":{"anthropic":{"options":{"apiKey":"sk"}}}}"#,
        ),
        (
            Tool::Codex,
            ".codex/config.toml",
            "[model_providers.weir]\nbase_url = \"https://x.example\"\n",
        ),
        (Tool::Aider, ".aider.conf.yml", "set-env:\n- A=1\n"),
        (
            Tool::Zed,
            ".zed/settings.json",
            r#"{"language_models":{"openai":{"api_url":"https://x.example"}}}"#,
        ),
    ] {
        let world = connected(tool);
        put(&world, &format!("/home/u/project/{path}"), text);
        let found = words(&told(&world, &format!("tool {}", tool.name())));
        assert!(found.contains("leads past Weir"), "{tool:?} {text}: {found}");
        assert!(!found.contains("goes through Weir"), "{tool:?} {text}: {found}");
    }
}

#[test]
fn an_ordinary_env_file_of_a_project_is_nobodys_to_take_out() {
    for file in [".env", ".gemini/.env"] {
        let world = connected(Tool::GeminiCli);
        put(&world, &format!("/home/u/project/{file}"), "DATABASE_URL=postgres://db.example/x\n");
        let found = words(&told(&world, "tool gemini-cli"));
        assert!(found.contains("is read here instead of"), "{found}");
        assert!(found.contains("weir run gemini-cli"), "{found}");
        assert!(!found.contains("take it out") && !found.contains("goes through Weir"), "{found}");
    }
    let world = connected(Tool::GeminiCli);
    let both = "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9347\nGEMINI_API_KEY=weir_x\n";
    put(&world, "/home/u/project/.env", both);
    let found = words(&told(&world, "tool gemini-cli"));
    assert!(found.contains("goes through Weir"), "it leads to Weir itself: {found}");
}
