//! Requests: every case for every target of another form, as a reviewed snapshot; and each of
//! them must obey the target's own rules and carry every span of text exactly once.

use crate::cases::{self, Ask, Towards};
use crate::json::Node;
use crate::{golden, grammar, spans};
use serde_json::Value;
use weir_wire::hub::{self, Asked, Rejected, Target, Translated};

/// Cases whose loss is the point, with the reason; everywhere else nothing may go astray.
const ASTRAY: &[(&str, &str, &str)] = &[
    // Where only some tools may be called and the target has no word for it, the others stay out.
    ("chat/choice_allowed", "*", "Deletes everything."),
    ("gemini/choice_any_of_two", "*", "Deletes everything."),
    ("gemini/names_with_dots", "*", "Reads"),
    ("messages/long_tool_names", "*", "Reads the one."),
    ("responses/choice_allowed", "*", "FREEFORM"),
    ("responses/choice_custom", "*", "Tells the weather"),
    ("responses/choice_named", "*", "FREEFORM"),
    // Ollama has no choice: where no tool may be called, it is shown none.
    ("chat/choice_none", "ollama", "Tells the"),
    ("gemini/choice_none", "ollama", ""),
    ("messages/choice_none", "ollama", "Tells the"),
    // The vendor's own tool search, and what a namespace is for.
    ("responses/codex_namespace", "*", "Finds tools."),
    ("responses/codex_namespace", "*", "Tools of this session."),
];

/// Cases whose client broke a rule that no translation can mend, with the reason.
const UNRULY: &[(&str, &str, &str)] = &[
    // The client's own vendor would refuse it too: calls without results, results without calls.
    ("messages/call_without_result", "*", ""),
    // OpenAI keeps what a model wrote in place of arguments, and takes it back.
    ("chat/broken_arguments", "responses", "arguments are the text of an object"),
];

/// A case, translated.
pub fn translated(ask: &Ask, towards: &Towards) -> Result<Translated, Rejected> {
    let asked = Asked { endpoint: ask.endpoint, body: ask.body.as_bytes(), model: &ask.model };
    let target = Target { form: towards.form, model: &towards.model, traits: towards.traits() };
    hub::request(&asked, &target)
}

fn targets(ask: &Ask) -> Vec<Towards> {
    let mut all = Towards::others(ask.form);
    all.extend(ask.also.clone());
    all
}

fn snapshot(result: &Result<Translated, Rejected>) -> String {
    match result {
        Err(rejected) => format!("rejected: {}\n{}\n", rejected.class, rejected.message),
        Ok(sent) => {
            let dropped: Vec<String> = sent.dropped.iter().map(ToString::to_string).collect();
            let body = String::from_utf8_lossy(&sent.body).into_owned();
            let body = Node::parse(&body).map_or(format!("no JSON: {body}"), |node| node.pretty());
            let endpoint = sent.endpoint.as_str();
            format!("endpoint: {endpoint}\ndropped: {}\n\n{body}\n", dropped.join(", "))
        }
    }
}

#[test]
fn every_request_becomes_what_was_reviewed() {
    let asks = cases::asks();
    assert!(asks.len() >= 60, "{} requests, 60 are promised", asks.len());
    let mut found = Vec::new();
    for ask in &asks {
        let mut written = Vec::new();
        for towards in targets(ask) {
            let name = format!("to_{}.txt", towards.label);
            let got = snapshot(&translated(ask, &towards));
            found.extend(golden::differs(&ask.folder.join(&name), &got));
            written.push(name);
        }
        found.extend(golden::stale(&ask.folder, &written));
    }
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_translated_request_obeys_the_target_s_own_rules() {
    let mut found = Vec::new();
    for ask in cases::asks() {
        for towards in targets(&ask) {
            let Ok(sent) = translated(&ask, &towards) else { continue };
            let faults = grammar::faults(towards.form, &towards.model, towards.local, &sent.body);
            let excused =
                |fault: &String| excuse(UNRULY, &ask.name, &towards.label, fault).is_some();
            let faults = faults.into_iter().filter(|fault| !excused(fault));
            found.extend(faults.map(|f| format!("{} to {}: {f}", ask.name, towards.label)));
        }
    }
    assert!(found.is_empty(), "{} broken rules:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_span_of_text_reaches_the_target_exactly_once() {
    let mut found = Vec::new();
    for ask in cases::asks() {
        let asked: Value = serde_json::from_str(&ask.body).expect("JSON");
        for towards in targets(&ask) {
            let Ok(sent) = translated(&ask, &towards) else { continue };
            let sent: Value = serde_json::from_slice(&sent.body).expect("JSON");
            let astray = spans::astray(ask.form, &asked, &sent);
            let astray = astray.into_iter();
            let astray =
                astray.filter(|span| excuse(ASTRAY, &ask.name, &towards.label, span).is_none());
            found.extend(astray.map(|span| format!("{} to {}: {span}", ask.name, towards.label)));
        }
    }
    assert!(found.is_empty(), "{} spans astray:\n{}", found.len(), found.join("\n"));
}

/// The reason why a finding is none, if the table has one.
fn excuse<'a>(
    table: &'a [(&str, &str, &str)],
    case: &str,
    label: &str,
    finding: &str,
) -> Option<&'a str> {
    let fits = |(name, target, part): &&(&str, &str, &str)| {
        *name == case && (*target == "*" || *target == label) && finding.contains(part)
    };
    table.iter().find(fits).map(|(_, _, part)| *part)
}
