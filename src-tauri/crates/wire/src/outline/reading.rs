//! The pass itself: which key of which dialect leads where. Every dialect's keys are known at once,
//! for none means two things.

use super::excerpt::{Excerpt, Part};
use super::{BEFORE_BYTES, LAST_BYTES, Outline, REPLY_BYTES, SYSTEM_BYTES, fingerprint};
use crate::json::{self, Flaw, Met, Value, walk};
use crate::text::is_blob;

/// Most text blocks kept of one turn; of more, some in the middle are left out.
const PARTS_MAX: usize = 32;

/// Whose turn a message is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Role {
    #[default]
    User,
    Model,
    System,
    Tool,
}

/// One message while it is read.
#[derive(Default)]
struct Turn {
    role: Role,
    said: Vec<Part>,
    tool_result: bool,
    is_turn: bool,
}

pub(super) struct Reading<'a> {
    body: &'a [u8],
    embeds: bool,
    is_envelope: fn(&[u8]) -> bool,
    outline: Outline,
    system: Vec<Part>,
    first: Vec<Part>,
    last: Vec<Part>,
    before: Vec<Part>,
    reply: Vec<Part>,
    /// The model's latest words; they become `reply` when the user speaks again.
    latest: Vec<Part>,
    tools: u64,
}

type Next = Result<usize, Flaw>;

impl<'a> Reading<'a> {
    pub fn new(body: &'a [u8], embeds: bool, is_envelope: fn(&[u8]) -> bool) -> Self {
        let none = Vec::new;
        Self {
            body,
            embeds,
            is_envelope,
            outline: Outline::default(),
            system: none(),
            first: none(),
            last: none(),
            before: none(),
            reply: none(),
            latest: none(),
            tools: 0,
        }
    }

    pub fn body(&mut self, start: usize) -> Next {
        walk::object(self.body, start, 0, |key, at| match json::unescaped(&key).as_ref() {
            b"system" | b"instructions" | b"systemInstruction" | b"system_instruction" => {
                let mut parts = Vec::new();
                let end = self.texts(at, 1, &mut parts, &mut false)?;
                self.system.append(&mut parts);
                Ok(end)
            }
            b"messages" | b"contents" => self.turns(at),
            b"input" if self.embeds => {
                let mut parts = Vec::new();
                let end = self.texts(at, 1, &mut parts, &mut false)?;
                self.last = parts;
                Ok(end)
            }
            b"input" | b"prompt" => self.turns(at),
            b"tools" | b"functions" => self.declared(at, 1),
            b"max_tokens" | b"max_completion_tokens" | b"max_output_tokens" => self.limit(at, 1),
            b"temperature" => self.temperature(at, 1),
            b"response_format" | b"output_format" => self.format(at, 1),
            b"output_config" | b"text" => self.nested_format(at),
            b"generationConfig" | b"generation_config" => self.generation(at),
            _ => self.skip(at, 1),
        })
    }

    /// Passes over a value; its strings count as text.
    fn skip(&mut self, at: usize, depth: u32) -> Next {
        Ok(self.whole(at, depth)?.end)
    }

    fn whole(&mut self, at: usize, depth: u32) -> Result<Value<'a>, Flaw> {
        let total = &mut self.outline.text_bytes;
        walk::value(self.body, at, depth, &mut |met| *total += text_of(&met))
    }

    fn declared(&mut self, at: usize, depth: u32) -> Next {
        let value = self.whole(at, depth)?;
        let some = value.is_array() && value.raw().len() > 4;
        self.outline.tools |= some;
        if some {
            self.tools = fingerprint(self.tools, value.raw());
        }
        Ok(value.end)
    }

    fn limit(&mut self, at: usize, depth: u32) -> Next {
        let value = self.whole(at, depth)?;
        self.outline.max_tokens = self.outline.max_tokens.max(value.count());
        Ok(value.end)
    }

    fn temperature(&mut self, at: usize, depth: u32) -> Next {
        let value = self.whole(at, depth)?;
        self.outline.temperature_milli = thousandths(value.raw());
        Ok(value.end)
    }

    fn format(&mut self, at: usize, depth: u32) -> Next {
        let value = self.whole(at, depth)?;
        let kind = value.get("type");
        let structured = |v: Value<'_>| v.is("json_schema") || v.is("json_object");
        self.outline.structured |= kind.is_some_and(structured);
        Ok(value.end)
    }

    fn nested_format(&mut self, at: usize) -> Next {
        if self.body.get(at) != Some(&b'{') {
            return self.skip(at, 1);
        }
        walk::object(self.body, at, 1, |key, at| match key.contents {
            b"format" => self.format(at, 2),
            _ => self.skip(at, 2),
        })
    }

    fn generation(&mut self, at: usize) -> Next {
        if self.body.get(at) != Some(&b'{') {
            return self.skip(at, 1);
        }
        walk::object(self.body, at, 1, |key, at| match key.contents {
            b"maxOutputTokens" | b"max_output_tokens" => self.limit(at, 2),
            b"temperature" => self.temperature(at, 2),
            b"responseMimeType" | b"response_mime_type" => {
                let value = self.whole(at, 2)?;
                self.outline.structured |= value.is("application/json");
                Ok(value.end)
            }
            b"responseSchema" | b"response_schema" | b"responseJsonSchema" => {
                self.outline.structured = true;
                self.skip(at, 2)
            }
            _ => self.skip(at, 2),
        })
    }

    /// The list of turns, or one text that is the only turn.
    fn turns(&mut self, at: usize) -> Next {
        match self.body.get(at) {
            Some(b'[') => walk::array(self.body, at, 1, |at| self.turn(at)),
            Some(b'"') => {
                let mut turn = Turn { is_turn: true, ..Turn::default() };
                let end = self.texts(at, 1, &mut turn.said, &mut false)?;
                self.took(turn);
                Ok(end)
            }
            _ => self.skip(at, 1),
        }
    }

    fn turn(&mut self, at: usize) -> Next {
        if self.body.get(at) != Some(&b'{') {
            return self.skip(at, 2);
        }
        let mut turn = Turn::default();
        let end = walk::object(self.body, at, 2, |key, at| match key.contents {
            b"role" => {
                let value = self.whole(at, 3)?;
                turn.is_turn = true;
                turn.role = role(&value).unwrap_or(turn.role);
                Ok(value.end)
            }
            b"type" => {
                let value = self.whole(at, 3)?;
                let inside = value.raw();
                turn.is_turn |= value.is("message");
                if inside.ends_with(b"_output\"") {
                    (turn.role, turn.is_turn) = (Role::Tool, true);
                }
                Ok(value.end)
            }
            b"content" | b"parts" => self.texts(at, 3, &mut turn.said, &mut turn.tool_result),
            b"tools" => self.declared(at, 3),
            _ => self.skip(at, 3),
        })?;
        if turn.is_turn || !turn.said.is_empty() {
            self.took(turn);
        }
        Ok(end)
    }

    /// The texts of a string, of a block, or of a list of either; notes a tool's result among them.
    fn texts(&mut self, at: usize, depth: u32, out: &mut Vec<Part>, result: &mut bool) -> Next {
        match self.body.get(at) {
            Some(b'"') => {
                let value = self.whole(at, depth)?;
                self.keep(out, at + 1..value.end - 1);
                Ok(value.end)
            }
            Some(b'[') => walk::array(self.body, at, depth, |at| match self.body.get(at) {
                Some(b'"' | b'{') => self.texts(at, depth + 1, out, result),
                _ => self.skip(at, depth + 1),
            }),
            Some(b'{') => self.block(at, depth, out, result),
            _ => self.skip(at, depth),
        }
    }

    fn block(&mut self, at: usize, depth: u32, out: &mut Vec<Part>, result: &mut bool) -> Next {
        let (mut spoken, mut text, mut inner) = (true, None, Vec::new());
        let end = walk::object(self.body, at, depth, |key, at| match key.contents {
            b"type" => {
                let value = self.whole(at, depth + 1)?;
                *result |= value.raw().ends_with(b"tool_result\"");
                spoken = ["text", "input_text", "output_text"].iter().any(|kind| value.is(kind));
                Ok(value.end)
            }
            b"thought" => {
                let value = self.whole(at, depth + 1)?;
                spoken &= value.raw() != b"true";
                Ok(value.end)
            }
            b"functionResponse" | b"function_response" => {
                *result = true;
                self.skip(at, depth + 1)
            }
            b"text" => {
                let value = self.whole(at, depth + 1)?;
                text = value.is_text().then(|| at + 1..value.end - 1);
                Ok(value.end)
            }
            // A system instruction is one block whose texts lie one level down.
            b"parts" => self.texts(at, depth + 1, &mut inner, &mut false),
            _ => self.skip(at, depth + 1),
        })?;
        if spoken {
            if let Some(part) = text {
                self.keep(out, part);
            }
            out.append(&mut inner);
        }
        Ok(end)
    }

    fn keep(&self, out: &mut Vec<Part>, part: Part) {
        let raw = &self.body[part.clone()];
        if raw.trim_ascii().is_empty() || is_blob(raw) || (self.is_envelope)(raw) {
            return;
        }
        if out.len() == PARTS_MAX {
            out.remove(PARTS_MAX / 2);
        }
        out.push(part);
    }

    /// A message was read to its end.
    fn took(&mut self, turn: Turn) {
        let result = turn.tool_result || turn.role == Role::Tool;
        self.outline.tool_results += u32::from(result);
        match turn.role {
            Role::System if self.outline.user_turns == 0 => self.system.extend(turn.said),
            Role::System => {}
            Role::Model => {
                self.outline.replies += 1;
                if !turn.said.is_empty() {
                    self.latest = turn.said;
                }
            }
            Role::User if !turn.said.is_empty() => self.spoke(turn.said),
            Role::User | Role::Tool => self.outline.tool_result_last |= result,
        }
    }

    fn spoke(&mut self, said: Vec<Part>) {
        self.outline.user_turns += 1;
        self.outline.tool_result_last = false;
        if self.outline.user_turns == 1 {
            self.first.clone_from(&said);
        }
        self.before = std::mem::replace(&mut self.last, said);
        self.reply = std::mem::take(&mut self.latest);
    }

    pub fn finish(mut self) -> Outline {
        let body = self.body;
        self.outline.opening = (!self.first.is_empty()).then(|| {
            let all = self.system.iter().chain(&self.first);
            all.fold(self.tools, |hash, part| fingerprint(hash, &body[part.clone()]))
        });
        let cut = |parts: &[Part], (head, tail)| Excerpt::of(body, parts, head, tail);
        self.outline.system = cut(&self.system, SYSTEM_BYTES);
        self.outline.last = cut(&self.last, (LAST_BYTES, LAST_BYTES));
        self.outline.first = cut(&self.first, (BEFORE_BYTES, BEFORE_BYTES));
        self.outline.before = cut(&self.before, (BEFORE_BYTES, BEFORE_BYTES));
        self.outline.reply = cut(&self.reply, REPLY_BYTES);
        self.outline
    }
}

fn text_of(met: &Met<'_>) -> u64 {
    if is_blob(met.contents) { 0 } else { met.contents.len() as u64 }
}

fn role(value: &Value<'_>) -> Option<Role> {
    match value.raw() {
        b"\"user\"" => Some(Role::User),
        b"\"assistant\"" | b"\"model\"" => Some(Role::Model),
        b"\"system\"" | b"\"developer\"" => Some(Role::System),
        b"\"tool\"" | b"\"function\"" => Some(Role::Tool),
        _ => None,
    }
}

/// A plain decimal number in thousandths.
fn thousandths(raw: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(raw).ok()?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let whole: u32 = whole.parse().ok().filter(|n| *n < 1_000)?;
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    Some(whole * 1_000 + digits.parse::<u32>().ok()?)
}
