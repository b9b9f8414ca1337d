//! A desk in another process: every function is one call over the control socket.

use super::client::{call, reach};
use crate::api::{
    ApiProblem, BudgetDone, BudgetOrder, Budgets, By, Call, ClientAdded, ClientRow, Code,
    Comparison, ConfigShown, CostBreakdown, CostSummary, Desk, Doctor, Explain, ImportDone, KeyRow,
    KeyTest, LocalDone, LocalOrder, LocalStatus, LogQuery, LogRow, ModelRow, PriceCost, PriceShow,
    PriceUpdate, Reconciled, RouteTest, RouteTested, SecretText, Span, Stamp, Status,
    TunnelStarted, TunnelStatus, TunnelTest,
};
use crate::api::{Chart, ChartQuery, Report};
use crate::api::{ConfigChange, ConfigEdit, Profiles, RoutingText};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};
use weir_core::{Dialect, RequestId};

/// The engine that serves a home.
#[derive(Clone, Debug)]
pub struct Remote {
    home: PathBuf,
}

impl Remote {
    /// The engine of that home, whether or not one runs.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into() }
    }

    /// The engine of that home, if one listens.
    ///
    /// # Errors
    /// An engine that is there but cannot be reached. `Ok(None)` when none runs.
    pub fn find(home: impl Into<PathBuf>) -> Result<Option<Self>, ApiProblem> {
        let remote = Self::new(home);
        match reach(&remote.home) {
            Ok(()) => Ok(Some(remote)),
            Err(problem) if problem.code == Code::NotRunning => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    fn ask<T: DeserializeOwned>(&self, question: &Call) -> Result<T, ApiProblem> {
        let value = call(&self.home, question)?;
        serde_json::from_value(value).map_err(|e| {
            let message = format!(
                "the running engine speaks another version ({e}). Stop it and start this one"
            );
            ApiProblem::new(Code::NotAnswering, message)
        })
    }
}

impl Desk for Remote {
    fn status(&self) -> Result<Status, ApiProblem> {
        self.ask(&Call::Status)
    }
    fn doctor(&self) -> Result<Doctor, ApiProblem> {
        self.ask(&Call::Doctor)
    }
    fn cost_summary(&self, period: Span) -> Result<CostSummary, ApiProblem> {
        self.ask(&Call::CostSummary { period })
    }
    fn cost_breakdown(&self, period: Span, by: By) -> Result<CostBreakdown, ApiProblem> {
        self.ask(&Call::CostBreakdown { period, by })
    }
    fn cost_shadow(&self, period: Span) -> Result<Comparison, ApiProblem> {
        self.ask(&Call::CostShadow { period })
    }
    fn simulate(
        &self,
        since: Option<Stamp>,
        file: &str,
        toml: &str,
    ) -> Result<Comparison, ApiProblem> {
        self.ask(&Call::Simulate { since, file: file.to_owned(), toml: toml.to_owned() })
    }
    fn log(&self, query: &LogQuery) -> Result<Vec<LogRow>, ApiProblem> {
        self.ask(&Call::Log(query.clone()))
    }
    fn explain(&self, id: RequestId) -> Result<Explain, ApiProblem> {
        self.ask(&Call::Explain { id })
    }
    fn route_test(&self, body: &str, dialect: Option<Dialect>) -> Result<RouteTest, ApiProblem> {
        self.ask(&Call::RouteTest { body: body.to_owned(), dialect })
    }
    fn route_tests(
        &self,
        bodies: &[String],
        dialect: Option<Dialect>,
    ) -> Result<Vec<RouteTested>, ApiProblem> {
        self.ask(&Call::RouteTests { bodies: bodies.to_vec(), dialect })
    }
    fn models(&self) -> Result<Vec<ModelRow>, ApiProblem> {
        self.ask(&Call::Models)
    }
    fn price_show(&self, model: &str) -> Result<PriceShow, ApiProblem> {
        self.ask(&Call::PriceShow { model: model.to_owned() })
    }
    fn price_cost(
        &self,
        model: &str,
        usage: &Value,
        at: Option<Stamp>,
    ) -> Result<PriceCost, ApiProblem> {
        self.ask(&Call::PriceCost { model: model.to_owned(), usage: usage.clone(), at })
    }
    fn price_update(&self, file: &Path) -> Result<PriceUpdate, ApiProblem> {
        self.ask(&Call::PriceUpdate { file: file.to_owned() })
    }
    fn key_set(&self, provider: &str, key: SecretText) -> Result<(), ApiProblem> {
        self.ask(&Call::KeySet { provider: provider.to_owned(), key })
    }
    fn key_list(&self) -> Result<Vec<KeyRow>, ApiProblem> {
        self.ask(&Call::KeyList)
    }
    fn key_remove(&self, provider: &str) -> Result<(), ApiProblem> {
        self.ask(&Call::KeyRemove { provider: provider.to_owned() })
    }
    fn key_test(&self, provider: &str) -> Result<KeyTest, ApiProblem> {
        self.ask(&Call::KeyTest { provider: provider.to_owned() })
    }
    fn client_add(&self, name: &str) -> Result<ClientAdded, ApiProblem> {
        self.ask(&Call::ClientAdd { name: name.to_owned() })
    }
    fn client_list(&self) -> Result<Vec<ClientRow>, ApiProblem> {
        self.ask(&Call::ClientList)
    }
    fn client_remove(&self, name: &str) -> Result<(), ApiProblem> {
        self.ask(&Call::ClientRemove { name: name.to_owned() })
    }
    fn config_show(&self) -> Result<ConfigShown, ApiProblem> {
        self.ask(&Call::ConfigShow)
    }
    fn pause(&self, paused: bool) -> Result<(), ApiProblem> {
        self.ask(&Call::Pause { paused })
    }
    fn local_status(&self) -> Result<LocalStatus, ApiProblem> {
        self.ask(&Call::LocalStatus)
    }
    fn local(&self, order: &LocalOrder) -> Result<LocalDone, ApiProblem> {
        self.ask(&Call::Local(order.clone()))
    }
    fn tunnel_start(&self, host: Option<&str>) -> Result<TunnelStarted, ApiProblem> {
        self.ask(&Call::TunnelStart { host: host.map(str::to_owned) })
    }
    fn tunnel_stop(&self) -> Result<TunnelStatus, ApiProblem> {
        self.ask(&Call::TunnelStop)
    }
    fn tunnel_status(&self) -> Result<TunnelStatus, ApiProblem> {
        self.ask(&Call::TunnelStatus)
    }
    fn budgets(&self) -> Result<Budgets, ApiProblem> {
        self.ask(&Call::Budgets)
    }
    fn budget(&self, order: &BudgetOrder) -> Result<BudgetDone, ApiProblem> {
        self.ask(&Call::Budget(order.clone()))
    }
    fn profiles(&self) -> Result<Profiles, ApiProblem> {
        self.ask(&Call::Profiles)
    }
    fn profile_use(&self, name: &str) -> Result<Profiles, ApiProblem> {
        self.ask(&Call::ProfileUse { name: name.to_owned() })
    }
    fn profile_add(&self, name: &str) -> Result<Profiles, ApiProblem> {
        self.ask(&Call::ProfileAdd { name: name.to_owned() })
    }
    fn routing_text(&self) -> Result<RoutingText, ApiProblem> {
        self.ask(&Call::RoutingText)
    }
    fn config_edit(
        &self,
        edits: &[ConfigEdit],
        of: Option<&str>,
    ) -> Result<ConfigChange, ApiProblem> {
        self.ask(&Call::ConfigEdit { edits: edits.to_vec(), of: of.map(str::to_owned) })
    }
    fn import(
        &self,
        source: &str,
        folder: &Path,
        paid_by_plan: bool,
    ) -> Result<ImportDone, ApiProblem> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        self.ask(&Call::Import { source: source.to_owned(), folder, paid_by_plan })
    }
    fn reconcile(&self, provider: &str, month: Option<&str>) -> Result<Reconciled, ApiProblem> {
        let month = month.map(str::to_owned);
        self.ask(&Call::Reconcile { provider: provider.to_owned(), month })
    }
    fn chart(&self, query: &ChartQuery) -> Result<Chart, ApiProblem> {
        self.ask(&Call::Chart(query.clone()))
    }
    fn report(&self, month: Option<&str>) -> Result<Report, ApiProblem> {
        self.ask(&Call::Report { month: month.map(str::to_owned) })
    }
    fn tunnel_test(&self) -> Result<TunnelTest, ApiProblem> {
        self.ask(&Call::TunnelTest)
    }
}
