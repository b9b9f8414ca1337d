//! Which budgets a call can count in, found without looking at all of them: each is filed under
//! the fact of its scope that fewest calls share.
//! Owns the files; whether a budget truly holds a call is its scope's to say.

use std::collections::HashMap;
use weir_core::budget::{Scope, Subject};

/// Places of budgets by what their scopes name.
#[derive(Default)]
pub struct Index {
    /// Scopes that name no text.
    anything: Vec<usize>,
    /// By the kind of fact, then by its value.
    filed: [HashMap<String, Vec<usize>>; 7],
}

impl Index {
    /// Files scopes by their places.
    pub fn of<'s>(scopes: impl Iterator<Item = &'s Scope>) -> Self {
        let mut index = Self::default();
        for (place, scope) in scopes.enumerate() {
            match scope.rarest() {
                None => index.anything.push(place),
                Some((kind, value)) => {
                    index.filed[kind].entry(value.to_owned()).or_default().push(place);
                }
            }
        }
        index
    }

    /// Places of budgets that may hold a call, in no order.
    pub fn near(&self, subject: &Subject<'_>) -> impl Iterator<Item = usize> {
        let filed = self.filed.iter().zip(subject.texts()).filter(|(file, _)| !file.is_empty());
        let found = filed.filter_map(|(file, text)| file.get(text?));
        self.anything.iter().chain(found.flatten()).copied()
    }
}
