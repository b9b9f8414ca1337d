//! Token probabilities: Gemini's two lists side by side against Chat's list of tokens, which is
//! also Responses' and the form kept here.

use super::super::scan;
use crate::hub::out::Out;
use crate::json::Value;

/// Chat's list from a `logprobsResult`; `None` when it holds none.
pub(in super::super) fn from_gemini(result: Value<'_>) -> Option<String> {
    let [chosen, top] = result.pick(["chosenCandidates", "topCandidates"]);
    let chosen = chosen.filter(|c| c.items() > 0)?;
    let mut tops = Vec::new();
    if let Some(top) = top {
        top.each_item(|t| tops.push(t.get("candidates")));
    }
    let mut out = Out::with_capacity(256);
    let mut at = 0;
    out.open_list();
    chosen.each_item(|token| {
        out.open();
        entry(&mut out, token);
        out.open_list_at("top_logprobs");
        if let Some(list) = tops.get(at).copied().flatten() {
            list.each_item(|other| {
                out.open();
                entry(&mut out, other);
                out.close();
            });
        }
        out.close_list();
        out.close();
        at += 1;
    });
    out.close_list();
    String::from_utf8(out.into_bytes()).ok()
}

fn entry(out: &mut Out, candidate: Value<'_>) {
    let [token, probability] = candidate.pick(["token", "logProbability"]);
    let token = scan::full(token).unwrap_or_default();
    out.text_at("token", &token);
    out.raw_at("logprob", &probability.map_or("null".to_owned(), scan::raw));
    out.open_list_at("bytes");
    for byte in token.bytes() {
        out.raw(&byte.to_string());
    }
    out.close_list();
}

/// Gemini's `logprobsResult` from Chat's lists.
pub(in super::super) fn to_gemini(out: &mut Out, lists: &[String]) {
    let each = |take: &mut dyn FnMut(Value<'_>)| {
        for list in lists {
            if let Some(list) = Value::whole(list.as_bytes()) {
                list.each_item(&mut *take);
            }
        }
    };
    out.open();
    out.open_list_at("topCandidates");
    each(&mut |token| {
        out.open();
        out.open_list_at("candidates");
        if let Some(top) = token.get("top_logprobs") {
            top.each_item(|other| candidate(out, other));
        }
        out.close_list();
        out.close();
    });
    out.close_list();
    out.open_list_at("chosenCandidates");
    each(&mut |token| candidate(out, token));
    out.close_list();
    out.close();
}

fn candidate(out: &mut Out, entry: Value<'_>) {
    let [token, probability] = entry.pick(["token", "logprob"]);
    out.open();
    out.text_at("token", &scan::full(token).unwrap_or_default());
    if let Some(probability) = probability {
        out.raw_at("logProbability", &scan::raw(probability));
    }
    out.close();
}
