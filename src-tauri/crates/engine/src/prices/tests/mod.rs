//! What the tests of pricing share: a moment, the two kinds of prices, calls and usages.

mod apart;
mod own_files;
mod rules;
mod whole_table;

use super::*;
use genai_prices::Calculator;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use weir_core::price::Pico;
use weir_core::{Metered, Money, Pricing, Usage};
use weir_proxy::ports::Estimate;

/// 22 November 2026, 12:00 UTC.
const NOW: i64 = 1_795_348_800_000;

fn built_in() -> Prices {
    Prices::open(None, None).expect("no file, no mistake")
}

fn with_rows(text: &str) -> Prices {
    let home = tempfile::tempdir().expect("a temporary folder");
    let path = home.path().join("prices.toml");
    std::fs::write(&path, text).expect("written");
    Prices::open(Some(&path), None).expect("good rows")
}

fn anthropic(model: &str) -> Call<'_> {
    Call {
        provider: "anthropic",
        base_url: "https://api.anthropic.com",
        local: false,
        model,
        at_ms: NOW,
    }
}

fn openai(model: &str) -> Call<'_> {
    Call {
        provider: "openai",
        base_url: "https://api.openai.com/v1",
        local: false,
        model,
        at_ms: NOW,
    }
}

fn used(usage: Usage) -> Metered {
    Metered { usage: Some(usage), ..Metered::default() }
}

fn nano(bill: &Bill) -> i64 {
    bill.cost.unwrap_or_else(|| panic!("unpriced: {:?}", bill.problem)).nano()
}

fn usd(text: &str) -> Option<Pico> {
    Some(Pico(text.parse::<Money>().expect("dollars a million").nano() as u64 / 1_000))
}
