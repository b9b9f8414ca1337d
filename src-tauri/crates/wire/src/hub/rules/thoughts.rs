//! Thinking of earlier turns: a seal goes back to its maker and to no one else; nothing is ever
//! forged. What stays away was away in every earlier request to that maker too, so the seals that
//! remain still fit what stands before them.

use crate::hub::conversation::{Conversation, Part, Role, Thought};
use crate::hub::seal::{Maker, Seal};
use crate::hub::{Drops, Family, Form, Target};
use std::borrow::Cow;

/// Takes out every thought the target did not make. Models that want their own unsealed thinking
/// back get it while a tool loop runs, as their vendors ask.
pub(super) fn keep_own(
    conversation: &mut Conversation<'_>,
    target: &Target<'_>,
    drops: &mut Drops,
) {
    let own = |seal: &Seal<'_>| match (target.form, target.traits.family) {
        (Form::Messages, Family::Claude) => {
            matches!(seal.by, Maker::Anthropic | Maker::AnthropicRedacted)
        }
        (Form::Responses, Family::Gpt) => seal.by == Maker::OpenAi,
        (Form::Gemini | Form::Chat, Family::Gemini) => seal.by == Maker::Gemini,
        _ => false,
    };
    let aloud = target.traits.replay_thinking && matches!(target.form, Form::Chat | Form::Ollama);
    let loop_start = loop_start(conversation);
    for (at, turn) in conversation.turns.iter_mut().enumerate() {
        let replayed = aloud && at >= loop_start;
        turn.parts.retain_mut(|part| match part {
            Part::Thought(thought) => {
                let foreign = thought.seal.as_ref().is_some_and(|seal| seal.by != Maker::Nobody);
                if thought.seal.as_ref().is_some_and(own) {
                    return true;
                }
                if !foreign && replayed && !thought.text.is_empty() {
                    thought.seal = None;
                    return true;
                }
                drops.note(if foreign { "thinking-signature" } else { "thinking-history" });
                false
            }
            Part::Call(call) => {
                if call.seal.take_if(|seal| !own(seal)).is_some() {
                    drops.note("thinking-signature");
                }
                true
            }
            _ => true,
        });
        if target.traits.family == Family::Gemini {
            hang_on_calls(&mut turn.parts);
        }
    }
}

/// The first turn after the last one in which the user itself spoke.
fn loop_start(conversation: &Conversation<'_>) -> usize {
    let spoke = |part: &Part<'_>| matches!(part, Part::Text(_) | Part::Media(_));
    conversation
        .turns
        .iter()
        .rposition(|turn| turn.role == Role::User && turn.parts.iter().any(spoke))
        .map_or(0, |at| at + 1)
}

/// Gemini's seals hang on the part that follows the thinking; on a call they are required.
fn hang_on_calls(parts: &mut [Part<'_>]) {
    let mut waiting: Option<usize> = None;
    for at in 0..parts.len() {
        match &parts[at] {
            Part::Thought(_) => waiting = Some(at),
            Part::Call(call) if call.seal.is_none() => {
                let Some(from) = waiting.take() else { continue };
                let taken = match &mut parts[from] {
                    Part::Thought(Thought { seal, text }) => {
                        *text = Cow::Borrowed("");
                        seal.take()
                    }
                    _ => None,
                };
                if let Part::Call(call) = &mut parts[at] {
                    call.seal = taken;
                }
            }
            _ => {}
        }
    }
}
