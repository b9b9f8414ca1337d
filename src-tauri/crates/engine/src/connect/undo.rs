//! Taking an edit back, as a pure function of the record and of the file as it is now: to the
//! last byte where nobody changed it since, else Weir's own keys alone, and of those only such
//! as still have the value that Weir gave them.

use super::document::{self, Format, Splice, Unfit};
use super::journal::{Edit, FileRecord, Hash, KeyRecord, Step, hash};
use serde_json::Value;

/// What a file shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Its text; `None` for no file.
    pub text: Option<String>,
    /// Keys that somebody gave another value since, and that keep it.
    pub kept: Vec<String>,
    /// Whether this is the file of before, byte for byte.
    pub exact: bool,
}

impl Undone {
    fn exactly(text: Option<String>) -> Self {
        Self { text, kept: Vec::new(), exact: true }
    }
}

/// The hash of what a value says, however it is written.
pub fn meaning(value: &Value) -> Hash {
    hash(value.to_string())
}

/// The file without Weir's keys. `now` is its text, `None` when there is no file.
///
/// # Errors
/// When the file cannot be read or edited; it must then be left as it is.
pub fn undo(record: &FileRecord, now: Option<&str>) -> Result<Undone, Unfit> {
    // Somebody removed the file: nothing of Weir's is left in it.
    let Some(now) = now else { return Ok(Undone::exactly(None)) };
    let found = hash(now);
    for edit in record.edits.iter().rev() {
        if found == edit.after
            && let Some(text) = back(edit, now)
        {
            return Ok(Undone::exactly(text));
        }
    }
    if record.edits.iter().any(|edit| edit.before.as_ref() == Some(&found)) {
        return Ok(Undone::exactly(Some(now.to_owned())));
    }
    if record.format == Format::Whole {
        let kept = vec![record.path.display().to_string()];
        return Ok(Undone { text: Some(now.to_owned()), kept, exact: false });
    }
    by_key(record, now)
}

/// The whole edit, the last splice first.
fn back(edit: &Edit, now: &str) -> Option<Option<String>> {
    let mut text = now.to_owned();
    for step in edit.steps.iter().rev() {
        text = step.undo_at(&text, step.at)?;
    }
    match &edit.before {
        None if text.is_empty() => Some(None),
        Some(before) if *before == hash(&text) => Some(Some(text)),
        _ => None,
    }
}

/// Key by key, in a file that was edited since.
fn by_key(record: &FileRecord, now: &str) -> Result<Undone, Unfit> {
    let format = record.format;
    format.read(now)?;
    let mut text = now.to_owned();
    let mut kept = Vec::new();
    // The newest edit that is in the file knows best what stood there before.
    let steps = record.edits.iter().rev().flat_map(|edit| edit.steps.iter().rev());
    let mut seen = Vec::new();
    for step in steps {
        let Some(key) = record.keys.get(step.key) else { continue };
        if seen.contains(&step.key) {
            continue;
        }
        seen.push(step.key);
        match standing(format, &text, key)? {
            Standing::Gone => {}
            Standing::Changed => kept.push(key.path.join(".")),
            Standing::Ours => text = without(format, &text, step, key)?,
        }
    }
    Ok(Undone { text: Some(text), kept, exact: false })
}

enum Standing {
    Gone,
    Changed,
    Ours,
}

fn standing(format: Format, text: &str, key: &KeyRecord) -> Result<Standing, Unfit> {
    let tree = format.read(text)?;
    Ok(match document::get(&tree, &key.path) {
        None => Standing::Gone,
        Some(value) if key.wrote.contains(&meaning(value)) => Standing::Ours,
        // Whatever was changed inside a table of Weir's, it still leads to Weir.
        Some(value @ Value::Object(_)) if super::marked(value) => Standing::Ours,
        Some(_) => Standing::Changed,
    })
}

/// The text with one key as it was: its very bytes taken out again where they are found, else the
/// key removed, or its old value put back.
fn without(format: Format, text: &str, step: &Step, key: &KeyRecord) -> Result<String, Unfit> {
    if !step.old.is_empty() {
        return format.put_raw(text, &key.path, &step.old);
    }
    let wanted = format.unset(text, &key.path, key.made);
    let cut = sole(text, step);
    match (cut, wanted) {
        // A tool that laid its file out anew put other line ends around what was inserted.
        (Some(cut), Ok(wanted))
            if format.read(&cut) == format.read(&wanted)
                && empty_lines(&cut) <= empty_lines(&wanted) =>
        {
            Ok(cut)
        }
        (_, Ok(wanted)) => Ok(wanted),
        // What cannot be taken out alone can still be taken out as it was put in.
        (Some(cut), Err(problem)) => match format.read(&cut) {
            Ok(tree) if document::get(&tree, &key.path).is_none() => Ok(cut),
            _ => Err(problem),
        },
        (None, Err(problem)) => Err(problem),
    }
}

fn empty_lines(text: &str) -> usize {
    text.lines().filter(|line| line.trim().is_empty()).count()
}

/// The text without an insertion, if it stands in it exactly once.
fn sole(text: &str, step: &Step) -> Option<String> {
    let mut places = text.match_indices(&step.head).map(|(at, _)| at);
    let first = places.find_map(|at| step.undo_at(text, at))?;
    match places.any(|at| step.undo_at(text, at).is_some()) {
        true => None,
        false => Some(first),
    }
}

/// Where a splice has to be remembered.
pub fn step(record: &mut Vec<KeyRecord>, tree: &Value, path: &[String], value: &Value) -> usize {
    let index = record.iter().position(|key| key.path == path).unwrap_or_else(|| {
        let there = (1..path.len()).filter(|depth| document::get(tree, &path[..*depth]).is_some());
        let made = path.len() - 1 - there.count();
        record.push(KeyRecord { path: path.to_vec(), made, wrote: Vec::new() });
        record.len() - 1
    });
    let wrote = meaning(value);
    if !record[index].wrote.contains(&wrote) {
        record[index].wrote.push(wrote);
    }
    index
}

/// An edit from the splices that make it.
pub fn edit(before: Option<&str>, after: &str, splices: &[(usize, Splice)]) -> Edit {
    let steps = splices.iter().map(|(key, splice)| Step::of(*key, splice)).collect();
    Edit { before: before.map(hash), after: hash(after), steps }
}
