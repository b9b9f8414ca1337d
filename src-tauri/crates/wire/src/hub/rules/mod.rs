//! Rules between reading and writing: what a target cannot carry is moved, dropped by name, or
//! refused. They act on the conversation, so each holds for every client at once.

mod limits;
mod media;
mod thoughts;
mod turns;

use super::conversation::{Conversation, Part};
use super::{Drops, Form, Rejected, Target};

/// Makes the conversation one the target can carry.
///
/// # Errors
/// When losing what the target lacks would change the answer.
pub(super) fn apply(
    conversation: &mut Conversation<'_>,
    client: Form,
    target: &Target<'_>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    media::check(conversation, client, target)?;
    limits::apply(conversation, client, target, drops)?;
    turns::clean(conversation);
    turns::name_results(conversation);
    thoughts::keep_own(conversation, target, drops);
    turns::order_results(conversation);
    turns::speak_as_user(conversation, target, drops);
    turns::alternate(conversation, target);
    turns::begin_with_user(conversation, target);
    limits::last_turn(conversation, client, target)?;
    cache_marks(conversation, target, drops);
    Ok(())
}

/// Most marks Anthropic takes in one request.
const MARKS_MAX: usize = 4;

/// Marks stay where they are of use. A client that names its cache (`prompt_cache_key`) but knows
/// no marks gets two: after what the system says, and after the last turn.
fn cache_marks(conversation: &mut Conversation<'_>, target: &Target<'_>, drops: &mut Drops) {
    let keeps = target.form == Form::Messages && target.traits.cache_marks;
    let wants = keeps && conversation.cache_key.is_some();
    let mut marks: Vec<&mut Option<super::conversation::Mark>> = Vec::new();
    marks.extend(conversation.tools.iter_mut().map(|tool| &mut tool.mark));
    marks.extend(conversation.system.iter_mut().map(|said| &mut said.mark));
    let first_of_turns = marks.len();
    for part in conversation.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        match part {
            Part::Text(said) => marks.push(&mut said.mark),
            Part::Media(media) => marks.push(&mut media.mark),
            Part::Call(call) => marks.push(&mut call.mark),
            Part::Result(result) => marks.push(&mut result.mark),
            Part::Thought(_) => {}
        }
    }
    let set = marks.iter().filter(|mark| mark.is_some()).count();
    if !keeps {
        if set > 0 {
            drops.note("cache-control");
        }
        return;
    }
    if set == 0 && wants {
        let short = Some(super::conversation::Mark::Short);
        if let Some(at) = first_of_turns.checked_sub(1) {
            *marks[at] = short;
        }
        if let Some(last) = marks.last_mut() {
            **last = short;
        }
    } else if set > MARKS_MAX {
        // The earliest of the turns' marks end the shortest prefixes.
        drops.note("cache-control");
        let mut over = set - MARKS_MAX;
        let (fixed, turns) = marks.split_at_mut(first_of_turns);
        for mark in turns.iter_mut().chain(fixed).filter(|mark| mark.is_some()) {
            if over == 0 {
                break;
            }
            **mark = None;
            over -= 1;
        }
    }
}
