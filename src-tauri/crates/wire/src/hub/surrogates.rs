//! Halves of surrogate pairs, as JavaScript escapes a text that was cut inside an emoji. JSON's
//! grammar lets them pass, most readers of it do not.

/// JSON text with the replacement character for every escaped half of a surrogate pair, as
/// JavaScript writes a text that was cut inside an emoji; `None` when there is none. Most JSON
/// readers refuse such a half, wherever it stands.
pub(super) fn without_half_pairs(json: &str) -> Option<String> {
    let pairs = |start: &[u8]| memchr::memmem::find(json.as_bytes(), start).is_some();
    if !pairs(b"\\ud") && !pairs(b"\\uD") {
        return None;
    }
    let code = |at: usize| {
        let digits = json.get(at + 2..at + 6).filter(|_| json.get(at..at + 2) == Some("\\u"))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut halves = Vec::new();
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        let escape = at + found;
        at = match code(escape) {
            Some(0xd800..0xdc00) if matches!(code(escape + 6), Some(0xdc00..0xe000)) => escape + 12,
            Some(0xd800..0xe000) => {
                halves.push(escape);
                escape + 6
            }
            Some(_) => escape + 6,
            None => (escape + 2..=json.len()).find(|at| json.is_char_boundary(*at))?,
        };
    }
    if halves.is_empty() {
        return None;
    }
    let mut mended = json.to_owned();
    for at in halves {
        mended.replace_range(at..at + 6, "\\ufffd");
    }
    Some(mended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_surrogate_pair_becomes_the_replacement_character() {
        let json = r#"{"a":"\ud83d\ude00 \ud83d x \\ud83d \ude00é"}"#;
        let mended = without_half_pairs(json).expect("there are halves");
        assert_eq!(mended, r#"{"a":"\ud83d\ude00 \ufffd x \\ud83d \ufffdé"}"#);
        assert_eq!(without_half_pairs(r#"{"a":"\\ud83d \n"}"#), None);
        assert_eq!(without_half_pairs("\\é\\"), None);
    }
}
