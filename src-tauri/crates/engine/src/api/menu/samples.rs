//! States of the tray, for tests.

use crate::api::*;

/// A running engine with spend and without budgets.
pub fn status() -> Status {
    let sums = |nano| Sums { requests: 3, spent_usd: Money::from_nano(nano), ..Sums::default() };
    Status {
        running: true,
        pid: Some(1),
        port: Some(9347),
        url: Some("http://127.0.0.1:9347".into()),
        version: "0.1.0".into(),
        home: "home".into(),
        uptime_s: Some(1),
        streams: 0,
        totals: Totals {
            day: sums(1_240_000_000),
            week: sums(3_800_000_000),
            month: sums(14_020_000_000),
        },
        budgets: Vec::new(),
        allowances: Vec::new(),
        providers: Vec::new(),
        local: Vec::new(),
        routing: Routing {
            mode: "honour".into(),
            local_share: None,
            tiers: TierChains::default(),
            paused: false,
            local_on: true,
            local_only: false,
            models_off: Vec::new(),
            per_tier: Vec::new(),
        },
        tunnel: None,
        notices: Vec::new(),
    }
}

/// A budget of ten dollars that counts everything.
pub fn budget(name: &str, period: &str, spent_nano: i64, percent: u64) -> BudgetStanding {
    BudgetStanding {
        name: name.into(),
        period: period.into(),
        limit_usd: Some(Money::from_nano(10_000_000_000)),
        limit_tokens: None,
        spent_usd: Money::from_nano(spent_nano),
        reserved_usd: Money::ZERO,
        spent_tokens: 0,
        reserved_tokens: 0,
        percent,
        thresholds: vec![70, 90, 100],
        reached: Vec::new(),
        resets_at: Stamp::from_ms(0),
        at_limit: "notify".into(),
        origin: "written".into(),
        counts_all: true,
        step: "open".into(),
        changed_until: None,
        forecast_usd: None,
        over_at: None,
    }
}

/// A budget of ten dollars that counts some requests only.
pub fn part(name: &str, period: &str, spent_nano: i64, percent: u64) -> BudgetStanding {
    BudgetStanding { counts_all: false, ..budget(name, period, spent_nano, percent) }
}

/// An open tunnel with a little more than seven hours left.
pub fn tunnel() -> TunnelStatus {
    TunnelStatus {
        on: true,
        port: Some(9348),
        host: None,
        base_url: None,
        since: None,
        until: None,
        left_s: Some(7 * 3_600 + 1),
        models: Vec::new(),
        cap_usd: Money::from_nano(5_000_000_000),
        spent_usd: Money::from_nano(120_000_000),
        reserved_usd: Money::ZERO,
        resets_at: Stamp::from_ms(0),
        per_minute: 60,
        at_once: 8,
        open: 0,
        requests: 0,
        refused: 0,
        last: None,
        last_refused: None,
    }
}

/// A local server with one model in memory, one beside it and one in a cloud.
pub fn ollama() -> LocalServer {
    let model = |name: &str, loaded, size| LocalModel {
        name: name.into(),
        loaded,
        size_bytes: Some(size),
        ..LocalModel::default()
    };
    let cloud = LocalModel { cloud: true, ..model("gpt-oss:120b-cloud", false, 384) };
    LocalServer {
        server: "ollama".into(),
        url: "http://127.0.0.1:11434".into(),
        state: "running".into(),
        kind: Some("ollama".into()),
        models: vec![
            model("llama3.2:3b", false, 2_019_393_189),
            model("qwen2.5-coder:7b", true, 5_137_025_024),
            cloud,
        ],
        ..LocalServer::default()
    }
}

/// A tool in a state, pointed at a port.
pub fn tool(name: &str, title: &str, state: ToolStanding, port: Option<u16>) -> ToolRow {
    ToolRow {
        tool: name.into(),
        title: title.into(),
        found: true,
        program: None,
        state,
        file: None,
        keeps_login: false,
        port,
    }
}

/// Named configurations, `work` in use.
pub fn profiles() -> Profiles {
    let row = |name: &str, problem: Option<&str>| ProfileRow {
        name: name.into(),
        file: format!("{name}.toml"),
        in_use: name == "work",
        problem: problem.map(str::to_owned),
    };
    let profiles = vec![row("default", None), row("offline", Some("line 1")), row("work", None)];
    Profiles { in_use: "work".into(), profiles }
}
