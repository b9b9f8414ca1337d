//! The operating system's keychain: Keychain Services, Credential Manager, or Secret Service.
//! Owns the item's name and the translation of the keychain's errors into states with a fix.

use super::keychain::{StoreProblem, Vault};
use keyring::v1::{Entry, Error};
#[cfg(all(unix, not(target_os = "macos")))]
use keyring_core::api::CredentialStoreApi;
use zeroize::Zeroizing;

const SERVICE: &str = "Weir";
const ITEM: &str = "provider keys";

/// The item of this user.
#[derive(Debug, Default)]
pub struct SystemVault;

impl SystemVault {
    /// The Secret Service is met anew each time, which is once a run and for each change: it may have
    /// been started since, or started again, and then knows nothing of the session of before. By itself
    /// `keyring` meets it once a process.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn entry() -> Result<Entry, StoreProblem> {
        let store = zbus_secret_service_keyring_store::Store::new().map_err(|e| met(&e))?;
        let inner = store.build(SERVICE, ITEM, None).map_err(|e| state(&e))?;
        Ok(Entry { inner })
    }

    #[cfg(any(windows, target_os = "macos"))]
    fn entry() -> Result<Entry, StoreProblem> {
        Entry::new(SERVICE, ITEM).map_err(|e| state(&e))
    }
}

/// Why a Secret Service was not met: none is there, unless the bus keeps this program from it.
#[cfg(all(unix, not(target_os = "macos")))]
fn met(error: &Error) -> StoreProblem {
    if error.to_string().contains("org.freedesktop.DBus.Error.AccessDenied") {
        return StoreProblem::Denied;
    }
    StoreProblem::Absent
}

impl Vault for SystemVault {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreProblem> {
        match Self::entry()?.get_secret() {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(state(&error)),
        }
    }

    fn write(&self, item: &[u8]) -> Result<(), StoreProblem> {
        // Updates the item in place: on macOS a new one would ask its owner for access again.
        Self::entry()?.set_secret(item).map_err(|e| state(&e))
    }

    fn delete(&self) -> Result<(), StoreProblem> {
        match Self::entry()?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(state(&error)),
        }
    }
}

/// The error's own text is not passed on: some stores put the secret's bytes into it.
fn state(error: &Error) -> StoreProblem {
    match error {
        Error::NoStorageAccess(_) => StoreProblem::Locked,
        Error::NoDefaultStore | Error::NotSupportedByStore(_) => StoreProblem::Absent,
        Error::TooLong(..) => StoreProblem::TooLong,
        Error::BadEncoding(_)
        | Error::BadDataFormat(..)
        | Error::BadStoreFormat(_)
        | Error::Ambiguous(_) => StoreProblem::NotOurs,
        _ => StoreProblem::Denied,
    }
}
