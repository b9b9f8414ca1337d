//! What a server is told so that it takes a model into memory or lets it go, by kind, and what its
//! answer means. Pure.

use super::{Kind, Model, Server};
use serde_json::{Value, json};
use weir_core::mask::Mask;
use weir_proxy::limits::TOOL_CONTEXT;
use weir_proxy::probe::Heard;

/// Most of a server's words that is told, in characters.
const REFUSAL_CHARS_MAX: usize = 300;

/// One order to a server: path and JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The path below its root.
    pub path: &'static str,
    /// The body.
    pub body: String,
}

impl Order {
    fn new(path: &'static str, body: &Value) -> Self {
        Self { path, body: body.to_string() }
    }
}

/// Why a server cannot be told. `Display` is one sentence with its fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cannot {
    /// Its kind holds what it was started with.
    #[error("{title} holds the model it was started with; start it anew with another one")]
    Fixed {
        /// The kind.
        title: &'static str,
    },
    /// The model is run in a cloud.
    #[error("{model} runs in a cloud, so there is nothing to load on this machine")]
    Cloud {
        /// The model.
        model: String,
    },
    /// It can have no context as long.
    #[error(
        "{named} takes {most} tokens at most, and {wanted} were asked for. Run: weir local load {named} \
         --context {most}"
    )]
    TooMuch {
        /// `provider/model`.
        named: String,
        /// What was asked for, in tokens.
        wanted: u64,
        /// What it can have, in tokens.
        most: u64,
    },
    /// Its router loads it with arguments of its own.
    #[error(
        "llama-server loads {model} with the arguments that its router has for it. Change --ctx-size \
         there"
    )]
    Arguments {
        /// The model.
        model: String,
    },
    /// It is not in memory.
    #[error("{model} is not loaded on {server}")]
    NotLoaded {
        /// The model.
        model: String,
        /// The server.
        server: String,
    },
}

/// What makes a server take a model into memory, with a context of so many tokens where one is named.
/// Unnamed it is Ollama's own choice, as Weir has it changed with the first request that needs more; LM
/// Studio has to be told before, so it gets what a coding tool needs.
///
/// # Errors
/// Why it cannot be told to.
pub fn load(server: &Server, model: &Model, context: Option<u64>) -> Result<Order, Cannot> {
    if model.cloud {
        return Err(Cannot::Cloud { model: model.name.clone() });
    }
    if let (Some(wanted), Some(most)) = (context, model.context_max)
        && wanted > most
        && server.reading.swaps
    {
        let named = format!("{}/{}", server.provider, model.name);
        return Err(Cannot::TooMuch { named, wanted, most });
    }
    let (path, mut body) = match kind(server) {
        // A request without a prompt only loads; a model for embeddings takes no other.
        Kind::Ollama if model.chats == Some(false) && model.embeds == Some(true) => {
            ("/api/embed", json!({ "model": model.name, "input": "" }))
        }
        Kind::Ollama => ("/api/generate", json!({ "model": model.name })),
        Kind::LmStudio => ("/api/v1/models/load", json!({ "model": model.name })),
        Kind::LlamaCpp if server.reading.swaps && context.is_some() => {
            return Err(Cannot::Arguments { model: model.name.clone() });
        }
        Kind::LlamaCpp if server.reading.swaps => ("/models/load", json!({ "model": model.name })),
        kind => return Err(Cannot::Fixed { title: kind.title() }),
    };
    let tool = || match (kind(server), model.embeds) {
        (Kind::LmStudio, None | Some(false)) => {
            model.context_max.map(|most| most.min(TOOL_CONTEXT))
        }
        _ => None,
    };
    if let Some(tokens) = context.or_else(tool) {
        match kind(server) {
            Kind::LmStudio => body["context_length"] = json!(tokens),
            _ => body["options"] = json!({ "num_ctx": tokens }),
        }
    }
    Ok(Order::new(path, &body))
}

/// What makes a server let a model go; LM Studio is told once for every running copy.
///
/// # Errors
/// Why it cannot be told to.
pub fn unload(server: &Server, model: &Model) -> Result<Vec<Order>, Cannot> {
    if model.cloud {
        return Err(Cannot::Cloud { model: model.name.clone() });
    }
    if model.loaded == Some(false) {
        let (model, server) = (model.name.clone(), server.provider.clone());
        return Err(Cannot::NotLoaded { model, server });
    }
    match kind(server) {
        Kind::Ollama => {
            let body = json!({ "model": model.name, "keep_alive": 0 });
            Ok(vec![Order::new("/api/generate", &body)])
        }
        Kind::LmStudio => {
            let one =
                |id: &String| Order::new("/api/v1/models/unload", &json!({ "instance_id": id }));
            Ok(model.instances.iter().map(one).collect())
        }
        Kind::LlamaCpp if server.reading.swaps => {
            Ok(vec![Order::new("/models/unload", &json!({ "model": model.name }))])
        }
        kind => Err(Cannot::Fixed { title: kind.title() }),
    }
}

fn kind(server: &Server) -> Kind {
    server.kind.unwrap_or(Kind::Generic)
}

/// What a server said when it did not do as it was told, under `mask`; `None` when it did.
pub fn refusal(heard: &Heard, mask: &Mask<'_>) -> Option<String> {
    let value: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
    let error = value.get("error");
    // LM Studio answers an unknown path with 200 and an error.
    if (200..300).contains(&heard.status) && error.is_none() {
        return None;
    }
    let words = error.and_then(|e| e.get("message").unwrap_or(e).as_str());
    Some(match words {
        Some(words) => mask.words(words).chars().take(REFUSAL_CHARS_MAX).collect(),
        None => format!("status {}", heard.status),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Reading;
    use super::*;

    fn server(kind: Kind, swaps: bool) -> Server {
        let reading = Reading { swaps, ..Reading::default() };
        Server { provider: "s".into(), kind: Some(kind), reading, ..Server::default() }
    }

    fn model(name: &str) -> Model {
        Model { name: name.into(), ..Model::default() }
    }

    #[test]
    fn each_kind_is_told_in_its_own_words() {
        let told = load(&server(Kind::Ollama, true), &model("qwen3:8b"), None).unwrap();
        assert_eq!((told.path, told.body.as_str()), ("/api/generate", r#"{"model":"qwen3:8b"}"#));
        let embed = Model { chats: Some(false), embeds: Some(true), ..model("nomic") };
        assert_eq!(load(&server(Kind::Ollama, true), &embed, None).unwrap().path, "/api/embed");
        let told = unload(&server(Kind::Ollama, true), &model("qwen3:8b")).unwrap();
        assert_eq!(told[0].body, r#"{"keep_alive":0,"model":"qwen3:8b"}"#);
        let copies = Model { instances: vec!["a".into(), "a:2".into()], ..model("a") };
        let told = unload(&server(Kind::LmStudio, true), &copies).unwrap();
        assert_eq!(told.len(), 2, "every running copy");
        assert_eq!(told[1].body, r#"{"instance_id":"a:2"}"#);
        let told = load(&server(Kind::LlamaCpp, true), &model("b"), None).unwrap();
        assert_eq!(told.path, "/models/load");
    }

    #[test]
    fn a_context_is_named_where_it_can_be_and_lm_studio_always_gets_one() {
        let most = |name: &str, most| Model { context_max: Some(most), ..model(name) };
        let body = |kind, model: &Model, context| {
            load(&server(kind, true), model, context).map(|order| order.body)
        };
        let studio = |model: &Model, context| body(Kind::LmStudio, model, context).unwrap();
        let q3 = most("q3", 65_536);
        assert_eq!(studio(&q3, None), r#"{"context_length":32768,"model":"q3"}"#);
        assert_eq!(studio(&q3, Some(65_536)), r#"{"context_length":65536,"model":"q3"}"#);
        assert_eq!(
            studio(&most("q3", 8_192), None),
            r#"{"context_length":8192,"model":"q3"}"#,
            "no more than it can have"
        );
        assert_eq!(
            studio(&model("q3"), None),
            r#"{"model":"q3"}"#,
            "what it can have is not known"
        );
        let nomic = Model { embeds: Some(true), ..most("nomic", 8_192) };
        assert_eq!(studio(&nomic, None), r#"{"model":"nomic"}"#);
        let ollama = body(Kind::Ollama, &most("q3", 40_960), Some(16_384)).unwrap();
        assert_eq!(ollama, r#"{"model":"q3","options":{"num_ctx":16384}}"#);
        let said = body(Kind::LmStudio, &q3, Some(65_537)).unwrap_err().to_string();
        assert!(said.contains("s/q3 takes 65536 tokens at most"), "{said}");
        let said = body(Kind::LlamaCpp, &q3, Some(8_192)).unwrap_err().to_string();
        assert!(said.contains("--ctx-size"), "{said}");
    }

    #[test]
    fn what_cannot_be_done_is_said_in_a_word() {
        let fixed = load(&server(Kind::Vllm, false), &model("m"), None).unwrap_err().to_string();
        assert!(fixed.contains("started with"), "{fixed}");
        assert!(load(&server(Kind::LlamaCpp, false), &model("m"), None).is_err());
        let cloud = Model { cloud: true, ..model("gpt-oss:120b-cloud") };
        assert!(matches!(
            load(&server(Kind::Ollama, true), &cloud, None),
            Err(Cannot::Cloud { .. })
        ));
        let gone = Model { loaded: Some(false), ..model("m") };
        let said = unload(&server(Kind::Ollama, true), &gone).unwrap_err().to_string();
        assert_eq!(said, "m is not loaded on s");
    }

    #[test]
    fn an_error_inside_a_success_is_an_error() {
        let mask = Mask::of([b"hunter2-hunter2".as_slice()]);
        let refused =
            |status, body: &str| refusal(&Heard { status, server: None, body: body.into() }, &mask);
        assert_eq!(refused(200, r#"{"done_reason":"unload"}"#), None);
        assert_eq!(
            refused(200, r#"{"error":"Unexpected endpoint"}"#).as_deref(),
            Some("Unexpected endpoint")
        );
        assert_eq!(
            refused(404, r#"{"error":{"message":"no such model"}}"#).as_deref(),
            Some("no such model")
        );
        assert_eq!(refused(500, "").as_deref(), Some("status 500"));
        // Written with escapes, the key stands in no byte of the body.
        let escaped = r#"{"error":"no key \u0068unter2-hunter2"}"#;
        assert_eq!(refused(401, escaped).as_deref(), Some("no key [hidden]"));
    }
}
