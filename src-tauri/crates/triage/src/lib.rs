//! What a request asks for and how hard it is: pure, in process, microseconds.
//! Owns the task names and the token estimate; knows no I/O and no network.

mod estimate;

pub use estimate::{likely_of, tokens_at_most, tokens_likely};
pub use weir_core::Task;
