//! What the window may ask for: one thin function each onto the engine's desk.
//! The list is repeated in build.rs and capabilities/default.json; one missing there is refused.

use crate::shell::Shell;
use crate::tray;
use std::sync::Arc;
use tauri::async_runtime::spawn_blocking;
use tauri::{AppHandle, State};
use weir_engine::api::{ApiProblem, Code, WindowView};

type Held<'a> = State<'a, Arc<Shell>>;

/// What the window shows now.
///
/// # Errors
/// Only when Weir is stopping.
#[tauri::command]
pub async fn view(shell: Held<'_>) -> Result<WindowView, ApiProblem> {
    away(&shell, |shell| Ok(shell.window_view())).await
}

/// Passes everything through to where it asked, or routes again.
///
/// # Errors
/// What the engine says.
#[tauri::command]
pub async fn pause(shell: Held<'_>, paused: bool) -> Result<(), ApiProblem> {
    away(&shell, move |shell| shell.desk()?.pause(paused)).await?;
    shell.touch();
    Ok(())
}

/// Puts the proxy's address on the clipboard.
///
/// # Errors
/// When nothing listens, or the desktop offers no clipboard.
#[tauri::command]
pub async fn copy_address(shell: Held<'_>) -> Result<(), ApiProblem> {
    away(&shell, tray::copy_address).await
}

/// Tries to start or reach an engine again.
#[tauri::command]
pub fn retry(shell: Held<'_>) {
    shell.ask_retry();
}

/// Ends the application.
#[tauri::command]
pub fn quit(app: AppHandle) {
    app.exit(0);
}

/// Asks on a thread that may wait.
async fn away<T: Send + 'static>(
    shell: &Arc<Shell>,
    work: impl FnOnce(&Shell) -> Result<T, ApiProblem> + Send + 'static,
) -> Result<T, ApiProblem> {
    let shell = shell.clone();
    spawn_blocking(move || work(&shell))
        .await
        .unwrap_or_else(|e| Err(ApiProblem::new(Code::Internal, format!("Weir failed: {e}"))))
}
