//! Local models that the user has out of use: all of them, or one. A chain passes over them, and one
//! that is asked for by its name is refused with what switches it on.

use super::{NoRoute, Provider, Reason, Route, Setup};

/// What Ollama takes a name without a tag for.
const NEWEST: &str = ":latest";

/// Why a local model is out of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// All local models are.
    All,
    /// This one is.
    Model,
}

impl Off {
    /// The reason of whoever answers in its place.
    pub(super) fn reason(self) -> Reason {
        match self {
            Self::All => Reason::LocalOff,
            Self::Model => Reason::LocalModelOff,
        }
    }

    /// The refusal where nobody does. `route` is `provider/model`.
    pub(super) fn refusal(self, route: String) -> NoRoute {
        match self {
            Self::All => NoRoute::LocalOff { route },
            Self::Model => NoRoute::LocalModelOff { route },
        }
    }
}

impl Setup {
    /// Why a model of a provider is out of use; `None` where it may be asked.
    pub fn off(&self, provider: &Provider, model: &str) -> Option<Off> {
        if !provider.local {
            return None;
        }
        if self.local_off {
            return Some(Off::All);
        }
        let one =
            |off: &Route| off.provider == provider.name && newest(&off.model) == newest(model);
        self.models_off.iter().any(one).then_some(Off::Model)
    }

    /// The same of a route; one to a provider that nobody knows is not out of use.
    pub fn route_off(&self, route: &Route) -> Option<Off> {
        self.off(self.provider(&route.provider)?, &route.model)
    }
}

fn newest(name: &str) -> &str {
    name.strip_suffix(NEWEST).unwrap_or(name)
}
