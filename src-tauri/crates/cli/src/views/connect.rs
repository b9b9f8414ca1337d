//! Client set-up as text: the list of tools, what was changed, what came back.

use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words::{self, plain};
use weir_engine::connect::{Changed, Report, Standing, Tool, ToolRow};

/// Every tool and how it stands.
pub fn tools(rows: &[ToolRow], paint: Paint) -> String {
    let mut table = Table::new(&[
        ("tool", Fit::Left),
        ("", Fit::Left),
        ("found", Fit::Left),
        ("settings", Fit::Cut(20)),
    ]);
    for row in rows {
        let (state, tone) = match row.state {
            Standing::Connected => ("connected", Tone::Good),
            Standing::Edited => ("changed since", Tone::Warn),
            Standing::Unfinished => ("unfinished", Tone::Bad),
            Standing::NotConnected => ("-", Tone::Quiet),
        };
        let found = if row.found { Cell::from("yes") } else { Cell::new("no", Tone::Quiet) };
        let file = row.file.as_ref().map(|file| file.display().to_string());
        table.row([
            row.tool.as_str().into(),
            Cell::new(state, tone),
            found,
            file.unwrap_or_else(|| "by hand".into()).as_str().into(),
        ]);
    }
    table.render(paint)
        + "Connect one: weir connect TOOL. Try one without a change: weir run TOOL\n"
}

/// The tools in one line of the status: those that are here, and which of them go through Weir.
pub fn brief(rows: &[ToolRow]) -> String {
    let seen = rows.iter().filter(|row| row.found || row.state != Standing::NotConnected);
    let told = |row: &ToolRow| match row.state {
        Standing::Connected => format!("{} connected", row.tool),
        Standing::Edited => format!("{} changed since", row.tool),
        Standing::Unfinished => format!("{} unfinished", row.tool),
        Standing::NotConnected => format!("{} not connected", row.tool),
    };
    let told: Vec<String> = seen.map(told).collect();
    if told.is_empty() {
        return String::new();
    }
    words::wrap(&format!("Tools    {}", told.join(", ")), words::WIDTH, "         ")
}

/// What connecting did, or would do.
pub fn connected(tool: Tool, report: &Report, rehearsed: bool) -> String {
    let title = tool.title();
    let mut out = String::new();
    for file in report.files.iter().filter(|file| file.what != "kept") {
        let path = file.path.display().to_string();
        match rehearsed {
            true => out.push_str(&format!("{}\n{}", plain(&path), lines(&file.diff))),
            false => out.push_str(&format!("{} {}\n", file.what, plain(&path))),
        }
    }
    for (name, value) in &report.by_hand {
        out.push_str(&format!("  {name:<16} {}\n", plain(value)));
    }
    let verdict = match (report.unchanged, rehearsed, report.connected) {
        (_, _, false) => String::new(),
        (true, true, _) => format!("Nothing would change: {title} goes through Weir already."),
        (true, false, _) => format!("{title} goes through Weir already."),
        (false, true, _) => "Nothing was changed. Without --dry-run it would be.".into(),
        (false, false, _) if !report.by_hand.is_empty() => format!(
            "{title} goes through Weir once they are entered. Undo: weir disconnect {}",
            tool.name()
        ),
        (false, false, _) => {
            format!(
                "{title} goes through Weir from its next start. Undo: weir disconnect {}",
                tool.name()
            )
        }
    };
    if !verdict.is_empty() {
        out.push_str(&format!("{verdict}\n"));
    }
    out + &notes(report)
}

fn notes(report: &Report) -> String {
    let line = |note: &String| words::wrap(&format!("- {}.", plain(note)), words::WIDTH, "  ");
    report.notes.iter().map(line).collect()
}

fn lines(diff: &str) -> String {
    diff.lines().map(|line| format!("  {}\n", plain(line))).collect()
}

/// What disconnecting did.
pub fn put_back(tool: Tool, report: &Report) -> String {
    let title = tool.title();
    if report.unchanged {
        return format!("{title} is not connected; nothing was changed.\n");
    }
    let mut out = String::new();
    for file in &report.files {
        out.push_str(&format!("{}\n", file_back(file)));
    }
    out.push_str(&format!(
        "{title} no longer goes through Weir. Start it anew where it is open.\n"
    ));
    out + &notes(report)
}

fn file_back(file: &Changed) -> String {
    let path = plain(&file.path.display().to_string());
    match (file.what.as_str(), file.exact) {
        ("gone", _) => format!("{path} is gone already, and Weir's keys with it"),
        ("removed", _) => format!("removed {path}, which Weir had made"),
        ("kept", _) => format!(
            "restored {path}; what was changed since stays: {}",
            plain(&file.keys.join(", "))
        ),
        (_, true) => format!("restored {path}, byte for byte"),
        (_, false) => format!("restored {path}: only Weir's keys, since it was edited meanwhile"),
    }
}

/// What restoring did.
pub fn restored(reports: &[Report]) -> String {
    if reports.is_empty() {
        return "No tool is connected; nothing was changed.\n".into();
    }
    let mut out = String::new();
    for report in reports {
        if let Some(tool) = Tool::named(&report.tool) {
            out.push_str(&put_back(tool, report));
        }
    }
    out
}
