//! What past traffic would have cost if it had been routed otherwise: the ledger's rows, replayed.
//! Owns the replay, the prompt caches it needs to be honest, and what a request of the past is.
//! Pure over rows, a planner and a tariff; no body is needed, and none is kept.

mod cache;
mod past;
mod replay;
mod routed;
mod shadow;
mod tariff;
#[cfg(test)]
mod tests;

pub use cache::Caches;
pub use past::Past;
pub use replay::{Choice, Planner, Priced, Replay, Side, Standing, replay};
pub use routed::{Contexts, Routed};
pub use shadow::AsShadow;
pub use tariff::{PriceTariff, Tariff};
