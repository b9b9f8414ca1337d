//! `weir local` as text, and the local part of `weir status`.

use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words::{self, plain};
use weir_engine::api::{LocalDone, LocalModel, LocalQueue, LocalServer, LocalStatus};

/// Every server with its models.
pub fn status(status: &LocalStatus, paint: Paint) -> String {
    let mut out = String::new();
    if !status.on {
        let off = paint.tone("Local models are switched off.", Tone::Warn);
        out.push_str(&format!("{off} Use them again: weir local on\n\n"));
    }
    if status.only {
        let only = paint.tone("Only local models are in use.", Tone::Warn);
        out.push_str(&format!("{only} Use all of them again: weir local on\n\n"));
    }
    if let Some(first) = status.models_off.first().map(|model| plain(model)) {
        const OFF: &str = "Models switched off:";
        let words = format!("{OFF} {}.", listed(&status.models_off));
        // The colour takes no room, so the words are wrapped without it.
        let words = words::wrap(&words, words::WIDTH, "  ");
        out.push_str(&words.replacen(OFF, &paint.tone(OFF, Tone::Warn), 1));
        out.push_str(&format!("Use one again: weir local on {first}\n\n"));
    }
    let shown: Vec<&LocalServer> = status.local.iter().filter(|s| worth_showing(s)).collect();
    if shown.is_empty() {
        out.push_str(
            "No local server runs on this machine. Start one (weir local start ollama), or\n\
             write the address of one elsewhere as base_url in [providers.NAME]\n",
        );
        return out;
    }
    for (i, server) in shown.into_iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        out.push_str(&one(server, paint));
    }
    out
}

fn listed(models: &[String]) -> String {
    models.iter().map(|model| plain(model)).collect::<Vec<_>>().join(", ")
}

/// What came of an order.
pub fn done(done: &LocalDone) -> String {
    words::wrap(&plain(&done.said), words::WIDTH, "")
}

/// A preset nobody wrote down and that is not there is no news.
fn worth_showing(server: &LocalServer) -> bool {
    server.written || !matches!(server.state.as_str(), "unknown" | "not_running")
}

fn one(server: &LocalServer, paint: Paint) -> String {
    let mut facts = vec![plain(&server.server), word(server), plain(&server.url)];
    let version = server.version.as_deref().map(|v| format!("version {}", plain(v)));
    facts.extend(version);
    let mut out = words::dotted(&facts, words::WIDTH);
    if let Some(reason) = &server.reason {
        out.push_str(&paint.tone("!", Tone::Warn));
        out.push(' ');
        out.push_str(&words::wrap(&plain(reason), words::WIDTH - 2, "  "));
    }
    let mut table = Table::new(&[
        ("", Fit::Left),
        ("", Fit::Cut(26)),
        ("", Fit::Left),
        ("context", Fit::Right),
        ("at most", Fit::Right),
        ("size", Fit::Right),
        ("", Fit::Cut(8)),
    ])
    .indented(2);
    for model in &server.models {
        table.row(line(model));
    }
    if !table.is_empty() {
        out.push_str(&table.render(paint));
    }
    if let Some(queue) = &server.queue {
        out.push_str(&words::wrap(&format!("  {}", line_before(queue)), words::WIDTH, "  "));
    }
    out
}

/// Who runs and who waits, in one sentence.
fn line_before(queue: &LocalQueue) -> String {
    let running: Vec<String> = queue
        .running
        .iter()
        .map(|r| {
            format!("{} with {}", words::count(r.jobs, "request", "requests"), plain(&r.model))
        })
        .collect();
    let mut said = match running.is_empty() {
        true => "Nothing runs".to_owned(),
        false => format!("Answering {}", running.join(" and ")),
    };
    if let Some(oldest) = queue.waiting.first() {
        let waiting = words::count(queue.waiting.len() as u64, "waits", "wait");
        said.push_str(&format!("; {waiting}, the first for {}", words::lasted(oldest.waited_ms)));
    }
    said + "."
}

fn line(model: &LocalModel) -> [Cell; 7] {
    let tokens = |tokens: Option<u64>| Cell::from(tokens.map(words::tokens).unwrap_or_default());
    let (mark, state) = standing(model);
    [
        mark.into(),
        model.name.as_str().into(),
        state,
        tokens(model.context),
        tokens(model.context_max),
        model.size_bytes.map(size).unwrap_or_default().into(),
        Cell::new(model.capabilities.join(" "), Tone::Quiet),
    ]
}

/// The mark and the word of a model.
fn standing(model: &LocalModel) -> (&'static str, Cell) {
    let (mark, word, tone) = match (model.cloud, model.loaded) {
        (true, _) => ("○", "in a cloud", Tone::Warn),
        (false, true) => ("●", "loaded", Tone::Good),
        (false, false) => ("○", "", Tone::Plain),
    };
    let cell = match (model.off, word) {
        (false, word) => Cell::new(word, tone),
        (true, "") => Cell::new("off", Tone::Warn),
        (true, word) => Cell::new(format!("{word}, off"), Tone::Warn),
    };
    (mark, cell)
}

/// The local part of `weir status`: a line a server and a line a model.
pub fn brief(servers: &[LocalServer]) -> Table {
    let mut table =
        Table::new(&[("", Fit::Cut(12)), ("", Fit::Left), ("", Fit::Cut(20))]).indented(2);
    for server in servers.iter().filter(|s| worth_showing(s)) {
        let state = Cell::new(word(server), tone(server));
        table.row([server.server.as_str().into(), state, server.url.as_str().into()]);
        for model in &server.models {
            let (mark, state) = standing(model);
            let context = match (model.loaded, model.context) {
                (true, Some(tokens)) => format!("{} context", words::tokens(tokens)),
                _ => String::new(),
            };
            table.row([format!("  {mark} {}", model.name).into(), state, context.into()]);
        }
    }
    table
}

fn word(server: &LocalServer) -> String {
    plain(&server.state.replace('_', " "))
}

fn tone(server: &LocalServer) -> Tone {
    match server.state.as_str() {
        "running" => Tone::Good,
        "changed" | "loading" => Tone::Warn,
        _ => Tone::Quiet,
    }
}

/// Bytes as people count them on disks: `5.2 GB`.
fn size(bytes: u64) -> String {
    let (unit, letter) = match bytes {
        1_000_000_000.. => (1_000_000_000, "GB"),
        _ => (1_000_000, "MB"),
    };
    let tenths = bytes / (unit / 10);
    format!("{}.{} {letter}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str) -> LocalModel {
        LocalModel { name: name.into(), ..LocalModel::default() }
    }

    fn ollama() -> LocalServer {
        LocalServer {
            server: "ollama".into(),
            url: "http://127.0.0.1:11434".into(),
            state: "running".into(),
            kind: Some("ollama".into()),
            version: Some("0.33.0".into()),
            models: vec![
                LocalModel {
                    loaded: true,
                    context: Some(4_096),
                    context_max: Some(40_960),
                    size_bytes: Some(5_225_388_164),
                    capabilities: vec!["completion".into(), "tools".into()],
                    ..model("qwen3:8b")
                },
                LocalModel { size_bytes: Some(274_302_450), ..model("nomic-embed-text:latest") },
                LocalModel { cloud: true, ..model("gpt-oss:120b-cloud") },
            ],
            ..LocalServer::default()
        }
    }

    #[test]
    fn each_model_says_where_it_is_and_what_fits() {
        let gone = LocalServer {
            server: "gpu".into(),
            url: "http://gpu-box:11434".into(),
            state: "not_running".into(),
            reason: Some("Ollama cannot be reached at http://gpu-box:11434. Start it there".into()),
            written: true,
            ..LocalServer::default()
        };
        let absent = LocalServer { server: "vllm".into(), ..gone.clone() };
        let absent = LocalServer { written: false, ..absent };
        let local = vec![ollama(), gone, absent];
        let all = LocalStatus { on: true, only: false, models_off: Vec::new(), local };
        let expected = "\
ollama · running · http://127.0.0.1:11434 · version 0.33.0
                                          context  at most      size
  ●  qwen3:8b                 loaded        4,096    41.0K    5.2 GB  completio…
  ○  nomic-embed-text:latest                                274.3 MB
  ○  gpt-oss:120b-cloud       in a cloud

gpu · not running · http://gpu-box:11434
! Ollama cannot be reached at http://gpu-box:11434. Start it there
";
        assert_eq!(status(&all, Paint::OFF), expected);
    }

    #[test]
    fn a_model_that_is_switched_off_says_so_in_its_row_and_above_all_also_while_its_server_is_gone()
    {
        let mut server = ollama();
        server.models[0].off = true;
        server.models[1].off = true;
        let off = ["gpu/gone:70b", "ollama/nomic-embed-text:latest", "ollama/qwen3:8b"];
        let models_off = off.map(String::from).to_vec();
        let all = LocalStatus { on: true, only: false, models_off, local: vec![server] };
        let shown = status(&all, Paint::OFF);
        let expected = "\
Models switched off: gpu/gone:70b, ollama/nomic-embed-text:latest,
  ollama/qwen3:8b.
Use one again: weir local on gpu/gone:70b

";
        assert!(shown.starts_with(expected), "{shown}");
        assert!(shown.contains("●  qwen3:8b                 loaded, off"), "{shown}");
        assert!(shown.contains("○  nomic-embed-text:latest  off"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH), "{shown}");
        assert!(status(&all, Paint::ON).contains("switched off:\u{1b}[0m gpu/gone:70b"));
    }

    #[test]
    fn the_switch_and_an_empty_machine_say_what_to_do() {
        let none =
            LocalStatus { on: false, only: false, models_off: Vec::new(), local: Vec::new() };
        let shown = status(&none, Paint::OFF);
        assert!(
            shown.starts_with("Local models are switched off. Use them again: weir local on\n")
        );
        assert!(shown.contains("weir local start ollama"));
        assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH), "{shown}");
    }
}
