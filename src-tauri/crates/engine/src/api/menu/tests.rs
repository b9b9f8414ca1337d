//! Tables of states and the lines they come to. A line is written `label`, with `(off)` where it is
//! greyed, `[x]` or `[ ]` where it is checked or not, indented where it stands below another.

use super::samples::{budget, ollama, part, profiles, status, tool, tunnel};
use super::servers::MODELS_MAX;
use super::*;
use crate::api::{DaySpend, LocalModel, LocalServer, TunnelStatus};

fn drawn(lines: &[Line]) -> Vec<String> {
    let mut all = Vec::new();
    for line in lines {
        let label = &line.label;
        match &line.kind {
            Kind::Words => all.push(format!("{label} (off)")),
            Kind::Item(_) => all.push(label.clone()),
            Kind::Check { on, act } => {
                let off = if act.is_none() { " (off)" } else { "" };
                all.push(format!("[{}] {label}{off}", if *on { 'x' } else { ' ' }));
            }
            Kind::Below(lines) => {
                all.push(format!("{label} ▸"));
                all.extend(drawn(lines).into_iter().map(|line| format!("  {line}")));
            }
            Kind::Gap => all.push("—".to_owned()),
        }
    }
    all
}

fn all(lines: &[Line]) -> Vec<&Line> {
    let mut found: Vec<&Line> = Vec::new();
    for line in lines {
        found.push(line);
        if let Kind::Below(below) = &line.kind {
            found.extend(all(below));
        }
    }
    found
}

#[track_caller]
fn act(lines: &[Line], id: &str) -> Act {
    let found = all(lines).into_iter().find(|line| line.id == id);
    match found.map(|line| &line.kind) {
        Some(Kind::Item(act) | Kind::Check { act: Some(act), .. }) => act.clone(),
        other => panic!("{id} asks for nothing: {other:?}"),
    }
}

fn around() -> Around {
    let connected = ToolStanding::Connected;
    Around {
        days: [1, 1, 2, 3, 4].iter().map(|dollars| day(*dollars)).collect(),
        tools: vec![
            tool("claude-code", "Claude Code", connected, Some(9347)),
            tool("codex", "Codex", ToolStanding::Edited, Some(9347)),
            tool("aider", "Aider", ToolStanding::NotConnected, None),
            tool("zed", "Zed", connected, Some(9400)),
        ],
        profiles: profiles(),
        busy: Vec::new(),
        login: Some(true),
        own_engine: true,
    }
}

fn day(dollars: i64) -> DaySpend {
    let spent_usd = Money::from_nano(dollars * 1_000_000_000);
    DaySpend { day: "2026-11-23".into(), requests: 1, spent_usd }
}

#[test]
fn the_whole_menu_of_a_busy_day() {
    let mut status = status();
    status.routing.local_share = Some(0.458);
    status.totals.week.saved_usd = Money::from_nano(2_100_000_000);
    status.budgets = vec![
        budget("week", "week", 3_800_000_000, 38),
        part("codex", "day", 900_000_000, 9),
        part("opus", "day", 8_000_000_000, 80),
    ];
    status.local = vec![ollama()];
    let lines = drawn(&serving(&status, 9347, &around()));
    let expected = [
        "Weir · listening on 9347 (off)",
        "Today $1.24   Week $3.80 of $10.00   ▂▂▄▆█",
        "Local 46 % today   Saved $2.10 this week",
        "opus $8.00 of $10.00, 80 %",
        "codex $0.90 of $10.00, 9 %",
        "—",
        "Open Weir",
        "[ ] Pause routing (budgets still hold)",
        "[ ] Local models only",
        "Local models ▸",
        "  [x] Use local models",
        "  —",
        "  ● qwen2.5-coder:7b   loaded, 5.1 GB ▸",
        "    [x] Use in routing",
        "    Unload",
        "  ○ llama3.2:3b   2.0 GB ▸",
        "    [x] Use in routing",
        "    Load",
        "  ○ gpt-oss:120b-cloud   in a cloud ▸",
        "    [x] Use in routing",
        "  Ollama · Stop",
        "Profile ▸",
        "  [ ] default",
        "  [ ] offline   does not hold",
        "  [x] work",
        "  New profile…",
        "Tools ▸",
        "  [x] Claude Code",
        "  [x] Codex   edited since",
        "  [x] Zed   asks 9400",
        "  Connect another…",
        "Copy address",
        "—",
        "[x] Start at login",
        "Quit… ▸",
        "  3 tools go through Weir: (off)",
        "  Keep serving without this icon",
        "  Restore the tools and quit",
    ];
    assert_eq!(lines, expected, "{lines:#?}");
}

#[test]
fn every_line_has_a_name_of_its_own_and_keeps_it_whatever_it_says() {
    let mut status = status();
    status.local = vec![ollama()];
    let ids = |lines: &[Line]| all(lines).iter().map(|l| l.id.clone()).collect::<Vec<_>>();
    let before = ids(&serving(&status, 9347, &around()));
    let unique: std::collections::BTreeSet<&String> = before.iter().collect();
    assert_eq!(unique.len(), before.len(), "{before:?}");
    status.routing.paused = true;
    status.routing.local_only = true;
    status.totals.day.spent_usd = Money::from_nano(1);
    let mut other = around();
    other.login = Some(false);
    other.busy = vec![LocalOrder::Load { model: "ollama/llama3.2:3b".into(), context: None }];
    other.profiles.profiles[0].in_use = true;
    assert_eq!(ids(&serving(&status, 9347, &other)), before);
}

#[test]
fn what_a_check_shows_is_turned_round_by_its_click() {
    let mut status = status();
    for on in [false, true] {
        (status.routing.paused, status.routing.local_only) = (on, on);
        status.routing.local_on = on;
        let lines = serving(&status, 9347, &Around { login: Some(on), ..around() });
        assert_eq!(act(&lines, "pause"), Act::Pause(!on));
        assert_eq!(act(&lines, "only"), Act::Local(LocalOrder::Only { on: !on }));
        assert_eq!(act(&lines, "switch"), Act::Local(LocalOrder::Switch { on: !on }));
        assert_eq!(act(&lines, "login"), Act::Login(!on));
        for id in ["pause", "only", "switch", "login"] {
            let first = act(&lines, id);
            assert_ne!(first.turned(), first, "a second click takes the first back");
            assert_eq!(first.turned().turned(), first);
        }
    }
    let lines = serving(&status, 9347, &around());
    assert_eq!(act(&lines, "spend"), Act::Open(Some("overview")));
    assert_eq!(act(&lines, "tool:codex"), Act::Disconnect("codex".into()));
    assert_eq!(act(&lines, "connect"), Act::Open(Some("tools")));
    assert_eq!(act(&lines, "profile:offline"), Act::Profile("offline".into()));
}

#[test]
fn an_estimated_or_unpriced_part_is_never_left_out() {
    let mut status = status();
    status.totals.day.estimated_requests = 1;
    status.totals.day.unpriced_requests = 3;
    let lines = drawn(&serving(&status, 9347, &Around::default()));
    assert_eq!(lines[1], "Today about $1.24 + 3 unpriced   Week $3.80");
    assert_eq!(lines[2], "No request today");
}

#[test]
fn a_budget_that_counts_the_whole_week_stands_in_its_line_and_one_that_counts_a_part_in_its_own() {
    let mut status = status();
    status.budgets = vec![part("part", "week", 1_000_000_000, 10)];
    let lines = drawn(&serving(&status, 9347, &Around::default()));
    assert_eq!(lines[1], "Today $1.24   Week $3.80");
    assert_eq!(lines[3], "part $1.00 of $10.00, 10 %");
    status.budgets.push(budget("week", "week", 3_800_000_000, 38));
    let lines = drawn(&serving(&status, 9347, &Around::default()));
    assert_eq!(lines[1], "Today $1.24   Week $3.80 of $10.00");
    let many = (0..9).map(|n| budget(&format!("b{n}"), "month", n, 0));
    status.budgets.extend(many);
    let lines = serving(&status, 9347, &Around::default());
    let own = lines.iter().filter(|line| line.id.starts_with("budget:")).count();
    assert_eq!(own, BUDGETS_MAX, "the window has the others");
}

#[test]
fn an_open_tunnel_is_told_in_the_first_line_and_can_be_closed() {
    let mut status = status();
    let closed = serving(&status, 9347, &Around::default());
    assert!(closed.iter().all(|line| line.id != "tunnel"));
    status.tunnel = Some(TunnelStatus { left_s: Some(7 * HOUR_S + 1), ..tunnel() });
    status.routing.paused = true;
    let open = serving(&status, 9347, &Around::default());
    assert_eq!(open[0].label, "Weir · listening on 9347 · tunnel open · paused");
    let line = open.iter().find(|line| line.id == "tunnel").expect("a line");
    assert_eq!(line.label, "Close the Cursor tunnel ($0.12 of $5.00 today, at most 8 h left)");
    assert_eq!(act(&open, "tunnel"), Act::CloseTunnel);
}

#[test]
fn local_servers_offer_only_what_can_be_done_there() {
    let state = |server: LocalServer, busy: &[LocalOrder]| {
        let mut status = status();
        status.local = vec![server];
        drawn(&servers::lines(&status, busy)).split_off(2)
    };
    let stopped = LocalServer {
        state: "not_running".into(),
        models: Vec::new(),
        can_start: true,
        written: true,
        ..ollama()
    };
    assert_eq!(state(stopped.clone(), &[]), ["Ollama · Start"]);
    let start = LocalOrder::Start { server: "ollama".into() };
    assert_eq!(state(stopped.clone(), &[start]), ["Ollama   starting… (off)"]);
    let absent = LocalServer { can_start: false, ..stopped.clone() };
    assert_eq!(state(absent, &[]), ["Ollama   not running (off)"]);
    let far = LocalServer { url: "http://gpu-box:11434".into(), models: Vec::new(), ..ollama() };
    assert_eq!(state(far, &[]), ["Ollama   running (off)"]);
    let fixed = LocalServer {
        server: "gpu".into(),
        kind: Some("vllm".into()),
        models: ollama().models.split_off(1)[..1].to_vec(),
        ..ollama()
    };
    let expected =
        ["● qwen2.5-coder:7b   loaded, 5.1 GB ▸", "  [x] Use in routing", "gpu   running (off)"];
    assert_eq!(state(fixed, &[]), expected);
    let unload = LocalOrder::Unload { model: "ollama/qwen2.5-coder:7b".into() };
    let expected = ["● qwen2.5-coder:7b   unloading… ▸", "  [x] Use in routing", "  Unload (off)"];
    assert_eq!(state(ollama(), &[unload])[..3], expected);
    let mut many = ollama();
    let one = many.models[0].clone();
    let copies = (0..20).map(|n| LocalModel { name: format!("m{n}"), ..one.clone() });
    many.models.extend(copies);
    let lines = state(many, &[]);
    let rows = lines.iter().filter(|line| !line.starts_with(' ')).collect::<Vec<_>>();
    assert_eq!(rows.len(), MODELS_MAX + 2);
    assert_eq!(rows[MODELS_MAX], "11 more…");
    let mut none = status();
    none.local = vec![LocalServer { server: "vllm".into(), state: "unknown".into(), ..ollama() }];
    assert_eq!(drawn(&servers::lines(&none, &[]))[1], "No local server was found");
}

#[test]
fn a_model_has_a_switch_of_its_own_that_says_how_it_stands_and_turns_it() {
    let mut status = status();
    status.local = vec![ollama()];
    let used = serving(&status, 9347, &Around::default());
    let turn = |model: &str, on| {
        let model = format!("ollama/{model}");
        Act::Local(LocalOrder::SwitchModel { model, on })
    };
    for model in ["qwen2.5-coder:7b", "llama3.2:3b", "gpt-oss:120b-cloud"] {
        let click = act(&used, &format!("use:ollama/{model}"));
        assert_eq!(click, turn(model, false));
        assert_eq!(click.turned(), turn(model, true), "a second click takes the first back");
        status.local[0].models.iter_mut().filter(|m| m.name == model).for_each(|m| m.off = true);
        let off = serving(&status, 9347, &Around::default());
        assert_eq!(act(&off, &format!("use:ollama/{model}")), turn(model, true));
    }
    let rows = drawn(&servers::lines(&status, &[]));
    let expected = [
        "● qwen2.5-coder:7b   loaded, 5.1 GB, off ▸",
        "  [ ] Use in routing",
        "  Unload",
        "○ llama3.2:3b   2.0 GB, off ▸",
        "  [ ] Use in routing",
        "  Load",
        "○ gpt-oss:120b-cloud   in a cloud, off ▸",
        "  [ ] Use in routing",
    ];
    assert_eq!(rows[2..10], expected, "{rows:#?}");
    let memory = act(&used, "memory:ollama/qwen2.5-coder:7b");
    assert_eq!(memory, Act::Local(LocalOrder::Unload { model: "ollama/qwen2.5-coder:7b".into() }));
}

#[test]
fn quitting_asks_only_where_it_would_take_something_away() {
    let quit = |serves: bool, own_engine: bool, tools: Vec<ToolRow>| {
        drawn(&[super::quit(&Around { tools, own_engine, ..Around::default() }, serves)])
    };
    let one = || vec![tool("codex", "Codex", ToolStanding::Connected, Some(9347))];
    for (serves, own, tools, expected) in [
        (
            true,
            true,
            Vec::new(),
            vec!["Quit… ▸", "  Keep serving without this icon", "  Stop serving and quit"],
        ),
        (
            true,
            true,
            one(),
            vec![
                "Quit… ▸",
                "  1 tool goes through Weir: (off)",
                "  Keep serving without this icon",
                "  Restore the tools and quit",
                "  They are connected again when Weir starts (off)",
            ],
        ),
        (true, false, one(), vec!["Quit (Weir goes on serving without this icon)"]),
        (false, true, Vec::new(), vec!["Quit Weir"]),
        (
            false,
            true,
            one(),
            vec![
                "Quit… ▸",
                "  1 tool goes through Weir: (off)",
                "  Restore the tools and quit",
                "  They are connected again when Weir starts (off)",
            ],
        ),
    ] {
        assert_eq!(quit(serves, own, tools), expected);
    }
}

#[test]
fn while_nothing_is_served_the_tools_can_still_be_put_back() {
    let lines = idle("not serving, open the window to see why", &around());
    let shown = drawn(&lines);
    assert_eq!(shown[0], "Weir · not serving, open the window to see why (off)");
    assert_eq!(act(&lines, "tool:claude-code"), Act::Disconnect("claude-code".into()));
    assert!(lines.iter().all(|line| !["pause", "only", "copy"].contains(&line.id.as_str())));
    assert_eq!(shown[shown.len() - 3], "Quit… ▸");
    let nothing = drawn(&idle("starting", &Around::default()));
    let expected = ["Weir · starting (off)", "—", "Open Weir", "Tools ▸", "  Connect a tool…", "—"];
    assert_eq!(nothing[..6], expected);
    assert_eq!(nothing[6..], ["[ ] Start at login (off)", "Quit Weir"]);
}

#[test]
fn a_budget_of_a_part_is_never_taken_for_the_whole_however_much_was_spent() {
    let mut status = status();
    status.totals.day = Sums::default();
    status.budgets = vec![
        part("cap openai/gpt-5", "day", 0, 0),
        part("codex", "week", 3_800_000_000, 38),
        budget("week", "week", 3_790_000_000, 37),
    ];
    let lines = drawn(&serving(&status, 9347, &around()));
    assert!(lines[1].starts_with("Today $0   Week $3.80 of $10.00   "), "{}", lines[1]);
    assert_eq!(lines[3], "codex $3.80 of $10.00, 38 %");
    assert_eq!(lines[4], "cap openai/gpt-5 $0 of $10.00, 0 %");
}
