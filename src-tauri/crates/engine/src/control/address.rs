//! Where a home's control socket is: a file in the home, or a pipe named after it on Windows.
//! Owns the detour for paths longer than a socket address holds.

use interprocess::local_socket::Name;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The socket's name in its home.
const FILE: &str = "control.sock";

/// Where to listen or connect.
pub(super) struct Address {
    /// As people see it.
    pub path: PathBuf,
    /// As the system takes it.
    reach: PathBuf,
    /// Keeps the short way to a long path open.
    _folder: Option<File>,
}

impl Address {
    /// The address of a home's socket.
    pub fn of(home: &Path) -> io::Result<Self> {
        let path = home.join(FILE);
        let (reach, folder) = reach(home, &path)?;
        Ok(Self { path, reach, _folder: folder })
    }

    /// The name in the form the socket library takes.
    #[cfg(unix)]
    pub fn name(&self) -> io::Result<Name<'_>> {
        use interprocess::local_socket::{GenericFilePath, ToFsName};
        self.reach.as_path().to_fs_name::<GenericFilePath>()
    }

    /// The name in the form the socket library takes.
    #[cfg(windows)]
    pub fn name(&self) -> io::Result<Name<'_>> {
        use interprocess::local_socket::{GenericNamespaced, ToNsName};
        self.reach.as_os_str().to_ns_name::<GenericNamespaced>()
    }
}

/// `sun_path` holds 104 bytes on macOS and the BSDs and 108 on Linux, the final NUL included.
#[cfg(unix)]
const PATH_BYTES_MAX: usize = 103;

#[cfg(unix)]
fn reach(home: &Path, path: &Path) -> io::Result<(PathBuf, Option<File>)> {
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return Ok((path.to_owned(), None));
    }
    if cfg!(target_os = "linux") {
        use std::os::fd::AsRawFd;
        let folder = File::open(home)?;
        let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(FILE);
        return Ok((short, Some(folder)));
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("the path is longer than the {PATH_BYTES_MAX} bytes a socket may have"),
    ))
}

/// The pipe of a home: the same however the home is spelled, and no other home's.
#[cfg(windows)]
fn reach(home: &Path, _path: &Path) -> io::Result<(PathBuf, Option<File>)> {
    use sha2::{Digest, Sha256};
    let home = std::fs::canonicalize(home)?;
    let digest = Sha256::digest(home.to_string_lossy().to_lowercase().as_bytes());
    let hex: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
    Ok((PathBuf::from(format!("weir-{hex}")), None))
}
