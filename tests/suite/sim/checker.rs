//! What a client may be given, exactly: the whole true answer of one provider, a provider's own
//! error, or an error event of the client's dialect after whole events of one answer.

use super::faults::{Class, WORDS};
use super::{FIRST_CONTENT, Plan};
use crate::failover::course::{Given, given};
use serde_json::Value;
use std::time::Duration;
use weir_tests::http1::{Head, find};
use weir_tests::{Kind, Response};

/// One answer of a provider, as it was to be sent.
#[derive(Clone)]
pub struct Sent {
    /// Whether it met the fault.
    pub faulty: bool,
    /// The name of its words.
    pub who: String,
    /// Its bytes, head and framing included.
    pub bytes: Vec<u8>,
}

/// What was sent, without its framing.
struct Said {
    status: u16,
    body: Vec<u8>,
    /// Whether all of the body was.
    whole: bool,
}

/// What the client was given.
#[derive(Debug, PartialEq, Eq)]
enum Got {
    /// The whole answer with this number.
    Answer(usize),
    /// An error before anything else.
    Error,
    /// So many words of the answer with this number, and an error event.
    Told(usize, usize),
}

/// What is wrong with how a request ended that took so long.
pub fn wrong(plan: &Plan, sent: &[Sent], response: &Response, took: Duration) -> Option<String> {
    let got = match got(plan, sent, response) {
        Ok(got) => got,
        Err(what) => return Some(format!("{what}: {} {}", response.status, response.text())),
    };
    let complaint = expected(plan, sent, &got, took >= FIRST_CONTENT)?;
    Some(format!("{complaint}, and it was {got:?}: {}", response.text()))
}

/// A sound answer for which the machine had no time counts as silence: `slow` says that it took as
/// long as silence is borne.
fn expected(plan: &Plan, sent: &[Sent], got: &Got, slow: bool) -> Option<&'static str> {
    let class = plan.fault.class;
    let live = plan.stream && !plan.hold;
    // A translation cannot know what a damaged event held.
    let damaged = class == Class::Damaged && plan.translated() && plan.stream;
    let whole = matches!(class, Class::Odd | Class::Damaged) && !damaged;
    let late = class == Class::Late || damaged;
    let good = match class {
        _ if whole => true,
        Class::Own => false,
        _ if late && live => false,
        _ if plan.chain => !plan.down,
        _ => plan.times < plan.fault.chances,
    };
    if sent.is_empty() || sent.len() > 6 {
        return Some("a request is asked once to six times");
    }
    if class == Class::Own && sent.len() > 1 {
        return Some("what is wrong everywhere is asked once");
    }
    match got {
        Got::Answer(number) if number + 1 != sent.len() => Some("nobody is asked after an answer"),
        Got::Answer(number) if sent[*number].faulty && !whole && class != Class::Silent => {
            Some("a faulty answer is none")
        }
        Got::Answer(_) if class == Class::Own => Some("it cannot be answered"),
        Got::Answer(_) => None,
        Got::Error if class == Class::Odd && slow => None,
        Got::Error | Got::Told(..) if good => Some("it is to be made good"),
        Got::Error if late && live => Some("it is told after what had come"),
        Got::Error => None,
        Got::Told(..) if !late || !live => Some("only a live stream is told"),
        Got::Told(number, _) if *number != 0 || sent.len() > 1 => {
            Some("after the commit point nobody is asked")
        }
        Got::Told(_, words) if *words != plan.whole_words() => {
            Some("every whole event is passed on")
        }
        Got::Told(..) => None,
    }
}

fn got(plan: &Plan, sent: &[Sent], response: &Response) -> Result<Got, String> {
    if !response.complete {
        return Err("its framing broke".into());
    }
    if let Some(count) = response.head.header("x-weir-attempts")
        && count.parse() != Ok(sent.len())
    {
        return Err(format!("x-weir-attempts is {count} of {}", sent.len()));
    }
    if response.status != 200 {
        return refused(plan, sent, response).map(|()| Got::Error);
    }
    if plan.translated() {
        translated(plan, sent, response)
    } else {
        as_it_came(plan, sent, response)
    }
}

/// An error response: a provider's own where one refused, else Weir's in the client's dialect.
fn refused(plan: &Plan, sent: &[Sent], response: &Response) -> Result<(), String> {
    let said: Vec<Said> = sent.iter().filter_map(|sent| said(&sent.bytes)).collect();
    let own =
        |said: &Said| said.whole && said.status == response.status && said.body == response.body;
    if !plan.translated() && said.iter().any(|said| said.status >= 400 && own(said)) {
        return Ok(());
    }
    if given(plan.lane.client, response) != Given::Error {
        return Err("no error of the dialect, nor a provider's own".into());
    }
    let refusals: Vec<String> = said.iter().filter_map(words_of).collect();
    let text = response.text();
    let told = refusals.iter().any(|words| text.contains(words.as_str()));
    if told || refusals.is_empty() {
        Ok(())
    } else {
        Err(format!("not what they said: {refusals:?}"))
    }
}

/// The words of a provider's refusal, whatever its status.
fn words_of(said: &Said) -> Option<String> {
    let text = String::from_utf8_lossy(&said.body);
    ["the provider's own words", "inside the stream", "down as well"]
        .into_iter()
        .find(|words| said.whole && text.contains(words))
        .map(str::to_owned)
}

/// The provider's own bytes: all of one answer, or its first events and an error.
fn as_it_came(plan: &Plan, sent: &[Sent], response: &Response) -> Result<Got, String> {
    for (number, sent) in sent.iter().enumerate() {
        let Some(said) = said(&sent.bytes).filter(|said| said.status == 200) else { continue };
        if !plan.stream {
            if said.whole && said.body == response.body {
                return Ok(Got::Answer(number));
            }
            continue;
        }
        let passed = passed(plan.lane.client, &said.body);
        let own_error = passed.iter().position(|event| is_error(event));
        if own_error.is_none() && response.body == passed.concat() {
            return Ok(Got::Answer(number));
        }
        if let Some(words) = told(&passed, own_error, response) {
            return Ok(Got::Told(number, words));
        }
    }
    Err("neither one answer nor its whole events and an error".into())
}

/// How many words came before the error, where that is all there is.
fn told(passed: &[Vec<u8>], own_error: Option<usize>, response: &Response) -> Option<usize> {
    let words = |events: &[Vec<u8>]| events.iter().filter(|event| is_word(event)).count();
    if let Some(at) = own_error {
        return (response.body == passed.concat()).then(|| words(&passed[..at]));
    }
    let mut rest = response.body.as_slice();
    let mut count = 0;
    for event in passed {
        let Some(next) = rest.strip_prefix(event.as_slice()) else { break };
        (rest, count) = (next, count + 1);
    }
    let rest = String::from_utf8_lossy(rest).into_owned();
    let events: Vec<&str> = rest.split("\n\n").filter(|event| !event.is_empty()).collect();
    let error = |event: &&str| is_error(format!("{}\n\n", event.trim_start()).as_bytes());
    let sound = rest.ends_with("\n\n") && !events.is_empty() && events.iter().all(error);
    sound.then(|| words(&passed[..count]))
}

/// The whole events of a stream that its client is to see.
fn passed(client: Kind, body: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = body;
    let mut events = Vec::new();
    while let Some(end) = find(rest, b"\n\n") {
        let (event, next) = rest.split_at(end + 2);
        rest = next;
        let damaged = event.starts_with(b"data: {") && data(event).is_none();
        // Nobody asked for the usage at the end of a Chat stream.
        let usage =
            |d: Value| d["choices"].as_array().is_some_and(Vec::is_empty) && d["usage"].is_object();
        let hidden = client == Kind::Chat && data(event).is_some_and(usage);
        if !damaged && !hidden {
            events.push(event.to_vec());
        }
    }
    events
}

fn data(event: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(event).ok()?;
    let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    serde_json::from_str(&data.join("\n")).ok()
}

fn is_error(event: &[u8]) -> bool {
    data(event).is_some_and(|data| {
        data["error"].is_object() || data["type"] == "error" || data["type"] == "response.failed"
    })
}

fn is_word(event: &[u8]) -> bool {
    data(event).is_some_and(|data| !word(&data).is_empty())
}

fn word(data: &Value) -> &str {
    let delta = match data["type"].as_str() {
        Some("response.output_text.delta") => &data["delta"],
        Some("content_block_delta") => &data["delta"]["text"],
        Some(_) => return "",
        None => &data["choices"][0]["delta"]["content"],
    };
    delta.as_str().unwrap_or_default()
}

/// An answer in another dialect: its words, in order, with the end of the client's own.
fn translated(plan: &Plan, sent: &[Sent], response: &Response) -> Result<Got, String> {
    let (text, ended, failed) = if plan.stream { events(response)? } else { document(response)? };
    let said: Vec<&str> = text.split_whitespace().collect();
    let of = |sent: &Sent| (0..WORDS).map(|n| format!("{}{n:02}", sent.who)).collect::<Vec<_>>();
    let number =
        sent.iter().position(|sent| !said.is_empty() && of(sent).starts_with(&owned(&said)));
    match (number, ended, failed) {
        (Some(number), true, false) if said.len() == WORDS => Ok(Got::Answer(number)),
        (Some(number), false, true) => Ok(Got::Told(number, said.len())),
        _ => Err(format!("words {said:?}, ended {ended}, failed {failed}")),
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn events(response: &Response) -> Result<(String, bool, bool), String> {
    let text = response.text();
    if !text.ends_with("\n\n") {
        return Err("half an event".into());
    }
    let (mut words, mut ended, mut failed) = (String::new(), false, false);
    for event in text.split("\n\n").filter(|event| !event.trim().is_empty()) {
        if event.contains("data: [DONE]") || event.starts_with(':') {
            continue;
        }
        let data = data(event.as_bytes()).ok_or_else(|| format!("not JSON: {event}"))?;
        if ended && !word(&data).is_empty() {
            return Err("words after the end".into());
        }
        words.push_str(word(&data));
        failed |= is_error(event.as_bytes());
        ended |= data["type"] == "message_stop"
            || data["type"] == "response.completed"
            || data["choices"][0]["finish_reason"] == "stop";
    }
    Ok((words, ended, failed))
}

fn document(response: &Response) -> Result<(String, bool, bool), String> {
    let body: Value =
        serde_json::from_slice(&response.body).map_err(|e| format!("not JSON: {e}"))?;
    let mut words = String::new();
    for text in [
        &body["content"][0]["text"],
        &body["choices"][0]["message"]["content"],
        &body["output"][0]["content"][0]["text"],
    ] {
        words.push_str(text.as_str().unwrap_or_default());
    }
    Ok((words, true, false))
}

/// An answer without its head and chunks; `None` where there is no head.
fn said(bytes: &[u8]) -> Option<Said> {
    let at = find(bytes, b"\r\n\r\n")? + 4;
    let head = Head::parse(&bytes[..at]);
    let status = head.first.split(' ').nth(1)?.parse().ok()?;
    let rest = &bytes[at..];
    if head.header("transfer-encoding").is_none() {
        let length: usize = head.header("content-length")?.parse().ok()?;
        let body = rest[..rest.len().min(length)].to_vec();
        return Some(Said { status, whole: body.len() == length, body });
    }
    let (mut body, mut rest) = (Vec::new(), rest);
    let mut whole = false;
    while let Some(line) = find(rest, b"\r\n") {
        let size = std::str::from_utf8(&rest[..line]).ok()?;
        let size = usize::from_str_radix(size, 16).ok()?;
        let data = &rest[line + 2..];
        whole = size == 0;
        body.extend_from_slice(&data[..data.len().min(size)]);
        rest = data.get(size + 2..).unwrap_or_default();
    }
    Some(Said { status, body, whole })
}
