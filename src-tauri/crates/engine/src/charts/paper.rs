//! Shapes onto SVG, by plotters. The only file that knows its drawing areas and elements.
//! No font is loaded: words go into the drawing as text, with the face of whoever shows it.

use super::palette::Rgb;
use super::shapes::{Align, At, Shape, TEXT_PX, stripes};
use crate::api::ChartBox;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::prelude::{
    Circle, Color, IntoDrawingArea, IntoFont, PathElement, Polygon, RGBAColor, RGBColor, Rectangle,
    SVGBackend, ShapeStyle, Text,
};
use plotters::style::TextStyle;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Faces, the first that is there: the window's and the desktop's own.
const FACE: &str = "system-ui, sans-serif";
/// plotters divides a size by this on its way into SVG.
const PLOTTERS_PER_PX: f64 = 1.24;
const DASH_PX: f64 = 5.0;

type Sheet<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Draws shapes in their order, the later over the earlier.
///
/// # Errors
/// What plotters says; a drawing into memory has no other way to fail than a fault of this program.
pub fn svg(shapes: &[Shape], width: u32, height: u32, ground: Rgb) -> Result<String, String> {
    let mut text = String::new();
    draw(&mut text, shapes, (width, height), ground).map_err(|e| e.to_string())?;
    Ok(text)
}

fn draw(text: &mut String, shapes: &[Shape], size: (u32, u32), ground: Rgb) -> Drawn {
    let sheet = SVGBackend::with_string(text, size).into_drawing_area();
    for shape in shapes {
        one(&sheet, shape, ground)?;
    }
    sheet.present()
}

fn one(sheet: &Sheet<'_>, shape: &Shape, ground: Rgb) -> Drawn {
    match shape {
        Shape::Bar { at, colour, alpha, hatch } => {
            sheet.draw(&Rectangle::new(corners(*at), filled(*colour, *alpha)))?;
            let lines = hatch.map(|hatch| stripes(*at, hatch)).unwrap_or_default();
            for (from, to) in lines {
                sheet.draw(&PathElement::new(vec![from, to], stroke(ground, 1)))?;
            }
            Ok(())
        }
        Shape::Line { points, colour, width, dashed: false } => {
            sheet.draw(&PathElement::new(points.clone(), stroke(*colour, *width)))
        }
        Shape::Line { points, colour, width, dashed: true } => {
            for pair in points.windows(2) {
                for dash in dashes(pair[0], pair[1]) {
                    sheet.draw(&PathElement::new(dash, stroke(*colour, *width)))?;
                }
            }
            Ok(())
        }
        Shape::Area { points, colour, alpha } => {
            sheet.draw(&Polygon::new(points.clone(), filled(*colour, *alpha)))
        }
        Shape::Dot { at, radius, colour } => {
            sheet.draw(&Circle::new(*at, *radius, filled(*colour, 1.0)))
        }
        Shape::Words { at, text, colour, align } => {
            sheet.draw(&Text::new(text.clone(), *at, style(*colour, *align)))
        }
    }
}

fn corners(at: ChartBox) -> [At; 2] {
    [(at.x, at.y), (at.x + at.width, at.y + at.height)]
}

fn solid((red, green, blue): Rgb, alpha: f64) -> RGBAColor {
    RGBColor(red, green, blue).mix(alpha)
}

fn filled(colour: Rgb, alpha: f64) -> ShapeStyle {
    solid(colour, alpha).filled()
}

fn stroke(colour: Rgb, width: u32) -> ShapeStyle {
    solid(colour, 1.0).stroke_width(width)
}

fn style(colour: Rgb, align: Align) -> TextStyle<'static> {
    let side = match align {
        Align::Left => HPos::Left,
        Align::Centre => HPos::Center,
        Align::Right => HPos::Right,
    };
    let font = (FACE, f64::from(TEXT_PX) * PLOTTERS_PER_PX).into_font();
    let colour = solid(colour, 1.0);
    TextStyle { color: colour.to_backend_color(), ..TextStyle::from(font) }
        .pos(Pos::new(side, VPos::Center))
}

/// A straight line in pieces with gaps as long as they are.
#[expect(clippy::cast_possible_truncation, reason = "pixels of a drawing are far below 2^31")]
fn dashes((x0, y0): At, (x1, y1): At) -> Vec<Vec<At>> {
    let (dx, dy) = (f64::from(x1 - x0), f64::from(y1 - y0));
    let length = dx.hypot(dy);
    let point = |along: f64| {
        let part = (along / length).min(1.0);
        (x0 + (dx * part).round() as i32, y0 + (dy * part).round() as i32)
    };
    let mut pieces = Vec::new();
    let mut along = 0.0;
    while along < length {
        pieces.push(vec![point(along), point(along + DASH_PX)]);
        along += 2.0 * DASH_PX;
    }
    pieces
}
