//! Where requests go, over a set-up with one provider of each kind.

use super::*;
use crate::Dialect;

fn provider(name: &str, dialect: Dialect, kind: ProviderKind) -> Provider {
    Provider {
        name: name.into(),
        dialect,
        base_url: String::new(),
        key: KeySource::None,
        local: kind == ProviderKind::LocalServer,
        kind,
    }
}

fn setup() -> Setup {
    let route = |p: &str, m: &str| Route { provider: p.into(), model: m.into() };
    Setup {
        providers: vec![
            provider("anthropic", Dialect::Anthropic, ProviderKind::Plain),
            provider("openai", Dialect::OpenAi, ProviderKind::Plain),
            provider("ollama", Dialect::Ollama, ProviderKind::LocalServer),
        ],
        low: vec![route("ollama", "llama3.2:3b"), route("anthropic", "claude-haiku-4-5")],
        medium: vec![route("openai", "gpt-5")],
        ..Setup::default()
    }
}

fn routes(model: &str, endpoint: Endpoint) -> Result<Vec<String>, NoRoute> {
    let ask = Ask::bare(endpoint, model, true);
    let to_text = |c: Candidate| match c.endpoint == endpoint {
        true => format!("{} {}", c.route, c.reason.as_str()),
        false => format!("{} {} as {}", c.route, c.reason.as_str(), c.endpoint.as_str()),
    };
    Ok(plan(&setup(), &ask)?.candidates.into_iter().map(to_text).collect())
}

#[test]
fn a_bare_name_goes_to_the_provider_of_the_callers_dialect_as_asked() {
    assert_eq!(
        routes("claude-opus-5-5", Endpoint::Messages),
        Ok(vec!["anthropic/claude-opus-5-5 asked".into()])
    );
    assert_eq!(routes("gpt-5", Endpoint::Responses), Ok(vec!["openai/gpt-5 asked".into()]));
}

#[test]
fn a_provider_before_the_slash_is_taken_at_its_word() {
    assert_eq!(
        routes("ollama/qwen3:8b", Endpoint::Messages),
        Ok(vec!["ollama/qwen3:8b named as ollama_chat".into()])
    );
    assert!(matches!(routes("nobody/x", Endpoint::Chat), Err(NoRoute::UnknownProvider { .. })));
    assert_eq!(
        routes("openai/gpt-5", Endpoint::Messages),
        Ok(vec!["openai/gpt-5 named as chat".into()])
    );
    assert!(matches!(
        routes("anthropic/claude-x", Endpoint::Embeddings),
        Err(NoRoute::NotThere { .. })
    ));
}

#[test]
fn every_provider_is_asked_in_its_own_dialect_when_it_does_not_speak_the_callers() {
    assert_eq!(
        routes("anthropic/claude-x", Endpoint::Responses),
        Ok(vec!["anthropic/claude-x named as messages".into()])
    );
    assert_eq!(
        routes("ollama/qwen3:8b", Endpoint::GenerateStream),
        Ok(vec!["ollama/qwen3:8b named as ollama_chat".into()])
    );
    let mut setup = setup();
    setup.providers.push(provider("gemini", Dialect::Gemini, ProviderKind::Plain));
    for (streams, endpoint) in [(true, Endpoint::GenerateStream), (false, Endpoint::Generate)] {
        let model = "gemini/gemini-3.8-flash";
        let ask = Ask::bare(Endpoint::Chat, model, streams);
        assert_eq!(plan(&setup, &ask).map(|p| p.candidates[0].endpoint), Ok(endpoint));
    }
}

#[test]
fn openai_s_newer_models_are_asked_through_responses_the_older_and_the_imitators_through_chat() {
    let mut official = setup();
    official.providers[1].base_url = "https://api.openai.com/v1".into();
    for (endpoint, expected) in [
        (Endpoint::Messages, Endpoint::Responses),
        (Endpoint::GenerateStream, Endpoint::Responses),
        (Endpoint::Chat, Endpoint::Chat),
    ] {
        let ask = Ask::bare(endpoint, "openai/gpt-5.6-terra", true);
        assert_eq!(plan(&official, &ask).map(|p| p.candidates[0].endpoint), Ok(expected));
    }
    for (model, expected) in [
        ("openai/gpt-5.4", Endpoint::Responses),
        ("openai/gpt-6.1-sol", Endpoint::Responses),
        ("openai/gpt-5-mini", Endpoint::Chat),
        ("openai/gpt-4o", Endpoint::Chat),
        ("openai/o3", Endpoint::Chat),
    ] {
        let ask = Ask::bare(Endpoint::Messages, model, true);
        assert_eq!(
            plan(&official, &ask).map(|p| p.candidates[0].endpoint),
            Ok(expected),
            "{model}"
        );
    }
    let imitated = routes("openai/gpt-5.6-terra", Endpoint::Messages);
    assert_eq!(imitated, Ok(vec!["openai/gpt-5.6-terra named as chat".into()]));
}

#[test]
fn a_bare_name_of_another_vendor_goes_there_only_when_its_own_vendor_would_have_to_refuse() {
    assert_eq!(routes("gpt-5", Endpoint::Messages), Ok(vec!["anthropic/gpt-5 asked".into()]));
    let mut official = setup();
    official.providers[0].base_url = "https://api.anthropic.com".into();
    let ask = Ask::bare(Endpoint::Messages, "gpt-5", true);
    let found = plan(&official, &ask)
        .map(|p| (p.candidates[0].route.to_string(), p.candidates[0].endpoint));
    assert_eq!(found, Ok(("openai/gpt-5".into(), Endpoint::Chat)));
    official.providers[0].base_url = "https://api.anthropic.com.example".into();
    assert_eq!(plan(&official, &ask).map(|p| p.candidates[0].endpoint), Ok(Endpoint::Messages));
}

#[test]
fn a_tier_is_a_chain_of_those_that_can_answer() {
    assert_eq!(
        routes("claude-weir-low", Endpoint::Messages),
        Ok(vec![
            "ollama/llama3.2:3b tier as ollama_chat".into(),
            "anthropic/claude-haiku-4-5 fallback".into()
        ])
    );
    assert_eq!(
        routes("weir-medium", Endpoint::Messages),
        Ok(vec!["openai/gpt-5 tier as chat".into()])
    );
    let mut no_embedder = setup();
    no_embedder.medium.truncate(0);
    no_embedder.medium.push(Route { provider: "anthropic".into(), model: "claude-x".into() });
    let endpoint = Endpoint::Embeddings;
    let ask = Ask::bare(endpoint, "weir-medium", false);
    assert!(matches!(plan(&no_embedder, &ask), Err(NoRoute::TierNotThere { .. })));
    assert!(matches!(routes("weir-high", Endpoint::Chat), Err(NoRoute::EmptyTier { .. })));
}

#[test]
fn while_local_models_are_off_a_chain_passes_them_over_and_a_named_one_is_refused() {
    let off = Setup { local_off: true, ..setup() };
    let ask = |model: &'static str| Ask::bare(Endpoint::Messages, model, true);
    let found = plan(&off, &ask("weir-low")).unwrap().candidates;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].reason, Reason::LocalOff);
    assert_eq!(found[0].route.provider, "anthropic");
    let said = plan(&off, &ask("ollama/qwen3:8b")).unwrap_err().to_string();
    assert!(said.contains("ollama/qwen3:8b") && said.contains("weir local on"), "{said}");
    let alone = Setup { low: off.low[..1].to_vec(), ..off };
    assert!(matches!(plan(&alone, &ask("weir-low")), Err(NoRoute::LocalOff { .. })));
}

#[test]
fn a_local_model_that_is_switched_off_is_passed_over_and_refused_and_no_other_one_is() {
    let model = |m: &str| Route { provider: "ollama".into(), model: m.into() };
    let off = Setup { models_off: vec![model("llama3.2:3b"), model("qwen3:latest")], ..setup() };
    let ask = |model: &'static str| Ask::bare(Endpoint::Messages, model, true);
    let found = plan(&off, &ask("weir-low")).unwrap().candidates;
    assert_eq!((found.len(), found[0].reason), (1, Reason::LocalModelOff));
    assert_eq!(found[0].route.provider, "anthropic");
    let said = plan(&off, &ask("ollama/llama3.2:3b")).unwrap_err().to_string();
    assert!(said.contains("weir local on ollama/llama3.2:3b"), "{said}");
    for name in ["ollama/qwen3", "ollama/qwen3:latest"] {
        let refused = plan(&off, &ask(name));
        assert!(matches!(refused, Err(NoRoute::LocalModelOff { .. })), "{name}: {refused:?}");
    }
    assert_eq!(plan(&off, &ask("ollama/qwen3:8b")).unwrap().candidates[0].reason, Reason::Named);
    let paused = Setup { paused: true, ..off.clone() };
    assert!(plan(&paused, &ask("ollama/llama3.2:3b")).is_err(), "a pause lets nothing through");
    let only = Setup { local_only: true, ..off.clone() };
    for name in ["weir-low", "weir-medium", "claude-opus-5-5"] {
        let said = plan(&only, &ask(name)).unwrap_err().to_string();
        assert!(said.contains("weir local on"), "{name}: {said}");
    }
    let planned = plan(&off, &ask("weir-medium")).unwrap().candidates;
    let steps = below(&off, &ask("weir-medium"), &planned);
    assert!(steps.iter().all(|c| c.route.provider != "ollama"), "nor by a budget's way down");
    let all = Setup { local_off: true, ..off };
    assert_eq!(plan(&all, &ask("weir-low")).unwrap().candidates[0].reason, Reason::LocalOff);
}

#[test]
fn a_bare_name_at_a_local_server_that_is_out_of_use_is_refused() {
    let mut alone = setup();
    alone.providers.retain(|p| p.local);
    let ask = Ask::bare(Endpoint::Chat, "qwen3", true);
    assert_eq!(plan(&alone, &ask).unwrap().candidates[0].route.provider, "ollama");
    alone.models_off = vec![Route { provider: "ollama".into(), model: "qwen3:latest".into() }];
    let said = plan(&alone, &ask).unwrap_err().to_string();
    assert!(said.contains("weir local on ollama/qwen3"), "{said}");
    let mut plain = provider("mine", Dialect::OpenAi, ProviderKind::OnlyChat);
    plain.local = true;
    let off = Setup { local_off: true, providers: vec![plain], ..Setup::default() };
    assert!(matches!(plan(&off, &ask), Err(NoRoute::LocalOff { .. })));
}

#[test]
fn the_demonstration_answers_only_when_asked_or_when_nothing_else_can() {
    assert_eq!(routes("demo", Endpoint::Generate), Ok(vec!["demo/demo demo".into()]));
    let mut bare = setup();
    bare.demo_answers = true;
    for model in ["weir-high", "weir-low", "gpt-5", "claude-opus-5-5"] {
        let ask = Ask::bare(Endpoint::Chat, model, false);
        assert_eq!(plan(&bare, &ask).map(|p| p.candidates[0].reason), Ok(Reason::Demo), "{model}");
    }
    let ask = Ask::bare(Endpoint::Chat, "openai/gpt-5", true);
    assert_eq!(plan(&bare, &ask).map(|p| p.candidates[0].reason), Ok(Reason::Named));
}

#[test]
fn while_only_local_models_are_in_use_nothing_leaves_whatever_is_asked_or_paused() {
    let only = Setup { local_only: true, ..setup() };
    let way = |setup: &Setup, endpoint, model: &'static str| {
        let found = plan(setup, &Ask::bare(endpoint, model, true))?.candidates;
        Ok(found.iter().map(|c| format!("{} {}", c.route, c.reason.as_str())).collect::<Vec<_>>())
    };
    let local = || Ok(vec!["ollama/llama3.2:3b local-only".to_owned()]);
    let paused = Setup { paused: true, ..only.clone() };
    for model in ["claude-opus-5-5", "openai/gpt-5", "weir-medium", "weir-auto"] {
        assert_eq!(way(&only, Endpoint::Messages, model), local(), "{model}");
        assert_eq!(way(&paused, Endpoint::Messages, model), local(), "{model}, paused");
    }
    let low = Ok(vec!["ollama/llama3.2:3b tier".to_owned()]);
    assert_eq!(way(&only, Endpoint::Chat, "weir-low"), low, "its own way is local already");
    let named = Ok(vec!["ollama/qwen3:8b named".to_owned()]);
    assert_eq!(way(&only, Endpoint::Chat, "ollama/qwen3:8b"), named);
    let vectors = way(&only, Endpoint::Embeddings, "openai/text-embedding-3-small");
    assert!(matches!(vectors, Err(NoRoute::LocalOnly { .. })), "{vectors:?}");
    let nothing = Setup { low: Vec::new(), ..only.clone() };
    let said = way(&nothing, Endpoint::Chat, "gpt-5").unwrap_err().to_string();
    assert!(said.contains("gpt-5") && said.contains("weir local on"), "{said}");
    let planned = plan(&setup(), &Ask::bare(Endpoint::Chat, "weir-low", true)).unwrap().candidates;
    let ask = Ask::bare(Endpoint::Chat, "weir-low", true);
    assert!(below(&only, &ask, &planned).iter().all(|c| c.route.provider == "ollama"));
}
