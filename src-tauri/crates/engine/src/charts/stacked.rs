//! Days as columns of stacked parts: spend by provider or tier, and requests local against cloud.
//! Owns that what is shown of a day adds up to the day, and that a part is never too small to see.

use super::axis::{self, Field, GAP_PX, above, bar_of, column, gutter, under};
use super::facts::{Cell, Days};
use super::palette::Palette;
use super::picture::{Picture, Size, Standing};
use super::series::{self, Series};
use super::shapes::{Align, LINE_PX, Shape};
use crate::api::{By, ChartBox, ChartColumn, ChartKind, ChartMark, ChartStop, Money, Sums};
use crate::words::{count, grouped, percent, plain};
use weir_core::period::LocalDay;

/// Height of the field, in pixels.
const FIELD_PX: i32 = 150;
/// Half of the mark over a day with unpriced requests.
const DIAMOND_PX: i32 = 4;

/// What a chart of columns is about.
struct About<'a> {
    days: &'a Days,
    list: Vec<LocalDay>,
    series: Vec<Series>,
    /// The key a cell is counted under.
    key: fn(By, &Cell) -> &str,
    by: By,
    /// What a part is as high as.
    height: fn(&Sums) -> i64,
    /// Beside the axis.
    scale: fn(i64) -> String,
    /// A part in words.
    text: fn(&Sums) -> String,
    /// Whether a part can be missing from the height: what has no price.
    open: bool,
    /// Said where there is nothing to draw.
    nothing: &'static str,
}

impl About<'_> {
    fn part(&self, day: LocalDay, series: &Series) -> Sums {
        self.days.sums_of(day, |cell| series.holds((self.key)(self.by, cell)))
    }
}

/// Spend by day.
pub fn spend(days: &Days, by: By, palette: &Palette, size: Size) -> Picture {
    let about = About {
        days,
        list: days.list(),
        series: series::of(days, by, palette),
        key: series::key,
        by,
        height: |sums| sums.spent_usd.nano().max(0),
        scale: axis::money,
        text: Sums::shown,
        open: true,
        nothing: "Nothing was spent in this time.",
    };
    let mut picture = drawn(&about, palette, size);
    picture.kind = ChartKind::Spend;
    picture.title = format!("Spend by day and {}", by.as_str());
    let all = days.all(|_| true);
    picture.alt = format!(
        "Spend by day {}, by {}: {} in all{}.{}",
        days.said(),
        by.as_str(),
        all.shown(),
        most(days),
        parts_said(&about, |sums| sums.shown()),
    );
    picture.notes = notes(&all);
    (picture.columns, picture.rows) = table(days, by);
    picture
}

/// Requests by day, local against cloud.
pub fn local(days: &Days, palette: &Palette, size: Size) -> Picture {
    let cloud = Series::new(CLOUD, "cloud", palette.accent, None);
    let about = About {
        days,
        list: days.list(),
        series: vec![series::here(palette), cloud],
        key: |_, cell| if cell.local { series::LOCAL } else { CLOUD },
        by: By::Provider,
        height: |sums| i64::try_from(sums.requests).unwrap_or(i64::MAX),
        scale: |n| grouped(u64::try_from(n).unwrap_or(0)),
        text: |sums| count(sums.requests, "request", "requests"),
        open: false,
        nothing: "No request came in this time.",
    };
    let mut picture = drawn(&about, palette, size);
    picture.kind = ChartKind::Local;
    picture.title = "Local against cloud".into();
    let all = days.all(|_| true);
    let here = days.all(|cell| cell.local);
    let share = percent(here.requests, all.requests);
    picture.alt = format!(
        "Requests by day {}: {}, {} of them on this machine{}.",
        days.said(),
        count(all.requests, "request", "requests"),
        grouped(here.requests),
        share.map_or(String::new(), |share| format!(", {share} %")),
    );
    picture.columns = vec![
        words("Day"),
        number("Local"),
        number("Cloud"),
        number("Share local"),
        number("Spent"),
    ];
    picture.rows = about
        .list
        .iter()
        .map(|day| {
            let (sums, here) =
                (days.sums_of(*day, |_| true), days.sums_of(*day, |cell| cell.local));
            vec![
                axis::day(*day),
                grouped(here.requests),
                grouped(sums.requests.saturating_sub(here.requests)),
                percent(here.requests, sums.requests).map_or("–".into(), |p| format!("{p} %")),
                if sums.requests == 0 { "–".into() } else { sums.shown() },
            ]
        })
        .collect();
    picture
}

const CLOUD: &str = "cloud";

fn drawn(about: &About<'_>, palette: &Palette, size: Size) -> Picture {
    let unpriced =
        |day: &LocalDay| about.open && about.days.sums_of(*day, |_| true).unpriced_requests > 0;
    let open = about.list.iter().any(unpriced);
    let (mut shapes, head) = series::legend(&about.series, palette, 0, size.width);
    let whole = |day: &LocalDay| (about.height)(&about.days.sums_of(*day, |_| true));
    let most = about.list.iter().map(whole).max().unwrap_or(0);
    let top = above(most);
    let left = if most == 0 { GAP_PX } else { gutter(0, top, about.scale) };
    let head = head + if open { 2 * DIAMOND_PX + 2 } else { 4 };
    let plot =
        ChartBox { x: left, y: head, width: size.width - left - GAP_PX / 2, height: FIELD_PX };
    let days = i64::try_from(about.list.len()).unwrap_or(1);
    let field = Field::new(plot, (0, days), (0, top));
    let mut standing = Standing::default();
    if most == 0 {
        let y = plot.y + plot.height;
        shapes.push(Shape::rule(plot.x, y, plot.width, palette.ink_2));
        let middle = (plot.x + plot.width / 2, plot.y + plot.height / 2);
        shapes.push(Shape::words(middle, about.nothing, palette.ink_2, Align::Centre));
    } else {
        shapes.extend(field.lines(palette, about.scale));
    }
    for (index, day) in about.list.iter().enumerate() {
        day_of(about, palette, &field, index, *day, &mut shapes, &mut standing);
    }
    let labels: Vec<String> = about.list.iter().map(|day| axis::day(*day)).collect();
    shapes.extend(under(palette, plot, &labels, size.width));
    Picture {
        shapes,
        width: size.width,
        height: plot.y + plot.height + LINE_PX + GAP_PX,
        plot,
        stops: standing.stops,
        marks: standing.marks,
        series: about.series.iter().map(Series::view).collect(),
        ..Picture::default()
    }
}

/// Draws one day and says what it is.
fn day_of(
    about: &About<'_>,
    palette: &Palette,
    field: &Field,
    index: usize,
    day: LocalDay,
    shapes: &mut Vec<Shape>,
    standing: &mut Standing,
) {
    let column = column(field.plot, index, about.list.len());
    let (x, width) = bar_of(column);
    let label = axis::day(day);
    let whole = about.days.sums_of(day, |_| true);
    let mut below = 0i64;
    let mut y = field.y(0);
    let mut said = Vec::new();
    for series in &about.series {
        let sums = about.part(day, series);
        if sums == Sums::default() {
            continue;
        }
        below = below.saturating_add((about.height)(&sums));
        // From the sum and not from the part, so that what is rounded does not add up.
        let upper = if (about.height)(&sums) > 0 { field.y(below).min(y - 1) } else { y };
        let upper = upper.max(field.plot.y.min(y));
        let at = ChartBox { x, y: upper, width, height: y - upper };
        if at.height > 0 {
            shapes.push(Shape::bar(at, series.colour, series.hatch));
        }
        let text = (about.text)(&sums);
        said.push(format!("{} {text}", series.name));
        standing.marks.push(mark(standing.stops.len(), &series.key, &label, &sums, text, at));
        y = upper;
    }
    if about.open && whole.unpriced_requests > 0 {
        let (middle, foot) = (x + width / 2, y - 2);
        let points = vec![
            (middle - DIAMOND_PX, foot - DIAMOND_PX),
            (middle, foot - 2 * DIAMOND_PX),
            (middle + DIAMOND_PX, foot - DIAMOND_PX),
            (middle, foot),
        ];
        shapes.push(Shape::Area { points, colour: palette.warm_mark, alpha: 1.0 });
    }
    let requests = count(whole.requests, "request", "requests");
    let text = match said.len() {
        0 => format!("{label}: no request"),
        _ => format!("{label}: {}, {requests}. {}", whole.shown(), said.join(", ")),
    };
    standing.stops.push(ChartStop { label, text, at: column });
}

fn mark(
    stop: usize,
    series: &str,
    label: &str,
    sums: &Sums,
    text: String,
    at: ChartBox,
) -> ChartMark {
    ChartMark {
        stop: u32::try_from(stop).unwrap_or(u32::MAX),
        series: series.to_owned(),
        label: label.to_owned(),
        usd: Some(sums.spent_usd),
        requests: Some(sums.requests),
        ms: None,
        percent: None,
        text,
        at,
    }
}

/// `; most on 20 Nov: $2.00`.
fn most(days: &Days) -> String {
    let list = days.list();
    let spent = |day: &LocalDay| days.sums_of(*day, |_| true).spent_usd;
    let Some(day) = list.iter().rev().max_by_key(|day| spent(day)) else { return String::new() };
    if spent(day) <= Money::ZERO || list.len() < 2 {
        return String::new();
    }
    format!("; most on {}: {}", axis::day(*day), spent(day).short())
}

/// ` Anthropic $9.10, openai $3.00.`
fn parts_said(about: &About<'_>, text: impl Fn(&Sums) -> String) -> String {
    let part = |series: &Series| {
        let sums = about.days.all(|cell| series.holds((about.key)(about.by, cell)));
        (sums != Sums::default()).then(|| format!("{} {}", series.name, text(&sums)))
    };
    let parts: Vec<String> = about.series.iter().filter_map(part).collect();
    if parts.is_empty() { String::new() } else { format!(" {}.", parts.join(", ")) }
}

/// What a sum leaves open, one sentence each.
pub fn notes(all: &Sums) -> Vec<String> {
    let about = (all.estimated_requests > 0).then(|| {
        let n = count(all.estimated_requests, "request", "requests");
        format!("About: the usage of {n} was estimated.")
    });
    let open = (all.unpriced_requests > 0).then(|| {
        let n = count(all.unpriced_requests, "request has", "requests have");
        format!("{n} no known price and no height; a diamond stands over such days.")
    });
    about.into_iter().chain(open).collect()
}

pub(super) fn words(name: &str) -> ChartColumn {
    ChartColumn { name: name.into(), number: false }
}

pub(super) fn number(name: &str) -> ChartColumn {
    ChartColumn { name: name.into(), number: true }
}

/// Every day with every provider or tier, also those that the drawing puts together.
fn table(days: &Days, by: By) -> (Vec<ChartColumn>, Vec<Vec<String>>) {
    let mut keys: Vec<&str> = days.cells.iter().map(|cell| series::key(by, cell)).collect();
    keys.sort_unstable();
    keys.dedup();
    let name = |key: &str| match (key, by) {
        (series::LOCAL, By::Provider) => "this machine".to_owned(),
        (series::NONE, By::Tier) => "not judged".to_owned(),
        (series::NONE, _) => "not said".to_owned(),
        (key, _) => plain(key),
    };
    let mut columns = vec![words("Day"), number("Requests")];
    columns.extend(keys.iter().map(|key| number(&name(key))));
    columns.push(number("Spent"));
    let cell = |sums: Sums| if sums == Sums::default() { "–".into() } else { sums.shown() };
    let row = |day: LocalDay| {
        let whole = days.sums_of(day, |_| true);
        let mut row = vec![axis::day(day), grouped(whole.requests)];
        row.extend(keys.iter().map(|key| cell(days.sums_of(day, |c| series::key(by, c) == *key))));
        row.push(cell(whole));
        row
    };
    (columns, days.list().into_iter().map(row).collect())
}
