//! Rules, modes, judgements and conversations, over one cloud vendor with three models, another
//! with two, and a local server.

use super::*;
use crate::{Class, Conversation, Dialect, Judgement, Usage};

const OPUS: &str = "claude-opus-5-5";
pub(super) const SONNET: &str = "claude-sonnet-5-5";
pub(super) const HAIKU: &str = "claude-haiku-4-5";
pub(super) const MINUTE: i64 = 60_000;

/// Dollars a million tokens: input, cache read, cache write, output.
struct Table;

impl Quotes for Table {
    fn cost(&self, route: &Route, usage: &Usage) -> Option<Money> {
        let (input, read, write, output) = match route.model.as_str() {
            OPUS => (4_000, 200, 5_000, 20_000),
            SONNET => (2_000, 100, 2_500, 10_000),
            HAIKU => (1_000, 100, 1_250, 5_000),
            // Half of Sonnet's price, but its cache is worth little.
            "gpt-5" => (1_000, 900, 1_000, 5_000),
            "gpt-5-mini" => (100, 10, 100, 400),
            "gpt-5-nano" => (150, 10, 150, 400),
            _ if route.provider == "ollama" => (0, 0, 0, 0),
            _ => return None,
        };
        let sum = usage.input * input
            + usage.cache_read * read
            + (usage.cache_write_5m + usage.cache_write_1h) * write
            + usage.output * output;
        Some(Money::from_nano(i64::try_from(sum).unwrap()))
    }
}

pub(super) fn route(text: &str) -> Route {
    let (provider, model) = text.split_once('/').unwrap();
    Route { provider: provider.into(), model: model.into() }
}

pub(super) fn routes(all: &[&str]) -> Vec<Route> {
    all.iter().map(|text| route(text)).collect()
}

pub(super) fn setup(mode: Mode) -> Setup {
    let provider = |name: &str, dialect, kind| Provider {
        name: name.into(),
        dialect,
        base_url: String::new(),
        key: KeySource::None,
        local: kind == ProviderKind::LocalServer,
        kind,
    };
    Setup {
        providers: vec![
            provider("anthropic", Dialect::Anthropic, ProviderKind::Plain),
            provider("openai", Dialect::OpenAi, ProviderKind::Plain),
            provider("ollama", Dialect::Ollama, ProviderKind::LocalServer),
        ],
        low: routes(&["anthropic/claude-haiku-4-5", "ollama/llama3.2:3b"]),
        medium: routes(&["anthropic/claude-haiku-4-5", "openai/gpt-5", "ollama/qwen3:14b"]),
        high: routes(&["anthropic/claude-sonnet-5-5"]),
        mode,
        shadow_of: Mode::Tiered,
        sticky: true,
        rule_work_local: true,
        ..Setup::default()
    }
}

pub(super) fn judged(task: Task, tier: Tier) -> Judgement {
    let class = Class::Main;
    Judgement { task, tier, confidence: 900, class, deterministic: false, prompt_tokens: 10_000 }
}

pub(super) fn ask(model: &str, judgement: Judgement) -> Ask<'_> {
    Ask {
        judgement: Some(judgement),
        client: "claude-code",
        now_ms: 10 * MINUTE,
        quotes: &Table,
        conversation: Some(Conversation(7)),
        ..Ask::bare(Endpoint::Messages, model, true)
    }
}

pub(super) fn told(setup: &Setup, ask: &Ask<'_>) -> Vec<String> {
    let plan = plan(setup, ask).unwrap();
    plan.candidates.iter().map(|c| format!("{} {}", c.route, c.reason.as_str())).collect()
}

#[test]
fn in_honour_mode_a_bare_name_goes_where_it_asks_however_small_the_work() {
    let small = judged(Task::Classification, Tier::Low);
    let found = told(&setup(Mode::Honour), &ask(OPUS, small));
    assert_eq!(found, [format!("anthropic/{OPUS} asked")]);
}

#[test]
fn in_tiered_mode_a_bare_name_takes_the_chain_of_its_tier_and_ends_at_what_was_asked() {
    let small = judged(Task::Classification, Tier::Low);
    let found = told(&setup(Mode::Tiered), &ask(OPUS, small));
    assert_eq!(
        found,
        [
            "anthropic/claude-haiku-4-5 tier".to_owned(),
            "ollama/llama3.2:3b fallback".into(),
            format!("anthropic/{OPUS} asked")
        ]
    );
}

#[test]
fn no_mode_makes_a_request_dearer_than_what_was_asked() {
    let hard = judged(Task::Planning, Tier::High);
    let found = told(&setup(Mode::Tiered), &ask(HAIKU, hard));
    assert_eq!(found, ["anthropic/claude-haiku-4-5 asked"], "also where Haiku fails");
}

#[test]
fn a_conversation_begins_only_where_no_kind_of_token_is_dearer() {
    let mut setup = setup(Mode::Tiered);
    setup.medium = routes(&["openai/gpt-5"]);
    let work = judged(Task::CodeGeneration, Tier::Medium);
    assert_eq!(
        told(&setup, &ask(SONNET, work)),
        ["anthropic/claude-sonnet-5-5 asked"],
        "this one request is cheaper there, but its cache reads cost nine times as much"
    );
    assert_eq!(told(&setup, &ask(OPUS, work))[0], "anthropic/claude-opus-5-5 asked");
    setup.medium = routes(&["openai/gpt-5-mini"]);
    assert_eq!(told(&setup, &ask(SONNET, work))[0], "openai/gpt-5-mini tier");
}

#[test]
fn a_model_asked_for_keeps_its_place_in_its_own_chain() {
    let mut setup = setup(Mode::Tiered);
    setup.medium = routes(&["anthropic/claude-sonnet-5-5", "openai/gpt-5-mini"]);
    let work = judged(Task::CodeGeneration, Tier::Medium);
    assert_eq!(
        told(&setup, &ask(SONNET, work)),
        ["anthropic/claude-sonnet-5-5 asked", "openai/gpt-5-mini fallback"]
    );
    setup.medium = routes(&["anthropic/claude-opus-5-5", "openai/gpt-5-mini"]);
    assert_eq!(
        told(&setup, &ask(SONNET, work)),
        ["openai/gpt-5-mini tier", "anthropic/claude-sonnet-5-5 asked"],
        "Opus is dearer, so the second link is the first that stands"
    );
}

#[test]
fn a_conversation_moves_up_only_where_that_is_asked_for() {
    let mut setup = setup(Mode::Tiered);
    let standing = on("ollama/llama3.2:3b", "weir-auto", 0);
    let hard = judged(Task::Reasoning, Tier::High);
    let asked = Ask { standing: Some(&standing), ..ask("weir-auto", hard) };
    assert_eq!(told(&setup, &asked)[0], "ollama/llama3.2:3b kept");
    setup.escalate = true;
    assert_eq!(told(&setup, &asked)[0], "anthropic/claude-sonnet-5-5 tier");
    let easy = Ask { judgement: Some(judged(Task::Extraction, Tier::Low)), ..asked };
    assert_eq!(told(&setup, &easy)[0], "ollama/llama3.2:3b kept");
}

#[test]
fn local_first_asks_local_models_for_what_is_not_hard_and_the_cloud_after_them() {
    let setup = setup(Mode::LocalFirst);
    let found = told(&setup, &ask(OPUS, judged(Task::QuestionAnswering, Tier::Low)));
    assert_eq!(found[..2], ["ollama/llama3.2:3b local-first", "ollama/qwen3:14b local-first"]);
    let found = told(&setup, &ask(OPUS, judged(Task::Writing, Tier::Medium)));
    assert_eq!(found[0], "ollama/qwen3:14b local-first", "the small one is for small work");
    let found = told(&setup, &ask(OPUS, judged(Task::Reasoning, Tier::High)));
    assert_eq!(found[0], "anthropic/claude-sonnet-5-5 tier");
}

#[test]
fn work_by_rule_prefers_local_models_and_a_task_has_the_model_named_for_it() {
    let mut setup = setup(Mode::Tiered);
    let by_rule = Judgement { deterministic: true, ..judged(Task::Extraction, Tier::Low) };
    assert_eq!(told(&setup, &ask(OPUS, by_rule))[0], "ollama/llama3.2:3b deterministic");
    setup.rule_work_local = false;
    assert_eq!(told(&setup, &ask(OPUS, by_rule))[0], "anthropic/claude-haiku-4-5 tier");
    setup.task_models = vec![(Task::CodeCompletion, route("ollama/qwen2.5-coder:7b"))];
    let typing = judged(Task::CodeCompletion, Tier::High);
    assert_eq!(told(&setup, &ask(OPUS, typing))[0], "ollama/qwen2.5-coder:7b task-model");
}

#[test]
fn what_a_tool_asks_beside_the_conversation_is_small_work() {
    let setup = setup(Mode::Tiered);
    let title = Judgement { class: Class::Auxiliary, ..judged(Task::Debugging, Tier::High) };
    assert_eq!(told(&setup, &ask(OPUS, title))[0], "anthropic/claude-haiku-4-5 tier");
    let subagent = Judgement { class: Class::Subagent, ..judged(Task::Debugging, Tier::High) };
    assert_eq!(told(&setup, &ask(OPUS, subagent))[0], "anthropic/claude-sonnet-5-5 tier");
}

#[test]
fn the_first_rule_that_matches_comes_before_the_mode() {
    let mut setup = setup(Mode::Honour);
    let when = When { class: Some(Class::Auxiliary), ..When::default() };
    setup.rules.push(Rule { when, target: Use::Tier(Tier::Low) });
    let when =
        When { model: Some("claude-opus-*".into()), tokens_over: Some(9_999), ..When::default() };
    let target = Use::Chain(routes(&["openai/gpt-5-mini"]));
    setup.rules.push(Rule { when, target });
    let main = judged(Task::Writing, Tier::Medium);
    let title = Judgement { class: Class::Auxiliary, ..main };
    assert_eq!(told(&setup, &ask(OPUS, title))[0], "anthropic/claude-haiku-4-5 rule");
    assert_eq!(told(&setup, &ask(OPUS, main)), ["openai/gpt-5-mini rule"]);
    assert_eq!(told(&setup, &ask(SONNET, main)), [format!("anthropic/{SONNET} asked")]);
    let short = Judgement { prompt_tokens: 9_999, ..main };
    assert_eq!(told(&setup, &ask(OPUS, short)), [format!("anthropic/{OPUS} asked")]);
    setup.paused = true;
    assert_eq!(told(&setup, &ask(OPUS, main)), [format!("anthropic/{OPUS} asked")], "paused");
}

#[test]
fn a_named_provider_is_overruled_only_by_a_rule_that_speaks_of_providers() {
    let mut setup = setup(Mode::Tiered);
    let small = judged(Task::Classification, Tier::Low);
    let any = Rule {
        when: When { client: Some("claude-code".into()), ..When::default() },
        target: Use::Tier(Tier::Low),
    };
    setup.rules = vec![any];
    assert_eq!(told(&setup, &ask("openai/gpt-5", small)), ["openai/gpt-5 named"]);
    setup.rules[0].when.model = Some("openai/*".into());
    assert_eq!(told(&setup, &ask("openai/gpt-5", small))[0], "anthropic/claude-haiku-4-5 rule");
}

#[test]
fn a_rule_whose_chain_cannot_answer_says_which_rule_to_mend() {
    let mut setup = setup(Mode::Honour);
    let target = Use::Chain(routes(&["anthropic/claude-haiku-4-5"]));
    setup.rules.push(Rule { when: When::default(), target });
    let ask = Ask { judgement: None, ..ask("x", judged(Task::Embedding, Tier::Low)) };
    let ask = Ask { endpoint: Endpoint::Embeddings, ..ask };
    assert_eq!(told(&setup, &ask), ["openai/x asked"], "a rule that means them has to say so");
    setup.rules[0].when.model = Some("x".into());
    let said = plan(&setup, &ask).unwrap_err().to_string();
    assert!(said.contains("[[rules]]") && said.contains("claude-haiku-4-5"), "{said}");
    setup.rules[0].target = Use::Chain(Vec::new());
    let said = plan(&setup, &ask).unwrap_err().to_string();
    assert!(said.contains("an empty chain"), "{said}");
}

#[test]
fn embeddings_are_never_moved_to_another_model_by_a_mode() {
    let setup = setup(Mode::LocalFirst);
    let ask = Ask {
        endpoint: Endpoint::Embeddings,
        streams: false,
        ..ask("text-embedding-3-small", judged(Task::Embedding, Tier::Low))
    };
    assert_eq!(told(&setup, &ask), ["openai/text-embedding-3-small asked"]);
}

/// A conversation on a model whose cache holds `warm` tokens.
pub(super) fn on(model: &str, asked: &str, warm: u64) -> Standing {
    let usage = Usage { cache_read: warm, input: 100, output: 500, ..Usage::default() };
    Standing::begun(asked, &route(model), &usage, 9 * MINUTE)
}

#[test]
fn a_conversation_stays_where_its_prompt_is_warm_and_moves_when_that_has_gone_cold() {
    let setup = setup(Mode::Tiered);
    let easy = Judgement { prompt_tokens: 82_000, ..judged(Task::AgentStep, Tier::Low) };
    let standing = on("anthropic/claude-sonnet-5-5", "weir-auto", 82_000);
    let warm = Ask { standing: Some(&standing), ..ask("weir-auto", easy) };
    assert_eq!(told(&setup, &warm)[0], "anthropic/claude-sonnet-5-5 kept");
    let later = Ask { now_ms: 30 * MINUTE, ..warm };
    let moved = told(&setup, &later);
    assert_eq!(
        moved[..2],
        ["anthropic/claude-haiku-4-5 moved", "anthropic/claude-sonnet-5-5 kept"],
        "what it leaves stands beside it"
    );
    let hinted = Ask { hinted: true, ..warm };
    assert_eq!(
        told(&setup, &hinted)[0],
        "anthropic/claude-haiku-4-5 tier",
        "the client's own word"
    );
    let loose = Setup { sticky: false, ..setup };
    assert_eq!(told(&loose, &warm)[0], "anthropic/claude-haiku-4-5 tier");
}

#[test]
fn a_short_conversation_with_long_answers_moves_although_it_is_warm() {
    let mut setup = setup(Mode::Tiered);
    setup.low = routes(&["openai/gpt-5-mini"]);
    let easy = Judgement { prompt_tokens: 1_000, ..judged(Task::Writing, Tier::Low) };
    let mut standing = on("anthropic/claude-opus-5-5", "weir-auto", 900);
    standing.output_tokens = 4_000;
    let asked = Ask { standing: Some(&standing), ..ask("weir-auto", easy) };
    assert_eq!(told(&setup, &asked)[0], "openai/gpt-5-mini moved");
}

#[test]
fn a_conversation_is_moved_by_hand_by_asking_for_another_model() {
    let setup = setup(Mode::Tiered);
    let standing = on("anthropic/claude-sonnet-5-5", "weir-auto", 82_000);
    let easy = Judgement { prompt_tokens: 82_000, ..judged(Task::AgentStep, Tier::Low) };
    let by_hand = Ask { standing: Some(&standing), ..ask("weir-low", easy) };
    assert_eq!(told(&setup, &by_hand)[0], "anthropic/claude-haiku-4-5 tier");
}

#[test]
fn after_a_failure_a_conversation_stays_on_the_link_that_took_over() {
    let mut setup = setup(Mode::Honour);
    setup.low = routes(&["openai/gpt-5", "anthropic/claude-haiku-4-5"]);
    let standing = on("anthropic/claude-haiku-4-5", "weir-low", 9_000);
    let asked =
        Ask { standing: Some(&standing), ..ask("weir-low", judged(Task::AgentStep, Tier::Low)) };
    assert_eq!(told(&setup, &asked), ["anthropic/claude-haiku-4-5 kept", "openai/gpt-5 fallback"]);
}

#[test]
fn without_a_price_nothing_moves() {
    let mut setup = setup(Mode::Tiered);
    setup.low = routes(&["openai/no-price"]);
    let standing = on("anthropic/claude-sonnet-5-5", "weir-auto", 0);
    let easy = judged(Task::AgentStep, Tier::Low);
    let asked = Ask { standing: Some(&standing), ..ask("weir-auto", easy) };
    assert_eq!(told(&setup, &asked)[0], "anthropic/claude-sonnet-5-5 kept");
}

#[test]
fn shadow_mode_sends_where_it_was_asked_and_notes_where_it_would_have_gone() {
    let setup = setup(Mode::Shadow);
    let asked = ask(OPUS, judged(Task::Classification, Tier::Low));
    let plan = plan(&setup, &asked).unwrap();
    assert_eq!(plan.candidates.len(), 1);
    assert_eq!(plan.candidates[0].reason, Reason::Asked);
    let shadow = plan.decision.shadow.unwrap();
    assert_eq!(shadow.route, route("anthropic/claude-haiku-4-5"));
    assert!(shadow.expected.unwrap() < plan.candidates[0].expected.unwrap());
}

#[test]
fn every_candidate_carries_what_it_is_expected_to_cost() {
    let setup = setup(Mode::Tiered);
    let plan = plan(&setup, &ask(OPUS, judged(Task::Classification, Tier::Low))).unwrap();
    let expected: Vec<Option<i64>> =
        plan.decision.weighed.iter().map(|w| w.expected.map(Money::nano)).collect();
    // 10,000 tokens in and a classification's twenty out.
    assert_eq!(expected, [Some(10_100_000), Some(0), Some(40_400_000)]);
}
