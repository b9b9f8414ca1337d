//! API values the golden tests show.

use weir_engine::api::*;

pub fn now() -> Stamp {
    "2026-11-22T09:14:03Z".parse().expect("a moment")
}

pub fn zone() -> Zone {
    Stamp::fixed_zone(1)
}

fn usd(text: &str) -> Money {
    text.parse().expect("an amount")
}

pub fn week() -> CostSummary {
    let spend = [
        ("16", "0"),
        ("17", "0.5"),
        ("18", "0.75"),
        ("19", "0.4"),
        ("20", "2"),
        ("21", "0.15"),
        ("22", "0"),
    ];
    let days = spend.map(|(day, spent)| DaySpend {
        day: format!("2026-11-{day}"),
        requests: 1,
        spent_usd: usd(spent),
    });
    CostSummary {
        period: Span::Week,
        from: Some("2026-11-16".into()),
        to: Some("2026-11-22".into()),
        sums: Sums {
            requests: 1_212,
            spent_usd: usd("3.8"),
            saved_usd: usd("2.1"),
            local_requests: 558,
            unpriced_requests: 3,
            estimated_requests: 2,
            tokens: Tokens {
                input: 1_234_567,
                cache_read: 12_400_000,
                cache_write_5m: 88_000,
                cache_write_1h: 0,
                output: 310_000,
                reasoning: 45_200,
            },
        },
        days: days.to_vec(),
    }
}

pub fn report() -> Report {
    let all = week().sums;
    let group = |key: &str, sums| CostGroup { key: key.into(), sums };
    let unknown = Sums { requests: 3, unpriced_requests: 3, ..Sums::default() };
    let by_provider = vec![group("anthropic", all), group("groq", unknown)];
    Report {
        month: "2026-11".into(),
        from: "2026-11-01".into(),
        to: "2026-11-22".into(),
        over: false,
        sums: all,
        parts: vec![
            ReportPart { by: By::Provider, groups: by_provider },
            ReportPart { by: By::Task, groups: vec![group("", all)] },
        ],
        budgets: vec![ReportBudget {
            name: "month".into(),
            period: "month".into(),
            limit_usd: Some(usd("10")),
            limit_tokens: None,
            scope: Vec::new(),
            windows: vec![ReportWindow {
                from: "2026-11-01".into(),
                to: "2026-11-30".into(),
                sums: all,
            }],
        }],
    }
}

pub fn status() -> Status {
    let small =
        Sums { requests: 12, spent_usd: usd("0.5012"), local_requests: 6, ..Sums::default() };
    let large =
        Sums { requests: 4_000, spent_usd: usd("14.02"), local_requests: 400, ..Sums::default() };
    let model =
        |name: &str, loaded| LocalModel { name: name.into(), loaded, ..LocalModel::default() };
    Status {
        running: true,
        pid: Some(4242),
        port: Some(9347),
        url: Some("http://127.0.0.1:9347".into()),
        version: "0.1.0".into(),
        home: "/home/u/.local/share/weir".into(),
        uptime_s: Some(11_520),
        streams: 2,
        totals: Totals { day: small, week: week().sums, month: large },
        budgets: vec![BudgetStanding {
            name: "week".into(),
            period: "week".into(),
            limit_usd: Some(usd("2")),
            limit_tokens: None,
            spent_usd: usd("1.8"),
            reserved_usd: Money::ZERO,
            spent_tokens: 0,
            reserved_tokens: 0,
            percent: 90,
            thresholds: vec![70, 90, 100],
            reached: vec![70, 90],
            resets_at: "2026-11-22T23:00:00Z".parse().expect("a moment"),
            at_limit: "local".into(),
            origin: "written".into(),
            counts_all: true,
            step: "open".into(),
            changed_until: None,
            forecast_usd: None,
            over_at: None,
        }],
        allowances: Vec::new(),
        providers: vec![
            ProviderHealth { name: "anthropic".into(), state: "ready".into(), reason: None },
            ProviderHealth {
                name: "gemini".into(),
                state: "no_key".into(),
                reason: Some("Run: weir key set gemini".into()),
            },
            ProviderHealth { name: "vllm".into(), state: "unknown".into(), reason: None },
        ],
        local: vec![LocalServer {
            server: "ollama".into(),
            url: "http://127.0.0.1:11434".into(),
            state: "running".into(),
            models: vec![model("qwen2.5-coder:7b", true), model("llama3.2:3b", false)],
            written: true,
            ..LocalServer::default()
        }],
        routing: Routing {
            mode: "honour".into(),
            local_share: Some(0.5),
            tiers: TierChains {
                low: vec!["ollama/llama3.2:3b".into(), "anthropic/claude-haiku-4-5".into()],
                ..TierChains::default()
            },
            paused: false,
            local_on: true,
            local_only: false,
            models_off: Vec::new(),
            per_tier: vec![TierNow {
                tier: "low".into(),
                requests: 8,
                local_share: Some(0.75),
                spent_usd: usd("0.02"),
                now: Some("anthropic/claude-haiku-4-5".into()),
                links: vec![
                    LinkNow {
                        route: "ollama/llama3.2:3b".into(),
                        state: "not_running".into(),
                        waiting: 2,
                    },
                    LinkNow {
                        route: "anthropic/claude-haiku-4-5".into(),
                        state: "ready".into(),
                        waiting: 0,
                    },
                ],
                problem: None,
                fix: None,
            }],
        },
        tunnel: None,
        notices: vec!["3 requests have no price. Set one in prices.toml".into()],
    }
}

pub fn comparison() -> Comparison {
    let side = |spent: &str, local, switches, estimated| ReplaySide {
        spent_usd: usd(spent),
        unpriced_requests: 0,
        local_requests: local,
        local_share: Some(local as f64 / 300.0),
        switches,
        estimated_requests: estimated,
    };
    let group = |key: &str, requests, was, would, saved: &str| ReplayGroup {
        key: key.into(),
        requests,
        was,
        would,
        saved_usd: usd(saved),
        uncompared_requests: 0,
    };
    let low = group("low", 180, side("4.1", 0, 0, 0), side("0.32", 120, 4, 160), "3.78");
    let high = group("high", 100, side("9.5", 0, 2, 0), side("9.5", 0, 2, 0), "0");
    let none = group("", 20, side("0.2", 0, 0, 0), side("0.21", 0, 0, 3), "-0.01");
    Comparison {
        period: None,
        since: Some("2026-10-23T09:14:03Z".parse().expect("a moment")),
        config: Some("./tiered.toml".into()),
        all: group("", 300, side("13.8", 0, 2, 0), side("10.03", 120, 6, 163), "3.77"),
        tiers: vec![high, low.clone(), none],
        tasks: vec![ReplayGroup { key: "question_answering".into(), ..low }],
        conversations: 41,
        known: vec!["Estimated: what would have gone elsewhere is priced by its tokens.".into()],
    }
}

pub fn tunnel() -> TunnelStatus {
    let at = |text: &str| text.parse::<Stamp>().expect("a moment");
    TunnelStatus {
        on: true,
        port: Some(9348),
        host: Some("weir.example.com".into()),
        base_url: Some("https://weir.example.com/cursor/v1".into()),
        since: Some(at("2026-11-22T08:30:00Z")),
        until: Some(at("2026-11-22T16:30:00Z")),
        left_s: Some(26_157),
        models: ["weir-auto", "weir-low", "weir-medium", "weir-high"].map(Into::into).to_vec(),
        cap_usd: usd("5"),
        spent_usd: usd("0.12"),
        reserved_usd: Money::ZERO,
        resets_at: at("2026-11-22T23:00:00Z"),
        per_minute: 60,
        at_once: 8,
        open: 1,
        requests: 12,
        refused: 3,
        last: Some(TunnelVisit {
            at: at("2026-11-22T09:12:03Z"),
            source: Some("203.0.113.7".into()),
            refused: None,
        }),
        last_refused: Some(TunnelVisit {
            at: at("2026-11-22T09:00:00Z"),
            source: None,
            refused: Some("wrong key".into()),
        }),
    }
}

pub fn row() -> LogRow {
    let at: Stamp = "2026-11-22T08:41:07Z".parse().expect("a moment");
    let attempt = |outcome: &str, status, cost: &str, first, total| Attempt {
        route: "anthropic/claude-opus-5-5".into(),
        at,
        outcome: Some(outcome.into()),
        status: Some(status),
        reserved_usd: Some(usd("0.4201")),
        settled_usd: Some(usd(cost)),
        state: AttemptState::Settled,
        reason: "kept".into(),
        first_byte_ms: Some(first),
        total_ms: Some(total),
    };
    let candidate = |route: &str, reason: &str, expected: &str| RouteCandidate {
        route: route.into(),
        reason: reason.into(),
        expected_usd: Some(usd(expected)),
        unable: None,
    };
    LogRow {
        id: RequestId::new(at.ms(), 7),
        at,
        client: "claude-code".into(),
        project: Some("weir".into()),
        session: None,
        category: None,
        endpoint: "messages".into(),
        asked_model: "claude-opus-5-5".into(),
        route: "anthropic/claude-opus-5-5".into(),
        task: Some("agent_step".into()),
        tier: Some("high".into()),
        judged_tier: None,
        confidence: Some(0.94),
        reason: "kept".into(),
        attempts: vec![
            attempt("upstream_error", 529, "0", 120, 130),
            attempt("ok", 200, "0.0453", 820, 4_200),
        ],
        outcome: Some("ok".into()),
        pricing: Some("exact".into()),
        usage: Some(RequestUsage {
            input: 1_234,
            cache_read: 82_000,
            output: 1_170,
            ..RequestUsage::default()
        }),
        cost_usd: Some(usd("0.0453")),
        saved_usd: Some(usd("0.0121")),
        cache: "off".into(),
        first_byte_ms: Some(820),
        total_ms: Some(4_200),
        dropped: Vec::new(),
        local: false,
        demo: false,
        mode: Some("tiered".into()),
        class: Some("main".into()),
        conversation: Some("00c0ffee00c0ffee".into()),
        deterministic: Some(false),
        prompt_tokens: Some(83_000),
        candidates: vec![
            candidate("anthropic/claude-opus-5-5", "kept", "0.0431"),
            candidate("anthropic/claude-haiku-5", "tier", "0.3531"),
            RouteCandidate {
                route: "vllm/mistral".into(),
                reason: "fallback".into(),
                expected_usd: None,
                unable: None,
            },
        ],
        expected_usd: Some(usd("0.0431")),
        shadow: None,
        way_back_usd: None,
        summary: "Kept on claude-opus-5-5: switching would have cost $0.31 more (82K cached \
                  tokens). Saved $0.0121 against claude-opus-5-5."
            .into(),
    }
}

pub fn explained() -> Explain {
    let line = |kind: &str, tokens, cost: &str| BillLine {
        kind: kind.into(),
        model: None,
        tokens,
        cost_usd: usd(cost),
    };
    Explain {
        row: row(),
        note: None,
        estimated_because: None,
        lines: vec![
            line("input", 1_234, "0.00617"),
            line("cache_read", 82_000, "0.0369"),
            line("output", 1_170, "0.00223"),
        ],
    }
}
