//! Counts, shares and lengths of time in the words people read, the same wherever they are shown.
//! Pure. Text that came from outside is made harmless here before it is shown.

/// Text from outside, without anything a terminal or a drawing would act on: escape sequences,
/// line ends and the marks that turn the direction of writing.
pub fn plain(text: &str) -> String {
    let harmless = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|c| if harmless(c) { c } else { '\u{fffd}' }).collect()
}

/// A count: `1,234`, `12.3K`, `1.23M`.
pub fn tokens(n: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")];
    if n < 10_000 {
        return grouped(n);
    }
    // Rounded to three digits first, so that 999,950 becomes 1.00M and never 1000K.
    let step = 10u64.pow(n.ilog10() - 2);
    let rounded = (n / step + u64::from(n % step >= step.div_ceil(2))).saturating_mul(step);
    let (unit, letter) = UNITS.into_iter().find(|(u, _)| rounded >= *u).unwrap_or((1, ""));
    let whole = rounded / unit;
    let hundredths = rounded % unit * 100 / unit;
    match whole {
        0..=9 => format!("{whole}.{hundredths:02}{letter}"),
        10..=99 => format!("{whole}.{}{letter}", hundredths / 10),
        _ => format!("{}{letter}", grouped(whole)),
    }
}

/// Digits in groups of three.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 request`, `212 requests`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// A part of a whole in whole percent, rounded to the nearest; nothing of nothing is `None`.
pub fn percent(part: u64, whole: u64) -> Option<u64> {
    if whole == 0 {
        return None;
    }
    let percent = (u128::from(part) * 100 + u128::from(whole) / 2) / u128::from(whole);
    u64::try_from(percent).ok()
}

/// A length of time: `340 ms`, `4.2 s`, `41 s`, `3 min 05 s`, `3 h 12 min`, `2 d 4 h`.
pub fn lasted(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms} ms"),
        1..=9 => format!("{seconds}.{} s", ms % 1000 / 100),
        10..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..=86_399 => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}
