//! The clipboard. Kept open once used: on Linux the text lives in the program that offers it.

use std::sync::Mutex;
use weir_engine::api::{ApiProblem, Code};

/// The clipboard of this desktop.
#[derive(Default)]
pub struct Clipboard {
    open: Mutex<Option<arboard::Clipboard>>,
}

impl Clipboard {
    /// Puts a text on the clipboard. Blocks on the desktop.
    ///
    /// # Errors
    /// When the desktop offers none; the message holds the text, so that it can be copied by hand.
    pub fn put(&self, text: &str) -> Result<(), ApiProblem> {
        let failed = |e: arboard::Error| {
            let message = format!("The clipboard cannot be used ({e}). The address is {text}");
            ApiProblem::new(Code::Unavailable, message)
        };
        let mut open = self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let clipboard = match open.take() {
            Some(clipboard) => clipboard,
            None => arboard::Clipboard::new().map_err(failed)?,
        };
        // One that failed is dropped, so that the next try starts with a fresh connection.
        open.insert(clipboard).set_text(text).map_err(failed).inspect_err(|_| *open = None)
    }
}
