//! The table of docs/compatibility.md: every cell must name a case of the corpus that exists for
//! that pair and was not refused, or a test of the pass-through.

use crate::cases::{corpus, repository};
use std::fs;

/// Columns of the table, by the names of the corpus's targets.
const COLUMNS: [&str; 6] = ["messages", "chat", "local", "responses", "gemini", "ollama"];
/// Rows of the table, by the forms their tools speak.
const ROWS: [(&str, &str); 4] = [
    ("Claude Code", "messages"),
    ("Codex", "responses"),
    ("opencode", "chat"),
    ("Gemini CLI", "gemini"),
];
/// Tables the page has.
const TABLES: usize = 8;

/// What the exchanges of a dialect without translation are about, by the page's tables: a word that
/// the file must hold.
const SHOWS: [(&str, &[&str]); TABLES] = [
    ("Text", &["text", "content"]),
    ("Tools", &["tool", "function"]),
    ("Parallel tools", &["call_2", "toolu_02", "functionCall"]),
    ("Images", &["image"]),
    ("Thinking", &["thinking", "reasoning", "thoughts"]),
    ("Structured output", &["json_schema", "responseJsonSchema"]),
    ("Stream", &["stream"]),
    ("Errors", &["error"]),
];
/// What a tool's request must hold to be about a table, by the form it speaks: any of the words, at
/// least so many times. Text, streams and errors are answers.
const ASKED: [(&str, &str, &[&str], usize); 20] = [
    ("Tools", "messages", &["\"type\":\"tool_use\"", "\"type\":\"tool_result\""], 2),
    ("Tools", "responses", &["_call\"", "_call_output\""], 2),
    ("Tools", "chat", &["\"tool_calls\"", "\"role\":\"tool\""], 2),
    ("Tools", "gemini", &["\"functionCall\"", "\"functionResponse\""], 2),
    ("Parallel tools", "messages", &["\"type\":\"tool_result\""], 2),
    ("Parallel tools", "responses", &["_call_output\""], 2),
    ("Parallel tools", "chat", &["\"role\":\"tool\""], 2),
    ("Parallel tools", "gemini", &["\"functionResponse\""], 2),
    ("Images", "messages", &["\"type\":\"image\""], 1),
    ("Images", "responses", &["\"type\":\"input_image\""], 1),
    ("Images", "chat", &["\"type\":\"image_url\""], 1),
    ("Images", "gemini", &["\"inline_data\"", "\"inlineData\""], 1),
    ("Thinking", "messages", &["\"budget_tokens\"", "\"effort\""], 1),
    ("Thinking", "responses", &["\"effort\""], 1),
    ("Thinking", "chat", &["\"reasoning_effort\""], 1),
    ("Thinking", "gemini", &["\"thinkingConfig\""], 1),
    ("Structured output", "messages", &["\"json_schema\""], 1),
    ("Structured output", "responses", &["\"json_schema\""], 1),
    ("Structured output", "chat", &["\"json_schema\""], 1),
    ("Structured output", "gemini", &["\"responseJsonSchema\"", "\"responseSchema\""], 1),
];
/// What the stream that a tool hears must hold to be about a table.
const HEARD: [(&str, &[&str]); 3] = [
    ("Text", &["text", "content"]),
    ("Stream", &["call_", "toolu_", "functionCall"]),
    ("Errors", &["error"]),
];

/// Whether a case's own text is about the table.
fn about(table: &str, client: &str, name: &str) -> bool {
    let text = fs::read_to_string(corpus().join(format!("requests/{name}/ask.json")));
    let ask: serde_json::Value =
        text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let ask = ask["body"].to_string();
    ASKED.iter().any(|(of, form, words, times)| {
        let found: usize = words.iter().map(|word| ask.matches(word).count()).sum();
        // A call alone is no loop.
        let whole = table != "Tools" || words.iter().all(|word| ask.contains(word));
        (*of, *form) == (table, client) && found >= *times && whole
    })
}

/// The rules that leave out what a table is about.
const DROPPED: [(&str, &str); 3] = [
    ("Thinking", "thinking"),
    ("Parallel tools", "parallel-tool-calls"),
    ("Structured output", "structured-output"),
];

/// Why a cell of a dialect without translation is wrong, if it is.
fn untouched(table: &str, client: &str, form: &str, name: &str) -> Option<String> {
    let of = match name.split('/').next() {
        Some("anthropic") => "messages",
        Some("openai") if name.contains("/chat_") => "chat",
        Some("openai") => "responses",
        _ => "gemini",
    };
    let path = repository().join("tests/wire").join(format!("{name}.http"));
    let text = fs::read_to_string(path).unwrap_or_default();
    let words = SHOWS.iter().find(|(of, _)| *of == table).map_or(&[][..], |(_, words)| words);
    let shows = words.iter().any(|word| text.contains(word));
    (form != client || of != form || !shows).then(|| format!("{name} shows nothing of {table}"))
}

/// Why a cell is wrong, if it is.
fn fault(table: &str, client: &str, column: &str, cell: &str) -> Option<String> {
    let form = if column == "local" { "chat" } else { column };
    let (name, dropped) = match cell.split_once(' ') {
        Some((name, "dropped")) => (name.trim_matches('`'), true),
        _ => (cell.trim_matches('`'), false),
    };
    if let Some(name) = name.strip_prefix("wire/") {
        return untouched(table, client, form, name);
    }
    let Some((of, _)) = name.split_once('/') else { return Some(format!("{name} is no case")) };
    let heard = corpus().join(format!("answers/{name}/stream_to_{client}.sse"));
    if let Some((_, words)) = HEARD.iter().find(|(of, _)| *of == table) {
        let text = fs::read_to_string(heard).unwrap_or_default();
        let shows = of == form && words.iter().any(|word| text.contains(word));
        return (!shows).then(|| format!("{name} shows nothing of {table} to {client}"));
    }
    let sent = |label: &str| {
        let text = fs::read_to_string(corpus().join(format!("requests/{name}/to_{label}.txt")));
        text.is_ok_and(|text| !text.starts_with("rejected"))
    };
    let seeing = format!("{column}_seeing");
    let found = of == client && about(table, client, name) && (sent(column) || sent(&seeing));
    if !found {
        return Some(format!("{name} shows nothing for {client} and {column}"));
    }
    let rule = DROPPED.iter().find(|(of, _)| *of == table).map(|(_, rule)| *rule);
    let text = fs::read_to_string(corpus().join(format!("requests/{name}/to_{column}.txt")));
    let text = text.unwrap_or_default();
    let listed = text.lines().find_map(|line| line.strip_prefix("dropped: ")).unwrap_or_default();
    let really = rule.is_some_and(|rule| listed.split(", ").any(|code| code == rule));
    (really != dropped).then(|| format!("{table}: {name} to {column}, dropped is {really}"))
}

#[test]
fn every_cell_of_the_compatibility_table_names_a_case_that_exists() {
    let page = fs::read_to_string(repository().join("docs/compatibility.md")).expect("the page");
    let (mut faults, mut tables, mut cells, mut table) = (Vec::new(), 0, 0, "");
    for line in page.lines() {
        table = line.strip_prefix("## ").unwrap_or(table);
        if !line.starts_with('|') || !SHOWS.iter().any(|(of, _)| *of == table) {
            continue;
        }
        let parts: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        tables += usize::from(parts[0] == "tool");
        let Some((_, client)) = ROWS.iter().find(|(name, _)| parts[0].starts_with(name)) else {
            continue;
        };
        assert_eq!(parts.len(), COLUMNS.len() + 1, "{line}");
        for (column, cell) in COLUMNS.iter().zip(&parts[1..]) {
            cells += 1;
            faults.extend(fault(table, client, column, cell));
        }
    }
    assert_eq!((tables, cells), (TABLES, TABLES * ROWS.len() * COLUMNS.len()));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_other_tool_says_what_is_shown_of_it_and_what_is_not() {
    let page = fs::read_to_string(repository().join("docs/compatibility.md")).expect("the page");
    let (_, rest) = page.split_once("\n## Other tools\n").expect("the table");
    let rows: Vec<Vec<&str>> = rest
        .lines()
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(names, ["Zed", "Continue", "Cline", "Cursor"]);
    for row in rows {
        assert!(row.len() == 5 && !row[4].is_empty(), "{row:?} says what is not shown");
        for test in row[3].split(", ") {
            let (file, name) = test.trim_matches('`').split_once("::").expect("file::function");
            let code = fs::read_to_string(repository().join(file)).unwrap_or_default();
            assert!(code.contains(&format!("fn {name}(")), "{test} does not exist");
        }
    }
}
