//! How the system or a terminal asks a program to stop.

/// Waits for Ctrl-C, or what a service manager or a closing session sends.
#[cfg(unix)]
pub async fn stop_asked() {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    async fn heard(signal: std::io::Result<Signal>) {
        match signal {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
    tokio::select! {
        () = heard(signal(SignalKind::interrupt())) => {}
        () = heard(signal(SignalKind::terminate())) => {}
        () = heard(signal(SignalKind::hangup())) => {}
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub async fn stop_asked() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
