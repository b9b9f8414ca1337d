//! The one folder Weir keeps everything in: where it is, what is in it, who may read it.
//! Owns file names and modes. Folders are 0700 and files 0600 where the system has modes.

use crate::profiles;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The variable that names the folder.
pub const HOME_VARIABLE: &str = "WEIR_HOME";

/// The folder of one Weir.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

/// Why the folder cannot be used. `Display` names the path and the fix.
#[derive(Debug, thiserror::Error)]
pub enum HomeProblem {
    /// Neither a folder of the user's nor `WEIR_HOME` is known.
    #[error("no home folder is known for this user. Set WEIR_HOME, or pass --home DIR")]
    Unknown,
    /// The folder, or something in it, cannot be made or written.
    #[error(
        "cannot write {path}: {cause}. Make it writable for this user, or choose another folder \
         with WEIR_HOME or --home DIR"
    )]
    Unwritable {
        /// What could not be written.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The path is a file.
    #[error("{path} is not a folder. Choose another one with WEIR_HOME or --home DIR")]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
}

impl Home {
    /// The folder named by `flag`, else by `WEIR_HOME`, else the platform's own. Nothing is made.
    ///
    /// # Errors
    /// When none of the three is known.
    pub fn locate(flag: Option<&Path>) -> Result<Self, HomeProblem> {
        let named = flag.map(Path::to_path_buf).or_else(|| {
            std::env::var_os(HOME_VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from)
        });
        named.or_else(platform_folder).map(Self::at).ok_or(HomeProblem::Unknown)
    }

    /// The home that no flag and no variable names; `None` where this user has no such folder.
    pub fn usual() -> Option<Self> {
        platform_folder().map(Self::at)
    }

    /// The folder at `path`, made absolute. Nothing is made.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { root: std::path::absolute(&path).unwrap_or(path) }
    }

    /// Makes the folder and `logs/` if they are missing, and closes them to other users.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn prepare(&self) -> Result<(), HomeProblem> {
        if self.root.is_file() {
            return Err(HomeProblem::NotAFolder { path: self.root.clone() });
        }
        let ours = self.looks_like_ours();
        make_folder(&self.root)?;
        if ours {
            close_to_others(&self.root)?;
        }
        make_folder(&self.logs())
    }

    /// A folder that holds a Weir already, or nothing at all, is Weir's to close to others.
    /// Any other folder the user pointed at keeps its mode, and `doctor` says so.
    fn looks_like_ours(&self) -> bool {
        match fs::read_dir(&self.root) {
            Err(_) => true,
            Ok(mut entries) => {
                self.ledger().exists()
                    || self.config().exists()
                    || self.lock().exists()
                    || entries.next().is_none()
            }
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The configuration in use: `config.toml`, or the file of the profile that is.
    pub fn config(&self) -> PathBuf {
        match profiles::in_use(self) {
            None => self.default_config(),
            Some(name) => self.profiles().join(format!("{name}.toml")),
        }
    }

    /// `config.toml`, whether or not a profile is in use instead.
    pub fn default_config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// `profiles/`: other configurations, by their names.
    pub fn profiles(&self) -> PathBuf {
        self.root.join("profiles")
    }

    /// `profile`: the name of the profile in use; not there while config.toml is.
    pub fn profile_in_use(&self) -> PathBuf {
        self.root.join("profile")
    }

    /// Makes `profiles/`, closed to other users.
    ///
    /// # Errors
    /// What the system said.
    pub fn make_profiles(&self) -> io::Result<()> {
        make_folder(&self.profiles()).map_err(|problem| match problem {
            HomeProblem::Unwritable { cause, .. } => cause,
            other => io::Error::other(other.to_string()),
        })
    }

    /// `weir.db`.
    pub fn ledger(&self) -> PathBuf {
        self.root.join("weir.db")
    }

    /// `control.sock`.
    pub fn socket(&self) -> PathBuf {
        self.root.join("control.sock")
    }

    /// `weir.lock`.
    pub fn lock(&self) -> PathBuf {
        self.root.join("weir.lock")
    }

    /// `logs/`.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// `prices.toml`: the user's own price rows.
    pub fn price_overrides(&self) -> PathBuf {
        self.root.join("prices.toml")
    }

    /// `prices.json`: a newer price table, loaded by `weir price update`.
    pub fn price_table(&self) -> PathBuf {
        self.root.join("prices.json")
    }

    /// `local.off`: there while local models are switched off.
    pub fn local_off(&self) -> PathBuf {
        self.root.join("local.off")
    }

    /// `local.models.off`: which local models are switched off one by one; not there while none is.
    pub fn models_off(&self) -> PathBuf {
        self.root.join("local.models.off")
    }

    /// `local.only`: there while only local models are in use.
    pub fn local_only(&self) -> PathBuf {
        self.root.join("local.only")
    }

    /// `keys.json`: which providers have a key in the keychain, and for which address. No secrets.
    pub fn key_index(&self) -> PathBuf {
        self.root.join("keys.json")
    }
}

#[cfg(target_os = "linux")]
fn platform_folder() -> Option<PathBuf> {
    // A relative XDG_DATA_HOME is to be ignored, says the XDG base directory specification.
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
    data.or_else(|| std::env::home_dir().map(|h| h.join(".local/share"))).map(|d| d.join("weir"))
}

#[cfg(target_os = "macos")]
fn platform_folder() -> Option<PathBuf> {
    std::env::home_dir().map(|h| h.join("Library/Application Support/Weir"))
}

#[cfg(windows)]
fn platform_folder() -> Option<PathBuf> {
    std::env::var_os("APPDATA").map(|d| PathBuf::from(d).join("Weir"))
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn platform_folder() -> Option<PathBuf> {
    std::env::home_dir().map(|h| h.join(".weir"))
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> HomeProblem + '_ {
    |cause| HomeProblem::Unwritable { path: path.to_path_buf(), cause }
}

fn make_folder(path: &Path) -> Result<(), HomeProblem> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(unwritable(path))
}

#[cfg(unix)]
fn close_to_others(path: &Path) -> Result<(), HomeProblem> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(unwritable(path))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(unwritable(path))
}

#[cfg(not(unix))]
fn close_to_others(_: &Path) -> Result<(), HomeProblem> {
    Ok(())
}

/// Options that make a file readable by this user alone.
pub fn private_file() -> fs::OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes to set"))]
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Replaces a file whole, 0600: a reader sees the old text or the new, never half of one, and a
/// power cut cannot leave an empty file. A symbolic link is followed, so that a configuration
/// kept in a dotfiles repository stays there.
///
/// # Errors
/// What the system said; the old file is then untouched.
pub fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = target.parent().unwrap_or(Path::new("."));
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let draft = folder.join(format!(".{name}.{}", std::process::id()));
    // A draft of a run that was killed may lie there under a recycled pid.
    let _ = fs::remove_file(&draft);
    let mut file = private_file().write(true).create_new(true).open(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    if let Err(cause) = written.and_then(|()| fs::rename(&draft, &target)) {
        let _ = fs::remove_file(&draft);
        return Err(cause);
    }
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_everything_and_becomes_absolute() {
        let home = Home::locate(Some(Path::new("some/where"))).unwrap();
        assert!(home.root().is_absolute());
        assert!(home.root().ends_with("some/where"));
        assert!(home.ledger().ends_with("some/where/weir.db"));
    }

    #[cfg(unix)]
    #[test]
    fn a_new_home_is_closed_to_other_users_and_a_foreign_folder_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
        let dir = tempfile::tempdir().unwrap();

        let fresh = Home::at(dir.path().join("a/b"));
        fresh.prepare().unwrap();
        assert_eq!(mode(fresh.root()), 0o700);
        assert_eq!(mode(&fresh.logs()), 0o700);

        let foreign = dir.path().join("photos");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("cat.jpg"), b"x").unwrap();
        fs::set_permissions(&foreign, fs::Permissions::from_mode(0o755)).unwrap();
        Home::at(&foreign).prepare().unwrap();
        assert_eq!(mode(&foreign), 0o755);

        let used = Home::at(dir.path().join("used"));
        used.prepare().unwrap();
        fs::write(used.config(), b"").unwrap();
        fs::set_permissions(used.root(), fs::Permissions::from_mode(0o777)).unwrap();
        used.prepare().unwrap();
        assert_eq!(mode(used.root()), 0o700);
    }

    #[test]
    fn a_home_that_cannot_be_made_is_named_with_its_fix() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"").unwrap();
        let said = Home::at(&file).prepare().unwrap_err().to_string();
        assert!(said.contains("is not a folder") && said.contains("--home"), "{said}");
        let said = Home::at(file.join("below")).prepare().unwrap_err().to_string();
        assert!(said.contains("file") && said.contains("WEIR_HOME"), "{said}");
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_is_private_and_a_link_to_it_stays_a_link() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real.toml");
        fs::write(&real, b"old").unwrap();
        let link = dir.path().join("config.toml");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace_private(&link, b"new").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no draft is left behind");
    }
}
