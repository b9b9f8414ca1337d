//! A chart before it becomes text: its shapes and its geometry.
//! Owns the way to the API's form; that every word lies inside the sheet is tested here.

use super::palette::Palette;
use super::paper;
use super::shapes::Shape;
use crate::api::{
    ApiProblem, Chart, ChartBox, ChartColumn, ChartKind, ChartMark, ChartSeries, ChartStop, Code,
};

/// How large a chart is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels across. What it is high follows from what is drawn.
    pub width: i32,
}

impl Size {
    /// The narrowest chart, in pixels.
    pub const WIDTH_MIN: i32 = 280;
    /// The widest chart, in pixels.
    pub const WIDTH_MAX: i32 = 1_600;

    /// A width as it was asked for, held in its bounds.
    pub fn of(width: u32) -> Self {
        let width = i32::try_from(width).unwrap_or(Self::WIDTH_MAX);
        Self { width: width.clamp(Self::WIDTH_MIN, Self::WIDTH_MAX) }
    }
}

/// Stops and marks as they are found.
#[derive(Debug, Default)]
pub struct Standing {
    /// Where reading stops.
    pub stops: Vec<ChartStop>,
    /// The marks.
    pub marks: Vec<ChartMark>,
}

/// A chart whose drawing is still shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// What is drawn.
    pub kind: ChartKind,
    /// A short heading.
    pub title: String,
    /// The whole of it in words.
    pub alt: String,
    /// Pixels across.
    pub width: i32,
    /// Pixels down.
    pub height: i32,
    /// What is drawn, the later over the earlier.
    pub shapes: Vec<Shape>,
    /// The field within the axes.
    pub plot: ChartBox,
    /// Where reading stops.
    pub stops: Vec<ChartStop>,
    /// Every mark.
    pub marks: Vec<ChartMark>,
    /// Every colour, in the legend's order.
    pub series: Vec<ChartSeries>,
    /// The table's columns.
    pub columns: Vec<ChartColumn>,
    /// The table's rows.
    pub rows: Vec<Vec<String>>,
    /// What must be known to read it right.
    pub notes: Vec<String>,
}

impl Default for Picture {
    fn default() -> Self {
        Self {
            kind: ChartKind::Spend,
            title: String::new(),
            alt: String::new(),
            width: 0,
            height: 0,
            shapes: Vec::new(),
            plot: ChartBox::default(),
            stops: Vec::new(),
            marks: Vec::new(),
            series: Vec::new(),
            columns: Vec::new(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Picture {
    /// Draws it.
    ///
    /// # Errors
    /// `Code::Internal`: a fault of this program.
    pub fn chart(self, palette: &Palette) -> Result<Chart, ApiProblem> {
        let size = |pixels: i32| u32::try_from(pixels).unwrap_or(0);
        let (width, height) = (size(self.width), size(self.height));
        let svg = paper::svg(&self.shapes, width, height, palette.ground).map_err(|cause| {
            ApiProblem::new(Code::Internal, format!("a chart could not be drawn: {cause}"))
        })?;
        Ok(Chart {
            kind: self.kind,
            title: self.title,
            alt: self.alt,
            width,
            height,
            svg,
            plot: self.plot,
            stops: self.stops,
            marks: self.marks,
            series: self.series,
            columns: self.columns,
            rows: self.rows,
            notes: self.notes,
        })
    }
}
