//! What local work costs in electricity, where the user says what it draws.

use crate::Money;

/// `[local]` watts and price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Power {
    /// What the machine draws more while it answers, in watts.
    pub watts: u32,
    /// What a kilowatt-hour costs.
    pub kwh: Money,
}

const WATT_MS_PER_KWH: i128 = 1_000 * 3_600_000;

impl Power {
    /// The cost of an answer that took so many milliseconds, rounded up to the nano-dollar.
    pub fn cost(&self, ms: u32) -> Money {
        let product = i128::from(self.watts) * i128::from(ms) * i128::from(self.kwh.nano());
        let nano = product.saturating_add(WATT_MS_PER_KWH - 1) / WATT_MS_PER_KWH;
        Money::from_nano(i64::try_from(nano).unwrap_or(i64::MAX))
    }
}
