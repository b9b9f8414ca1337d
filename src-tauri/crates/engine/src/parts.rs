//! What an engine is made of, shared by the books, the desk and the proxy's ports.
//! A home that is opened without serving has everything but `serving`.

use crate::alerts::Alerts;
use crate::books::Books;
use crate::clock;
use crate::config::Config;
use crate::events::Events;
use crate::gate::Tokens;
use crate::guard::Guard;
use crate::home::Home;
use crate::local::Watch;
use crate::prices::Prices;
use crate::routing::Routing;
use crate::secrets::Keys;
use crate::tunnel::Tunnel;
use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use std::sync::Arc;
use weir_ledger::Ledger;
use weir_proxy::Live;
use weir_proxy::health::Health;
use weir_proxy::workers::Workers;

/// The parts, each behind what it needs to be shared.
pub struct Parts {
    /// The folder.
    pub home: Home,
    /// The configuration in force.
    pub config: Arc<ArcSwap<Config>>,
    /// What takes an edited configuration over, and the set-up made from it.
    pub routing: Arc<Routing>,
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// The prices.
    pub prices: Arc<Prices>,
    /// Budgets and settlements over both.
    pub books: Arc<Books>,
    /// The providers' keys.
    pub keys: Arc<Keys>,
    /// The tools' tokens.
    pub tokens: Arc<Tokens>,
    /// What is happening now.
    pub events: Arc<Events>,
    /// Local servers.
    pub local: Arc<Watch>,
    /// Who tells of money, while an engine serves.
    pub alerts: Option<Arc<Alerts>>,
    /// The running server, when there is one.
    pub serving: Option<Serving>,
    /// What was found at the start and needs attention.
    pub found: Vec<String>,
}

/// A running server.
pub struct Serving {
    /// The port of 127.0.0.1.
    pub port: u16,
    /// The port the configuration named when it started.
    pub configured: u16,
    /// When it started, in Unix milliseconds.
    pub started_ms: i64,
    /// Who makes its death good, if anybody does.
    pub guard: Option<Arc<Guard>>,
    /// Its counters.
    pub live: Live,
    /// The lines before local servers.
    pub workers: Arc<Workers>,
    /// How providers and their models stand.
    pub health: Arc<Health>,
    /// The second listener, for Cursor.
    pub tunnel: Arc<Tunnel>,
}

impl Parts {
    /// Unix time in milliseconds.
    pub fn now_ms(&self) -> i64 {
        clock::unix_ms()
    }

    /// The zone days are reckoned in.
    pub fn zone(&self) -> TimeZone {
        self.books.zone()
    }

    /// Local servers as they are shown, each with the line before it.
    pub fn local_servers(&self) -> Vec<crate::api::LocalServer> {
        let mut servers = self.local.shown();
        let lines = self.serving.as_ref().map(|s| s.workers.standings()).unwrap_or_default();
        for line in lines {
            if let Some(server) = servers.iter_mut().find(|s| s.server == line.server) {
                server.queue = Some(line.into());
            }
        }
        servers
    }

    /// What needs attention and no value shows, one line with its fix each.
    pub fn notices(&self) -> Vec<String> {
        let mut notices = self.found.clone();
        notices.extend(self.routing.problem());
        notices.extend(self.prices.problem());
        notices.extend(self.alerts.iter().flat_map(|alerts| alerts.notices()));
        let port = self.config.load().port;
        if let Some(serving) = self.serving.as_ref().filter(|s| s.configured != port) {
            let now = serving.port;
            notices.push(format!(
                "[server] port is {port} now and takes effect at the next start; until then it is {now}"
            ));
        }
        notices
    }

    /// Has a guardian started where a tool was connected.
    pub fn watch_tools(&self) {
        if let Some(guard) = self.serving.as_ref().and_then(|serving| serving.guard.as_ref()) {
            guard.look();
        }
    }

    /// Writes what waits: settlements, and when tools last called.
    pub fn close(&self) {
        for (name, at_ms) in self.tokens.last_used() {
            if let Err(problem) = self.ledger.touch_client(&name, at_ms) {
                tracing::warn!(%problem, "when a tool last called was not noted");
            }
        }
        if let Err(problem) = self.ledger.flush() {
            tracing::error!(%problem, "settlements could not be written; they count as estimates");
        }
    }
}
