//! Numbers, times and states in the words people read: the same words as the window.
//! Pure. Text that came from outside is made harmless here before it reaches a terminal.

use weir_engine::api::Money;
pub use weir_engine::told::{Judged, brief, reason};
pub use weir_engine::words::{count, grouped, lasted, percent, plain, tokens};

/// Columns that an answer fits into.
pub const WIDTH: usize = 80;

/// One mark a value, the highest full; a day without spend lies at the bottom, every other above.
pub fn sparkline(values: &[Money]) -> String {
    const MARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.iter().map(|v| v.nano()).max().unwrap_or(0);
    let mark = |nano: i64| {
        if nano <= 0 || most <= 0 {
            return MARKS[0];
        }
        let steps = (i128::from(nano) * 7 + i128::from(most) - 1) / i128::from(most);
        MARKS[usize::try_from(steps).unwrap_or(7).min(7)]
    };
    values.iter().map(|v| mark(v.nano())).collect()
}

/// A level against its crest, in twelve marks.
pub fn level(percent: u64) -> String {
    const MARKS: u64 = 12;
    let full = (percent.min(100) * MARKS).div_ceil(100);
    (0..MARKS).map(|i| if i < full { '▇' } else { '▁' }).collect()
}

/// How an attempt or a request ended.
pub fn outcome(code: &str) -> &str {
    match code {
        "ok" => "complete",
        "upstream_error" => "the provider answered with an error",
        "error_in_stream" => "the provider broke off with an error",
        "truncated" => "the answer ended too early",
        "client_gone" => "the client left before the end",
        "unreachable" => "the provider could not be reached",
        "timeout" => "the provider did not answer in time",
        "internal" => "Weir failed",
        "refused" => "Weir refused it",
        "orphan" => "Weir was stopped while it ran",
        other => other,
    }
}

/// A kind of token or fee.
pub fn kind(code: &str) -> String {
    match code {
        "cache_write_5m" => "cache write, 5 min".into(),
        "cache_write_1h" => "cache write, 1 h".into(),
        "web_search" => "web searches".into(),
        "file_search" => "file searches".into(),
        "code_container" => "code containers".into(),
        other => other.replace('_', " "),
    }
}

/// Short facts in a row with dots between them, broken only there.
pub fn dotted(facts: &[String], width: usize) -> String {
    const GLUE: &str = "\u{a0}";
    let glued: Vec<String> = facts.iter().map(|fact| fact.replace(' ', GLUE)).collect();
    wrap(&glued.join(&format!("{GLUE}· ")), width, "  ").replace(GLUE, " ")
}

/// `Judged: agent step, high, sure (0.94)`, or the tier alone where only its name was asked for.
pub fn judged(of: Judged<'_>) -> Option<String> {
    let judged = of.told().map(|judged| format!("Judged: {judged}"));
    judged.or_else(|| of.tier.map(|tier| format!("Tier: {tier}")))
}

/// Sentences broken at spaces so that no line passes `width`; later lines start with `indent`.
pub fn wrap(text: &str, width: usize, indent: &str) -> String {
    let lead = text.len() - text.trim_start_matches(' ').len();
    let mut out = text[..lead].to_owned();
    let mut column = lead;
    let mut fresh = true;
    for word in text[lead..].split(' ') {
        let length = word.chars().count();
        if !fresh && column + 1 + length > width {
            out.push('\n');
            out.push_str(indent);
            column = indent.chars().count();
        } else if !fresh {
            out.push(' ');
            column += 1;
        }
        fresh = false;
        out.push_str(word);
        column += length;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_then_shortened_to_three_digits() {
        let all = [
            0,
            1_234,
            9_999,
            10_000,
            12_345,
            123_456,
            999_499,
            999_950,
            1_234_567,
            12_345_678,
            1_234_567_890,
        ];
        let shown: Vec<String> = all.into_iter().map(tokens).collect();
        assert_eq!(
            shown,
            [
                "0", "1,234", "9,999", "10.0K", "12.3K", "123K", "999K", "1.00M", "1.23M", "12.3M",
                "1.23B"
            ]
        );
        assert!(!tokens(u64::MAX).is_empty());
    }

    #[test]
    fn times_are_short() {
        let shown: Vec<String> =
            [0, 340, 4_280, 41_900, 185_000, 3_720_000, 187_200_000].map(lasted).to_vec();
        let expected = ["0 ms", "340 ms", "4.2 s", "41 s", "3 min 05 s", "1 h 02 min", "2 d 4 h"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_smallest_spend_stands_above_a_day_without() {
        let days = [0, 1, 500, 1000].map(Money::from_nano);
        assert_eq!(sparkline(&days), "▁▂▅█");
        assert_eq!(sparkline(&[Money::ZERO; 2]), "▁▁");
        assert_eq!(sparkline(&[]), "");
        assert_eq!(level(0), "▁▁▁▁▁▁▁▁▁▁▁▁");
        assert_eq!(level(38), "▇▇▇▇▇▁▁▁▁▁▁▁");
        assert_eq!(level(250), "▇▇▇▇▇▇▇▇▇▇▇▇");
    }

    #[test]
    fn a_model_name_cannot_command_the_terminal() {
        assert_eq!(plain("gpt\x1b[2J\n\u{202e}x"), "gpt\u{fffd}[2J\u{fffd}\u{fffd}x");
        assert_eq!(plain("llama3.2:3b"), "llama3.2:3b");
    }

    #[test]
    fn sentences_break_at_spaces() {
        assert_eq!(wrap("one two three four", 9, "  "), "one two\n  three\n  four\n");
        assert_eq!(wrap("  in", 9, "  "), "  in\n");
        let facts = ["one two".to_owned(), "three four".to_owned()];
        assert_eq!(dotted(&facts, 12), "one two ·\n  three four\n");
    }
}
