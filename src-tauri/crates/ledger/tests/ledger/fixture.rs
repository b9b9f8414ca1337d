//! What the ledger's tests share: a temporary ledger and rows to put into it.

use jiff::tz::TimeZone;
use std::path::PathBuf;
use tempfile::TempDir;
use weir_core::route::{Reason, Tier};
use weir_core::{Endpoint, Money, Outcome, Pricing, RequestId, Usage};
use weir_ledger::{Ledger, Opened, Reserve, Settle};

/// 2026-11-22 12:00 UTC, a Sunday.
pub const NOON_MS: i64 = 1_795_348_800_000;

pub struct Home {
    pub dir: TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("weir.db")
    }

    pub fn open(&self) -> Ledger {
        self.open_at(NOON_MS).0
    }

    pub fn open_at(&self, now_ms: i64) -> (Ledger, Opened) {
        Ledger::open(&self.path(), TimeZone::UTC, now_ms).expect("the ledger opens")
    }
}

pub fn id(n: u32) -> RequestId {
    RequestId::new(NOON_MS + i64::from(n), n)
}

pub fn reserve(id: RequestId, attempt: u16) -> Reserve<'static> {
    Reserve {
        id,
        attempt,
        at_ms: id.unix_ms() + 3,
        client: "claude-code",
        project: Some("weir"),
        session: Some("session-1"),
        category: None,
        endpoint: Endpoint::Messages,
        asked_model: "claude-sonnet-4-5",
        provider: "anthropic",
        model: "claude-sonnet-4-5",
        task: Some("code_editing"),
        tier: Some(Tier::Medium),
        reason: Reason::Asked,
        confidence: Some(870),
        local: false,
        uncounted: false,
        reserved: Some(Money::from_nano(90_000_000)),
        input_tokens: 12_000,
        output_tokens: 4_096,
    }
}

pub fn usage() -> Usage {
    Usage {
        input: 1_200,
        cache_read: 10_000,
        cache_write_5m: 300,
        cache_write_1h: 40,
        output: 640,
        reasoning: 120,
        web_searches: 1,
    }
}

pub fn settle(id: RequestId, attempt: u16) -> Settle {
    let mut row = Settle::new(id, attempt, id.unix_ms() + 4_210, Outcome::Ok);
    row.status = 200;
    row.pricing = Pricing::Exact;
    row.cost = Some(Money::from_nano(31_415_926));
    row.usage = Some(usage());
    row.first_byte_ms = Some(812);
    row.total_ms = 4_210;
    row
}
