//! What an alert is, and two ways to deliver it: a webhook and a command of the user's. Owns the
//! JSON both are given.

use crate::api::Stamp;
use http::{HeaderMap, HeaderValue, Method, header};
use serde::Serialize;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;
use weir_core::Money;

/// How long a command may take.
const COMMAND_WAIT_MAX: Duration = Duration::from_secs(30);
/// How often it is looked at meanwhile.
const COMMAND_LOOK: Duration = Duration::from_millis(20);

/// Something a user is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// `threshold`, `limit`, `forecast`, `spike` or `allowance`.
    pub kind: &'static str,
    /// The budget's name; null where it is about none.
    pub budget: Option<String>,
    /// The mark that was passed; null where there is none.
    pub percent: Option<u8>,
    /// One sentence or two for people.
    pub message: String,
    /// When.
    pub at: Stamp,
    /// Spent in the window; null where it is not about dollars.
    pub spent_usd: Option<Money>,
    /// The limit in force; null where it is not about dollars.
    pub limit_usd: Option<Money>,
    /// When the window ends; null where there is none.
    pub resets_at: Option<Stamp>,
    /// Whether another alert of the same moment says the same and more: programs get both, people
    /// one.
    #[serde(skip)]
    pub echo: bool,
}

/// Somebody who is told.
pub trait Notifier: Send + Sync {
    /// How it is called in the log.
    fn name(&self) -> &'static str;

    /// Tells it. May take as long as its own bound.
    ///
    /// # Errors
    /// Why it could not be told, as a fragment.
    fn tell(&self, alert: &Alert) -> Result<(), String>;
}

/// An address that takes a POST.
pub struct Webhook {
    url: String,
    local: bool,
}

impl Webhook {
    /// `url` was checked: https, or this machine.
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), local: url.starts_with("http://") }
    }
}

impl Notifier for Webhook {
    fn name(&self) -> &'static str {
        "the webhook"
    }

    fn tell(&self, alert: &Alert) -> Result<(), String> {
        let body = serde_json::to_vec(alert).map_err(|e| e.to_string())?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer =
            weir_proxy::fetch::fetch(Method::POST, &self.url, headers, body.into(), self.local)?;
        match answer.status {
            200..=299 => Ok(()),
            status => Err(format!("it answered with status {status}")),
        }
    }
}

/// A program of the user's. It gets the alert as JSON on its stdin and the sentence as its last
/// argument.
pub struct Command {
    words: Vec<String>,
}

impl Command {
    /// The program and its arguments; never a shell's line.
    pub fn new(words: &[String]) -> Self {
        Self { words: words.to_vec() }
    }
}

impl Notifier for Command {
    fn name(&self) -> &'static str {
        "the command"
    }

    fn tell(&self, alert: &Alert) -> Result<(), String> {
        let Some((program, arguments)) = self.words.split_first() else { return Ok(()) };
        let mut child = std::process::Command::new(program)
            .args(arguments)
            .arg(&alert.message)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{program} cannot be started: {e}"))?;
        let body = serde_json::to_vec(alert).map_err(|e| e.to_string())?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that reads nothing closes its end; that is its own business.
            let _ = stdin.write_all(&body);
        }
        let mut waited = Duration::ZERO;
        loop {
            match child.try_wait().map_err(|e| e.to_string())? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("{program} ended with {status}")),
                None if waited >= COMMAND_WAIT_MAX => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(format!("{program} did not end within 30 s"));
                }
                None => {
                    std::thread::park_timeout(COMMAND_LOOK);
                    waited += COMMAND_LOOK;
                }
            }
        }
    }
}
