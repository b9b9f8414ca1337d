//! Which series a chart of days has: their names, order, colours and hatches.
//! Owns what is put together when there are more than can be told apart, and the legend.

use super::axis::GAP_PX;
use super::facts::{Cell, Days};
use super::palette::{HUES, Palette, Rgb, hex, hue};
use super::shapes::{Align, LINE_PX, Shape, TEXT_PX, broken, width_of};
use crate::api::{By, ChartBox, ChartSeries, Hatch};
use crate::words::{count, plain};

/// The key of all work on this machine, and of everything else where a chart tells two apart.
pub const LOCAL: &str = "local";
/// The key of what has no name.
pub const NONE: &str = "";
/// The key of what is put together because there are too many.
const OTHERS: &str = "others";
/// Tiers from the simple to the hard, each darker (on a light ground) than the one before.
const TIERS: [(&str, usize); 3] = [("low", 5), ("medium", 1), ("high", 2)];
/// What tells the first, second, third and fourth provider of a colour apart.
const HATCHES: [Option<Hatch>; 4] =
    [None, Some(Hatch::Upright), Some(Hatch::Level), Some(Hatch::Crossed)];
/// A legend's swatch.
const SWATCH_PX: i32 = 10;
/// From the left edge of a swatch to its name.
const NAME_PX: i32 = SWATCH_PX + 6;

/// One colour and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Its key.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// Its colour.
    pub colour: Rgb,
    /// Its hatch.
    pub hatch: Option<Hatch>,
    /// The keys of the cells in it.
    members: Vec<String>,
}

impl Series {
    /// One for cells with a key of their own.
    pub fn new(key: &str, name: &str, colour: Rgb, hatch: Option<Hatch>) -> Self {
        let members = vec![key.to_owned()];
        Self { key: key.to_owned(), name: name.to_owned(), colour, hatch, members }
    }

    /// Whether a cell, under the key a chart gives it, is in it.
    pub fn holds(&self, key: &str) -> bool {
        self.members.iter().any(|member| member == key)
    }

    /// As the page is told.
    pub fn view(&self) -> ChartSeries {
        ChartSeries {
            key: self.key.clone(),
            name: self.name.clone(),
            colour: hex(self.colour),
            hatch: self.hatch,
        }
    }
}

/// The key under which a chart by provider or tier counts a cell.
pub fn key(by: By, cell: &Cell) -> &str {
    if by == By::Provider && cell.local { LOCAL } else { &cell.key }
}

/// The series of some days, those at the ground line first.
pub fn of(days: &Days, by: By, palette: &Palette) -> Vec<Series> {
    if by == By::Tier { tiers(days, palette) } else { providers(days, palette) }
}

fn tiers(days: &Days, palette: &Palette) -> Vec<Series> {
    let known = |key: &str| days.cells.iter().any(|cell| cell.key == key);
    let mut all: Vec<Series> = TIERS
        .iter()
        .filter(|(name, _)| known(name))
        .map(|(name, at)| Series::new(name, name, palette.hues[*at], None))
        .collect();
    let mut rest: Vec<&Cell> =
        days.cells.iter().filter(|cell| !TIERS.iter().any(|(name, _)| *name == cell.key)).collect();
    rest.sort_by(|a, b| a.key.cmp(&b.key));
    rest.dedup_by(|a, b| a.key == b.key);
    for cell in rest {
        let name = if cell.key == NONE { "not judged".into() } else { plain(&cell.key) };
        all.push(Series::new(&cell.key, &name, palette.ink_2, None));
    }
    all
}

/// Cloud providers, the dearest first, and this machine on top of them.
fn providers(days: &Days, palette: &Palette) -> Vec<Series> {
    let mut cloud: Vec<&str> =
        days.cells.iter().filter(|cell| !cell.local).map(|cell| cell.key.as_str()).collect();
    cloud.sort_unstable();
    cloud.dedup();
    // By name, so that a hatch does not jump from one to another when their order by spend does.
    let mut taken: Vec<usize> = Vec::new();
    let mut all: Vec<(i64, Series)> = Vec::new();
    for name in cloud {
        let at = hue(name);
        let before = taken.iter().filter(|other| **other == at).count();
        taken.push(at);
        let hatch = HATCHES[before % HATCHES.len()];
        let shown = if name == NONE { "not said".into() } else { plain(name) };
        let spent = days.all(|cell| !cell.local && cell.key == name).spent_usd.nano();
        all.push((spent, Series::new(name, &shown, palette.hues[at], hatch)));
    }
    all.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.key.cmp(&b.1.key)));
    let mut series: Vec<Series> = all.into_iter().map(|(_, series)| series).collect();
    if series.len() > HUES {
        let rest = series.split_off(HUES - 1);
        let name = count(rest.len() as u64, "other", "others");
        let mut others = Series::new(OTHERS, &name, palette.ink_2, None);
        others.members = rest.into_iter().flat_map(|one| one.members).collect();
        series.push(others);
    }
    if days.cells.iter().any(|cell| cell.local) {
        series.push(here(palette));
    }
    series
}

/// Work on this machine.
pub fn here(palette: &Palette) -> Series {
    Series::new(LOCAL, "this machine", palette.local_mark, Some(Hatch::Rising))
}

/// A legend over a chart in as many lines as it takes, and the pixels it is high. A name longer
/// than a line goes on below itself.
pub fn legend(series: &[Series], palette: &Palette, left: i32, right: i32) -> (Vec<Shape>, i32) {
    let mut shapes = Vec::new();
    let (mut x, mut line) = (left, 0);
    for one in series {
        let width = NAME_PX + width_of(&one.name);
        if x > left && x + width > right {
            (x, line) = (left, line + 1);
        }
        let middle = |line: i32| line * LINE_PX + LINE_PX / 2;
        let y = middle(line) - SWATCH_PX / 2;
        let at = ChartBox { x, y, width: SWATCH_PX, height: SWATCH_PX };
        shapes.push(Shape::bar(at, one.colour, one.hatch));
        let parts = broken(&one.name, right - left - NAME_PX);
        line -= 1;
        for part in parts {
            line += 1;
            let at = (x + NAME_PX, middle(line));
            shapes.push(Shape::words(at, part, palette.ink_2, Align::Left));
        }
        x += width + 2 * GAP_PX;
    }
    let lines = if series.is_empty() { 0 } else { line + 1 };
    (shapes, lines * LINE_PX + if lines > 0 { TEXT_PX / 2 } else { 0 })
}
