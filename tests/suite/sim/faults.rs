//! The faults: what the primary does instead of answering.

use crate::failover::course::{Lane, unended, up_to};
use std::time::Duration;
use weir_tests::answers::Reply;
use weir_tests::{Answer, Kind, Step};

/// One kind of fault.
pub struct Fault {
    pub name: &'static str,
    /// The lane, a name for the answer's words, and a place in it (a word's number).
    pub answer: fn(Lane, &str, usize) -> Answer,
    /// Whether it says nothing and waits: alone, only its client could end that.
    pub silent: bool,
    /// Whether it happens before the first content.
    pub early: bool,
    /// Whether another candidate is asked at all.
    pub rescued: bool,
}

const fn early(name: &'static str, answer: fn(Lane, &str, usize) -> Answer) -> Fault {
    Fault { name, answer, silent: false, early: true, rescued: true }
}

const fn silent(name: &'static str, answer: fn(Lane, &str, usize) -> Answer) -> Fault {
    Fault { name, answer, silent: true, early: true, rescued: true }
}

/// The client's own mistake, or one nobody else can make good.
const fn own(name: &'static str, answer: fn(Lane, &str, usize) -> Answer) -> Fault {
    Fault { name, answer, silent: false, early: true, rescued: false }
}

const fn late(name: &'static str, answer: fn(Lane, &str, usize) -> Answer) -> Fault {
    Fault { name, answer, silent: false, early: false, rescued: true }
}

/// No fault after all: the answer is whole, in a shape that has to be borne.
const fn odd(name: &'static str, answer: fn(Lane, &str, usize) -> Answer) -> Fault {
    Fault { name, answer, silent: false, early: false, rescued: false }
}

fn status(lane: Lane, status: u16, code: &str) -> Reply {
    lane.error(status, code, "the provider's own words")
}

fn raw(bytes: &str) -> Answer {
    Answer::raw(bytes.as_bytes())
}

fn stream(lane: Lane, who: &str) -> Reply {
    lane.turn(who, lane.models()[1]).stream()
}

fn until(lane: Lane, who: &str, place: usize) -> Reply {
    up_to(stream(lane, who), &format!("{who}{:02} ", place - 1))
}

/// The frames before the first content.
fn lifecycle(lane: Lane, who: &str) -> Reply {
    let mut reply = until(lane, who, 1);
    reply.frames.pop();
    reply
}

/// A stream with a frame put in at a place, its usage kept track of.
fn with_frame(lane: Lane, who: &str, place: usize, frame: &[u8]) -> Reply {
    let mut reply = stream(lane, who);
    let at = until(lane, who, place).frames.len();
    reply.frames.insert(at, frame.to_vec());
    if let Some((told, _, _)) = &mut reply.told {
        *told += 1;
    }
    reply
}

fn error_event(lane: Lane, code: &str) -> Vec<u8> {
    let body = lane.error(200, code, "inside the stream").frames.concat();
    let body = String::from_utf8(body).expect("text");
    match lane.served {
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

fn told_early(lane: Lane, who: &str, code: &str) -> Answer {
    let mut reply = lifecycle(lane, who);
    reply.frames.push(error_event(lane, code));
    reply.answer()
}

const PAUSE: Step = Step::Wait(Duration::from_millis(30));

/// The bytes of an answer, re-cut.
fn recut(answer: Answer, step: fn(Vec<u8>) -> Step) -> Answer {
    let told = answer.told.clone();
    Answer { steps: vec![step(answer.bytes())], told }
}

/// Every kind.
pub const FAULTS: &[Fault] = &[
    own("400", |l, _, _| status(l, 400, "invalid_request_error").answer()),
    own("400 server_error", |l, _, _| status(l, 400, "server_error").answer()),
    own("422", |l, _, _| status(l, 422, "invalid_request_error").answer()),
    own("400 context", |l, _, _| status(l, 400, "context_length_exceeded").answer()),
    own("413", |l, _, _| status(l, 413, "request_too_large").answer()),
    early("400 filter", |l, _, _| status(l, 400, "content_policy_violation").answer()),
    early("401", |l, _, _| status(l, 401, "authentication_error").answer()),
    early("402", |l, _, _| status(l, 402, "billing_error").answer()),
    early("403", |l, _, _| status(l, 403, "permission_error").answer()),
    early("404", |l, _, _| status(l, 404, "not_found_error").answer()),
    early("408", |l, _, _| status(l, 408, "timeout_error").answer()),
    early("409", |l, _, _| status(l, 409, "conflict").answer()),
    early("429", |l, _, _| status(l, 429, "rate_limit_error").answer()),
    early("429 soon", |l, _, _| status(l, 429, "x").with("retry-after", "0.1").answer()),
    early("429 late", |l, _, _| status(l, 429, "x").with("retry-after", "30").answer()),
    early("429 absurd", |l, _, _| status(l, 429, "x").with("retry-after", "-99999999").answer()),
    early("429 date", |l, _, _| {
        status(l, 429, "x").with("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT").answer()
    }),
    early("429 quota", |l, _, _| status(l, 429, "insufficient_quota").answer()),
    early("429 spend limit", |l, _, _| status(l, 429, "enforced_spend_limit_reached").answer()),
    early("429 stop", |l, _, _| status(l, 429, "x").with("x-should-retry", "false").answer()),
    early("500", |l, _, _| status(l, 500, "api_error").answer()),
    early("500 empty", |_, _, _| Reply::json(500, "").answer()),
    early("502 page", |_, _, _| Reply::json(502, "<html>bad gateway</html>").answer()),
    early("503", |l, _, _| status(l, 503, "overloaded_error").answer()),
    early("504", |l, _, _| status(l, 504, "timeout_error").answer()),
    early("520", |_, _, _| Reply::json(520, "origin error").answer()),
    early("529", |l, _, _| status(l, 529, "overloaded_error").answer()),
    early("redirect", |_, _, _| {
        Reply::json(307, "").with("location", "http://127.0.0.1:1/").answer()
    }),
    early("error body cut", |_, _, _| {
        raw("HTTP/1.1 500 X\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"err")
    }),
    early("reset at once", |_, _, _| Answer { steps: vec![Step::Reset], told: None }),
    early("closed at once", |_, _, _| Answer { steps: vec![Step::Cut], told: None }),
    early("half a head", |_, _, _| raw("HTTP/1.1 200 OK\r\ncontent-ty")),
    early("head reset", |_, _, _| Answer {
        steps: vec![Step::Send(b"HTTP/1.1 200 OK\r\nx: ".to_vec()), PAUSE, Step::Reset],
        told: None,
    }),
    early("no HTTP", |_, _, _| raw("220 smtp.example ESMTP ready\r\n")),
    early("bad length", |_, _, _| raw("HTTP/1.1 200 OK\r\ncontent-length: minus\r\n\r\n{}")),
    early("empty body", |_, _, _| {
        raw(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        )
    }),
    early("a page", |_, _, _| {
        raw(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: 13\r\n\r\n<html></html>",
        )
    }),
    early("no answer in JSON", |_, _, _| Reply::json(200, "{\"broken\": [").answer()),
    early("an error in JSON", |l, _, _| {
        Reply::json(200, status(l, 200, "overloaded_error").frames.concat()).answer()
    }),
    silent("no head", |_, _, _| Answer { steps: vec![Step::Stall], told: None }),
    silent("half a head and silence", |_, _, _| Answer {
        steps: vec![Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Step::Stall],
        told: None,
    }),
    silent("a head and silence", |l, who, _| {
        let mut answer = lifecycle(l, who).answer();
        answer.steps.truncate(1);
        answer.steps.push(Step::Stall);
        answer
    }),
    silent("a beginning and silence", |l, who, _| {
        unended(lifecycle(l, who).answer(), vec![Step::Stall])
    }),
    silent("only comments", |l, who, _| {
        let mut reply = lifecycle(l, who);
        reply.frames.extend((0..20).map(|_| b": working\n\n".to_vec()));
        unended(reply.answer(), vec![Step::Stall])
    }),
    silent("a late first word", |l, who, _| {
        let mut answer = stream(l, who).answer();
        answer.steps.insert(1, Step::Wait(Duration::from_millis(900)));
        answer
    }),
    early("a beginning and its end", |l, who, _| lifecycle(l, who).answer()),
    early("a beginning and a cut", |l, who, _| {
        unended(lifecycle(l, who).answer(), vec![Step::Cut])
    }),
    early("a beginning and a reset", |l, who, _| {
        unended(lifecycle(l, who).answer(), vec![PAUSE, Step::Reset])
    }),
    early("overloaded in the stream", |l, who, _| told_early(l, who, "overloaded_error")),
    early("limited in the stream", |l, who, _| told_early(l, who, "rate_limit_exceeded")),
    early("failed in the stream", |l, who, _| told_early(l, who, "api_error")),
    own("context in the stream", |l, who, _| told_early(l, who, "context_length_exceeded")),
    late("closed inside", |l, who, at| unended(until(l, who, at).answer(), vec![Step::Cut])),
    late("reset inside", |l, who, at| {
        unended(until(l, who, at).answer(), vec![PAUSE, Step::Reset])
    }),
    late("ended inside", |l, who, at| until(l, who, at).answer()),
    late("silent inside", |l, who, at| unended(until(l, who, at).answer(), vec![Step::Stall])),
    late("failed inside", |l, who, at| {
        let mut reply = until(l, who, at);
        reply.frames.push(error_event(l, "api_error"));
        reply.answer()
    }),
    late("half an event", |l, who, at| {
        let mut reply = until(l, who, at);
        let last = reply.frames.last_mut().expect("a frame");
        last.truncate(last.len() / 2);
        unended(reply.answer(), vec![Step::Cut])
    }),
    odd("a damaged event", |l, who, at| with_frame(l, who, at, b"data: {\"x\": [\n\n").answer()),
    odd("a comment inside", |l, who, at| with_frame(l, who, at, b": still here\n\n").answer()),
    odd("an unknown event", |l, who, at| {
        with_frame(l, who, at, b"event: new\ndata: {\"type\":\"new.thing\"}\n\n").answer()
    }),
    odd("byte by byte", |l, who, _| recut(stream(l, who).answer(), Step::Drip)),
    odd("all at once", |l, who, _| recut(stream(l, who).answer(), Step::Send)),
    odd("a pause inside", |l, who, at| {
        let mut answer = stream(l, who).answer();
        answer.steps.insert(at + 2, Step::Wait(Duration::from_millis(300)));
        answer
    }),
    odd("a long beginning", |l, who, _| {
        let mut reply = stream(l, who);
        let at = lifecycle(l, who).frames.len();
        for _ in 0..200 {
            reply.frames.insert(at, format!(": {}\n\n", "x".repeat(2_000)).into_bytes());
        }
        if let Some((told, _, _)) = &mut reply.told {
            *told += 200;
        }
        reply.answer()
    }),
    odd("no last word", |l, who, _| {
        let mut reply = stream(l, who);
        reply.frames.retain(|frame| frame != b"data: [DONE]\n\n");
        reply.answer()
    }),
    odd("no last chunk", |l, who, _| unended(stream(l, who).answer(), vec![Step::Cut])),
    odd("a length", |l, who, _| {
        let mut reply = stream(l, who);
        reply.sized = true;
        reply.answer()
    }),
];
