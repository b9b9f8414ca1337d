//! What tools put around the user's words: reminders, environment, selections, preambles. Owns the
//! list of those envelopes, which is open: tags are known by name or by how such names end.

use weir_wire::Excerpt;

/// Envelopes by their tag's name.
const TAGS: [&str; 27] = [
    "system-reminder",
    "system_reminder",
    "environment_context",
    "user_instructions",
    "environment_details",
    "ide_opened_file",
    "ide_selection",
    "ide_diagnostics",
    "local-command-stdout",
    "local-command-stderr",
    "local-command-caveat",
    "command-message",
    "command-name",
    "command-contents",
    "bash-stdout",
    "bash-stderr",
    "user-memory-input",
    "INSTRUCTIONS",
    "turn_aborted",
    "open_files",
    "attached_files",
    "additional_data",
    "attachments",
    "skill",
    "env",
    "editorContext",
    "reminderInstructions",
];

/// How the names of envelopes end that are not in the list.
const ENDINGS: [&str; 13] = [
    "_context",
    "_info",
    "_details",
    "_reminder",
    "-reminder",
    "_layout",
    "_diagnostics",
    "_status",
    "_rules",
    "-rules",
    "_memory",
    "_state",
    "-context",
];

/// Tags whose inside is what the user said; everything beside them is not.
const WORDS_TAGS: [Tag; 7] = [
    Tag { open: "<user_query>", close: "</user_query>", first: false },
    Tag { open: "<userRequest>", close: "</userRequest>", first: false },
    Tag { open: "<user_request>", close: "</user_request>", first: false },
    Tag { open: "<user_message>", close: "</user_message>", first: false },
    Tag { open: "<command-args>", close: "</command-args>", first: false },
    Tag { open: "<feedback>", close: "</feedback>", first: true },
    Tag { open: "<task>", close: "</task>", first: true },
];

struct Tag {
    open: &'static str,
    close: &'static str,
    /// Whether it counts only where the text begins with it: its name is an everyday word.
    first: bool,
}

/// How blocks begin that are no words of the user's, tag or not.
const OPENINGS: [&str; 9] = [
    "x-anthropic-billing-header:",
    "# AGENTS.md instructions for",
    "This is the Gemini CLI. We are setting up the context",
    "Caveat: The messages below were generated",
    "[Request interrupted by user",
    "Called the Read tool with the following input",
    "Called the list tool with the following input",
    "I have *added these files to the chat*",
    "Here are summaries of some files present in my git repo",
];

/// What some tools put between their own words and the user's: what follows counts.
const BEFORE_WORDS: [&str; 3] = ["## My request for Codex:", "## My request:", "# User request\n"];

/// What some tools append to the user's words: what stands before counts.
const AFTER_WORDS: [&str; 4] = [
    "# *SEARCH/REPLACE block* Rules:",
    "# *SEARCH/REPLACE* block Rules:",
    "# File editing rules:",
    "--- Content from referenced files ---",
];

/// How a tool's result begins where a tool sends results as the user's text.
const RESULTS: [&str; 8] = [
    "<function_results>",
    "<tool_response>",
    "<tool_result>",
    "[TOOL_RESULTS]",
    "OBSERVATION:",
    "Observation:",
    "EXECUTION RESULT of [",
    "<returncode>",
];

/// Whether a text block, as a body writes it, is nothing but envelopes.
pub fn is_envelope(raw: &[u8]) -> bool {
    let Some(start) = raw.iter().position(|b| !b.is_ascii_whitespace()) else { return true };
    let looks = matches!(raw[start], b'<' | b'\\' | b'x' | b'#' | b'T' | b'C' | b'[' | b'I' | b'H');
    if !looks {
        return false;
    }
    let Ok(text) = std::str::from_utf8(raw) else { return false };
    let plain;
    let text = if text.contains("\\u003c") {
        // Some encoders write angle brackets as escapes.
        plain = text.replace("\\u003c", "<").replace("\\u003e", ">");
        plain.as_str()
    } else {
        text
    };
    if OPENINGS.iter().any(|opening| text.trim_start().starts_with(opening)) {
        return true;
    }
    let mut rest = skip_blank(text);
    if !rest.starts_with('<') {
        return false;
    }
    while let Some(name) = opening_tag(rest).filter(|name| is_known(name)) {
        let Some(after) = after_closing(rest, name) else { return false };
        rest = skip_blank(after);
    }
    rest.is_empty()
}

/// Whether a user's text is what a tool gave back, sent as text.
pub fn is_result(text: &str) -> bool {
    let text = text.trim_start();
    RESULTS.iter().any(|start| text.starts_with(start)) || is_bracketed_result(text)
}

/// `[read_file for 'a.rs'] Result:`
fn is_bracketed_result(text: &str) -> bool {
    let Some(line) = text.strip_prefix('[').and_then(|t| t.lines().next()) else { return false };
    line.split_once(']').is_some_and(|(inside, rest)| {
        let named = inside.split(' ').next().is_some_and(|word| word.contains('_'));
        named && rest.trim_start().starts_with("Result:")
    })
}

/// The user's own words of a text, and the byte at which something of them is missing.
pub fn words(excerpt: &Excerpt) -> (String, Option<usize>) {
    let (mut text, mut gap) = without_tags(excerpt);
    if text.contains('<')
        && let Some(inside) = WORDS_TAGS.iter().find_map(|tag| inside(&text, tag))
    {
        (text, gap) = (inside, None);
    }
    for mark in BEFORE_WORDS {
        if let Some(at) = may_hold(&text, mark).then(|| text.rfind(mark)).flatten() {
            gap = gap.and_then(|gap| gap.checked_sub(at + mark.len()));
            text.drain(..at + mark.len());
        }
    }
    for mark in AFTER_WORDS {
        let found = may_hold(&text, mark).then(|| text.find(mark)).flatten();
        if let Some(at) = found.filter(|at| *at > 0) {
            text.truncate(at);
        }
    }
    let leading = text.len() - text.trim_start().len();
    let words = text.trim();
    let gap = gap.and_then(|gap| gap.checked_sub(leading)).filter(|gap| *gap < words.len());
    (words.to_owned(), gap)
}

/// A text without its envelopes. One that a gap has swallowed an end of goes up to the gap.
fn without_tags(excerpt: &Excerpt) -> (String, Option<usize>) {
    let text = excerpt.text.as_str();
    let mut out = String::with_capacity(text.len());
    let mut gap = None;
    let mut at = 0;
    if let Some(start) = excerpt.gap.and_then(|gap| orphan_end(text, gap)) {
        // The end of an envelope whose beginning lies before the gap, or in it.
        out.push_str(&before_last_open(&text[..excerpt.gap.unwrap_or(0)]));
        gap = Some(out.len());
        out.push('\n');
        at = start;
    }
    while let Some(next) = text[at..].find('<').map(|n| at + n) {
        let known = opening_tag(&text[next..]).filter(|name| is_known(name));
        push(&mut out, &mut gap, excerpt.gap, text, at..next);
        let Some(name) = known else {
            push(&mut out, &mut gap, excerpt.gap, text, next..next + 1);
            at = next + 1;
            continue;
        };
        at = match after_closing(&text[next..], name) {
            Some(after) => text.len() - after.len(),
            None => excerpt.gap.filter(|gap| *gap > next).unwrap_or(next + 1),
        };
        if at == next + 1 {
            out.push('<');
        }
    }
    push(&mut out, &mut gap, excerpt.gap, text, at..text.len());
    (out, gap)
}

fn push(
    out: &mut String,
    gap: &mut Option<usize>,
    of: Option<usize>,
    text: &str,
    range: std::ops::Range<usize>,
) {
    if let Some(of) = of.filter(|of| range.contains(of)) {
        *gap = Some(out.len() + of - range.start);
    }
    out.push_str(&text[range]);
}

/// Where the text goes on after a closing tag whose opening one is not in the text after the gap.
fn orphan_end(text: &str, gap: usize) -> Option<usize> {
    let tail = text.get(gap..)?;
    let mut at = 0;
    while let Some(next) = tail[at..].find("</").map(|n| at + n) {
        at = next + 2;
        let Some(name) = closing_tag(&tail[at..]) else { continue };
        let opens = tail[..next].contains(&format!("<{name}"));
        if is_known(name) && !opens {
            return Some(gap + at + name.len() + 1);
        }
    }
    None
}

/// The name of a tag that closes, from after its `</`.
fn closing_tag(text: &str) -> Option<&str> {
    let name = tag_name(text)?;
    text[name.len()..].starts_with('>').then_some(name)
}

/// The text before the gap up to the last envelope that opens in it and does not close.
fn before_last_open(head: &str) -> String {
    let open = head.match_indices('<').filter(|(at, _)| {
        opening_tag(&head[*at..])
            .is_some_and(|name| is_known(name) && after_closing(&head[*at..], name).is_none())
    });
    let end = open.map(|(at, _)| at).next().unwrap_or(head.len());
    let (clean, _) = without_tags(&Excerpt::whole(&head[..end]));
    clean
}

fn inside(text: &str, tag: &Tag) -> Option<String> {
    let start = match tag.first {
        true => text.trim_start().starts_with(tag.open).then(|| text.find(tag.open))?,
        false => text.rfind(tag.open),
    }?;
    let rest = &text[start + tag.open.len()..];
    let end = rest.find(tag.close).unwrap_or(rest.len());
    let found = rest[..end].trim();
    (!found.is_empty()).then(|| found.to_owned())
}

/// Whether a mark's first letter is in a text at all: most texts hold none, and a look for one letter
/// is over at once.
fn may_hold(text: &str, mark: &str) -> bool {
    mark.chars().next().is_some_and(|first| text.contains(first))
}

/// The name of the tag that opens here.
fn opening_tag(text: &str) -> Option<&str> {
    let name = tag_name(text.strip_prefix('<')?)?;
    let after = text.as_bytes().get(1 + name.len())?;
    matches!(after, b'>' | b' ').then_some(name)
}

fn tag_name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))?;
    (1..=40).contains(&end).then(|| &text[..end])
}

fn is_known(name: &str) -> bool {
    TAGS.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// What follows the closing tag of the envelope that opens here.
fn after_closing<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut at = 0;
    while let Some(next) = text[at..].find("</").map(|n| at + n) {
        let rest = &text[next + 2..];
        if rest.starts_with(name) && rest[name.len()..].starts_with('>') {
            return Some(&rest[name.len() + 1..]);
        }
        at = next + 2;
    }
    None
}

/// Skips white space, also where it is still written as escapes.
fn skip_blank(mut text: &str) -> &str {
    loop {
        let rest = text.trim_start();
        let rest = ["\\n", "\\r", "\\t"].iter().find_map(|e| rest.strip_prefix(e)).unwrap_or(rest);
        if rest.len() == text.len() {
            return rest;
        }
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(text: &str) -> String {
        words(&Excerpt::whole(text)).0
    }

    #[test]
    fn the_users_words_are_found_in_every_envelope() {
        for text in [
            "<system-reminder>\nBe careful with <b>.\n</system-reminder>\nfix the bug",
            "fix the bug\n<environment_details>\n# Files\na.rs\n</environment_details>",
            "<environment_context><cwd>/a</cwd></environment_context>fix the bug",
            "<ide_opened_file>a.rs</ide_opened_file> fix the bug <new_kind_of_context>x</new_kind_of_context>",
            "<additional_data>x</additional_data>\n<user_query>\nfix the bug\n</user_query>",
            "<command-message>go</command-message><command-name>/go</command-name><command-args>fix the bug</command-args>",
            "<task>\nfix the bug\n</task>\n<slug>x</slug>",
            "# Context from my IDE setup:\n## Open tabs: a\n## My request for Codex:\nfix the bug",
            "fix the bug\n\n# *SEARCH/REPLACE block* Rules:\nEvery block must",
        ] {
            assert_eq!(said(text), "fix the bug", "{text}");
        }
    }

    #[test]
    fn tags_of_the_users_own_text_stay() {
        for text in
            ["what does <div> do", "<document>a</document> sum it up", "a < b", "<env", "x <"]
        {
            assert_eq!(said(text), text);
        }
    }

    #[test]
    fn a_block_that_is_only_envelopes_is_known_as_the_body_writes_it() {
        assert!(is_envelope(br"<system-reminder>\na <b>\n</system-reminder>\n"));
        assert!(is_envelope(br"\u003csystem-reminder\u003ea\u003c/system-reminder\u003e"));
        assert!(is_envelope(b"x-anthropic-billing-header: cc_version=1"));
        assert!(!is_envelope(br"<system-reminder>a</system-reminder> fix it"));
        assert!(!is_envelope(b"fix it <system-reminder>a</system-reminder>"));
        assert!(!is_envelope(b"<div>a</div>"));
    }

    #[test]
    fn an_envelope_with_one_end_in_a_gap_goes_up_to_the_gap() {
        let cut = |head: &str, tail: &str| Excerpt {
            text: format!("{head}\n{tail}"),
            gap: Some(head.len()),
            bytes: 100_000,
        };
        let both = words(&cut("<system-reminder>a", "b</system-reminder>\nfix it"));
        assert_eq!(both.0, "fix it");
        let before = words(&cut("fix it\n<system-reminder>a", "b</system-reminder>"));
        assert_eq!(before.0, "fix it");
    }

    #[test]
    fn a_closing_tag_that_is_cut_short_closes_nothing() {
        let excerpt = Excerpt { bytes: 9, text: " <</env\u{e9}".to_owned(), gap: Some(0) };
        assert_eq!(words(&excerpt).0, "<</env\u{e9}");
    }

    #[test]
    fn results_that_are_sent_as_text_are_known() {
        assert!(is_result("[read_file for 'a.rs'] Result:\nfn main() {}"));
        assert!(is_result("<tool_response>\n{}</tool_response>"));
        assert!(!is_result("[a] Result: it works, why?"));
        assert!(!is_result("Explain [read_file] Result: x"));
    }

    proptest! {
        #[test]
        fn any_text_with_any_gap_is_stripped_without_a_panic(
            text in "(<|</|>|env|system-reminder|task|é|漢| |a|\\n|user_query){0,30}",
            gap in 0usize..60,
        ) {
            let gap = (text.is_char_boundary(gap) && gap < text.len()).then_some(gap);
            let excerpt = Excerpt { bytes: text.len() as u64, text, gap };
            let (said, gap) = words(&excerpt);
            prop_assert!(gap.is_none_or(|gap| gap <= said.len()));
            let _ = (is_envelope(excerpt.text.as_bytes()), is_result(&excerpt.text));
        }
    }
}
