//! Where a socket of a home's is: a file in the home, or a pipe named after it on Windows.
//! Owns the detour for paths longer than a socket address holds.

use interprocess::local_socket::Name;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Where to listen or connect.
pub struct Address {
    /// As people see it.
    pub path: PathBuf,
    /// As the system takes it.
    reach: PathBuf,
    /// Keeps the short way to a long path open.
    _folder: Option<File>,
}

impl Address {
    /// The address of the socket with that name in a home.
    ///
    /// # Errors
    /// A path that is too long for the system, a home that cannot be opened.
    pub fn of(home: &Path, file: &str) -> io::Result<Self> {
        let path = home.join(file);
        let (reach, folder) = reach(home, &path, file)?;
        Ok(Self { path, reach, _folder: folder })
    }

    /// The name in the form the socket library takes.
    ///
    /// # Errors
    /// A path that the system does not take.
    #[cfg(unix)]
    pub fn name(&self) -> io::Result<Name<'_>> {
        use interprocess::local_socket::{GenericFilePath, ToFsName};
        self.reach.as_path().to_fs_name::<GenericFilePath>()
    }

    /// The name in the form the socket library takes.
    ///
    /// # Errors
    /// A path that the system does not take.
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
fn reach(home: &Path, path: &Path, file: &str) -> io::Result<(PathBuf, Option<File>)> {
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return Ok((path.to_owned(), None));
    }
    if cfg!(target_os = "linux") {
        use std::os::fd::AsRawFd;
        let folder = File::open(home)?;
        let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(file);
        return Ok((short, Some(folder)));
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("the path is longer than the {PATH_BYTES_MAX} bytes a socket may have"),
    ))
}

/// The pipe of a home: the same however the home is spelled, and no other home's.
#[cfg(windows)]
fn reach(home: &Path, _path: &Path, file: &str) -> io::Result<(PathBuf, Option<File>)> {
    use sha2::{Digest, Sha256};
    let home = std::fs::canonicalize(home)?;
    let digest = Sha256::digest(home.to_string_lossy().to_lowercase().as_bytes());
    let hex: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
    let of = if file == super::FILE { String::new() } else { format!("-{file}") };
    Ok((PathBuf::from(format!("weir-{hex}{of}")), None))
}
