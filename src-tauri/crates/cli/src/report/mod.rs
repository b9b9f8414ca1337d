//! `weir report`: a month as one page, as HTML or as a picture.
//! Owns which charts it has and their order; asks the desk and writes one file.

mod css;
mod file;
mod html;
mod picture;
mod rows;

use crate::args::ReportArgs;
use crate::out::{Done, Out, Stop};
use std::path::Path;
use weir_engine::api::{By, Chart, ChartKind, ChartQuery, Desk, Report, Theme};

/// Pixels of a chart over the whole page, and of one of two beside each other.
const WIDE_PX: u32 = 800;
const HALF_PX: u32 = 388;

/// What a file's name says it shall hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Html,
    Png,
}

/// A chart on its two grounds.
struct Drawn {
    light: Chart,
    dark: Chart,
}

/// Everything that is on the page.
struct Page {
    report: Report,
    charts: Vec<Drawn>,
}

/// `weir report`
pub fn report(desk: &dyn Desk, args: &ReportArgs) -> Done {
    let form = args.out.as_deref().map(form).transpose()?;
    if let Some(out) = &args.out {
        file::writable(out)?;
    }
    let found = desk.report(args.month.as_deref())?;
    let (Some(form), Some(out)) = (form, &args.out) else {
        return Out::stdout(true).json(&found);
    };
    let page = Page { charts: charts(desk, &found)?, report: found };
    let bytes = match form {
        Form::Html => html::page(&page).into_bytes(),
        Form::Png => picture::png(&page)?,
    };
    file::replace(out, &bytes)?;
    let stdout = Out::stdout(args.json.json);
    stdout.answer(&page.report, |_| {
        let month = rows::month_name(&page.report.month);
        format!("{}: {month}, {}\n", out.display(), page.report.sums.shown())
    })
}

fn form(out: &Path) -> Result<Form, Stop> {
    let extension = out.extension().and_then(|e| e.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => Ok(Form::Html),
        "png" => Ok(Form::Png),
        _ => Err(Stop::Usage(format!(
            "--out {}: its name must end in .html or .png. For a PDF, print the HTML",
            out.display()
        ))),
    }
}

fn charts(desk: &dyn Desk, report: &Report) -> Result<Vec<Drawn>, Stop> {
    let query = |kind, width| ChartQuery {
        month: Some(report.month.clone()),
        width,
        ..ChartQuery::of(kind)
    };
    let mut queries = vec![query(ChartKind::Spend, WIDE_PX)];
    let judged = report
        .parts
        .iter()
        .any(|part| part.by == By::Task && part.groups.iter().any(|group| !group.key.is_empty()));
    if judged {
        queries.push(ChartQuery { by: By::Tier, ..query(ChartKind::Spend, WIDE_PX) });
    }
    let burning = report.budgets.iter().filter(|budget| {
        budget.period == "month" && budget.limit_usd.is_some() && !budget.windows.is_empty()
    });
    queries.extend(burning.map(|budget| ChartQuery {
        budget: Some(budget.name.clone()),
        ..query(ChartKind::Budget, WIDE_PX)
    }));
    let halves = [ChartKind::Local, ChartKind::Savings, ChartKind::Tasks, ChartKind::Latency];
    queries.extend(halves.map(|kind| query(kind, HALF_PX)));
    let mut drawn = Vec::with_capacity(queries.len());
    for query in queries {
        let light = desk.chart(&query)?;
        let dark = desk.chart(&ChartQuery { theme: Theme::Dark, ..query })?;
        drawn.push(Drawn { light, dark });
    }
    Ok(drawn)
}
