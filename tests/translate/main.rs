//! Translation, held against what the vendors document. The corpus beside this file is data: what
//! clients ask and what providers answer, with the reviewed result for every other dialect.
//! May name the wire crate; reads no dialect with the product's own code.

/// JSON as it stands.
mod json;

/// The corpus on disk.
mod cases;

/// Snapshots and their comparison.
mod golden;

/// What each provider accepts.
mod grammar;

/// What a client hears of an answer.
mod hear;

/// Every answer for every client of another form.
mod answers;

/// What is said in a request, span by span.
mod spans;

/// Which result belongs to which call.
mod loops;

/// Every request for every target of another form.
mod requests;

/// The same thing said in every dialect.
mod say;

/// What holds for conversations and answers nobody recorded.
mod properties;

/// Public bugs of other translators.
mod issues;

/// The page that says which tool works with which provider.
mod compatibility;
