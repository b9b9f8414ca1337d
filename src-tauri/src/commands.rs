//! What the window may ask for: one line each onto the engine's desk, or onto the process that stays,
//! and nothing decided here. The list is repeated in build.rs and capabilities/default.json; one missing there is refused.

use crate::pane::Pane;
use std::sync::Arc;
use tauri::async_runtime::spawn_blocking;
use tauri::{AppHandle, State};
use tauri_plugin_autostart::ManagerExt;
use weir_engine::api::{
    ApiProblem, BudgetDone, BudgetOrder, Budgets, By, ClientRow, Code, Comparison, ConfigReport,
    ConfigShown, CostBreakdown, CostSummary, Desk, Doctor, Explain, KeyRow, KeyTest, LocalDone,
    LocalOrder, LocalStatus, LogQuery, LogRow, ModelRow, PriceShow, RequestId, RouteTest,
    SecretText, Span, Stamp, ToolReport, ToolRow, TunnelStarted, TunnelStatus, TunnelTest,
    WindowView,
};
use weir_engine::api::{Chart, ChartQuery};
use weir_engine::api::{ConfigChange, ConfigEdit, Profiles, RoutingText};
use weir_engine::api::{HistoryFound, ImportDone};
use weir_engine::config;
use weir_resident::login;
use weir_resident::words::Ask;

type Held<'a> = State<'a, Arc<Pane>>;

/// Makes each line a command: asked off the main thread, failing as the engine says.
macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $out:ty = $ask:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// What the engine says.
        #[tauri::command]
        pub async fn $name(pane: Held<'_>, $($arg: $type),*) -> Result<$out, ApiProblem> {
            away(&pane, $ask).await
        }
    )*};
}

commands! {
    /// What the window shows now.
    view() -> WindowView = |pane| pane.view();
    /// Passes everything through to where it asked, or routes again.
    pause(paused: bool) -> () = on(move |desk| desk.pause(paused));
    /// Puts the proxy's address on the clipboard.
    copy_address() -> () = asked(Ask::CopyAddress);
    /// Puts a text that the window shows on the clipboard.
    copy(text: String) -> () = asked(Ask::Copy(text));
    /// Requests.
    requests(query: LogQuery) -> Vec<LogRow> = on(move |desk| desk.log(&query));
    /// One request.
    request(id: RequestId) -> Explain = on(move |desk| desk.explain(id));
    /// What a period cost, day by day.
    summary(period: Span) -> CostSummary = on(move |desk| desk.cost_summary(period));
    /// What a period cost, in groups.
    breakdown(period: Span, by: By) -> CostBreakdown = on(move |desk| desk.cost_breakdown(period, by));
    /// A drawing of what was spent, with its geometry.
    chart(query: ChartQuery) -> Chart = on(move |desk| desk.chart(&query));
    /// Every model that can be asked for.
    models() -> Vec<ModelRow> = on(|desk| desk.models());
    /// The price rows of a model.
    prices(model: String) -> PriceShow = on(move |desk| desk.price_show(&model));
    /// Where a body would go, without sending it.
    route_test(body: String) -> RouteTest = on(move |desk| desk.route_test(&body, None));
    /// Every provider's key state.
    keys() -> Vec<KeyRow> = on(|desk| desk.key_list());
    /// Stores a provider's key in the keychain.
    key_set(provider: String, key: SecretText) -> () = on(move |desk| desk.key_set(&provider, key));
    /// Removes a provider's key from the keychain.
    key_remove(provider: String) -> () = on(move |desk| desk.key_remove(&provider));
    /// Asks the provider whether it accepts the key.
    key_test(provider: String) -> KeyTest = on(move |desk| desk.key_test(&provider));
    /// What shadow mode would have done in a period.
    shadow(period: Span) -> Comparison = on(move |desk| desk.cost_shadow(period));
    /// What traffic since a moment would have cost under another configuration.
    simulate(since: Option<Stamp>, toml: String) -> Comparison =
        on(move |desk| desk.simulate(since, "the text", &toml));
    /// Every budget and subscription.
    budgets() -> Budgets = on(|desk| desk.budgets());
    /// Changes a budget, for good in config.toml or for a time.
    budget_order(order: BudgetOrder) -> BudgetDone = on(move |desk| desk.budget(&order));
    /// Every named configuration.
    profiles() -> Profiles = on(|desk| desk.profiles());
    /// Puts one in force.
    profile_use(name: String) -> Profiles = on(move |desk| desk.profile_use(&name));
    /// Makes one from what is in use.
    profile_add(name: String) -> Profiles = on(move |desk| desk.profile_add(&name));
    /// Tiers, mode and rules as the file in use has them.
    routing_text() -> RoutingText = on(|desk| desk.routing_text());
    /// What changes of the file in use come to; with a mark they are written.
    config_edit(edits: Vec<ConfigEdit>, of: Option<String>) -> ConfigChange =
        on(move |desk| desk.config_edit(&edits, of.as_deref()));
    /// Every local server, looked at now.
    local() -> LocalStatus = on(|desk| desk.local_status());
    /// Switches local models, loads or unloads one, starts or stops a server.
    local_order(order: LocalOrder) -> LocalDone = on(move |desk| desk.local(&order));
    /// Whether the tunnel is open, and who came.
    tunnel() -> TunnelStatus = on(|desk| desk.tunnel_status());
    /// Opens the tunnel for Cursor.
    tunnel_start(host: Option<String>) -> TunnelStarted =
        on(move |desk| desk.tunnel_start(host.as_deref()));
    /// Closes the tunnel.
    tunnel_stop() -> TunnelStatus = on(|desk| desk.tunnel_stop());
    /// Calls the tunnel's public address.
    tunnel_test() -> TunnelTest = on(|desk| desk.tunnel_test());
    /// The configuration in force.
    config_shown() -> ConfigShown = on(|desk| desk.config_show());
    /// Every problem of the configuration file.
    config_check() -> ConfigReport = |pane| config::own_report(&pane.home.config());
    /// Every check of the set-up.
    doctor() -> Doctor = on(|desk| desk.doctor());
    /// Every tool and how it stands.
    tools() -> Vec<ToolRow> = |pane| Ok(pane.bench()?.list());
    /// Tools that hold a token.
    clients() -> Vec<ClientRow> = on(|desk| desk.client_list());
    /// What connecting a tool would change.
    tool_rehearse(tool: String, keep_login: bool) -> ToolReport =
        move |pane| pane.bench()?.rehearse(&pane.desk()?, &tool, keep_login);
    /// Points a tool at Weir.
    tool_connect(tool: String, keep_login: bool) -> ToolReport =
        move |pane| pane.bench()?.connect(&pane.desk()?, &tool, keep_login);
    /// Puts a tool's settings back.
    tool_disconnect(tool: String) -> ToolReport = move |pane| pane.bench()?.disconnect(&tool);
    /// Puts every tool's settings back.
    tools_restore() -> Vec<ToolReport> = |pane| pane.bench()?.restore();
    /// The session logs that tools keep here.
    histories() -> Vec<HistoryFound> = |pane| Ok(pane.bench()?.histories());
    /// Takes over what a tool's own session logs tell.
    history_import(source: String, paid_by_plan: bool) -> ImportDone =
        move |pane| pane.bench()?.take_over(&pane.desk()?, &source, paid_by_plan);
    /// Tries to start or reach an engine again.
    retry() -> () = asked(Ask::Retry);
    /// Tries it at another port, which is written into the configuration.
    use_port(port: u16) -> () = asked(Ask::Port(port));
    /// Takes the icon and the window away and goes on serving.
    hide() -> () = asked(Ask::Hide);
    /// Puts every tool back, then ends the application; ends nothing where one could not be.
    restore_and_quit() -> () = asked(Ask::RestoreAndQuit);
    /// Ends the application.
    quit() -> () = asked(Ask::Quit);
}

/// Starts Weir at login, or no longer: by the plugin, and then by the process that stays, which also
/// knows where this desktop looks and quotes what the plugin writes as it is.
///
/// # Errors
/// What the desktop says.
#[tauri::command]
pub async fn login_set(app: AppHandle, pane: Held<'_>, on: bool) -> Result<(), ApiProblem> {
    // A home that was named is not started at login, which the process that stays says.
    if pane.told().login.is_some() && login::is_in_the_usual_place() {
        let entry = app.autolaunch();
        let done = if on { entry.enable() } else { entry.disable() };
        done.map_err(|problem| {
            let message = format!("start at login cannot be changed: {problem}");
            ApiProblem::new(Code::Unavailable, message)
        })?;
    }
    away(&pane, asked(Ask::Login(on))).await
}

/// A question to the desk that serves.
fn on<T>(
    ask: impl FnOnce(&dyn Desk) -> Result<T, ApiProblem> + Send + 'static,
) -> impl FnOnce(&Pane) -> Result<T, ApiProblem> + Send + 'static {
    move |pane| ask(&pane.desk()?)
}

/// Something that the process that stays does.
fn asked(ask: Ask) -> impl FnOnce(&Pane) -> Result<(), ApiProblem> + Send + 'static {
    move |pane| pane.ask(ask)
}

/// Asks on a thread that may wait.
async fn away<T: Send + 'static>(
    pane: &Arc<Pane>,
    work: impl FnOnce(&Pane) -> Result<T, ApiProblem> + Send + 'static,
) -> Result<T, ApiProblem> {
    let pane = pane.clone();
    spawn_blocking(move || work(&pane))
        .await
        .unwrap_or_else(|e| Err(ApiProblem::new(Code::Internal, format!("Weir failed: {e}"))))
}
