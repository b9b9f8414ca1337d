//! Without a display: serves like `weir serve`, and says where.

use crate::host::{self, Wish};
use crate::{failed, say, signals};
use std::process::ExitCode;
use tokio::task::spawn_blocking;
use weir_engine::api::Desk;
use weir_engine::guard;

/// Serves until asked to stop. Where another process serves the home already, there is nothing to
/// do and nothing to show, and it says so.
pub async fn run(wish: Wish) -> ExitCode {
    match host::find(&wish.home).await {
        Ok(None) => {}
        Ok(Some(remote)) => {
            let said = match spawn_blocking(move || remote.status()).await {
                Ok(Ok(status)) => match (status.port, status.pid) {
                    (Some(port), Some(pid)) => format!(" on port {port} (pid {pid})"),
                    _ => String::new(),
                },
                _ => String::new(),
            };
            say::problem(&format!("Weir serves this home already{said}; nothing to do"));
            return ExitCode::SUCCESS;
        }
        Err(problem) => return failed(&problem.message),
    }
    match host::start(&wish, None).await {
        Ok(engine) => {
            say::answer(&guard::listening(engine.port()));
            signals::stop_asked().await;
            engine.stop().await;
            ExitCode::SUCCESS
        }
        Err(stop) => failed(&stop.problem.message),
    }
}
