//! The only place that makes an error response. Every refusal of every stage ends here and leaves
//! in the caller's dialect, with the status on which that dialect's real clients stop.

use crate::body::ReplyBody;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use weir_core::{Dialect, RequestId};
use weir_wire::error_body::{Problem, ProblemKind, error_body};

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refused {
    /// What kind of failure, in the dialects' terms.
    pub kind: ProblemKind,
    /// The HTTP status.
    pub status: u16,
    /// For people: what, where, how to fix.
    pub message: String,
    /// A stable code for programs.
    pub code: Option<&'static str>,
    /// Seconds after which it may be tried again.
    pub retry_after_s: Option<u64>,
    /// Whether the client should be told not to try again by itself.
    pub stop: bool,
    /// Headers beside the usual ones.
    pub headers: Vec<(&'static str, String)>,
    /// Whether the connection must close, because the body was not read.
    pub close: bool,
}

impl Refused {
    /// A refusal with its usual status.
    pub fn new(kind: ProblemKind, status: u16, message: impl Into<String>) -> Self {
        Self {
            kind,
            status,
            message: message.into(),
            code: None,
            retry_after_s: None,
            stop: true,
            headers: Vec::new(),
            close: false,
        }
    }

    /// A fault of the request itself.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::BadRequest, 400, message)
    }

    /// The stable code for programs.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Trying again later can help.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self.stop = false;
        self
    }

    /// Trying again can help, at a time nobody knows.
    #[must_use]
    pub fn may_retry(mut self) -> Self {
        self.stop = false;
        self
    }

    /// Close the connection afterwards.
    #[must_use]
    pub fn close(mut self) -> Self {
        self.close = true;
        self
    }

    /// A further header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// The response for a refusal.
pub(crate) fn reply(
    refused: Refused,
    dialect: Dialect,
    id: Option<RequestId>,
) -> Response<ReplyBody> {
    let id_text = id.map(|id| id.to_string());
    let problem = Problem {
        kind: refused.kind,
        status: refused.status,
        message: &refused.message,
        code: refused.code,
        request_id: id_text.as_deref(),
    };
    let mut response = Response::new(ReplyBody::full(Bytes::from(error_body(dialect, &problem))));
    *response.status_mut() =
        StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if refused.stop {
        // Both official SDK families and Claude Code honour it; without it a 401 or a 402 is
        // retried for up to a minute.
        headers
            .insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
    }
    if let Some(seconds) = refused.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if refused.close {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(value) = id_text.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(HeaderName::from_static("x-weir-request-id"), value);
    }
    for (name, value) in refused.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}
