//! Charts: pure from view rows to a drawing with its geometry, a table and a sentence.
//! plotters gives coordinates, round numbers and SVG (`axis.rs`, `paper.rs`); what a chart shows is
//! one small file each. Money stays whole nano-dollars until it becomes a pixel.

mod axis;
mod burn;
mod facts;
mod palette;
mod paper;
mod picture;
mod ranked;
mod savings;
mod series;
mod shapes;
mod stacked;
#[cfg(test)]
mod tests;

pub use axis::day;
pub use burn::burn;
pub use facts::{Ahead, Burn, BurnPoint, Cell, Days, Latency, ahead, quantile};
pub use palette::{HUES, Palette, hex, hue};
pub use picture::{Picture, Size};
pub use ranked::{latency, ordered, tasks};
pub use savings::savings;
pub use shapes::{LINE_PX, broken, width_of};
pub use stacked::{local, spend};
