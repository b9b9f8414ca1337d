//! Tests of the configuration, as sentences.

use super::*;
use weir_core::budget::{AtLimit, Limit};
use weir_core::route::ProviderKind;
use weir_core::{Dialect, Money};

const SAMPLE: &str = r#"
[server]
port = 9347

[providers.anthropic]              # presets: anthropic openai gemini openrouter ollama lmstudio llamacpp vllm
dialect = "anthropic"              # anthropic | openai | gemini | ollama
base_url = "https://api.anthropic.com"
key = "keychain"                   # keychain | env:NAME | passthrough | none
local = false

[tiers]                            # each a chain, tried in order
low = ["ollama/llama3.2:3b", "anthropic/claude-haiku-4-5"]
medium = ["anthropic/claude-haiku-4-5"]
high = ["anthropic/claude-sonnet-4-5", "openai/gpt-5"]

[routing]
mode = "honour"
sticky = true

[[rules]]
when = { client = "claude-code", class = "auxiliary" }
use = "low"

[[budgets]]
name = "week"
period = "week"
limit_usd = 2.00
scope = {}
thresholds = [70, 90, 100]
at_limit = "local"

[categories]
of = "week"
critical = 40
standard = 35
batch = 25

[cache]
exact = { enabled = true, ttl = "24h" }
semantic = { enabled = false, threshold = 0.95, by_task = { classification = 0.92, code_generation = 0.97 } }

[[experiments]]
name = "haiku-vs-local"
when = { task = "summarization" }
arms = [{ use = "anthropic/claude-haiku-4-5", weight = 50 }, { use = "ollama/mistral:7b", weight = 50 }]

[quality]
sample = "50/1000"
judge = "anthropic/claude-sonnet-4-5"
floor = 0.85
"#;

#[track_caller]
fn holds(text: &str) -> Config {
    let checked = check(text);
    assert_eq!(checked.problems, vec![], "nothing is wrong with it");
    checked.config.unwrap()
}

#[track_caller]
fn wrong(text: &str) -> Vec<String> {
    let checked = check(text);
    assert!(checked.config.is_none(), "{text:?} should not hold");
    checked.problems.iter().map(Problem::to_string).collect()
}

#[test]
fn the_documented_sample_holds_and_says_what_has_no_effect_yet() {
    let config = holds(SAMPLE);
    assert_eq!(config.low[0].to_string(), "ollama/llama3.2:3b");
    assert_eq!(config.budgets[0].limit, Limit::Usd(Money::from_nano(2_000_000_000)));
    assert_eq!(config.budgets[0].at_limit, AtLimit::Local);
    assert_eq!(
        config.cache.by_task,
        [("classification".into(), 920), ("code_generation".into(), 970)]
    );
    assert_eq!(config.quality.as_ref().unwrap().sample, (50, 1000));
    let notes = config.notes.join("\n");
    for word in ["cache.exact", "experiments", "quality"] {
        assert!(notes.contains(word), "{word} is missing in:\n{notes}");
    }
}

#[test]
fn the_default_file_is_the_same_as_no_file() {
    let written = holds(DEFAULT_TOML);
    let none = Config::default_config();
    assert_eq!(Config { written: vec![], ..written }, none);
    assert_eq!(none.notes, Vec::<String>::new());
    assert_eq!(none.port, 9347);
    assert_eq!(none.on_stop, OnStop::Restore);
}

#[test]
fn three_mistakes_are_told_at_once_each_with_its_line_and_fix() {
    let problems = wrong(
        "[server]\nport = \"high\"\n\n[providers.anthropic]\ndialekt = \"anthropic\"\n\n\
         [[budgets]]\nname = \"week\"\nperiod = \"fortnight\"\nlimit_usd = 2\n",
    );
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert_eq!(
        problems[0],
        "line 2: server.port: a text where a whole number is expected. Write a whole number"
    );
    assert_eq!(
        problems[1],
        "line 5: providers.anthropic.dialekt: unknown key. Did you mean dialect?"
    );
    assert_eq!(
        problems[2],
        "line 9: budgets[0].period: \"fortnight\" is not known here. Write one of day, week, month"
    );
}

#[test]
fn a_syntax_error_is_told_with_its_line_and_does_not_hide_other_mistakes() {
    let problems = wrong("[server]\nport = = 3\n[routing]\nmode = \"tierd\"\n");
    assert!(problems[0].starts_with("line 2: not valid TOML"), "{problems:#?}");
    assert!(problems.iter().any(|p| p.contains("Did you mean \"tiered\"?")), "{problems:#?}");
}

#[test]
fn a_key_written_into_the_file_is_refused_and_not_repeated() {
    let problems = wrong("[providers.openai]\nkey = \"sk-canary-123\"\n");
    assert!(problems[0].contains("weir key set"), "{problems:?}");
    assert!(!problems[0].contains("canary"), "{problems:?}");
}

#[test]
fn a_section_of_a_presets_name_changes_only_what_it_says() {
    let config = holds("[providers.openai]\nkey = \"env:MY_KEY\"\n");
    let openai = config.provider("openai").unwrap();
    assert_eq!(openai.base_url, "https://api.openai.com/v1");
    assert_eq!(openai.key, KeySource::Env("MY_KEY".into()));
    let names: Vec<&str> = config.providers.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, PRESET_NAMES);
}

#[test]
fn a_provider_of_another_name_needs_dialect_and_address() {
    let problems = wrong("[providers.mine]\nkey = \"none\"\n");
    assert_eq!(problems.len(), 2, "{problems:#?}");
    let config = holds(
        "[providers.mine]\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:4000/v1/\"\nlocal = true\n",
    );
    let mine = config.provider("mine").unwrap();
    assert_eq!(mine.dialect, Dialect::OpenAi);
    assert_eq!(mine.base_url, "http://127.0.0.1:4000/v1");
    assert_eq!((mine.kind, &mine.key), (ProviderKind::LocalServer, &KeySource::None));
    assert_eq!(config.providers.last(), Some(mine), "a bare name still goes to its vendor");
    for name in ["demo", "weir-x", "Upper", "a/b", ""] {
        wrong(&format!(
            "[providers.{name:?}]\ndialect = \"openai\"\nbase_url = \"https://x.example\"\n"
        ));
    }
}

#[test]
fn a_provider_that_answers_one_of_openais_two_apis_says_which() {
    let given =
        |more: &str| format!("[providers.mine]\nbase_url = \"https://x.example/v1\"\n{more}\n");
    for (api, kind) in
        [("chat", ProviderKind::OnlyChat), ("responses", ProviderKind::OnlyResponses)]
    {
        let config = holds(&given(&format!("dialect = \"openai\"\napi = \"{api}\"")));
        assert_eq!(config.provider("mine").unwrap().kind, kind);
        let again = holds(&toml(&config));
        assert_eq!(again.provider("mine"), config.provider("mine"), "what is shown is the same");
    }
    let problems = wrong(&given("dialect = \"openai\"\napi = \"respones\""));
    assert!(problems[0].contains("providers.mine.api"), "{problems:?}");
    assert!(problems[0].contains("Did you mean \"responses\"?"), "{problems:?}");
    let problems = wrong(&given("dialect = \"anthropic\"\napi = \"chat\""));
    assert!(problems[0].contains("Leave api out"), "{problems:?}");
    let problems = wrong("[providers.openrouter]\napi = \"chat\"\n");
    assert!(problems[0].contains("answers both"), "{problems:?}");
}

#[test]
fn an_amount_is_read_exactly_and_never_as_a_float() {
    let budget = |limit: &str| {
        let text = format!("[[budgets]]\nname = \"b\"\nperiod = \"day\"\nlimit_usd = {limit}\n");
        check(&text).config.and_then(|c| c.budgets[0].limit.usd().map(Money::nano))
    };
    assert_eq!(budget("0.1"), Some(100_000_000));
    assert_eq!(budget("5"), Some(5_000_000_000));
    assert_eq!(budget("0.000000001"), Some(1));
    assert_eq!(budget("\"2.50\""), Some(2_500_000_000));
    assert_eq!(budget("1_000.25"), Some(1_000_250_000_000));
    assert_eq!(budget("0"), None);
    assert_eq!(budget("-1"), None);
    assert_eq!(budget("1e3"), None);
    assert_eq!(budget("inf"), None);
    assert_eq!(budget("nan"), None);
}

#[test]
fn a_route_to_an_unknown_provider_is_told_with_the_nearest_name() {
    let problems = wrong("[tiers]\nlow = [\"antropic/claude\", \"gpt-5\"]\n");
    assert!(problems[0].contains("tiers.low[0]") && problems[0].contains("anthropic/claude"));
    assert!(problems[1].contains("provider/model"), "{problems:?}");
}

#[test]
fn one_mistake_is_told_once_and_not_again_wherever_its_provider_is_named() {
    let problems = wrong(
        "[providers.mine]\ndialect = \"opnai\"\nbase_url = \"https://x.example/v1\"\n\
         [tiers]\nlow = [\"mine/a\"]\n",
    );
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].starts_with("line 2: providers.mine.dialect"), "{problems:#?}");
}

#[test]
fn shares_above_a_hundred_percent_and_shares_of_nothing_are_refused() {
    let problems = wrong("[categories]\nof = \"week\"\na = 60\nb = 50\n");
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn what_is_shown_reads_back_to_the_same_configuration() {
    let odd = format!(
        "{SAMPLE}\n[[rules]]\nwhen = {{ model = \"claude-\\\"*\", tokens_over = 5 }}\nuse = [\"openai/gpt-5\"]\n\
         [[budgets]]\nname = \"ä\"\nperiod = \"day\"\nlimit_usd = 0.125\nscope = {{ client = \"x\", local = false }}\n"
    );
    for text in ["", SAMPLE, &odd] {
        let config = holds(text);
        let again = holds(&toml(&config));
        assert_eq!(Config { written: config.written.clone(), ..again }, config);
    }
}

#[test]
fn the_demonstration_answers_only_when_nothing_else_can() {
    let setup = |text: &str, stored: &[&str]| holds(text).setup(false, |p| stored.contains(&p));
    assert!(setup("", &[]).demo_answers);
    assert!(!setup("", &["openai"]).demo_answers);
    assert!(!setup("[providers.ollama]\nlocal = true\n", &[]).demo_answers);
    assert!(!setup("[providers.anthropic]\nkey = \"passthrough\"\n", &[]).demo_answers);
    // A file that names a provider is no new home: its missing key is told, not papered over.
    assert!(!setup("[providers.openai]\nkey = \"env:WEIR_TEST_NOT_SET\"\n", &[]).demo_answers);
    assert!(!setup("[providers.openai]\nkey = \"env:PATH\"\n", &[]).demo_answers);
}

#[test]
fn a_missing_file_is_the_default_and_an_unreadable_one_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let none = Config::load(&dir.path().join("config.toml")).unwrap();
    assert_eq!(none, Config::default_config());
    let said = Config::load(dir.path()).unwrap_err().to_string();
    assert!(said.contains("cannot read"), "{said}");
    let bom = dir.path().join("bom.toml");
    std::fs::write(&bom, "\u{feff}[server]\r\nport = 9400\r\n").unwrap();
    assert_eq!(Config::load(&bom).unwrap().port, 9400);
}

#[test]
fn nothing_that_can_be_written_makes_the_check_panic() {
    for text in [
        "server = 3",
        "providers = []",
        "budgets = 1",
        "[[budgets]]",
        "[[rules]]",
        "[tiers]\nlow = 3",
        "[cache]\nexact = { ttl = \"\" }",
        "[cache]\nexact = { ttl = \"ä\" }",
        "[quality]\nsample = \"5\"",
        "[[experiments]]\narms = [1]",
        "[categories]\nof = 3",
        "[server]\nport = 99999999999999999999",
        "[server]\nport = 0x2483",
        "a.b.c = 1",
        "\u{0}",
        "[",
        "x = \"",
        "[providers.x]\nbase_url = \"\"",
    ] {
        let _ = check(text);
    }
}

#[test]
fn rules_tasks_and_modes_are_read_and_shown_and_a_wrong_name_in_them_is_told_with_the_right_one() {
    let config = holds(
        "[routing]\nmode = \"tiered\"\nprefer_local = false\nshadow_of = \"local-first\"\n\
         tasks = { code_completion = \"ollama/qwen2.5-coder:7b\", embedding = \"local\" }\n\
         [[rules]]\nwhen = { class = \"subagent\", task = \"debugging\" }\nuse = [\"local\", \"openai/gpt-5\"]\n",
    );
    assert_eq!(config.mode, Mode::Tiered);
    assert_eq!(config.task_models[0].0, weir_core::Task::CodeCompletion);
    let shown = toml(&config);
    assert!(shown.contains("use = [\"local\", \"openai/gpt-5\"]"), "{shown}");
    assert!(shown.contains("embedding = \"local\""), "{shown}");
    let problems = wrong(
        "[routing]\nshadow_of = \"shadow\"\ntasks = { coding = \"openai/gpt-5\" }\n\
         [[rules]]\nwhen = { task = \"debuging\", class = \"agent\" }\nuse = \"low\"\n",
    );
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(problems.iter().any(|p| p.contains("Did you mean \"debugging\"?")), "{problems:?}");
}

#[test]
fn shares_caps_and_the_tunnel_are_budgets_in_force_like_those_that_are_written() {
    let text = "[[budgets]]\nname = \"week\"\nperiod = \"week\"\nlimit_usd = 2\n\
                [categories]\nof = \"week\"\nstandard = 60\nbatch = 25\n\
                [caps]\n\"anthropic/claude-opus-4-5\" = 1.50\n\"org/model\" = 1\n\
                [local]\nwatts = 120\nkwh_usd = 0.30\n";
    let config = holds(text);
    let names: Vec<String> = config.budgets_in_force().into_iter().map(|b| b.name).collect();
    let caps = ["cap anthropic/claude-opus-4-5", "cap org/model", "cursor-tunnel"];
    assert_eq!(names[..3], ["week", "week/standard", "week/batch"]);
    assert_eq!(names[3..], caps);
    assert_eq!(config.caps[1].provider, None, "org is no provider, so it is a part of the name");
    let terms = config.terms();
    assert_eq!(terms.shares.unwrap().default.as_deref(), Some("standard"));
    // An hour at 120 W for 30 cents the kilowatt-hour.
    assert_eq!(terms.power.unwrap().cost(3_600_000), Money::from_nano(36_000_000));
    let again = holds(&toml(&config));
    assert_eq!(again.terms(), config.terms());
}

#[test]
fn a_budget_has_one_limit_and_every_mistake_about_money_is_told_at_once() {
    let problems = wrong(
        "[[budgets]]\nname = \"a\"\nperiod = \"day\"\nlimit_usd = 1\nlimit_tokens = 5\n\
         [[budgets]]\nname = \"b\"\nperiod = \"day\"\nlimit_tokens = 0\n\
         [[budgets]]\nname = \"c\"\nperiod = \"day\"\n\
         [categories]\nof = \"a\"\ndefault = \"x\"\nbatch = 10\n\
         [caps]\n\"anthropic/opus\" = \"much\"\n\
         [alerts]\nwebhook = \"http://example.com/x\"\ncommand = []\n\
         [local]\nwatts = 5\n",
    );
    for (part, line) in [
        ("one limit", "line 5"),
        ("must be above 0", "line 9"),
        ("limit_usd is missing", "line 10"),
        ("has no share", "line 15"),
        ("caps.anthropic/opus", "line 18"),
        ("alerts.webhook", "line 20"),
        ("no program", "line 21"),
        ("one is missing", "line 22"),
    ] {
        let told = problems.iter().any(|p| p.contains(part) && p.starts_with(line));
        assert!(told, "{part} at {line} in {problems:#?}");
    }
}
