//! The desk: everything the command line and the window can ask for.
//! Implemented by a running engine, by a home opened without one, and by the control client that
//! asks an engine in another process.

use super::{
    ApiProblem, BudgetDone, BudgetOrder, Budgets, By, ClientAdded, ClientRow, Comparison,
    ConfigShown, CostBreakdown, CostSummary, Doctor, Explain, ImportDone, KeyRow, KeyTest,
    LocalDone, LocalOrder, LocalStatus, LogQuery, LogRow, ModelRow, PriceCost, PriceShow,
    PriceUpdate, Reconciled, RouteTest, RouteTested, SecretText, Span, Stamp, Status,
    TunnelStarted, TunnelStatus, TunnelTest,
};
use super::{Chart, ChartQuery, Report};
use super::{ConfigChange, ConfigEdit, Profiles, RoutingText};
use std::path::Path;
use weir_core::{Dialect, RequestId};

/// Everything that can be asked for. Every function may block (on the ledger, a keychain or the
/// network): call it from a thread that may, never from an async task.
///
/// Every function fails with an [`ApiProblem`] whose message names the fix.
#[expect(clippy::missing_errors_doc, reason = "said once, above: every function fails alike")]
pub trait Desk: Send + Sync {
    /// The engine, spend, providers and local servers.
    fn status(&self) -> Result<Status, ApiProblem>;
    /// Every check of the set-up.
    fn doctor(&self) -> Result<Doctor, ApiProblem>;
    /// What a period cost.
    fn cost_summary(&self, period: Span) -> Result<CostSummary, ApiProblem>;
    /// What a period cost, in groups.
    fn cost_breakdown(&self, period: Span, by: By) -> Result<CostBreakdown, ApiProblem>;
    /// What shadow mode would have done in a period. Reads every row of it.
    fn cost_shadow(&self, period: Span) -> Result<Comparison, ApiProblem>;
    /// What traffic since a moment would have cost under the configuration `toml`, which problems
    /// call `file`. Reads every row of that time, about ten microseconds each.
    fn simulate(
        &self,
        since: Option<Stamp>,
        file: &str,
        toml: &str,
    ) -> Result<Comparison, ApiProblem>;
    /// Requests.
    fn log(&self, query: &LogQuery) -> Result<Vec<LogRow>, ApiProblem>;
    /// One request.
    fn explain(&self, id: RequestId) -> Result<Explain, ApiProblem>;
    /// Where a body would go, without sending it. Without a dialect it is guessed from the body.
    fn route_test(&self, body: &str, dialect: Option<Dialect>) -> Result<RouteTest, ApiProblem>;
    /// The same for many bodies: an answer, or what is wrong, for each in its place.
    fn route_tests(
        &self,
        bodies: &[String],
        dialect: Option<Dialect>,
    ) -> Result<Vec<RouteTested>, ApiProblem> {
        Ok(bodies.iter().map(|body| self.route_test(body, dialect).into()).collect())
    }
    /// Every model that can be asked for.
    fn models(&self) -> Result<Vec<ModelRow>, ApiProblem>;
    /// The price rows of a model.
    fn price_show(&self, model: &str) -> Result<PriceShow, ApiProblem>;
    /// What a usage block costs; `usage` is Weir's own form or a provider's. Without `at`: now.
    fn price_cost(
        &self,
        model: &str,
        usage: &serde_json::Value,
        at: Option<Stamp>,
    ) -> Result<PriceCost, ApiProblem>;
    /// Takes over a newer price table, checked whole before it replaces the old one.
    fn price_update(&self, file: &Path) -> Result<PriceUpdate, ApiProblem>;
    /// Stores a provider's key in the keychain.
    fn key_set(&self, provider: &str, key: SecretText) -> Result<(), ApiProblem>;
    /// Every provider's key state.
    fn key_list(&self) -> Result<Vec<KeyRow>, ApiProblem>;
    /// Removes a provider's key from the keychain.
    fn key_remove(&self, provider: &str) -> Result<(), ApiProblem>;
    /// Asks the provider whether it accepts the key; costs nothing.
    fn key_test(&self, provider: &str) -> Result<KeyTest, ApiProblem>;
    /// Makes a token for a tool.
    fn client_add(&self, name: &str) -> Result<ClientAdded, ApiProblem>;
    /// Tools that may call.
    fn client_list(&self) -> Result<Vec<ClientRow>, ApiProblem>;
    /// Takes a tool's token back; it is refused from then on.
    fn client_remove(&self, name: &str) -> Result<(), ApiProblem>;
    /// The configuration in force.
    fn config_show(&self) -> Result<ConfigShown, ApiProblem>;
    /// Passes everything through to where it asked, or routes again.
    fn pause(&self, paused: bool) -> Result<(), ApiProblem>;
    /// Every local server, looked at now.
    fn local_status(&self) -> Result<LocalStatus, ApiProblem>;
    /// Switches local models off or on, loads or unloads one, starts or stops a server. Blocks
    /// until it is done, which for a large model takes minutes.
    fn local(&self, order: &LocalOrder) -> Result<LocalDone, ApiProblem>;
    /// Opens the tunnel for Cursor with a new token, for eight hours; `host` is its public name.
    fn tunnel_start(&self, host: Option<&str>) -> Result<TunnelStarted, ApiProblem>;
    /// Closes the tunnel.
    fn tunnel_stop(&self) -> Result<TunnelStatus, ApiProblem>;
    /// Whether the tunnel is open, and who came.
    fn tunnel_status(&self) -> Result<TunnelStatus, ApiProblem>;
    /// Every budget and subscription.
    fn budgets(&self) -> Result<Budgets, ApiProblem>;
    /// Changes a budget, for good in config.toml or for a time.
    fn budget(&self, order: &BudgetOrder) -> Result<BudgetDone, ApiProblem>;
    /// Every named configuration.
    fn profiles(&self) -> Result<Profiles, ApiProblem>;
    /// Puts one in force; one that does not hold changes nothing.
    fn profile_use(&self, name: &str) -> Result<Profiles, ApiProblem>;
    /// Makes one that begins as a copy of the configuration in use.
    fn profile_add(&self, name: &str) -> Result<Profiles, ApiProblem>;
    /// Tiers, mode and rules as the file in use has them.
    fn routing_text(&self) -> Result<RoutingText, ApiProblem>;
    /// What changes of the file in use come to. With the mark `of` of a change that was shown they
    /// are written and in force, unless anything would be wrong.
    fn config_edit(
        &self,
        edits: &[ConfigEdit],
        of: Option<&str>,
    ) -> Result<ConfigChange, ApiProblem>;
    /// Takes over what a tool's own session logs below a folder tell of past requests. With
    /// `paid_by_plan` they cost nothing: a subscription paid for them.
    fn import(
        &self,
        source: &str,
        folder: &Path,
        paid_by_plan: bool,
    ) -> Result<ImportDone, ApiProblem>;
    /// A provider's own usage report of a month (`2026-11`; this one without) beside the ledger.
    fn reconcile(&self, provider: &str, month: Option<&str>) -> Result<Reconciled, ApiProblem>;
    /// A drawing of what was spent, with its geometry.
    fn chart(&self, query: &ChartQuery) -> Result<Chart, ApiProblem>;
    /// A month (`2026-11`; this one without): its sums, what they are made of, its budgets.
    fn report(&self, month: Option<&str>) -> Result<Report, ApiProblem>;
    /// Calls the tunnel's public address and says whether a stream arrives in pieces.
    fn tunnel_test(&self) -> Result<TunnelTest, ApiProblem>;
}
