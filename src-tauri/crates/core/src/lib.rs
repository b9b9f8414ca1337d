//! Weir's pure values and decisions: money, usage, prices, periods, routes, budgets.
//! Owns the vocabulary every other crate speaks. Knows no I/O, no async, no clock and no JSON:
//! `now` is always an argument.

pub mod budget;
pub mod decision;
pub mod detail;
pub mod dialect;
pub mod failover;
pub mod health;
pub mod ids;
pub mod judgement;
pub mod mask;
pub mod meter;
pub mod money;
pub mod period;
pub mod price;
mod provider;
pub mod retry_after;
pub mod route;
mod task;
pub mod usage;
pub mod verdict;
pub mod workers;

pub use decision::{Conversation, Decision, Weighed};
pub use detail::{Detail, Media};
pub use dialect::{Dialect, Endpoint};
pub use failover::Failover;
pub use ids::RequestId;
pub use judgement::{Class, Judgement};
pub use meter::{Metered, Outcome, Pricing, Quality};
pub use money::Money;
pub use task::Task;
pub use usage::Usage;
