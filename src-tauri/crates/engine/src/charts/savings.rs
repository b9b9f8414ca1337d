//! What was saved by day, and below it how much of the prompts came from providers' caches.
//! Owns the share's line; amounts may lie below zero, where routing cost more than was asked for.

use super::axis::{self, Field, GAP_PX, above, bar_of, column, gutter, under};
use super::facts::Days;
use super::palette::Palette;
use super::picture::{Picture, Size, Standing};
use super::shapes::{Align, LINE_PX, Shape};
use super::stacked::{number, words};
use crate::api::{ChartBox, ChartKind, ChartMark, ChartStop, Sums};
use crate::words::{percent, tokens};

/// Heights of the two fields, in pixels.
const SAVED_PX: i32 = 110;
const CACHED_PX: i32 = 64;
/// Radius of a day's share, in pixels.
const DOT_PX: i32 = 3;
/// The keys of the two.
const SAVED: &str = "saved";
const CACHED: &str = "cache";

/// Tokens of prompts, and those of them that came from a cache.
fn prompt(sums: &Sums) -> (u64, u64) {
    let t = &sums.tokens;
    let written = t.cache_write_5m.saturating_add(t.cache_write_1h);
    (t.input.saturating_add(t.cache_read).saturating_add(written), t.cache_read)
}

fn share(sums: &Sums) -> Option<u64> {
    let (whole, cached) = prompt(sums);
    percent(cached, whole)
}

/// Savings and caches by day.
pub fn savings(days: &Days, palette: &Palette, size: Size) -> Picture {
    let list = days.list();
    let sums: Vec<Sums> = list.iter().map(|day| days.sums_of(*day, |_| true)).collect();
    let most = sums.iter().map(|s| s.saved_usd.nano()).max().unwrap_or(0).max(0);
    let least = sums.iter().map(|s| s.saved_usd.nano()).min().unwrap_or(0).min(0);
    let (low, high) = (least.saturating_add(least / 12), above(most));
    let none = most == 0 && least == 0;
    let money_gutter = if none { 0 } else { gutter(low, high, axis::money) };
    let left = money_gutter.max(gutter(0, 100, percents));
    let width = size.width - left - GAP_PX / 2;
    let upper = ChartBox { x: left, y: LINE_PX + 4, width, height: SAVED_PX };
    let lower_y = upper.y + SAVED_PX + 2 * LINE_PX + 8;
    let lower = ChartBox { x: left, y: lower_y, width, height: CACHED_PX };
    let count = i64::try_from(list.len()).unwrap_or(1);
    let money = Field::new(upper, (0, count), (low, high));
    let shares = Field::new(lower, (0, count), (0, 100));
    let mut shapes = grounds(&money, &shares, none, palette);
    let mut standing = Standing::default();
    let mut line = Vec::new();
    for (index, (day, sums)) in list.iter().zip(&sums).enumerate() {
        let column = column(upper, index, list.len());
        let at = bar(&money, column, sums);
        if at.height > 0 {
            shapes.push(Shape::bar(at, palette.accent_mark, None));
        }
        let dot = share(sums).map(|share| {
            let y = shares.y(i64::try_from(share).unwrap_or(100).min(100));
            (column.x + column.width / 2, y)
        });
        line.extend(dot);
        day_of(axis::day(*day), sums, column, at, dot, lower, &mut standing);
    }
    let colour = palette.hues[6];
    if line.len() > 1 {
        shapes.push(Shape::Line { points: line.clone(), colour, width: 1, dashed: false });
    }
    shapes.extend(line.into_iter().map(|at| Shape::Dot { at, radius: DOT_PX, colour }));
    let labels: Vec<String> = list.iter().map(|day| axis::day(*day)).collect();
    shapes.extend(under(palette, lower, &labels, size.width));
    let mut picture = Picture {
        kind: ChartKind::Savings,
        title: "Saved, and from cache".into(),
        shapes,
        width: size.width,
        height: lower.y + lower.height + LINE_PX + GAP_PX,
        plot: upper,
        stops: standing.stops,
        marks: standing.marks,
        ..Picture::default()
    };
    told(days, &labels, &sums, &mut picture);
    picture
}

fn percents(n: i64) -> String {
    format!("{n} %")
}

/// Headings and lines of both fields; `none` where nothing was saved.
fn grounds(money: &Field, shares: &Field, none: bool, palette: &Palette) -> Vec<Shape> {
    let (upper, lower) = (money.plot, shares.plot);
    let heading = |y: i32, text: &str| Shape::words((0, y), text, palette.ink_2, Align::Left);
    let mut shapes = vec![
        heading(LINE_PX / 2, "Saved against what was asked for"),
        heading(lower.y - LINE_PX - 4, "Of the prompts, from cache"),
    ];
    if none {
        let middle = (upper.x + upper.width / 2, upper.y + upper.height / 2);
        let y = upper.y + upper.height;
        shapes.push(Shape::rule(upper.x, y, upper.width, palette.ink_2));
        let text = "Nothing was saved in this time.";
        shapes.push(Shape::words(middle, text, palette.ink_2, Align::Centre));
    } else {
        shapes.extend(money.lines(palette, axis::money));
    }
    for tick in [0, 50, 100] {
        let y = shares.y(tick);
        let colour = if tick == 0 { palette.ink_2 } else { palette.line };
        shapes.push(Shape::rule(lower.x, y, lower.width, colour));
        let at = (lower.x - GAP_PX, y);
        shapes.push(Shape::words(at, percents(tick), palette.ink_2, Align::Right));
    }
    shapes
}

/// From zero to what was saved, upwards or downwards.
fn bar(field: &Field, column: ChartBox, sums: &Sums) -> ChartBox {
    let (x, width) = bar_of(column);
    let (zero, end) = (field.y(0), field.y(sums.saved_usd.nano()));
    let end = match sums.saved_usd.nano() {
        0 => zero,
        n if n > 0 => end.min(zero - 1),
        _ => end.max(zero + 1),
    };
    ChartBox { x, y: zero.min(end), width, height: (zero - end).abs() }
}

fn day_of(
    label: String,
    sums: &Sums,
    column: ChartBox,
    bar: ChartBox,
    dot: Option<(i32, i32)>,
    lower: ChartBox,
    standing: &mut Standing,
) {
    let stop = u32::try_from(standing.stops.len()).unwrap_or(u32::MAX);
    let mark = |series: &str, text: String, at: ChartBox| ChartMark {
        stop,
        series: series.into(),
        label: label.clone(),
        usd: None,
        requests: None,
        ms: None,
        percent: None,
        text,
        at,
    };
    let saved = sums.saved_usd.short();
    let mut text = format!("{label}: no request");
    if sums.requests > 0 {
        let usd = Some(sums.saved_usd);
        standing.marks.push(ChartMark { usd, ..mark(SAVED, saved.clone(), bar) });
        text = format!("{label}: saved {saved}");
    }
    if let (Some(share), Some((x, y))) = (share(sums), dot) {
        let (whole, cached) = prompt(sums);
        let at = ChartBox { x: x - DOT_PX, y: y - DOT_PX, width: 2 * DOT_PX, height: 2 * DOT_PX };
        let said = format!("{share} % from cache, {} of {} tokens", tokens(cached), tokens(whole));
        text = format!("{text}; {said}");
        let percent = Some(share);
        standing.marks.push(ChartMark { percent, ..mark(CACHED, format!("{share} %"), at) });
    }
    let height = lower.y + lower.height - column.y;
    let at = ChartBox { height, ..column };
    standing.stops.push(ChartStop { label, text, at });
}

fn told(days: &Days, labels: &[String], sums: &[Sums], picture: &mut Picture) {
    let all = days.all(|_| true);
    let (whole, cached) = prompt(&all);
    let share = share(&all).map_or(String::new(), |share| {
        format!(
            "; {share} % of the prompts from cache, {} of {} tokens",
            tokens(cached),
            tokens(whole)
        )
    });
    picture.alt = format!("Saved {}: {} in all{share}.", days.said(), all.saved_usd.short());
    picture.columns =
        vec![words("Day"), number("Saved"), number("Prompt tokens"), number("From cache")];
    picture.rows = labels
        .iter()
        .zip(sums)
        .map(|(label, sums)| {
            let (whole, cached) = prompt(sums);
            let saved = if sums.requests == 0 { "–".into() } else { sums.saved_usd.short() };
            let part = percent(cached, whole)
                .map_or("–".into(), |share| format!("{} · {share} %", tokens(cached)));
            vec![label.clone(), saved, tokens(whole), part]
        })
        .collect();
    if all.estimated_requests > 0 {
        let n = crate::words::count(all.estimated_requests, "request", "requests");
        picture.notes.push(format!("About: the usage of {n} was estimated."));
    }
}
