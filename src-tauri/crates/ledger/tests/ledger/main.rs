//! The ledger's tests, one binary: they use the crate as the engine does.
#![expect(
    clippy::disallowed_methods,
    clippy::type_complexity,
    reason = "tests hold deadlines of their own"
)]

mod books;
mod decision;
mod failure;
mod fixture;
mod fold;
mod journal;
mod kill;
mod notes;
mod salvage;
