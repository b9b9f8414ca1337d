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

/// Why a cell is wrong, if it is.
fn fault(client: &str, column: &str, cell: &str) -> Option<String> {
    let form = if column == "local" { "chat" } else { column };
    let name = cell.trim_matches('`');
    let Some((of, _)) = name.split_once('/') else {
        let suite = fs::read_to_string(repository().join("tests/suite/passthrough.rs"));
        let known = suite.is_ok_and(|code| code.contains(&format!("fn {name}(")));
        return (form != client || !known)
            .then(|| format!("{name} is no test of the pass-through"));
    };
    let exists = |path: String| corpus().join(path).is_file();
    if of == form && exists(format!("answers/{name}/stream_to_{client}.sse")) {
        return None;
    }
    let sent = |label: &str| {
        let text = fs::read_to_string(corpus().join(format!("requests/{name}/to_{label}.txt")));
        text.is_ok_and(|text| !text.starts_with("rejected"))
    };
    let seeing = format!("{column}_seeing");
    let found = of == client && (sent(column) || sent(&seeing));
    (!found).then(|| format!("{name} shows nothing for {client} and {column}"))
}

#[test]
fn every_cell_of_the_compatibility_table_names_a_case_that_exists() {
    let page = fs::read_to_string(repository().join("docs/compatibility.md")).expect("the page");
    let (mut faults, mut tables, mut cells) = (Vec::new(), 0, 0);
    for line in page.lines().filter(|line| line.starts_with('|')) {
        let parts: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        tables += usize::from(parts[0] == "tool");
        let Some((_, client)) = ROWS.iter().find(|(name, _)| parts[0].starts_with(name)) else {
            continue;
        };
        assert_eq!(parts.len(), COLUMNS.len() + 1, "{line}");
        for (column, cell) in COLUMNS.iter().zip(&parts[1..]) {
            cells += 1;
            faults.extend(fault(client, column, cell));
        }
    }
    assert_eq!((tables, cells), (TABLES, TABLES * ROWS.len() * COLUMNS.len()));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
