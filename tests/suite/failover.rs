//! What happens when a provider fails, in the sixteen scenarios of the public suite failoverbench,
//! written from their descriptions, and in the cases other gateways got wrong. Times are a tenth of
//! the suite's; with `WEIR_FAILOVER_FULL=1` they are its own, under the default configuration.

pub mod course;
mod held;
mod rests;
mod scenarios;
mod torn;
