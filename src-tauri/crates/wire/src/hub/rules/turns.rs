//! The order of turns: nothing empty, every result behind its call and named, system text where
//! the target has a place for it, and sides that take turns where it wants that.

use crate::hub::conversation::{Conversation, Mark, Part, Role, Said, ToolResult, Turn};
use crate::hub::{Drops, Form, Target, ids};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Takes out what is empty: no provider gains by it, Anthropic refuses it.
pub(super) fn clean(conversation: &mut Conversation<'_>) {
    let full = |said: &Said<'_>| !said.text.is_empty();
    let kept = |part: &Part<'_>| !matches!(part, Part::Text(said) if said.text.is_empty());
    move_marks(&mut conversation.system);
    conversation.system.retain(full);
    for turn in &mut conversation.turns {
        turn.parts.retain(kept);
        for part in &mut turn.parts {
            if let Part::Result(result) = part {
                result.parts.retain(kept);
            }
        }
    }
    let mut known = HashSet::new();
    conversation.tools.retain(|tool| {
        !tool.name.is_empty() && known.insert((tool.namespace.clone(), tool.name.clone()))
    });
}

/// A mark on an empty block ends the cache where the block before it ends.
fn move_marks(system: &mut [Said<'_>]) {
    for at in 1..system.len() {
        if system[at].text.is_empty() && system[at - 1].mark.is_none() {
            let mark: Option<Mark> = system[at].mark.take();
            system[at - 1].mark = mark;
        }
    }
}

/// A call that was met, for the results to come.
struct Met<'a> {
    /// The id it has now.
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    namespace: Option<Cow<'a, str>>,
    freeform: bool,
    answered: bool,
}

/// The ids of a conversation's calls as their provider gave them, and all of them at once.
fn restored(conversation: &mut Conversation<'_>) -> HashSet<String> {
    let mut all = HashSet::new();
    for part in conversation.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        let id = match part {
            Part::Call(call) => &mut call.id,
            Part::Result(result) => &mut result.id,
            _ => continue,
        };
        if let Some(given) = id.take() {
            let own = ids::original(given);
            all.insert(own.to_string());
            *id = Some(own);
        }
    }
    all
}

/// An id that no call has: `start` and the first number from `number` on that makes it one.
fn unused(start: &str, number: usize, used: &mut HashSet<String>) -> String {
    let mut made = (number..).map(|n| format!("{start}_{n}"));
    let id = made.find(|id| !used.contains(id)).unwrap_or_default();
    used.insert(id.clone());
    id
}

/// Gives every call an id of its own and every result the id and the name of its call. A result
/// without an id answers the first call of its tool that nothing has answered yet; of two calls
/// with one id, a result answers the first that is open.
pub(super) fn name_results(conversation: &mut Conversation<'_>) {
    let mut used = restored(conversation);
    let mut calls: Vec<Met<'_>> = Vec::new();
    let mut given_to: HashMap<String, Vec<usize>> = HashMap::new();
    for part in conversation.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        match part {
            Part::Call(call) => {
                let count = calls.len() + 1;
                let given = call
                    .id
                    .take()
                    .unwrap_or_else(|| Cow::Owned(unused("call_weir", count, &mut used)));
                let twins = given_to.entry(given.to_string()).or_default();
                twins.push(calls.len());
                let twin = twins.len() > 1;
                let id = match twin {
                    true => Cow::Owned(unused(&given, count, &mut used)),
                    false => given.clone(),
                };
                call.id = Some(id.clone());
                calls.push(Met {
                    id,
                    name: call.name.clone(),
                    namespace: call.namespace.clone(),
                    freeform: call.freeform,
                    answered: false,
                });
            }
            Part::Result(result) => {
                let at = match &result.id {
                    Some(id) => given_to.get(&**id).and_then(|twins| {
                        let open = twins.iter().find(|at| !calls[**at].answered);
                        open.or(twins.last()).copied()
                    }),
                    None => calls.iter().position(|call| {
                        let same = result.name.as_ref().is_none_or(|name| *name == call.name);
                        !call.answered && same
                    }),
                };
                match at.map(|at| &mut calls[at]) {
                    Some(call) => {
                        call.answered = true;
                        result.id = Some(call.id.clone());
                        result.name = Some(call.name.clone());
                        result.namespace = call.namespace.clone();
                        result.freeform = call.freeform;
                    }
                    None if result.id.is_none() => result.id = Some(Cow::Borrowed("call_weir_0")),
                    None => {}
                }
            }
            _ => {}
        }
    }
}

/// Puts every result directly behind the turn of its call. Only what came between moves: a
/// reminder of the system, a word of the user.
pub(super) fn order_results(conversation: &mut Conversation<'_>) {
    let calls = |turn: &Turn<'_>| turn.parts.iter().any(|part| matches!(part, Part::Call(_)));
    let mut at = 0;
    while at < conversation.turns.len() {
        if conversation.turns[at].role != Role::Assistant || !calls(&conversation.turns[at]) {
            at += 1;
            continue;
        }
        let ids: HashSet<String> = conversation.turns[at]
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Call(call) => call.id.as_deref().map(str::to_owned),
                _ => None,
            })
            .collect();
        let end = conversation.turns[at + 1..]
            .iter()
            .position(|turn| turn.role == Role::Assistant)
            .map_or(conversation.turns.len(), |next| at + 1 + next);
        let ours =
            |result: &ToolResult<'_>| result.id.as_deref().is_some_and(|id| ids.contains(id));
        let mut results = Vec::new();
        for turn in &mut conversation.turns[at + 1..end] {
            let mut rest = Vec::with_capacity(turn.parts.len());
            for part in turn.parts.drain(..) {
                match part {
                    Part::Result(result) if ours(&result) => results.push(Part::Result(result)),
                    other => rest.push(other),
                }
            }
            turn.parts = rest;
        }
        if !results.is_empty() {
            let first = conversation.turns[at + 1..end]
                .iter_mut()
                .find(|turn| !turn.parts.is_empty())
                .filter(|turn| turn.role == Role::User);
            match first {
                Some(turn) => {
                    turn.parts.splice(0..0, results);
                }
                None => {
                    conversation.turns.insert(at + 1, Turn { role: Role::User, parts: results })
                }
            }
        }
        at += 1;
    }
    conversation.turns.retain(|turn| !turn.parts.is_empty());
}

/// What the system says in the middle is told by the user's mouth, in the envelope that agents use
/// for it, where the target knows no such role.
pub(super) fn speak_as_user(
    conversation: &mut Conversation<'_>,
    target: &Target<'_>,
    drops: &mut Drops,
) {
    let knows = match target.form {
        Form::Chat | Form::Ollama => !target.traits.alternates,
        Form::Responses => true,
        Form::Messages | Form::Gemini => false,
    };
    if knows {
        return;
    }
    for turn in conversation.turns.iter_mut().filter(|turn| turn.role == Role::System) {
        drops.note("system-role");
        turn.role = Role::User;
        for part in &mut turn.parts {
            if let Part::Text(said) = part
                && !said.text.trim_start().starts_with("<system-reminder>")
            {
                let text = std::mem::take(&mut said.text);
                said.text = Cow::Owned(format!("<system-reminder>\n{text}\n</system-reminder>"));
            }
        }
    }
}

/// Makes one turn of neighbours with the same role, where sides must take turns, and for Anthropic
/// and Google, who want all results of one turn's calls together.
pub(super) fn alternate(conversation: &mut Conversation<'_>, target: &Target<'_>) {
    let merges = match target.form {
        Form::Messages | Form::Gemini => true,
        Form::Chat | Form::Ollama => target.traits.alternates,
        Form::Responses => false,
    };
    if !merges {
        return;
    }
    let mut merged: Vec<Turn<'_>> = Vec::with_capacity(conversation.turns.len());
    for turn in conversation.turns.drain(..) {
        match merged.last_mut() {
            Some(last) if last.role == turn.role => last.parts.extend(turn.parts),
            _ => merged.push(turn),
        }
    }
    conversation.turns = merged;
}

/// A conversation begins with the user. One that holds only the system's words becomes the user's;
/// before one that begins with the model stands a word that says nothing.
pub(super) fn begin_with_user(conversation: &mut Conversation<'_>, target: &Target<'_>) {
    let strict = match target.form {
        Form::Messages | Form::Gemini => true,
        Form::Chat | Form::Ollama => target.traits.alternates,
        Form::Responses => false,
    };
    if conversation.turns.is_empty() {
        let parts: Vec<Part<'_>> = conversation.system.drain(..).map(Part::Text).collect();
        if !parts.is_empty() {
            conversation.turns.push(Turn { role: Role::User, parts });
        }
    } else if strict && conversation.turns[0].role == Role::Assistant {
        let parts = vec![Part::text("…")];
        conversation.turns.insert(0, Turn { role: Role::User, parts });
    }
}
