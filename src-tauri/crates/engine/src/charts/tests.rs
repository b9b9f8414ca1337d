//! Tests of the charts, as sentences: what is drawn adds up, nothing is left out, no word is cut.

use super::picture::Picture;
use super::shapes::{Align, Shape, width_of};
use super::*;
use crate::api::{By, Money, Sums, Theme, Tokens};
use proptest::prelude::*;
use weir_core::period::LocalDay;

const LIGHT: Theme = Theme::Light;
const FIRST: LocalDay = LocalDay(20_758); // 2026-11-01
const SIZE: Size = Size { width: 720 };

fn palette() -> &'static Palette {
    Palette::of(LIGHT)
}

fn usd(nano: i64, requests: u64) -> Sums {
    let spent_usd = Money::from_nano(nano);
    Sums { spent_usd, requests, ..Sums::default() }
}

fn cell(day: i32, key: &str, local: bool, sums: Sums) -> Cell {
    let sums = Sums { local_requests: if local { sums.requests } else { 0 }, ..sums };
    Cell { day: LocalDay(FIRST.0 + day), key: key.into(), local, sums }
}

fn days(count: i32, cells: Vec<Cell>) -> Days {
    Days { from: FIRST, to: LocalDay(FIRST.0 + count - 1), cells }
}

/// Twenty-two days of two clouds and a machine, as a developer has them.
fn usual() -> Days {
    let mut cells = Vec::new();
    for day in (0..22).filter(|day| day % 7 != 6) {
        let n = i64::from(day);
        cells.push(cell(
            day,
            "anthropic",
            false,
            usd(180_000_000 + n * 37_123_457 % 900_000_000, 31),
        ));
        cells.push(cell(day, "openai", false, usd(n * 53_000_001 % 310_000_000, 9)));
        cells.push(cell(day, "ollama", true, usd(0, 17)));
    }
    days(22, cells)
}

fn ten_providers() -> Days {
    let names = [
        "anthropic",
        "openai",
        "gemini",
        "openrouter",
        "groq",
        "mistral",
        "deepseek",
        "together",
        "zai",
        "xai",
    ];
    let one = |day: i32, n: usize, name: &str| {
        cell(day, name, false, usd((n as i64 + 1) * 10_000_007, n as u64 + 1))
    };
    let cells =
        (0..3).flat_map(|day| names.iter().enumerate().map(move |(n, name)| one(day, n, name)));
    days(3, cells.collect())
}

fn marks_of(picture: &Picture) -> i128 {
    picture.marks.iter().filter_map(|mark| mark.usd).map(|usd| i128::from(usd.nano())).sum()
}

/// Every word lies inside the sheet by the widest it can come out, and none is empty.
fn words_fit(picture: &Picture) {
    for shape in &picture.shapes {
        let Shape::Words { at, text, align, .. } = shape else { continue };
        let width = width_of(text);
        let left = match align {
            Align::Left => at.0,
            Align::Centre => at.0 - width / 2,
            Align::Right => at.0 - width,
        };
        assert!(
            left >= 0 && left + width <= picture.width + 1,
            "{text:?} from {left} to {}",
            left + width
        );
        assert!(
            at.1 >= 6 && at.1 <= picture.height - 4,
            "{text:?} at {} of {}",
            at.1,
            picture.height
        );
    }
}

/// The whole of a chart is inside its sheet, its table is even, and it says something of itself.
fn sound(picture: &Picture) {
    words_fit(picture);
    let inside = |at: crate::api::ChartBox| {
        at.x >= 0
            && at.y >= 0
            && at.width >= 0
            && at.height >= 0
            && at.x + at.width <= picture.width
            && at.y + at.height <= picture.height
    };
    for stop in &picture.stops {
        assert!(inside(stop.at) && !stop.text.is_empty(), "{stop:?}");
    }
    for mark in &picture.marks {
        assert!(inside(mark.at) && (mark.stop as usize) < picture.stops.len(), "{mark:?}");
    }
    assert!(picture.rows.iter().all(|row| row.len() == picture.columns.len()));
    assert!(!picture.alt.is_empty() && !picture.title.is_empty());
    let svg = picture.clone().chart(palette()).expect("drawn").svg;
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    for unwanted in ["<script", "<style", "href", "http://www.w3.org/1999", "<image"] {
        assert!(!svg.contains(unwanted), "{unwanted}");
    }
}

#[test]
fn the_marks_of_every_day_add_up_to_the_day_to_the_nano_dollar() {
    let days = usual();
    let picture = spend(&days, By::Provider, palette(), SIZE);
    sound(&picture);
    for (index, day) in days.list().iter().enumerate() {
        let own = picture.marks.iter().filter(|mark| mark.stop as usize == index);
        let sum: i64 = own.filter_map(|mark| mark.usd).map(Money::nano).sum();
        assert_eq!(sum, days.sums_of(*day, |_| true).spent_usd.nano());
    }
    assert_eq!(marks_of(&picture), i128::from(days.all(|_| true).spent_usd.nano()));
    let one = |pictured: &Picture| marks_of(pictured);
    assert_eq!(one(&spend(&days, By::Tier, palette(), SIZE)), one(&picture));
    assert_eq!(one(&tasks(&days, palette(), SIZE)), one(&picture));
    assert_eq!(one(&local(&days, palette(), SIZE)), one(&picture));
}

#[test]
fn stacked_parts_stand_on_each_other_without_gap_or_overlap() {
    let picture = spend(&usual(), By::Provider, palette(), SIZE);
    let ground = picture.plot.y + picture.plot.height;
    for stop in 0..picture.stops.len() as u32 {
        let own: Vec<_> = picture.marks.iter().filter(|mark| mark.stop == stop).collect();
        let mut foot = ground;
        for mark in own {
            assert_eq!(mark.at.y + mark.at.height, foot, "{mark:?}");
            let costs = mark.usd.is_some_and(|usd| usd > Money::ZERO);
            assert_eq!(mark.at.height > 0, costs, "what costs is seen: {mark:?}");
            foot = mark.at.y;
        }
        assert!(foot >= picture.plot.y, "{foot}");
    }
}

#[test]
fn a_day_twice_as_dear_is_twice_as_high() {
    let cells = vec![
        cell(0, "openai", false, usd(1_000_000_000, 1)),
        cell(1, "openai", false, usd(2_000_000_000, 1)),
    ];
    let picture = spend(&days(2, cells), By::Provider, palette(), SIZE);
    let high: Vec<i32> = picture.marks.iter().map(|mark| mark.at.height).collect();
    assert!((high[1] - 2 * high[0]).abs() <= 1, "{high:?}");
}

#[test]
fn an_empty_ledger_one_day_and_a_month_are_each_drawn_whole_and_say_what_they_are() {
    for count in [1, 2, 7, 31] {
        for width in [Size::WIDTH_MIN, 480, 720, Size::WIDTH_MAX] {
            let size = Size { width };
            let none = days(count, Vec::new());
            let one = days(count, vec![cell(0, "anthropic", false, usd(1_234_567_890, 3))]);
            for days in [&none, &one] {
                for picture in [
                    spend(days, By::Provider, palette(), size),
                    spend(days, By::Tier, palette(), size),
                    local(days, palette(), size),
                    tasks(days, palette(), size),
                    savings(days, palette(), size),
                ] {
                    sound(&picture);
                }
                assert_eq!(spend(days, By::Provider, palette(), size).stops.len(), count as usize);
            }
        }
    }
    let empty = spend(&days(7, Vec::new()), By::Provider, palette(), SIZE);
    assert_eq!(empty.alt, "Spend by day from 1 Nov to 7 Nov, by provider: $0 in all.");
    assert_eq!(empty.stops[0].text, "1 Nov: no request");
    assert!(empty.shapes.iter().any(|shape| matches!(shape, Shape::Words { text, .. } if text == "Nothing was spent in this time.")));
}

#[test]
fn ten_providers_are_told_apart_and_every_one_is_in_the_table() {
    let days = ten_providers();
    let picture = spend(&days, By::Provider, palette(), SIZE);
    sound(&picture);
    assert_eq!(picture.series.len(), HUES);
    assert_eq!(picture.series.last().map(|series| series.name.as_str()), Some("3 others"));
    let looks: std::collections::HashSet<_> =
        picture.series.iter().map(|series| (series.colour.clone(), series.hatch)).collect();
    assert_eq!(looks.len(), picture.series.len(), "{:?}", picture.series);
    assert_eq!(picture.columns.len(), 2 + 10 + 1);
    assert_eq!(marks_of(&picture), i128::from(days.all(|_| true).spent_usd.nano()));
    // A provider keeps its colour when the others are gone.
    let colour = |picture: &Picture, key: &str| {
        picture.series.iter().find(|series| series.key == key).map(|series| series.colour.clone())
    };
    let alone = super::tests::days(1, vec![cell(0, "xai", false, usd(5, 1))]);
    assert_eq!(
        colour(&spend(&alone, By::Provider, palette(), SIZE), "xai"),
        colour(&picture, "xai")
    );
}

#[test]
fn what_is_estimated_says_about_and_what_is_unpriced_is_seen_and_counted() {
    let mut sums = usd(1_240_000_000, 5);
    (sums.estimated_requests, sums.unpriced_requests) = (1, 2);
    let unknown = Sums { unpriced_requests: 3, ..usd(0, 3) };
    let days = days(2, vec![cell(0, "anthropic", false, sums), cell(1, "groq", false, unknown)]);
    let picture = spend(&days, By::Provider, palette(), SIZE);
    sound(&picture);
    assert_eq!(
        picture.stops[0].text,
        "1 Nov: about $1.24 + 2 unpriced, 5 requests. anthropic about $1.24 + 2 unpriced"
    );
    assert_eq!(picture.stops[1].text, "2 Nov: 3 unpriced, 3 requests. groq 3 unpriced");
    assert!(picture.alt.contains("about $1.24 + 5 unpriced in all"), "{}", picture.alt);
    assert_eq!(picture.notes.len(), 2, "{:?}", picture.notes);
    let diamonds = picture.shapes.iter().filter(
        |shape| matches!(shape, Shape::Area { colour, .. } if *colour == palette().warm_mark),
    );
    assert_eq!(diamonds.count(), 2, "one over each day with an unpriced request");
    let by_task = tasks(&days, palette(), SIZE);
    assert_eq!(by_task.marks[1].text, "3 unpriced", "never free: {:?}", by_task.marks);
}

#[test]
fn work_on_this_machine_is_one_series_always_green_grey_and_hatched() {
    let cells = vec![
        cell(0, "ollama", true, usd(0, 4)),
        cell(0, "lmstudio", true, usd(0, 3)),
        cell(0, "openai", false, usd(7, 2)),
    ];
    let days = days(1, cells);
    for theme in [Theme::Light, Theme::Dark] {
        let palette = Palette::of(theme);
        for picture in [spend(&days, By::Provider, palette, SIZE), local(&days, palette, SIZE)] {
            let here = picture.series.iter().find(|series| series.key == "local").expect("here");
            assert_eq!(
                (here.colour.as_str(), here.hatch),
                ("#6b8a7b", Some(crate::api::Hatch::Rising))
            );
        }
    }
    let picture = local(&days, palette(), SIZE);
    let requests: Vec<_> = picture.marks.iter().map(|mark| mark.requests).collect();
    assert_eq!(requests, [Some(7), Some(2)]);
    assert_eq!(
        picture.alt,
        "Requests by day on 1 Nov: 9 requests, 7 of them on this machine, 78 %."
    );
}

#[test]
fn names_from_outside_are_drawn_as_words_and_never_as_anything_else() {
    let hostile = "<script>alert(1)</script>\u{202e}\u{1b}[31m&\"'\0";
    let days = days(1, vec![cell(0, hostile, false, usd(5_000_000_000, 1))]);
    for picture in [spend(&days, By::Provider, palette(), SIZE), tasks(&days, palette(), SIZE)] {
        sound(&picture);
        let svg = picture.chart(palette()).expect("drawn").svg;
        assert!(
            svg.contains("&lt;script&gt;") && !svg.contains('\u{1b}') && !svg.contains('\0'),
            "{svg}"
        );
    }
    // An amount that is longer than a narrow sheet goes on below itself.
    let many =
        Sums { unpriced_requests: 1_683, estimated_requests: 9, ..usd(3_550_720_000_000, 1_685) };
    let narrow = Size { width: Size::WIDTH_MIN };
    sound(&tasks(&super::tests::days(1, vec![cell(0, "x", false, many)]), palette(), narrow));
    let endless = "m".repeat(256);
    sound(&spend(
        &super::tests::days(1, vec![cell(0, &endless, false, usd(5, 1))]),
        By::Provider,
        palette(),
        SIZE,
    ));
    sound(&tasks(
        &super::tests::days(1, vec![cell(0, &endless, false, usd(5, 1))]),
        palette(),
        SIZE,
    ));
}

fn week(points: usize, ahead: Option<Ahead>) -> Burn {
    const DAY_MS: i64 = 86_400_000;
    let point = |n: usize| BurnPoint {
        at_ms: (n as i64 + 1) * DAY_MS,
        label: axis::day(LocalDay(FIRST.0 + n as i32)),
        spent: Money::from_nano((n as i64 + 1) * 700_000_000),
        day: usd(700_000_000, 9),
    };
    Burn {
        name: "week".into(),
        limit: Money::from_nano(5_000_000_000),
        window_ms: (0, 7 * DAY_MS),
        points: (0..points).map(point).collect(),
        ahead,
        sums: usd(points as i64 * 700_000_000, points as u64 * 9),
    }
}

#[test]
fn a_budget_rises_day_by_day_to_what_is_spent_and_its_band_holds_the_forecast() {
    let money = Money::from_nano;
    let ahead = Ahead {
        at_end: money(4_900_000_000),
        low: money(3_800_000_000),
        high: money(6_100_000_000),
    };
    let picture = burn(&week(4, Some(ahead)), ("16 Nov", "22 Nov"), palette(), SIZE);
    sound(&picture);
    let spent: Vec<i64> =
        picture.marks.iter().filter_map(|mark| mark.usd).map(Money::nano).collect();
    assert_eq!(spent, [700_000_000, 1_400_000_000, 2_100_000_000, 2_800_000_000, 4_900_000_000]);
    let heights: Vec<i32> = picture.marks.iter().take(4).map(|mark| mark.at.y).collect();
    assert!(heights.windows(2).all(|pair| pair[1] < pair[0]), "{heights:?}");
    assert!(picture.alt.contains("$2.80 of $5.00 spent, 56 %"), "{}", picture.alt);
    assert!(
        picture.alt.contains("about $4.90 in the end; between $3.80 and $6.10"),
        "{}",
        picture.alt
    );
    let band = picture.shapes.iter().find_map(|shape| match shape {
        Shape::Area { points, .. } => Some(points.clone()),
        _ => None,
    });
    let band = band.expect("a band");
    assert!(band[1].1 < band[2].1 && band[1].0 == band[2].0, "{band:?}");
}

#[test]
fn a_budget_that_is_over_or_only_begun_or_leads_far_beyond_its_limit_stays_in_its_field() {
    let money = Money::from_nano;
    let far = Ahead { at_end: money(900_000_000_000), low: money(1), high: Money::MAX };
    for (points, ahead) in [(1, None), (7, None), (1, Some(far)), (6, Some(far))] {
        for width in [Size::WIDTH_MIN, 720] {
            let picture =
                burn(&week(points, ahead), ("16 Nov", "22 Nov"), palette(), Size { width });
            sound(&picture);
            for shape in &picture.shapes {
                let (Shape::Line { points, .. } | Shape::Area { points, .. }) = shape else {
                    continue;
                };
                let field = picture.plot;
                let inside = |y: i32| y >= field.y - 1 && y <= field.y + field.height + 1;
                assert!(points.iter().all(|(_, y)| inside(*y)), "{shape:?}");
            }
        }
    }
}

#[test]
fn models_are_told_by_half_and_by_nine_of_ten_of_their_answers() {
    let one = |route: &str, local, half_ms, most_ms| Latency {
        route: route.into(),
        provider: route.split('/').next().unwrap_or_default().into(),
        local,
        requests: 40,
        half_ms,
        most_ms,
    };
    let times = [
        one("anthropic/claude-sonnet-4-5", false, 900, 2_400),
        one("ollama/qwen3:8b", true, 310, 480),
    ];
    let picture = latency(&times, "on 1 Nov", Some(10_000), palette(), SIZE);
    sound(&picture);
    assert_eq!(
        picture.stops[0].text,
        "anthropic/claude-sonnet-4-5: half within 900 ms, nine of ten within 2.4 s, 40 answers"
    );
    assert_eq!(picture.marks[1].ms, Some(310));
    assert_eq!(picture.notes, ["Of the last 10,000 requests."]);
    let many: Vec<Latency> =
        (0..14).map(|n| one(&format!("openrouter/model-{n}"), false, 100, 200)).collect();
    let picture = latency(&many, "on 1 Nov", None, palette(), SIZE);
    sound(&picture);
    assert_eq!((picture.stops.len(), picture.rows.len()), (10, 14));
    assert_eq!(picture.notes, ["4 more models are in the table."]);
    sound(&latency(&[], "on 1 Nov", None, palette(), SIZE));
}

#[test]
fn savings_may_lie_below_zero_and_add_up() {
    let mut cells = Vec::new();
    for (day, saved) in [(0, 120_000_000), (1, -40_000_000), (2, 0), (3, 900_000_001)] {
        let tokens = Tokens { input: 1_000, cache_read: 3_000, ..Tokens::default() };
        cells.push(cell(
            day,
            "anthropic",
            false,
            Sums { saved_usd: Money::from_nano(saved), tokens, ..usd(5, 2) },
        ));
    }
    let days = days(5, cells);
    let picture = savings(&days, palette(), SIZE);
    sound(&picture);
    assert_eq!(marks_of(&picture), i128::from(days.all(|_| true).saved_usd.nano()));
    let bars: Vec<_> = picture.marks.iter().filter(|mark| mark.series == "saved").collect();
    assert!(bars[1].at.y >= bars[0].at.y + bars[0].at.height, "below the line: {bars:?}");
    assert_eq!(picture.stops[0].text, "1 Nov: saved $0.12; 75 % from cache, 3,000 of 4,000 tokens");
    assert_eq!(picture.stops[4].text, "5 Nov: no request");
}

#[test]
fn a_small_chart_is_drawn_as_it_was_looked_at() {
    let mut known = usd(1_200_000_000, 4);
    known.unpriced_requests = 1;
    let cells = vec![
        cell(0, "anthropic", false, known),
        cell(0, "openai", false, usd(300_000_000, 2)),
        cell(1, "ollama", true, usd(0, 5)),
    ];
    let chart = spend(&days(2, cells), By::Provider, palette(), Size { width: 320 })
        .chart(palette())
        .expect("drawn");
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/charts/small.svg");
    if std::env::var_os("WEIR_WRITE").is_some() {
        std::fs::write(&file, &chart.svg).expect("written");
    }
    let looked_at = std::fs::read_to_string(&file).expect("src/charts/small.svg");
    assert_eq!(
        chart.svg,
        looked_at.replace("\r\n", "\n"),
        "look at the new drawing, then: WEIR_WRITE=1 cargo test -p weir-engine charts"
    );
}

proptest! {
    #[test]
    fn whatever_was_spent_the_drawing_holds_it_and_adds_up(
        spent in prop::collection::vec((0i32..31, 0usize..12, 0i64..=2_000_000_000_000, 0u64..1_000, any::<bool>()), 0..60),
        width in 280i32..1_600,
        by_tier in any::<bool>(),
    ) {
        let names = ["anthropic", "openai", "gemini", "groq", "low", "high", "x", "", "mistral", "z", "k", "weir"];
        let cells: Vec<Cell> = spent
            .into_iter()
            .map(|(day, name, nano, unpriced, local)| {
                let sums = Sums { unpriced_requests: unpriced, ..usd(nano, unpriced + 1) };
                cell(day, names[name], local, sums)
            })
            .collect();
        let days = days(31, cells);
        let total = i128::from(days.all(|_| true).spent_usd.nano());
        let size = Size { width };
        let by = if by_tier { By::Tier } else { By::Provider };
        for picture in [spend(&days, by, palette(), size), tasks(&days, palette(), size), local(&days, palette(), size)] {
            sound(&picture);
            prop_assert_eq!(marks_of(&picture), total);
        }
    }
}

/// Twelve days of a developer, the last of them 20 November 2026.
fn window_days() -> Vec<(i32, [Sums; 4])> {
    let day = |n: i64| {
        let quiet = n % 7 == 5 || n % 7 == 6;
        let part = |nano: i64, requests: u64, local: bool| {
            let requests = if quiet { requests / 9 } else { requests };
            let tokens = Tokens {
                input: requests * 1_900,
                cache_read: if local { 0 } else { requests * (2_000 + n as u64 * 450) },
                output: requests * 310,
                ..Tokens::default()
            };
            Sums {
                saved_usd: Money::from_nano(if local { requests as i64 * 9_100_000 } else { 0 }),
                local_requests: if local { requests } else { 0 },
                tokens,
                ..usd(
                    if requests == 0 {
                        0
                    } else if quiet {
                        nano / 9
                    } else {
                        nano
                    },
                    requests,
                )
            }
        };
        let mut anthropic = part(410_000_000 + n * 379_123_457 % 730_000_000, 61, false);
        let mut gemini = part(31_000_000 + n * 7_000_013 % 90_000_000, 14, false);
        anthropic.estimated_requests = u64::from(n == 4);
        gemini.unpriced_requests = if n == 8 { 2 } else { 0 };
        let openai = part(90_000_000 + n * 53_000_001 % 190_000_000, 22, false);
        [anthropic, openai, gemini, part(0, 48, true)]
    };
    (0..12).map(|n| (n, day(i64::from(n)))).collect()
}

fn window_charts(theme: Theme) -> Vec<(String, crate::api::Chart)> {
    const NAMES: [&str; 4] = ["anthropic", "openai", "gemini", "ollama"];
    const TIERS: [&str; 4] = ["high", "medium", "medium", "low"];
    const TASKS: [&str; 4] = ["agent_step", "code_editing", "summarization", "extraction"];
    let first = LocalDay(FIRST.0 + 8);
    let by = |names: [&str; 4]| {
        let cells = window_days().into_iter().flat_map(|(day, parts)| {
            let cell = move |(n, sums): (usize, Sums)| Cell {
                day: LocalDay(first.0 + day),
                key: names[n].into(),
                local: n == 3,
                sums,
            };
            parts.into_iter().enumerate().map(cell).collect::<Vec<_>>()
        });
        Days { from: first, to: LocalDay(first.0 + 11), cells: cells.collect() }
    };
    let (providers, size, palette) = (by(NAMES), Size { width: 400 }, Palette::of(theme));
    let times = [
        ("anthropic/claude-sonnet-5-5", false, 1_140, 2_610),
        ("ollama/qwen2.5-coder:7b", true, 340, 520),
        ("openai/gpt-5", false, 1_720, 3_900),
        ("gemini/gemini-3-flash", false, 410, 760),
    ];
    let times = times.map(|(route, local, half_ms, most_ms)| Latency {
        route: route.into(),
        provider: route.split('/').next().unwrap_or_default().into(),
        local,
        requests: 212,
        half_ms,
        most_ms,
    });
    let money = Money::from_nano;
    let ahead = Ahead {
        at_end: money(6_100_000_000),
        low: money(4_300_000_000),
        high: money(7_900_000_000),
    };
    let mut week = week(5, Some(ahead));
    week.limit = money(10_000_000_000);
    let week = burn(&week, ("16 Nov", "22 Nov"), palette, Size { width: 560 });
    let pictures = [
        ("spend provider", spend(&providers, By::Provider, palette, size)),
        ("spend tier", spend(&by(TIERS), By::Tier, palette, size)),
        ("local", local(&providers, palette, size)),
        ("savings", savings(&providers, palette, size)),
        ("tasks", tasks(&by(TASKS), palette, size)),
        ("latency", latency(&times, "from 9 Nov to 20 Nov", None, palette, size)),
        ("budget", week),
    ];
    let said = if theme == Theme::Dark { "dark" } else { "light" };
    let drawn = pictures
        .map(|(name, picture)| (format!("{name} {said}"), picture.chart(palette).expect("drawn")));
    drawn.into()
}

#[test]
fn the_windows_pages_are_looked_at_with_drawings_as_they_are_now() {
    let all: std::collections::BTreeMap<_, _> =
        [Theme::Light, Theme::Dark].into_iter().flat_map(window_charts).collect();
    let file =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/test/charts.json");
    let text = serde_json::to_string(&all).expect("JSON").replace("},\"", "},\n\"") + "\n";
    if std::env::var_os("WEIR_WRITE").is_some() {
        std::fs::write(&file, &text).expect("written");
    }
    let kept = std::fs::read_to_string(&file).expect("ui/test/charts.json");
    assert!(
        kept.replace("\r\n", "\n") == text,
        "ui/test/charts.json is stale. Run: WEIR_WRITE=1 cargo test -p weir-engine charts"
    );
}
