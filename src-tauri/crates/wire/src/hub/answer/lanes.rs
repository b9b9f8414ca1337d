//! Puts what a reader finds into order: one lane a choice, one piece at a time. Deltas of parallel
//! calls may come mixed; the first call streams on and the others wait for their turn. Also where
//! an answer is fitted to its client: ids and names, hidden thinking, free-text tools.
//! Owns the bound on what waits.

use super::super::seal::Seal;
use super::super::{Back, Form, ids};
use super::cut::Cut;
use super::fault::{Fault, FaultKind};
use super::held::{Held, Repack, close, size, tell};
use super::{Call, Delta, Event, Opening, Piece, Stop};
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Most bytes of one answer that may wait for their turn, in all.
pub const HELD_BYTES_MAX: usize = 16 << 20;
/// Most choices of one answer; OpenAI's own limit of `n`.
const CHOICES_MAX: u32 = 128;
/// Most tool calls of one answer.
pub(super) const CALLS_MAX: usize = 4_096;

/// A call as the provider tells it.
#[derive(Debug, Default)]
pub(super) struct RawCall {
    pub id: Option<String>,
    pub name: String,
    pub namespace: Option<String>,
    pub custom: bool,
    pub seal: Option<Seal<'static>>,
}

/// A kind of text that goes on until another kind of piece comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Text,
    Refusal,
    Thinking,
}

/// Names a piece to the lanes until it is ended.
pub(super) type Key = u64;

/// Keys from here on are given by the lanes; a reader may use any below.
const OWN_KEYS: Key = 1 << 48;

#[derive(Debug)]
struct Lane {
    choice: u32,
    held: VecDeque<Held>,
    flow: Option<(Flow, Key)>,
    calls: u32,
    refused: bool,
    stopped: bool,
    /// Where its text ends before the provider's does.
    cut: Cut,
}

/// The order of one answer.
#[derive(Debug)]
pub(super) struct Lanes {
    back: Arc<Back>,
    ready: Vec<Event>,
    lanes: Vec<Lane>,
    opened: bool,
    failed: bool,
    next_key: Key,
    held_bytes: usize,
    ids_given: Vec<String>,
}

impl Lanes {
    pub fn new(back: Arc<Back>) -> Self {
        Self {
            back,
            ready: Vec::new(),
            lanes: Vec::new(),
            opened: false,
            failed: false,
            next_key: OWN_KEYS,
            held_bytes: 0,
            ids_given: Vec::new(),
        }
    }

    /// The events so far; they are handed out once.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Event> {
        self.ready.drain(..)
    }

    /// A key of its own for a piece.
    pub fn key(&mut self) -> Key {
        self.next_key += 1;
        self.next_key
    }

    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Whether every choice that was seen has stopped, and there was one: enough where the dialect
    /// says that the answer is over, for some servers give one answer whatever is asked.
    pub fn stopped(&self) -> bool {
        !self.lanes.is_empty() && self.lanes.iter().all(|lane| lane.stopped)
    }

    /// Whether every choice that was asked for has stopped: enough where nothing says that the answer
    /// is over.
    pub fn complete(&self) -> bool {
        let asked = usize::try_from(self.back.choices).unwrap_or(usize::MAX);
        self.lanes.len() >= asked && self.stopped()
    }

    /// The answer begins; said again, nothing happens.
    pub fn open(&mut self, opening: impl FnOnce() -> Opening) {
        if !self.opened && !self.failed {
            self.opened = true;
            self.ready.push(Event::Open(opening()));
        }
    }

    /// The answer cannot go on.
    pub fn fail(&mut self, fault: Fault) {
        if !self.failed {
            self.failed = true;
            self.ready.push(Event::Fail(fault));
        }
    }

    /// A choice is there, though nothing of it came yet.
    pub fn choice(&mut self, choice: u32) {
        self.lane(choice);
    }

    /// Text of a kind that goes on over chunks.
    pub fn flow(&mut self, choice: u32, flow: Flow, text: String) {
        if text.is_empty() {
            return;
        }
        if let Some(key) = self.flowing(choice, flow) {
            self.add(choice, key, Delta::Text(text));
        }
    }

    /// What was kept of a text began no stop sequence, for the text is over.
    fn tell_tail(&mut self, choice: u32) {
        let Some(lane) = self.lane(choice) else { return };
        let tail = lane.cut.rest();
        let text = lane.held.iter().rev().find(|held| held.piece == Piece::Text && !held.ended);
        if let Some(key) = text.map(|held| held.key).filter(|_| !tail.is_empty()) {
            self.put(choice, key, Delta::Text(tail));
        }
    }

    /// The seal of the thinking in progress, or of a thought of its own.
    pub fn seal_flow(&mut self, choice: u32, seal: Seal<'static>) {
        if let Some(key) = self.flowing(choice, Flow::Thinking) {
            self.add(choice, key, Delta::Seal(seal));
        }
    }

    /// Token probabilities of the text in progress, if there is one.
    pub fn logprobs(&mut self, choice: u32, list: String) {
        let Some(lane) = self.lane(choice) else { return };
        if let Some((Flow::Text | Flow::Refusal, key)) = lane.flow {
            self.add(choice, key, Delta::Logprobs(list));
        }
    }

    /// The key of the piece of this kind in progress; another kind in progress is ended.
    fn flowing(&mut self, choice: u32, flow: Flow) -> Option<Key> {
        let key = self.key();
        let lane = self.lane(choice)?;
        match lane.flow {
            Some((current, key)) if current == flow => return Some(key),
            Some((_, before)) => self.end(choice, before),
            None => {}
        }
        let piece = match flow {
            Flow::Text => Piece::Text,
            Flow::Refusal => Piece::Refusal,
            Flow::Thinking => Piece::Thinking,
        };
        self.begin(choice, key, piece);
        self.lane(choice)?.flow = Some((flow, key));
        Some(key)
    }

    /// Ends the text or thinking in progress.
    pub fn end_flow(&mut self, choice: u32) {
        let flow = self.lane(choice).and_then(|lane| lane.flow.take());
        if let Some((_, key)) = flow {
            self.end(choice, key);
        }
    }

    /// A tool call begins. The text in progress is over.
    pub fn call(&mut self, choice: u32, key: Key, raw: RawCall) {
        self.end_flow(choice);
        let Some(lane) = self.lane(choice).filter(|lane| !lane.cut.is_made()) else { return };
        lane.calls += 1;
        let ordinal = lane.calls;
        if self.ids_given.len() >= CALLS_MAX {
            let words = format!("The provider's answer holds more than {CALLS_MAX} tool calls.");
            return self.fail(Fault::new(FaultKind::Api, words));
        }
        if raw.name.is_empty() {
            let words = "The provider's answer holds a tool call without a name.";
            return self.fail(Fault::new(FaultKind::Api, words));
        }
        let id = self.call_id(raw.id.as_deref(), choice, ordinal);
        let sent = self.back.tool(&raw.name);
        let freeform = sent.is_some_and(|tool| tool.freeform);
        let knows_custom = matches!(self.back.client, Form::Chat | Form::Responses);
        let repack = match (raw.custom, freeform) {
            (false, true) => Some((Repack::Unwrap, String::new())),
            (true, _) if !knows_custom => Some((Repack::Wrap, String::new())),
            _ => None,
        };
        let call = Call {
            id,
            name: sent.map_or(raw.name.as_str(), |tool| &tool.name).to_owned(),
            namespace: sent.and_then(|tool| tool.namespace.clone()).or(raw.namespace),
            custom: (raw.custom || freeform) && knows_custom,
            seal: raw.seal,
        };
        self.begin(choice, key, Piece::Call(call));
        if let Some(held) = self.held(choice, key) {
            held.repack = repack;
        }
    }

    /// A legal id that no other call of this answer has.
    fn call_id(&mut self, given: Option<&str>, choice: u32, ordinal: u32) -> String {
        let given = given.filter(|id| !id.is_empty());
        let mut id = match given {
            Some(id) => ids::for_client(self.back.client, id).into_owned(),
            None => {
                let mut hasher = DefaultHasher::new();
                (self.back.seed, choice, ordinal).hash(&mut hasher);
                format!("call_{:016x}", hasher.finish())
            }
        };
        let own = given.map_or_else(|| id.clone(), str::to_owned);
        let mut twin = ordinal;
        while self.ids_given.contains(&id) {
            id = ids::for_client(self.back.client, &format!("{own}_{choice}_{twin}")).into_owned();
            twin += 1;
        }
        self.ids_given.push(id.clone());
        id
    }

    /// A piece begins; a key in use is left as it is.
    pub fn begin(&mut self, choice: u32, key: Key, piece: Piece) {
        self.open(Opening::default);
        if self.held(choice, key).is_some() {
            return;
        }
        let Some(lane) = self.lane(choice) else { return };
        if lane.stopped || lane.cut.is_made() {
            return;
        }
        lane.refused |= piece == Piece::Refusal;
        lane.held.push_back(Held {
            key,
            piece,
            begun: false,
            ended: false,
            argued: false,
            seal: None,
            repack: None,
            waiting: Vec::new(),
        });
        if lane.held.len() == 1 {
            self.advance(choice);
        }
    }

    /// Adds to a piece; a piece that is not there takes nothing, nor does one whose text was cut.
    pub fn add(&mut self, choice: u32, key: Key, delta: Delta) {
        if self.back.cuts.is_empty() {
            return self.put(choice, key, delta);
        }
        if self.lane(choice).is_none_or(|lane| lane.cut.is_made()) {
            return;
        }
        let is_text = self.held(choice, key).is_some_and(|held| held.piece == Piece::Text);
        match delta {
            Delta::Text(text) if is_text => {
                let back = Arc::clone(&self.back);
                let told = self.lane(choice).map(|lane| lane.cut.pass(text, &back.cuts));
                self.put(choice, key, Delta::Text(told.unwrap_or_default()));
            }
            delta => self.put(choice, key, delta),
        }
    }

    fn put(&mut self, choice: u32, key: Key, delta: Delta) {
        let (show, keep) = (self.back.show_thinking, self.back.keep_seals);
        let Some(of) = self.place(choice) else { return };
        let Self { lanes, ready, held_bytes, .. } = self;
        let lane = &mut lanes[of];
        let Some(at) = lane.held.iter().position(|held| held.key == key) else { return };
        let held = &mut lane.held[at];
        let thinking = held.piece == Piece::Thinking;
        let delta = match delta {
            Delta::Text(text) if text.is_empty() || (thinking && !show) => return,
            Delta::Seal(seal) => {
                held.seal = keep.then_some(seal).or(held.seal.take());
                return;
            }
            Delta::Arguments(text) => {
                held.argued |= !text.trim().is_empty();
                match &mut held.repack {
                    Some((_, kept)) => {
                        *held_bytes += text.len();
                        kept.push_str(&text);
                        return self.bound();
                    }
                    None if text.is_empty() => return,
                    None => Delta::Arguments(text),
                }
            }
            other => other,
        };
        if at == 0 {
            tell(ready, choice, held, delta);
        } else {
            *held_bytes += size(&delta);
            match (held.waiting.last_mut(), delta) {
                (Some(Delta::Arguments(before)), Delta::Arguments(text))
                | (Some(Delta::Text(before)), Delta::Text(text)) => before.push_str(&text),
                (_, delta) => held.waiting.push(delta),
            }
            self.bound();
        }
    }

    fn bound(&mut self) {
        if self.held_bytes > HELD_BYTES_MAX {
            let most = HELD_BYTES_MAX >> 20;
            let words = format!("The provider's tool calls are longer than {most} MB.");
            self.fail(Fault::new(FaultKind::Api, words));
        }
    }

    /// Whether anything was added to a piece that is still there.
    pub fn argued(&mut self, choice: u32, key: Key) -> bool {
        self.held(choice, key).is_some_and(|held| held.argued)
    }

    /// A piece is complete.
    pub fn end(&mut self, choice: u32, key: Key) {
        if self.held(choice, key).is_some_and(|held| held.piece == Piece::Text) {
            self.tell_tail(choice);
        }
        let Some(lane) = self.lane(choice) else { return };
        if lane.flow.is_some_and(|(_, flow)| flow == key) {
            lane.flow = None;
        }
        let Some(at) = lane.held.iter().position(|held| held.key == key) else { return };
        lane.held[at].ended = true;
        if at == 0 {
            self.advance(choice);
        }
    }

    /// Tells what the lane's first piece has waiting, and goes on while pieces are complete.
    fn advance(&mut self, choice: u32) {
        let Some(at) = self.lanes.iter().position(|lane| lane.choice == choice) else { return };
        let (lane, ready) = (&mut self.lanes[at], &mut self.ready);
        while let Some(held) = lane.held.front_mut() {
            if !held.begun && !matches!(held.piece, Piece::Text | Piece::Refusal | Piece::Thinking)
            {
                held.begun = true;
                ready.push(Event::Begin(choice, held.piece.clone()));
            }
            for delta in std::mem::take(&mut held.waiting) {
                self.held_bytes = self.held_bytes.saturating_sub(size(&delta));
                tell(ready, choice, held, delta);
            }
            if !held.ended {
                return;
            }
            self.held_bytes = self.held_bytes.saturating_sub(close(ready, choice, held));
            lane.held.pop_front();
        }
    }

    /// A choice is complete, and with it all its pieces. A stop that does not fit what came is
    /// put right: clients wait for calls that a wrong reason promises, or miss those it hides.
    pub fn stop(&mut self, choice: u32, stop: Stop) {
        self.open(Opening::default);
        self.tell_tail(choice);
        let back = Arc::clone(&self.back);
        let Some(lane) = self.lane(choice) else { return };
        if std::mem::replace(&mut lane.stopped, true) {
            return;
        }
        let stop = match lane.cut.sequence().filter(|_| lane.calls == 0) {
            Some(sequence) => Stop::Sequence(Some(sequence)),
            None => stop,
        };
        lane.flow = None;
        // OpenAI's dialect says a refusal in words and stops as usual; the others have a reason.
        let worded = matches!(back.client, Form::Messages | Form::Gemini);
        // Some servers name sequences of their own; a client knows only those it asked for.
        let asked = |sequence: &String| back.stop.contains(sequence);
        let stop = match stop {
            Stop::Sequence(Some(sequence)) if !asked(&sequence) => Stop::End,
            other => other,
        };
        let stop = match stop {
            Stop::End if lane.calls > 0 => Stop::Calls,
            Stop::Calls if lane.calls == 0 => Stop::End,
            Stop::End if lane.refused && worded => Stop::Refused,
            other => other,
        };
        lane.held.iter_mut().for_each(|held| held.ended = true);
        self.advance(choice);
        if !self.failed {
            self.ready.push(Event::Stop(choice, stop));
        }
    }

    /// The same, with what a provider's reason was read as.
    pub fn ends(&mut self, choice: u32, stop: Result<Stop, Fault>) {
        match stop {
            Ok(stop) => self.stop(choice, stop),
            Err(fault) => self.fail(fault),
        }
    }

    /// Stops every choice that has not stopped.
    pub fn stop_rest(&mut self, stop: &Stop) {
        let open: Vec<u32> =
            self.lanes.iter().filter(|lane| !lane.stopped).map(|lane| lane.choice).collect();
        for choice in open {
            self.stop(choice, stop.clone());
        }
    }

    fn lane(&mut self, choice: u32) -> Option<&mut Lane> {
        self.place(choice).map(|at| &mut self.lanes[at])
    }

    /// Where a choice's lane is; a new choice gets one.
    fn place(&mut self, choice: u32) -> Option<usize> {
        if choice >= CHOICES_MAX || self.failed {
            return None;
        }
        if let Some(at) = self.lanes.iter().position(|lane| lane.choice == choice) {
            return Some(at);
        }
        self.lanes.push(Lane {
            choice,
            held: VecDeque::new(),
            flow: None,
            calls: 0,
            refused: false,
            stopped: false,
            cut: Cut::default(),
        });
        Some(self.lanes.len() - 1)
    }

    fn held(&mut self, choice: u32, key: Key) -> Option<&mut Held> {
        self.lane(choice)?.held.iter_mut().find(|held| held.key == key)
    }
}
