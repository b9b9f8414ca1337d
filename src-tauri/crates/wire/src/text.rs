//! How much text a request holds: the length of its strings as a model would read them.
//! Owns what is not text: images and other binary matter in base64, which take a fixed number of
//! tokens whatever their length. Builds no document.

/// Strings shorter than this are text whatever they look like, in bytes.
const BLOB_BYTES_MIN: usize = 512;
/// How much of a long string is looked at to tell text from binary matter, in bytes.
const BLOB_LOOK_BYTES: usize = 512;

/// A piece of a request body.
pub enum Piece<'a> {
    /// The inside of a string, escapes as they stand.
    Text(&'a [u8]),
    /// A key.
    Key(&'a [u8]),
    /// Binary matter.
    File,
    /// So many brackets, quotes, digits and letters outside of strings.
    Marks(u64),
}

/// Keys under which requests carry binary matter, and what a vendor sealed.
const FILE_KEYS: [&[u8]; 9] = [
    b"data",
    b"url",
    b"image_url",
    b"file_data",
    b"file_url",
    b"encrypted_content",
    b"signature",
    b"thoughtSignature",
    b"thought_signature",
];

/// Takes a JSON body apart. Anything that is not JSON comes apart as far as strings can
/// be told. Base64 under any other key than those of files is text that a model would read.
pub fn pieces<'a>(body: &'a [u8], mut each: impl FnMut(Piece<'a>)) {
    let marks = |between: &[u8]| between.iter().filter(|b| !b.is_ascii_whitespace()).count() as u64;
    let (mut at, mut last) = (0, &body[..0]);
    while let Some(open) = memchr::memchr(b'"', &body[at..]) {
        let start = at + open + 1;
        let (end, _) = string_end(body, start);
        let raw = &body[start..end];
        let between = &body[at..start];
        each(Piece::Marks(marks(between) + 1));
        let under = between.contains(&b':') && FILE_KEYS.contains(&last);
        (at, last) = ((end + 1).min(body.len()), raw);
        let key = body[at..].trim_ascii_start().first() == Some(&b':');
        each(match key {
            true => Piece::Key(raw),
            false if under && is_blob(raw) => Piece::File,
            false => Piece::Text(raw),
        });
    }
    each(Piece::Marks(marks(&body[at..])));
}

/// The bytes of all strings of a JSON body, unescaped, keys included, binary matter left out.
/// Anything that is not JSON counts as far as strings can be told.
pub fn text_bytes(body: &[u8]) -> u64 {
    let mut total = 0u64;
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'"', &body[at..]) {
        let start = at + open + 1;
        let (end, escaped_away) = string_end(body, start);
        let raw = &body[start..end];
        if !is_blob(raw) {
            total += (raw.len() - escaped_away.min(raw.len())) as u64;
        }
        at = (end + 1).min(body.len());
    }
    total
}

/// Where a string ends, and how many of its bytes only its escapes take.
fn string_end(body: &[u8], start: usize) -> (usize, usize) {
    let mut at = start;
    let mut surplus = 0;
    while let Some(next) = memchr::memchr2(b'"', b'\\', &body[at..]) {
        at += next;
        if body[at] == b'"' {
            return (at, surplus);
        }
        let (long, worth) = escape(&body[at..]);
        surplus += long - worth;
        at = (at + long).min(body.len());
    }
    (body.len(), surplus)
}

/// The bytes an escape takes in JSON, and those of what it stands for in UTF-8.
fn escape(from: &[u8]) -> (usize, usize) {
    if from.get(1) != Some(&b'u') {
        return (2, 1);
    }
    let digits = from.get(2..6).and_then(|hex| std::str::from_utf8(hex).ok());
    match digits.and_then(|hex| u32::from_str_radix(hex, 16).ok()) {
        None => (2, 1),
        Some(0..=0x7f) => (6, 1),
        Some(0x80..=0x7ff) => (6, 2),
        // Half of a pair, which together stands for four bytes.
        Some(0xd800..=0xdfff) => (6, 2),
        Some(_) => (6, 3),
    }
}

/// Base64 has no spaces; words have.
pub(crate) fn is_blob(raw: &[u8]) -> bool {
    if raw.len() < BLOB_BYTES_MIN {
        return false;
    }
    let start = match raw.starts_with(b"data:") {
        true => memchr::memchr(b',', &raw[..BLOB_BYTES_MIN]).map_or(0, |comma| comma + 1),
        false => 0,
    };
    let looked = &raw[start..raw.len().min(start + BLOB_LOOK_BYTES)];
    let of_base64 =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_' | b'=');
    // An escaped slash is how some encoders write base64's own.
    looked.iter().all(|b| of_base64(b) || *b == b'\\') && looked.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_count_as_they_are_read() {
        assert_eq!(text_bytes(br#"{"a":"bcd","n":12,"l":["x"]}"#), 1 + 3 + 1 + 1 + 1);
        assert_eq!(text_bytes("{\"a\":\"\u{fc}\"}".as_bytes()), 1 + 2);
        assert_eq!(text_bytes(br#"{"a":"\u00fc\n\"\u4e2d\ud83d\ude00"}"#), 1 + 2 + 1 + 1 + 3 + 4);
    }

    #[test]
    fn an_image_is_not_text_and_a_long_text_is() {
        let image = "iVBORw0KGgo/".repeat(1_000);
        let body =
            format!(r#"{{"type":"image","data":"{image}","url":"data:image/png;base64,{image}"}}"#);
        assert!(text_bytes(body.as_bytes()) < 100);
        let text = "the quick brown fox ".repeat(1_000);
        let body = format!(r#"{{"text":"{text}"}}"#);
        assert_eq!(text_bytes(body.as_bytes()), 20_000 + 4);
    }

    #[test]
    fn half_a_document_is_no_trouble() {
        for cut in [r#"{"a":"b"#, r#"{"a":"\"#, r#"{"a":"\u0"#, "\"", "", r#"\"#] {
            let _ = text_bytes(cut.as_bytes());
        }
        let whole = r#"{"a":"\u00fc\\ \"x\" data:","b":["c"]}"#;
        for cut in 0..whole.len() {
            let _ = text_bytes(&whole.as_bytes()[..cut]);
        }
    }
}
