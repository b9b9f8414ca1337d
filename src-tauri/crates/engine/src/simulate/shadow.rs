//! The plan that was made and not acted on: what shadow mode stored with each request.

use super::past::Past;
use super::replay::{Choice, Planner, Standing};
use weir_core::Money;
use weir_core::route::Route;

/// Sends every request where the stored plan would have sent it.
pub struct AsShadow;

impl Planner for AsShadow {
    fn plan(
        &mut self,
        past: &Past,
        _: Option<&Standing>,
        _: &dyn Fn(&Route, u64) -> Option<Money>,
    ) -> Option<Choice> {
        past.shadow.clone().map(|route| Choice { route, reason: "shadow" })
    }
}
