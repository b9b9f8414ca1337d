//! What routing is told of a local model: answered at once, from what was last seen. A question
//! about something old starts a look for the next one.

use super::{Kind, Server, State, Watch, ollama};
use futures_util::future::BoxFuture;
use weir_proxy::ports::{LocalModel, Locals};

impl Locals for Watch {
    fn model(&self, provider: &str, model: &str) -> LocalModel {
        if self.anything_due() {
            self.kick();
        }
        let servers = self.servers();
        match servers.iter().find(|s| s.provider == provider) {
            Some(server) => {
                let written = self.routing().config().parallel.get(provider).copied();
                let told = told(server, model);
                let listed = told.name.as_deref().unwrap_or(model);
                let off = self.models_off().holds(provider, listed);
                LocalModel { slots: written.or(told.slots), off, ..told }
            }
            // Nobody has looked; what the name says is known all the same.
            None => {
                LocalModel { unseen: true, cloud: ollama::in_cloud(model), ..LocalModel::default() }
            }
        }
    }

    fn look_again<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(self.look_at(provider))
    }

    fn answered(&self, provider: &str, model: &str) {
        let servers = self.servers();
        let server = servers.iter().find(|s| s.provider == provider);
        // A server that swaps has just taken the model in, and let another one go.
        let stale = match server {
            Some(server) if server.state == State::Up => {
                server.reading.swaps && server.model(model).is_none_or(|m| m.loaded != Some(true))
            }
            _ => true,
        };
        if stale {
            self.outdated(provider);
            self.kick();
        }
    }

    fn sized(&self, provider: &str, model: &str, context: u64) {
        if self.changed(provider, |server| taken_in(server, model, context)) {
            self.outdated(provider);
            self.kick();
        }
    }
}

/// What a server surely has in memory; `None` where that is known already.
fn taken_in(server: &mut Server, name: &str, context: u64) -> Option<()> {
    let known = server.model(name).filter(|model| !model.cloud)?.name.clone();
    let model = server.reading.models.iter_mut().find(|model| model.name == known)?;
    if model.loaded == Some(true) && model.context == Some(context) {
        return None;
    }
    (model.loaded, model.context) = (Some(true), Some(context));
    Some(())
}

fn told(server: &Server, name: &str) -> LocalModel {
    let model = server.model(name);
    let reason =
        || server.reason.clone().or_else(|| Some(format!("{} is not there", server.provider)));
    let loaded = model.is_some_and(|m| m.loaded == Some(true));
    LocalModel {
        unseen: server.state == State::Unknown,
        loading: server.state == State::Loading,
        absent: reason()
            .filter(|_| matches!(server.state, State::Down | State::Off | State::Loading)),
        stranger: reason().filter(|_| server.state == State::Changed || server.foreign),
        context: model.and_then(|m| m.context),
        context_max: model.and_then(|m| m.context_max),
        sized: server.kind == Some(Kind::Ollama),
        refuses: server.refuses(),
        cloud: model.is_some_and(|m| m.cloud) || ollama::in_cloud(name),
        off: false,
        chats: model.and_then(|m| m.chats),
        embeds: model.and_then(|m| m.embeds),
        sees: model.and_then(|m| m.able("vision")),
        thinks: model.and_then(|m| m.able("thinking")),
        resident: loaded,
        // A model in a cloud takes no memory here.
        swaps: server.reading.swaps && !model.is_some_and(|m| m.cloud),
        slots: model.and_then(|m| m.slots),
        name: model.map(|m| m.name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Model, Reading};
    use super::*;
    use weir_core::Dialect;
    use weir_core::route::Provider;

    fn ollama(state: State) -> Server {
        let model = |name: &str| Model { name: name.into(), ..Model::default() };
        let models = vec![
            Model {
                loaded: Some(true),
                context: Some(4_096),
                context_max: Some(40_960),
                embeds: Some(false),
                ..model("qwen3:8b")
            },
            Model { loaded: Some(false), context_max: Some(131_072), ..model("llama3.2:latest") },
            Model { cloud: true, ..model("kimi:latest") },
        ];
        Server {
            provider: "ollama".into(),
            kind: Some(Kind::Ollama),
            state,
            reading: Reading { swaps: true, models, ..Reading::default() },
            ..Server::default()
        }
    }

    #[test]
    fn the_loaded_context_is_one_thing_and_the_longest_there_can_be_another() {
        let up = ollama(State::Up);
        assert_eq!(told(&up, "qwen3:8b").context, Some(4_096));
        assert!(told(&up, "qwen3:8b").resident);
        let other = told(&up, "llama3.2");
        assert_eq!((other.context, other.context_max), (None, Some(131_072)));
        assert!(!other.resident);
        assert_eq!(told(&up, "never-pulled").context, None);
    }

    #[test]
    fn a_tool_is_told_the_context_that_it_gets_and_never_the_longest_there_can_be() {
        let provider = |name: &str| crate::config::preset(name).expect("a preset");
        let told = |server: &Server, through: &Provider, name: &str| {
            server.context_told(through, server.model(name).expect("listed"))
        };
        let up = ollama(State::Up);
        let loaded = told(&up, &provider("ollama"), "qwen3:8b");
        assert_eq!(loaded, Some(32_768), "Weir asks for more than it is loaded with");
        let asked = told(&up, &provider("ollama"), "llama3.2");
        assert_eq!(asked, Some(32_768), "what Weir asks for");
        let plain = Provider { dialect: Dialect::OpenAi, ..provider("ollama") };
        assert_eq!(told(&up, &plain, "llama3.2"), None, "where nothing can be asked for");
        assert_eq!(told(&up, &plain, "qwen3:8b"), Some(4_096), "there it is as it is loaded");
        let other = |kind| Server { kind: Some(kind), ..ollama(State::Up) };
        let studio = other(Kind::LmStudio);
        assert_eq!(told(&studio, &provider("lmstudio"), "llama3.2:latest"), None, "its own choice");
        let router = other(Kind::LlamaCpp);
        let next = told(&router, &provider("llamacpp"), "llama3.2:latest");
        assert_eq!(next, Some(131_072), "what its entry says");
        let short = Model { context_max: Some(8_192), ..Model::default() };
        assert_eq!(
            up.context_told(&provider("ollama"), &short),
            Some(8_192),
            "it can have no more"
        );
    }

    #[test]
    fn what_a_server_answered_with_is_known_at_once_and_told_once() {
        let mut up = ollama(State::Up);
        assert!(taken_in(&mut up, "llama3.2", 16_384).is_some());
        let now = told(&up, "llama3.2:latest");
        assert_eq!((now.resident, now.context), (true, Some(16_384)));
        assert!(taken_in(&mut up, "llama3.2", 16_384).is_none(), "nothing new");
        assert!(taken_in(&mut up, "kimi", 16_384).is_none(), "a cloud's memory is none of ours");
        assert!(taken_in(&mut up, "never-pulled", 16_384).is_none());
    }

    #[test]
    fn only_a_server_that_is_known_to_refuse_a_long_prompt_is_taken_to() {
        let refuses = |kind: Kind, version: &str| {
            let reading = Reading { version: Some(version.into()), ..Reading::default() };
            let server = Server { kind: Some(kind), reading, ..ollama(State::Up) };
            told(&server, "m").refuses
        };
        assert!(refuses(Kind::Ollama, "0.33.0") && refuses(Kind::Ollama, "1.0.0-rc2"));
        assert!(!refuses(Kind::Ollama, "0.12.3") && !refuses(Kind::Ollama, "what"));
        assert!(refuses(Kind::LlamaCpp, "b7101-1a2b3c") && !refuses(Kind::LlamaCpp, "b4000-1"));
        assert!(refuses(Kind::Vllm, "0.8.0"));
        assert!(!refuses(Kind::LmStudio, "0.4.1") && !refuses(Kind::Generic, ""));
    }

    #[test]
    fn a_cloud_model_is_no_local_one_and_waits_for_no_memory() {
        let up = ollama(State::Up);
        let kimi = told(&up, "kimi");
        assert!(kimi.cloud && !kimi.swaps);
        assert!(told(&up, "gpt-oss:120b-cloud").cloud, "also one that was never listed");
    }

    #[test]
    fn a_server_that_is_gone_or_another_says_why_nothing_is_sent() {
        let gone = told(&ollama(State::Down), "qwen3:8b");
        assert!(gone.absent.is_some() && gone.stranger.is_none());
        let other = told(&ollama(State::Changed), "qwen3:8b");
        assert!(other.stranger.is_some());
        assert_eq!(told(&ollama(State::Up), "qwen3:8b").absent, None);
    }
}
