//! Translation between dialects through one form: a request is read into a `Conversation` and
//! written for the target; what is needed to bring the answer home stays in `Back`.
//! Pure: bytes in, bytes out. Nothing here knows sockets, keys or the time, and no pair of
//! dialects has code of its own.

pub mod answer;
mod back;
pub mod conversation;
mod drops;
mod form;
mod homeward;
pub mod ids;
mod names;
pub mod out;
mod reader;
pub mod reading;
mod request;
mod rules;
pub mod seal;
mod surrogates;
mod traits;
mod writer;

pub use answer::{
    BadAnswer, Complaint, Ending, Failure, Framing, Stream, answer, complaint, complaint_in,
    failure, replay, too_long_untold,
};
pub use back::{Back, SentTool};
pub use drops::{Drop, Drops, Rejected};
pub use form::Form;
pub use homeward::without_marked;
pub use request::request;
pub use traits::{Family, Limit, Reasoning, Sampled, Traits};

use weir_core::Endpoint;

/// A request as the client made it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Where it was made.
    pub endpoint: Endpoint,
    /// The body, decoded.
    pub body: &'a [u8],
    /// The model as the client named it; answers carry this name.
    pub model: &'a str,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The form the provider takes.
    pub form: Form,
    /// The model's name there.
    pub model: &'a str,
    /// What that model takes.
    pub traits: Traits,
}

/// A request in the target's dialect.
#[derive(Clone, Debug)]
pub struct Translated {
    /// The body to send.
    pub body: Vec<u8>,
    /// Where to send it.
    pub endpoint: Endpoint,
    /// What the way back needs.
    pub back: Back,
    /// What the target could not carry, each rule once.
    pub dropped: Vec<Drop>,
}

#[cfg(test)]
mod tests;
