//! JSON as it is written out: objects and lists in the order they are filled, values copied as
//! they came, so that a tool's schema keeps its order and a number its digits.

/// A text in JSON's quotes.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An object under construction.
#[derive(Debug, Default)]
pub struct Object {
    fields: Vec<u8>,
}

impl Object {
    /// A field whose value is JSON already.
    pub fn raw(&mut self, key: &str, json: &[u8]) -> &mut Self {
        if !self.fields.is_empty() {
            self.fields.push(b',');
        }
        self.fields.extend_from_slice(quoted(key).as_bytes());
        self.fields.push(b':');
        self.fields.extend_from_slice(json);
        self
    }

    /// A field with a text.
    pub fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.raw(key, quoted(text).as_bytes())
    }

    /// A field, where there is a value for it.
    pub fn maybe(&mut self, key: &str, json: Option<&[u8]>) -> &mut Self {
        if let Some(json) = json {
            self.raw(key, json);
        }
        self
    }

    /// Puts all fields behind those of another object.
    pub fn append_to(&self, other: &mut Self) {
        if !self.fields.is_empty() && !other.fields.is_empty() {
            other.fields.push(b',');
        }
        other.fields.extend_from_slice(&self.fields);
    }

    /// The object.
    pub fn json(&self) -> Vec<u8> {
        [b"{", self.fields.as_slice(), b"}"].concat()
    }
}

/// A list of values that are JSON already.
pub fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [b"[", items.join(b",".as_slice()).as_slice(), b"]"].concat()
}
