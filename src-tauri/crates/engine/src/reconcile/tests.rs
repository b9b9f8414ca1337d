//! Tests of reading providers' reports, as sentences.

use super::*;
use proptest::prelude::*;

const ANTHROPIC: &[u8] = include_bytes!("reports/anthropic.json");
const OPENAI: &[u8] = include_bytes!("reports/openai.json");
const OPENROUTER: &[u8] = include_bytes!("reports/openrouter.json");

fn november() -> Month {
    Month::of(Some("2026-11"), 0).unwrap()
}

fn sum(page: &Page, day: &str, model: &str) -> Option<i64> {
    page.sums.get(&(day.to_owned(), model.to_owned())).map(|m| m.nano())
}

#[test]
fn anthropics_report_is_in_cents_by_model_and_has_pages() {
    let page = Report::Anthropic.read(ANTHROPIC, &november()).unwrap();
    assert_eq!(sum(&page, "2026-11-20", "claude-sonnet-4-5"), Some(2_000_000_000));
    assert_eq!(sum(&page, "2026-11-20", ""), Some(20_000_000), "what names no model");
    let next = page.next.unwrap();
    let url = Report::Anthropic.url("https://api.anthropic.com", &november(), Some(&next));
    assert_eq!(
        url,
        "https://api.anthropic.com/v1/organizations/cost_report?starting_at=2026-11-01T00:00:00Z&\
         ending_at=2026-12-01T00:00:00Z&bucket_width=1d&group_by[]=description&limit=31&page=page_\
         MjAyNi0xMS0yMlQwMDowMDowMFo%3D"
    );
}

#[test]
fn openais_report_is_in_dollars_by_line_and_small_amounts_keep_their_size() {
    let page = Report::OpenAi.read(OPENAI, &november()).unwrap();
    assert_eq!(sum(&page, "2026-11-20", "gpt-5"), Some(60_012_500));
    assert_eq!(page.next, None);
    let url = Report::OpenAi.url("https://api.openai.com/v1/", &november(), None);
    assert!(url.starts_with("https://api.openai.com/v1/organization/costs?start_time=1793491200"));
}

#[test]
fn openrouters_report_is_held_to_the_month() {
    let page = Report::OpenRouter.read(OPENROUTER, &november()).unwrap();
    assert_eq!(page.sums.len(), 1);
    assert_eq!(sum(&page, "2026-11-20", "openai/gpt-4.1"), Some(15_000_000));
}

#[test]
fn a_report_of_another_shape_is_told_and_never_read_as_zero() {
    for report in [Report::Anthropic, Report::OpenAi, Report::OpenRouter] {
        assert!(report.read(b"{\"data\": 3}", &november()).is_err());
        assert!(report.read(b"<html>", &november()).is_err());
    }
    let odd =
        br#"{"data":[{"starting_at":"2026-11-20T00:00:00Z","results":[{"amount":"a lot"}]}]}"#;
    assert!(Report::Anthropic.read(odd, &november()).unwrap_err().contains("no amount"));
    let mask = Mask::of([b"own-admin-key".as_slice()]);
    let body = br#"{"error":{"message":"admin\nkeys only, not own\u002dadmin-key"}}"#;
    assert_eq!(refusal(body, &mask), ": admin keys only, not [hidden]");
}

#[test]
fn the_gap_is_what_they_report_without_what_the_ledger_has() {
    let (mut own, mut theirs) = (Sums::new(), Sums::new());
    add(&mut own, "2026-11-20", "claude-sonnet-4-5", Money::from_nano(7));
    add(&mut own, "2026-11-21", "gone", Money::from_nano(5));
    add(&mut theirs, "2026-11-20", "claude-sonnet-4-5-20250929", Money::from_nano(10));
    let both = compare("anthropic", &november(), &own, &theirs, 2);
    let gaps: Vec<i64> = both.days.iter().map(|d| d.gap_usd.nano()).collect();
    assert_eq!(gaps, [3, -5]);
    assert_eq!(both.gap.gap_usd.nano(), -2);
    assert_eq!((both.month.as_str(), both.unpriced_requests), ("2026-11", 2));
}

#[test]
fn months_are_named_or_this_one() {
    assert_eq!(Month::of(None, 1_795_334_400_000).unwrap(), november());
    assert_eq!(Month::of(Some("2026-12"), 0).unwrap().to.to_string(), "2027-01-01");
    assert!(Month::of(Some("November"), 0).is_err());
}

#[test]
fn openrouters_report_is_held_against_its_thirty_days_alone() {
    let day = |text: &str| text.parse::<Date>().unwrap();
    let covered = |report: Report, month: &str, now_ms| {
        report.covered(Month::of(Some(month), 0).unwrap(), now_ms)
    };
    let now = 1_795_334_400_000; // 22 November 2026
    let part = covered(Report::OpenRouter, "2026-11", now).unwrap();
    assert_eq!((part.from, part.last()), (day("2026-11-01"), day("2026-11-21")));
    assert!(!part.is_whole(), "today has not ended");
    let before = covered(Report::OpenRouter, "2026-10", now).unwrap();
    assert_eq!((before.from, before.last()), (day("2026-10-23"), day("2026-10-31")));
    let december = now + 9 * 24 * 3_600_000; // the first of it
    assert!(covered(Report::OpenRouter, "2026-11", december).unwrap().is_whole());
    for month in ["2026-09", "2026-12"] {
        let why = covered(Report::OpenRouter, month, december).unwrap_err();
        assert!(why.contains("the last 30 whole days alone, which are 2026-11-01"), "{why}");
    }
    assert_eq!(covered(Report::OpenAi, "2026-09", now).unwrap().name(), "2026-09");
    let told = compare("openrouter", &part, &Sums::new(), &Sums::new(), 0);
    assert_eq!((told.from.as_str(), told.to.as_str()), ("2026-11-01", "2026-11-21"));
    assert_eq!((told.month.as_str(), told.whole_month), ("2026-11", false));
}

proptest! {
    #[test]
    fn a_decimal_is_read_to_the_nano_dollar(nano_usd in 0i64..1_000_000_000_000_000) {
        let text = Money::from_nano(nano_usd).to_string();
        let raw = RawValue::from_string(text).unwrap();
        prop_assert_eq!(nano(&raw, 9), Some(Money::from_nano(nano_usd)));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "[0-9eE.+-]{1,20}") {
        if let Ok(raw) = RawValue::from_string(text) {
            let _ = nano(&raw, 9);
        }
    }
}
