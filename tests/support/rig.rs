//! The usual arrangement: a scripted provider, a home that points at it, a running server and a
//! client. When a test is done with it, everything it left behind is audited.

use crate::auditor::{self, Strictness};
use crate::canary;
use crate::client::Client;
use crate::home::Home;
use crate::ledger::{self, Row};
use crate::provider::Provider;
use crate::server::Weir;
use crate::wait;

/// A provider, a home and a server.
pub struct Rig {
    /// The server; `None` between a stop and the next start.
    pub weir: Option<Weir>,
    /// The home.
    pub home: Home,
    /// The provider.
    pub provider: Provider,
    /// The token of the tool `tests`.
    pub token: String,
    /// How strictly the books are audited at the end.
    pub strictness: Strictness,
    /// Whether the home is searched for leaked secrets at the end, which takes seconds of the
    /// processor. A suite of many rigs leaves it to `canary`.
    pub searched: bool,
}

impl Rig {
    /// A provider that answers scripts only.
    pub fn scripted() -> Self {
        Self::with(Provider::scripted())
    }

    /// A provider that answers anything as its vendor would.
    pub fn natural() -> Self {
        Self::with(Provider::answering(crate::answers::natural))
    }

    /// Any provider.
    pub fn with(provider: Provider) -> Self {
        let home = Home::pointing_at(&provider);
        Self::in_home(home, provider)
    }

    /// Any provider and home.
    pub fn in_home(mut home: Home, provider: Provider) -> Self {
        let token = home.token("tests");
        let weir = Some(Weir::start(&home));
        Self { weir, home, provider, token, strictness: Strictness::NothingKilled, searched: true }
    }

    /// The running server.
    pub fn server(&self) -> &Weir {
        self.weir.as_ref().expect("the server runs")
    }

    /// A client with the right token.
    pub fn client(&self) -> Client {
        Client::new(self.server().port(), &self.token)
    }

    /// Kills the server and starts it again on the same home.
    pub fn kill_and_start(&mut self) {
        if let Some(weir) = self.weir.take() {
            weir.kill();
        }
        self.weir = Some(Weir::start(&self.home));
    }

    /// Stops the server in order and starts it again on the same home.
    pub fn stop_and_start(&mut self) {
        if let Some(weir) = self.weir.take() {
            assert!(weir.stop().success(), "an ordered stop exits with 0");
        }
        self.weir = Some(Weir::start(&self.home));
    }

    /// The ledger's rows.
    pub fn rows(&self) -> Vec<Row> {
        ledger::rows(&self.home.ledger())
    }

    /// The rows of a marker, once all of them are settled.
    #[track_caller]
    pub fn settled(&self, marker: &str) -> Vec<Row> {
        let found = wait::within(wait::SOON, || {
            let rows: Vec<Row> =
                self.rows().into_iter().filter(|row| row.session == marker).collect();
            let done = !rows.is_empty() && rows.iter().all(|row| row.end.is_some());
            done.then_some(rows)
        });
        found.unwrap_or_else(|| {
            let rows: Vec<Row> =
                self.rows().into_iter().filter(|row| row.session == marker).collect();
            panic!("{marker} is not settled: {rows:#?}\n{}", self.server().log())
        })
    }

    /// The only row of a marker, once it is settled.
    #[track_caller]
    pub fn row(&self, marker: &str) -> Row {
        let mut rows = self.settled(marker);
        assert_eq!(rows.len(), 1, "one attempt for {marker}: {rows:#?}");
        rows.remove(0)
    }

    /// Waits until nothing is open.
    #[track_caller]
    pub fn quiet(&self) {
        wait::until("every reservation to be settled", || {
            self.rows().iter().all(|row| row.end.is_some())
        });
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if self.weir.is_some() {
            self.quiet();
            let truth = self.provider.truth();
            let findings = auditor::audit(&self.home, &truth, self.strictness);
            assert!(findings.is_empty(), "the books are wrong: {findings:#?}");
        }
        if self.searched {
            let leaks = canary::search_home(&self.home);
            assert!(leaks.is_empty(), "secrets leaked: {leaks:#?}");
        }
    }
}
