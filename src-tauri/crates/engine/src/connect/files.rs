//! The few things Weir does to a tool's files, one system call each, so that a test can end the
//! process after any of them. The disk does them for real.
//! Owns how a file is replaced: a draft beside it, brought to the disk, renamed over it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is known of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its permissions, where the system has such.
    pub mode: Option<u32>,
    /// Whether this user owns it.
    pub own: bool,
    /// Whether it is a plain file.
    pub plain: bool,
}

/// A file system. Every function that changes something is one step that happens whole or not.
pub trait Files {
    /// A file's bytes; `None` when there is none.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// What is known of a file, through links; `None` when there is none.
    fn facts(&self, path: &Path) -> io::Result<Option<Facts>>;
    /// Where a symbolic link points; `None` when it is none, or not there.
    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>>;
    /// Whether there is such a folder.
    fn is_folder(&self, path: &Path) -> bool;
    /// What lies in a folder; nothing where there is none.
    fn names(&self, path: &Path) -> io::Result<Vec<PathBuf>>;
    /// Makes a folder that only this user may look into.
    fn make_folder(&self, path: &Path) -> io::Result<()>;
    /// Removes a folder that is empty; one that is not is left.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
    /// Makes a file that only this user may read, and fails if there is one.
    fn create(&self, path: &Path) -> io::Result<()>;
    /// Writes a file's bytes.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Sets a file's permissions.
    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// Brings a file to the disk.
    fn sync(&self, path: &Path) -> io::Result<()>;
    /// Puts a file in another's place.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Brings a folder's entries to the disk.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// Removes a file; none is fine.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Holds a lock until the file is dropped; `ErrorKind::WouldBlock` when another process does.
    fn turn(&self, path: &Path) -> io::Result<Option<fs::File>>;
}

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// What is not there is no fault.
fn present<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let Some(data) = present(fs::metadata(path))? else { return Ok(None) };
        if data.len() > super::document::FILE_BYTES_MAX {
            return Err(io::Error::other("it is too large for a settings file"));
        }
        present(fs::read(path))
    }

    fn facts(&self, path: &Path) -> io::Result<Option<Facts>> {
        Ok(present(fs::metadata(path))?.map(|data| facts(&data)))
    }

    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let Some(data) = present(fs::symlink_metadata(path))? else { return Ok(None) };
        if data.is_symlink() { fs::read_link(path).map(Some) } else { Ok(None) }
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn names(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let Some(entries) = present(fs::read_dir(path))? else { return Ok(Vec::new()) };
        entries.map(|entry| Ok(entry?.path())).collect()
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes to set"))]
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        match fs::remove_dir(path) {
            Err(cause) if cause.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            other => present(other).map(drop),
        }
    }

    fn create(&self, path: &Path) -> io::Result<()> {
        crate::home::private_file().write(true).create_new(true).open(path).map(drop)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::OpenOptions::new().write(true).truncate(true).open(path)?.write_all(bytes)
    }

    #[cfg(unix)]
    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    #[cfg(not(unix))]
    fn set_mode(&self, _: &Path, _: u32) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        fs::OpenOptions::new().write(true).open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    #[cfg(unix)]
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        fs::File::open(path)?.sync_all()
    }

    // Windows writes a folder's entries through, and opens no folder as a file.
    #[cfg(not(unix))]
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        present(fs::remove_file(path)).map(drop)
    }

    fn turn(&self, path: &Path) -> io::Result<Option<fs::File>> {
        let mut options = crate::home::private_file();
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock().map_err(io::Error::from)?;
        Ok(Some(file))
    }
}

#[cfg(unix)]
fn facts(data: &fs::Metadata) -> Facts {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let own = data.uid() == rustix::process::geteuid().as_raw();
    Facts { mode: Some(data.permissions().mode() & 0o7777), own, plain: data.is_file() }
}

#[cfg(not(unix))]
fn facts(data: &fs::Metadata) -> Facts {
    Facts { mode: None, own: true, plain: data.is_file() }
}

/// Where the draft of a file is. One name, so that what a killed run left is found again.
fn draft_of(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    target.with_file_name(format!(".{name}.weir-draft"))
}

/// Removes what a run that was killed may have left beside a file.
///
/// # Errors
/// What the system said.
pub fn sweep(files: &dyn Files, target: &Path) -> io::Result<()> {
    files.remove(&draft_of(target))
}

/// Puts new bytes in a file's place: a reader, and a machine that loses its power, finds the old
/// bytes or the new.
///
/// # Errors
/// What the system said; the file is then as it was. `ErrorKind::Interrupted` when the file was
/// no longer what `known` says.
pub fn replace(
    files: &dyn Files,
    target: &Path,
    bytes: &[u8],
    mode: Option<u32>,
    known: Option<&[u8]>,
) -> io::Result<()> {
    let draft = draft_of(target);
    files.remove(&draft)?;
    files.create(&draft)?;
    let put = || {
        files.write(&draft, bytes)?;
        if let Some(mode) = mode {
            files.set_mode(&draft, mode)?;
        }
        files.sync(&draft)?;
        if files.read(target)?.as_deref() != known {
            return Err(io::Error::new(
                io::ErrorKind::Interrupted,
                "another program changed it just now",
            ));
        }
        files.rename(&draft, target)
    };
    if let Err(cause) = put() {
        let _ = files.remove(&draft);
        return Err(cause);
    }
    files.sync_folder(folder_of(target))
}

/// The folder a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// More links than this in a row lead nowhere.
const LINKS_MAX: usize = 40;

/// The file that is meant in the end, links followed even where the last one points at nothing
/// yet.
///
/// # Errors
/// What the system said, or that the links go round in a circle.
pub fn resolve(files: &dyn Files, path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match files.link(&path)? {
            Some(next) => path = folder_of(&path).join(next),
            None => return Ok(path),
        }
    }
    Err(io::Error::other("its symbolic links go round in a circle"))
}
