//! What a request asks for and how hard it is: pure, in process, microseconds.
//! Owns the judgement of task, tier, class and confidence, the weights it is made with, and the token
//! estimate; knows no I/O and no network. Reads a body through `wire::outline` only.

mod bounds;
mod class;
mod envelope;
mod estimate;
pub mod features;
pub mod forest;
mod judge;
mod lexicon;
mod marks;
pub mod model;
mod parts;
pub mod request;
mod words;

pub use bounds::{Bounds, bounds, bounds_of_text};
pub use envelope::is_envelope;
pub use estimate::{likely_of, tokens_at_most, tokens_likely};
pub use judge::{Named, TOKENS_HIGH, Weighing, judge};
pub use weir_core::Task;
