//! The method table of the control protocol: one variant a function of `Desk`.
//! Owns the names on the wire and the dispatch to a desk.

use super::ChartQuery;
use super::ConfigEdit;
use super::{
    ApiProblem, BudgetOrder, By, Code, Desk, LocalOrder, LogQuery, SecretText, Span, Stamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use weir_core::{Dialect, RequestId};

/// One call: `{"method":"cost_summary","params":{"period":"week"}}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "method", content = "params", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each variant is the function of `Desk` of the same name")]
pub enum Call {
    Status,
    Doctor,
    CostSummary {
        period: Span,
    },
    CostBreakdown {
        period: Span,
        by: By,
    },
    CostShadow {
        period: Span,
    },
    Simulate {
        since: Option<Stamp>,
        file: String,
        toml: String,
    },
    Log(LogQuery),
    Explain {
        id: RequestId,
    },
    RouteTest {
        body: String,
        dialect: Option<Dialect>,
    },
    RouteTests {
        bodies: Vec<String>,
        dialect: Option<Dialect>,
    },
    Models,
    PriceShow {
        model: String,
    },
    PriceCost {
        model: String,
        usage: Value,
        at: Option<Stamp>,
    },
    PriceUpdate {
        file: PathBuf,
    },
    KeySet {
        provider: String,
        key: SecretText,
    },
    KeyList,
    KeyRemove {
        provider: String,
    },
    KeyTest {
        provider: String,
    },
    ClientAdd {
        name: String,
    },
    ClientList,
    ClientRemove {
        name: String,
    },
    ConfigShow,
    Pause {
        paused: bool,
    },
    LocalStatus,
    Local(LocalOrder),
    TunnelStart {
        host: Option<String>,
    },
    TunnelStop,
    TunnelStatus,
    TunnelTest,
    Budgets,
    Budget(BudgetOrder),
    Profiles,
    ProfileUse {
        name: String,
    },
    ProfileAdd {
        name: String,
    },
    RoutingText,
    ConfigEdit {
        edits: Vec<ConfigEdit>,
        of: Option<String>,
    },
    Import {
        source: String,
        folder: PathBuf,
        paid_by_plan: bool,
    },
    Reconcile {
        provider: String,
        month: Option<String>,
    },
    Chart(ChartQuery),
    Report {
        month: Option<String>,
    },
    /// Answers with events, one a line, until the connection closes. Not a function of `Desk`.
    Watch,
}

/// Asks a desk.
///
/// # Errors
/// What the desk says; `Code::BadRequest` for `Watch`, which is no question.
pub fn answer(desk: &dyn Desk, call: Call) -> Result<Value, ApiProblem> {
    match call {
        Call::Status => json(&desk.status()?),
        Call::Doctor => json(&desk.doctor()?),
        Call::CostSummary { period } => json(&desk.cost_summary(period)?),
        Call::CostBreakdown { period, by } => json(&desk.cost_breakdown(period, by)?),
        Call::CostShadow { period } => json(&desk.cost_shadow(period)?),
        Call::Simulate { since, file, toml } => json(&desk.simulate(since, &file, &toml)?),
        Call::Log(query) => json(&desk.log(&query)?),
        Call::Explain { id } => json(&desk.explain(id)?),
        Call::RouteTest { body, dialect } => json(&desk.route_test(&body, dialect)?),
        Call::RouteTests { bodies, dialect } => json(&desk.route_tests(&bodies, dialect)?),
        Call::Models => json(&desk.models()?),
        Call::PriceShow { model } => json(&desk.price_show(&model)?),
        Call::PriceCost { model, usage, at } => json(&desk.price_cost(&model, &usage, at)?),
        Call::PriceUpdate { file } => json(&desk.price_update(&file)?),
        Call::KeySet { provider, key } => json(&desk.key_set(&provider, key)?),
        Call::KeyList => json(&desk.key_list()?),
        Call::KeyRemove { provider } => json(&desk.key_remove(&provider)?),
        Call::KeyTest { provider } => json(&desk.key_test(&provider)?),
        Call::ClientAdd { name } => json(&desk.client_add(&name)?),
        Call::ClientList => json(&desk.client_list()?),
        Call::ClientRemove { name } => json(&desk.client_remove(&name)?),
        Call::ConfigShow => json(&desk.config_show()?),
        Call::Pause { paused } => json(&desk.pause(paused)?),
        Call::LocalStatus => json(&desk.local_status()?),
        Call::Local(order) => json(&desk.local(&order)?),
        Call::TunnelStart { host } => json(&desk.tunnel_start(host.as_deref())?),
        Call::TunnelStop => json(&desk.tunnel_stop()?),
        Call::TunnelStatus => json(&desk.tunnel_status()?),
        Call::TunnelTest => json(&desk.tunnel_test()?),
        Call::Budgets => json(&desk.budgets()?),
        Call::Budget(order) => json(&desk.budget(&order)?),
        Call::Profiles => json(&desk.profiles()?),
        Call::ProfileUse { name } => json(&desk.profile_use(&name)?),
        Call::ProfileAdd { name } => json(&desk.profile_add(&name)?),
        Call::RoutingText => json(&desk.routing_text()?),
        Call::ConfigEdit { edits, of } => json(&desk.config_edit(&edits, of.as_deref())?),
        Call::Import { source, folder, paid_by_plan } => {
            json(&desk.import(&source, &folder, paid_by_plan)?)
        }
        Call::Reconcile { provider, month } => json(&desk.reconcile(&provider, month.as_deref())?),
        Call::Chart(query) => json(&desk.chart(&query)?),
        Call::Report { month } => json(&desk.report(month.as_deref())?),
        Call::Watch => Err(ApiProblem::new(
            Code::BadRequest,
            "watch answers with a stream and must be the last call of a connection",
        )),
    }
}

fn json<T: Serialize>(value: &T) -> Result<Value, ApiProblem> {
    serde_json::to_value(value)
        .map_err(|e| ApiProblem::new(Code::Internal, format!("the answer is not JSON: {e}")))
}
