//! What an engine is made of, shared by the books, the desk and the proxy's ports.
//! A home that is opened without serving has everything but `serving`.

use crate::clock;
use crate::config::Config;
use crate::gate::Tokens;
use crate::home::Home;
use crate::prices::Prices;
use crate::secrets::Keys;
use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use weir_ledger::Ledger;
use weir_proxy::Live;

/// The parts, each behind what it needs to be shared.
pub struct Parts {
    /// The folder.
    pub home: Home,
    /// The configuration in force.
    pub config: Arc<ArcSwap<Config>>,
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// The prices.
    pub prices: Arc<Prices>,
    /// The providers' keys.
    pub keys: Arc<Keys>,
    /// The tools' tokens.
    pub tokens: Arc<Tokens>,
    /// The zone days are reckoned in.
    pub zone: TimeZone,
    /// Whether routing is paused. Not kept over a restart: a pause is for now.
    pub paused: AtomicBool,
    /// The running server, when there is one.
    pub serving: Option<Serving>,
    /// What needs attention and no value shows, such as a configuration that was not taken over.
    pub notices: Mutex<Vec<String>>,
}

/// A running server.
pub struct Serving {
    /// The port of 127.0.0.1.
    pub port: u16,
    /// When it started, in Unix milliseconds.
    pub started_ms: i64,
    /// Its counters.
    pub live: Live,
}

impl Parts {
    /// Unix time in milliseconds.
    pub fn now_ms(&self) -> i64 {
        clock::unix_ms()
    }
}
