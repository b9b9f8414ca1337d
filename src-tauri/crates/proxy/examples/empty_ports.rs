//! The data path alone, with ports that do nothing, for profiling: `empty_ports PROVIDER_PORT`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring tool")]

use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use weir_core::route::{KeySource, Provider, ProviderKind, Setup};
use weir_core::{Dialect, Money, Pricing, RequestId};
use weir_proxy::Proxy;
use weir_proxy::ports::*;
use weir_proxy::secret::Secret;

/// As in the programs this crate ends up in.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Nothing(Arc<Setup>);

impl Books for Nothing {
    fn reserve(&self, opening: Opening) -> Result<Reservation, Refusal> {
        Ok(Reservation { opening, reserved: Some(Money::ZERO) })
    }
    fn settle(&self, _: Reservation, _: Closing) -> Settled {
        Settled { cost: Some(Money::ZERO), pricing: Pricing::Exact }
    }
}
impl Events for Nothing {
    fn opened(&self, _: &Opening) {}
    fn closed(&self, _: RequestId, _: &Closing, _: Settled) {}
}
impl Gate for Nothing {
    fn caller(&self, _: &[u8]) -> Option<Caller> {
        Some(Caller { name: "bench".into() })
    }
}
impl Keys for Nothing {
    fn key<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Secret, KeyProblem>> {
        Box::pin(async { Ok(Secret::new("sk-bench".into())) })
    }
}
impl Clock for Nothing {
    fn unix_ms(&self) -> i64 {
        1_795_334_400_000
    }
    fn monotonic_ns(&self) -> u64 {
        0
    }
}
impl Locals for Nothing {
    fn model(&self, _: &str, _: &str) -> LocalModel {
        LocalModel::default()
    }
    fn answered(&self, _: &str, _: &str) {}
}
impl Routes for Nothing {
    fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.0)
    }
    fn models(&self) -> Vec<Listed> {
        Vec::new()
    }
}

fn main() {
    let provider_port = std::env::args().nth(1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let setup = Setup {
            providers: vec![Provider {
                name: "anthropic".into(),
                dialect: Dialect::Anthropic,
                base_url: format!("http://127.0.0.1:{provider_port}"),
                key: KeySource::Keychain,
                local: false,
                kind: ProviderKind::Plain,
            }],
            ..Setup::default()
        };
        let it = Arc::new(Nothing(Arc::new(setup)));
        let ports = Ports {
            books: it.clone(),
            gate: it.clone(),
            keys: it.clone(),
            clock: it.clone(),
            routes: it.clone(),
            events: it.clone(),
            locals: it.clone(),
        };
        println!("{port}");
        let stop = CancellationToken::new();
        Proxy::new(port, ports).serve(vec![listener], stop.clone(), stop).await;
    });
}
