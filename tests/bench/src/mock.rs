//! An instant provider: reads the whole request, counts it, answers with a fixed Anthropic
//! message or a burst of stream events. `GET /count` gives the number of requests answered.

use bytes::Bytes;
use futures_util::stream::iter;
use http::{Method, Request, Response, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use tokio::net::TcpListener;

const USAGE: &str = r#""usage":{"input_tokens":812,"cache_creation_input_tokens":120,"cache_read_input_tokens":20480,"cache_creation":{"ephemeral_5m_input_tokens":120,"ephemeral_1h_input_tokens":0},"output_tokens":214}"#;
const STREAM_DELTAS: usize = 46;

static MESSAGE: LazyLock<Bytes> = LazyLock::new(|| {
    let text = "The file holds one function that prints twelve lines. ".repeat(8);
    format!(r#"{{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","stop_sequence":null,{USAGE}}}"#).into()
});

static EVENTS: LazyLock<Vec<Bytes>> = LazyLock::new(|| {
    let mut events = vec![
        format!("event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"msg_01\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],\"stop_reason\":null,{}}}}}\n\n", USAGE.replace("214", "1")),
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n".to_owned(),
        "event: ping\ndata: {\"type\":\"ping\"}\n\n".to_owned(),
    ];
    events.extend((0..STREAM_DELTAS).map(|n| format!("event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"word {n} of the answer \"}}}}\n\n")));
    events.push(
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
            .to_owned(),
    );
    events.push(format!("event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}},{USAGE}}}\n\n"));
    events.push("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".to_owned());
    events.into_iter().map(Bytes::from).collect()
});

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// Serves until the process ends.
pub async fn serve(announce: fn(u16)) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    announce(listener.local_addr()?.port());
    let counted = Arc::new(AtomicU64::new(0));
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let counted = Arc::clone(&counted);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&counted)));
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
) -> Result<Answer, hyper::Error> {
    if request.method() == Method::GET {
        let count = counted.load(Ordering::Relaxed).to_string();
        return Ok(Response::new(Full::new(Bytes::from(count)).boxed()));
    }
    let mut body = request.into_body();
    let mut last = Bytes::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data()
            && !data.is_empty()
        {
            last = data;
        }
    }
    counted.fetch_add(1, Ordering::Relaxed);
    // The load generator writes `"stream":true}` last.
    let (kind, body) = if last.ends_with(b"true}") {
        let frames = EVENTS.iter().cloned().map(|event| Ok(Frame::data(event)));
        ("text/event-stream", BodyExt::boxed(StreamBody::new(iter(frames))))
    } else {
        ("application/json", Full::new(MESSAGE.clone()).boxed())
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    Ok(response)
}
