//! Ollama's own `/api/chat`: one object a line, or one object whole. A call comes whole, without an
//! id on older servers.

use super::super::fault::Fault;
use super::super::lanes::{Flow, Lanes, RawCall};
use super::super::{Delta, Opening, scan, stops};
use super::Read;
use crate::json::Value;

pub(super) struct Ollama;

impl Ollama {
    fn message(message: Value<'_>, lanes: &mut Lanes) {
        let [content, thinking, calls] = message.pick(["content", "thinking", "tool_calls"]);
        lanes.flow(0, Flow::Thinking, scan::full(thinking).unwrap_or_default());
        lanes.flow(0, Flow::Text, scan::full(content).unwrap_or_default());
        let Some(calls) = calls else { return };
        calls.each_item(|call| {
            let [id, function] = call.pick(["id", "function"]);
            let [name, arguments] = function.map_or([None; 2], |f| f.pick(["name", "arguments"]));
            let key = lanes.key();
            let name = scan::full(name).unwrap_or_default();
            lanes.call(0, key, RawCall { id: scan::full(id), name, ..RawCall::default() });
            let arguments = arguments.map(|a| scan::text(a).unwrap_or_else(|| scan::raw(a)));
            lanes.add(0, key, Delta::Arguments(arguments.unwrap_or_default()));
            lanes.end(0, key);
        });
    }
}

impl Read for Ollama {
    fn event(&mut self, _name: &[u8], data: Value<'_>, lanes: &mut Lanes) -> bool {
        let [message, done, reason, error] = data.pick(["message", "done", "done_reason", "error"]);
        if let Some(error) = error {
            lanes.fail(Fault::read(error, None));
            return false;
        }
        lanes.open(Opening::default);
        lanes.choice(0);
        if let Some(message) = message {
            Self::message(message, lanes);
        }
        let over = done.and_then(|d| d.flag()) == Some(true);
        if over {
            lanes.ends(0, stops::from_ollama(&scan::full(reason).unwrap_or_default()));
        }
        over
    }

    fn document(&mut self, document: Value<'_>, lanes: &mut Lanes) {
        self.event(b"", document, lanes);
    }
}
