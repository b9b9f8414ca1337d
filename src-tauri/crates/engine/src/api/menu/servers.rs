//! The menu below "Local models": the switch, each model with what it takes and a switch of its own, each
//! server with what Weir can tell it. Pure.

use super::{Act, Kind, Line, check, gap, item, line, words};
use crate::api::{LocalModel, LocalOrder, LocalServer, Status};

/// Models of one server that get a line, at most.
pub const MODELS_MAX: usize = 12;
/// Servers that Weir can stop by their own programs.
const STOPS: [&str; 2] = ["ollama", "lmstudio"];

/// The switch, then each server with its models.
pub fn lines(status: &Status, busy: &[LocalOrder]) -> Vec<Line> {
    let on = status.routing.local_on;
    let switch = Act::Local(LocalOrder::Switch { on: !on });
    let mut lines = vec![check("switch", "Use local models", on, switch)];
    let absent = ["unknown", "not_running"];
    let known = |server: &&LocalServer| {
        server.written || !absent.contains(&server.state.as_str()) || server.can_start
    };
    for server in status.local.iter().filter(known) {
        lines.push(gap(&format!("gap:{}", server.server)));
        lines.extend(models(server, busy));
        lines.push(standing(server, busy));
    }
    if lines.len() == 1 {
        lines.push(item("none", "No local server was found", Act::Open(Some("local"))));
    }
    lines
}

fn models(server: &LocalServer, busy: &[LocalOrder]) -> Vec<Line> {
    if server.state != "running" {
        return Vec::new();
    }
    let mut all: Vec<&LocalModel> = server.models.iter().collect();
    all.sort_by_key(|model| !model.loaded);
    let mut lines: Vec<Line> =
        all.iter().take(MODELS_MAX).map(|model| one(server, model, busy)).collect();
    if let Some(rest) = all.len().checked_sub(MODELS_MAX).filter(|rest| *rest > 0) {
        let id = format!("more:{}", server.server);
        lines.push(item(id, format!("{rest} more…"), Act::Open(Some("local"))));
    }
    lines
}

/// `● qwen2.5-coder:7b   loaded, 5.1 GB ▸`, `○ llama3.2:3b   2.0 GB, off ▸`: below it whether requests go
/// there, and what its server can be told.
fn one(server: &LocalServer, model: &LocalModel, busy: &[LocalOrder]) -> Line {
    let name = format!("{}/{}", server.server, model.name);
    let concerns = |order: &LocalOrder| match order {
        LocalOrder::Load { model, .. } | LocalOrder::Unload { model } => *model == name,
        _ => false,
    };
    let changing = busy.iter().any(concerns);
    let state = match (changing, model.loaded) {
        (true, true) => Some("unloading…"),
        (true, false) => Some("loading…"),
        (false, _) if model.cloud => Some("in a cloud"),
        (false, true) => Some("loaded"),
        (false, false) => None,
    };
    let size = model.size_bytes.filter(|_| !model.cloud && !changing).map(size);
    let off = model.off.then(|| "off".to_owned());
    let said: Vec<String> = state.map(str::to_owned).into_iter().chain(size).chain(off).collect();
    let mark = if model.loaded { '●' } else { '○' };
    let label = format!("{mark} {}   {}", model.name, said.join(", "));
    let turn = LocalOrder::SwitchModel { model: name.clone(), on: model.off };
    let mut below =
        vec![check(format!("use:{name}"), "Use in routing", !model.off, Act::Local(turn))];
    below.extend(memory(server, model, &name, changing));
    line(format!("model:{name}"), label.trim_end(), Kind::Below(below))
}

/// Reading a model into memory, or letting it go; `None` where its server holds what it holds.
fn memory(server: &LocalServer, model: &LocalModel, name: &str, changing: bool) -> Option<Line> {
    let swaps = match server.kind.as_deref() {
        Some("ollama" | "lmstudio") => true,
        Some("llamacpp") => server.models.len() > 1,
        _ => false,
    };
    if !swaps || model.cloud {
        return None;
    }
    let (id, model, loaded) = (format!("memory:{name}"), name.to_owned(), model.loaded);
    let label = if loaded { "Unload" } else { "Load" };
    Some(match (changing, loaded) {
        (true, _) => words(id, label),
        (false, true) => item(id, label, Act::Local(LocalOrder::Unload { model })),
        (false, false) => item(id, label, Act::Local(LocalOrder::Load { model, context: None })),
    })
}

/// The server itself: what it is told, or how it stands where Weir cannot tell it anything.
fn standing(server: &LocalServer, busy: &[LocalOrder]) -> Line {
    let id = format!("server:{}", server.server);
    let title = match server.server.as_str() {
        "ollama" => "Ollama",
        "lmstudio" => "LM Studio",
        "llamacpp" => "llama.cpp",
        "vllm" => "vLLM",
        own => own,
    };
    let concerns = |order: &LocalOrder| match order {
        LocalOrder::Start { server: of } | LocalOrder::Stop { server: of } => *of == server.server,
        _ => false,
    };
    let runs = matches!(server.state.as_str(), "running" | "loading");
    if busy.iter().any(concerns) {
        let word = if runs { "stopping…" } else { "starting…" };
        return words(id, format!("{title}   {word}"));
    }
    let kind = server.kind.as_deref().unwrap_or(&server.server);
    let here = ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| server.url.contains(host));
    let name = server.server.clone();
    if runs && here && STOPS.contains(&kind) {
        item(id, format!("{title} · Stop"), Act::Local(LocalOrder::Stop { server: name }))
    } else if !runs && server.can_start {
        item(id, format!("{title} · Start"), Act::Local(LocalOrder::Start { server: name }))
    } else {
        words(id, format!("{title}   {}", server.state.replace('_', " ")))
    }
}

/// In the units that file managers use.
fn size(bytes: u64) -> String {
    const MEGA: u64 = 1_000_000;
    match bytes / MEGA {
        mega @ 0..=999 => format!("{mega} MB"),
        mega => format!("{}.{} GB", mega / 1_000, mega % 1_000 / 100),
    }
}
