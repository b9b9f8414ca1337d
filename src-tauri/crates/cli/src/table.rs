//! A table of text: columns aligned left, right or on the decimal point, fitted to a width.
//! Pure. Cells hold harmless text and a tone; nothing else knows about padding.

use crate::out::{Paint, Tone};
use crate::words::{WIDTH, plain};

const GAP: usize = 2;

/// How a column is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Left, never cut.
    Left,
    /// Left, cut at the end down to this many columns.
    Cut(usize),
    /// A `provider/model`: loses the provider first, then its end, down to this many columns.
    Route(usize),
    /// Right, never cut.
    Right,
    /// Numbers under each other by their decimal point; words stand right.
    Point,
}

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell in a tone.
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: plain(text.as_ref()), tone }
    }

    /// The same, at least so many columns wide.
    pub fn sized(mut self, width: usize, right: bool) -> Self {
        self.text = match right {
            true => format!("{:>width$}", self.text),
            false => format!("{:<width$}", self.text),
        };
        self
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// A table under construction.
#[derive(Debug)]
pub struct Table {
    columns: Vec<(&'static str, Fit)>,
    rows: Vec<Vec<Cell>>,
    indent: usize,
}

impl Table {
    /// A table of these columns; a title may be empty.
    pub fn new(columns: &[(&'static str, Fit)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new(), indent: 0 }
    }

    /// The same, so many columns further in.
    pub fn indented(mut self, by: usize) -> Self {
        self.indent = by;
        self
    }

    /// Adds a row; missing cells at its end are empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether some of its words have to be cut to fit the width.
    pub fn cuts(&self) -> bool {
        let cut = |(i, layout): (usize, Layout)| {
            let longest = self.rows.iter().filter_map(|row| row.get(i)).map(|c| length(&c.text));
            longest.max().is_some_and(|longest| longest > layout.width)
        };
        self.fitted().into_iter().enumerate().any(cut)
    }

    /// The table as text, a line a row. A column without any text in it is left out.
    pub fn render(&self, paint: Paint) -> String {
        let filled: Vec<bool> = (0..self.columns.len())
            .map(|i| self.rows.iter().any(|row| row.get(i).is_some_and(|c| !c.text.is_empty())))
            .collect();
        let mut kept = filled.iter();
        let columns = self.columns.iter().filter(|_| *kept.next().unwrap_or(&true));
        let rows = self.rows.iter().map(|row| {
            let cells = row.iter().zip(&filled).filter(|(_, filled)| **filled);
            cells.map(|(cell, _)| cell.clone()).collect()
        });
        let table =
            Self { columns: columns.copied().collect(), rows: rows.collect(), indent: self.indent };
        table.render_all(paint)
    }

    fn render_all(&self, paint: Paint) -> String {
        let layout: Vec<Layout> = self.fitted();
        let mut out = String::new();
        if self.columns.iter().any(|(title, _)| !title.is_empty()) {
            let titles: Vec<Cell> =
                self.columns.iter().map(|(title, _)| Cell::new(title, Tone::Quiet)).collect();
            self.line(&titles, &layout, paint, &mut out);
        }
        for row in &self.rows {
            self.line(row, &layout, paint, &mut out);
        }
        out
    }

    fn line(&self, cells: &[Cell], layout: &[Layout], paint: Paint, out: &mut String) {
        let mut line = " ".repeat(self.indent);
        // Spaces wait here until something follows them, so that no line ends in one.
        let mut pending = 0;
        for (i, (cell, layout)) in cells.iter().zip(layout).enumerate() {
            let (before, text, after) = layout.place(&cell.text);
            pending += before + if i > 0 { GAP } else { 0 };
            if !text.is_empty() {
                line.push_str(&" ".repeat(pending));
                line.push_str(&paint.tone(&text, cell.tone));
                pending = 0;
            }
            pending += after;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }

    fn fitted(&self) -> Vec<Layout> {
        let texts = |i: usize| {
            let title = self.columns[i].0;
            let cells = self.rows.iter().filter_map(move |row| row.get(i));
            (title, cells.map(|cell| cell.text.as_str()))
        };
        let mut layout: Vec<Layout> = (0..self.columns.len())
            .map(|i| {
                let (title, cells) = texts(i);
                Layout::of(self.columns[i].1, title, cells)
            })
            .collect();
        let room = WIDTH.saturating_sub(self.indent + GAP * layout.len().saturating_sub(1));
        while layout.iter().map(|l| l.width).sum::<usize>() > room {
            let widest = layout.iter_mut().filter(|l| l.width > l.least()).max_by_key(|l| l.width);
            let Some(widest) = widest else { break };
            widest.width -= 1;
        }
        layout
    }
}

/// A column's measures.
#[derive(Clone, Copy, Debug)]
struct Layout {
    fit: Fit,
    width: usize,
    /// Columns left of the decimal point, for `Fit::Point`.
    whole: usize,
}

impl Layout {
    fn of<'a>(fit: Fit, title: &str, cells: impl Iterator<Item = &'a str>) -> Self {
        let (mut width, mut whole, mut part) = (length(title), 0, 0);
        for cell in cells {
            match (fit, parts(cell)) {
                (Fit::Point, Some((left, right))) => {
                    whole = whole.max(left);
                    part = part.max(right);
                }
                _ => width = width.max(length(cell)),
            }
        }
        Self { fit, width: width.max(whole + part), whole: width.max(whole + part) - part }
    }

    fn least(self) -> usize {
        match self.fit {
            Fit::Cut(least) | Fit::Route(least) => least,
            _ => self.width,
        }
    }

    /// Spaces before, the text as it fits, spaces after.
    fn place(self, text: &str) -> (usize, String, usize) {
        let text = match self.fit {
            Fit::Route(_) => route(text, self.width),
            Fit::Cut(_) => cut(text, self.width),
            _ => text.to_owned(),
        };
        let room = self.width.saturating_sub(length(&text));
        match (self.fit, parts(&text)) {
            (Fit::Left | Fit::Cut(_) | Fit::Route(_), _) => (0, text, room),
            (Fit::Point, Some((left, _))) => {
                let before = self.whole.saturating_sub(left).min(room);
                (before, text, room - before)
            }
            (Fit::Right | Fit::Point, _) => (room, text, 0),
        }
    }
}

/// Columns left of the decimal point, and from it on, of a number; `None` for words.
fn parts(text: &str) -> Option<(usize, usize)> {
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let left = text.chars().position(|c| c == '.').unwrap_or(length(text));
    Some((left, length(text) - left))
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Text cut at its end to fit a width.
pub fn cut(text: &str, width: usize) -> String {
    if length(text) <= width {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// A `provider/model` that fits a width: without its provider first, then cut at its end.
pub fn route(text: &str, width: usize) -> String {
    match text.split_once('/') {
        Some((_, model)) if length(text) > width => cut(model, width),
        _ => cut(text, width),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_under_each_other_by_their_point() {
        let mut table = Table::new(&[("what", Fit::Left), ("cost", Fit::Point), ("n", Fit::Right)]);
        for (what, cost, n) in [
            ("a", "$1,234.57", "1"),
            ("b", "$0.0042", "22"),
            ("c", "$0", "3"),
            ("d", "unpriced", "4"),
        ] {
            table.row([what.into(), cost.into(), n.into()]);
        }
        let expected = "\
what         cost   n
a     $1,234.57     1
b         $0.0042  22
c         $0        3
d        unpriced   4
";
        assert_eq!(table.render(Paint::OFF), expected);
    }

    #[test]
    fn a_long_row_is_cut_to_the_width_and_a_route_loses_its_provider_first() {
        let mut table = Table::new(&[("", Fit::Route(10)), ("", Fit::Cut(10)), ("", Fit::Left)]);
        let route = format!("openrouter/{}", "m".repeat(30));
        table.row([route.into(), "x".repeat(60).into(), "end".into()]);
        let text = table.render(Paint::OFF);
        let line = text.trim_end();
        assert_eq!(line.chars().count(), WIDTH);
        assert!(line.starts_with('m') && line.ends_with("…  end"), "{line}");
    }

    #[test]
    fn colour_does_not_move_anything() {
        let mut table = Table::new(&[("a", Fit::Left), ("b", Fit::Right)]);
        table.row([Cell::new("x", Tone::Bad), Cell::new("1", Tone::Plain)]);
        assert_eq!(table.render(Paint::OFF), "a  b\nx  1\n");
        let painted = table.render(Paint::ON);
        assert_eq!(painted, "\x1b[2ma\x1b[0m  \x1b[2mb\x1b[0m\n\x1b[31mx\x1b[0m  1\n");
    }
}
