//! Where the text of an answer ends before its provider ends it: at the first of the stop sequences that
//! the provider could not be told. Text comes in any pieces; what may begin a sequence is kept back. Pure.

/// The cut of one choice.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// The end of the text so far that may be the beginning of a stop sequence.
    tail: String,
    /// The sequence it was made at: nothing after it is told.
    made: Option<String>,
}

impl Cut {
    /// Whether the text has ended.
    pub fn is_made(&self) -> bool {
        self.made.is_some()
    }

    /// The sequence at which it has.
    pub fn sequence(&self) -> Option<String> {
        self.made.clone()
    }

    /// What of a text may be told now: up to one of `stops`, and not yet what may begin one.
    pub fn pass(&mut self, text: String, stops: &[String]) -> String {
        if self.is_made() {
            return String::new();
        }
        let mut whole = std::mem::take(&mut self.tail) + &text;
        let found = stops.iter().filter_map(|stop| Some((whole.find(stop.as_str())?, stop)));
        if let Some((at, stop)) = found.min_by_key(|(at, _)| *at) {
            whole.truncate(at);
            self.made = Some(stop.clone());
            return whole;
        }
        let begins = |at: &usize| stops.iter().any(|stop| stop.starts_with(&whole[*at..]));
        let longest = stops.iter().map(String::len).max().unwrap_or(0);
        let from = whole.len().saturating_sub(longest.saturating_sub(1));
        let kept = (from..whole.len()).filter(|at| whole.is_char_boundary(*at)).find(begins);
        if let Some(at) = kept {
            self.tail = whole.split_off(at);
        }
        whole
    }

    /// What was kept back, where the text is over.
    pub fn rest(&mut self) -> String {
        std::mem::take(&mut self.tail)
    }
}
