//! Conversations over several turns: never dearer than the model asked for although models cache from
//! different lengths on, and back home after a failure.

use super::policy_tests::{HAIKU, MINUTE, SONNET, ask, judged, on, route, routes, setup, told};
use super::*;
use crate::{Judgement, Usage};

/// Haiku caches from 4,096 tokens on, Sonnet from 1,024.
const HERE: &str = "anthropic/claude-haiku-4-5";
const ASKED: &str = "anthropic/claude-sonnet-5-5";

fn small(prompt_tokens: u64) -> Judgement {
    Judgement { prompt_tokens, ..judged(Task::Classification, Tier::Low) }
}

fn marked<'a>(model: &'a str, prompt_tokens: u64) -> Ask<'a> {
    Ask { cache_marked: true, ..ask(model, small(prompt_tokens)) }
}

/// The usual set-up without its local model.
fn cloud() -> Setup {
    let mut setup = setup(Mode::Tiered);
    setup.low = routes(&[HERE]);
    setup
}

#[test]
fn a_prompt_that_only_the_model_asked_for_can_cache_stays_there() {
    let setup = cloud();
    let first = told(&setup, &marked(SONNET, 3_400));
    assert_eq!(first[0], format!("{ASKED} asked"), "Haiku would read it whole on every turn");
    assert_eq!(told(&setup, &marked(SONNET, 40_000))[0], format!("{HERE} tier"));
    let unmarked = told(&setup, &ask(SONNET, small(3_400)));
    assert_eq!(unmarked[0], format!("{HERE} tier"), "nobody caches it");
    let short = told(&setup, &marked(SONNET, 500));
    assert_eq!(short[0], format!("{HERE} tier"), "nobody can cache it");
}

#[test]
fn marks_may_end_just_below_what_the_smaller_model_caches() {
    let setup = cloud();
    assert_eq!(told(&setup, &marked(SONNET, 5_000))[0], format!("{ASKED} asked"));
    // Haiku reported that it did cache it.
    let standing = on(HERE, SONNET, 4_900);
    let known = Ask { standing: Some(&standing), ..marked(SONNET, 5_000) };
    assert_eq!(told(&setup, &known)[0], format!("{HERE} tier"));
}

#[test]
fn a_conversation_that_grows_to_where_only_the_asked_model_caches_goes_there() {
    let setup = cloud();
    let used = Usage { input: 700, output: 40, ..Usage::default() };
    let standing = Standing::begun(SONNET, &route(HERE), &used, 9 * MINUTE);
    let turn = |tokens| Ask { standing: Some(&standing), ..marked(SONNET, tokens) };
    assert_eq!(told(&setup, &turn(740))[0], format!("{HERE} tier"));
    assert_eq!(told(&setup, &turn(1_100))[0], format!("{ASKED} asked"));
    let hard = Judgement { prompt_tokens: 1_100, ..judged(Task::Planning, Tier::High) };
    let hard = Ask { judgement: Some(hard), ..turn(0) };
    assert_eq!(told(&setup, &hard)[0], format!("{ASKED} asked"), "nor is it kept from outside");
}

#[test]
fn a_cache_that_needs_no_mark_is_not_given_up_for_one_that_does() {
    let mut setup = cloud();
    // Claude caches nothing of what an OpenAI client sends without marks.
    let chat = |model| Ask { endpoint: Endpoint::Chat, ..ask(model, small(9_000)) };
    setup.low = routes(&["anthropic/claude-haiku-4-5"]);
    assert_eq!(told(&setup, &chat("gpt-5"))[0], "openai/gpt-5 asked");
    setup.low = routes(&["openai/gpt-5-mini"]);
    assert_eq!(told(&setup, &chat("gpt-5"))[0], "openai/gpt-5-mini tier", "it caches alike");
    // Nobody promises for how long: a price below the cached one needs no cache.
    assert_eq!(told(&setup, &marked(SONNET, 9_000))[0], "openai/gpt-5-mini tier");
    setup.low = routes(&["openai/gpt-5-nano"]);
    assert_eq!(told(&setup, &marked(SONNET, 9_000))[0], format!("{ASKED} asked"));
}

#[test]
fn what_answers_only_when_the_asked_model_fails_needs_no_cache() {
    let mut setup = cloud();
    setup.low = routes(&[ASKED, HERE]);
    assert_eq!(
        told(&setup, &marked(SONNET, 3_400)),
        [format!("{ASKED} asked"), format!("{HERE} fallback")]
    );
}

#[test]
fn a_short_prompt_is_expected_to_be_written_to_no_cache() {
    let setup = cloud();
    let plan = plan(&setup, &marked(SONNET, 500)).unwrap();
    // 500 tokens in and a classification's twenty out, at Haiku's price without a write.
    assert_eq!(plan.candidates[0].expected.map(Money::nano), Some(600_000), "{HAIKU}");
}

/// A conversation whose home failed, and that `model` answered instead.
fn strayed(home: &str, model: &str, asked: &str, warm: u64) -> Standing {
    let (planned, by) = (route(home), route(model));
    let by = By { route: &by, planned: &planned, passing: true };
    let usage = Usage { cache_read: warm, input: 100, output: 500, ..Usage::default() };
    Standing::begun(asked, by, &usage, 9 * MINUTE)
}

fn low_chain(links: &[&str]) -> Setup {
    let mut setup = setup(Mode::Honour);
    setup.low = routes(links);
    setup
}

#[test]
fn after_a_failure_a_conversation_goes_back_to_what_costs_nothing() {
    let setup = low_chain(&["ollama/llama3.2:3b", HERE]);
    let standing = strayed("ollama/llama3.2:3b", HERE, "weir-low", 9_000);
    let asked = Ask { standing: Some(&standing), ..ask("weir-low", small(9_200)) };
    assert_eq!(
        told(&setup, &asked),
        ["ollama/llama3.2:3b tier".to_owned(), format!("{HERE} fallback")]
    );
}

#[test]
fn after_a_failure_a_conversation_leaves_what_costs_nothing_for_the_link_before_it() {
    let setup = low_chain(&[ASKED, "ollama/llama3.2:3b"]);
    let standing = strayed(ASKED, "ollama/llama3.2:3b", "weir-low", 0);
    let asked = Ask { standing: Some(&standing), ..ask("weir-low", small(9_200)) };
    assert_eq!(
        told(&setup, &asked),
        [format!("{ASKED} tier"), "ollama/llama3.2:3b fallback".into()]
    );
}

#[test]
fn after_a_failure_a_conversation_goes_back_where_no_price_says_otherwise() {
    for (home, stands_in) in [(HERE, "openai/no-price"), ("openai/no-price", HERE)] {
        let setup = low_chain(&[home, stands_in]);
        let standing = strayed(home, stands_in, "weir-low", 9_000);
        let asked = Ask { standing: Some(&standing), ..ask("weir-low", small(9_200)) };
        assert_eq!(told(&setup, &asked)[0], format!("{home} tier"));
    }
}

#[test]
fn what_stands_in_is_stayed_on_while_it_is_warm_and_cheaper_and_not_for_ever() {
    let setup = low_chain(&[ASKED, HERE]);
    let standing = strayed(ASKED, HERE, "weir-low", 9_000);
    let asked = Ask { standing: Some(&standing), ..ask("weir-low", small(9_200)) };
    assert_eq!(told(&setup, &asked), [format!("{HERE} kept"), format!("{ASKED} fallback")]);
    let cold = Ask { now_ms: 15 * MINUTE, ..asked };
    assert_eq!(told(&setup, &cold)[0], format!("{ASKED} tier"), "nobody has it warm any more");
}

#[test]
fn no_way_back_is_counted_against_the_model_a_conversation_belongs_to() {
    // A request there costs less than one here, though not by the price of coming here again.
    let setup = low_chain(&[HERE, ASKED]);
    let standing = strayed(HERE, ASKED, "weir-low", 2_000);
    let mut long = small(2_200);
    long.task = Task::Writing;
    let asked = Ask { standing: Some(&standing), ..ask("weir-low", long) };
    let compared = compare(&setup, &asked, &route(ASKED), &route(HERE)).unwrap();
    assert!(!compared.pays(), "{compared:?}");
    assert_eq!(told(&setup, &asked)[0], format!("{HERE} tier"));
}

#[test]
fn a_prompt_too_short_for_any_cache_is_no_reason_to_stay_with_what_stands_in() {
    // The same model at two providers: nothing of so short a prompt is warm at either.
    let mut setup = low_chain(&["openai/gpt-5-mini", "second/gpt-5-mini"]);
    let second = Provider { name: "second".into(), ..setup.providers[1].clone() };
    setup.providers.push(second);
    let standing = strayed("openai/gpt-5-mini", "second/gpt-5-mini", "weir-low", 0);
    let asked = Ask { standing: Some(&standing), ..ask("weir-low", small(140)) };
    assert_eq!(told(&setup, &asked)[0], "openai/gpt-5-mini tier");
    let long = Usage { input: 9_000, output: 500, ..Usage::default() };
    let mut warm = standing;
    warm.answered("weir-low", &route("second/gpt-5-mini"), &long, 9 * MINUTE);
    let asked = Ask { standing: Some(&warm), ..ask("weir-low", small(9_200)) };
    assert_eq!(told(&setup, &asked)[0], "second/gpt-5-mini kept", "this one is");
}

#[test]
fn a_conversation_goes_back_also_where_the_chain_at_hand_does_not_lead() {
    let mut setup = setup(Mode::Honour);
    setup.low = routes(&["ollama/llama3.2:3b", HERE]);
    setup.medium = routes(&[HERE]);
    let standing = strayed("ollama/llama3.2:3b", HERE, "weir-auto", 9_000);
    let more = Judgement { prompt_tokens: 9_200, ..judged(Task::Writing, Tier::Medium) };
    let asked = Ask { standing: Some(&standing), ..ask("weir-auto", more) };
    assert_eq!(
        told(&setup, &asked),
        ["ollama/llama3.2:3b kept".to_owned(), format!("{HERE} fallback")]
    );
    setup.escalate = true;
    assert_eq!(told(&setup, &asked)[0], format!("{HERE} tier"), "it is of a tier below");
}
