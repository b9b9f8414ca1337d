//! No piece of a secret is left, in whatever form a text holds it, and ordinary words are.

use super::*;
use proptest::prelude::*;

const KEY: &str = "Zq8aVn-rT0_wLmC7xYbKd3hJ";

fn words(text: &str) -> String {
    Mask::of([KEY.as_bytes()]).words(text)
}

#[test]
fn a_secret_is_hidden_however_it_is_written() {
    let backwards: String = KEY.chars().rev().collect();
    let hex: String = KEY.bytes().map(|b| format!("{b:02X}")).collect();
    let percent: String = KEY.bytes().map(|b| format!("%{b:02x}")).collect();
    for form in [KEY, &KEY.to_uppercase(), &backwards, &hex, &percent] {
        for around in ["invalid key: {}", "{}", "key={}, sent", "\u{fc}({})\u{fc}", "a{}b", "{}…"]
        {
            let told = words(&around.replace("{}", form));
            for at in 0..form.len() - 3 {
                assert!(!told.contains(&form[at..at + 4]), "{form} {around}: {told}");
            }
            assert!(told.contains(HIDDEN), "{told}");
        }
    }
}

#[test]
fn a_secret_inside_a_text_in_base64_is_hidden() {
    // "x:", "xy:" and "xyz:" before the key, so that it starts at each place of a group.
    for text in [
        "eDpacThhVm4tclQwX3dMbUM3eFliS2QzaEo=",
        "eHk6WnE4YVZuLXJUMF93TG1DN3hZYktkM2hK",
        "eHl6OlpxOGFWbi1yVDBfd0xtQzd4WWJLZDNoSg",
    ] {
        let told = words(&format!("who is {text}"));
        assert_eq!(told.replace('=', ""), format!("who is {HIDDEN}"));
    }
}

#[test]
fn a_piece_of_a_secret_is_hidden_and_so_is_its_beginning_where_a_text_breaks_off() {
    for length in 4..KEY.len() {
        let told = words(&format!("invalid key {}", &KEY[..length]));
        assert_eq!(told, format!("invalid key {HIDDEN}"), "{length}");
    }
    let told = words(&format!("key ends with {}, it says", &KEY[KEY.len() - 12..]));
    assert_eq!(told, format!("key ends with {HIDDEN}, it says"));
    assert_eq!(words("invalid key Zq8aVn-rT0****b3hJ."), format!("invalid key {HIDDEN}"));
}

#[test]
fn a_key_in_the_middle_of_the_longest_text_is_not_cut_into_what_can_be_read() {
    for before in WORDS_BYTES_MAX - KEY.len() - 2..WORDS_BYTES_MAX + 2 {
        let text = format!("{} {KEY} end", "w ".repeat(before / 2) + &"v".repeat(before % 2));
        let told = words(&text);
        assert!(!told.contains(&KEY[..3]), "{before}: {}", &told[told.len() - 40..]);
    }
}

#[test]
fn control_characters_neither_hide_a_secret_nor_reach_a_terminal() {
    let spread: String = KEY.chars().flat_map(|c| [c, '\0']).collect();
    assert_eq!(words(&format!("\u{1b}[31mkey\n{spread}")), format!("[31mkey {HIDDEN}"));
}

#[test]
fn ordinary_words_stay_as_they_are() {
    for text in [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "The model `claude-3-5-sonnet-20241022-thinking-32k` does not exist",
        "Your credit balance is too low to access the API.",
        "ünïcödé ✓",
        "",
    ] {
        assert_eq!(words(text), text);
        assert_eq!(Mask::default().words(text), text);
    }
}

#[test]
fn a_short_secret_is_hidden_where_it_is_a_word() {
    let mask = Mask::of([b"hunter2".as_slice(), b""]);
    assert_eq!(mask.words("no user hunter2."), format!("no user {HIDDEN}."));
    assert_eq!(mask.words("hunter22 and shunter2"), "hunter22 and shunter2");
}

#[test]
fn a_name_with_a_secret_in_it_is_no_name() {
    let mask = Mask::of([KEY.as_bytes()]);
    assert_eq!(mask.name(format!("model-{KEY}")), HIDDEN);
    assert_eq!(mask.name(KEY[4..13].to_uppercase()), HIDDEN);
    assert_eq!(mask.name("gpt-5-mini".into()), "gpt-5-mini");
    assert_eq!(Mask::of([b"ollama".as_slice()]).name("ollama".into()), HIDDEN);
    assert_eq!(Mask::of([b"ollama".as_slice()]).name("ollama-3".into()), "ollama-3");
}

#[test]
fn what_is_written_over_keeps_its_length() {
    let mut bytes = format!(r#"{{"error":"{KEY}{KEY}"}}"#).into_bytes();
    let before = bytes.len();
    Mask::of([KEY.as_bytes()]).blot(&mut bytes);
    assert_eq!(bytes.len(), before);
    assert_eq!(bytes, format!(r#"{{"error":"{}"}}"#, "*".repeat(KEY.len() * 2)).into_bytes());
}

proptest! {
    #[test]
    fn no_piece_of_any_secret_is_left_in_any_text(
        secret in "[!-~]{8,60}",
        before in "[ -~é]{0,20}",
        after in "[ -~é]{0,20}",
    ) {
        let told = Mask::of([secret.as_bytes()]).words(&format!("{before}{secret}{after}"));
        let left = |piece: &[u8]| {
            let piece = String::from_utf8_lossy(piece).to_ascii_lowercase();
            told.to_ascii_lowercase().contains(&piece)
        };
        prop_assert!(!secret.as_bytes().windows(PIECE_BYTES).any(left), "{told}");
    }
}
