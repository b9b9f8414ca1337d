//! The page as a picture: one SVG of words, lines and the charts, drawn by resvg with the faces
//! that are inside Weir, so that it comes out the same where no font is installed.
//! Owns where things stand on it.

use super::html::escaped;
use super::rows::{self, Table};
use super::{HALF_PX, Page, WIDE_PX};
use crate::out::Stop;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::fmt::Write;
use std::sync::Arc;
use weir_engine::api::{Chart, Theme};
use weir_engine::charts::{Palette, broken, hex, width_of};

/// Between the page's edge and what is on it.
const EDGE_PX: i32 = 40;
const WIDTH_PX: i32 = WIDE_PX as i32 + 2 * EDGE_PX;
/// Between two columns.
const GAP_PX: i32 = WIDE_PX as i32 - 2 * HALF_PX as i32;
const ROW_PX: i32 = 20;
/// Rows of a table at most; the rest is counted below it. The HTML page has all.
const ROWS_MAX: usize = 12;
/// Pixels of the picture for one of the page, for sharp words.
const SCALE: f32 = 2.0;
const FACE: &str = "Noto Sans";

/// The page as PNG.
pub fn png(page: &Page) -> Result<Vec<u8>, Stop> {
    let fault = |what: &str, cause: String| {
        Stop::Failed(format!("the picture could not be {what}: {cause}. Write .html instead"))
    };
    let svg = svg(page);
    let mut options = Options { font_family: FACE.to_owned(), ..Options::default() };
    let faces = Arc::make_mut(&mut options.fontdb);
    faces.load_font_data(ttf_noto_sans::REGULAR.to_vec());
    faces.load_font_data(ttf_noto_sans::BOLD.to_vec());
    faces.set_sans_serif_family(FACE);
    let tree = Tree::from_str(&svg, &options).map_err(|e| fault("laid out", e.to_string()))?;
    let size = tree.size().to_int_size().scale_by(SCALE);
    let pixmap = size.and_then(|size| Pixmap::new(size.width(), size.height()));
    let mut pixmap = pixmap.ok_or_else(|| fault("drawn", "it is too large".into()))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|e| fault("packed", e.to_string()))
}

/// A sheet that grows downwards.
struct Sheet {
    body: String,
    palette: &'static Palette,
}

impl Sheet {
    fn words(&mut self, at: (i32, i32), text: &str, size: i32, look: Look) {
        let colour = if look.quiet { self.palette.ink_2 } else { self.palette.ink };
        let anchor = if look.right { "end" } else { "start" };
        let weight = if look.bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            self.body,
            "<text x=\"{}\" y=\"{}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{}\"{weight}>{}</text>",
            at.0,
            at.1,
            hex(colour),
            escaped(text)
        );
    }

    fn rule(&mut self, x: i32, y: i32, width: i32) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"1\" fill=\"{}\"/>",
            hex(self.palette.line)
        );
    }

    /// A chart with its heading and notes; gives where it ends.
    fn chart(&mut self, chart: &Chart, x: i32, y: i32) -> i32 {
        self.words((x, y + 14), &chart.title, 13, Look::BOLD);
        let top = y + 28;
        let place = format!("<svg x=\"{x}\" y=\"{top}\"");
        self.body.push_str(&chart.svg.replacen("<svg", &place, 1));
        let mut end = top + i32::try_from(chart.height).unwrap_or(0);
        let width = i32::try_from(chart.width).unwrap_or(0);
        for note in &chart.notes {
            for line in broken(note, width) {
                end += 16;
                self.words((x, end), &line, 12, Look::QUIET);
            }
        }
        end + 24
    }

    /// A table in a column so wide; gives where it ends.
    fn table(&mut self, table: &Table, x: i32, y: i32, width: i32) -> i32 {
        self.words((x, y + 14), table.title, 13, Look::BOLD);
        let mut end = y + 20 + ROW_PX;
        let rights = rights(table, x, width);
        for ((name, number), right) in table.columns.iter().zip(&rights) {
            let look = Look { right: *number, ..Look::QUIET };
            self.words((*right, end - 6), name, 12, look);
        }
        self.rule(x, end, width);
        for row in table.rows.iter().take(ROWS_MAX) {
            let mut lines = 1;
            for ((text, (_, number)), (index, right)) in
                row.iter().zip(&table.columns).zip(rights.iter().enumerate())
            {
                if *number {
                    let look = Look { right: true, ..Look::default() };
                    self.words((*right, end + ROW_PX - 6), text, 12, look);
                    continue;
                }
                let room = room(table, &rights, index, x + width);
                let parts = broken(text, room);
                lines = lines.max(i32::try_from(parts.len()).unwrap_or(1));
                let mut base = end + ROW_PX - 6;
                for part in parts {
                    self.words((*right, base), &part, 12, Look::default());
                    base += 16;
                }
            }
            end += ROW_PX + (lines - 1) * 16;
            self.rule(x, end, width);
        }
        let more = table.rows.len().saturating_sub(ROWS_MAX);
        if more > 0 {
            end += ROW_PX;
            let text = format!("and {more} more in the HTML report");
            self.words((x, end - 6), &text, 12, Look::QUIET);
        }
        end + 24
    }
}

/// How words look.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    bold: bool,
    quiet: bool,
    right: bool,
}

impl Look {
    const BOLD: Self = Self { bold: true, quiet: false, right: false };
    const QUIET: Self = Self { bold: false, quiet: true, right: false };
}

/// How wide a column of numbers is, its gap with it.
fn wide(table: &Table, column: usize) -> i32 {
    let cells = table.rows.iter().take(ROWS_MAX).map(|row| width_of(&row[column]));
    cells.chain([width_of(table.columns[column].0)]).max().unwrap_or(0) + 12
}

/// Where each column stands: the right edge of numbers, the left edge of words.
fn rights(table: &Table, x: i32, width: i32) -> Vec<i32> {
    let count = table.columns.len();
    let mut places = vec![x; count];
    let mut right = x + width;
    for column in (0..count).rev().filter(|column| table.columns[*column].1) {
        places[column] = right;
        right -= wide(table, column);
    }
    let words = table.columns.iter().filter(|(_, number)| !number).count();
    let each = (right - x) / i32::try_from(words.max(1)).unwrap_or(1);
    let mut left = x;
    for column in (0..count).filter(|column| !table.columns[*column].1) {
        places[column] = left;
        left += each;
    }
    places
}

/// The room of a column of words.
fn room(table: &Table, places: &[i32], column: usize, end: i32) -> i32 {
    let next = (column + 1..places.len()).map(|next| {
        if table.columns[next].1 { places[next] - wide(table, next) } else { places[next] }
    });
    next.min().unwrap_or(end) - places[column] - 8
}

fn svg(page: &Page) -> String {
    let palette = Palette::of(Theme::Light);
    let mut sheet = Sheet { body: String::new(), palette };
    let report = &page.report;
    sheet.words((EDGE_PX, 64), &rows::month_name(&report.month), 28, Look::default());
    sheet.words((EDGE_PX, 88), &rows::covered(report), 13, Look::QUIET);
    sheet.rule(EDGE_PX, 108, WIDE_PX as i32);
    let mut y = figures(&mut sheet, page, 120);
    sheet.rule(EDGE_PX, y, WIDE_PX as i32);
    y += 20;
    if report.sums.requests == 0 {
        let text = "No request came through in this month.";
        sheet.words((EDGE_PX, y + 16), text, 13, Look::default());
        y += 40;
    } else {
        y = charts(&mut sheet, page, y);
        for table in rows::tables(report) {
            y = sheet.table(&table, EDGE_PX, y, WIDE_PX as i32);
        }
    }
    if let Some(budgets) = rows::budgets(report) {
        y = sheet.table(&budgets, EDGE_PX, y, WIDE_PX as i32);
    }
    let made =
        format!("Made by Weir {} from the ledger of this machine.", env!("CARGO_PKG_VERSION"));
    sheet.words((EDGE_PX, y + 12), &made, 12, Look::QUIET);
    let height = y + 12 + EDGE_PX;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH_PX}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH_PX} {height}\" font-family=\"{FACE}\">\n\
         <rect width=\"{WIDTH_PX}\" height=\"{height}\" fill=\"{}\"/>\n{}</svg>\n",
        hex(palette.ground),
        sheet.body
    )
}

fn figures(sheet: &mut Sheet, page: &Page, top: i32) -> i32 {
    let figures = rows::figures(&page.report);
    let each = WIDE_PX as i32 / i32::try_from(figures.len().max(1)).unwrap_or(1);
    let mut end = top;
    for (index, figure) in figures.iter().enumerate() {
        let x = EDGE_PX + each * i32::try_from(index).unwrap_or(0);
        sheet.words((x, top + 14), figure.name, 12, Look::QUIET);
        let mut y = top + 18;
        // Twenty pixels high is five thirds of what widths are reckoned for.
        for line in broken(&figure.value, (each - 16) * 3 / 5) {
            y += 24;
            sheet.words((x, y), &line, 20, Look::default());
        }
        y += 4;
        for line in broken(&figure.beside, each - 16) {
            y += 16;
            sheet.words((x, y), &line, 12, Look::QUIET);
        }
        end = end.max(y);
    }
    end + 16
}

fn charts(sheet: &mut Sheet, page: &Page, mut y: i32) -> i32 {
    let (wide, half): (Vec<&Chart>, Vec<&Chart>) =
        page.charts.iter().map(|drawn| &drawn.light).partition(|chart| chart.width == WIDE_PX);
    for chart in wide {
        y = sheet.chart(chart, EDGE_PX, y);
    }
    columns(y, half, |chart, x, y| sheet.chart(chart, x, y))
}

/// Puts things into two columns, each into the one that is shorter; gives where the longer ends.
fn columns<T>(y: i32, things: Vec<T>, mut put: impl FnMut(T, i32, i32) -> i32) -> i32 {
    let mut ends = [y, y];
    for thing in things {
        let column = usize::from(ends[1] < ends[0]);
        let x = EDGE_PX + if column == 1 { HALF_PX as i32 + GAP_PX } else { 0 };
        ends[column] = put(thing, x, ends[column]);
    }
    ends[0].max(ends[1])
}
