//! Between how many tokens a prompt surely lies, by its characters alone: what surely fits a context,
//! what surely does not, and what only its server's own tokenizer can tell. Pure, one pass.
//!
//! Measured with the vocabularies of Llama 2 (32K), Llama 3, cl100k, o200k and Qwen 3 over prose, code,
//! JSON, paths of drawings, hexadecimal and nine scripts. The densest and the thinnest of them are the
//! bounds: a digit is a token of its own in Llama 2 and Qwen, random ASCII reaches 0.92 tokens a
//! character, Chinese 1.41 and Korean 1.9 in Llama 2, an emoji four; Chinese has 0.58 in Qwen, Hindi
//! 0.29 and Russian 0.22 in o200k, English prose six letters a token.

use weir_wire::text::{Piece, pieces};

/// Parts a token is counted in.
const TOKEN: u64 = 12;
/// Letters of one word that surely take no more than a token.
const LETTERS_A_TOKEN: u64 = 3;
/// Blanks in a row, after the first, that surely take no more than a token.
const BLANKS_A_TOKEN: u64 = 4;
/// What an image or another file can come to, in tokens.
const FILE_TOKENS_MAX: u64 = 1_600;
/// What a template puts around a prompt, in tokens.
const FRAME_TOKENS: u64 = 64;

/// A lower and an upper bound, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// It has surely so many.
    pub least: u64,
    /// It surely has no more. Ideographs that are in no vocabulary can take twice as much each.
    pub most: u64,
}

/// What kind of character the one before was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    None,
    Lower,
    Upper,
    Blank,
}

struct Count {
    least: u64,
    most: u64,
    run: Run,
    long: u64,
}

/// Counts a request body. Keys, brackets and quotes count towards the upper bound alone: templates
/// show tools as JSON, and messages without theirs.
pub fn bounds(body: &[u8]) -> Bounds {
    let mut count = Count { least: 0, most: 0, run: Run::None, long: 0 };
    let mut files = 0;
    pieces(body, |piece| match piece {
        Piece::Text(raw) => count.text(raw),
        Piece::Key(raw) => {
            let least = count.least;
            count.text(raw);
            count.least = least;
        }
        Piece::File => files += 1,
        Piece::Marks(number) => count.most += number * TOKEN,
    });
    Bounds {
        least: count.least / TOKEN,
        most: count.most.div_ceil(TOKEN) + files * FILE_TOKENS_MAX + FRAME_TOKENS,
    }
}

/// Counts one text, as it stands in JSON with its quotes, that no template is put around.
pub fn bounds_of_text(text: &[u8]) -> Bounds {
    let Bounds { least, most } = bounds(text);
    Bounds { least, most: most - FRAME_TOKENS }
}

impl Count {
    /// A string as it stands in JSON.
    fn text(&mut self, raw: &[u8]) {
        self.run = Run::None;
        let mut at = 0;
        while at < raw.len() {
            let byte = raw[at];
            match byte {
                b'\\' => at += self.escape(&raw[at..]),
                0..=0x7f => {
                    self.ascii(byte);
                    at += 1;
                }
                _ => {
                    let long = usize::from(byte >= 0xc0)
                        + usize::from(byte >= 0xe0)
                        + usize::from(byte >= 0xf0)
                        + 1;
                    let second = raw.get(at + 1).copied().unwrap_or_default();
                    self.other(match long {
                        1 | 2 => 0x80,
                        3 => (u32::from(byte & 0x0f) << 12) | (u32::from(second & 0x3f) << 6),
                        _ => 0x1_0000,
                    });
                    at += long;
                }
            }
        }
    }

    /// What an escape stands for; gives its length.
    fn escape(&mut self, from: &[u8]) -> usize {
        let known = |b: u8| matches!(b, b'n' | b'r' | b't');
        match from.get(1) {
            Some(b'u') => {
                let digits = from.get(2..6).and_then(|hex| std::str::from_utf8(hex).ok());
                match digits.and_then(|hex| u32::from_str_radix(hex, 16).ok()) {
                    Some(code @ 0..=0x7f) => self.ascii(code.to_le_bytes()[0]),
                    // The second half of a pair has been counted with the first.
                    Some(0xdc00..=0xdfff) => {}
                    Some(0xd800..=0xdbff) => self.other(0x1_0000),
                    Some(code) => self.other(code),
                    None => self.ascii(b'?'),
                }
                6
            }
            Some(&b) if known(b) => {
                self.ascii(b'\n');
                2
            }
            _ => {
                self.ascii(b'\\');
                2
            }
        }
    }

    fn ascii(&mut self, byte: u8) {
        let (run, thin) = match byte {
            b'a'..=b'z' => (Run::Lower, 2),
            b'A'..=b'Z' => (Run::Upper, 2),
            b' ' => (Run::Blank, 0),
            b'0'..=b'9' => (Run::None, TOKEN / 4),
            // A rule of dashes is one token, however long.
            b'\n' => (Run::None, 0),
            _ => (Run::None, 1),
        };
        // A word may begin with a capital.
        let goes_on =
            run == self.run || (self.run == Run::Upper && run == Run::Lower && self.long == 1);
        self.long = if goes_on { self.long + 1 } else { 1 };
        self.run = run;
        self.least += thin;
        let another = match run {
            Run::Lower | Run::Upper => self.long % LETTERS_A_TOKEN == 1,
            // One blank belongs to the word after it.
            Run::Blank => self.long % BLANKS_A_TOKEN == 2,
            Run::None => true,
        };
        self.most += if another { TOKEN } else { 0 };
    }

    fn other(&mut self, code: u32) {
        let (least, most) = match code {
            0x80..=0x7ff => (TOKEN / 6, TOKEN),
            // Kana and ideographs.
            0x3000..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0xff00..=0xffef => {
                (TOKEN / 2, TOKEN * 3 / 2)
            }
            0x800..=0xffff => (TOKEN / 4, TOKEN * 2),
            _ => (TOKEN, TOKEN * 4),
        };
        self.run = Run::None;
        self.least += least;
        self.most += most;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Bounds {
        bounds(serde_json::json!({ "content": text }).to_string().as_bytes())
    }

    /// Tokens as the vocabularies counted them, the fewest and the most of the five.
    #[test]
    fn what_five_vocabularies_made_of_a_text_lies_within_its_bounds() {
        let chinese = "中文模型在处理长文本时会把前面的内容悄悄截断,用户往往毫不知情。我们需要在发送之前估计词元的数量,以免出现错误的回答。";
        let korean = "한국어 모델은 긴 글을 처리할 때 앞부분을 조용히 잘라 버리는 경우가 있습니다. 사용자는 그것을 알지 못합니다.";
        let russian = "Модель незаметно отрезает начало длинного текста, и пользователь ничего об этом не узнаёт. Поэтому нужно оценивать длину заранее.";
        let hindi = "मॉडल लंबे पाठ की शुरुआत को चुपचाप काट देता है और उपयोगकर्ता को पता नहीं चलता।";
        for (name, text, fewest, most) in [
            ("digits", "0123456789", 3.33, 10.0),
            ("chinese", chinese, 33.0, 82.0),
            ("korean", korean, 31.0, 91.0),
            ("russian", russian, 28.0, 62.0),
            ("hindi", hindi, 24.0, 86.0),
        ] {
            let many = of(&text.repeat(100));
            assert!(many.least as f64 <= fewest * 100.0, "{name}: {many:?}");
            assert!(many.most as f64 >= most * 100.0, "{name}: {many:?}");
            assert!(many.most < many.least * 15, "{name}: {many:?} says nothing");
        }
    }

    #[test]
    fn dense_json_and_hexadecimal_come_to_a_token_a_character_and_prose_does_not() {
        let hexadecimal = "3f9a0c77b1e24d58".repeat(100);
        assert!(of(&hexadecimal).most >= 1_424, "0.89 a character in Llama 2");
        let rows = r#"{"id":17,"x":0.8412,"k":[1,2,17]},"#.repeat(100);
        let found = bounds(format!("{{\"rows\":[{rows}]}}").as_bytes());
        assert!(found.most as f64 >= rows.len() as f64 * 0.8, "{found:?}");
        let prose = "Every request that comes in leaves a row in a ledger that says what it cost. ";
        let found = of(&prose.repeat(100));
        assert!(found.most < (prose.len() * 100) as u64 / 2, "{found:?}");
        assert!(found.least > (prose.len() * 100) as u64 / 8, "{found:?}");
    }

    #[test]
    fn escaped_or_not_a_text_is_the_same_and_an_image_is_one_file() {
        let plain = bounds("{\"a\":\"\u{fc}\u{4e2d}\u{1f600}\"}".as_bytes());
        let escaped = bounds(br#"{"a":"\u00fc\u4e2d\ud83d\ude00"}"#);
        assert_eq!(plain, escaped);
        let image = "iVBORw0KGgo4".repeat(4_000);
        let found = bounds(format!(r#"{{"data":"{image}"}}"#).as_bytes());
        assert!(found.least < 10 && found.most < 2 * FILE_TOKENS_MAX, "{found:?}");
    }

    #[test]
    fn a_text_alone_has_no_frame() {
        let text = br#""Every request that comes in""#;
        let (alone, framed) = (bounds_of_text(text), bounds(text));
        assert_eq!((alone.least, alone.most + FRAME_TOKENS), (framed.least, framed.most));
        assert!(alone.most < 16, "{alone:?}");
    }

    #[test]
    fn half_a_document_is_no_trouble() {
        let whole = "{\"a\":\"\\u00fc\\\\ \u{4e2d}\u{1f600} \\\"x\\\" data:\",\"b\":[\"c\", 12]}";
        for cut in 0..whole.len() {
            let _ = bounds(&whole.as_bytes()[..cut]);
        }
    }
}
