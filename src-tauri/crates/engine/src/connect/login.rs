//! What puts tools back at login where nobody was left to: Weir and its guardian were killed at once,
//! or the power failed. While a tool's file leads to Weir, an entry among the programs that start at
//! login has `weir guard at-login` look for that.
//! Owns the entry's place and text on every platform, and when there is one.

use super::files;
use super::journal;
use super::surroundings::{Platform, Surroundings};
use super::tools::Tool;
use super::work::Workshop;
use crate::guard::{AT_LOGIN, GUARD_ARGUMENT, Mode};
use std::io;
use std::path::{Path, PathBuf};

/// What the entry is called, before what tells one home's from another's.
const NAME: &str = "weir-restore";
/// Digits of the home's hash in the name: two homes of one user never share them by accident.
const HOME_DIGITS: usize = 8;

/// Where one home's entry is.
fn place(around: &Surroundings, home: &Path) -> PathBuf {
    let hash = journal::hash(home.as_os_str().as_encoded_bytes());
    let name = format!("{NAME}-{}", hash.get(..HOME_DIGITS).unwrap_or_default());
    match around.platform {
        Platform::Linux => around.config_home().join("autostart").join(name + ".desktop"),
        Platform::Mac => around.home.join("Library/LaunchAgents").join(name + ".plist"),
        Platform::Windows => {
            let menu = around.roaming().join("Microsoft").join("Windows").join("Start Menu");
            menu.join("Programs").join("Startup").join(name + ".cmd")
        }
    }
}

/// What stands in it; `None` for a path that no such file can hold.
fn text(platform: Platform, name: &str, program: &Path, home: &Path) -> Option<String> {
    let (program, home) = (program.to_str()?, home.to_str()?);
    if [program, home].iter().any(|path| path.chars().any(char::is_control)) {
        return None;
    }
    Some(match platform {
        Platform::Linux => format!(
            "[Desktop Entry]\nType=Application\nName=Weir: put tools back\n\
             Comment=Gives tools their own settings back if Weir was killed and does not run\n\
             TryExec={}\nExec={} {GUARD_ARGUMENT} {AT_LOGIN} --home {}\n",
            program.replace('\\', r"\\"),
            quoted(program),
            quoted(home),
        ),
        Platform::Mac => {
            let given = [program, GUARD_ARGUMENT, AT_LOGIN, "--home", home];
            let given = given.map(|each| format!("<string>{}</string>", escaped(each))).concat();
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                 <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
                 \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
                 <plist version=\"1.0\"><dict><key>Label</key><string>{name}</string>\
                 <key>ProgramArguments</key><array>{given}</array>\
                 <key>RunAtLoad</key><true/></dict></plist>\n"
            )
        }
        // A batch file is read in the console's own code page, and takes a percent for a variable. Its
        // window would stand for as long as the program looks.
        Platform::Windows => format!(
            "@chcp 65001 >nul\r\n@start \"\" /min \"{}\" {GUARD_ARGUMENT} {AT_LOGIN} --home \"{}\"\r\n",
            program.replace('%', "%%"),
            home.replace('%', "%%"),
        ),
    })
}

/// One argument of a desktop entry's `Exec`. A backslash is read twice: by the file's own rules, and
/// inside the quotes; a percent sign would be a field.
fn quoted(argument: &str) -> String {
    let mut inside = String::new();
    for c in argument.chars() {
        match c {
            '"' | '`' | '$' => inside.push_str(r"\\"),
            '\\' => inside.push_str(r"\\\"),
            '%' => inside.push('%'),
            _ => {}
        }
        inside.push(c);
    }
    format!("\"{inside}\"")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The program that is to look: the command line beside this one, which loads least; `None` where
/// this process is no program of Weir's.
fn program() -> Option<PathBuf> {
    let this = std::env::current_exe().ok()?;
    let name = this.file_name()?.to_str()?;
    // One that an update has replaced is still this process's.
    let name = name.strip_suffix(" (deleted)").unwrap_or(name);
    let stem = name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(name);
    if !matches!(stem, "weir" | "weir-tray") {
        return None;
    }
    let weir = format!("weir{}", std::env::consts::EXE_SUFFIX);
    [weir.as_str(), name].map(|name| this.with_file_name(name)).into_iter().find(|f| f.is_file())
}

impl Workshop<'_> {
    /// What connecting does beside the tool's own files, in one sentence; nothing where the entry is
    /// there, or there will be none.
    pub(super) fn login_told(&self) -> Option<String> {
        let (path, _) = self.login_entry(&program()?)?;
        let there = self.files.facts(&path).is_ok_and(|facts| facts.is_some());
        (!there).then(|| {
            format!(
                "{} is added: it puts tools back at login if Weir was killed, and goes with the \
                 last tool",
                path.display()
            )
        })
    }

    /// Has the entry there. To be called before a tool's file leads to Weir.
    ///
    /// # Errors
    /// What the system said.
    pub(super) fn keep_at_login(&self) -> io::Result<()> {
        program().map_or(Ok(()), |program| self.put_login_entry(&program))
    }

    fn login_entry(&self, program: &Path) -> Option<(PathBuf, String)> {
        if Mode::of_process() == Mode::Off {
            return None;
        }
        let path = place(self.around, self.home.root());
        let name = path.file_stem()?.to_str()?;
        let text = text(self.around.platform, name, program, self.home.root())?;
        Some((path, text))
    }

    fn put_login_entry(&self, program: &Path) -> io::Result<()> {
        let Some((path, text)) = self.login_entry(program) else { return Ok(()) };
        let now = self.files.read(&path)?;
        if now.as_deref() == Some(text.as_bytes()) {
            return Ok(());
        }
        let above = files::folder_of(&path).ancestors();
        let missing: Vec<&Path> =
            above.take_while(|folder| !self.files.is_folder(folder)).collect();
        for folder in missing.into_iter().rev() {
            self.files.make_folder(folder)?;
        }
        files::replace(self.files, &path, text.as_bytes(), None, now.as_deref())
    }

    /// Has the entry there where a tool's file leads to Weir, and nowhere else.
    ///
    /// # Errors
    /// What the system said.
    pub(super) fn settle_at_login(&self) -> io::Result<()> {
        match Tool::ALL.into_iter().any(|tool| self.leads_here(tool)) {
            true => self.keep_at_login(),
            false => self.leave_login(),
        }
    }

    /// Whether a tool's file leads to Weir, or may: a journal that cannot be read says nothing else.
    fn leads_here(&self, tool: Tool) -> bool {
        match self.record(tool) {
            Ok(record) => record.is_some_and(|record| !record.files.is_empty() && !record.away),
            Err(_) => true,
        }
    }

    /// Has no entry there.
    ///
    /// # Errors
    /// What the system said.
    pub(super) fn leave_login(&self) -> io::Result<()> {
        let path = place(self.around, self.home.root());
        files::sweep(self.files, &path)?;
        self.files.remove(&path)
    }
}

#[cfg(test)]
mod tests;
