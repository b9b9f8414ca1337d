//! Ways to ask, set before or after payloads of the records that are learned from: every way meets
//! other material than the one it was written with.

use crate::chance::Chance;
use crate::corpus::{Labelled, Record, Turn};
use std::collections::HashMap;
use weir_core::Task;
use weir_core::route::Tier;

/// Requests made of one phrase.
const EACH: usize = 4;
/// A payload is at least this long, in bytes.
const PAYLOAD_BYTES_MIN: usize = 30;

/// A list of phrases that ask for one kind of work.
struct List<'a> {
    task: Task,
    tier: Tier,
    material: &'a str,
    application: bool,
    phrases: Vec<&'a str>,
}

fn lists(text: &str) -> Vec<List<'_>> {
    let mut all: Vec<List<'_>> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let head = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        let Some(head) = head else {
            if let Some(list) = all.last_mut() {
                list.phrases.push(line);
            }
            continue;
        };
        let words: Vec<&str> = head.split(' ').collect();
        if let [task, tier, material, ref rest @ ..] = words[..]
            && let (Some(task), Some(tier)) = (Task::parse(task), Tier::parse(tier))
        {
            let application = !rest.is_empty();
            all.push(List { task, tier, material, application, phrases: Vec::new() });
        }
    }
    all
}

/// Requests made of all phrases, over payloads of these records.
pub fn requests(text: &str, seen: &[&Labelled]) -> Vec<Labelled> {
    let payloads = payloads(seen);
    let mut chance = Chance(77);
    let mut all = Vec::new();
    for list in lists(text) {
        for phrase in &list.phrases {
            for _ in 0..EACH {
                let payload = payloads.get(list.material).map(|of| chance.one(of).as_str());
                let record = record(&list, phrase, payload, &mut chance);
                let group = chance.next();
                all.push(Labelled {
                    record,
                    task: list.task,
                    tier: list.tier,
                    writer: usize::MAX,
                    group,
                });
            }
        }
    }
    all
}

fn record(list: &List<'_>, phrase: &str, payload: Option<&str>, chance: &mut Chance) -> Record {
    let of_code = list.task as usize >= Task::CodeGeneration as usize;
    let agent =
        of_code && !list.application && list.task != Task::CodeCompletion && chance.percent(35);
    let said = match payload {
        Some(payload) if list.application => payload.to_owned(),
        Some(payload) => match chance.below(if agent { 12 } else { 8 }) {
            0 | 1 => format!("{payload}\n\n{phrase}"),
            2 => format!("{phrase}: {payload}"),
            3 if list.material != "prose" => format!("{phrase}\n```\n{payload}\n```"),
            3 => format!("{phrase}: \"{payload}\""),
            4 | 5 => format!("{phrase}\n{payload}"),
            6 | 7 => format!("{phrase}\n\n{payload}"),
            _ => phrase.to_owned(),
        },
        None => phrase.to_owned(),
    };
    let harnesses = ["claude-code", "codex", "gemini-cli", "opencode", "aider", "cursor", "cline"];
    Record {
        task: list.task.as_str().to_owned(),
        tier: list.tier.as_str().to_owned(),
        kind: if list.application {
            "app"
        } else if agent {
            "agent"
        } else {
            "chat"
        }
        .to_owned(),
        lang: "en".to_owned(),
        system: list.application.then(|| phrase.to_owned()),
        turns: vec![Turn::User(said)],
        harness: agent.then(|| (*chance.one(&harnesses)).to_owned()),
    }
}

/// What requests are about, by material.
fn payloads(seen: &[&Labelled]) -> HashMap<&'static str, Vec<String>> {
    let mut found: HashMap<&'static str, Vec<String>> = HashMap::new();
    for one in seen {
        let Some(Turn::User(text)) = one.record.turns.last() else { continue };
        let app = one.record.kind == "app";
        let cut = if app { Some(text.as_str()) } else { after_instruction(text) };
        let Some(payload) = cut.filter(|payload| payload.len() >= PAYLOAD_BYTES_MIN) else {
            continue;
        };
        let code = payload.contains('\n') && payload.contains(['{', '(', ';', '=']);
        let data = payload.starts_with(['{', '[']) && payload.contains("\":");
        let material = match one.task {
            _ if data => "data",
            Task::Debugging if !payload.contains('{') => "log",
            Task::CodeEditing
            | Task::CodeExplanation
            | Task::CodeReview
            | Task::TestGeneration
            | Task::Debugging
            | Task::CodeCompletion
                if code =>
            {
                "code"
            }
            Task::Classification
            | Task::Extraction
            | Task::Summarization
            | Task::Rewriting
            | Task::Translation
            | Task::QuestionAnswering
            | Task::Writing
                if !code =>
            {
                "prose"
            }
            _ => continue,
        };
        found.entry(material).or_default().push(payload.trim().to_owned());
    }
    found
}

fn after_instruction(text: &str) -> Option<&str> {
    let quoted = || {
        text.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map(|(inside, _)| inside)
    };
    text.split_once("\n\n")
        .map(|(_, rest)| rest)
        .or_else(quoted)
        .or_else(|| text.split_once('\n').map(|(_, rest)| rest))
}
