//! A budget's window as a line that rises towards its limit, and a band where it leads.
//! Owns what is said of both; the forecast itself is `core`'s.

use super::axis::{self, Field, GAP_PX, above, gutter};
use super::facts::Burn;
use super::palette::Palette;
use super::picture::{Picture, Size, Standing};
use super::shapes::{Align, At, LINE_PX, Shape};
use super::stacked::{notes, number, words};
use crate::api::{ChartBox, ChartKind, ChartMark, ChartStop, Money};
use crate::words::plain;

/// Height of the field, in pixels.
const FIELD_PX: i32 = 150;
/// Radius of a day's point, in pixels.
const DOT_PX: i32 = 3;
const LINE_WIDTH_PX: u32 = 2;
/// The key of the line, and of where it leads.
const SPENT: &str = "spent";
const AHEAD: &str = "forecast";

/// A budget's window. `first` and `last` are its first and last day for the words below.
pub fn burn(burn: &Burn, ends: (&str, &str), palette: &Palette, size: Size) -> Picture {
    let spent = burn.points.last().map_or(Money::ZERO, |point| point.spent);
    let reach = burn.ahead.map_or(spent, |ahead| ahead.high).max(spent);
    // A forecast far beyond the limit must not press what is known to the ground.
    let most = reach.min(Money::from_nano(burn.limit.max(spent).nano().saturating_mul(2)));
    let top = above(most.max(burn.limit).nano());
    let left = gutter(0, top, axis::money);
    let plot =
        ChartBox { x: left, y: LINE_PX, width: size.width - left - GAP_PX, height: FIELD_PX };
    let (from, to) = burn.window_ms;
    let field = Field::new(plot, (0, (to - from).max(1)), (0, top));
    let held = |money: Money| money.nano().min(top);
    let at = |ms: i64, money: Money| field.at(ms - from, held(money));
    let mut shapes = field.lines(palette, axis::money);
    ahead(burn, &at, palette, &mut shapes);
    limit(burn, &field, palette, &mut shapes);
    let mut line: Vec<At> = vec![at(from, Money::ZERO)];
    line.extend(burn.points.iter().map(|point| at(point.at_ms, point.spent)));
    shapes.push(Shape::Line {
        points: line.clone(),
        colour: palette.accent_mark,
        width: LINE_WIDTH_PX,
        dashed: false,
    });
    let mut standing = Standing::default();
    points(burn, &line[1..], plot, palette, &mut shapes, &mut standing);
    let y = plot.y + plot.height + LINE_PX - 4;
    shapes.push(Shape::words((plot.x, y), ends.0, palette.ink_2, Align::Left));
    shapes.push(Shape::words((plot.x + plot.width, y), ends.1, palette.ink_2, Align::Right));
    let mut picture = Picture {
        kind: ChartKind::Budget,
        title: format!("Budget {}", plain(&burn.name)),
        shapes,
        width: size.width,
        height: y + LINE_PX / 2 + 4,
        plot,
        stops: standing.stops,
        marks: standing.marks,
        notes: notes_of(burn),
        ..Picture::default()
    };
    told(burn, spent, &mut picture);
    picture
}

/// The band, and the line through it.
fn ahead(burn: &Burn, at: &impl Fn(i64, Money) -> At, palette: &Palette, shapes: &mut Vec<Shape>) {
    let (Some(ahead), Some(now)) = (burn.ahead, burn.points.last()) else { return };
    let (end, here) = (burn.window_ms.1, at(now.at_ms, now.spent));
    let points = vec![here, at(end, ahead.high), at(end, ahead.low)];
    shapes.push(Shape::Area { points, colour: palette.accent_mark, alpha: 0.2 });
    shapes.push(Shape::Line {
        points: vec![here, at(end, ahead.at_end)],
        colour: palette.accent,
        width: 1,
        dashed: true,
    });
}

/// The limit, with its amount above the line.
fn limit(burn: &Burn, field: &Field, palette: &Palette, shapes: &mut Vec<Shape>) {
    let y = field.y(burn.limit.nano());
    shapes.push(Shape::rule(field.plot.x, y, field.plot.width, palette.red_mark));
    let text = format!("limit {}", burn.limit.short());
    let at = (field.plot.x + GAP_PX / 2, y - LINE_PX / 2);
    shapes.push(Shape::words(at, text, palette.ink_2, Align::Left));
}

fn points(
    burn: &Burn,
    line: &[At],
    plot: ChartBox,
    palette: &Palette,
    shapes: &mut Vec<Shape>,
    standing: &mut Standing,
) {
    // A stop reaches half-way to its neighbours.
    let middle = |a: At, b: At| (a.0 + b.0) / 2;
    let ahead = burn.ahead.map(|_| plot.x + plot.width);
    for (index, (point, at)) in burn.points.iter().zip(line).enumerate() {
        let left = if index == 0 { plot.x } else { middle(line[index - 1], *at) };
        let last = ahead.map_or(at.0 + DOT_PX, |end| middle(*at, (end, 0)));
        let right = line.get(index + 1).map_or(last, |next| middle(*at, *next));
        shapes.push(Shape::Dot { at: *at, radius: DOT_PX, colour: palette.accent_mark });
        let percent = point.spent.percent_of(burn.limit);
        let text = format!(
            "{}: {} of {}, {percent} %; {} that day",
            point.label,
            point.spent.short(),
            burn.limit.short(),
            point.day.shown()
        );
        let stop = standing.stops.len();
        standing.marks.push(ChartMark {
            stop: u32::try_from(stop).unwrap_or(u32::MAX),
            series: SPENT.into(),
            label: point.label.clone(),
            usd: Some(point.spent),
            requests: None,
            ms: None,
            percent: Some(percent),
            text: point.spent.short(),
            at: around(*at),
        });
        let width = (right - left).max(1);
        let at = ChartBox { x: left, y: plot.y, width, height: plot.height };
        standing.stops.push(ChartStop { label: point.label.clone(), text, at });
    }
    let Some(forecast) = burn.ahead else { return };
    let start = standing.stops.last().map_or(plot.x, |stop| stop.at.x + stop.at.width);
    let at = ChartBox {
        x: start,
        y: plot.y,
        width: (plot.x + plot.width - start).max(1),
        height: plot.height,
    };
    let text = format!(
        "At this pace about {} in the end; between {} and {} by the quieter and the busier days",
        forecast.at_end.short(),
        forecast.low.short(),
        forecast.high.short()
    );
    let stop = u32::try_from(standing.stops.len()).unwrap_or(u32::MAX);
    standing.marks.push(ChartMark {
        stop,
        series: AHEAD.into(),
        label: AHEAD.into(),
        usd: Some(forecast.at_end),
        requests: None,
        ms: None,
        percent: Some(forecast.at_end.percent_of(burn.limit)),
        text: format!("about {}", forecast.at_end.short()),
        at,
    });
    standing.stops.push(ChartStop { label: AHEAD.into(), text, at });
}

fn around((x, y): At) -> ChartBox {
    ChartBox { x: x - DOT_PX, y: y - DOT_PX, width: 2 * DOT_PX, height: 2 * DOT_PX }
}

fn notes_of(burn: &Burn) -> Vec<String> {
    let open = burn.sums.unpriced_requests;
    let mut notes = notes(&crate::api::Sums { unpriced_requests: 0, ..burn.sums });
    if open > 0 {
        let n = crate::words::count(open, "request has", "requests have");
        notes.push(format!("{n} no known price and no part in the line."));
    }
    notes
}

fn told(burn: &Burn, spent: Money, picture: &mut Picture) {
    let last = picture.stops.last().map(|stop| stop.text.as_str());
    let pace = last.filter(|_| burn.ahead.is_some());
    picture.alt = format!(
        "Budget {}: {} of {} spent, {} %.{}",
        plain(&burn.name),
        burn.sums.shown(),
        burn.limit.short(),
        spent.percent_of(burn.limit),
        pace.map_or(String::new(), |pace| format!(" {pace}."))
    );
    picture.columns =
        vec![words("Day"), number("That day"), number("So far"), number("Of the limit")];
    picture.rows = burn
        .points
        .iter()
        .map(|point| {
            vec![
                point.label.clone(),
                point.day.shown(),
                point.spent.short(),
                format!("{} %", point.spent.percent_of(burn.limit)),
            ]
        })
        .collect();
    if let Some(ahead) = burn.ahead {
        let band = format!("{} to {}", ahead.low.short(), ahead.high.short());
        let percent = format!("{} %", ahead.at_end.percent_of(burn.limit));
        picture.rows.push(vec![
            AHEAD.into(),
            band,
            format!("about {}", ahead.at_end.short()),
            percent,
        ]);
    }
}
