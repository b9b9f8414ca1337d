//! Gemini `generateContent` and `streamGenerateContent`. Parts come whole or as text that goes on;
//! a call's arguments are an object. What the model ran itself (code, searches) and citations are
//! left out by rule.

use super::super::super::seal::{Maker, Seal};
use super::super::fault::Fault;
use super::super::lanes::{Flow, Lanes, RawCall};
use super::super::scan;
use super::super::{Delta, Opening, Piece, Stop, stops};
use super::Read;
use crate::json::Value;
use std::borrow::Cow;

pub(super) struct Gemini;

impl Gemini {
    fn read(chunk: Value<'_>, lanes: &mut Lanes) {
        let [id, candidates, feedback, error] =
            chunk.pick(["responseId", "candidates", "promptFeedback", "error"]);
        if let Some(error) = error {
            return lanes.fail(Fault::read(error, None));
        }
        lanes.open(|| Opening { id: scan::full(id), created: None });
        if let Some(candidates) = candidates {
            candidates.each_item(|candidate| Self::candidate(candidate, lanes));
        }
        let blocked = feedback.and_then(|f| f.get("blockReason")).and_then(scan::text);
        if blocked.is_some_and(|reason| !reason.is_empty()) {
            lanes.choice(0);
            lanes.stop(0, Stop::Refused);
        }
    }

    fn candidate(candidate: Value<'_>, lanes: &mut Lanes) {
        let [index, content, finish, message, logprobs] =
            candidate.pick(["index", "content", "finishReason", "finishMessage", "logprobsResult"]);
        let choice = index.and_then(|i| i.count()).and_then(|i| u32::try_from(i).ok()).unwrap_or(0);
        lanes.choice(choice);
        if let Some(parts) = content.and_then(|c| c.get("parts")) {
            parts.each_item(|part| Self::part(choice, part, lanes));
        }
        if let Some(list) = logprobs.and_then(super::logprobs::from_gemini) {
            lanes.logprobs(choice, list);
        }
        let Some(reason) = scan::full(finish).filter(|f| f != "FINISH_REASON_UNSPECIFIED") else {
            return;
        };
        lanes.ends(choice, stops::from_gemini(&reason, scan::full(message)));
    }

    fn part(choice: u32, part: Value<'_>, lanes: &mut Lanes) {
        let [text, thought, signature, call, data] =
            part.pick(["text", "thought", "thoughtSignature", "functionCall", "inlineData"]);
        let seal =
            scan::full(signature).map(|data| Seal { by: Maker::Gemini, data: Cow::Owned(data) });
        if let Some(call) = call {
            let [id, name, args] = call.pick(["id", "name", "args"]);
            let name = scan::full(name).unwrap_or_default();
            let key = lanes.key();
            lanes.call(
                choice,
                key,
                RawCall { id: scan::full(id), name, seal, ..RawCall::default() },
            );
            lanes.add(choice, key, Delta::Arguments(args.map(scan::raw).unwrap_or_default()));
            return lanes.end(choice, key);
        }
        if let Some(data) = data {
            let [mime, bytes] = data.pick(["mimeType", "data"]);
            if let (Some(mime), Some(bytes)) = (scan::full(mime), scan::full(bytes)) {
                lanes.end_flow(choice);
                let key = lanes.key();
                lanes.begin(choice, key, Piece::Image(format!("data:{mime};base64,{bytes}")));
                lanes.end(choice, key);
            }
            return;
        }
        let text = scan::full(text).unwrap_or_default();
        if thought.and_then(|t| t.flag()) == Some(true) {
            lanes.flow(choice, Flow::Thinking, text);
            if let Some(seal) = seal {
                lanes.seal_flow(choice, seal);
            }
        } else {
            // A signature on plain text is left out by rule: Gemini asks for it back on calls only.
            lanes.flow(choice, Flow::Text, text);
        }
    }
}

impl Read for Gemini {
    fn event(&mut self, _name: &[u8], data: Value<'_>, lanes: &mut Lanes) -> bool {
        if data.is_array() {
            data.each_item(|item| Self::read(item, lanes));
        } else {
            Self::read(data, lanes);
        }
        false
    }

    fn document(&mut self, document: Value<'_>, lanes: &mut Lanes) {
        self.event(b"", document, lanes);
    }
}
