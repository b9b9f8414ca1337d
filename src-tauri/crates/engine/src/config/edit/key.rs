//! Edits of one key in a section of config.toml: its value alone changes, and a list that is written
//! over several lines keeps the comments of the links it keeps.

use super::{EditProblem, line_after, line_end};
use crate::config::show::text;
use std::ops::Range;
use toml::de::DeTable;

/// The text with another value for a key. `value` is given what stands there.
///
/// # Errors
/// When the text cannot be edited without touching anything else.
pub fn set(
    old: &str,
    section: &str,
    key: &str,
    value: impl FnOnce(Option<&str>) -> String,
) -> Result<String, EditProblem> {
    let shape = || EditProblem::Key(format!("{section}.{key}"));
    let unreadable = |e: toml::de::Error| EditProblem::Unreadable(e.message().to_owned());
    let document = DeTable::parse(old).map_err(unreadable)?;
    let nl = line_end(old);
    let found = document.get_ref().iter().find(|(name, _)| name.get_ref() == section);
    let (span, new): (Range<usize>, String) = match found {
        None => {
            let gap = match old {
                "" => "",
                text if text.ends_with('\n') => nl,
                _ => &format!("{nl}{nl}"),
            };
            (old.len()..old.len(), format!("{gap}[{section}]{nl}{key} = {}{nl}", value(None)))
        }
        Some((_, table)) => {
            let own = table.get_ref().as_table().ok_or_else(shape)?;
            match own.iter().find(|(name, _)| name.get_ref() == key) {
                Some((_, written)) => (written.span(), value(Some(&old[written.span()]))),
                None if old[table.span()].starts_with('[') => {
                    let at = line_after(old, table.span().end);
                    let before = if old[..at].ends_with('\n') { "" } else { nl };
                    (at..at, format!("{before}{key} = {}{nl}", value(None)))
                }
                None => return Err(shape()),
            }
        }
    };
    let mut edited = old.to_owned();
    edited.replace_range(span, &new);
    let rest = |text: &str| {
        let mut table = text.parse::<toml::Table>().ok()?;
        if let Some(toml::Value::Table(own)) = table.get_mut(section) {
            own.remove(key);
            if own.is_empty() {
                table.remove(section);
            }
        }
        Some(table)
    };
    if rest(old).is_some_and(|before| rest(&edited) == Some(before)) {
        Ok(edited)
    } else {
        Err(shape())
    }
}

/// A text as a value.
pub fn quoted(value: &str) -> String {
    text(value)
}

/// A list of texts, written as the old one is: on one line, or on one line each.
pub fn list(old: Option<&str>, items: &[String]) -> String {
    old.filter(|old| old.contains('\n'))
        .and_then(|old| over_lines(old, items))
        .unwrap_or_else(|| inline(items))
}

/// A list of texts on one line.
pub fn inline(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| text(item)).collect();
    format!("[{}]", items.join(", "))
}

/// One item of a list over several lines, with what is said of it.
struct Said<'a> {
    item: String,
    /// Whole lines of comments above it.
    above: Vec<&'a str>,
    /// The comment on its own line.
    beside: &'a str,
    taken: bool,
}

fn over_lines(old: &str, items: &[String]) -> Option<String> {
    const HEAD: &str = "x = ";
    let whole = format!("{HEAD}{old}");
    let document = DeTable::parse(&whole).ok()?;
    let found = document.get_ref().iter().next()?.1.get_ref().as_array()?;
    let spans: Vec<Range<usize>> = found
        .iter()
        .map(|item| item.span().start - HEAD.len()..item.span().end - HEAD.len())
        .collect();
    let texts: Option<Vec<&str>> = found.iter().map(|item| item.get_ref().as_str()).collect();
    let nl = line_end(old);
    let end = old.rfind(']')?;
    let first = spans.first().map_or(end, |span| span.start);
    let opening = old.get(1..first)?;
    let (beside_opening, mut above) = comments(opening);
    let line_start = old[..first].rfind('\n').map_or(1, |at| at + 1);
    let indent = old.get(line_start..first).filter(|text| text.trim().is_empty());
    let indent = indent.filter(|_| !spans.is_empty()).unwrap_or("    ");
    let mut said: Vec<Said<'_>> = Vec::new();
    for (at, (span, item)) in spans.iter().zip(texts?).enumerate() {
        let next = spans.get(at + 1).map_or(end, |next| next.start);
        let (beside, below) = comments(old.get(span.end..next)?);
        let above = std::mem::replace(&mut above, below);
        said.push(Said { item: item.to_owned(), above, beside, taken: false });
    }
    let mut out = format!("[{}{nl}", spaced(beside_opening));
    for item in items {
        let known = said.iter_mut().find(|one| !one.taken && one.item == *item);
        let (above, beside) = match known {
            Some(one) => {
                one.taken = true;
                (std::mem::take(&mut one.above), one.beside)
            }
            None => (Vec::new(), ""),
        };
        for line in above {
            out.push_str(&format!("{indent}{line}{nl}"));
        }
        out.push_str(&format!("{indent}{},{}{nl}", text(item), spaced(beside)));
    }
    for line in above {
        out.push_str(&format!("{indent}{line}{nl}"));
    }
    let closing = old[..end].rfind('\n').map_or("", |at| &old[at + 1..end]);
    out.push_str(if closing.trim().is_empty() { closing } else { "" });
    out.push(']');
    Some(out)
}

fn spaced(comment: &str) -> String {
    if comment.is_empty() { String::new() } else { format!(" {comment}") }
}

/// The comment on the rest of a line, and the lines of comments after it.
fn comments(between: &str) -> (&str, Vec<&str>) {
    let mut lines = between.lines();
    let own = lines.next().unwrap_or_default();
    let own = own.find('#').map_or("", |at| own[at..].trim_end());
    (own, lines.map(str::trim).filter(|line| line.starts_with('#')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "# my own\n[server]\nport = 9347 # here\n\n[tiers] # chains\nlow = [\n  # free\n  \
                        \"local\", # at home\n  \"openai/gpt-5-mini\",\n  # the last resort\n  \
                        \"anthropic/claude-haiku-4-5\" # paid\n  # and no more\n]\nmedium = \
                        [\"openai/gpt-5\"] # one\n";

    fn chain(old: &str, tier: &str, links: &[&str]) -> Result<String, EditProblem> {
        let links: Vec<String> = links.iter().map(|link| (*link).to_owned()).collect();
        set(old, "tiers", tier, |written| list(written, &links))
    }

    #[test]
    fn a_chain_on_one_line_changes_in_its_place_and_nothing_around_it() {
        let new = chain(FILE, "medium", &["local", "openai/gpt-5"]).unwrap();
        assert_eq!(new, FILE.replace("[\"openai/gpt-5\"]", "[\"local\", \"openai/gpt-5\"]"));
        let port = set(FILE, "server", "port", |_| "9400".into()).unwrap();
        assert_eq!(port, FILE.replace("9347", "9400"));
    }

    #[test]
    fn links_of_a_chain_over_several_lines_move_with_what_is_said_of_them() {
        let new = chain(FILE, "low", &["anthropic/claude-haiku-4-5", "ollama/qwen3:8b", "local"])
            .unwrap();
        let expected = "low = [\n  # the last resort\n  \"anthropic/claude-haiku-4-5\", # paid\n  \
                        \"ollama/qwen3:8b\",\n  # free\n  \"local\", # at home\n  # and no more\n]\n";
        assert!(new.contains(expected), "{new}");
        assert!(new.starts_with("# my own\n[server]\nport = 9347 # here\n\n[tiers] # chains\n"));
        assert!(new.ends_with("medium = [\"openai/gpt-5\"] # one\n"));
    }

    #[test]
    fn what_is_not_written_yet_gets_its_line_or_its_section() {
        let new = chain(FILE, "high", &["local"]).unwrap();
        assert!(new.contains("[tiers] # chains\nhigh = [\"local\"]\nlow = ["), "{new}");
        assert_eq!(chain("", "low", &["local"]).unwrap(), "[tiers]\nlow = [\"local\"]\n");
        let windows = chain("[server]\r\nport = 1\r\n", "low", &[]).unwrap();
        assert_eq!(windows, "[server]\r\nport = 1\r\n\r\n[tiers]\r\nlow = []\r\n");
        assert_eq!(chain("[tiers]", "low", &[]).unwrap(), "[tiers]\nlow = []\n");
        let inline = "tiers = { low = [\"local\"] }\n";
        assert_eq!(chain(inline, "low", &[]).unwrap(), "tiers = { low = [] }\n");
        let refused = chain(inline, "high", &[]).unwrap_err();
        assert!(refused.to_string().contains("tiers.high"), "{refused}");
        assert!(matches!(chain("a = [", "low", &[]), Err(EditProblem::Unreadable(_))));
    }

    proptest! {
        #[test]
        fn a_list_reads_back_as_what_was_asked_for_however_it_was_written(
            items in proptest::collection::vec("[a-z/:#\"\\\\ ]{1,8}", 0..5),
            old in proptest::collection::vec("[a-z/]{1,4}", 0..4),
            tail in "(,)?( # [a-z]{0,4})?\n",
        ) {
            let written: Vec<String> = old.iter().map(|item| format!("{item:?}")).collect();
            let tail = if old.is_empty() { tail.replace(',', "") } else { tail };
            let old = format!("[ # x\n  {}{tail}]", written.join(", # each\n  "));
            let new = format!("x = {}", list(Some(&old), &items)).parse::<toml::Table>().unwrap();
            let read: Vec<&str> =
                new["x"].as_array().unwrap().iter().filter_map(toml::Value::as_str).collect();
            prop_assert_eq!(read, items);
        }
    }
}
