//! The table of docs/compatibility.md: every cell must name a case of the corpus that exists for
//! that pair and was not refused, or a test of the pass-through.

use crate::cases::{Given, Towards, answers, ask_named, corpus, repository};
use crate::hear::{self, Heard};
use crate::{answers as told, loops, requests};
use std::fs;
use weir_wire::hub::Form;

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
/// Tables about answers; the others are about requests.
const HEARD: [&str; 3] = ["Text", "Stream", "Errors"];
/// Calls that are parallel, at least.
const PARALLEL_MIN: usize = 2;

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

/// Whether an exchange's answer holds what the tables about answers and calls need: words, or calls with
/// their arguments. That every byte of it passes is the pass-through's own test.
fn speaks(table: &str, of: &str, exchange: &str) -> bool {
    let (_, answer) = exchange.split_once("=== answer").unwrap_or_default();
    let (head, body) = answer.split_once("\n\n").unwrap_or_default();
    // The file writes a backslash of the body as two; a last one says that no line end follows.
    let body = body.trim_end().trim_end_matches('\\').replace("\\\\", "\\");
    let form = crate::cases::form(of);
    let heard = match head.contains("text/event-stream") {
        true => hear::stream(form, "sse", body.as_bytes()),
        false => hear::whole(form, body.trim().as_bytes()),
    };
    let first = heard.first();
    let good =
        |(name, arguments): &(String, String)| !name.is_empty() && arguments.starts_with('{');
    match table {
        "Text" => !first.text.is_empty() && heard.failed.is_none(),
        "Tools" => !first.calls.is_empty() && first.calls.iter().all(good),
        "Parallel tools" => first.calls.len() >= PARALLEL_MIN && first.calls.iter().all(good),
        "Errors" => heard.failed.is_some_and(|words| !words.is_empty()),
        _ => true,
    }
}

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
    let shows = words.iter().any(|word| text.contains(word)) && speaks(table, of, &text);
    (form != client || of != form || !shows).then(|| format!("{name} shows nothing of {table}"))
}

/// What the client hears of an answer that the provider did not say, or the other way round: words,
/// calls with their names, arguments, order and ids, tokens and the end. Translated anew here.
fn misheard(table: &str, client: Form, name: &str) -> Option<String> {
    let all = answers();
    let given: Vec<&Given> = all.iter().filter(|given| given.name == name).collect();
    let streams = given.iter().filter(|given| given.framing != "json").count();
    let wholes = given.len() - streams;
    if streams == 0 || (table == "Text" && wholes == 0) {
        return Some(format!("{streams} streams and {wholes} whole answers of it are there"));
    }
    given.into_iter().find_map(|given| {
        let wrong = match table {
            "Errors" => not_broken_off(client, given),
            _ => differs(
                table,
                client,
                given,
                &told::heard(client, given, &told::got(client, given)),
            ),
        };
        wrong.map(|what| format!("{}: {what}", given.stem))
    })
}

fn differs(table: &str, client: Form, given: &Given, heard: &Heard) -> Option<String> {
    let (said, hears) = (told::original(given).first(), heard.first());
    let calls = told::known(client, &said.calls);
    let enough = if table == "Text" { calls.is_empty() } else { calls.len() >= PARALLEL_MIN };
    // A provider without ids has them made, one for each call; Gemini's clients need none.
    let mut ids = hears.ids.clone();
    ids.sort();
    ids.dedup();
    let made = said.ids.iter().all(String::is_empty);
    let named = ids.len() == calls.len() && !ids.iter().any(String::is_empty);
    let same_ids = if made { named || client == Form::Gemini } else { hears.ids == said.ids };
    let booked = told::tapped(given).usage.map(|usage| (usage.prompt(), usage.output));
    let counted = heard.usage.map(|usage| (usage.prompt, usage.output));
    let shown = [
        (!said.text.is_empty() && enough, "the case says nothing of it"),
        (hears.text == said.text, "other words"),
        (hears.calls == calls, "other calls, arguments or another order"),
        (same_ids, "other ids"),
        (told::stop(&hears) == told::stop(&said), "another end"),
        (heard.ended && heard.failed.is_none() && heard.faults.is_empty(), "no good end"),
        (counted == booked && booked.is_some(), "other tokens"),
    ];
    let wrong = shown.into_iter().find(|(holds, _)| !holds);
    wrong.map(|(_, what)| format!("{what}: said {said:?}, heard {heard:?}"))
}

/// What came before the error is told, and then that it is one, in the provider's words.
fn not_broken_off(client: Form, given: &Given) -> Option<String> {
    let bytes = told::got(client, given);
    let (said, heard) = (told::original(given), told::heard(client, given, &bytes));
    let words = said.failed.unwrap_or_default();
    let failed = heard.failed.clone().unwrap_or_default();
    let (before, after) = (pieces(&given.bytes), pieces(&bytes));
    let no_end = matches!(heard.first().stop.as_str(), "" | "error");
    let good = !before.is_empty() && before == after && !words.is_empty() && no_end;
    (!good || !failed.contains(&words))
        .then(|| format!("said {before:?} and {words:?}, heard {after:?} and {heard:?}"))
}

/// The words of a stream in any dialect as they come, whether or not it ends well.
fn pieces(stream: &[u8]) -> String {
    let text = String::from_utf8_lossy(stream);
    let lines = text.lines().map(|line| line.strip_prefix("data:").unwrap_or(line).trim());
    let piece = |value: serde_json::Value| {
        let paths = [
            "/delta/text",
            "/choices/0/delta/content",
            "/candidates/0/content/parts/0/text",
            "/message/content",
        ];
        let told = paths.iter().find_map(|path| value.pointer(path)?.as_str());
        let in_responses = value["type"] == "response.output_text.delta";
        let told = told.or_else(|| value["delta"].as_str().filter(|_| in_responses));
        told.unwrap_or_default().to_owned()
    };
    lines.filter_map(|line| serde_json::from_str(line).ok()).map(piece).collect()
}

/// What of the tool loop does not reach the provider as it was: calls, arguments, order, ids, and each
/// result at its own call. Translated anew here.
fn astray(table: &str, client: &str, column: &str, name: &str) -> Option<String> {
    let towards = Towards::all().into_iter().find(|towards| towards.label == column)?;
    let ask = ask_named(name);
    let asked = serde_json::from_str(&ask.body).unwrap_or_default();
    let Ok(sent) = requests::translated(&ask, &towards) else {
        return Some("it is refused".into());
    };
    let sent = serde_json::from_slice(&sent.body).unwrap_or_default();
    let said = loops::of(crate::cases::form(client), &asked);
    let reached = loops::of(towards.form, &sent);
    if !said.faults.is_empty() || !reached.faults.is_empty() {
        return Some(format!("{:?} {:?}", said.faults, reached.faults));
    }
    let together = |at: usize| said.calls.iter().filter(|call| call.turn == at).count();
    let most = said.calls.iter().map(|call| together(call.turn)).max().unwrap_or_default();
    let answered =
        said.calls.iter().any(|call| call.result.as_ref().is_some_and(|r| !r.is_empty()));
    if !answered || (table == "Parallel tools" && most < PARALLEL_MIN) {
        return Some(format!("no loop with {PARALLEL_MIN} calls at once: {said:?}"));
    }
    let same = |(one, other): (&loops::Call, &loops::Call)| {
        let ids = one.id.is_empty() || other.id.is_empty() || one.id == other.id;
        let result = match (&one.result, &other.result) {
            (Some(said), Some(reached)) => reached == said,
            (said, reached) => said.is_none() == reached.is_none(),
        };
        ids && result && (&one.name, &one.arguments) == (&other.name, &other.arguments)
    };
    let all = said.calls.len() == reached.calls.len();
    let same = all && said.calls.iter().zip(&reached.calls).all(same);
    (!same).then(|| format!("said {:?}, reached {:?}", said.calls, reached.calls))
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
    if HEARD.contains(&table) {
        let wrong = match of == form {
            true => misheard(table, crate::cases::form(client), name),
            false => Some(format!("it is an answer of {of}")),
        };
        return wrong.map(|what| format!("{table}: {name} to {client}: {what}"));
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
    if matches!(table, "Tools" | "Parallel tools")
        && let Some(what) = astray(table, client, column, name)
    {
        return Some(format!("{table}: {name} to {column}: {what}"));
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
