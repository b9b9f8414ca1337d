//! What a budget counts: any of eight facts of a call, all of which must agree.
//! Owns the match and the one fact by which a scope is found fastest.

use serde::{Deserialize, Serialize};

/// Which calls a budget counts. `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Provider name.
    pub provider: Option<String>,
    /// Model name.
    pub model: Option<String>,
    /// Tier name.
    pub tier: Option<String>,
    /// Category name.
    pub category: Option<String>,
    /// Client name.
    pub client: Option<String>,
    /// Project name.
    pub project: Option<String>,
    /// Session name.
    pub session: Option<String>,
    /// Local or not.
    pub local: Option<bool>,
}

/// A call as scopes see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The provider it goes to.
    pub provider: &'a str,
    /// The model it goes to.
    pub model: &'a str,
    /// Its tier.
    pub tier: Option<&'a str>,
    /// Its category.
    pub category: Option<&'a str>,
    /// The tool it comes from.
    pub client: &'a str,
    /// Its project.
    pub project: Option<&'a str>,
    /// Its session.
    pub session: Option<&'a str>,
    /// Whether it stays on the user's machines.
    pub local: bool,
}

impl Scope {
    /// The keys, in the order they are documented.
    pub const KEYS: [&'static str; 8] =
        ["provider", "model", "tier", "category", "client", "project", "session", "local"];

    /// Whether a call is inside.
    pub fn holds(&self, subject: &Subject<'_>) -> bool {
        let same = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| is == Some(wanted))
        };
        same(&self.provider, Some(subject.provider))
            && same(&self.model, Some(subject.model))
            && same(&self.tier, subject.tier)
            && same(&self.category, subject.category)
            && same(&self.client, Some(subject.client))
            && same(&self.project, subject.project)
            && same(&self.session, subject.session)
            && self.local.is_none_or(|local| local == subject.local)
    }

    /// The named texts, in the order of `KEYS`.
    pub fn texts(&self) -> [(&'static str, Option<&str>); 7] {
        [
            ("provider", self.provider.as_deref()),
            ("model", self.model.as_deref()),
            ("tier", self.tier.as_deref()),
            ("category", self.category.as_deref()),
            ("client", self.client.as_deref()),
            ("project", self.project.as_deref()),
            ("session", self.session.as_deref()),
        ]
    }

    /// The fact that fewest calls share, as its place in `texts` and its value; `None` for a scope
    /// that names no text and so may hold any call.
    pub fn rarest(&self) -> Option<(usize, &str)> {
        const RAREST_FIRST: [usize; 7] = [6, 5, 3, 4, 1, 0, 2];
        let texts = self.texts();
        RAREST_FIRST.into_iter().find_map(|at| Some((at, texts[at].1?)))
    }

    /// Whether it is everything.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

impl<'a> Subject<'a> {
    /// Its texts in the order of [`Scope::texts`].
    pub fn texts(&self) -> [Option<&'a str>; 7] {
        [
            Some(self.provider),
            Some(self.model),
            self.tier,
            self.category,
            Some(self.client),
            self.project,
            self.session,
        ]
    }
}
