//! The desk of a home: every function of `api::Desk` over the engine's parts.
//! Used by a running engine (behind the control socket and the window) and by the command line on a
//! home that nothing serves. One file a subject; this one only hands on.

mod able;
mod bills;
mod budgets;
mod charts;
mod cost;
mod declined;
mod doctor;
mod doctor_local;
mod edits;
mod history;
mod ill_tiers;
mod keys;
mod month;
pub mod offline;
pub(crate) mod problem;
mod report;
mod routes;
mod rows;
mod simulate;
mod status;
mod tiers;
mod trial;
mod tunnel;

use crate::api::{
    ApiProblem, BudgetDone, BudgetOrder, Budgets, By, ClientAdded, ClientRow, Comparison,
    ConfigShown, CostBreakdown, CostSummary, Desk, Doctor, Explain, ImportDone, KeyRow, KeyTest,
    LocalDone, LocalOrder, LocalStatus, LogQuery, LogRow, ModelRow, PriceCost, PriceShow,
    PriceUpdate, Reconciled, RouteTest, RouteTested, SecretText, Span, Stamp, Status,
    TunnelStarted, TunnelStatus, TunnelTest,
};
use crate::api::{Chart, ChartQuery, Report};
use crate::api::{ConfigChange, ConfigEdit, Profiles, RoutingText};
use crate::events::DECLINED_LEN_MAX;
use crate::gate;
use crate::local::{Part, Scope};
use crate::parts::Parts;
use crate::profiles;
use crate::told;
use cost::Books;
use problem::{bad, ledger_read, not_found};
use std::path::Path;
use std::sync::Arc;
use trial::Trial;
use weir_core::route::Route;
use weir_core::{Dialect, RequestId};
use weir_ledger::{ClientProblem, LogFilter};

fn unknown(id: RequestId) -> ApiProblem {
    not_found(format!(
        "the ledger knows no request {id}. Of requests that Weir refused itself, the last \
         {DECLINED_LEN_MAX} are remembered while it runs"
    ))
}

/// The desk of one home.
#[derive(Clone)]
pub struct HomeDesk(pub Arc<Parts>);

impl HomeDesk {
    fn books(&self) -> Books<'_> {
        let parts = &self.0;
        Books { ledger: &parts.ledger, now_ms: parts.now_ms(), zone: parts.zone() }
    }

    /// With another key a provider is asked anew, whatever it said before.
    fn forget_health(&self, provider: &str) {
        if let Some(serving) = &self.0.serving {
            serving.health.forget(provider);
        }
    }

    /// Keys and prices decide who can be asked for what, so the set-up is made anew.
    fn changed(&self) {
        self.0.routing.refresh();
        self.0.events.changed();
    }

    /// Tokens in force are those of the ledger; read again after every change.
    fn reload_tokens(&self) -> Result<(), ApiProblem> {
        let rows = self.0.ledger.clients().map_err(ledger_read)?;
        self.0.tokens.replace(gate::entries(&rows));
        self.0.events.changed();
        Ok(())
    }
}

impl Desk for HomeDesk {
    fn status(&self) -> Result<Status, ApiProblem> {
        status::status(&self.0, &self.books())
    }

    fn doctor(&self) -> Result<Doctor, ApiProblem> {
        Ok(doctor::doctor(&self.0))
    }

    fn cost_summary(&self, period: Span) -> Result<CostSummary, ApiProblem> {
        self.books().summary(period)
    }

    fn cost_breakdown(&self, period: Span, by: By) -> Result<CostBreakdown, ApiProblem> {
        self.books().breakdown(period, by)
    }

    fn cost_shadow(&self, period: Span) -> Result<Comparison, ApiProblem> {
        simulate::shadow(&self.0, self.books().range(period), period)
    }

    fn simulate(
        &self,
        since: Option<Stamp>,
        file: &str,
        toml: &str,
    ) -> Result<Comparison, ApiProblem> {
        simulate::simulate(&self.0, since, file, toml)
    }

    fn log(&self, query: &LogQuery) -> Result<Vec<LogRow>, ApiProblem> {
        let limit = query.rows();
        if query.oldest_first || query.after.is_some() {
            return self.log_forwards(query, limit);
        }
        let filter = LogFilter {
            limit: limit as usize,
            since_ms: query.since.map(Stamp::ms),
            before: query.before,
            ..LogFilter::default()
        };
        let found = self.0.ledger.log(&filter).map_err(ledger_read)?;
        let found: Vec<LogRow> = found.iter().map(rows::row).collect();
        Ok(if query.refused { declined::among(found, query, &self.0.events) } else { found })
    }

    fn explain(&self, id: RequestId) -> Result<Explain, ApiProblem> {
        let found = self.0.ledger.request(id).map_err(ledger_read)?;
        let Some(request) = found else {
            let refused = self.0.events.find_declined(id);
            return refused.map(declined::explain).ok_or_else(|| unknown(id));
        };
        let lines = bills::lines(&self.0.config.load(), &self.0.prices, &request);
        let row = rows::row(&request);
        let note = told::stays_below(&row, &weir_proxy::ports::Routes::setup(&*self.0.routing));
        let estimated_because = bills::doubt(&request);
        Ok(Explain { row, note, estimated_because, lines })
    }

    fn route_test(&self, body: &str, dialect: Option<Dialect>) -> Result<RouteTest, ApiProblem> {
        let parts = &self.0;
        let setup = weir_proxy::ports::Routes::setup(&*parts.routing);
        let unable = |route: &Route, alone: bool| able::unable(parts, &setup, route, alone);
        let trial =
            Trial { setup: &setup, prices: &parts.prices, now_ms: parts.now_ms(), unable: &unable };
        trial.of(body, dialect)
    }

    fn route_tests(
        &self,
        bodies: &[String],
        dialect: Option<Dialect>,
    ) -> Result<Vec<RouteTested>, ApiProblem> {
        let parts = &self.0;
        let setup = weir_proxy::ports::Routes::setup(&*parts.routing);
        let unable = |route: &Route, alone: bool| able::unable(parts, &setup, route, alone);
        let trial =
            Trial { setup: &setup, prices: &parts.prices, now_ms: parts.now_ms(), unable: &unable };
        Ok(bodies.iter().map(|body| trial.of(body, dialect).into()).collect())
    }

    fn models(&self) -> Result<Vec<ModelRow>, ApiProblem> {
        let parts = &self.0;
        let usable = |p: &weir_core::route::Provider| keys::usable(parts, p);
        parts.local.look_now(Scope::Due);
        let local = if parts.local.on() { parts.local.servers() } else { Arc::default() };
        let off = parts.local.models_off().all();
        let config = parts.config.load();
        Ok(routes::models(&config, &parts.prices, usable, (&local, &off), parts.now_ms()))
    }

    fn price_show(&self, model: &str) -> Result<PriceShow, ApiProblem> {
        self.0.routing.look();
        let config = self.0.config.load();
        let named = model.split_once('/').and_then(|(name, model)| {
            config.providers.iter().find(|p| p.name == name).map(|p| (p, model))
        });
        let now = self.0.now_ms();
        let shown = match named {
            Some((provider, model)) => {
                self.0.prices.show(Some((&provider.name, &provider.base_url)), model, now)
            }
            None => self.0.prices.show(None, model, now),
        };
        if shown.rows.is_empty() {
            return Err(ApiProblem::new(
                crate::api::Code::Unpriced,
                format!(
                    "no price is known for {model}. Add a row for it to {}",
                    self.0.home.price_overrides().display()
                ),
            ));
        }
        Ok(shown)
    }

    fn price_cost(
        &self,
        model: &str,
        usage: &serde_json::Value,
        at: Option<Stamp>,
    ) -> Result<PriceCost, ApiProblem> {
        self.0.routing.look();
        let at = at.unwrap_or(Stamp::from_ms(self.0.now_ms()));
        bills::cost(&self.0.config.load(), &self.0.prices, model, usage, at)
    }

    fn price_update(&self, file: &Path) -> Result<PriceUpdate, ApiProblem> {
        let updated = self.0.prices.update(file).map_err(bad)?;
        self.changed();
        Ok(updated)
    }

    fn key_set(&self, provider: &str, key: SecretText) -> Result<(), ApiProblem> {
        self.0.keys.set(provider, key.expose()).map_err(keys::set_problem)?;
        self.forget_health(provider);
        self.changed();
        Ok(())
    }

    fn key_list(&self) -> Result<Vec<KeyRow>, ApiProblem> {
        Ok(keys::list(&self.0))
    }

    fn key_remove(&self, provider: &str) -> Result<(), ApiProblem> {
        self.0.keys.remove(provider).map_err(keys::set_problem)?;
        self.forget_health(provider);
        self.changed();
        Ok(())
    }

    fn key_test(&self, provider: &str) -> Result<KeyTest, ApiProblem> {
        keys::test(&self.0, provider)
    }

    fn client_add(&self, name: &str) -> Result<ClientAdded, ApiProblem> {
        if tunnel::is_own_name(name) {
            return Err(bad(format!(
                "{name} is what the tunnel's requests are called. Use another"
            )));
        }
        let token = gate::new_token()
            .map_err(|e| ApiProblem::new(crate::api::Code::Internal, e.to_string()))?;
        let hash = gate::hash(token.as_bytes());
        self.0.ledger.add_client(name, &hash, self.0.now_ms()).map_err(|problem| {
            let code = match problem {
                ClientProblem::Exists { .. } => crate::api::Code::Exists,
                ClientProblem::BadName => crate::api::Code::BadRequest,
                ClientProblem::Ledger(_) => crate::api::Code::Ledger,
            };
            ApiProblem::new(code, problem.to_string())
        })?;
        self.reload_tokens()?;
        self.0.watch_tools();
        Ok(ClientAdded { name: name.to_owned(), token: SecretText::new(token) })
    }

    fn client_list(&self) -> Result<Vec<ClientRow>, ApiProblem> {
        // Whoever has just connected a tool asks for this last.
        self.0.watch_tools();
        let rows = self.0.ledger.clients().map_err(ledger_read)?;
        let used = self.0.tokens.last_used();
        let row = |row: weir_ledger::ClientRow| {
            let seen = used.iter().find(|(name, _)| **name == *row.name).map(|(_, at)| *at);
            let day = row.last_used.map(|day| day_start(day, &self.0.zone()));
            ClientRow {
                created: Stamp::from_ms(row.created_ms),
                last_used: seen.or(day).map(Stamp::from_ms),
                name: row.name,
            }
        };
        Ok(rows.into_iter().filter(|r| r.removed_ms.is_none()).map(row).collect())
    }

    fn client_remove(&self, name: &str) -> Result<(), ApiProblem> {
        let removed = self.0.ledger.remove_client(name, self.0.now_ms()).map_err(ledger_read)?;
        if !removed {
            return Err(not_found(format!("no client is called {name}. See: weir client list")));
        }
        self.reload_tokens()
    }

    fn config_show(&self) -> Result<ConfigShown, ApiProblem> {
        let file = self.0.home.config();
        Ok(ConfigShown {
            exists: file.exists(),
            file: file.display().to_string(),
            toml: self.0.config.load().shown(&|provider| keys::usable(&self.0, provider)),
        })
    }

    fn pause(&self, paused: bool) -> Result<(), ApiProblem> {
        self.0.routing.pause(paused);
        self.0.events.changed();
        Ok(())
    }

    fn local_status(&self) -> Result<LocalStatus, ApiProblem> {
        let (on, only) = (self.0.local.on(), self.0.local.part() == Part::Only);
        self.0.local.look_now(Scope::All);
        let models_off = self.0.local.models_off().names();
        Ok(LocalStatus { on, only, models_off, local: self.0.local_servers() })
    }

    fn local(&self, order: &LocalOrder) -> Result<LocalDone, ApiProblem> {
        self.0.local.order(order)
    }

    fn tunnel_start(&self, host: Option<&str>) -> Result<TunnelStarted, ApiProblem> {
        tunnel::start(&self.0, &self.books(), host)
    }

    fn tunnel_stop(&self) -> Result<TunnelStatus, ApiProblem> {
        tunnel::stop(&self.0, &self.books())
    }

    fn tunnel_status(&self) -> Result<TunnelStatus, ApiProblem> {
        tunnel::status(&self.0, &self.books())
    }

    fn tunnel_test(&self) -> Result<TunnelTest, ApiProblem> {
        tunnel::test(&self.0)
    }

    fn budgets(&self) -> Result<Budgets, ApiProblem> {
        budgets::list(&self.0, self.0.now_ms())
    }

    fn budget(&self, order: &BudgetOrder) -> Result<BudgetDone, ApiProblem> {
        budgets::order(&self.0, order, self.0.now_ms())
    }

    fn profiles(&self) -> Result<Profiles, ApiProblem> {
        profiles::list(&self.0.home)
    }

    fn profile_use(&self, name: &str) -> Result<Profiles, ApiProblem> {
        profiles::choose(&self.0.home, Some(&self.0.routing), name)?;
        self.0.events.changed();
        profiles::list(&self.0.home)
    }

    fn profile_add(&self, name: &str) -> Result<Profiles, ApiProblem> {
        profiles::add(&self.0.home, name)?;
        self.0.events.changed();
        profiles::list(&self.0.home)
    }

    fn routing_text(&self) -> Result<RoutingText, ApiProblem> {
        edits::routing(&self.0)
    }

    fn config_edit(
        &self,
        edits: &[ConfigEdit],
        of: Option<&str>,
    ) -> Result<ConfigChange, ApiProblem> {
        edits::change(&self.0, edits, of)
    }

    fn import(
        &self,
        source: &str,
        folder: &Path,
        paid_by_plan: bool,
    ) -> Result<ImportDone, ApiProblem> {
        history::import(&self.0, source, folder, paid_by_plan, self.0.now_ms())
    }

    fn reconcile(&self, provider: &str, month: Option<&str>) -> Result<Reconciled, ApiProblem> {
        history::reconcile(&self.0, provider, month, self.0.now_ms())
    }

    fn chart(&self, query: &ChartQuery) -> Result<Chart, ApiProblem> {
        charts::chart(&self.0, &self.books(), query)
    }

    fn report(&self, month: Option<&str>) -> Result<Report, ApiProblem> {
        report::report(&self.0, &self.books(), month)
    }
}

impl HomeDesk {
    /// Oldest first, from a time or after a request: what `export` and a following log read.
    fn log_forwards(&self, query: &LogQuery, limit: u32) -> Result<Vec<LogRow>, ApiProblem> {
        let after = query.after.map(RequestId::unix_ms);
        let from = after.max(query.since.map(Stamp::ms)).unwrap_or(i64::MIN >> 21);
        let mut list = Vec::new();
        for request in self.0.ledger.export(from, i64::MAX >> 21) {
            let request = request.map_err(ledger_read)?;
            let old = query.after.is_some_and(|after| request.id <= after);
            let late = query.before.is_some_and(|before| request.id >= before);
            if !old && !late {
                list.push(rows::row(&request));
            }
            if late || list.len() >= limit as usize {
                break;
            }
        }
        if !query.oldest_first {
            list.reverse();
        }
        Ok(list)
    }
}

fn day_start(day: weir_core::period::LocalDay, zone: &jiff::tz::TimeZone) -> i64 {
    let midnight = zone.to_zoned(day.date().at(0, 0, 0, 0));
    midnight.map_or(0, |z| z.timestamp().as_millisecond())
}
