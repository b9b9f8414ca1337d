//! Which budgets a call can count in, found without looking at all of them: each is filed under
//! the fact of its scope that fewest calls share.
//! Owns the files; whether a budget truly holds a call is its scope's to say, unless that fact is all
//! that its scope names.

use std::collections::HashMap;
use weir_core::budget::{Scope, Subject};

/// Places of budgets by what their scopes name.
#[derive(Default)]
pub struct Index {
    /// Scopes that name no text.
    anything: Vec<Near>,
    /// By the kind of fact, then by its value.
    filed: [HashMap<String, Vec<Near>>; 7],
}

/// A budget that may hold a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// Its place.
    pub place: usize,
    /// Whether it does, for its scope names nothing more.
    pub surely: bool,
}

impl Index {
    /// Files scopes by their places.
    pub fn of<'s>(scopes: impl Iterator<Item = &'s Scope>) -> Self {
        let mut index = Self::default();
        for (place, scope) in scopes.enumerate() {
            let named = scope.texts().iter().filter(|(_, text)| text.is_some()).count();
            let near = Near { place, surely: named <= 1 && scope.local.is_none() };
            match scope.rarest() {
                None => index.anything.push(near),
                Some((kind, value)) => {
                    index.filed[kind].entry(value.to_owned()).or_default().push(near);
                }
            }
        }
        index
    }

    /// Budgets that may hold a call, in no order.
    pub fn near(&self, subject: &Subject<'_>) -> impl Iterator<Item = Near> {
        let filed = self.filed.iter().zip(subject.texts()).filter(|(file, _)| !file.is_empty());
        let found = filed.filter_map(|(file, text)| file.get(text?));
        self.anything.iter().chain(found.flatten()).copied()
    }
}
