//! What one candidate is sent: the request as it came, with the splices its route asks for, or
//! translated when the provider speaks another dialect; the headers and the credential with it.
//! Pure but for the key, which comes through its port.

use crate::headers::{CREDENTIALS, without_credentials};
use crate::limits::OUTPUT_TOKENS_ASSUMED;
use crate::local::Admitted;
use crate::pipeline::Context;
use crate::ports::KeyProblem;
use crate::read::Asked;
use crate::upstream::{Outbound, address, attach};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use weir_core::Endpoint;
use weir_core::route::{Candidate, KeySource, Provider};
use weir_wire::edits::with_both;
use weir_wire::endpoint::Target;
use weir_wire::facts::{self, Facts};
use weir_wire::hub::{self, Back, Form, Rejected, Traits};

/// The API version a translated request speaks at Anthropic's endpoints.
const ANTHROPIC_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// A request ready to leave, and how its answer comes back.
pub struct Carried {
    /// What leaves.
    pub out: Outbound,
    /// How the answer comes back.
    pub way: Way,
}

/// How an answer comes back to the client.
#[derive(Debug)]
pub enum Way {
    /// Byte for byte; `hides_usage` when the usage chunk was asked for by Weir alone.
    AsItCame {
        /// Whether the chunk with the usage is taken out.
        hides_usage: bool,
        /// Whether another vendor's thoughts were taken out of the history.
        thoughts_left_out: bool,
    },
    /// Through the hub form.
    Translated(Box<Crossing>),
}

/// What the way back of a translation needs.
#[derive(Debug)]
pub struct Crossing {
    /// The client's side.
    pub back: Back,
    /// The provider's form.
    pub form: Form,
    /// The endpoint the provider was asked at.
    pub endpoint: Endpoint,
    /// Whether the prompt is marked to be cached, by the client or on its way.
    pub marks_cache: bool,
    /// Codes of what the provider cannot be told, for `x-weir-dropped` and the ledger.
    pub dropped: Option<String>,
}

/// Why a request cannot be sent to a candidate.
#[derive(Debug)]
pub enum NotCarried {
    /// Its key.
    Key(KeyProblem),
    /// Something in it that the provider cannot take, and whose loss would change the answer.
    Rejected(Rejected),
}

/// Whether Weir has to ask for the usage that this client did not ask for.
pub fn wants_usage(asked: &Asked, candidate: &Candidate) -> bool {
    let translated = candidate.endpoint != asked.accepted.target.endpoint;
    candidate.endpoint == Endpoint::Chat
        && asked.facts.stream
        && (translated || asked.facts.include_usage != Some(true))
}

impl Way {
    /// Whether what is sent marks a cache, whatever the client's own body said.
    pub fn marks_cache(&self) -> bool {
        matches!(self, Self::Translated(crossing) if crossing.marks_cache)
    }

    /// Codes of what the provider was not told, joined by commas: for the ledger and for
    /// `x-weir-dropped`.
    pub fn dropped(&self) -> Option<String> {
        match self {
            Self::AsItCame { thoughts_left_out, .. } => {
                thoughts_left_out.then(|| "foreign-thinking".to_owned())
            }
            Self::Translated(crossing) => crossing.dropped.clone(),
        }
    }
}

/// The most tokens of an answer where the client names no limit: what is written for it where the
/// provider's form requires a limit, else the model's own ceiling, else what is assumed of any model.
pub fn output_assumed(asked: Endpoint, candidate: &Candidate, local: bool) -> u64 {
    let Some(form) = Form::of(candidate.endpoint) else { return OUTPUT_TOKENS_ASSUMED };
    let traits = Traits::of(form, &candidate.route.model, local);
    if candidate.endpoint == Endpoint::Messages && asked != Endpoint::Messages {
        return traits.output_default;
    }
    traits.output_max.unwrap_or(OUTPUT_TOKENS_ASSUMED)
}

/// Makes the request for one candidate; `local` is what its local server granted and is known to do.
///
/// # Errors
/// The key cannot be had, or the request cannot be said in the provider's dialect.
pub async fn carry(
    context: &Context,
    asked: &Asked,
    provider: &Provider,
    candidate: &Candidate,
    asks_usage: bool,
    local: &Admitted,
) -> Result<Carried, NotCarried> {
    if candidate.endpoint == asked.accepted.target.endpoint {
        let mut headers = own_headers(asked, provider)?;
        credential(context, provider, candidate, &mut headers).await?;
        return Ok(as_it_came(asked, provider, candidate, headers, asks_usage));
    }
    let mut headers = foreign_headers(asked, provider, candidate)?;
    credential(context, provider, candidate, &mut headers).await?;
    translated(asked, provider, candidate, headers, (asks_usage, local))
}

/// The client's headers, where the dialect stays the same.
fn own_headers(asked: &Asked, provider: &Provider) -> Result<HeaderMap, NotCarried> {
    let through = provider.key == KeySource::Passthrough && asked.accepted.own_credential;
    let mut headers = asked.headers.clone();
    if !through {
        without_credentials(&mut headers);
    }
    let bare = !CREDENTIALS.iter().any(|name| headers.contains_key(name));
    if provider.key == KeySource::Passthrough && bare {
        return Err(NotCarried::Key(KeyProblem::NoCredential { provider: provider.name.clone() }));
    }
    Ok(headers)
}

/// A tool's headers speak to the provider it was made for; another one gets none of them but the
/// tool's name. Its own login never goes to a provider of another dialect.
fn foreign_headers(
    asked: &Asked,
    provider: &Provider,
    candidate: &Candidate,
) -> Result<HeaderMap, NotCarried> {
    if provider.key == KeySource::Passthrough {
        return Err(NotCarried::Key(KeyProblem::NoCredential { provider: provider.name.clone() }));
    }
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let accept = if asked.streams() && candidate.endpoint != Endpoint::OllamaChat {
        HeaderValue::from_static("text/event-stream")
    } else {
        HeaderValue::from_static("application/json")
    };
    headers.insert(header::ACCEPT, accept);
    // What is translated must be read, and a compressed stream is read late.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Some(agent) = asked.headers.get(header::USER_AGENT) {
        headers.insert(header::USER_AGENT, agent.clone());
    }
    if candidate.endpoint == Endpoint::Messages {
        headers.insert(HeaderName::from_static("anthropic-version"), ANTHROPIC_VERSION);
    }
    Ok(headers)
}

async fn credential(
    context: &Context,
    provider: &Provider,
    candidate: &Candidate,
    headers: &mut HeaderMap,
) -> Result<(), NotCarried> {
    if !matches!(provider.key, KeySource::Keychain | KeySource::Env(_)) {
        return Ok(());
    }
    let key = context.ports.keys.key(&provider.name).await.map_err(NotCarried::Key)?;
    // Keys are bound to an address, and this request may have begun under another one.
    let now = context.ports.routes.setup();
    if now.provider(&provider.name).is_none_or(|p| p.base_url != provider.base_url) {
        return Err(NotCarried::Key(KeyProblem::Moved { provider: provider.name.clone() }));
    }
    attach(headers, provider, candidate.endpoint, &key);
    Ok(())
}

fn as_it_came(
    asked: &Asked,
    provider: &Provider,
    candidate: &Candidate,
    mut headers: HeaderMap,
    asks_usage: bool,
) -> Carried {
    let target = &asked.accepted.target;
    let renames = candidate.rewrite && target.model.is_none();
    let model = renames.then_some(candidate.route.model.as_str());
    let own = without_foreign_thoughts(asked);
    let (body, changed) = match &own {
        Some((json, facts)) => (Bytes::from(with_both(json, facts, model, asks_usage)), true),
        None if renames || asks_usage => {
            (Bytes::from(with_both(asked.json(), &asked.facts, model, asks_usage)), true)
        }
        None => (asked.body.clone(), false),
    };
    if changed && asked.plain.is_some() {
        headers.remove(header::CONTENT_ENCODING);
    }
    if asks_usage {
        // The added chunk must be found and taken out again, which needs plain text.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    let query = asked.accepted.query.as_deref();
    let url = address(provider, target, &candidate.route.model, query);
    Carried {
        out: outbound_to(provider, url, headers, body),
        way: Way::AsItCame { hides_usage: asks_usage, thoughts_left_out: own.is_some() },
    }
}

/// The body without the thoughts of another vendor's model that a translated answer left, marked, in
/// the client's history: its own vendor refuses signatures it did not make.
fn without_foreign_thoughts(asked: &Asked) -> Option<(Vec<u8>, Facts)> {
    let endpoint = asked.accepted.target.endpoint;
    let left = hub::without_marked(endpoint, asked.json())?;
    // Places of the facts have moved. What was sound stays sound, so this does not fail.
    let facts = facts::read(endpoint, &left).ok()?;
    Some((left, facts))
}

fn translated(
    asked: &Asked,
    provider: &Provider,
    candidate: &Candidate,
    headers: HeaderMap,
    (asks_usage, local): (bool, &Admitted),
) -> Result<Carried, NotCarried> {
    let model = candidate.route.model.as_str();
    let form = Form::of(candidate.endpoint).expect("a conversation is planned in a form");
    let mut traits = Traits::of(form, model, provider.local);
    traits.stream_usage = asks_usage;
    traits.context = local.room.now;
    traits.told(local.able.0, local.able.1);
    let from = hub::Asked {
        endpoint: asked.accepted.target.endpoint,
        body: asked.json(),
        model: &asked.model,
    };
    let done =
        hub::request(&from, &hub::Target { form, model, traits }).map_err(NotCarried::Rejected)?;
    let target = Target {
        endpoint: candidate.endpoint,
        model: None,
        sse: candidate.endpoint == Endpoint::GenerateStream,
        version: None,
    };
    // A client's query speaks of its own dialect; only Gemini's framing is asked for in one.
    let query = target.sse.then_some("alt=sse");
    let url = address(provider, &target, model, query);
    let crossing = Crossing {
        back: done.back,
        form,
        endpoint: candidate.endpoint,
        // Inside a text these quotes would be escaped.
        marks_cache: memchr::memmem::find(&done.body, b"\"cache_control\":").is_some(),
        dropped: codes(&done.dropped),
    };
    Ok(Carried {
        out: outbound_to(provider, url, headers, Bytes::from(done.body)),
        way: Way::Translated(Box::new(crossing)),
    })
}

fn codes(dropped: &[hub::Drop]) -> Option<String> {
    let codes: Vec<String> = dropped.iter().map(ToString::to_string).collect();
    (!codes.is_empty()).then(|| codes.join(","))
}

fn outbound_to(provider: &Provider, url: String, headers: HeaderMap, body: Bytes) -> Outbound {
    Outbound {
        url,
        method: Method::POST,
        headers,
        body,
        // Plain http is only ever configured for this machine and its own network.
        local: provider.local || provider.base_url.starts_with("http://"),
    }
}
