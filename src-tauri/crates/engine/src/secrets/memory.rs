//! A vault in memory, for engines that run inside a test. Forgets everything with the process.

use super::keychain::{StoreProblem, Vault};
use parking_lot::Mutex;
use zeroize::Zeroizing;

/// One item in memory.
#[derive(Default)]
pub struct MemoryVault {
    item: Mutex<Option<Zeroizing<Vec<u8>>>>,
}

impl Vault for MemoryVault {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreProblem> {
        Ok(self.item.lock().clone())
    }

    fn write(&self, item: &[u8]) -> Result<(), StoreProblem> {
        *self.item.lock() = Some(Zeroizing::new(item.to_vec()));
        Ok(())
    }

    fn delete(&self) -> Result<(), StoreProblem> {
        *self.item.lock() = None;
        Ok(())
    }
}
