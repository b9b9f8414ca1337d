//! Connecting and putting back, case by case: links, permissions, leftovers, refusals, tokens.

use super::*;
use serde_json::{Value, json};

fn says(world: &World, tool: Tool) -> Value {
    super::super::document::Format::Json.read(&world.text(tool)).unwrap()
}

#[test]
fn claude_code_gets_its_address_its_token_and_its_features() {
    let world = World::new();
    world.put(Tool::ClaudeCode, "{\n  \"theme\": \"dark\"\n}\n");
    world.connect(Tool::ClaudeCode).unwrap();
    let text = world.text(Tool::ClaudeCode);
    let token = tokens_in(&text)[0].to_owned();
    let expected = format!(
        "{{\n  \"env\": {{\n    \"ANTHROPIC_BASE_URL\": \"http://127.0.0.1:9347\",\n    \
         \"ANTHROPIC_AUTH_TOKEN\": \"{token}\",\n    \
         \"ANTHROPIC_DEFAULT_HAIKU_MODEL\": \"claude-haiku-5-5\",\n    \
         \"CLAUDE_CODE_GATEWAY_HINT_HEADERS\": \"1\",\n    \"ENABLE_TOOL_SEARCH\": \"true\",\n    \
         \"CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING\": \"1\"\n  }},\n  \"theme\": \"dark\"\n}}\n"
    );
    assert_eq!(text, expected);
    assert_eq!(world.disk.mode(&world.settings(Tool::ClaudeCode)), 0o600);
    assert_eq!(world.purse.names(), ["claude-code"]);
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(world.text(Tool::ClaudeCode), "{\n  \"theme\": \"dark\"\n}\n");
    assert_eq!(world.disk.mode(&world.settings(Tool::ClaudeCode)), 0o644);
    assert_eq!(world.purse.names(), Vec::<String>::new());
}

#[test]
fn codex_gets_a_provider_and_keeps_its_own() {
    let world = World::new();
    let original =
        "# mine\nmodel_provider = 'azure' # why\n\n[model_providers.azure]\nname = \"A\"";
    world.put(Tool::Codex, original);
    world.connect(Tool::Codex).unwrap();
    let text = world.text(Tool::Codex);
    let token = tokens_in(&text)[0].to_owned();
    let expected = format!(
        "# mine\nmodel_provider = \"weir\" # why\n\n[model_providers.azure]\nname = \"A\"\n\n\
         [model_providers.weir]\nbase_url = \"http://127.0.0.1:9347/v1\"\n\
         experimental_bearer_token = \"{token}\"\nname = \"Weir\"\nrequest_max_retries = 1\n\
         requires_openai_auth = false\nstream_max_retries = 2\nsupports_websockets = false\nwire_api = \"responses\"\n"
    );
    assert_eq!(text, expected);
    // What the real Codex is tried with.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap();
    let tried = std::fs::read_to_string(root.join("tests/clients/clients.py")).unwrap();
    for key in ["request_max_retries", "stream_max_retries"] {
        let line = |text: &str| text.lines().find(|line| line.starts_with(key)).map(str::to_owned);
        assert!(line(&text).is_some() && line(&text) == line(&tried), "{key}");
    }
    world.disconnect(Tool::Codex).unwrap();
    assert_eq!(world.text(Tool::Codex), original);
}

#[test]
fn what_the_user_decided_stays_and_what_he_had_comes_back() {
    let world = World::new();
    let original = json!({"env": {
        "ANTHROPIC_BASE_URL": "https://gateway.example/anthropic",
        "ANTHROPIC_AUTH_TOKEN": "sk-own",
        "ENABLE_TOOL_SEARCH": "false",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "NO_PROXY": "internal.example",
    }});
    world.put(Tool::ClaudeCode, original.to_string());
    let report = world.connect(Tool::ClaudeCode).unwrap();
    let env = says(&world, Tool::ClaudeCode)["env"].clone();
    assert_eq!(env["ANTHROPIC_BASE_URL"], "http://127.0.0.1:9347");
    assert_eq!(env["ENABLE_TOOL_SEARCH"], "false");
    assert_eq!(env["NO_PROXY"], "internal.example,127.0.0.1,localhost");
    let told = report.notes.iter().any(|note| note.contains("gateway.example before"));
    assert!(told, "{report:?}");
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(world.text(Tool::ClaudeCode), original.to_string());
}

#[test]
fn a_login_is_kept_with_a_header_of_weirs_own_or_the_path() {
    let world = World::new();
    let kept = Given { login: Some(Login::Kept), ..Given::default() };
    world.connect_as(Tool::ClaudeCode, &kept).unwrap();
    let env = says(&world, Tool::ClaudeCode)["env"].clone();
    assert!(env["ANTHROPIC_CUSTOM_HEADERS"].as_str().unwrap().starts_with("x-weir-token: weir_"));
    assert_eq!(env.get("ANTHROPIC_AUTH_TOKEN"), None);
    // Back to Weir's keys: what was written before is taken out again.
    let replaced = Given { login: Some(Login::Replaced), ..Given::default() };
    world.connect_as(Tool::ClaudeCode, &replaced).unwrap();
    let env = says(&world, Tool::ClaudeCode)["env"].clone();
    assert_eq!(env.get("ANTHROPIC_CUSTOM_HEADERS"), None);
    assert!(env["ANTHROPIC_AUTH_TOKEN"].as_str().unwrap().starts_with("weir_"));
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert!(!world.disk.is_there(&world.settings(Tool::ClaudeCode)));

    world.put(Tool::ClaudeCode, r#"{"env":{"ANTHROPIC_CUSTOM_HEADERS":"x-mine: 1"}}"#);
    world.connect_as(Tool::ClaudeCode, &kept).unwrap();
    let env = says(&world, Tool::ClaudeCode)["env"].clone();
    assert!(
        env["ANTHROPIC_BASE_URL"].as_str().unwrap().starts_with("http://127.0.0.1:9347/t/weir_")
    );
    assert_eq!(env["ANTHROPIC_CUSTOM_HEADERS"], "x-mine: 1");
}

#[test]
fn a_file_that_was_not_there_is_gone_again_with_its_folders() {
    let world = World::new();
    world.disk.delete(Path::new("/home/u/.claude"));
    let before = world.disk.picture(Path::new("/weir"));
    let report = world.connect(Tool::ClaudeCode).unwrap();
    assert_eq!(report.files[0].what, "created");
    assert_eq!(world.disk.mode(&world.settings(Tool::ClaudeCode)), 0o600);
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(world.disk.picture(Path::new("/weir")), before);
}

#[test]
fn a_chain_of_links_stays_a_chain() {
    let world = World::new();
    let settings = world.settings(Tool::ClaudeCode);
    world.disk.make_folders(Path::new("/home/u/dotfiles"));
    world.disk.put_link(&settings, Path::new("../dotfiles/one.json"));
    world.disk.put_link(Path::new("/home/u/dotfiles/one.json"), Path::new("real.json"));
    world.disk.put(Path::new("/home/u/dotfiles/real.json"), b"{}", 0o600);
    let before = world.disk.picture(Path::new("/weir"));
    world.connect(Tool::ClaudeCode).unwrap();
    assert!(says(&world, Tool::ClaudeCode)["env"].is_object());
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(world.disk.picture(Path::new("/weir")), before);

    world
        .disk
        .put_link(Path::new("/home/u/dotfiles/one.json"), Path::new("../.claude/settings.json"));
    world.disk.delete(Path::new("/home/u/dotfiles/real.json"));
}

#[test]
fn a_link_to_nothing_yet_gets_its_file_and_loses_it_again() {
    let world = World::new();
    world.disk.put_link(&world.settings(Tool::ClaudeCode), Path::new("/home/u/later.json"));
    let before = world.disk.picture(Path::new("/weir"));
    world.connect(Tool::ClaudeCode).unwrap();
    assert!(world.disk.is_there(Path::new("/home/u/later.json")));
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(world.disk.picture(Path::new("/weir")), before);
}

#[test]
fn files_that_cannot_be_edited_are_named_with_line_and_reason_and_stay() {
    for (text, said) in [
        (&b"{\n  \"a\": 1\n  \"b\": 2\n}"[..], "line 3"),
        (b"{\"a\": \"open\n}", "line 1"),
        (b"[1]", "object"),
        (b"{\"env\": []}", "env"),
        (b"\0\0\0\0", "zero bytes"),
        (b"{\n\"a\": \"\xff\"}", "line 2: it is not UTF-8"),
        (b"\xff\xfe{\0}\0", "UTF-16"),
        (b"{} {}", "follows the end"),
        (b"{\"a\": tru}", "tru"),
        (b"{/* x }", "comment"),
    ] {
        let world = World::new();
        world.put(Tool::ClaudeCode, text);
        let before = world.disk.picture(Path::new("/nowhere"));
        let told = world.connect(Tool::ClaudeCode).unwrap_err().to_string();
        assert!(told.contains(said) && told.contains("Nothing was changed"), "{told}");
        assert_eq!(world.disk.picture(Path::new("/nowhere")), before, "not even a journal");
        assert_eq!(world.purse.names(), Vec::<String>::new(), "not even a token");
    }
}

#[test]
fn a_folder_that_is_closed_to_writing_leaves_everything_as_it_was() {
    let world = World::new();
    world.put(Tool::ClaudeCode, "{}");
    world.disk.close(Path::new("/home/u/.claude"));
    let before = world.disk.picture(Path::new("/weir"));
    let told = world.connect(Tool::ClaudeCode).unwrap_err().to_string();
    assert!(told.contains("Make its folder writable"), "{told}");
    assert_eq!(world.disk.picture(Path::new("/weir")), before);

    let world = World::new();
    world.disk.put(&world.settings(Tool::ClaudeCode), b"{}", 0o444);
    let told = world.connect(Tool::ClaudeCode).unwrap_err().to_string();
    assert!(told.contains("closed to writing"), "{told}");
}

#[test]
fn weirs_own_values_are_never_taken_for_the_original() {
    let world = World::new();
    let left = json!({"env": {
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:15000",
        "ANTHROPIC_AUTH_TOKEN": format!("weir_{}", "x".repeat(43)),
        "MINE": "1",
    }});
    world.put(Tool::ClaudeCode, left.to_string());
    world.connect(Tool::ClaudeCode).unwrap();
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(says(&world, Tool::ClaudeCode), json!({"env": {"MINE": "1"}}));
}

#[test]
fn a_hundred_times_is_once() {
    let world = World::new();
    world.put(Tool::ClaudeCode, "{ // settings\n}\n");
    let before = world.disk.picture(Path::new("/weir"));
    for _ in 0..100 {
        world.connect(Tool::ClaudeCode).unwrap();
        world.connect(Tool::ClaudeCode).unwrap();
        world.disconnect(Tool::ClaudeCode).unwrap();
        assert!(world.disconnect(Tool::ClaudeCode).unwrap().unchanged);
    }
    assert_eq!(world.disk.picture(Path::new("/weir")), before);
}

#[test]
fn another_port_is_followed_with_the_same_token_and_the_same_original() {
    let mut world = World::new();
    let original = "{\"env\": {\"ANTHROPIC_BASE_URL\": \"https://own.example\"}}";
    world.put(Tool::ClaudeCode, original);
    world.connect(Tool::ClaudeCode).unwrap();
    let token = tokens_in(&world.text(Tool::ClaudeCode))[0].to_owned();
    world.gateway.port = 9400;
    world.connect(Tool::ClaudeCode).unwrap();
    let text = world.text(Tool::ClaudeCode);
    assert!(text.contains("http://127.0.0.1:9400") && !text.contains("9347"));
    assert_eq!(tokens_in(&text), [token]);
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(world.text(Tool::ClaudeCode), original);
}

#[test]
fn a_token_that_was_taken_back_is_made_anew_and_a_foreign_name_is_left() {
    let world = World::new();
    let own = world.purse.issue("claude-code").unwrap();
    world.connect(Tool::ClaudeCode).unwrap();
    assert_eq!(world.purse.names(), ["claude-code", "claude-code#connect"]);
    let first = tokens_in(&world.text(Tool::ClaudeCode))[0].to_owned();
    world.purse.revoke("claude-code#connect").unwrap();
    world.connect(Tool::ClaudeCode).unwrap();
    let second = tokens_in(&world.text(Tool::ClaudeCode))[0].to_owned();
    assert_ne!(first, second);
    assert!(world.purse.opens(&second) && world.purse.opens(&own.token));
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(world.purse.names(), ["claude-code"]);
}

#[test]
fn the_journal_never_holds_a_token() {
    let world = World::new();
    world.put(Tool::ClaudeCode, "{\"env\":{}}");
    world.connect(Tool::ClaudeCode).unwrap();
    world.connect(Tool::Codex).unwrap();
    for file in ["/weir/tools/claude-code.json", "/weir/tools/codex.json"] {
        let text = String::from_utf8(world.disk.read(Path::new(file)).unwrap().unwrap()).unwrap();
        assert!(!text.contains("weir_"), "{text}");
        assert_eq!(world.disk.mode(Path::new(file)), 0o600);
    }
}

#[test]
fn a_key_the_user_changed_since_stays_changed() {
    let world = World::new();
    world.put(Tool::ClaudeCode, "{}");
    world.connect(Tool::ClaudeCode).unwrap();
    let text = world.text(Tool::ClaudeCode);
    world.put(Tool::ClaudeCode, text.replace("http://127.0.0.1:9347", "https://mine.example"));
    assert_eq!(world.shop().list()[0].state, Standing::Edited);
    let report = world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(report.files[0].keys, ["env.ANTHROPIC_BASE_URL"]);
    assert_eq!(
        says(&world, Tool::ClaudeCode),
        json!({"env": {"ANTHROPIC_BASE_URL": "https://mine.example"}})
    );
}

#[test]
fn a_tool_that_writes_its_file_anew_loses_only_weirs_keys() {
    let world = World::new();
    world.put(Tool::ClaudeCode, "{\"theme\":\"dark\",\"env\":{\"A\":\"1\"}}");
    world.connect(Tool::ClaudeCode).unwrap();
    let mut tree = says(&world, Tool::ClaudeCode);
    tree["theme"] = "light".into();
    tree["env"]["B"] = "2".into();
    world.put(Tool::ClaudeCode, serde_json::to_string_pretty(&tree).unwrap());
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(
        says(&world, Tool::ClaudeCode),
        json!({"theme": "light", "env": {"A": "1", "B": "2"}})
    );

    let world = World::new();
    world.put(Tool::Codex, "model = \"a\"\n");
    world.connect(Tool::Codex).unwrap();
    let table: ::toml::Table = world.text(Tool::Codex).parse().unwrap();
    world.put(Tool::Codex, ::toml::to_string(&table).unwrap());
    world.disconnect(Tool::Codex).unwrap();
    assert_eq!(world.text(Tool::Codex), "model = \"a\"\n");
}

#[test]
fn a_tool_that_lays_its_file_out_anew_is_left_without_empty_lines() {
    let world = World::new();
    world.put(Tool::ClaudeCode, "{\"env\":{\"A\":\"1\"}}");
    world.connect(Tool::ClaudeCode).unwrap();
    let tree = says(&world, Tool::ClaudeCode);
    world.put(Tool::ClaudeCode, serde_json::to_string_pretty(&tree).unwrap());
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert_eq!(world.text(Tool::ClaudeCode), "{\n  \"env\": {\n    \"A\": \"1\"\n  }\n}");
}

#[test]
fn continue_as_it_is_first_installed_is_connected_and_put_back() {
    let world = World::new();
    let first = "name: Main Config\nversion: 1.0.0\nschema: v1\nmodels: []\n";
    world.put(Tool::Continue, first);
    world.connect(Tool::Continue).unwrap();
    assert!(world.text(Tool::Continue).contains("models: [{"));
    world.connect(Tool::Continue).unwrap();
    let edited = world.text(Tool::Continue).replace("Main", "My");
    world.put(Tool::Continue, edited);
    world.disconnect(Tool::Continue).unwrap();
    assert_eq!(world.text(Tool::Continue), first.replace("Main", "My"));
}

#[test]
fn a_tool_that_needs_its_file_is_not_advised_to_do_without() {
    let world = World::new();
    world.put(Tool::Zed, "{\"language_models\": null}");
    let told = world.connect(Tool::Zed).unwrap_err().to_string();
    assert!(told.contains("weir connect zed") && !told.contains("weir run"), "{told}");
    for tool in [Tool::Zed, Tool::Continue, Tool::Cline] {
        let (gateway, home) = (&world.gateway, Path::new("/weir"));
        let told = launch(tool, gateway, "t", &world.around, home, &world.disk, &[]).unwrap_err();
        assert!(told.to_string().contains("weir connect"), "{told}");
    }
}

#[test]
fn a_run_is_refused_where_the_settings_lead_past_weir() {
    let world = World::new();
    let beaten = || Tool::ClaudeCode.beaten(&world.gateway, &world.around, &world.disk);
    for (settings, key) in [
        ("{}", None),
        (r#"{"env":{"ANTHROPIC_BASE_URL":"https://corp.example"}}"#, Some("ANTHROPIC_BASE_URL")),
        (r#"{"env":{"ANTHROPIC_BASE_URL":"http://127.0.0.1:93470"}}"#, Some("ANTHROPIC_BASE_URL")),
        (r#"{"env":{"ANTHROPIC_AUTH_TOKEN":"sk-mine"}}"#, Some("ANTHROPIC_AUTH_TOKEN")),
        (r#"{"env":{"CLAUDE_CODE_USE_BEDROCK":"1"}}"#, Some("CLAUDE_CODE_USE_BEDROCK")),
        (r#"{"env":{"ANTHROPIC_BASE_URL":"http://127.0.0.1:9347"}}"#, None),
    ] {
        world.put(Tool::ClaudeCode, settings);
        let found = beaten().into_iter().next().map(|beaten| beaten.key);
        assert_eq!(found, key.map(|key| format!("env.{key}")), "{settings}");
    }
    world.put(Tool::ClaudeCode, "{}");
    world.connect(Tool::ClaudeCode).unwrap();
    assert_eq!(beaten(), [], "a tool that is connected calls Weir either way");
}

#[test]
fn only_the_whole_host_is_this_machine() {
    for (address, here) in [
        ("http://127.0.0.1:9347", true),
        ("http://LOCALHOST/v1", true),
        ("http://[::1]:9347/v1", true),
        ("http://localhost.evil.example:1", false),
        ("http://127.0.0.1.evil.example", false),
        ("http://127.0.0.1@evil.example/", false),
        ("http://127.0.0.1:80@evil.example/", false),
    ] {
        assert_eq!(crate::connect::loopback(&json!(address)), here, "{address}");
    }
}

#[test]
fn a_file_that_was_broken_or_removed_meanwhile_is_left_to_the_user() {
    let world = World::new();
    world.put(Tool::ClaudeCode, "{}");
    world.connect(Tool::ClaudeCode).unwrap();
    world.put(Tool::ClaudeCode, "{ broken");
    let told = world.disconnect(Tool::ClaudeCode).unwrap_err().to_string();
    assert!(told.contains("line 1") && told.contains("env.ANTHROPIC_AUTH_TOKEN"), "{told}");
    assert_eq!(world.text(Tool::ClaudeCode), "{ broken");
    world.disk.delete(&world.settings(Tool::ClaudeCode));
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert!(!world.disk.is_there(&world.settings(Tool::ClaudeCode)));
}

#[test]
fn a_rehearsal_shows_the_lines_and_changes_nothing() {
    let world = World::new();
    world.put(Tool::Codex, "model = 'a'\n");
    let before = world.disk.picture(Path::new("/nowhere"));
    let report = world.shop().rehearse(Tool::Codex, &world.gateway, &Given::default()).unwrap();
    let diff = &report.files[0].diff;
    assert!(diff.contains("model_provider = \"weir\"") && diff.contains("weir_…"), "{diff}");
    assert_eq!(world.disk.picture(Path::new("/nowhere")), before);
    assert_eq!(world.purse.names(), Vec::<String>::new());
}
