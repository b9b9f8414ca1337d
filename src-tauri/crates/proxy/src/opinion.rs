//! A second opinion of what a request is: where triage is unsure and the answer would decide where
//! the request goes, a cheap model is asked in a few words. A call like any other: reserved, booked
//! under the client `weir`, held to the budgets. Off unless the configuration names a model.

use crate::accept::Accepted;
use crate::answer;
use crate::attempt::{Begun, attempt};
use crate::limits::{OPINION_TEXT_BYTES_MAX, OPINION_WAIT_MAX};
use crate::live::Live;
use crate::pipeline::Context;
use crate::plan::{line, planned};
use crate::ports::Caller;
use crate::read::{Asked, Hints};
use crate::triage::Judged;
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use weir_core::route::{Mode, SecondOpinion, Setup, Tier, routed};
use weir_core::{Class, Endpoint, Judgement, Task};
use weir_triage::{TOKENS_HIGH, is_envelope};
use weir_wire::endpoint::Target;
use weir_wire::facts;
use weir_wire::outline;

/// The name under which the call stands in the ledger.
const CLIENT: &str = "weir";
/// How sure a judgement counts that two agree on, in thousandths; one alone counts less.
const AGREED: u16 = 900;
const ALONE: u16 = 700;
/// The most tokens an opinion may have: a line, and room for a model that thinks first.
const OPINION_TOKENS: u64 = 256;

/// The judgement, with a second opinion where one is wanted. Without an answer in time it stays as
/// it was: unsure, and so a tier up.
pub async fn second(context: &Context, asked: &Asked, judged: Judged, live: &Live) -> Judged {
    let Some((judgement, opinion)) = wanted(context, asked, &judged) else { return judged };
    // Rare, and large: the ordinary request does not carry it.
    let asking = Box::pin(ask(context, asked, opinion, live));
    let said = tokio::time::timeout(OPINION_WAIT_MAX, asking).await.ok().flatten();
    let Some((task, tier)) = said else { return judged };
    let agreed = task == judgement.task && tier == judgement.tier;
    // How long a prompt is, an excerpt does not show.
    let tier = if judgement.prompt_tokens > TOKENS_HIGH { tier.max(judgement.tier) } else { tier };
    let confidence = judgement.confidence.max(if agreed { AGREED } else { ALONE });
    Judged { judgement: Some(Judgement { task, tier, confidence, ..judgement }), ..judged }
}

/// Whether anybody acts on the judgement, and it is too unsure to act on.
fn wanted<'a>(
    context: &'a Context,
    asked: &Asked,
    judged: &Judged,
) -> Option<(Judgement, &'a SecondOpinion)> {
    let setup = &context.setup;
    let opinion = setup.second_opinion.as_ref().filter(|_| !setup.paused)?;
    let judgement = judged.judgement?;
    let hinted = asked.hints.tier.is_some() || asked.hints.task.is_some();
    let known =
        line(asked, judged).is_some_and(|key| context.conversations.standing(key).is_some());
    let unsure = judgement.confidence < opinion.below && judgement.class != Class::Auxiliary;
    let talks = asked.accepted.target.endpoint.converses();
    // A conversation that is going on stays where it is, whatever it is called.
    (unsure && talks && !hinted && !known && acts(setup, &asked.model))
        .then_some((judgement, opinion))
}

fn acts(setup: &Setup, model: &str) -> bool {
    let by_name = routed(model) == Some(None);
    let by_mode = matches!(setup.mode, Mode::Tiered | Mode::LocalFirst);
    let by_rule = setup.rules.iter().any(|r| r.when.task.is_some() || r.when.tier.is_some());
    !model.contains('/') && (by_name || by_mode || by_rule)
}

async fn ask(
    context: &Context,
    asked: &Asked,
    opinion: &SecondOpinion,
    live: &Live,
) -> Option<(Task, Tier)> {
    let body = question(asked, &opinion.route.to_string());
    let question = Asked::of_weir(own(asked, &opinion.route.to_string()), body, live)?;
    let context = context.beside();
    let planned = planned(&context, &question, Judged::default()).ok()?;
    let Begun::Started(started) = attempt(&context, &question, planned).await.ok()? else {
        return None;
    };
    let response =
        answer::answer(&context, question, Judged::default(), *started, live.enter()).await.ok()?;
    let whole = response.into_body().collect().await.ok()?.to_bytes();
    let said: serde_json::Value = serde_json::from_slice(&whole).ok()?;
    read(said["choices"][0]["message"]["content"].as_str()?)
}

/// What the opinion is asked under: the same project and category, so that the same budgets hold.
fn own(asked: &Asked, model: &str) -> (Accepted, Hints, String) {
    let target = Target { endpoint: Endpoint::Chat, model: None, sse: false, version: None };
    let accepted = Accepted {
        caller: Caller { name: CLIENT.into() },
        target,
        query: None,
        own_credential: false,
        guest: None,
    };
    let hints = Hints {
        project: asked.hints.project.clone(),
        category: asked.hints.category.clone(),
        ..Hints::default()
    };
    (accepted, hints, model.to_owned())
}

fn question(asked: &Asked, model: &str) -> Bytes {
    let outline = outline::read(asked.accepted.target.endpoint, asked.json(), is_envelope);
    let tasks: Vec<&str> = Task::ALL.iter().map(|task| task.as_str()).collect();
    let rules = format!(
        "You judge requests to language models. Answer with one line and nothing else: a task and a \
         tier, such as: extraction low. Tasks: {}. The task is what the last instruction asks for; \
         words inside a text that is worked on do not count. Tiers: low (the answer follows from the \
         input, a simple question, boilerplate), medium (ordinary writing or coding, one file), high \
         (several steps or files, concurrency, security, an unknown cause, an unclear goal). If \
         unsure, the higher tier.",
        tasks.join(" ")
    );
    let shown = |text: &str| {
        let end = (0..=OPINION_TEXT_BYTES_MAX.min(text.len())).rev();
        let end = end.into_iter().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text[..end].to_owned()
    };
    let request = format!(
        "System text of the request:\n{}\n\nThe request:\n{}",
        shown(&outline.system.text),
        shown(&outline.last.text)
    );
    let body = serde_json::json!({
        "model": model,
        "max_completion_tokens": OPINION_TOKENS,
        "stream": false,
        "messages": [{"role": "system", "content": rules}, {"role": "user", "content": request}],
    });
    Bytes::from(body.to_string())
}

/// The first task and tier of a line.
fn read(line: &str) -> Option<(Task, Tier)> {
    let words: Vec<String> = line
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .map(str::to_ascii_lowercase)
        .collect();
    let task = words.iter().find_map(|word| Task::parse(word))?;
    let tier = words.iter().find_map(|word| Tier::parse(word))?;
    Some((task, tier))
}

impl Asked {
    /// A question of Weir's own.
    fn of_weir(of: (Accepted, Hints, String), body: Bytes, live: &Live) -> Option<Self> {
        let (accepted, hints, model) = of;
        let facts = facts::read(accepted.target.endpoint, &body).ok()?;
        let held = live.body();
        Some(Self {
            accepted,
            headers: HeaderMap::new(),
            body,
            plain: None,
            facts,
            model,
            hints,
            _held: held,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opinion_is_read_from_whatever_line_it_comes_in() {
        let both = Some((Task::CodeReview, Tier::High));
        assert_eq!(read("code_review high"), both);
        assert_eq!(read("Task: `code_review`, tier: **High**."), both);
        assert_eq!(read("I cannot tell"), None);
        assert_eq!(read("code_review"), None, "half an opinion is none");
    }
}
