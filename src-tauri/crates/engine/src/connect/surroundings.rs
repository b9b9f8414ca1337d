//! Where a tool keeps its settings: the platform, the user's folder and the variables that move
//! things, taken once as a value, so that every path is a pure function of it.
//! Owns the names of platform folders; reads the process's environment in one place.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A family of operating systems that differ in where settings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux and the BSDs.
    Linux,
    /// macOS.
    Mac,
    /// Windows.
    Windows,
}

impl Platform {
    /// The one this program was built for.
    pub fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::Mac
        } else {
            Self::Linux
        }
    }
}

/// What decides which files are a tool's.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The operating system.
    pub platform: Platform,
    /// The user's own folder.
    pub home: PathBuf,
    /// The folder the command was given in.
    pub folder: PathBuf,
    /// The environment.
    pub variables: BTreeMap<String, OsString>,
}

impl Surroundings {
    /// Those of this process; `None` when the user has no folder.
    pub fn of_process() -> Option<Self> {
        let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        Some(Self {
            platform: Platform::here(),
            home: std::env::home_dir().filter(|home| home.is_absolute())?,
            folder: std::env::current_dir().unwrap_or_default(),
            variables: std::env::vars_os().filter_map(named).collect(),
        })
    }

    /// A variable that is set to something. Windows does not tell capitals from small letters.
    pub fn variable(&self, name: &str) -> Option<&OsString> {
        let same = |known: &str| match self.platform {
            Platform::Windows => known.eq_ignore_ascii_case(name),
            _ => known == name,
        };
        let found = self.variables.iter().find(|(known, _)| same(known));
        found.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// A variable as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.variable(name)?.to_str()
    }

    /// A folder that a variable names, with a leading `~` meant as the user's own.
    pub fn folder_of(&self, name: &str) -> Option<PathBuf> {
        let value = PathBuf::from(self.variable(name)?);
        match value.strip_prefix("~") {
            Ok(rest) => Some(self.home.join(rest)),
            Err(_) if value.is_absolute() => Some(value),
            Err(_) => Some(self.folder.join(value)),
        }
    }

    /// `$XDG_CONFIG_HOME`, else `~/.config`. A relative value is to be ignored, says the XDG base
    /// directory specification.
    pub fn config_home(&self) -> PathBuf {
        let named = self.variable("XDG_CONFIG_HOME").map(PathBuf::from);
        named.filter(|path| path.is_absolute()).unwrap_or_else(|| self.home.join(".config"))
    }

    /// Windows' folder for settings that roam.
    pub fn roaming(&self) -> PathBuf {
        let named = self.variable("APPDATA").map(PathBuf::from);
        named.unwrap_or_else(|| self.home.join("AppData").join("Roaming"))
    }

    /// Where a program of that name is, if `PATH` leads to it.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let path = self.variable("PATH")?;
        let ends: &[&str] = match self.platform {
            Platform::Windows => &[".exe", ".cmd", ".bat"],
            _ => &[""],
        };
        let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
        folders
            .flat_map(|folder| ends.iter().map(move |end| folder.join(format!("{name}{end}"))))
            .find(|file| runs(file))
    }
}

#[cfg(unix)]
fn runs(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn runs(file: &Path) -> bool {
    file.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(platform: Platform, variables: &[(&str, &str)]) -> Surroundings {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), OsString::from(value));
        Surroundings {
            platform,
            home: "/home/u".into(),
            folder: "/home/u/project".into(),
            variables: variables.iter().map(pair).collect(),
        }
    }

    #[test]
    fn a_relative_xdg_folder_and_an_empty_variable_count_for_nothing() {
        let odd = around(Platform::Linux, &[("XDG_CONFIG_HOME", "here"), ("CODEX_HOME", "")]);
        assert_eq!(odd.config_home(), Path::new("/home/u/.config"));
        assert_eq!(odd.folder_of("CODEX_HOME"), None);
        let set = around(Platform::Linux, &[("XDG_CONFIG_HOME", "/c"), ("CODEX_HOME", "~/x")]);
        assert_eq!(set.config_home(), Path::new("/c"));
        assert_eq!(set.folder_of("CODEX_HOME").as_deref(), Some(Path::new("/home/u/x")));
    }

    #[test]
    fn windows_does_not_tell_capitals_from_small_letters() {
        let windows = around(Platform::Windows, &[("AppData", "/r")]);
        assert_eq!(windows.roaming(), Path::new("/r"));
        assert_eq!(around(Platform::Linux, &[("AppData", "/r")]).variable("APPDATA"), None);
        let bare = around(Platform::Windows, &[]);
        assert_eq!(bare.roaming(), Path::new("/home/u/AppData/Roaming"));
    }
}
