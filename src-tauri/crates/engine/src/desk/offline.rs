//! What can be changed of a home that nobody serves: the port, where another program has it.

use super::problem::bad;
use crate::api::{ApiProblem, Code};
use crate::config::edit::{self, key};
use crate::config::{check, problem_shown, read_file};
use crate::home::Home;

/// Writes another port into the configuration in use; nothing else of the file changes.
///
/// # Errors
/// A file that does not hold, or that cannot be read, edited or written.
pub fn use_port(home: &Home, port: u16) -> Result<(), ApiProblem> {
    let file = home.config();
    let old = read_file(&file).map_err(bad)?.unwrap_or_default();
    let new = key::set(&old, "server", "port", |_| port.to_string()).map_err(bad)?;
    let problems: Vec<String> =
        check(&new).problems.into_iter().map(|p| problem_shown(p).message).collect();
    if !problems.is_empty() {
        return Err(ApiProblem::new(Code::Config, problems.join("\n")));
    }
    edit::replace(&file, &new).map_err(|cause| {
        ApiProblem::new(Code::Internal, format!("{} cannot be written: {cause}", file.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_written_and_the_rest_of_the_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let text = "# mine\n[server]\nport = 9347  # the usual one\n[routing]\nmode = \"honour\"\n";
        std::fs::write(home.config(), text).unwrap();
        use_port(&home, 9400).unwrap();
        let now = std::fs::read_to_string(home.config()).unwrap();
        assert_eq!(now, text.replace("9347", "9400"));
    }

    #[test]
    fn a_home_without_a_file_gets_one_and_a_bad_file_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        use_port(&home, 9400).unwrap();
        let text = std::fs::read_to_string(home.config()).unwrap();
        assert!(text.contains("[server]") && text.contains("port = 9400"), "{text}");
        std::fs::write(home.config(), "[server\n").unwrap();
        assert!(use_port(&home, 9401).is_err());
        assert_eq!(std::fs::read_to_string(home.config()).unwrap(), "[server\n");
    }
}
