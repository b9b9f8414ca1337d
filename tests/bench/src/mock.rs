//! An instant provider: reads the whole request, counts it, answers with a fixed Anthropic message
//! or OpenAI chat completion, or with stream events: a burst, or one after the other at a pace. `GET /count` gives the number of requests answered.

use bytes::Bytes;
use futures_util::stream::{Stream, iter, unfold};
use http::{Method, Request, Response, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::interval;

/// What the provider says, made once.
struct Said {
    message: Answered,
    chat: Answered,
}

/// One dialect's answer, whole and as a stream.
struct Answered {
    whole: Bytes,
    head: Vec<Bytes>,
    /// The pieces of text; a longer stream begins them anew.
    deltas: Vec<Bytes>,
    tail: Vec<Bytes>,
}

/// Text pieces of a stream.
const STREAM_DELTAS: usize = 46;
/// Text pieces of a chat stream, so that it has as many events: it begins and ends with fewer.
const CHAT_DELTAS: usize = 48;
/// The model whose streams are long, as a request names it.
const LONG_MODEL: &[u8] = b"gpt-5-mini";
/// Text pieces of a long stream: two hours at fifty a second.
const LONG_DELTAS: usize = 360_000;
/// Between two events of a paced stream: five hundred a second, faster than models write.
const PACE: Duration = Duration::from_millis(2);

const USAGE: &str = r#""usage":{"input_tokens":812,"cache_creation_input_tokens":120,"cache_read_input_tokens":20480,"cache_creation":{"ephemeral_5m_input_tokens":120,"ephemeral_1h_input_tokens":0},"output_tokens":214}"#;
const CHAT_USAGE: &str = r#""usage":{"prompt_tokens":21412,"completion_tokens":214,"total_tokens":21626,"prompt_tokens_details":{"cached_tokens":20480},"completion_tokens_details":{"reasoning_tokens":0}}"#;

impl Said {
    fn new() -> Self {
        let text = "The file holds one function that prints twelve lines. ".repeat(8);
        let message = format!(
            r#"{{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","stop_sequence":null,{USAGE}}}"#
        );
        let chat = format!(
            r#"{{"id":"chatcmpl-01","object":"chat.completion","created":1795334400,"model":"gpt-5","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],{CHAT_USAGE}}}"#
        );
        Self { message: message_events(message), chat: chat_events(chat) }
    }

    fn in_dialect(&self, chat: bool) -> &Answered {
        if chat { &self.chat } else { &self.message }
    }
}

fn bytes(events: impl IntoIterator<Item = String>) -> Vec<Bytes> {
    events.into_iter().map(Bytes::from).collect()
}

fn message_events(whole: String) -> Answered {
    let head = [
        format!("event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"msg_01\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],\"stop_reason\":null,{}}}}}\n\n", USAGE.replace("214", "1")),
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n".to_owned(),
        "event: ping\ndata: {\"type\":\"ping\"}\n\n".to_owned(),
    ];
    let deltas = (0..STREAM_DELTAS).map(|n| format!("event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"word {n} of the answer \"}}}}\n\n"));
    let tail = [
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
            .to_owned(),
        format!(
            "event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}},{USAGE}}}\n\n"
        ),
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".to_owned(),
    ];
    Answered { whole: whole.into(), head: bytes(head), deltas: bytes(deltas), tail: bytes(tail) }
}

fn chat_events(whole: String) -> Answered {
    const HEAD: &str = r#"{"id":"chatcmpl-01","object":"chat.completion.chunk","created":1795334400,"model":"gpt-5","service_tier":"default","system_fingerprint":null,"#;
    let choice = |delta: &str, end: &str| {
        format!(
            "data: {HEAD}\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{end}}}],\"usage\":null}}\n\n"
        )
    };
    let head = [choice(r#"{"role":"assistant","content":"","refusal":null}"#, "null")];
    let deltas = (0..CHAT_DELTAS)
        .map(|n| choice(&format!(r#"{{"content":"word {n} of the answer "}}"#), "null"));
    let tail = [
        choice("{}", "\"stop\""),
        format!("data: {HEAD}\"choices\":[],{CHAT_USAGE}}}\n\n"),
        "data: [DONE]\n\n".to_owned(),
    ];
    Answered { whole: whole.into(), head: bytes(head), deltas: bytes(deltas), tail: bytes(tail) }
}

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// Serves until the process ends.
pub async fn serve(announce: fn(u16)) -> std::io::Result<()> {
    let said = Arc::new(Said::new());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    announce(listener.local_addr()?.port());
    let counted = Arc::new(AtomicU64::new(0));
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let (counted, said) = (Arc::clone(&counted), Arc::clone(&said));
        tokio::spawn(async move {
            let service =
                service_fn(move |request| answer(request, Arc::clone(&counted), Arc::clone(&said)));
            // A connection that breaks is the load generator's to notice.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    counted: Arc<AtomicU64>,
    said: Arc<Said>,
) -> Result<Answer, hyper::Error> {
    if request.method() == Method::GET {
        let count = counted.load(Ordering::Relaxed).to_string();
        return Ok(Response::new(Full::new(Bytes::from(count)).boxed()));
    }
    let chat = request.uri().path().ends_with("/chat/completions");
    let mut body = request.into_body();
    let (mut last, mut streams, mut paced) = (Bytes::new(), false, false);
    let mut deltas = if chat { CHAT_DELTAS } else { STREAM_DELTAS };
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data()
            && !data.is_empty()
        {
            // A gateway that translates may write the word anywhere, in either spelling.
            if chat {
                streams = streams || asks_for_stream(&data);
                let long = memchr::memmem::find(&data, LONG_MODEL).is_some();
                deltas = if long { LONG_DELTAS } else { deltas };
            }
            paced = paced || memchr::memmem::find(&data, crate::body::PACED.as_bytes()).is_some();
            last = data;
        }
    }
    counted.fetch_add(1, Ordering::Relaxed);
    // The load generator writes `"stream":true}` last.
    let streams = streams || last.ends_with(b"true}");
    let (kind, body) = if streams {
        let events = Events { said, chat, deltas, next: 0 };
        let body = if paced {
            BodyExt::boxed(StreamBody::new(at_a_pace(events)))
        } else {
            BodyExt::boxed(StreamBody::new(iter(events)))
        };
        ("text/event-stream", body)
    } else {
        ("application/json", Full::new(said.in_dialect(chat).whole.clone()).boxed())
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    Ok(response)
}

/// The events, each at its own moment after the first: one that is late does not move the next.
fn at_a_pace(events: Events) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> {
    unfold((interval(PACE), events), |(mut pace, mut events)| async move {
        pace.tick().await;
        Some((events.next()?, (pace, events)))
    })
}

fn asks_for_stream(body: &[u8]) -> bool {
    [b"\"stream\":true".as_slice(), b"\"stream\": true"]
        .iter()
        .any(|words| memchr::memmem::find(body, words).is_some())
}

/// The events of one answer, one after the other.
struct Events {
    said: Arc<Said>,
    chat: bool,
    deltas: usize,
    next: usize,
}

impl Iterator for Events {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn next(&mut self) -> Option<Self::Item> {
        let Answered { head, deltas, tail, .. } = self.said.in_dialect(self.chat);
        let (at, after) = (self.next, head.len() + self.deltas);
        let event = match head.get(at) {
            Some(event) => event,
            None if at < after => &deltas[(at - head.len()) % deltas.len()],
            None => tail.get(at - after)?,
        };
        self.next += 1;
        Some(Ok(Frame::data(event.clone())))
    }
}
