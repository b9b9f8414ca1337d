//! What travels on the wire: endpoints, body encodings, the facts of a request, byte edits, SSE,
//! usage taps and error bodies of every dialect, and the translation between them.
//! Knows bytes and `weir-core`; no sockets, no clock, no async. Nothing here changes a byte that
//! passes, except the splices of `edits` and the one event `events` takes out.

pub mod allowance;
pub mod cursor;
pub mod damaged;
pub mod edits;
pub mod encoding;
pub mod endpoint;
pub mod error_body;
pub mod events;
pub mod facts;
pub mod hub;
mod json;
mod lines;
mod number;
pub mod outline;
pub mod sse;
pub mod tap;
pub mod text;

pub use encoding::{DecodeProblem, Encoding, decode_body};
pub use endpoint::{Target, dialect_of, target};
pub use error_body::{Problem, ProblemKind, error_body, error_event};
pub use events::WholeEvents;
pub use facts::{BodyProblem, Facts, Span};
pub use outline::{Excerpt, Outline};
pub use tap::Tap;
