//! Who may connect to a socket of a home's: this user alone.
//! Owns the socket's mode and the look at who calls. Knows neither what is asked nor who answers.

use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::traits::StreamCommon;
use std::io;
use std::path::Path;

/// Mode 0600 from the first moment where the system can; elsewhere the closed folder guards it.
///
/// # Errors
/// What the system says.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "openbsd"))]
pub fn private(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    use interprocess::os::unix::local_socket::ListenerOptionsExt;
    Ok(options.mode(0o600))
}

/// The closed folder guards it here.
///
/// # Errors
/// None here.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android", target_os = "openbsd"))))]
pub fn private(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    Ok(options)
}

/// Only the pipe's owner and the system itself may open it; the default lets everyone read.
///
/// # Errors
/// What the system says.
#[cfg(windows)]
pub fn private(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    use interprocess::os::windows::local_socket::ListenerOptionsExt;
    use interprocess::os::windows::security_descriptor::SecurityDescriptor;
    let owner_and_system = widestring::u16cstr!("D:P(A;;GA;;;OW)(A;;GA;;;SY)");
    Ok(options.security_descriptor(SecurityDescriptor::deserialize(owner_and_system)?))
}

/// Who this process runs as.
pub struct Owner {
    #[cfg(unix)]
    uid: u32,
}

impl Owner {
    /// Whose that socket is, which is closed to others.
    ///
    /// # Errors
    /// What the system says.
    #[cfg(unix)]
    pub fn of(socket: &Path) -> io::Result<Self> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { uid: std::fs::symlink_metadata(socket)?.uid() })
    }

    /// The pipe was made for its owner alone.
    ///
    /// # Errors
    /// None here.
    #[cfg(windows)]
    pub fn of(_socket: &Path) -> io::Result<Self> {
        Ok(Self {})
    }

    /// The same user, or root, who may do anything anyway. Where the system does not say, the
    /// socket's own mode has already decided.
    #[cfg(unix)]
    pub fn admits(&self, stream: &impl StreamCommon) -> bool {
        match stream.peer_creds().ok().and_then(|peer| peer.euid()) {
            Some(uid) => uid == self.uid || uid == 0,
            None => !cfg!(target_os = "linux"),
        }
    }

    /// The pipe has decided.
    #[cfg(windows)]
    pub fn admits(&self, _stream: &impl StreamCommon) -> bool {
        true
    }
}
