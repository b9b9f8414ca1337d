//! Edits of the rules of config.toml, a block each: a rule moves with the comments right above it,
//! and everything that is no rule stays where it is. Owns the proof of each edit: read again, the
//! rules are exactly those that were asked for and the rest is what it was.

use super::key::inline;
use super::{Block, EditProblem, block, line_end};
use crate::api::{RuleText, RuleWhen};
use crate::config::show::text;
use std::ops::Range;
use toml::de::DeTable;
use toml::{Table, Value};

const TIERS: [&str; 3] = ["low", "medium", "high"];

/// The text with a rule behind all others.
///
/// # Errors
/// When the text cannot be edited without touching anything else.
pub fn add(old: &str, rule: &RuleText) -> Result<String, EditProblem> {
    let blocks = blocks(old)?;
    let nl = line_end(old);
    let at = blocks.last().map_or(old.len(), |block| block.whole.end);
    let gap = match &old[..at] {
        "" => "",
        text if text.ends_with('\n') => nl,
        _ => &format!("{nl}{nl}"),
    };
    let mut new = old.to_owned();
    let behind =
        if old[at..].trim().is_empty() || old[at..].starts_with(['\n', '\r']) { "" } else { nl };
    new.insert_str(
        at,
        &format!(
            "{gap}[[rules]]{nl}when = {}{nl}use = {}{nl}{behind}",
            when(&rule.when),
            leads(rule)
        ),
    );
    let mut wanted = rules(old)?;
    wanted.push(value(rule)?);
    proved(old, new, &wanted)
}

/// The text with another rule in a rule's place.
///
/// # Errors
/// As `add`; also when there is no such rule.
pub fn change(old: &str, at: usize, rule: &RuleText) -> Result<String, EditProblem> {
    let blocks = blocks(old)?;
    let own = blocks.get(at).ok_or_else(|| none(at))?;
    let before = rules(old)?;
    let written = before.get(at).ok_or_else(|| none(at))?;
    let wanted = value(rule)?;
    let mut splices: Vec<(Range<usize>, String)> = Vec::new();
    for (key, new) in [("when", when(&rule.when)), ("use", leads(rule))] {
        // What says the same already stays as it is written.
        if written.get(key) == wanted.get(key) {
            continue;
        }
        match own.value(key) {
            Some(span) => splices.push((span, new)),
            None => {
                let at = own.header_end;
                splices.push((at..at, format!("{key} = {new}{}", line_end(old))));
            }
        }
    }
    splices.sort_by_key(|(span, _)| std::cmp::Reverse((span.start, span.end)));
    let mut new = old.to_owned();
    for (span, text) in splices {
        new.replace_range(span, &text);
    }
    let mut all = before.clone();
    all[at] = wanted;
    proved(old, new, &all)
}

/// The text with a rule in another place.
///
/// # Errors
/// As `change`.
pub fn shift(old: &str, from: usize, to: usize) -> Result<String, EditProblem> {
    let extents = extents(old)?;
    let mut order: Vec<usize> = (0..extents.len()).collect();
    if from >= order.len() {
        return Err(none(from));
    }
    let moved = order.remove(from);
    order.insert(to.min(order.len()), moved);
    let nl = line_end(old);
    let mut new = String::with_capacity(old.len());
    let mut at = 0;
    for (slot, which) in extents.iter().zip(&order) {
        new.push_str(&old[at..slot.start]);
        let text = &old[extents[*which].clone()];
        new.push_str(text);
        if !text.ends_with('\n') {
            new.push_str(nl);
        }
        at = slot.end;
    }
    new.push_str(&old[at..]);
    let mut all = rules(old)?;
    let rule = all.remove(from);
    all.insert(to.min(all.len()), rule);
    proved(old, new, &all)
}

/// The text without a rule and the comments right above it.
///
/// # Errors
/// As `change`.
pub fn remove(old: &str, at: usize) -> Result<String, EditProblem> {
    let extent = extents(old)?.get(at).cloned().ok_or_else(|| none(at))?;
    let mut new = old.to_owned();
    new.replace_range(extent.clone(), "");
    // Of the two empty lines that would meet, one goes.
    let (before, after) = new.split_at(extent.start);
    let nl = line_end(old);
    let meets = before.is_empty() || before.ends_with(&format!("{nl}{nl}"));
    if meets && after.starts_with(nl) {
        new.replace_range(extent.start..extent.start + nl.len(), "");
    }
    let mut all = rules(old)?;
    all.remove(at);
    proved(old, new, &all)
}

fn none(at: usize) -> EditProblem {
    EditProblem::NoRule(at + 1)
}

fn shape() -> EditProblem {
    EditProblem::Key("rules".into())
}

fn blocks(text: &str) -> Result<Vec<Block>, EditProblem> {
    let unreadable = |e: toml::de::Error| EditProblem::Unreadable(e.message().to_owned());
    let document = DeTable::parse(text).map_err(unreadable)?;
    let found = document.get_ref().iter().find(|(key, _)| key.get_ref() == "rules");
    let Some((_, found)) = found else { return Ok(Vec::new()) };
    let items = found.get_ref().as_array().ok_or_else(shape)?;
    let one = |item: &toml::Spanned<toml::de::DeValue<'_>>| {
        let header = item.span();
        let own = item.get_ref().as_table().ok_or_else(shape)?;
        if !text[header.clone()].starts_with("[[") {
            return Err(shape());
        }
        block(text, header, own).ok_or_else(shape)
    };
    items.iter().map(one).collect()
}

/// Each rule from the first comment right above it to its last line.
fn extents(text: &str) -> Result<Vec<Range<usize>>, EditProblem> {
    let with_comments = |block: Block| {
        let mut start = block.whole.start;
        while let Some(line) = text[..start].strip_suffix('\n') {
            let begin = line.rfind('\n').map_or(0, |nl| nl + 1);
            if !line[begin..].trim_start().starts_with('#') {
                break;
            }
            start = begin;
        }
        start..block.whole.end
    };
    Ok(blocks(text)?.into_iter().map(with_comments).collect())
}

fn when(when: &RuleWhen) -> String {
    let texts = [
        ("client", &when.client),
        ("class", &when.class),
        ("model", &when.model),
        ("task", &when.task),
        ("tier", &when.tier),
        ("category", &when.category),
        ("project", &when.project),
    ];
    let mut pairs: Vec<String> = texts
        .iter()
        .filter_map(|(key, v)| Some(format!("{key} = {}", text(v.as_ref()?))))
        .collect();
    pairs.extend(when.tokens_over.map(|tokens| format!("tokens_over = {tokens}")));
    if pairs.is_empty() { "{}".into() } else { format!("{{ {} }}", pairs.join(", ")) }
}

fn leads(rule: &RuleText) -> String {
    match rule.leads.as_slice() {
        [tier] if TIERS.contains(&tier.as_str()) => text(tier),
        chain => inline(chain),
    }
}

fn value(rule: &RuleText) -> Result<Value, EditProblem> {
    let text = format!("when = {}\nuse = {}\n", when(&rule.when), leads(rule));
    let unreadable = |e: toml::de::Error| EditProblem::Unreadable(e.message().to_owned());
    Ok(Value::Table(text.parse::<Table>().map_err(unreadable)?))
}

fn rules(text: &str) -> Result<Vec<Value>, EditProblem> {
    let unreadable = |e: toml::de::Error| EditProblem::Unreadable(e.message().to_owned());
    let mut table = text.parse::<Table>().map_err(unreadable)?;
    Ok(match table.remove("rules") {
        Some(Value::Array(rules)) => rules,
        _ => Vec::new(),
    })
}

fn proved(old: &str, new: String, wanted: &[Value]) -> Result<String, EditProblem> {
    let rest = |text: &str| {
        let mut table = text.parse::<Table>().ok()?;
        table.remove("rules");
        Some(table)
    };
    let holds = rest(old).is_some_and(|before| rest(&new) == Some(before))
        && rules(&new).is_ok_and(|found| found == wanted);
    if holds { Ok(new) } else { Err(shape()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "[server]\nport = 1\n\n# titles are small\n[[rules]]\nwhen = { class = \
                        \"auxiliary\" } # by their form\nuse = \"low\"\n\n[[rules]]\nwhen = { client = \
                        \"codex\" }\nuse = [\"openai/gpt-5\"]\n\n[tiers]\nlow = [] # none\n";

    fn rule(client: &str, leads: &[&str]) -> RuleText {
        let when = RuleWhen { client: Some(client.into()), ..RuleWhen::default() };
        RuleText { when, leads: leads.iter().map(|link| (*link).to_owned()).collect() }
    }

    #[test]
    fn a_new_rule_stands_behind_the_others_and_goes_again_without_a_trace() {
        let new = add(FILE, &rule("aider", &["low"])).unwrap();
        let added = "use = [\"openai/gpt-5\"]\n\n[[rules]]\nwhen = { client = \"aider\" }\nuse = \
                     \"low\"\n\n[tiers]";
        assert!(new.contains(added), "{new}");
        assert_eq!(remove(&new, 2).unwrap(), FILE);
        let first = add("", &rule("aider", &["local", "openai/gpt-5"])).unwrap();
        let expected =
            "[[rules]]\nwhen = { client = \"aider\" }\nuse = [\"local\", \"openai/gpt-5\"]\n";
        assert_eq!(first, expected);
        assert_eq!(remove(&first, 0).unwrap(), "");
    }

    #[test]
    fn a_rule_moves_with_its_comments_and_back_to_the_same_bytes() {
        let moved = shift(FILE, 0, 1).unwrap();
        let expected = "[[rules]]\nwhen = { client = \"codex\" }\nuse = [\"openai/gpt-5\"]\n\n# titles are \
                        small\n[[rules]]\nwhen = { class = \"auxiliary\" } # by their form\nuse = \
                        \"low\"\n\n[tiers]";
        assert!(moved.contains(expected), "{moved}");
        assert_eq!(shift(&moved, 1, 0).unwrap(), FILE);
        assert_eq!(shift(FILE, 5, 0), Err(EditProblem::NoRule(6)));
    }

    #[test]
    fn a_changed_rule_changes_only_what_says_something_else() {
        let mut new = rule("", &["medium"]);
        new.when = RuleWhen { class: Some("auxiliary".into()), ..RuleWhen::default() };
        let changed = change(FILE, 0, &new).unwrap();
        assert_eq!(changed, FILE.replace("use = \"low\"", "use = \"medium\""));
        let gone = remove(FILE, 0).unwrap();
        assert!(!gone.contains("titles") && gone.contains("codex") && gone.contains("# none"));
    }

    #[test]
    fn rules_in_another_form_are_left_and_said() {
        let inline = "rules = [{ when = {}, use = \"low\" }]\n";
        let said = shift(inline, 0, 0).unwrap_err().to_string();
        assert!(said.contains("rules") && said.contains("config.toml"), "{said}");
        assert_eq!(change(FILE, 2, &rule("x", &["low"])), Err(EditProblem::NoRule(3)));
    }

    proptest! {
        #[test]
        fn any_text_is_edited_provably_or_not_at_all(
            text in "([\\[\\]a-z=\"#\\n {}.0-9]{0,40}|\\[\\[rules\\]\\]\\nuse = \"low\"\\n|# c\\n){0,6}",
            a in 0usize..4,
            b in 0usize..4,
        ) {
            let _ = add(&text, &rule("a", &["low"]));
            let _ = change(&text, a, &rule("a", &["low"]));
            let _ = remove(&text, a);
            if let Ok(moved) = shift(&text, a, b) {
                prop_assert_eq!(rules(&moved).unwrap().len(), rules(&text).unwrap().len());
            }
        }
    }
}
