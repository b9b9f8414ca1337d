//! What `weir config check` and the window say of a file: every problem with its line.

use super::{Problem, check, read_file};
use crate::api::{ApiProblem, Code, ConfigProblem, ConfigReport};
use std::path::Path;

/// Checks a file. `None` where there is none.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn report(path: &Path) -> Result<Option<ConfigReport>, ApiProblem> {
    let text = read_file(path).map_err(|e| ApiProblem::new(Code::Config, e.to_string()))?;
    let Some(text) = text else { return Ok(None) };
    let checked = check(&text);
    let problems = checked.problems.into_iter().map(problem_shown).collect();
    let (ok, notes) = checked.config.map_or((false, Vec::new()), |config| (true, config.notes));
    Ok(Some(ConfigReport { file: path.display().to_string(), ok, problems, notes }))
}

/// One problem as it is shown.
pub fn problem_shown(p: Problem) -> ConfigProblem {
    ConfigProblem {
        line: u32::try_from(p.line).ok(),
        message: match p.key.as_str() {
            "" => format!("{}. {}", p.reason, p.fix),
            key => format!("{key}: {}. {}", p.reason, p.fix),
        },
    }
}

/// Checks a home's own file, where none is as good as an empty one.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn own_report(path: &Path) -> Result<ConfigReport, ApiProblem> {
    let empty = || ConfigReport {
        file: path.display().to_string(),
        ok: true,
        problems: Vec::new(),
        notes: Vec::new(),
    };
    Ok(report(path)?.unwrap_or_else(empty))
}
