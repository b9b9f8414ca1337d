//! A secret in memory: wiped on drop, never printed, never serialised, never cloned by accident.

use std::fmt;
use std::sync::Arc;
use weir_core::mask::Mask;
use zeroize::Zeroizing;

/// A provider's key or a client's own credential. Shared, so that a copy costs nothing and one
/// wipe clears it.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes ownership of a secret.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// The text itself: for `upstream.rs` and the keychain only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What hides it in whatever is said by those it was sent to.
    pub fn mask(&self) -> Mask<'_> {
        Mask::of([self.0.as_bytes()])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
