//! Token counts for a provider that has no such question in its own dialect: estimated here, said
//! to be so, free, and without a row, for nobody was asked.

use crate::body::ReplyBody;
use crate::pipeline::Context;
use crate::read::Asked;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, header};
use serde_json::json;
use weir_core::Endpoint;
use weir_core::route::NoRoute;
use weir_triage::tokens_likely;

/// Whether a count was asked of a provider that cannot be asked for one.
pub fn stands_in(asked: &Asked, problem: &NoRoute) -> bool {
    let counts =
        matches!(asked.accepted.target.endpoint, Endpoint::MessagesCount | Endpoint::GenerateCount);
    counts
        && matches!(
            problem,
            NoRoute::NotThere { .. } | NoRoute::TierNotThere { .. } | NoRoute::RuleNotThere { .. }
        )
}

/// The estimate, as the caller's dialect says it.
pub fn estimate(context: &Context, asked: &Asked) -> Response<ReplyBody> {
    let tokens = tokens_likely(asked.json().len() as u64);
    let body = match asked.accepted.target.endpoint {
        Endpoint::GenerateCount => json!({"totalTokens": tokens}),
        _ => json!({"input_tokens": tokens}),
    };
    let mut response = Response::new(ReplyBody::full(Bytes::from(body.to_string())));
    let told = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (HeaderName::from_static("x-weir-request-id"), context.id.to_string()),
        (HeaderName::from_static("x-weir-reason"), "estimate".to_owned()),
    ];
    for (name, value) in told {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
