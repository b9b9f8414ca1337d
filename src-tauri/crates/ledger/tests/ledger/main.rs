//! The ledger's tests, one binary: they use the crate as the engine does.

mod books;
mod failure;
mod fixture;
mod fold;
mod kill;
mod salvage;
