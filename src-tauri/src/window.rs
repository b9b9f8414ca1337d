//! The one window: made when it is asked for, destroyed when it is closed. While it lives it hears
//! every new view, at most twice a second; the proxy knows nothing of it.

use crate::shell::Shell;
use crate::{place, say};
use std::sync::Arc;
use std::time::Duration;
use tauri::async_runtime::{self, spawn_blocking};
use tauri::webview::{NewWindowResponse, PageLoadEvent};
use tauri::window::Color;
use tauri::{AppHandle, Emitter, Manager, Theme, Url, WebviewWindow, WebviewWindowBuilder};
use weir_engine::api::WindowView;

const LABEL: &str = "main";
/// The window is drawn at most this often.
const BEAT: Duration = Duration::from_millis(500);
// `--ground` of ui/src/tokens.css, so that the window does not flash before its page is there.
const GROUND_LIGHT: Color = Color(0xfa, 0xfb, 0xfb, 0xff);
const GROUND_DARK: Color = Color(0x16, 0x19, 0x1a, 0xff);

/// Opens the window, or brings it to the front; on a page, or as it was left. From any thread.
pub fn show(app: &AppHandle, page: Option<&str>) {
    app.state::<Arc<Shell>>().want(page);
    let handle = app.clone();
    let done = app.run_on_main_thread(move || {
        if let Err(problem) = open(&handle) {
            say::problem(&format!("the window cannot be opened: {problem}"));
        }
    });
    if let Err(problem) = done {
        say::problem(&format!("the window cannot be opened: {problem}"));
    }
}

/// Closes the window, if it is open.
pub fn close(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(problem) = window.close()
    {
        say::problem(&format!("the window cannot be closed: {problem}"));
    }
}

fn open(app: &AppHandle) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        return raise(&window);
    }
    let mut config = app.config().app.windows.first().cloned().unwrap_or_default();
    let home = app.state::<Arc<Shell>>().home.clone();
    if let Some((width, height)) = place::remembered(&home) {
        (config.width, config.height) = (width, height);
    }
    let window = WebviewWindowBuilder::from_config(app, &config)?
        .on_navigation(is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished {
                // A window that cannot be raised is still there.
                let _ = raise(&window);
            }
        })
        .build()?;
    let dark = window.theme().is_ok_and(|theme| theme == Theme::Dark);
    let _ = window.set_background_color(Some(if dark { GROUND_DARK } else { GROUND_LIGHT }));
    let pulse = async_runtime::spawn(keep_drawn(app.clone()));
    let seen = window.clone();
    window.on_window_event(move |event| match event {
        tauri::WindowEvent::CloseRequested { .. } => {
            if let (Ok(size), Ok(scale), Ok(false)) =
                (seen.inner_size(), seen.scale_factor(), seen.is_maximized())
            {
                let size = size.to_logical::<f64>(scale);
                place::remember(&home, (size.width, size.height));
            }
        }
        tauri::WindowEvent::Destroyed => pulse.abort(),
        _ => {}
    });
    Ok(())
}

fn raise(window: &WebviewWindow) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

/// The page is a file of this program; it goes nowhere else.
fn is_own_page(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // Windows has no custom schemes in its webview.
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

async fn keep_drawn(app: AppHandle) {
    let shell = app.state::<Arc<Shell>>().inner().clone();
    let mut changes = shell.changes();
    let mut drawn: Option<WindowView> = None;
    while changes.changed().await.is_ok() {
        let asked = shell.clone();
        if let Ok(view) = spawn_blocking(move || asked.window_view()).await
            && drawn.as_ref() != Some(&view)
        {
            // The page may be gone by now; then nobody needs the view.
            let _ = app.emit_to(LABEL, "view", &view);
            drawn = Some(view);
        }
        tokio::time::sleep(BEAT).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_shows_its_own_page_and_no_other() {
        let own = |text: &str| is_own_page(&text.parse().expect("a URL"));
        assert!(own("tauri://localhost"));
        assert!(own("http://tauri.localhost/index.html"));
        for other in [
            "https://example.com",
            "http://127.0.0.1:9347/v1/models",
            "https://tauri.localhost.example.com/",
            "tauri://elsewhere",
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:alert(1)",
        ] {
            assert!(!own(other), "{other}");
        }
    }
}
