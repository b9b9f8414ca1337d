//! What the tests stand on: a scripted provider with a truth log, a running `weir` in a home of
//! its own, a raw client, an independent auditor and a search for leaked secrets.
//! Owns no knowledge of the product but its outside contract and its ledger file; plain threads
//! and blocking sockets, so that every byte and every break is where a test put it.

#![expect(
    clippy::disallowed_methods,
    reason = "tests wait on real processes and sockets with deadlines of their own"
)]

pub mod answers;
pub mod auditor;
pub mod canary;
pub mod client;
pub mod encoding;
#[cfg(target_os = "linux")]
pub mod family;
pub mod home;
pub mod http1;
pub mod journal;
pub mod ledger;
pub mod local_answers;
pub mod local_servers;
pub mod provider;
pub mod rig;
pub mod seed;
pub mod server;
pub mod stream_frames;
pub mod tokens;
pub mod transcript;
pub mod tunnel;
pub mod usage_blocks;
pub mod wait;

pub use answers::{Kind, Turn};
pub use client::{Client, Response};
pub use home::Home;
pub use provider::{Answer, Asked, Latch, Provider, Step};
pub use rig::Rig;
pub use seed::Seed;
pub use server::Weir;
pub use tokens::Tokens;
pub use tunnel::{PublicName, Tunnel};
