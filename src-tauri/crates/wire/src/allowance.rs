//! What a provider's answer says of the windows of a subscription: how much is used, when it
//! starts anew. Owns the names of the headers of Anthropic's plans and of Codex.
//! Sources of the names: Claude Code's gateway protocol, and Codex's own client.

use weir_core::budget::{Allowance, AllowanceState};

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
const WHOLE: f64 = 1_000.0;
/// More than this much used is no share of anything.
const USED_MAX: f64 = 60_000.0;

/// Anthropic's windows with their lengths: five hours, seven days, and seven days of the dearest
/// models.
const ANTHROPIC: [(&str, i64); 3] =
    [("5h", 5 * HOUR_MS), ("7d", 7 * 24 * HOUR_MS), ("7d_oi", 7 * 24 * HOUR_MS)];

/// The windows that an answer's headers tell of; empty for an answer that tells of none. `header`
/// gives the text of a header by its lower-case name.
pub fn read<'h>(header: impl Fn(&str) -> Option<&'h str>, now_ms: i64) -> Vec<Allowance> {
    let mut all = anthropic(&header, now_ms);
    all.extend(codex(&header, now_ms));
    all
}

fn anthropic<'h>(header: &impl Fn(&str) -> Option<&'h str>, now_ms: i64) -> Vec<Allowance> {
    let of =
        |window: &str, what: &str| header(&format!("anthropic-ratelimit-unified-{window}-{what}"));
    let one = |(window, length_ms): (&str, i64)| {
        let used = of(window, "utilization").and_then(share)?;
        Some(Allowance {
            window: window.to_owned(),
            length_ms: Some(length_ms),
            used,
            resets_ms: of(window, "reset").and_then(unix_seconds),
            state: match of(window, "status") {
                Some("rejected") => AllowanceState::Spent,
                Some("allowed_warning") => AllowanceState::Near,
                _ => AllowanceState::Open,
            },
            heard_ms: now_ms,
        })
    };
    ANTHROPIC.into_iter().filter_map(one).collect()
}

fn codex<'h>(header: &impl Fn(&str) -> Option<&'h str>, now_ms: i64) -> Vec<Allowance> {
    let one = |which: &str| {
        let of = |what: &str| header(&format!("x-codex-{which}-{what}"));
        let percent: f64 = of("used-percent")?.trim().parse().ok()?;
        let used = thousandths(percent / 100.0)?;
        let minutes: Option<i64> = of("window-minutes").and_then(|m| m.trim().parse().ok());
        let minutes = minutes.filter(|m| (1..=1_000_000).contains(m));
        let after = || {
            let seconds: i64 = of("reset-after-seconds")?.trim().parse().ok()?;
            Some(now_ms.saturating_add(seconds.checked_mul(1_000)?))
        };
        Some(Allowance {
            window: minutes.map_or_else(|| which.to_owned(), name),
            length_ms: minutes.map(|m| m * MINUTE_MS),
            used,
            resets_ms: of("reset-at").and_then(unix_seconds).or_else(after),
            state: if percent >= 100.0 { AllowanceState::Spent } else { AllowanceState::Open },
            heard_ms: now_ms,
        })
    };
    ["primary", "secondary"].into_iter().filter_map(one).collect()
}

/// `5h`, `7d`, or minutes where it is neither.
fn name(minutes: i64) -> String {
    const DAY: i64 = 24 * 60;
    match minutes {
        m if m % DAY == 0 => format!("{}d", m / DAY),
        m if m % 60 == 0 => format!("{}h", m / 60),
        m => format!("{m}m"),
    }
}

fn share(text: &str) -> Option<u16> {
    thousandths(text.trim().parse().ok()?)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is held between 0 and 60,000 thousandths before it is cut"
)]
fn thousandths(share: f64) -> Option<u16> {
    (share.is_finite() && share >= 0.0).then(|| (share * WHOLE).min(USED_MAX).round() as u16)
}

fn unix_seconds(text: &str) -> Option<i64> {
    let seconds: i64 = text.trim().parse().ok()?;
    (seconds > 0).then(|| seconds.checked_mul(1_000)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    const NOW: i64 = 1_795_334_400_000;

    fn heard(pairs: &[(&'static str, &'static str)]) -> Vec<Allowance> {
        let map: HashMap<&str, &str> = pairs.iter().copied().collect();
        read(|name| map.get(name).copied(), NOW)
    }

    #[test]
    fn the_windows_of_a_claude_plan_are_read_with_use_reset_and_state() {
        let all = heard(&[
            ("anthropic-ratelimit-unified-status", "allowed"),
            ("anthropic-ratelimit-unified-5h-utilization", "0.425"),
            ("anthropic-ratelimit-unified-5h-reset", "1795340000"),
            ("anthropic-ratelimit-unified-5h-status", "allowed_warning"),
            ("anthropic-ratelimit-unified-7d-utilization", "1.0"),
            ("anthropic-ratelimit-unified-7d-status", "rejected"),
        ]);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].window.as_str(), all[0].used), ("5h", 425));
        assert_eq!(all[0].resets_ms, Some(1_795_340_000_000));
        assert_eq!((all[0].state, all[1].state), (AllowanceState::Near, AllowanceState::Spent));
        assert_eq!((all[1].window.as_str(), all[1].used, all[1].resets_ms), ("7d", 1_000, None));
    }

    #[test]
    fn the_windows_of_codex_are_named_by_their_length() {
        let all = heard(&[
            ("x-codex-primary-used-percent", "12.5"),
            ("x-codex-primary-window-minutes", "300"),
            ("x-codex-primary-reset-at", "1795340000"),
            ("x-codex-secondary-used-percent", "100"),
            ("x-codex-secondary-window-minutes", "10080"),
            ("x-codex-secondary-reset-after-seconds", "60"),
        ]);
        assert_eq!((all[0].window.as_str(), all[0].used), ("5h", 125));
        assert_eq!((all[1].window.as_str(), all[1].state), ("7d", AllowanceState::Spent));
        assert_eq!(all[1].resets_ms, Some(NOW + 60_000));
    }

    #[test]
    fn an_answer_without_such_headers_or_with_nonsense_says_nothing() {
        assert!(heard(&[]).is_empty());
        assert!(heard(&[("anthropic-ratelimit-unified-5h-utilization", "lots")]).is_empty());
        assert!(heard(&[("x-codex-primary-used-percent", "NaN")]).is_empty());
        assert!(heard(&[("x-codex-primary-used-percent", "-3")]).is_empty());
        let odd = heard(&[
            ("x-codex-primary-used-percent", "1e300"),
            ("x-codex-primary-window-minutes", "-5"),
            ("x-codex-primary-reset-at", "99999999999999999999"),
        ]);
        assert_eq!((odd[0].used, odd[0].length_ms, odd[0].resets_ms), (60_000, None, None));
    }
}
