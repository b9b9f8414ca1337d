//! A request as one line of CSV (RFC 4180), safe to open in a spreadsheet.
//! Pure. Unknown is an empty field, never a zero.

use weir_engine::api::LogRow;

/// The first line.
pub const HEADER: &str = "id,at,client,project,session,category,endpoint,asked_model,route,task,\
tier,confidence,reason,attempts,outcome,pricing,input,cache_read,cache_write_5m,cache_write_1h,\
output,reasoning,web_searches,cost_usd,saved_usd,cache,first_byte_ms,total_ms,dropped,local,demo,\
mode,class,conversation,deterministic,prompt_tokens,expected_usd,shadow\r\n";

/// A request's line.
pub fn row(row: &LogRow) -> String {
    let text = |value: Option<&String>| field(value.map_or("", String::as_str));
    let used = |of: fn(&weir_engine::api::RequestUsage) -> u64| {
        row.usage.as_ref().map(|usage| of(usage).to_string()).unwrap_or_default()
    };
    let number = |value: Option<String>| value.unwrap_or_default();
    let fields = [
        row.id.to_string(),
        row.at.to_string(),
        field(&row.client),
        text(row.project.as_ref()),
        text(row.session.as_ref()),
        text(row.category.as_ref()),
        field(&row.endpoint),
        field(&row.asked_model),
        field(&row.route),
        text(row.task.as_ref()),
        text(row.tier.as_ref()),
        number(row.confidence.map(|c| c.to_string())),
        field(&row.reason),
        row.attempts.len().to_string(),
        text(row.outcome.as_ref()),
        text(row.pricing.as_ref()),
        used(|u| u.input),
        used(|u| u.cache_read),
        used(|u| u.cache_write_5m),
        used(|u| u.cache_write_1h),
        used(|u| u.output),
        used(|u| u.reasoning),
        used(|u| u.web_searches),
        number(row.cost_usd.map(|m| m.to_string())),
        number(row.saved_usd.map(|m| m.to_string())),
        field(&row.cache),
        number(row.first_byte_ms.map(|ms| ms.to_string())),
        number(row.total_ms.map(|ms| ms.to_string())),
        field(&row.dropped.join("; ")),
        row.local.to_string(),
        row.demo.to_string(),
        text(row.mode.as_ref()),
        text(row.class.as_ref()),
        text(row.conversation.as_ref()),
        number(row.deterministic.map(|by_rule| by_rule.to_string())),
        number(row.prompt_tokens.map(|n| n.to_string())),
        number(row.expected_usd.map(|m| m.to_string())),
        text(row.shadow.as_ref().map(|shadow| &shadow.route)),
    ];
    fields.join(",") + "\r\n"
}

/// Text as a field. What a spreadsheet would take for a formula is made text by an apostrophe:
/// model and session names come from whoever calls.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let safe = if formula { format!("'{text}") } else { text.to_owned() };
    if safe.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples;

    #[test]
    fn a_line_has_as_many_fields_as_the_header_and_unknown_is_empty() {
        let mut open = samples::row();
        open.usage = None;
        open.cost_usd = None;
        let line = row(&open);
        assert_eq!(line.matches(',').count(), HEADER.matches(',').count());
        assert!(line.contains(",exact,,,,,,,,,0.012100000,"), "{line}");
        assert!(row(&samples::row()).contains(",exact,1234,82000,0,0,1170,0,0,0.045300000,"));
    }

    #[test]
    fn a_name_can_be_no_formula_and_break_no_line() {
        assert_eq!(field("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(field("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
        assert_eq!(field("claude-code"), "claude-code");
    }
}
