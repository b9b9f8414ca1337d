//! `GET /v1/models` and `GET /v1beta/models`: every name that can be asked for, Weir's own first; any
//! dialect reaches any of them. Made here, so that it costs no call and works offline.

use crate::accept::Accepted;
use crate::body::ReplyBody;
use crate::pipeline::Context;
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use serde_json::{Value, json};
use weir_core::Dialect;

const ROUTED: [(&str, &str); 4] = [
    ("weir-auto", "Weir: chooses by the request"),
    ("weir-low", "Weir: low tier"),
    ("weir-medium", "Weir: medium tier"),
    ("weir-high", "Weir: high tier"),
];

struct Line {
    id: String,
    title: String,
    owner: String,
    context: Option<u64>,
}

/// The list in the caller's dialect.
pub fn list(context: &Context, accepted: &Accepted, dialect: Dialect) -> Response<ReplyBody> {
    let lines = match &accepted.guest {
        Some(guest) => guest.models().into_iter().map(|id| owned(id, "")).collect(),
        None => lines(context, dialect),
    };
    let body = match dialect {
        Dialect::Anthropic => anthropic(&lines),
        Dialect::Gemini => gemini(&lines),
        Dialect::OpenAi | Dialect::Ollama => openai(&lines),
    };
    let mut response = Response::new(ReplyBody::full(Bytes::from(body.to_string())));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn owned(id: String, title: &str) -> Line {
    Line { id, title: title.to_owned(), owner: "weir".to_owned(), context: None }
}

fn lines(context: &Context, dialect: Dialect) -> Vec<Line> {
    let mut lines: Vec<Line> =
        ROUTED.iter().map(|(id, title)| owned((*id).to_owned(), title)).collect();
    // Claude Code shows only names that hold "claude".
    lines.extend(ROUTED.iter().map(|(id, title)| owned(format!("claude-{id}"), title)));
    lines.extend(context.ports.routes.models().into_iter().map(|m| {
        // A bare name goes to the provider of the caller's dialect.
        let bare = !m.id.starts_with(&format!("{}/", m.provider));
        let foreign = m.dialect != dialect && bare;
        let id = if foreign { format!("{}/{}", m.provider, m.id) } else { m.id };
        Line { title: id.clone(), id, owner: m.provider, context: m.context }
    }));
    lines
}

fn openai(lines: &[Line]) -> Value {
    let data: Vec<Value> = lines
        .iter()
        .map(|l| json!({"id": l.id, "object": "model", "created": 0, "owned_by": l.owner}))
        .collect();
    // Codex reads `models`, everyone else `data`; an empty catalogue leaves Codex on its own.
    json!({"object": "list", "data": data, "models": []})
}

fn anthropic(lines: &[Line]) -> Value {
    let data: Vec<Value> = lines
        .iter()
        .map(|l| {
            json!({
                "type": "model", "id": l.id, "display_name": l.title,
                "created_at": "1970-01-01T00:00:00Z", "max_input_tokens": l.context,
            })
        })
        .collect();
    let first = lines.first().map(|l| l.id.as_str());
    let last = lines.last().map(|l| l.id.as_str());
    json!({"data": data, "has_more": false, "first_id": first, "last_id": last})
}

fn gemini(lines: &[Line]) -> Value {
    let models: Vec<Value> = lines
        .iter()
        .map(|l| {
            let mut model = json!({
                "name": format!("models/{}", l.id), "displayName": l.title,
                "supportedGenerationMethods": ["generateContent", "countTokens"],
            });
            if let Some(context) = l.context {
                model["inputTokenLimit"] = json!(context);
            }
            model
        })
        .collect();
    json!({"models": models})
}
