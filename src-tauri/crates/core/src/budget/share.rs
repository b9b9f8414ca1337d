//! Budgets that others make: shares of a budget by category, and daily caps of single models.
//! Owns their names, scopes and what happens at their limits.

use super::{AtLimit, Budget, Limit, Origin, Scope};
use crate::Money;
use crate::period::Period;

/// `[categories]`: percent of a budget by category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    /// The budget.
    pub of: String,
    /// Category and percent, in the order they are written.
    pub shares: Vec<(String, u8)>,
    /// Whether a category may use what the others leave. Then a share is only told about, and the
    /// budget itself is what holds.
    pub lend: bool,
    /// The category of a request that names none, or one without a share.
    pub default: Option<String>,
}

impl Shares {
    /// One budget a share of `parent`: the same window, the parent's scope and the category.
    pub fn budgets(&self, parent: &Budget) -> Vec<Budget> {
        let one = |(category, percent): &(String, u8)| Budget {
            name: format!("{}/{category}", parent.name),
            limit: parent.limit.part(*percent),
            scope: Scope { category: Some(category.clone()), ..parent.scope.clone() },
            at_limit: if self.lend { AtLimit::Notify } else { parent.at_limit },
            origin: Origin::Share,
            ..parent.clone()
        };
        self.shares.iter().map(one).collect()
    }

    /// The category a request counts in.
    pub fn category<'a>(&'a self, named: Option<&'a str>) -> Option<&'a str> {
        let has = |name: &str| self.shares.iter().any(|(category, _)| category == name);
        named.filter(|name| has(name)).or(self.default.as_deref()).or(named)
    }
}

/// One line of `[caps]`: what one model may cost in a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Its provider; `None` for that model anywhere.
    pub provider: Option<String>,
    /// The model.
    pub model: String,
    /// Dollars a local day.
    pub daily: Money,
}

impl Cap {
    /// As it is written: `provider/model` or a model alone.
    pub fn written(&self) -> String {
        match &self.provider {
            Some(provider) => format!("{provider}/{}", self.model),
            None => self.model.clone(),
        }
    }

    /// The budget it stands for. At its limit a request steps down: another model is left.
    pub fn budget(&self) -> Budget {
        Budget {
            name: format!("cap {}", self.written()),
            period: Period::Day,
            limit: Limit::Usd(self.daily),
            scope: Scope {
                provider: self.provider.clone(),
                model: Some(self.model.clone()),
                ..Scope::default()
            },
            thresholds: vec![70, 90, 100],
            at_limit: AtLimit::Downgrade,
            origin: Origin::Cap,
        }
    }
}
