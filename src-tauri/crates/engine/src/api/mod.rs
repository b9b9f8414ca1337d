//! What the command line and the window call: one trait, plain serde structs, one problem type.
//! Field names are the published JSON contract: add, never rename or drop. Money is a decimal
//! string, time an RFC 3339 string in UTC. The TypeScript of the window is generated from here.
//! May depend on `core`; knows no socket, no SQL and no tauri.

mod budgets;
mod call;
mod charts;
mod connect;
mod desk;
mod doctor;
mod edits;
mod history;
mod live;
mod local;
pub mod menu;
mod overview;
mod prices;
mod problem;
mod profiles;
mod report;
mod requests;
mod routes;
mod simulate;
mod spend;
mod stamp;
mod status;
mod tools;
mod tray;
mod tunnel;
mod typescript;

pub use budgets::BudgetTerms;
pub use budgets::{AllowanceView, BudgetDone, BudgetOrder, BudgetView, Budgets, PastWindow};
pub use call::{Call, answer};
pub use charts::{
    Chart, ChartBox, ChartColumn, ChartKind, ChartMark, ChartQuery, ChartSeries, ChartStop, Hatch,
    Theme,
};
pub use connect::{ToolFile, ToolReport, ToolRow, ToolStanding};
pub use desk::Desk;
pub use doctor::{Check, CheckState, Doctor};
pub use edits::{ConfigChange, ConfigEdit, RoutingText, RuleText, RuleWhen};
pub use history::HistoryFound;
pub use history::{Gap, GapDay, ImportDone, Reconciled};
pub use live::LiveEvent;
pub use local::{
    LocalDone, LocalJobs, LocalModel, LocalOrder, LocalQueue, LocalServer, LocalStatus,
    LocalWaiting,
};
pub use overview::{Overview, Wanted, WindowView};
pub use prices::{PerMillion, PriceCost, PriceLine, PriceRow, PriceShow, PriceTable, PriceUpdate};
pub use problem::{ApiProblem, Code};
pub use profiles::{ProfileRow, Profiles};
pub use report::{Report, ReportBudget, ReportPart, ReportWindow};
pub use requests::{Attempt, AttemptState, BillLine, Explain, LogQuery, LogRow, RequestUsage};
pub use routes::{ModelRow, RouteCandidate, RouteTest, RouteTested};
pub use simulate::{Comparison, ReplayGroup, ReplaySide};
pub use spend::{By, CostBreakdown, CostGroup, CostSummary, DaySpend, Span, Sums, Tokens};
pub use stamp::{BadMoment, Stamp, Zone};
pub use status::{
    BudgetStanding, LinkNow, ProviderHealth, Routing, Status, TierChains, TierNow, Totals,
};
pub use tools::{
    ClientAdded, ClientRow, ConfigProblem, ConfigReport, ConfigShown, KeyRow, KeyState, KeyTest,
    SecretText,
};
pub use tray::{Mark, TrayView, fresh_for};
pub use tunnel::{TunnelStarted, TunnelStatus, TunnelTest, TunnelVisit};
pub use weir_core::budget::Scope;
pub use weir_core::ids::BadRequestId;
pub use weir_core::{Dialect, Money, RequestId};
