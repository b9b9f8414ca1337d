//! Answers: every case for every client of another form, whole and streamed, as a reviewed
//! snapshot; each of them must be good grammar in the client's dialect, say what the provider
//! said, and count what the tap bills.

use crate::cases::{self, CLIENTS, Given};
use crate::golden;
use crate::hear::{self, Counts, Heard};
use crate::json::Node;
use weir_core::meter::End;
use weir_core::{Endpoint, Metered};
use weir_wire::hub::{self, Back, Ending, Form, Framing, SentTool, Stream};
use weir_wire::{Encoding, Tap};

/// Cases in which the provider breaks off or fails: the client must hear of it.
const BROKEN: &[&str] = &["cut_", "error", "failed", "malformed", "no_choices", "broken_off"];

/// Cases a plain reading of the provider's bytes cannot put together; issues.rs holds them.
const ODD: &[&str] = &["chat/calls_all_at_index_zero", "chat/two_calls_of_one_name_without_ids"];

/// Between the places at which the slower tests cut and split; `WEIR_EVERY_BYTE=1` leaves none out.
fn step(usual: usize) -> usize {
    if std::env::var_os("WEIR_EVERY_BYTE").is_some() { 1 } else { usual }
}

/// What the client asked, as far as the way back knows it.
pub fn back(client: Form, target: Form, stream: bool, case: &str) -> Back {
    let patch = |freeform_sent| SentTool {
        sent: "apply_patch".into(),
        name: "apply_patch".into(),
        namespace: None,
        freeform: true,
        freeform_sent,
    };
    let knows_patches = matches!(client, Form::Chat | Form::Responses);
    let tools = match (knows_patches, target) {
        (false, _) => Vec::new(),
        (true, Form::Chat | Form::Responses) if !case.ends_with("as_function") => {
            vec![patch(true)]
        }
        (true, _) => vec![patch(false)],
    };
    Back {
        endpoint: client.endpoint(stream),
        client,
        target,
        model: "the-model-asked-for".into(),
        stream,
        include_usage: true,
        show_thinking: true,
        keep_seals: true,
        structured: false,
        choices: if ["two_answers", "two_candidates"].iter().any(|two| case.ends_with(two)) {
            2
        } else {
            1
        },
        logprobs: false,
        stop: vec!["three".into()],
        cuts: Vec::new(),
        seed: 7,
        at_s: 0,
        echo: Vec::new(),
        tools,
    }
}

/// The clients that hear this answer translated.
pub fn clients(from: Form) -> impl Iterator<Item = (&'static str, Form)> {
    CLIENTS.into_iter().filter(move |(_, client)| *client != from)
}

pub fn framing(name: &str) -> Framing {
    match name {
        "ndjson" => Framing::Lines,
        "array" => Framing::JsonArray,
        _ => Framing::Sse,
    }
}

/// A stream, fed in pieces, as the client gets it.
pub fn streamed(back: Back, given: &Given, pieces: &[&[u8]]) -> Vec<u8> {
    let mut stream = Stream::new(back, given.form, framing(&given.framing));
    let mut out = Vec::new();
    for piece in pieces {
        out.extend(stream.feed(piece));
    }
    out.extend(stream.finish(Ending::Clean));
    out
}

/// What the client of `form` gets for this answer.
pub fn got(client: Form, given: &Given) -> Vec<u8> {
    let whole = given.framing == "json";
    let back = back(client, given.form, !whole, &given.name);
    if !whole {
        return streamed(back, given, &[&given.bytes]);
    }
    hub::answer(&back, given.form, &given.bytes).unwrap_or_else(|bad| bad.failure(&back).body)
}

/// What it says there.
pub fn heard(client: Form, given: &Given, bytes: &[u8]) -> Heard {
    match given.framing.as_str() {
        "json" => hear::whole(client, bytes),
        _ => hear::stream(client, "sse", bytes),
    }
}

/// What the provider itself said, read leniently.
pub fn original(given: &Given) -> Heard {
    match given.framing.as_str() {
        "json" => hear::whole(given.form, &given.bytes),
        framing => hear::stream(given.form, framing, &given.bytes),
    }
}

fn broken(given: &Given) -> bool {
    let case = given.name.rsplit('/').next().unwrap_or_default();
    BROKEN.iter().any(|word| case.contains(word))
}

/// What the books take for this answer.
pub fn tapped(given: &Given) -> Metered {
    let whole = given.framing == "json";
    let endpoint = match given.framing.as_str() {
        "array" => Endpoint::GenerateStream,
        _ => given.form.endpoint(!whole),
    };
    let mut tap = Tap::new(endpoint, given.framing == "sse", Encoding::Identity);
    tap.feed(&given.bytes);
    tap.finish()
}

#[test]
fn every_answer_becomes_what_was_reviewed() {
    let given = cases::answers();
    assert!(given.len() >= 60, "{} answers, 60 are promised", given.len());
    let (mut found, mut written) = (Vec::new(), Vec::new());
    for given in &given {
        for (label, client) in clients(given.form) {
            let ending = if given.framing == "json" { "json" } else { "sse" };
            let name = format!("{}_to_{label}.{ending}", given.stem);
            let bytes = String::from_utf8(got(client, given)).expect("answers are text");
            let text = match Node::parse(&bytes) {
                Some(node) => format!("{}\n", node.pretty()),
                None => bytes,
            };
            found.extend(golden::differs(&given.folder.join(&name), &text));
            written.push((given.folder.clone(), name));
        }
    }
    for folder in given.iter().map(|given| &given.folder) {
        let own = written.iter().filter(|(of, _)| of == folder);
        found.extend(golden::stale(folder, &own.map(|(_, name)| name.clone()).collect::<Vec<_>>()));
    }
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_answer_is_good_grammar_and_ends_or_fails() {
    let mut found = Vec::new();
    for given in cases::answers() {
        for (label, client) in clients(given.form) {
            let at = format!("{}/{} to {label}", given.name, given.stem);
            let heard = heard(client, &given, &got(client, &given));
            found.extend(heard.faults.iter().map(|fault| format!("{at}: {fault}")));
            if broken(&given) != heard.failed.is_some() {
                found.push(format!("{at}: failed is {:?}", heard.failed));
            }
            if heard.failed.is_none() && !heard.ended {
                found.push(format!("{at}: it neither ends nor fails"));
            }
            if heard.failed.as_deref() == Some("") {
                found.push(format!("{at}: it fails without a word"));
            }
        }
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

/// What a Messages client is told in an image's place.
const SAID_OF_AN_IMAGE: &str = "[The model answered with an image, which this API cannot carry.]";

#[test]
fn what_the_provider_says_is_what_the_client_hears() {
    let mut found = Vec::new();
    for given in cases::answers() {
        let original = original(&given);
        if broken(&given) || original.choices.is_empty() || ODD.contains(&given.name.as_str()) {
            continue;
        }
        let said = original.first();
        for (label, client) in clients(given.form) {
            let heard = heard(client, &given, &got(client, &given)).first();
            let at = format!("{}/{} to {label}", given.name, given.stem);
            let mut differ = |what: &str, was: String, is: String| {
                if was != is {
                    found.push(format!("{at}: {what}\n  said  {was}\n  heard {is}"));
                }
            };
            let words = |text: &str, refusal: &str| format!("{text}{refusal}");
            let told = heard.text.replace(SAID_OF_AN_IMAGE, "");
            differ("text", words(&said.text, &said.refusal), words(&told, &heard.refusal));
            differ("thinking", said.thinking.clone(), heard.thinking.clone());
            let calls = |calls: &[(String, String)]| format!("{calls:#?}");
            differ("calls", calls(&known(client, &said.calls)), calls(&heard.calls));
            differ("stop", stop(&said), stop(&heard));
        }
    }
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}

/// Calls as a client of `form` can be told them: free text it does not know comes under a name,
/// and so do arguments that are no object where it takes objects.
pub fn known(client: Form, calls: &[(String, String)]) -> Vec<(String, String)> {
    let objects = matches!(client, Form::Messages | Form::Gemini);
    let fit = |(name, arguments): &(String, String)| {
        let told = match arguments.strip_prefix("not JSON: ") {
            Some(broken) if objects => serde_json::json!({"invalid_arguments": broken}),
            None if objects && !arguments.starts_with('{') => {
                serde_json::json!({"input": arguments})
            }
            _ => return (name.clone(), arguments.clone()),
        };
        (name.clone(), told.to_string())
    };
    calls.iter().map(fit).collect()
}

/// Why an answer stopped, as far as every dialect can say it: calls are calls, however a server
/// ends them, and what only one dialect tells apart is one.
pub fn stop(choice: &hear::Choice) -> String {
    match choice.stop.as_str() {
        "length" | "context" => "length",
        "refused" => "refused",
        _ if !choice.refusal.is_empty() => "refused",
        "error" => "error",
        _ if !choice.calls.is_empty() => "calls",
        _ => "end",
    }
    .to_owned()
}

#[test]
fn a_whole_answer_and_its_stream_are_heard_alike() {
    let all = cases::answers();
    let mut found = Vec::new();
    let mut pairs = 0;
    for whole in all.iter().filter(|given| given.framing == "json") {
        let streams = all.iter().filter(|g| g.name == whole.name && g.framing != "json");
        for stream in streams {
            pairs += 1;
            for (label, client) in clients(whole.form) {
                let one = heard(client, whole, &got(client, whole));
                let other = heard(client, stream, &got(client, stream));
                let told = |h: &Heard| match &h.failed {
                    Some(words) => format!("failed: {words}"),
                    None => format!("{:#?} {:?}", same(&h.first()), h.usage),
                };
                if told(&one) != told(&other) {
                    let (one, other) = (told(&one), told(&other));
                    found.push(format!("{} to {label}:\n{one}\n{other}", whole.name));
                }
            }
        }
    }
    assert!(pairs >= 30, "{pairs} pairs of a whole answer and its stream");
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}

/// A choice without its ids: a provider that gives none leaves them to be made.
fn same(choice: &hear::Choice) -> hear::Choice {
    hear::Choice { ids: Vec::new(), ..choice.clone() }
}

#[test]
fn a_whole_answer_told_as_a_stream_says_the_same() {
    let mut found = Vec::new();
    for given in cases::answers().iter().filter(|given| given.framing == "json") {
        for (label, client) in clients(given.form) {
            let back = back(client, given.form, true, &given.name);
            let Ok(told) = hub::replay(&back, given.form, &given.bytes) else { continue };
            let told = hear::stream(client, "sse", &told);
            let whole = hear::whole(client, &got(client, given));
            let at = format!("{} to {label}", given.name);
            // A stream of arguments cannot know that they will turn out to be no object.
            if given.name.ends_with("arguments_broken") {
                continue;
            }
            found.extend(told.faults.iter().map(|fault| format!("{at}: {fault}")));
            let one = format!("{:#?} {:?}", told.choices, told.usage);
            let other = format!("{:#?} {:?}", whole.choices, whole.usage);
            if one != other {
                found.push(format!("{at}:\n{one}\n{other}"));
            }
        }
    }
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_books_and_the_client_see_the_same_tokens() {
    let mut found = Vec::new();
    for given in cases::answers() {
        let metered = tapped(&given);
        let usage = metered.usage;
        for (label, client) in clients(given.form) {
            let heard = heard(client, &given, &got(client, &given));
            if heard.failed.is_some() {
                continue;
            }
            let booked = usage.map(|usage| Counts {
                prompt: usage.prompt(),
                cached: usage.cache_read,
                output: usage.output,
                reasoning: usage.reasoning,
            });
            // Anthropic's dialect has no word for "unknown"; it shows zero there.
            let unknown = heard.usage == Some(Counts::default()) && client == Form::Messages;
            let alike = heard.usage == booked || (booked.is_none() && unknown);
            if !alike {
                let at = format!("{}/{} to {label}", given.name, given.stem);
                found.push(format!("{at}: {:?}, booked {booked:?}", heard.usage));
            }
        }
    }
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_stream_cut_at_any_byte_is_never_a_success_that_is_short() {
    let mut found = Vec::new();
    let clean = |g: &&Given| g.framing != "json" && !broken(g);
    for given in cases::answers().iter().filter(clean) {
        for (label, client) in clients(given.form) {
            let full = heard(client, given, &got(client, given)).choices;
            for at in (0..given.bytes.len()).step_by(step(29)) {
                let mut stream = Stream::new(
                    back(client, given.form, true, &given.name),
                    given.form,
                    framing(&given.framing),
                );
                let mut out = stream.feed(&given.bytes[..at]);
                out.extend(stream.finish(Ending::Cut));
                let heard = hear::stream(client, "sse", &out);
                if (heard.failed.is_none() && heard.choices != full) || !heard.faults.is_empty() {
                    let name = &given.name;
                    found.push(format!("{name} to {label} cut at {at}: {:?}", heard.faults));
                    break;
                }
            }
        }
    }
    assert!(found.is_empty(), "{} wrong:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_cut_stream_that_is_told_as_whole_is_known_to_the_books_to_its_last_token() {
    let mut found = Vec::new();
    for given in cases::answers().iter().filter(|g| g.framing != "json") {
        for (label, client) in clients(given.form) {
            for at in (0..given.bytes.len()).step_by(step(29)) {
                let bytes = &given.bytes[..at];
                let mut stream = Stream::new(
                    back(client, given.form, true, &given.name),
                    given.form,
                    framing(&given.framing),
                );
                stream.feed(bytes);
                let short = Given { bytes: bytes.to_vec(), ..given.clone() };
                let metered = tapped(&short);
                // As a relay does: an end the tap did not see is a cut.
                let open = metered.end == End::Open;
                stream.finish(if open { Ending::Cut } else { Ending::Clean });
                if open && !metered.usage_is_final && !stream.failed() {
                    found.push(format!("{} to {label} cut at {at}", given.name));
                    break;
                }
            }
        }
    }
    assert!(found.is_empty(), "{} told as whole:\n{}", found.len(), found.join("\n"));
}

#[test]
fn splitting_a_stream_at_any_byte_changes_nothing() {
    let mut found = Vec::new();
    for given in cases::answers().iter().filter(|given| given.framing != "json") {
        for (label, client) in clients(given.form) {
            let back = || back(client, given.form, true, &given.name);
            let together = streamed(back(), given, &[&given.bytes]);
            let bytes: Vec<&[u8]> = given.bytes.chunks(1).collect();
            if streamed(back(), given, &bytes) != together {
                found.push(format!("{} to {label}: byte by byte", given.name));
            }
            for at in (1..given.bytes.len()).step_by(step(37)) {
                let (front, rest) = given.bytes.split_at(at);
                if streamed(back(), given, &[front, rest]) != together {
                    found.push(format!("{} to {label}: split at {at}", given.name));
                    break;
                }
            }
        }
    }
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_gemini_client_without_sse_gets_one_json_array() {
    for given in cases::answers().iter().filter(|g| g.framing == "sse" && g.form != Form::Gemini) {
        let back = back(Form::Gemini, given.form, true, &given.name);
        let mut stream = Stream::new(back, given.form, framing(&given.framing)).as_array();
        let mut out = stream.feed(&given.bytes);
        out.extend(stream.finish(Ending::Clean));
        let array = hear::stream(Form::Gemini, "array", &out);
        let events = heard(Form::Gemini, given, &got(Form::Gemini, given));
        assert!(array.faults.is_empty(), "{}: {:?}", given.name, array.faults);
        assert_eq!(array.choices, events.choices, "{}", given.name);
        assert_eq!(array.failed, events.failed, "{}", given.name);
    }
}
