//! The state of the engine in one value: what `weir status`, the tray and the window show.

use super::cost::{Books, local_share};
use super::{keys, problem};
use crate::api::{
    ApiProblem, KeyState, ProviderHealth, Routing, Span, Stamp, Status, TierChains, Totals,
};
use crate::config::Config;
use crate::local::{Part, Scope, State};
use crate::parts::Parts;
use jiff::Timestamp;
use weir_core::route::{Provider, Route};

/// Asks everything that answers at once; no network, and no keychain but for the first status of a
/// serving engine, which has it read aside and waits for nothing.
pub fn status(parts: &Parts, books: &Books<'_>) -> Result<Status, ApiProblem> {
    let config = parts.config.load();
    keys::look_aside(parts);
    parts.local.look_now(Scope::Due);
    let totals = Totals {
        day: books.sums(Span::Day)?,
        week: books.sums(Span::Week)?,
        month: books.sums(Span::Month)?,
    };
    let budgets = super::budgets::standings(parts, books.now_ms)?;
    let serving = parts.serving.as_ref();
    let health = parts.ledger.health();
    let mut notices = parts.notices();
    notices.extend(super::budgets::notices(parts, books.now_ms));
    notices.extend(health.problem.map(|p| problem::ledger_read(p).message));
    if totals.day.unpriced_requests > 0 {
        let n = totals.day.unpriced_requests;
        notices.push(format!(
            "{n} of today's requests have no known price. See: weir log, weir price show MODEL"
        ));
    }
    let tunnel = super::tunnel::status(parts, books)?;
    let providers: Vec<ProviderHealth> =
        config.providers.iter().map(|p| health_of(parts, &config, p)).collect();
    let local = parts.local_servers();
    let per_tier = super::tiers::tiers(parts, books, &providers, &local)?;
    Ok(Status {
        running: serving.is_some(),
        pid: serving.map(|_| std::process::id()),
        port: serving.map(|s| s.port),
        url: serving.map(|s| format!("http://127.0.0.1:{}", s.port)),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        home: parts.home.root().display().to_string(),
        uptime_s: serving.map(|s| books.now_ms.saturating_sub(s.started_ms).unsigned_abs() / 1000),
        streams: serving.map_or(0, |s| s.live.open() as u64) + tunnel.open,
        totals,
        budgets,
        allowances: super::budgets::allowances(parts, books.now_ms),
        providers,
        local,
        routing: Routing {
            mode: config.mode.as_str().to_owned(),
            local_share: local_share(&totals.day),
            tiers: chains(&config),
            paused: parts.routing.paused(),
            local_on: parts.local.on(),
            local_only: parts.local.part() == Part::Only,
            models_off: parts.local.models_off().names(),
            per_tier,
        },
        tunnel: Some(tunnel).filter(|tunnel| tunnel.on),
        notices,
    })
}

fn health_of(parts: &Parts, config: &Config, provider: &Provider) -> ProviderHealth {
    let (key, fix) = keys::state(parts, provider);
    let state = match key {
        // What is noted and was not read yet is taken for ready, as a request takes it.
        KeyState::Ready | KeyState::Stored => "ready",
        KeyState::Missing => "no_key",
        KeyState::Locked => "key_locked",
        KeyState::Absent => "key_absent",
        KeyState::Denied => "key_denied",
        KeyState::Silent => "key_silent",
        KeyState::Foreign => "key_foreign",
        KeyState::Moved => "key_moved",
        KeyState::Rejected => "key_rejected",
        KeyState::NotNeeded if provider.local => return local_health(parts, config, provider),
        KeyState::NotNeeded => "ready",
    };
    if let Some(ill) = ill_health(parts, provider).filter(|_| state == "ready") {
        return ill;
    }
    ProviderHealth { name: provider.name.clone(), state: state.to_owned(), reason: fix }
}

/// What its last failures say of a provider, where it rests or still fails.
fn ill_health(parts: &Parts, provider: &Provider) -> Option<ProviderHealth> {
    let standings = parts.serving.as_ref()?.health.standings();
    let own = || standings.iter().filter(|s| s.provider == provider.name);
    // What rests longest is the news.
    let worst = own().max_by_key(|s| (s.rests_ms, s.failures))?;
    let others = own().count() - 1;
    let of = worst.model.as_ref().map_or(String::new(), |model| format!("{model}: "));
    let failures = match worst.failures {
        1 => "1 failure".to_owned(),
        n => format!("{n} failures"),
    };
    // When it is back stands before the cause, which may be a provider's long text.
    let failed = format!("{failures} in 5 min, the last one: {}", worst.reason);
    let (state, mut reason) = match worst.rests_ms {
        Some(ms @ 0..=119_999) => {
            // To the second: seconds that are left would stand still where this is read.
            let until = Timestamp::from_millisecond(parts.now_ms().saturating_add_unsigned(ms));
            let until = until.map(|at| at.to_zoned(parts.zone()).strftime("%H:%M:%S").to_string());
            let until = until.unwrap_or_default();
            ("resting", format!("{of}resting until {until}, after {failed}"))
        }
        Some(ms) => {
            let now = parts.now_ms();
            let until = Stamp::from_ms(now.saturating_add_unsigned(ms));
            let until = until.ahead(Stamp::from_ms(now), &parts.zone());
            ("resting", format!("{of}resting until {until}, after {failed}"))
        }
        None => ("failing", format!("{of}{failed}")),
    };
    if others > 0 {
        reason.push_str(&format!(" (and {others} more)"));
    }
    Some(ProviderHealth {
        name: provider.name.clone(),
        state: state.to_owned(),
        reason: Some(reason),
    })
}

/// A local provider is as its server was last seen.
fn local_health(parts: &Parts, config: &Config, provider: &Provider) -> ProviderHealth {
    let servers = parts.local.servers();
    let server = servers.iter().find(|s| s.provider == provider.name);
    let written = config.written.contains(&provider.name);
    let (state, reason) = match server.map(|s| (s.state, s.reason.clone())) {
        _ if !parts.local.on() && written => ("off", Some("weir local on".to_owned())),
        Some((State::Up, reason)) => {
            if let Some(ill) = ill_health(parts, provider) {
                return ill;
            }
            ("ready", reason)
        }
        // A preset nobody wrote down may not even be installed.
        _ if !written => ("unknown", None),
        Some((state, reason)) => (state.as_str(), reason),
        None => ("unknown", None),
    };
    ProviderHealth { name: provider.name.clone(), state: state.to_owned(), reason }
}

fn chains(config: &Config) -> TierChains {
    let texts = |routes: &[Route]| routes.iter().map(Route::to_string).collect();
    TierChains { low: texts(&config.low), medium: texts(&config.medium), high: texts(&config.high) }
}
