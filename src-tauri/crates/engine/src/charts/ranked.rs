//! Rows with a bar each: what tasks cost, the dearest first, and how long models take.
//! Owns how many rows are shown and what the rest is put together as.

use super::axis::GAP_PX;
use super::facts::{Days, Latency};
use super::palette::{Palette, Rgb, hue};
use super::picture::{Picture, Size, Standing};
use super::shapes::{Align, LINE_PX, Shape, broken, width_of};
use super::stacked::{notes, number, words};
use crate::api::{ChartBox, ChartKind, ChartMark, ChartStop, Hatch, Sums};
use crate::words::{count, grouped, lasted, plain};

/// Rows drawn; the table has all.
const ROWS_MAX: usize = 10;
/// The height of a bar, in pixels.
const BAR_PX: i32 = 10;
/// From a bar to the next row's words, in pixels.
const ROW_GAP_PX: i32 = 10;

/// One row before it is drawn.
struct Row {
    name: String,
    /// Beside the name, to the right.
    value: String,
    /// The value of the dark part and of the whole bar; both in the unit of the scale.
    parts: (i64, i64),
    colour: Rgb,
    hatch: Option<Hatch>,
    stop: String,
    mark: ChartMark,
}

/// What tasks cost.
pub fn tasks(days: &Days, palette: &Palette, size: Size) -> Picture {
    let mut keys: Vec<&str> = days.cells.iter().map(|cell| cell.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let sums = |key: &str| days.all(|cell| cell.key == key);
    let mut all: Vec<(String, Sums)> =
        keys.into_iter().map(|key| (task_name(key), sums(key))).collect();
    all.sort_by(|a, b| {
        (b.1.spent_usd, b.1.requests).cmp(&(a.1.spent_usd, a.1.requests)).then(a.0.cmp(&b.0))
    });
    let whole = days.all(|_| true);
    let mut shown: Vec<(String, Sums)> = all.clone();
    if shown.len() > ROWS_MAX {
        let rest = shown.split_off(ROWS_MAX - 1);
        let name = count(rest.len() as u64, "other task", "other tasks");
        shown.push((name, rest.iter().fold(Sums::default(), |sum, (_, one)| sum.with(one))));
    }
    let row = |(name, sums): &(String, Sums)| {
        let requests = count(sums.requests, "request", "requests");
        Row {
            name: name.clone(),
            value: format!("{} · {requests}", sums.shown()),
            parts: (sums.spent_usd.nano(), sums.spent_usd.nano()),
            colour: palette.accent_mark,
            hatch: None,
            stop: format!("{name}: {}, {requests}", sums.shown()),
            mark: ChartMark {
                usd: Some(sums.spent_usd),
                requests: Some(sums.requests),
                ..mark(name, sums.shown())
            },
        }
    };
    let rows: Vec<Row> = shown.iter().map(row).collect();
    let mut picture = drawn(&rows, "No request came in this time.", palette, size);
    picture.kind = ChartKind::Tasks;
    picture.title = "Spend by task".into();
    let said: Vec<String> =
        shown.iter().map(|(name, sums)| format!("{name} {}", sums.shown())).collect();
    picture.alt =
        format!("Spend by task {}: {} in all. {}.", days.said(), whole.shown(), said.join(", "));
    picture.columns = vec![words("Task"), number("Requests"), number("Spent")];
    picture.rows = all
        .iter()
        .map(|(name, sums)| vec![name.clone(), grouped(sums.requests), sums.shown()])
        .collect();
    picture.notes = notes_without_diamond(&whole);
    picture
}

/// How long models take to the first byte of an answer. `limit` is how many of the last requests
/// were looked at, where there were more.
pub fn latency(
    times: &[Latency],
    said: &str,
    limit: Option<usize>,
    palette: &Palette,
    size: Size,
) -> Picture {
    let row = |one: &Latency| {
        let name = plain(&one.route);
        let value = format!("half {} · nine of ten {}", lasted(one.half_ms), lasted(one.most_ms));
        let requests = count(one.requests, "answer", "answers");
        let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let colour = if one.local { palette.local_mark } else { palette.hues[hue(&one.provider)] };
        Row {
            stop: format!(
                "{name}: half within {}, nine of ten within {}, {requests}",
                lasted(one.half_ms),
                lasted(one.most_ms)
            ),
            parts: (ms(one.half_ms), ms(one.most_ms)),
            colour,
            hatch: one.local.then_some(Hatch::Rising),
            mark: ChartMark {
                ms: Some(one.half_ms),
                requests: Some(one.requests),
                ..mark(&name, value.clone())
            },
            name,
            value,
        }
    };
    let rows: Vec<Row> = times.iter().take(ROWS_MAX).map(row).collect();
    let mut picture = drawn(&rows, "No answer came in this time.", palette, size);
    picture.kind = ChartKind::Latency;
    picture.title = "Time to the first byte".into();
    let told: Vec<String> = rows.iter().map(|row| row.stop.clone()).collect();
    picture.alt = format!("Time to the first byte by model {said}. {}.", told.join(". "));
    picture.columns = vec![
        words("Model"),
        number("Answers"),
        number("Half within"),
        number("Nine of ten within"),
    ];
    picture.rows = times
        .iter()
        .map(|one| {
            let name = plain(&one.route);
            vec![name, grouped(one.requests), lasted(one.half_ms), lasted(one.most_ms)]
        })
        .collect();
    let more = times.len().saturating_sub(ROWS_MAX);
    picture
        .notes
        .extend(limit.map(|limit| format!("Of the last {} requests.", grouped(limit as u64))));
    if more > 0 {
        picture.notes.push(format!(
            "{} in the table.",
            count(more as u64, "more model is", "more models are")
        ));
    }
    picture
}

fn task_name(key: &str) -> String {
    if key.is_empty() { "not judged".into() } else { plain(key).replace('_', " ") }
}

fn notes_without_diamond(all: &Sums) -> Vec<String> {
    let mut notes = notes(&Sums { unpriced_requests: 0, ..*all });
    if all.unpriced_requests > 0 {
        let n = count(all.unpriced_requests, "request has", "requests have");
        notes.push(format!("{n} no known price and no part in the bars."));
    }
    notes
}

fn mark(name: &str, text: String) -> ChartMark {
    ChartMark {
        stop: 0,
        series: name.to_owned(),
        label: name.to_owned(),
        usd: None,
        requests: None,
        ms: None,
        percent: None,
        text,
        at: ChartBox::default(),
    }
}

fn drawn(rows: &[Row], nothing: &str, palette: &Palette, size: Size) -> Picture {
    let mut shapes = Vec::new();
    let mut standing = Standing::default();
    let most = rows.iter().map(|row| row.parts.1).max().unwrap_or(0).max(1);
    let long = |value: i64| {
        let along = i128::from(value.max(0)) * i128::from(size.width) / i128::from(most);
        let pixels = i32::try_from(along).unwrap_or(size.width);
        if value > 0 { pixels.max(1) } else { 0 }
    };
    let mut y = 2;
    for (index, row) in rows.iter().enumerate() {
        let top = y;
        let beside = size.width - width_of(&row.value) - 2 * GAP_PX;
        let fits = width_of(&row.name) <= beside;
        for line in broken(&row.name, if fits { beside } else { size.width }) {
            let at = (0, y + LINE_PX / 2);
            shapes.push(Shape::words(at, line, palette.ink, Align::Left));
            y += LINE_PX;
        }
        if fits {
            y -= LINE_PX;
        }
        for line in broken(&row.value, size.width) {
            let at = (size.width, y + LINE_PX / 2);
            shapes.push(Shape::words(at, line, palette.ink_2, Align::Right));
            y += LINE_PX;
        }
        y += 2;
        let whole = ChartBox { x: 0, y, width: size.width, height: BAR_PX };
        shapes.push(Shape::bar(whole, palette.trough, None));
        let (dark, light) = (long(row.parts.0), long(row.parts.1));
        if light > dark {
            let at = ChartBox { width: light, ..whole };
            shapes.push(Shape::Bar { at, colour: row.colour, alpha: 0.4, hatch: None });
        }
        let at = ChartBox { width: dark, ..whole };
        if dark > 0 {
            shapes.push(Shape::bar(at, row.colour, row.hatch));
        }
        y += BAR_PX;
        let stop = u32::try_from(index).unwrap_or(u32::MAX);
        standing.marks.push(ChartMark { stop, at, ..row.mark.clone() });
        let at = ChartBox { x: 0, y: top, width: size.width, height: y - top };
        standing.stops.push(ChartStop { label: row.name.clone(), text: row.stop.clone(), at });
        y += ROW_GAP_PX;
    }
    if rows.is_empty() {
        let middle = (size.width / 2, y + 2 * LINE_PX);
        shapes.push(Shape::words(middle, nothing, palette.ink_2, Align::Centre));
        y += 4 * LINE_PX;
    }
    Picture {
        shapes,
        width: size.width,
        height: y,
        plot: ChartBox { x: 0, y: 0, width: size.width, height: y },
        stops: standing.stops,
        marks: standing.marks,
        ..Picture::default()
    }
}

/// Times of models in the order they are shown: those with the most answers first.
pub fn ordered(mut times: Vec<Latency>) -> Vec<Latency> {
    times.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.route.cmp(&b.route)));
    times
}
