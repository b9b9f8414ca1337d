//! Pictures of spend: a drawing, where each of its marks is, and the same as a table and a
//! sentence, so that a page adds what a pointer, the keyboard and a reader need.
//! Owns their JSON. Amounts in marks are the ledger's, to the nano-dollar; texts are for people.

use super::spend::{By, Span};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::Money;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ChartKind {
    /// Spend by day, stacked by provider or by tier.
    Spend,
    /// Requests by day, local against cloud.
    Local,
    /// What is spent of a budget against its limit, with where it leads.
    Budget,
    /// Spend by task.
    Tasks,
    /// How long models take to their first byte.
    Latency,
    /// What was saved by day, and how much of the prompts came from caches.
    Savings,
}

/// The ground a chart is drawn for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// A light one.
    #[default]
    Light,
    /// A dark one.
    Dark,
}

/// A chart that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ChartQuery {
    /// What is drawn.
    pub kind: ChartKind,
    /// The time covered; `all` is the last 31 days. A budget has a window of its own.
    #[serde(default = "ChartQuery::month")]
    pub span: Span,
    /// A whole calendar month instead, as `2026-11`.
    #[serde(default)]
    pub month: Option<String>,
    /// What spend is stacked by: provider, or tier.
    #[serde(default = "ChartQuery::provider")]
    pub by: By,
    /// The budget, where one is drawn.
    #[serde(default)]
    pub budget: Option<String>,
    /// The ground it is drawn for.
    #[serde(default)]
    pub theme: Theme,
    /// How wide, in pixels; held between 280 and 1600.
    #[serde(default = "ChartQuery::usual_width")]
    pub width: u32,
}

impl ChartQuery {
    /// Pixels of a chart nobody gave a width.
    pub const WIDTH: u32 = 720;

    /// A chart of this month, in the usual form.
    pub fn of(kind: ChartKind) -> Self {
        Self {
            kind,
            span: Self::month(),
            month: None,
            by: Self::provider(),
            budget: None,
            theme: Theme::default(),
            width: Self::WIDTH,
        }
    }

    fn month() -> Span {
        Span::Month
    }

    fn provider() -> By {
        By::Provider
    }

    fn usual_width() -> u32 {
        Self::WIDTH
    }
}

/// What tells a series from another of its colour, also in grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Hatch {
    /// Work on this machine.
    Rising,
    /// A second series of a colour.
    Upright,
    /// A third.
    Level,
    /// A fourth.
    Crossed,
}

/// A rectangle in the drawing, in its pixels from the upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChartBox {
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

/// Where a pointer or the keyboard stops: a day, a task, a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChartStop {
    /// Its name, as `22 Nov`.
    pub label: String,
    /// What is said of it, in one sentence.
    pub text: String,
    /// Where it is.
    pub at: ChartBox,
}

/// One mark: a bar, a part of one, a point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChartMark {
    /// The stop it belongs to, counted from 0.
    pub stop: u32,
    /// The key of its series.
    pub series: String,
    /// The stop's name.
    pub label: String,
    /// Its amount; null where it is none of money.
    #[ts(as = "Option<String>")]
    pub usd: Option<Money>,
    /// Its requests; null where it does not count them.
    pub requests: Option<u64>,
    /// Its milliseconds; null where it is no time.
    pub ms: Option<u64>,
    /// Its whole percent; null where it is no share.
    pub percent: Option<u64>,
    /// The value as it is shown, with "about" and what is unpriced.
    pub text: String,
    /// Where it is.
    pub at: ChartBox,
}

/// One colour of the drawing and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChartSeries {
    /// Its key: a provider, a tier, `local`.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// Its colour, as `#18776e`.
    pub colour: String,
    /// Its hatch; null where it is plain.
    pub hatch: Option<Hatch>,
}

/// One column of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChartColumn {
    /// Its heading.
    pub name: String,
    /// Whether its cells are numbers, which stand to the right.
    pub number: bool,
}

/// A drawing with all that is needed to read it without seeing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Chart {
    /// What is drawn.
    pub kind: ChartKind,
    /// A short heading.
    pub title: String,
    /// The whole of it in a few sentences, for those who do not see it.
    pub alt: String,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The drawing: SVG without script, link or style sheet.
    pub svg: String,
    /// The field within the axes.
    pub plot: ChartBox,
    /// Where reading stops, from left to right or from above.
    pub stops: Vec<ChartStop>,
    /// Every mark.
    pub marks: Vec<ChartMark>,
    /// Every colour, in the legend's order.
    pub series: Vec<ChartSeries>,
    /// The table's columns.
    pub columns: Vec<ChartColumn>,
    /// The table's rows; each has a cell for every column.
    pub rows: Vec<Vec<String>>,
    /// What must be known to read it right, one sentence each.
    pub notes: Vec<String>,
}
