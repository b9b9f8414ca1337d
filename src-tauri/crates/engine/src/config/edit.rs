//! Edits of config.toml that change one thing and nothing else: comments, order and line ends of
//! everything around stay byte for byte. Owns budgets, and the proof of each edit: the text is read
//! again, and anything but that one budget different means no edit. `key` owns single keys and
//! chains, `rules` the rules.

pub mod key;
pub mod rules;

use super::show::{amount, scope, text};
use std::io;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use weir_core::budget::{AtLimit, Limit, Scope};
use weir_core::period::Period;

/// What is said of a budget; `None` leaves what stands there, or the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Its period.
    pub period: Option<Period>,
    /// Its limit.
    pub limit: Option<Limit>,
    /// What it counts.
    pub scope: Option<Scope>,
    /// Percentages at which the user is told.
    pub thresholds: Option<Vec<u8>>,
    /// What happens at the limit.
    pub at_limit: Option<AtLimit>,
}

/// Why a text was not edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditProblem {
    /// It is not TOML.
    #[error("config.toml cannot be read: {0}. See: weir config check")]
    Unreadable(String),
    /// Budgets are written in another form than one block each.
    #[error("the budget {0} is written in a way that Weir does not edit. Change it in config.toml")]
    Shape(String),
    /// A key is written in another form than its own line.
    #[error("{0} is written in a way that Weir does not edit. Change it in config.toml")]
    Key(String),
    /// There is no such rule.
    #[error("there is no rule {0}. The file was changed meanwhile; look at it again")]
    NoRule(usize),
    /// There is no such budget.
    #[error("no budget is called {0}. See: weir budget list")]
    Unknown(String),
}

impl Wanted {
    /// The keys it names, as they are written.
    fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![("name", text(&self.name))];
        keys.extend(self.period.map(|p| ("period", text(p.as_str()))));
        keys.extend(self.limit.map(|limit| match limit {
            Limit::Usd(money) => ("limit_usd", amount(money)),
            Limit::Tokens(count) => ("limit_tokens", count.to_string()),
        }));
        keys.extend(self.scope.as_ref().map(|s| ("scope", scope(s))));
        keys.extend(self.thresholds.as_ref().map(|marks| {
            let marks: Vec<String> = marks.iter().map(u8::to_string).collect();
            ("thresholds", format!("[{}]", marks.join(", ")))
        }));
        keys.extend(self.at_limit.map(|at| ("at_limit", text(at.as_str()))));
        keys
    }
}

/// The text with a budget added, or with the keys that are named changed in the one of that name.
///
/// # Errors
/// When the text cannot be edited without touching anything else.
pub fn put(old: &str, wanted: &Wanted) -> Result<String, EditProblem> {
    let keys = wanted.keys();
    let Some(block) = find(old, &wanted.name)? else {
        let nl = line_end(old);
        let gap = match old {
            "" => String::new(),
            text if text.ends_with('\n') => nl.to_owned(),
            _ => format!("{nl}{nl}"),
        };
        let lines: String =
            keys.iter().map(|(key, value)| format!("{key} = {value}{nl}")).collect();
        return proved(old, format!("{old}{gap}[[budgets]]{nl}{lines}"), &wanted.name);
    };
    let mut new = old.to_owned();
    let mut splices: Vec<(Range<usize>, String)> = Vec::new();
    for (key, value) in &keys {
        match block.value(key) {
            Some(span) => splices.push((span, value.clone())),
            None => {
                let at = block.header_end;
                splices.push((at..at, format!("{key} = {value}{}", line_end(old))));
            }
        }
    }
    // A budget has one limit: the other kind's line goes.
    let other = match wanted.limit {
        Some(Limit::Usd(_)) => Some("limit_tokens"),
        Some(Limit::Tokens(_)) => Some("limit_usd"),
        None => None,
    };
    if let Some(span) = other.and_then(|key| block.line(key, old)) {
        splices.push((span, String::new()));
    }
    splices.sort_by_key(|(span, _)| std::cmp::Reverse((span.start, span.end)));
    for (span, text) in splices {
        new.replace_range(span, &text);
    }
    proved(old, new, &wanted.name)
}

/// The text without a budget.
///
/// # Errors
/// When there is none of that name, or it cannot be taken out alone.
pub fn remove(old: &str, name: &str) -> Result<String, EditProblem> {
    let block = find(old, name)?.ok_or_else(|| EditProblem::Unknown(name.to_owned()))?;
    let mut new = old.to_owned();
    new.replace_range(block.whole, "");
    proved(old, new, name)
}

/// Puts a text in a file's place: whole or not at all, also when the machine stops meanwhile.
///
/// # Errors
/// What the system said; the file is as it was.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays a link: what it points at is replaced.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let draft = path.with_extension("toml.draft");
    let written = (|| {
        std::fs::write(&draft, text)?;
        if let Ok(found) = std::fs::metadata(&path) {
            std::fs::set_permissions(&draft, found.permissions())?;
        }
        std::fs::OpenOptions::new().write(true).open(&draft)?.sync_all()?;
        std::fs::rename(&draft, &path)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    written
}

// === where a budget stands ===

/// A key and its value, by where they stand.
type Placed = (String, Range<usize>, Range<usize>);

/// A `[[budgets]]` block.
struct Block {
    /// From its header's line to its last key's.
    whole: Range<usize>,
    /// The first byte after its header's line.
    header_end: usize,
    keys: Vec<Placed>,
}

impl Block {
    fn value(&self, key: &str) -> Option<Range<usize>> {
        self.keys.iter().find(|(name, _, _)| name == key).map(|(_, _, value)| value.clone())
    }

    fn line(&self, key: &str, text: &str) -> Option<Range<usize>> {
        let (_, name, value) = self.keys.iter().find(|(name, _, _)| name == key)?;
        let start = text[..name.start].rfind('\n').map_or(0, |nl| nl + 1);
        Some(start..line_after(text, value.end))
    }
}

fn line_after(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |nl| at + nl + 1)
}

fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

fn find(text: &str, name: &str) -> Result<Option<Block>, EditProblem> {
    let unreadable =
        |problem: toml::de::Error| EditProblem::Unreadable(problem.message().to_owned());
    let document = DeTable::parse(text).map_err(unreadable)?;
    let table = document.get_ref();
    let Some((_, budgets)) = table.iter().find(|(key, _)| key.get_ref() == "budgets") else {
        return Ok(None);
    };
    let shape = || EditProblem::Shape(name.to_owned());
    let items = budgets.get_ref().as_array().ok_or_else(shape)?;
    for item in items {
        let Some(own) = item.get_ref().as_table() else { continue };
        let named = own.iter().find(|(key, _)| key.get_ref() == "name");
        let is_it = named.is_some_and(|(_, value)| value.get_ref().as_str() == Some(name));
        if !is_it {
            continue;
        }
        let header = item.span();
        if !text[header.clone()].starts_with("[[") {
            return Err(shape());
        }
        return block(text, header, own).map(Some).ok_or_else(shape);
    }
    Ok(None)
}

/// A block whose keys all stand below its own header; `None` when a table of it has a header.
fn block(text: &str, header: Range<usize>, table: &DeTable<'_>) -> Option<Block> {
    let mut last = header.end;
    let mut keys = Vec::new();
    for (key, value) in table.iter() {
        let written = &text[value.span()];
        let apart = matches!(value.get_ref(), DeValue::Table(_)) && !written.starts_with('{');
        if apart || key.span().start < header.start {
            return None;
        }
        last = last.max(value.span().end);
        keys.push((key.get_ref().to_string(), key.span(), spanned(value)));
    }
    let start = text[..header.start].rfind('\n').map_or(0, |nl| nl + 1);
    let header_end = line_after(text, header.end);
    Some(Block { whole: start..line_after(text, last), header_end, keys })
}

fn spanned(value: &Spanned<DeValue<'_>>) -> Range<usize> {
    value.span()
}

/// The new text, if it says the same as the old one but for that one budget.
fn proved(old: &str, new: String, name: &str) -> Result<String, EditProblem> {
    let read = |text: &str| text.parse::<toml::Table>();
    let unreadable =
        |problem: toml::de::Error| EditProblem::Unreadable(problem.message().to_owned());
    let rest = |mut table: toml::Table| {
        if let Some(toml::Value::Array(budgets)) = table.get_mut("budgets") {
            budgets.retain(|b| b.get("name").and_then(toml::Value::as_str) != Some(name));
            if budgets.is_empty() {
                table.remove("budgets");
            }
        }
        table
    };
    let before = rest(read(old).map_err(unreadable)?);
    let same = read(&new).is_ok_and(|after| rest(after) == before);
    if same { Ok(new) } else { Err(EditProblem::Shape(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use weir_core::Money;

    const FILE: &str = "# my own\n[server]\nport = 9347 # here\n\n[[budgets]]\n# the week\nname = \
                        \"week\"\nperiod = \"week\"\nlimit_usd = 2.00 # enough\n\n[[budgets]]\nname \
                        = \"day\"\nperiod = \"day\"\nlimit_usd = 1\nscope = { client = \"codex\" }\n\n\
                        [tiers]\nlow = [\"openai/gpt-5\"]\n";

    fn week(limit: Limit) -> Wanted {
        Wanted { name: "week".into(), limit: Some(limit), ..Wanted::default() }
    }

    #[test]
    fn a_changed_limit_is_the_only_byte_that_changes() {
        let new = put(FILE, &week(Limit::Usd(Money::from_nano(12_500_000_000)))).unwrap();
        assert_eq!(new, FILE.replace("limit_usd = 2.00", "limit_usd = 12.50"));
        let tokens = put(FILE, &week(Limit::Tokens(9))).unwrap();
        let expected = FILE
            .replace("limit_usd = 2.00 # enough\n", "")
            .replace("[[budgets]]\n# the week", "[[budgets]]\nlimit_tokens = 9\n# the week");
        assert_eq!(tokens, expected);
    }

    #[test]
    fn a_new_budget_comes_at_the_end_and_goes_again_without_a_trace() {
        let wanted = Wanted {
            name: "alert".into(),
            period: Some(Period::Week),
            limit: Some(Limit::Usd(Money::from_nano(5_000_000_000))),
            scope: Some(Scope { client: Some("codex".into()), ..Scope::default() }),
            thresholds: Some(vec![80, 100]),
            at_limit: Some(AtLimit::Notify),
        };
        let new = put(FILE, &wanted).unwrap();
        let added = "\n[[budgets]]\nname = \"alert\"\nperiod = \"week\"\nlimit_usd = 5.00\nscope = \
                     { client = \"codex\" }\nthresholds = [80, 100]\nat_limit = \"notify\"\n";
        assert_eq!(new, format!("{FILE}{added}"));
        assert_eq!(remove(&new, "alert").unwrap(), format!("{FILE}\n"));
        assert_eq!(put("", &wanted).unwrap(), added.trim_start());
        let removed = remove(FILE, "week").unwrap();
        assert!(removed.contains("name = \"day\"") && !removed.contains("the week"));
    }

    #[test]
    fn what_cannot_be_edited_alone_is_left_and_said() {
        let inline = "budgets = [{ name = \"week\", period = \"week\", limit_usd = 1 }]\n";
        let usd = Limit::Usd(Money::from_nano(1));
        assert_eq!(put(inline, &week(usd)), Err(EditProblem::Shape("week".into())));
        let apart = "[[budgets]]\nname = \"week\"\n[budgets.scope]\nclient = \"x\"\n";
        assert_eq!(put(apart, &week(usd)), Err(EditProblem::Shape("week".into())));
        assert_eq!(remove(FILE, "month"), Err(EditProblem::Unknown("month".into())));
        assert!(matches!(put("a = [", &week(usd)), Err(EditProblem::Unreadable(_))));
    }

    proptest! {
        #[test]
        fn any_text_is_edited_provably_or_not_at_all(text in "[\\[\\]a-z=\"#\\n {}.0-9]{0,80}") {
            let _ = put(&text, &week(Limit::Tokens(1)));
            let _ = remove(&text, "week");
        }
    }
}
