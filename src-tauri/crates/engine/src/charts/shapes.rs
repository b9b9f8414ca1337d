//! What a drawing is made of before it is drawn: bars, lines, areas, points and words at whole
//! pixels. Owns how wide words may come out, so that none is cut and none runs into another.
//! Pure values; `paper.rs` alone knows plotters' drawing.

use super::palette::Rgb;
use crate::api::{ChartBox, Hatch};

/// The size of words, in pixels.
pub const TEXT_PX: i32 = 12;
/// From one line of words to the next.
pub const LINE_PX: i32 = 16;

/// A point in pixels.
pub type At = (i32, i32);

/// To which side of its point a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    Left,
    /// Its middle is there.
    Centre,
    /// It ends there.
    Right,
}

/// One thing to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A filled rectangle.
    Bar {
        /// Where.
        at: ChartBox,
        /// Its colour.
        colour: Rgb,
        /// How much of it covers what is below, from 0 to 1.
        alpha: f64,
        /// Its hatch.
        hatch: Option<Hatch>,
    },
    /// A line through points.
    Line {
        /// The points.
        points: Vec<At>,
        /// Its colour.
        colour: Rgb,
        /// Its width in pixels.
        width: u32,
        /// Whether it is broken.
        dashed: bool,
    },
    /// A filled area.
    Area {
        /// Its corners.
        points: Vec<At>,
        /// Its colour.
        colour: Rgb,
        /// How much of it covers what is below, from 0 to 1.
        alpha: f64,
    },
    /// A point.
    Dot {
        /// Its middle.
        at: At,
        /// Its radius in pixels.
        radius: i32,
        /// Its colour.
        colour: Rgb,
    },
    /// A text; its middle line runs through the point.
    Words {
        /// Where.
        at: At,
        /// What it says.
        text: String,
        /// Its colour.
        colour: Rgb,
        /// To which side it stands.
        align: Align,
    },
}

impl Shape {
    /// A plain bar.
    pub fn bar(at: ChartBox, colour: Rgb, hatch: Option<Hatch>) -> Self {
        Self::Bar { at, colour, alpha: 1.0, hatch }
    }

    /// A line across, of one whole pixel: a stroke would lie on two.
    pub fn rule(x: i32, y: i32, width: i32, colour: Rgb) -> Self {
        Self::bar(ChartBox { x, y, width, height: 1 }, colour, None)
    }

    /// A text.
    pub fn words(at: At, text: impl Into<String>, colour: Rgb, align: Align) -> Self {
        Self::Words { at, text: text.into(), colour, align }
    }
}

/// The most pixels a text comes to, in any usual sans-serif face. No font is asked: a drawing is
/// the same on every machine, and is shown with the font of whoever looks.
pub fn width_of(text: &str) -> i32 {
    let thousandths: i32 = text
        .chars()
        .map(|c| match c {
            'i' | 'l' | 'j' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 350,
            'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' | '·' => 450,
            'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 1_000,
            'A'..='Z' => 760,
            c if c.is_ascii() || ('\u{a0}'..'\u{250}').contains(&c) => 640,
            _ => 1_050,
        })
        .sum();
    (thousandths * TEXT_PX + 999) / 1_000
}

/// A text in lines that fit a width, broken after what usually ends a part of a name.
pub fn broken(text: &str, width: i32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in text.split_inclusive([' ', '/', '-', '_', ':']) {
        let line = lines.last_mut().expect("it begins with one");
        if line.is_empty() || width_of(line) + width_of(piece.trim_end()) <= width {
            line.push_str(piece);
        } else {
            lines.push(piece.to_owned());
        }
        // One piece can be longer than a line.
        while let Some(last) = lines.last().filter(|line| width_of(line.trim_end()) > width) {
            let mut fits: String = String::new();
            for c in last.chars() {
                fits.push(c);
                if width_of(&fits) > width && fits.chars().count() > 1 {
                    fits.pop();
                    break;
                }
            }
            let rest = last[fits.len()..].to_owned();
            if rest.is_empty() {
                break;
            }
            lines.pop();
            lines.push(fits);
            lines.push(rest);
        }
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// The stripes of a hatch inside a rectangle, each from one of its edges to another.
pub fn stripes(at: ChartBox, hatch: Hatch) -> Vec<(At, At)> {
    const STEP: i32 = 5;
    let (left, top) = (at.x, at.y);
    let (right, bottom) = (at.x + at.width, at.y + at.height);
    if at.width <= 0 || at.height <= 0 {
        return Vec::new();
    }
    match hatch {
        Hatch::Upright => {
            (left..right).filter(|x| x % STEP == 0).map(|x| ((x, top), (x, bottom))).collect()
        }
        Hatch::Level => {
            (top..bottom).filter(|y| y % STEP == 0).map(|y| ((left, y), (right, y))).collect()
        }
        Hatch::Crossed => {
            let mut both = stripes(at, Hatch::Upright);
            both.extend(stripes(at, Hatch::Level));
            both
        }
        // Rising stripes have one sum of x and y, so that those of two bars go on in each other.
        Hatch::Rising => (left + top + 1..right + bottom)
            .filter(|sum| sum % STEP == 0)
            .map(|sum| {
                let low = (left.max(sum - bottom), bottom.min(sum - left));
                let high = (right.min(sum - top), top.max(sum - right));
                (low, high)
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_broken_at_its_parts_and_no_letter_of_it_is_lost() {
        let name = "openrouter/anthropic/claude-sonnet-4-5-20250929:thinking";
        let lines = broken(name, 160);
        assert!(lines.len() > 1 && lines.iter().all(|line| width_of(line) <= 160), "{lines:?}");
        assert_eq!(lines.concat(), name);
        let endless = "x".repeat(200);
        let lines = broken(&endless, 100);
        assert!(lines.iter().all(|line| width_of(line) <= 100), "{lines:?}");
        assert_eq!(lines.concat(), endless);
        assert_eq!(broken("a b", 400), ["a b"]);
    }

    #[test]
    fn stripes_lie_inside_their_rectangle_whatever_its_form() {
        for (width, height) in [(1, 1), (3, 40), (40, 3), (30, 30)] {
            let at = ChartBox { x: 17, y: 23, width, height };
            for hatch in [Hatch::Rising, Hatch::Upright, Hatch::Level, Hatch::Crossed] {
                for ((x0, y0), (x1, y1)) in stripes(at, hatch) {
                    for (x, y) in [(x0, y0), (x1, y1)] {
                        assert!((17..=17 + width).contains(&x), "{at:?} {hatch:?}");
                        assert!((23..=23 + height).contains(&y), "{at:?} {hatch:?}");
                    }
                }
            }
        }
        assert!(stripes(ChartBox { x: 0, y: 0, width: 5, height: 0 }, Hatch::Rising).is_empty());
    }
}
