//! Questions to local servers outside any request: is it there, what does it hold, load, unload.
//! Owns their limits: a wait, a largest answer, no redirect, no proxy, no kept connection. Decides
//! nothing; what an answer means is the engine's business.

use crate::secret::Secret;
use crate::upstream::attach;
use http::{HeaderMap, HeaderValue, Method, header};
use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;
use weir_core::Endpoint;
use weir_core::route::Provider;

/// Largest answer that is kept, in bytes; of a longer one the start is.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// One question.
#[derive(Clone, Debug)]
pub struct Question {
    /// `GET` for whatever only looks; a `POST` changes something or asks a read-only question
    /// that takes a body.
    pub method: Method,
    /// Where to.
    pub url: String,
    /// JSON to send.
    pub body: Option<String>,
    /// The longest wait for the whole answer.
    pub wait: Duration,
}

impl Question {
    /// A look that changes nothing.
    pub fn get(url: impl Into<String>, wait: Duration) -> Self {
        Self { method: Method::GET, url: url.into(), body: None, wait }
    }

    /// An order with a JSON body.
    pub fn post(url: impl Into<String>, body: String, wait: Duration) -> Self {
        Self { method: Method::POST, url: url.into(), body: Some(body), wait }
    }
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// The `Server` header. Neither it nor the body holds the key that was sent.
    pub server: Option<String>,
    /// The body, or the start of it.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// Nobody listens there, or no way leads there.
    #[error("nothing listens there")]
    Absent,
    /// It listens and said nothing in time.
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// It broke off, or spoke something else than HTTP.
    #[error("{0}")]
    Broke(String),
}

/// Asks. Makes its client when it is first needed.
#[derive(Debug, Default)]
pub struct Prober {
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl Prober {
    /// Asks one question. `key` is sent as the provider's own key would be.
    ///
    /// # Errors
    /// Why there is no answer; the text names no key.
    pub async fn ask(
        &self,
        question: Question,
        key: Option<(&Provider, &Secret)>,
    ) -> Result<Heard, Silence> {
        let wait = question.wait;
        match tokio::time::timeout(wait, self.exchange(question, key)).await {
            Ok(heard) => heard,
            Err(_) => Err(Silence::Late(wait)),
        }
    }

    async fn exchange(
        &self,
        question: Question,
        key: Option<(&Provider, &Secret)>,
    ) -> Result<Heard, Silence> {
        let made = self.client.get_or_init(|| client().map_err(|e| e.to_string()));
        let client = made.as_ref().map_err(|why| Silence::Broke(why.clone()))?;
        let mut headers = HeaderMap::new();
        if let Some((provider, key)) = key {
            attach(&mut headers, provider, Endpoint::Models, key);
        }
        let mut request = client.request(question.method, &question.url);
        if let Some(body) = question.body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request = request.body(body);
        }
        let mut answer = request.headers(headers).send().await.map_err(silence)?;
        let server = answer.headers().get(header::SERVER);
        let server = server.and_then(|v| v.to_str().ok()).map(str::to_owned);
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(silence)? {
            let room = ANSWER_BYTES_MAX - body.len();
            body.extend_from_slice(&piece[..piece.len().min(room)]);
            if body.len() == ANSWER_BYTES_MAX {
                break;
            }
        }
        let mask = key.map(|(_, key)| key.mask()).unwrap_or_default();
        mask.blot(&mut body);
        Ok(Heard { status, server: server.map(|name| mask.name(name)), body })
    }
}

/// Runs a future to its end from a thread that may block. Works with and without a runtime around
/// it, and never holds one up: the future gets a thread and a runtime of its own.
///
/// # Errors
/// When the system gives no runtime, or the future panicked.
pub fn blocking<T: Send>(ask: impl Future<Output = T> + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let asked = scope.spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|e| e.to_string())
                .map(|runtime| runtime.block_on(ask))
        });
        asked.join().unwrap_or_else(|_| Err("the question failed".to_owned()))
    })
}

fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // What is meant for the user's own machines must not go through a company's proxy.
        .no_proxy()
        .http1_only()
        // Questions are rare; a kept connection would only keep a server awake.
        .pool_max_idle_per_host(0)
        .build()
}

fn silence(error: reqwest::Error) -> Silence {
    if error.is_connect() {
        return Silence::Absent;
    }
    let error = error.without_url();
    let mut last: &dyn std::error::Error = &error;
    while let Some(next) = last.source() {
        last = next;
    }
    Silence::Broke(last.to_string())
}
