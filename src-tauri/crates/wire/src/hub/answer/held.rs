//! A piece of an answer that is under way or waits for its turn, and how it is told: its beginning before
//! the first that is said of it, its end with what had to be taken whole. Pure.

use super::super::seal::Seal;
use super::lanes::Key;
use super::{Delta, Event, Piece};
use crate::json::Value;

/// Whether a call's arguments must be taken as a whole and repacked for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repack {
    /// `{"input": "text"}` to the free text a custom tool takes.
    Unwrap,
    /// Free text to `{"input": "text"}`.
    Wrap,
}

/// A piece, for as long as not all of it was told.
#[derive(Debug)]
pub(super) struct Held {
    pub key: Key,
    pub piece: Piece,
    /// Its beginning was told. Text and thinking begin with their first delta.
    pub begun: bool,
    pub ended: bool,
    /// A call has arguments.
    pub argued: bool,
    pub seal: Option<Seal<'static>>,
    pub repack: Option<(Repack, String)>,
    pub waiting: Vec<Delta>,
}

/// How many bytes it takes while it waits.
pub(super) fn size(delta: &Delta) -> usize {
    match delta {
        Delta::Text(text) | Delta::Arguments(text) | Delta::Logprobs(text) => text.len(),
        Delta::Seal(seal) => seal.data.len(),
    }
}

/// Tells more of a piece, and its beginning before that.
pub(super) fn tell(ready: &mut Vec<Event>, choice: u32, held: &mut Held, delta: Delta) {
    if !std::mem::replace(&mut held.begun, true) {
        ready.push(Event::Begin(choice, held.piece.clone()));
    }
    ready.push(Event::Add(choice, delta));
}

/// Tells a piece's end; returns how many bytes it had held.
pub(super) fn close(ready: &mut Vec<Event>, choice: u32, held: &mut Held) -> usize {
    let mut freed = 0;
    match held.repack.take() {
        Some((Repack::Unwrap, kept)) => {
            freed = kept.len();
            let input = Value::whole(kept.as_bytes()).and_then(|v| v.get("input")?.text());
            let text = input.unwrap_or(kept);
            if !text.is_empty() {
                tell(ready, choice, held, Delta::Arguments(text));
            }
        }
        Some((Repack::Wrap, kept)) => {
            freed = kept.len();
            let wrapped = serde_json::json!({ "input": kept }).to_string();
            tell(ready, choice, held, Delta::Arguments(wrapped));
        }
        None => {
            if matches!(&held.piece, Piece::Call(call) if !call.custom) && !held.argued {
                tell(ready, choice, held, Delta::Arguments("{}".to_owned()));
            }
        }
    }
    if let Some(seal) = held.seal.take() {
        tell(ready, choice, held, Delta::Seal(seal));
    }
    if held.begun {
        ready.push(Event::End(choice));
    }
    freed
}
