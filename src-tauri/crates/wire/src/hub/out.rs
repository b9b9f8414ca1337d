//! A JSON writer that goes forward only: commas and escapes are its own matter, order is the
//! caller's. Text that is JSON already is copied as it is.

use std::fmt::Display;

/// JSON as it is written. Opening and closing must pair; nothing checks it but tests.
#[derive(Debug)]
pub struct Out {
    bytes: Vec<u8>,
    comma: bool,
}

impl Out {
    /// An empty text with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), comma: false }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn part(&mut self) {
        if self.comma {
            self.bytes.push(b',');
        }
        self.comma = true;
    }

    /// Opens an object.
    pub fn open(&mut self) {
        self.part();
        self.bytes.push(b'{');
        self.comma = false;
    }

    /// Closes an object.
    pub fn close(&mut self) {
        self.bytes.push(b'}');
        self.comma = true;
    }

    /// Opens an array.
    pub fn open_list(&mut self) {
        self.part();
        self.bytes.push(b'[');
        self.comma = false;
    }

    /// Closes an array.
    pub fn close_list(&mut self) {
        self.bytes.push(b']');
        self.comma = true;
    }

    /// A key; the value comes next.
    pub fn key(&mut self, key: &str) {
        self.text(key);
        self.bytes.push(b':');
        self.comma = false;
    }

    /// A key whose value is an object that stays open.
    pub fn open_at(&mut self, key: &str) {
        self.key(key);
        self.open();
    }

    /// A key whose value is an array that stays open.
    pub fn open_list_at(&mut self, key: &str) {
        self.key(key);
        self.open_list();
    }

    /// A string.
    pub fn text(&mut self, text: &str) {
        self.part();
        serde_json::to_writer(&mut self.bytes, text).expect("a string into memory cannot fail");
    }

    /// A string of several pieces, none of which is copied on the way.
    pub fn texts<'a>(&mut self, pieces: impl IntoIterator<Item = &'a str>) {
        self.part();
        self.bytes.push(b'"');
        for piece in pieces {
            let at = self.bytes.len();
            serde_json::to_writer(&mut self.bytes, piece)
                .expect("a string into memory cannot fail");
            // Each piece comes with quotes of its own: the first gives way, the last is taken.
            self.bytes.remove(at);
            self.bytes.pop();
        }
        self.bytes.push(b'"');
    }

    /// JSON text, copied as it is.
    pub fn raw(&mut self, json: &str) {
        self.part();
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// `key: "text"`.
    pub fn text_at(&mut self, key: &str, text: &str) {
        self.key(key);
        self.text(text);
    }

    /// `key: JSON`, copied as it is.
    pub fn raw_at(&mut self, key: &str, json: &str) {
        self.key(key);
        self.raw(json);
    }

    /// `key: number`, or `key: true`: anything whose `Display` is JSON.
    pub fn plain_at(&mut self, key: &str, value: impl Display) {
        self.key(key);
        self.part();
        use std::io::Write as _;
        write!(self.bytes, "{value}").expect("a number into memory cannot fail");
    }
}
