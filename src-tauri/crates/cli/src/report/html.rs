//! The page as HTML: one file that needs nothing else, without script. Everything that came from
//! outside goes through `escaped`; drawings are Weir's own SVG, twice, for light and dark.

use super::rows::{self, Table};
use super::{Drawn, Page, css};
use std::fmt::Write;
use weir_engine::api::Chart;

/// The page.
pub fn page(page: &Page) -> String {
    let month = escaped(&rows::month_name(&page.report.month));
    let mut out = String::with_capacity(256 * 1024);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Weir: {month}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<h1>{month}</h1>\n<p class=\"quiet\">{}</p>\n</header>\n",
        css::sheet(),
        escaped(&rows::covered(&page.report)),
    );
    figures(page, &mut out);
    if page.report.sums.requests == 0 {
        out.push_str("<p>No request came through in this month.</p>\n");
    } else {
        charts(page, &mut out);
        out.push_str("<section>\n");
        rows::tables(&page.report).iter().for_each(|each| table(each, &mut out));
        out.push_str("</section>\n");
    }
    if let Some(budgets) = rows::budgets(&page.report) {
        out.push_str("<section>\n");
        table(&budgets, &mut out);
        out.push_str("</section>\n");
    }
    let _ = write!(
        out,
        "<footer>Made by Weir {} from the ledger of this machine. Amounts are exact to the \
         nano-dollar in it and rounded here.</footer>\n</main>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    out
}

fn figures(page: &Page, out: &mut String) {
    out.push_str("<div class=\"figures\">\n");
    for each in rows::figures(&page.report) {
        let _ = writeln!(
            out,
            "<dl><dt>{}</dt><dd>{}</dd><dd class=\"beside\">{}</dd></dl>",
            escaped(each.name),
            escaped(&each.value),
            escaped(&each.beside)
        );
    }
    out.push_str("</div>\n");
}

/// Wide charts under each other, the others in two columns.
fn charts(page: &Page, out: &mut String) {
    let (wide, half): (Vec<&Drawn>, Vec<&Drawn>) =
        page.charts.iter().partition(|drawn| drawn.light.width == super::WIDE_PX);
    wide.iter().for_each(|drawn| figure(drawn, out));
    out.push_str("<div class=\"both\">\n");
    half.iter().for_each(|drawn| figure(drawn, out));
    out.push_str("</div>\n");
}

fn figure(drawn: &Drawn, out: &mut String) {
    let chart = &drawn.light;
    let _ = writeln!(out, "<figure>\n<figcaption><h2>{}</h2></figcaption>", escaped(&chart.title));
    for (class, chart) in [("light", &drawn.light), ("dark", &drawn.dark)] {
        let named =
            format!("<svg class=\"{class}\" role=\"img\" aria-label=\"{}\"", escaped(&chart.alt));
        out.push_str(&chart.svg.replacen("<svg", &named, 1));
    }
    for note in &chart.notes {
        let _ = writeln!(out, "<p class=\"small quiet\">{}</p>", escaped(note));
    }
    numbers(chart, out);
    out.push_str("</figure>\n");
}

/// A chart's table, folded away.
fn numbers(chart: &Chart, out: &mut String) {
    if chart.rows.is_empty() {
        return;
    }
    out.push_str("<details><summary>Table</summary><div class=\"wide\"><table>\n<thead><tr>");
    for column in &chart.columns {
        cell("th", &column.name, column.number, out);
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &chart.rows {
        out.push_str("<tr>");
        for (text, column) in row.iter().zip(&chart.columns) {
            cell("td", text, column.number, out);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div></details>\n");
}

fn table(table: &Table, out: &mut String) {
    let _ = write!(
        out,
        "<div class=\"wide\"><table>\n<caption>{}</caption>\n<thead><tr>",
        escaped(table.title)
    );
    for (name, number) in &table.columns {
        cell("th", name, *number, out);
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (text, (_, number)) in row.iter().zip(&table.columns) {
            cell("td", text, *number, out);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

fn cell(tag: &str, text: &str, number: bool, out: &mut String) {
    let class = if number { " class=\"n\"" } else { "" };
    let scope = if tag == "th" { " scope=\"col\"" } else { "" };
    // A number and its sign stay on one line.
    let text = escaped(text).replace(" %", "&#160;%");
    let _ = write!(out, "<{tag}{scope}{class}>{text}</{tag}>");
}

/// A text as HTML shows it, in a text or in an attribute's quotes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
