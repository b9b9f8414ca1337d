//! The one test binary: each module is a promise of the product, tested from outside.
mod empty {}
