//! The faults: what the primary does instead of answering, in a stream and in a whole answer.

use crate::failover::course::{Lane, unended, up_to};
use std::time::Duration;
use weir_tests::answers::Reply;
use weir_tests::{Answer, Kind, Step, http1};

/// Words of an answer.
pub const WORDS: usize = 12;

/// One kind of fault.
pub struct Fault {
    pub name: &'static str,
    pub answer: fn(&Met) -> Answer,
    pub class: Class,
    /// How often the same route may be asked in all, where nobody else can be.
    pub chances: usize,
}

/// What a fault is to the client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Its own mistake, or one nobody else can make good.
    Own,
    /// Before the first content.
    Early,
    /// It says nothing and waits: alone, only its client could end that.
    Silent,
    /// Inside a stream, after its first content; in a whole answer the client has seen nothing.
    Late,
    /// No fault after all: the answer is whole, in a shape that has to be borne.
    Odd,
    /// The same, but for a translation, which cannot know what is missing.
    Damaged,
}

/// A request that meets a fault.
pub struct Met {
    pub lane: Lane,
    pub stream: bool,
    /// A name for the answer's words.
    pub who: String,
    /// The word at which it happens, from 2 to `WORDS - 1`.
    pub place: usize,
}

/// Asked again at one route, at most.
const AGAIN: usize = 3;
/// What a provider may have billed is asked once more.
const ONCE_MORE: usize = 2;
pub const NEVER: usize = 1;

const fn fault(
    name: &'static str,
    class: Class,
    chances: usize,
    answer: fn(&Met) -> Answer,
) -> Fault {
    Fault { name, answer, class, chances }
}

const fn own(name: &'static str, answer: fn(&Met) -> Answer) -> Fault {
    fault(name, Class::Own, NEVER, answer)
}

const fn early(name: &'static str, chances: usize, answer: fn(&Met) -> Answer) -> Fault {
    fault(name, Class::Early, chances, answer)
}

const fn silent(name: &'static str, answer: fn(&Met) -> Answer) -> Fault {
    fault(name, Class::Silent, NEVER, answer)
}

const fn late(name: &'static str, chances: usize, answer: fn(&Met) -> Answer) -> Fault {
    fault(name, Class::Late, chances, answer)
}

const fn odd(name: &'static str, answer: fn(&Met) -> Answer) -> Fault {
    fault(name, Class::Odd, NEVER, answer)
}

const fn damaged(name: &'static str, answer: fn(&Met) -> Answer) -> Fault {
    fault(name, Class::Damaged, ONCE_MORE, answer)
}

impl Met {
    fn status(&self, status: u16, code: &str) -> Reply {
        self.lane.error(status, code, "the provider's own words about the model")
    }

    /// The answer as it should be.
    pub fn well(&self) -> Reply {
        let turn = self.lane.turn_of(WORDS, &self.who, self.lane.models()[1]);
        if self.stream { turn.stream() } else { turn.whole() }
    }

    /// The answer up to and with a word, its last one by its number.
    fn until(&self, words: usize) -> Reply {
        let word = format!("{}{:02} ", self.who, words - 1);
        if self.stream {
            return up_to(self.well(), &word);
        }
        let mut reply = Reply { sized: false, told: None, ..self.well() };
        let at = http1::find(&reply.frames[0], word.as_bytes()).expect("the word is said");
        reply.frames[0].truncate(at + word.len());
        reply
    }

    fn to_place(&self) -> Reply {
        self.until(self.place)
    }

    /// Up to the middle of the event that says the word at its place.
    fn half(&self) -> Reply {
        let mut reply = self.to_place();
        let last = reply.frames.last_mut().expect("a frame");
        last.truncate(last.len() / 2);
        reply
    }

    /// What comes before the first content.
    fn lifecycle(&self) -> Reply {
        let mut reply = self.until(1);
        if self.stream {
            reply.frames.pop();
        } else {
            reply.frames[0].truncate(9);
        }
        reply
    }

    /// A stream with a frame put in at its place, its usage kept track of.
    fn with_frame(&self, frame: &[u8]) -> Answer {
        let mut reply = self.well();
        if self.stream {
            let at = self.to_place().frames.len();
            reply.frames.insert(at, frame.to_vec());
            if let Some((told, _, _)) = &mut reply.told {
                *told += 1;
            }
        }
        reply.answer()
    }

    fn error_event(&self, code: &str) -> Vec<u8> {
        let body = self.lane.error(200, code, "inside the stream").frames.concat();
        let body = String::from_utf8(body).expect("text");
        match self.lane.served {
            Kind::Messages => format!("event: error\ndata: {body}\n\n"),
            Kind::Responses => {
                let failed = format!(
                    r#"{{"type":"response.failed","response":{{"status":"failed","error":{{"code":"{code}","message":"inside the stream"}}}}}}"#
                );
                format!("event: response.failed\ndata: {failed}\n\n")
            }
            _ => format!("data: {body}\n\n"),
        }
        .into_bytes()
    }

    /// An error inside a success, after `begun`.
    fn told(&self, mut begun: Reply, code: &str) -> Answer {
        if !self.stream {
            return self.lane.error(200, code, "inside the stream").answer();
        }
        begun.frames.push(self.error_event(code));
        begun.answer()
    }

    fn told_early(&self, code: &str) -> Answer {
        self.told(self.lifecycle(), code)
    }
}

fn raw(bytes: &str) -> Answer {
    Answer::raw(bytes.as_bytes())
}

const PAUSE: Step = Step::Wait(Duration::from_millis(30));

/// The bytes of an answer, re-cut.
fn recut(answer: Answer, step: fn(Vec<u8>) -> Step) -> Answer {
    let told = answer.told.clone();
    Answer { steps: vec![step(answer.bytes())], told }
}

/// Every kind.
pub const FAULTS: &[Fault] = &[
    own("400", |m| m.status(400, "invalid_request_error").answer()),
    own("400 server_error", |m| m.status(400, "server_error").answer()),
    own("422", |m| m.status(422, "invalid_request_error").answer()),
    own("400 context", |m| m.status(400, "context_length_exceeded").answer()),
    own("413", |m| m.status(413, "request_too_large").answer()),
    early("400 filter", NEVER, |m| m.status(400, "content_policy_violation").answer()),
    early("401", NEVER, |m| m.status(401, "authentication_error").answer()),
    early("402", NEVER, |m| m.status(402, "billing_error").answer()),
    early("403", NEVER, |m| m.status(403, "permission_error").answer()),
    early("404", NEVER, |m| m.status(404, "not_found_error").answer()),
    early("408", NEVER, |m| m.status(408, "timeout_error").answer()),
    early("409", AGAIN, |m| m.status(409, "conflict").answer()),
    early("429", AGAIN, |m| m.status(429, "rate_limit_error").answer()),
    early("429 soon", AGAIN, |m| m.status(429, "x").with("retry-after", "0.1").answer()),
    early("429 late", NEVER, |m| m.status(429, "x").with("retry-after", "30").answer()),
    early("429 absurd", AGAIN, |m| m.status(429, "x").with("retry-after", "-99999999").answer()),
    early("429 date", AGAIN, |m| {
        m.status(429, "x").with("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT").answer()
    }),
    early("429 quota", NEVER, |m| m.status(429, "insufficient_quota").answer()),
    early("429 spend limit", NEVER, |m| m.status(429, "enforced_spend_limit_reached").answer()),
    early("429 stop", NEVER, |m| m.status(429, "x").with("x-should-retry", "false").answer()),
    early("500", AGAIN, |m| m.status(500, "api_error").answer()),
    early("500 empty", AGAIN, |_| Reply::json(500, "").answer()),
    early("502 page", AGAIN, |_| Reply::json(502, "<html>bad gateway</html>").answer()),
    early("503", AGAIN, |m| m.status(503, "overloaded_error").answer()),
    early("504", NEVER, |m| m.status(504, "timeout_error").answer()),
    early("520", AGAIN, |_| Reply::json(520, "origin error").answer()),
    early("529", AGAIN, |m| m.status(529, "overloaded_error").answer()),
    early("redirect", NEVER, |_| {
        Reply::json(307, "").with("location", "http://127.0.0.1:1/").answer()
    }),
    early("error body cut", AGAIN, |_| {
        raw("HTTP/1.1 500 X\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"err")
    }),
    early("reset at once", ONCE_MORE, |_| Answer { steps: vec![Step::Reset], told: None }),
    early("closed at once", ONCE_MORE, |_| Answer { steps: vec![Step::Cut], told: None }),
    early("half a head", ONCE_MORE, |_| raw("HTTP/1.1 200 OK\r\ncontent-ty")),
    early("head reset", ONCE_MORE, |_| Answer {
        steps: vec![Step::Send(b"HTTP/1.1 200 OK\r\nx: ".to_vec()), PAUSE, Step::Reset],
        told: None,
    }),
    early("no HTTP", ONCE_MORE, |_| raw("220 smtp.example ESMTP ready\r\n")),
    early("bad length", ONCE_MORE, |_| raw("HTTP/1.1 200 OK\r\ncontent-length: minus\r\n\r\n{}")),
    early("empty body", ONCE_MORE, |_| {
        raw(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        )
    }),
    early("a page", NEVER, |_| {
        raw(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: 13\r\n\r\n<html></html>",
        )
    }),
    early("no answer in JSON", ONCE_MORE, |_| Reply::json(200, "{\"broken\": [").answer()),
    early("an error in JSON", AGAIN, |m| {
        Reply::json(200, m.status(200, "overloaded_error").frames.concat()).answer()
    }),
    silent("no head", |_| Answer { steps: vec![Step::Stall], told: None }),
    silent("half a head and silence", |_| Answer {
        steps: vec![Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Step::Stall],
        told: None,
    }),
    silent("a head and silence", |m| {
        let mut answer = m.lifecycle().answer();
        answer.steps.truncate(1);
        answer.steps.push(Step::Stall);
        answer
    }),
    silent("a beginning and silence", |m| unended(m.lifecycle().answer(), vec![Step::Stall])),
    silent("only comments", |m| {
        let mut reply = m.lifecycle();
        if m.stream {
            reply.frames.extend((0..20).map(|_| b": working\n\n".to_vec()));
        }
        unended(reply.answer(), vec![Step::Stall])
    }),
    silent("a late first word", |m| {
        let mut answer = m.well().answer();
        answer.steps.insert(1, Step::Wait(Duration::from_secs(2)));
        answer
    }),
    early("a beginning and its end", ONCE_MORE, |m| m.lifecycle().answer()),
    early("a beginning and a cut", ONCE_MORE, |m| unended(m.lifecycle().answer(), vec![Step::Cut])),
    early("a beginning and a reset", ONCE_MORE, |m| {
        unended(m.lifecycle().answer(), vec![PAUSE, Step::Reset])
    }),
    early("overloaded in the stream", AGAIN, |m| m.told_early("overloaded_error")),
    early("limited in the stream", AGAIN, |m| m.told_early("rate_limit_exceeded")),
    early("failed in the stream", AGAIN, |m| m.told_early("api_error")),
    own("context in the stream", |m| m.told_early("context_length_exceeded")),
    late("closed inside", ONCE_MORE, |m| unended(m.to_place().answer(), vec![Step::Cut])),
    late("reset inside", ONCE_MORE, |m| unended(m.to_place().answer(), vec![PAUSE, Step::Reset])),
    late("ended inside", ONCE_MORE, |m| m.to_place().answer()),
    late("silent inside", NEVER, |m| unended(m.to_place().answer(), vec![Step::Stall])),
    late("failed inside", NEVER, |m| m.told(m.to_place(), "api_error")),
    late("half an event", ONCE_MORE, |m| unended(m.half().answer(), vec![Step::Cut])),
    late("half an event and the end", ONCE_MORE, |m| m.half().answer()),
    late("half an event, byte by byte", ONCE_MORE, |m| {
        let mut answer = recut(unended(m.half().answer(), Vec::new()), Step::Drip);
        answer.steps.push(Step::Cut);
        answer
    }),
    damaged("a damaged event", |m| m.with_frame(b"data: {\"x\": [\n\n")),
    odd("a comment inside", |m| m.with_frame(b": still here\n\n")),
    odd("an unknown event", |m| m.with_frame(b"event: new\ndata: {\"type\":\"new.thing\"}\n\n")),
    odd("byte by byte", |m| recut(m.well().answer(), Step::Drip)),
    odd("all at once", |m| recut(m.well().answer(), Step::Send)),
    odd("a pause inside", |m| {
        let mut answer = m.well().answer();
        let at = answer.steps.len() / 2;
        answer.steps.insert(at, Step::Wait(Duration::from_millis(300)));
        answer
    }),
    odd("a long beginning", |m| {
        let mut reply = m.well();
        if !m.stream {
            return reply.answer();
        }
        let at = m.lifecycle().frames.len();
        // More events, or more bytes, than are held back before the first content.
        let (many, bytes) = if m.place % 2 == 0 { (70, 10) } else { (20, 15_000) };
        for _ in 0..many {
            reply.frames.insert(at, format!(": {}\n\n", "x".repeat(bytes)).into_bytes());
        }
        if let Some((told, _, _)) = &mut reply.told {
            *told += many;
        }
        reply.answer()
    }),
    odd("no last word", |m| {
        let mut reply = m.well();
        reply.frames.retain(|frame| frame != b"data: [DONE]\n\n");
        reply.answer()
    }),
    odd("no last chunk", |m| match m.stream {
        true => unended(m.well().answer(), vec![Step::Cut]),
        // Its length says where it ends.
        false => m.well().answer(),
    }),
    odd("a length", |m| Reply { sized: true, ..m.well() }.answer()),
];
