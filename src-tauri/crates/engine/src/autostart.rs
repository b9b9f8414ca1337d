//! What this user's desktop starts at login: one entry a program, written and taken away again.
//! Owns where such entries are and how a command line is quoted there. On Linux that is the XDG
//! autostart folder, wherever `XDG_CONFIG_HOME` puts it; elsewhere the system's own list.

use std::path::PathBuf;

/// A program that is started at login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the entry is called, without an ending.
    pub name: String,
    /// What it is for, where the desktop lists such entries.
    pub comment: String,
    /// The program.
    pub program: PathBuf,
    /// What it is started with.
    pub arguments: Vec<String>,
}

/// Why an entry was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AutostartProblem {
    /// The user has no folder.
    #[error("no folder of yours is known. Set HOME")]
    NoFolder,
    /// The file of the entry.
    #[error("{} cannot be changed: {cause}. Make its folder writable for this user", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The system's list.
    #[error("the system's list of such programs cannot be changed: {0}")]
    System(String),
}

#[cfg(target_os = "linux")]
mod here {
    use super::{AutostartProblem, Entry};
    use crate::connect::Surroundings;
    use crate::home::replace_private;
    use std::fs;
    use std::io::ErrorKind;
    use std::path::{Path, PathBuf};

    fn folder() -> Result<PathBuf, AutostartProblem> {
        let around = Surroundings::of_process().ok_or(AutostartProblem::NoFolder)?;
        Ok(around.config_home().join("autostart"))
    }

    impl Entry {
        /// Whether the desktop starts it.
        ///
        /// # Errors
        /// When no folder of the user's is known.
        pub fn is_on(&self) -> Result<bool, AutostartProblem> {
            Ok(self.is_on_in(&folder()?))
        }

        /// Has the desktop start it at login, or no longer. Writes only what differs.
        ///
        /// # Errors
        /// The file that cannot be changed.
        pub fn set(&self, on: bool) -> Result<(), AutostartProblem> {
            self.set_in(&folder()?, on)
        }

        pub(super) fn is_on_in(&self, folder: &Path) -> bool {
            let text = fs::read_to_string(self.file(folder)).unwrap_or_default();
            // So a desktop's own settings switch an entry off.
            let off = |line: &str| {
                let line = line.replace(' ', "").to_lowercase();
                line == "hidden=true" || line == "x-gnome-autostart-enabled=false"
            };
            text.contains("[Desktop Entry]") && !text.lines().any(off)
        }

        pub(super) fn set_in(&self, folder: &Path, on: bool) -> Result<(), AutostartProblem> {
            let path = self.file(folder);
            let changed = if on {
                let text = self.text();
                if fs::read(&path).is_ok_and(|now| now == text.as_bytes()) {
                    return Ok(());
                }
                fs::create_dir_all(folder).and_then(|()| replace_private(&path, text.as_bytes()))
            } else {
                match fs::remove_file(&path) {
                    Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
                    other => other,
                }
            };
            changed.map_err(|cause| AutostartProblem::File { path, cause })
        }

        fn file(&self, folder: &Path) -> PathBuf {
            folder.join(format!("{}.desktop", self.name))
        }

        pub(super) fn text(&self) -> String {
            let program = self.program.display().to_string();
            let words = std::iter::once(&program).chain(&self.arguments);
            let words: Vec<String> = words.map(|word| quoted(word)).collect();
            format!(
                "[Desktop Entry]\nType=Application\nVersion=1.0\nName={}\nComment={}\nExec={}\n\
                 StartupNotify=false\nTerminal=false\n",
                self.name,
                self.comment,
                words.join(" ")
            )
        }
    }

    /// A word of a command line as an entry has it: a desktop takes a blank in it for its end.
    pub(super) fn quoted(word: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            return word.to_owned();
        }
        let mut inside = String::new();
        for c in word.chars() {
            match c {
                // A backslash is read twice: by the file's own rules, and inside the quotes.
                '"' | '`' | '$' => inside.push_str("\\\\"),
                '\\' => inside.push_str("\\\\\\"),
                '%' => inside.push('%'),
                _ => {}
            }
            inside.push(c);
        }
        format!("\"{inside}\"")
    }
}

#[cfg(not(target_os = "linux"))]
mod here {
    use super::{AutostartProblem, Entry};
    use auto_launch::{AutoLaunch, AutoLaunchBuilder};

    fn problem(cause: impl std::fmt::Display) -> AutostartProblem {
        AutostartProblem::System(cause.to_string())
    }

    impl Entry {
        fn launch(&self) -> Result<AutoLaunch, AutostartProblem> {
            AutoLaunchBuilder::new()
                .set_app_name(&self.name)
                .set_app_path(&self.program.display().to_string())
                .set_args(&self.arguments)
                .build()
                .map_err(problem)
        }

        /// Whether the desktop starts it.
        ///
        /// # Errors
        /// What the system says.
        pub fn is_on(&self) -> Result<bool, AutostartProblem> {
            self.launch()?.is_enabled().map_err(problem)
        }

        /// Has the desktop start it at login, or no longer.
        ///
        /// # Errors
        /// What the system says.
        pub fn set(&self, on: bool) -> Result<(), AutostartProblem> {
            let launch = self.launch()?;
            // Windows refuses to take away what is not there.
            match on {
                true => launch.enable().map_err(problem),
                false if launch.is_enabled().map_err(problem)? => launch.disable().map_err(problem),
                false => Ok(()),
            }
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::here::quoted;
    use super::*;
    use std::fs;

    fn entry(program: &str) -> Entry {
        Entry {
            name: "Weir".into(),
            comment: "Weir".into(),
            program: program.into(),
            arguments: vec!["--hidden".into()],
        }
    }

    #[test]
    fn a_path_with_a_blank_is_quoted_and_a_plain_one_is_left() {
        let line = |program: &str| {
            let text = entry(program).text();
            text.lines().find(|line| line.starts_with("Exec=")).map(str::to_owned).unwrap()
        };
        assert_eq!(line("/opt/a b/weir-tray"), "Exec=\"/opt/a b/weir-tray\" --hidden");
        assert_eq!(line("/usr/bin/weir-tray"), "Exec=/usr/bin/weir-tray --hidden");
        assert_eq!(quoted("/a$b/100%/w"), r#""/a\\$b/100%%/w""#);
    }

    #[test]
    fn an_entry_is_written_once_and_taken_away_and_what_the_desktop_switched_off_is_off() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("autostart");
        let entry = entry("/usr/bin/weir-tray");
        entry.set_in(&folder, false).unwrap();
        assert!(!folder.exists(), "nothing is made to take nothing away");
        entry.set_in(&folder, true).unwrap();
        assert!(entry.is_on_in(&folder));
        let file = folder.join("Weir.desktop");
        let written = file.metadata().unwrap().modified().unwrap();
        entry.set_in(&folder, true).unwrap();
        assert_eq!(file.metadata().unwrap().modified().unwrap(), written);
        for off in ["Hidden=true\n", "X-GNOME-Autostart-enabled=false\n"] {
            fs::write(&file, entry.text() + off).unwrap();
            assert!(!entry.is_on_in(&folder), "{off}");
        }
        entry.set_in(&folder, true).unwrap();
        assert!(entry.is_on_in(&folder), "whoever switches it on again has it on");
        entry.set_in(&folder, false).unwrap();
        assert!(!entry.is_on_in(&folder) && !file.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("autostart");
        fs::write(&folder, "a file").unwrap();
        let said = entry("/w").set_in(&folder, true).unwrap_err().to_string();
        assert!(said.contains("autostart/Weir.desktop cannot be changed"), "{said}");
    }
}
