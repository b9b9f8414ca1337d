//! Whole answers: a provider's JSON answer in the client's form, as one document or, where the
//! client asked for a stream and the provider did not give one, as the stream it would have been.

use super::super::{Back, Form};
use super::fault::{Fault, FaultKind};
use super::lanes::Lanes;
use super::{Event, Failure, Stop, Told, failure, read, scan, write};
use crate::json::Value;
use crate::tap::UsageReading;
use std::sync::Arc;
use weir_core::Usage;

/// Why a whole answer cannot be translated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct BadAnswer(pub Fault);

impl BadAnswer {
    /// The response the client is given.
    pub fn failure(&self, back: &Back) -> Failure {
        failure::of_fault(back.client, &self.0)
    }
}

/// A provider's whole answer in the client's form.
///
/// # Errors
/// The body is not one JSON value, or it tells an error although its status said success.
pub fn answer(back: &Back, from: Form, body: &[u8]) -> Result<Vec<u8>, BadAnswer> {
    let shared = Arc::new(back.clone());
    let (events, usage) = events(&shared, from, body)?;
    let mut told = Told::default();
    events.into_iter().for_each(|event| told.take(event));
    Ok(write::whole(back, &told, usage.as_ref()))
}

/// A provider's whole answer as the stream the client asked for.
///
/// # Errors
/// As for `answer`.
pub fn replay(back: &Back, from: Form, body: &[u8]) -> Result<Vec<u8>, BadAnswer> {
    let shared = Arc::new(back.clone());
    let (events, usage) = events(&shared, from, body)?;
    let mut writer = write::writer(shared);
    let mut out = Vec::with_capacity(body.len() * 2);
    events.iter().for_each(|event| writer.event(event, usage.as_ref(), &mut out));
    writer.finish(usage.as_ref(), &mut out);
    Ok(out)
}

fn events(
    back: &Arc<Back>,
    from: Form,
    body: &[u8],
) -> Result<(Vec<Event>, Option<Usage>), BadAnswer> {
    let mended = if scan::sound(body) { None } else { scan::without_nan(body) };
    let text = mended.as_deref().unwrap_or(body);
    let sound = mended.is_some() || scan::sound(text);
    let document = Value::whole(text).filter(|_| sound).ok_or_else(|| {
        let words = "The provider's answer is not JSON, or it is cut.";
        BadAnswer(Fault::new(FaultKind::Api, words))
    })?;
    let mut lanes = Lanes::new(Arc::clone(back));
    let mut reader = read::reader(from);
    reader.document(document, &mut lanes);
    reader.finish(&mut lanes);
    lanes.stop_rest(&Stop::End);
    if !lanes.stopped() {
        let words = "The provider's answer holds no answer of its dialect.";
        lanes.fail(Fault::new(FaultKind::Api, words));
    }
    let mut events = Vec::new();
    for event in lanes.drain() {
        if let Event::Fail(fault) = event {
            return Err(BadAnswer(fault));
        }
        events.push(event);
    }
    let mut tap = UsageReading::new(from.endpoint(false));
    tap.document(document);
    Ok((events, tap.usage()))
}
