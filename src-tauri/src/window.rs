//! The one window of this process, which ends with it. The proxy knows nothing of it.

use crate::pane::{self, Pane};
use crate::place;
use std::sync::Arc;
use tauri::webview::NewWindowResponse;
use tauri::window::Color;
use tauri::{AppHandle, Emitter, Manager, Theme, Url, WebviewWindow, WebviewWindowBuilder};
use weir_engine::api::WindowView;
use weir_resident::say;
use weir_resident::words::Leaving;

const LABEL: &str = "main";
/// Where the page finds its first view; `ui/src/backend/tauri.ts` has the same name.
const FIRST_VIEW: &str = "__WEIR_VIEW__";
// `--ground` of ui/src/tokens.css, so that the window does not flash before its page is there.
const GROUND_LIGHT: Color = Color(0xfa, 0xfb, 0xfb, 0xff);
const GROUND_DARK: Color = Color(0x16, 0x19, 0x1a, 0xff);

/// Draws a new view, once there is a page.
pub fn draw(app: &AppHandle, view: &WindowView) {
    // Before the page is there nobody needs it: a page asks for its first view.
    let _ = app.emit_to(LABEL, "view", view);
}

/// Brings the window to the front, and then says so; not of one that is closed by then. From any
/// thread.
pub fn raise_from_afar(app: &AppHandle, done: impl FnOnce() + Send + 'static) {
    let handle = app.clone();
    let raised = app.run_on_main_thread(move || {
        if let Some(window) = handle.get_webview_window(LABEL) {
            // A window that cannot be raised is still there.
            let _ = raise(&window);
            done();
        }
    });
    if let Err(problem) = raised {
        say::problem(&format!("the window cannot be shown: {problem}"));
    }
}

/// Closes the window, and with it this process. From any thread.
pub fn close(app: &AppHandle) {
    match app.get_webview_window(LABEL) {
        Some(window) if window.close().is_ok() => {}
        _ => {
            app.state::<Arc<Pane>>().leaving(Leaving::Closed);
            pane::end()
        }
    }
}

/// Opens the window.
///
/// # Errors
/// What the desktop says.
pub fn open(app: &AppHandle) -> tauri::Result<()> {
    let mut config = app.config().app.windows.first().cloned().unwrap_or_default();
    let pane = app.state::<Arc<Pane>>().inner().clone();
    if let Some((width, height)) = place::remembered(&pane.home) {
        (config.width, config.height) = (width, height);
    }
    let window = WebviewWindowBuilder::from_config(app, &config)?
        .initialization_script(first(&pane.told())?)
        .on_navigation(is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .build()?;
    ends_with_its_page(app, &window)?;
    let dark = window.theme().is_ok_and(|theme| theme == Theme::Dark);
    let _ = window.set_background_color(Some(if dark { GROUND_DARK } else { GROUND_LIGHT }));
    // At once, in the colour of the page's ground: what is not shown is not painted either, so a window
    // that waits for its page is seen later than one that does not.
    raise(&window)?;
    let seen = window.clone();
    window.on_window_event(move |event| {
        if let tauri::WindowEvent::CloseRequested { api, .. } = event {
            api.prevent_close();
            leave(&seen, pane.clone());
        }
    });
    Ok(())
}

/// The window was asked to close, by whomever: it is seen no more, keeps its size, and this process
/// ends. The webview in it is not taken down.
fn leave(window: &WebviewWindow, pane: Arc<Pane>) {
    pane.leaving(Leaving::Closed);
    let size = match (window.inner_size(), window.scale_factor(), window.is_maximized()) {
        (Ok(size), Ok(scale), Ok(false)) => Some(size.to_logical::<f64>(scale)),
        _ => None,
    };
    // Hidden by this thread's loop, while the disk is waited for on another. A thread that the system
    // does not give ends it all the same.
    let _ = window.hide();
    let rest = move || {
        if let Some(size) = size {
            place::remember(&pane.home, (size.width, size.height));
        }
        pane::end()
    };
    if std::thread::Builder::new().name("leave".into()).spawn(rest).is_err() {
        pane::end();
    }
}

/// What the page draws first, without having to ask. JSON is a part of the script's language.
fn first(view: &WindowView) -> tauri::Result<String> {
    Ok(format!("window.{FIRST_VIEW} = {};", serde_json::to_string(view)?))
}

/// A frame without a page helps nobody: the window ends with it, and what stays says so.
#[cfg(target_os = "linux")]
fn ends_with_its_page(app: &AppHandle, window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::WebViewExt;
    let pane = app.state::<Arc<Pane>>().inner().clone();
    window.with_webview(move |webview| {
        webview.inner().connect_web_process_terminated(move |_, _| {
            pane.leaving(Leaving::PageDied);
            pane::end()
        });
    })
}

#[cfg(not(target_os = "linux"))]
fn ends_with_its_page(_: &AppHandle, _: &WebviewWindow) -> tauri::Result<()> {
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
