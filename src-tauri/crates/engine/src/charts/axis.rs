//! Amounts to pixels and back to round numbers: plotters' coordinates and key points.
//! Owns what stands beside an axis. Amounts are whole nano-dollars, counts or milliseconds; a
//! floating-point number is met on the way to a pixel and nowhere else.

use super::palette::Palette;
use super::shapes::{Align, At, LINE_PX, Shape, width_of};
use crate::api::ChartBox;
use plotters::coord::CoordTranslate;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{BoldPoints, Ranged};
use plotters::coord::types::RangedCoordi64;
use weir_core::Money;
use weir_core::period::LocalDay;

/// Lines across a field at most, the ground line among them.
const TICKS_MAX: usize = 5;
/// Between an axis' words and its field, and between words beside each other.
pub const GAP_PX: i32 = 8;

/// A field with a coordinate in each direction.
pub struct Field {
    /// Where it is.
    pub plot: ChartBox,
    coordinates: Cartesian2d<RangedCoordi64, RangedCoordi64>,
    low: i64,
    high: i64,
}

impl Field {
    /// A field over `x` from left to right and `y` from below.
    pub fn new(plot: ChartBox, x: (i64, i64), y: (i64, i64)) -> Self {
        let (right, bottom) = (plot.x + plot.width, plot.y + plot.height);
        let coordinates = Cartesian2d::new(x.0..x.1, y.0..y.1, (plot.x..right, bottom..plot.y));
        Self { plot, coordinates, low: y.0, high: y.1 }
    }

    /// Where a pair of values lies.
    pub fn at(&self, x: i64, y: i64) -> At {
        self.coordinates.translate(&(x, y))
    }

    /// The height of a value.
    pub fn y(&self, value: i64) -> i32 {
        self.at(0, value).1
    }

    /// The lines across with their words to the left, the ground line a little stronger.
    pub fn lines(&self, palette: &Palette, words: impl Fn(i64) -> String) -> Vec<Shape> {
        let mut shapes = Vec::new();
        for tick in ticks(self.low, self.high) {
            let y = self.y(tick);
            let colour = if tick == 0 { palette.ink_2 } else { palette.line };
            shapes.push(Shape::rule(self.plot.x, y, self.plot.width, colour));
            let at = (self.plot.x - GAP_PX, y);
            shapes.push(Shape::words(at, words(tick), palette.ink_2, Align::Right));
        }
        shapes
    }
}

/// Round values from `low` to `high`, zero among them.
pub fn ticks(low: i64, high: i64) -> Vec<i64> {
    let axis: RangedCoordi64 = (low..high.max(low + 1)).into();
    let mut all = axis.key_points(BoldPoints(TICKS_MAX));
    all.retain(|tick| (low..=high).contains(tick));
    if low <= 0 && high >= 0 && !all.contains(&0) {
        all.push(0);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The room that an axis' words need to the left of its field, the gap with it.
pub fn gutter(low: i64, high: i64, words: impl Fn(i64) -> String) -> i32 {
    ticks(low, high).into_iter().map(|tick| width_of(&words(tick))).max().unwrap_or(0) + GAP_PX
}

/// The end of an axis whose greatest value is `most`: a little more, so that nothing touches it.
pub fn above(most: i64) -> i64 {
    most.saturating_add(most / 12).max(1)
}

/// `$0`, `$0.50`, `$2.00`: an amount beside an axis.
pub fn money(nano: i64) -> String {
    Money::from_nano(nano).short()
}

/// `22 Nov`.
pub fn day(day: LocalDay) -> String {
    day.date().strftime("%-d %b").to_string()
}

/// Equal columns over a field, each with whole pixels.
pub fn column(plot: ChartBox, index: usize, count: usize) -> ChartBox {
    let edge = |n: usize| {
        let along = plot.width as i64 * n as i64 / count.max(1) as i64;
        plot.x + i32::try_from(along).unwrap_or(plot.width)
    };
    let (left, right) = (edge(index), edge(index + 1));
    ChartBox { x: left, y: plot.y, width: right - left, height: plot.height }
}

/// The part of a column that a bar fills.
pub fn bar_of(column: ChartBox) -> (i32, i32) {
    const BAR_PX_MAX: i32 = 48;
    let width = (column.width * 3 / 4).clamp(1, BAR_PX_MAX);
    (column.x + (column.width - width) / 2, width)
}

/// Words under columns, as many as stand beside each other, the last column's among them.
pub fn under(palette: &Palette, plot: ChartBox, labels: &[String], sheet_width: i32) -> Vec<Shape> {
    let widest = labels.iter().map(|label| width_of(label)).max().unwrap_or(0) + GAP_PX;
    let count = labels.len();
    let each = (plot.width / i32::try_from(count.max(1)).unwrap_or(1)).max(1);
    let step = usize::try_from((widest + each - 1) / each).unwrap_or(1).max(1);
    let y = plot.y + plot.height + LINE_PX - 4;
    // From the last on: one that is drawn in to stay on the sheet takes the room of the one before.
    let mut free = i32::MAX;
    let mut words = Vec::new();
    for i in (0..count).rev().step_by(step) {
        let column = column(plot, i, count);
        let half = width_of(&labels[i]) / 2 + 1;
        let middle = column.x + column.width / 2;
        let middle = middle.clamp(half, (sheet_width - half).max(half));
        if middle + half <= free {
            let at = (middle, y);
            words.push(Shape::words(at, labels[i].clone(), palette.ink_2, Align::Centre));
            free = middle - half - GAP_PX;
        }
    }
    words.reverse();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_across_are_few_round_and_begin_at_zero() {
        assert_eq!(
            ticks(0, 4_100_000_000),
            [0, 1_000_000_000, 2_000_000_000, 3_000_000_000, 4_000_000_000]
        );
        assert_eq!(ticks(0, 1)[0], 0);
        for high in [1, 7, 999, 12_345_678, 987_654_321_000, i64::MAX / 2] {
            let found = ticks(0, high);
            assert!(found.len() <= TICKS_MAX + 1 && found[0] == 0, "{high}: {found:?}");
            assert!(found.iter().all(|tick| *tick <= high), "{high}: {found:?}");
        }
        assert!(ticks(-500, 1_000).contains(&0));
    }

    #[test]
    fn the_words_of_days_stand_beside_each_other_and_inside_the_sheet() {
        // The second ends where its sheet does, so that its last words are drawn in.
        for (width, sheet) in [(500, 560), (348, 388)] {
            words_of_days(ChartBox { x: 40, y: 10, width, height: 100 }, sheet);
        }
    }

    fn words_of_days(plot: ChartBox, sheet: i32) {
        let labels: Vec<String> = (1..=31).map(|day| format!("{day} Nov")).collect();
        let words = under(Palette::of(crate::api::Theme::Light), plot, &labels, sheet);
        let mut ends = Vec::new();
        for shape in &words {
            let Shape::Words { at, text, .. } = shape else { panic!("words only") };
            ends.push((at.0 - width_of(text) / 2, at.0 + width_of(text) / 2));
        }
        assert!(
            ends.len() > 5 && ends.windows(2).all(|pair| pair[0].1 + 4 < pair[1].0),
            "{ends:?}"
        );
        assert!(ends.iter().all(|(left, right)| *left >= 0 && *right <= sheet), "{ends:?}");
        assert!(matches!(words.last(), Some(Shape::Words { text, .. }) if text == "31 Nov"));
    }
}
