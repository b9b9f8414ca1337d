//! Local models that are switched off one by one, and how that outlives a restart: a file in the home
//! with a model a line. What is in force is in memory; the file is read when the home is opened.

use crate::home::{Home, replace_private};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_core::route::Route;

/// What the file says to whoever opens it.
const HEAD: &str = "# Local models that are switched off, as SERVER/MODEL, one a line.\n\
                    # To switch one on: weir local on SERVER/MODEL\n";
/// The longest file that is read, in bytes: some thousand models.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Why the file cannot be used. `Display` names it and the fix.
#[derive(Debug, thiserror::Error)]
pub enum ModelsOffProblem {
    /// It is there and cannot be read.
    #[error(
        "cannot read {path}, which says what local models are switched off: {cause}. Make it readable, \
         or remove it to use all of them"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A line of it names no model.
    #[error(
        "{path}, line {line}: {text:?} is no local model. Write it as SERVER/MODEL, or take the line out"
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
}

/// The models of one home that are switched off.
#[derive(Debug)]
pub struct ModelsOff {
    file: PathBuf,
    known: ArcSwap<Vec<Route>>,
    /// Held while one is turned, so that two never cross.
    turning: Mutex<()>,
}

impl ModelsOff {
    /// Reads those of a home.
    ///
    /// # Errors
    /// A file that is there and cannot be read or understood: what somebody switched off is never taken
    /// for switched on.
    pub fn open(home: &Home) -> Result<Self, ModelsOffProblem> {
        let file = home.models_off();
        let known = read(&file)?;
        Ok(Self { file, known: ArcSwap::from_pointee(known), turning: Mutex::default() })
    }

    /// All of them, in the order of their names.
    pub fn all(&self) -> Arc<Vec<Route>> {
        self.known.load_full()
    }

    /// All of them as `provider/model`.
    pub fn names(&self) -> Vec<String> {
        self.known.load().iter().map(Route::to_string).collect()
    }

    /// Whether a model is one of them, by the name its server lists it under.
    pub fn holds(&self, provider: &str, model: &str) -> bool {
        self.known.load().iter().any(|off| off.provider == provider && off.model == model)
    }

    /// Switches a model off, or on again. Whether that changed anything.
    ///
    /// # Errors
    /// When the home cannot be written; everything is then as it was.
    pub fn turn(&self, model: &Route, on: bool) -> io::Result<bool> {
        let _one = self.turning.lock();
        let mut models = Vec::clone(&self.known.load());
        let before = models.len();
        models.retain(|off| off != model);
        if !on {
            models.push(model.clone());
            models.sort_by_key(Route::to_string);
        }
        if models.len() == before {
            return Ok(false);
        }
        write(&self.file, &models)?;
        self.known.store(Arc::new(models));
        Ok(true)
    }
}

fn write(file: &Path, models: &[Route]) -> io::Result<()> {
    if models.is_empty() {
        return match std::fs::remove_file(file) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        };
    }
    let lines: String = models.iter().map(|model| format!("{model}\n")).collect();
    replace_private(file, format!("{HEAD}{lines}").as_bytes())
}

fn read(file: &Path) -> Result<Vec<Route>, ModelsOffProblem> {
    let unreadable = |cause| ModelsOffProblem::Unreadable { path: file.to_path_buf(), cause };
    match std::fs::metadata(file) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(unreadable(cause)),
        Ok(found) if found.len() > FILE_BYTES_MAX => {
            return Err(unreadable(io::Error::other("it is larger than 256 KiB")));
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let lines = (1..).zip(text.lines().map(str::trim));
    let said = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let one = |(line, text): (usize, &str)| match text.split_once('/') {
        Some((provider, model)) if !provider.is_empty() && !model.is_empty() => {
            Ok(Route { provider: provider.to_owned(), model: model.to_owned() })
        }
        _ => {
            let (path, text) = (file.to_path_buf(), text.chars().take(80).collect());
            Err(ModelsOffProblem::Line { path, line, text })
        }
    };
    let mut models = said.map(one).collect::<Result<Vec<Route>, ModelsOffProblem>>()?;
    models.sort_by_key(Route::to_string);
    models.dedup();
    Ok(models)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(provider: &str, model: &str) -> Route {
        Route { provider: provider.into(), model: model.into() }
    }

    #[test]
    fn a_model_stays_off_for_the_next_start_until_it_is_switched_on() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let open = || ModelsOff::open(&home).unwrap();
        let (qwen, studio) = (route("ollama", "qwen3:8b"), route("lmstudio", "qwen/q3"));
        assert!(open().all().is_empty());
        assert!(open().turn(&qwen, false).unwrap());
        assert!(!open().turn(&qwen, false).unwrap(), "it is off already");
        assert!(open().turn(&studio, false).unwrap());
        assert_eq!(*open().all(), [studio.clone(), qwen.clone()]);
        assert!(open().holds("lmstudio", "qwen/q3") && !open().holds("ollama", "qwen/q3"));
        assert!(open().turn(&studio, true).unwrap() && open().turn(&qwen, true).unwrap());
        assert!(!open().turn(&qwen, true).unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_named_with_its_line_and_never_taken_for_empty() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        std::fs::write(home.models_off(), "# mine\n\nollama/a\nqwen3:8b\n").unwrap();
        let said = ModelsOff::open(&home).unwrap_err().to_string();
        assert!(said.contains("line 4: \"qwen3:8b\"") && said.contains("SERVER/MODEL"), "{said}");
        std::fs::write(home.models_off(), b"ollama/\xff\n").unwrap();
        let said = ModelsOff::open(&home).unwrap_err().to_string();
        assert!(said.contains("cannot read") && said.contains("remove it"), "{said}");
        let long = "x".repeat(usize::try_from(FILE_BYTES_MAX).unwrap() + 1);
        std::fs::write(home.models_off(), long).unwrap();
        assert!(ModelsOff::open(&home).is_err());
    }

    #[test]
    fn a_home_that_cannot_be_written_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let models = ModelsOff::open(&Home::at(dir.path().join("gone"))).unwrap();
        assert!(models.turn(&route("ollama", "a"), false).is_err());
        assert!(models.all().is_empty());
    }
}
