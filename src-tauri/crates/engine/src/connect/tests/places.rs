//! Where each tool's settings are on every platform, and what a run puts into the environment.

use super::*;

fn around(platform: Platform, variables: &[(&str, &str)]) -> Surroundings {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), OsString::from(value));
    Surroundings {
        platform,
        home: "/u".into(),
        folder: "/w".into(),
        variables: variables.iter().map(pair).collect(),
    }
}

#[test]
fn every_tool_has_its_file_on_every_platform() {
    use Platform::{Linux, Mac, Windows};
    let disk = Memory::default();
    let at = |tool: Tool, platform, variables: &[(&str, &str)]| {
        let file = tool.file(&around(platform, variables), &disk);
        file.map(|file| file.to_string_lossy().replace('\\', "/")).unwrap_or_default()
    };
    for platform in [Linux, Mac, Windows] {
        assert_eq!(at(Tool::ClaudeCode, platform, &[]), "/u/.claude/settings.json");
        assert_eq!(at(Tool::Codex, platform, &[]), "/u/.codex/config.toml");
        assert_eq!(at(Tool::GeminiCli, platform, &[]), "/u/.gemini/.env");
        assert_eq!(at(Tool::Opencode, platform, &[]), "/u/.config/opencode/opencode.json");
        assert_eq!(at(Tool::Aider, platform, &[]), "/u/.aider.conf.yml");
        assert_eq!(at(Tool::Continue, platform, &[]), "/u/.continue/config.yaml");
        assert_eq!(at(Tool::Cline, platform, &[]), "");
    }
    assert_eq!(at(Tool::Zed, Linux, &[("XDG_CONFIG_HOME", "/c")]), "/c/zed/settings.json");
    assert_eq!(at(Tool::Zed, Mac, &[("XDG_CONFIG_HOME", "/c")]), "/u/.config/zed/settings.json");
    assert_eq!(at(Tool::Zed, Windows, &[("APPDATA", "/r")]), "/r/Zed/settings.json");
    for (tool, variable, file) in [
        (Tool::ClaudeCode, "CLAUDE_CONFIG_DIR", "/x/settings.json"),
        (Tool::Codex, "CODEX_HOME", "/x/config.toml"),
        (Tool::GeminiCli, "GEMINI_CLI_HOME", "/x/.gemini/.env"),
        (Tool::Opencode, "OPENCODE_CONFIG", "/x"),
        (Tool::Continue, "CONTINUE_GLOBAL_DIR", "/x/config.yaml"),
    ] {
        assert_eq!(at(tool, Linux, &[(variable, "/x")]), file, "{variable}");
    }
}

#[test]
fn the_settings_that_are_there_are_the_ones_edited() {
    let world = World::new();
    let folder = Path::new("/home/u/.config/opencode");
    world.disk.put(&folder.join("opencode.jsonc"), b"{}", 0o644);
    assert_eq!(world.settings(Tool::Opencode), folder.join("opencode.jsonc"));
}

#[test]
fn an_older_file_in_use_is_not_hidden_by_a_new_one() {
    let world = World::new();
    world.disk.put(Path::new("/home/u/.continue/config.json"), b"{}", 0o644);
    let told = world.connect(Tool::Continue).unwrap_err().to_string();
    assert!(told.contains("config.json") && told.contains("would hide it"), "{told}");
    world.put(Tool::Continue, "name: a\nversion: 1.0.0\nschema: v1\n");
    world.connect(Tool::Continue).unwrap();
}

#[test]
fn a_tool_set_up_by_hand_gets_its_token_once_and_keeps_it() {
    let world = World::new();
    let first = world.connect(Tool::Cline).unwrap();
    let told = format!("{:?}", first.by_hand);
    let token = tokens_in(&told)[0].to_owned();
    assert!(told.contains("http://127.0.0.1:9347/v1") && told.contains("weir-auto"));
    let notes = first.notes.join("\n");
    assert!(
        notes.contains("cline auth -p openai-compatible -b http://127.0.0.1:9347/v1"),
        "{notes}"
    );
    assert!(tokens_in(&notes).is_empty(), "a command is kept in the shell's history: {notes}");
    let again = world.connect(Tool::Cline).unwrap();
    assert!(again.unchanged && again.by_hand.is_empty());
    assert!(world.purse.opens(&token), "what was entered still opens the door");
    world.disconnect(Tool::Cline).unwrap();
    assert!(!world.purse.opens(&token));
    let asked = Given { model: Some("ollama/q".into()), ..Given::default() };
    let other = world.connect_as(Tool::Cline, &asked).unwrap();
    assert!(format!("{:?}", other.by_hand).contains("ollama/q"), "the model that was asked for");
    assert!(other.notes.join("\n").contains("-m ollama/q"));
}

#[test]
fn a_run_needs_a_program_and_says_which() {
    let world = World::new();
    let token = "weir_x";
    for (tool, part) in
        [(Tool::Codex, "no program called codex"), (Tool::Cline, "from its settings alone")]
    {
        let told =
            launch(tool, &world.gateway, token, &world.around, world.home.root(), &world.disk, &[]);
        assert!(told.unwrap_err().to_string().contains(part), "{tool:?}");
    }
}

#[test]
fn a_provider_without_a_key_is_told_before_the_tool_finds_out() {
    let mut world = World::new();
    world.gateway.usable.clear();
    let report = world.connect(Tool::ClaudeCode).unwrap();
    let told = report.notes.iter().any(|note| note.contains("weir key set anthropic"));
    assert!(told, "{:?}", report.notes);
    world.connect(Tool::Opencode).unwrap();
    let text = world.text(Tool::Opencode);
    assert!(text.contains("weir-auto") && !text.contains("anthropic"), "what works stays: {text}");
}

#[test]
fn variables_that_gemini_cli_reads_from_the_users_own_folder_are_not_hidden() {
    let world = World::new();
    let own = Path::new("/home/u/.env");
    world.disk.put(own, b"# mine\nGOOGLE_CLOUD_PROJECT=p\n", 0o600);
    let before = world.disk.picture(Path::new("/nowhere"));
    let told = world.connect(Tool::GeminiCli).unwrap_err().to_string();
    for part in ["/home/u/.env", "would hide it", "weir run gemini-cli", "Nothing was changed"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    assert_eq!(world.disk.picture(Path::new("/nowhere")), before);
    // Its own file hides that one already, and a file that says nothing has nothing to hide.
    world.put(Tool::GeminiCli, "");
    world.connect(Tool::GeminiCli).unwrap();
    world.connect(Tool::GeminiCli).unwrap();
    let world = World::new();
    world.disk.put(own, b"# nothing yet\n", 0o600);
    let report = world.connect(Tool::GeminiCli).unwrap();
    let notes = report.notes.join("\n");
    assert!(notes.contains("weir run gemini-cli") && notes.contains("trust"), "{notes}");
}
