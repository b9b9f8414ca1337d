//! An open reservation: what it set aside, the local day it counts in, and what it is about, so that
//! budgets may change while it is open.
//! Owns how its texts are kept: one after the other, so that an admission allocates once for them.

use std::sync::Arc;
use weir_core::budget::{Asks, Subject};
use weir_core::period::LocalDay;
use weir_core::route::Tier;
use weir_proxy::ports::Opening;

/// An open reservation.
pub struct Hold {
    pub day: LocalDay,
    pub asks: Asks,
    pub about: About,
}

/// What scopes ask about.
pub struct About {
    client: Arc<str>,
    tier: Option<Tier>,
    local: bool,
    texts: Box<str>,
    /// Where provider, model, category, project and session end in `texts`; what was not said ends
    /// at `NONE`.
    ends: [usize; TEXTS],
}

const TEXTS: usize = 5;
const NONE: usize = usize::MAX;

/// An attempt as scopes see it.
pub fn subject(opening: &Opening) -> Subject<'_> {
    Subject {
        provider: &opening.provider,
        model: &opening.model,
        tier: opening.tier.map(Tier::as_str),
        category: opening.category.as_deref(),
        client: &opening.client,
        project: opening.project.as_deref(),
        session: opening.session.as_deref(),
        local: opening.local,
    }
}

impl About {
    pub fn of(opening: &Opening) -> Self {
        let parts = [
            Some(opening.provider.as_str()),
            Some(opening.model.as_str()),
            opening.category.as_deref(),
            opening.project.as_deref(),
            opening.session.as_deref(),
        ];
        let mut texts = String::with_capacity(parts.iter().flatten().map(|part| part.len()).sum());
        let mut ends = [NONE; TEXTS];
        for (end, part) in ends.iter_mut().zip(parts) {
            let Some(part) = part else { continue };
            texts.push_str(part);
            *end = texts.len();
        }
        Self {
            client: Arc::clone(&opening.client),
            tier: opening.tier,
            local: opening.local,
            texts: texts.into_boxed_str(),
            ends,
        }
    }

    pub fn subject(&self) -> Subject<'_> {
        let mut from = 0;
        let [provider, model, category, project, session] = self.ends.map(|end| {
            let text = self.texts.get(from..end)?;
            from = end;
            Some(text)
        });
        Subject {
            provider: provider.unwrap_or_default(),
            model: model.unwrap_or_default(),
            tier: self.tier.map(Tier::as_str),
            category,
            client: &self.client,
            project,
            session,
            local: self.local,
        }
    }
}
