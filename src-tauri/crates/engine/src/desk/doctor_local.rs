//! The doctor's part on local servers: what runs, what would be cut short, what is not local at all.

use crate::api::{Check, CheckState};
use crate::config::Config;
use crate::local::{Kind, Model, Scope, Server, State};
use crate::parts::Parts;
use weir_core::route::Provider;
use weir_proxy::limits::TOOL_CONTEXT;

/// A coding tool's own instructions alone fill a smaller context than this, in tokens.
const CONTEXT_TOKENS_SMALL: u64 = 16_384;

/// Looks at every local server and judges it.
pub fn checks(parts: &Parts) -> Vec<Check> {
    let config = parts.config.load();
    let servers = parts.local.look_now(Scope::Due);
    let mut checks: Vec<Check> = Vec::new();
    if !parts.local.on() {
        let fix = Some("weir local on".to_owned());
        checks.push(check("local", CheckState::Note, "local models are switched off", fix));
    }
    let off = parts.local.models_off().names();
    if let Some(first) = off.first() {
        let (found, fix) =
            (format!("switched off: {}", off.join(", ")), format!("weir local on {first}"));
        checks.push(check("local", CheckState::Note, found, Some(fix)));
    }
    for server in servers.iter() {
        checks.extend(one(server, &config));
    }
    checks
}

fn check(
    name: impl Into<String>,
    state: CheckState,
    found: impl Into<String>,
    fix: Option<String>,
) -> Check {
    Check { name: name.into(), state, found: found.into(), fix }
}

fn one(server: &Server, config: &Config) -> Vec<Check> {
    let name = format!("local {}", server.provider);
    let reason = || server.reason.clone().unwrap_or_else(|| "is not there".to_owned());
    let links = config.low.iter().chain(&config.medium).chain(&config.high);
    let needed = links.into_iter().any(|route| route.provider == server.provider);
    match server.state {
        State::Up | State::Loading => up(server, &name, config.provider(&server.provider)),
        State::Changed => vec![check(name, CheckState::Fail, reason(), None)],
        // A preset nobody wrote down and nobody needs is no finding.
        State::Down | State::Off | State::Unknown if !server.written && !needed => Vec::new(),
        State::Down | State::Off | State::Unknown => {
            let state = if needed { CheckState::Fail } else { CheckState::Note };
            vec![check(name, state, reason(), None)]
        }
    }
}

fn up(server: &Server, name: &str, provider: Option<&Provider>) -> Vec<Check> {
    let models = &server.reading.models;
    let mut checks = Vec::new();
    match &server.reason {
        Some(reason) => checks.push(check(name, CheckState::Note, reason.clone(), None)),
        None => {
            let loaded = models.iter().filter(|m| m.loaded == Some(true)).count();
            let title = server.kind.map_or("it", Kind::title);
            let found = format!(
                "{title} at {}: {}, {loaded} loaded",
                server.base_url,
                count(models.len(), "model")
            );
            checks.push(check(name, CheckState::Ok, found, None));
        }
    }
    for model in models.iter().filter(|m| m.embeds != Some(true)) {
        // What Weir asks for with the request is told as well.
        let told = provider.and_then(|p| server.context_told(p, model)).or(model.context);
        let Some(tokens) = model.context.filter(|_| told < Some(CONTEXT_TOKENS_SMALL)) else {
            continue;
        };
        let found = format!(
            "{} is loaded with a context of {tokens} tokens; a coding tool's first request is longer",
            model.name
        );
        checks.push(check(name, CheckState::Note, found, longer(server, model)));
    }
    let cloud = models.iter().filter(|m| m.cloud).count();
    if cloud > 0 {
        let found = format!("{cloud} of its models run in Ollama's cloud: neither local nor free");
        let fix = "To hide them, start Ollama with OLLAMA_NO_CLOUD=1".to_owned();
        checks.push(check(name, CheckState::Note, found, Some(fix)));
    }
    checks
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// How a server of this kind is given a longer context.
fn longer(server: &Server, model: &Model) -> Option<String> {
    Some(match server.kind? {
        Kind::Ollama => "Start Ollama with OLLAMA_CONTEXT_LENGTH=32768".to_owned(),
        Kind::LmStudio => {
            let tokens = model.context_max.map_or(TOOL_CONTEXT, |most| most.min(TOOL_CONTEXT));
            format!("weir local load {}/{} --context {tokens}", server.provider, model.name)
        }
        Kind::LlamaCpp => "Start llama-server with --ctx-size 32768".to_owned(),
        Kind::Vllm => "Start vLLM with a larger --max-model-len".to_owned(),
        Kind::Generic => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::Reading;

    fn ollama(state: State) -> Server {
        let model = |name: &str| Model { name: name.into(), ..Model::default() };
        let models = vec![
            Model { loaded: Some(true), context: Some(4_096), ..model("qwen3:8b") },
            Model { cloud: true, ..model("kimi:cloud") },
        ];
        Server {
            provider: "ollama".into(),
            base_url: "http://127.0.0.1:11434".into(),
            kind: Some(Kind::Ollama),
            state,
            reading: Reading { models, ..Reading::default() },
            ..Server::default()
        }
    }

    #[test]
    fn a_small_context_and_a_cloud_model_are_told_with_what_to_do() {
        let found = one(&ollama(State::Up), &Config::default_config());
        let lines: Vec<String> = found.iter().map(|c| c.found.clone()).collect();
        assert_eq!(lines[0], "Ollama at http://127.0.0.1:11434: 2 models, 1 loaded");
        assert!(lines[1].contains("context of 4096 tokens"), "{lines:?}");
        assert!(found[1].fix.as_deref().is_some_and(|f| f.contains("OLLAMA_CONTEXT_LENGTH")));
        assert!(lines[2].starts_with("1 of its models run in Ollama's cloud"), "{lines:?}");
    }

    #[test]
    fn a_small_context_that_weir_will_have_made_longer_is_no_finding() {
        let config = Config::default_config();
        let fixes = |server: &Server| {
            let found = one(server, &config).into_iter();
            found.filter(|c| c.found.contains("context of 4096")).map(|c| c.fix).collect::<Vec<_>>()
        };
        let mut server = ollama(State::Up);
        server.reading.models[0].context_max = Some(40_960);
        assert!(fixes(&server).is_empty(), "Ollama takes the wish with the request");
        server.kind = Some(Kind::LmStudio);
        server.provider = "lmstudio".into();
        let fix = "weir local load lmstudio/qwen3:8b --context 32768".to_owned();
        assert_eq!(fixes(&server), [Some(fix)]);
    }

    #[test]
    fn a_server_that_is_gone_fails_only_where_a_tier_needs_it() {
        let mut config = Config::default_config();
        assert!(one(&ollama(State::Down), &config).is_empty());
        let written = Server { written: true, ..ollama(State::Down) };
        assert_eq!(one(&written, &config)[0].state, CheckState::Note);
        config.low[0].provider = "ollama".into();
        assert_eq!(one(&written, &config)[0].state, CheckState::Fail);
        assert_eq!(one(&ollama(State::Changed), &config)[0].state, CheckState::Fail);
    }
}
