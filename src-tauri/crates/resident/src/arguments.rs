//! The command line of `weir-tray`. Five options are no reason for a parser crate.

use std::ffi::OsString;
use std::path::PathBuf;

const HELP: &str = "\
Weir in the tray: a metered gateway for language models on this machine.

Usage: weir-tray [--home DIR] [--port N] [--show | --hidden] [--page NAME]

  --home DIR   the folder Weir keeps everything in (also WEIR_HOME)
  --port N     listen on this port; 0 picks a free one (otherwise [server] port in config.toml)
  --show       open the window at once
  --hidden     open none, also where the desktop shows no icon; what a start at login gives
  --page NAME  open it on a page: overview, requests, routing, budgets, providers, local, tools or settings
  --version    print the version
  --help       print this

Example: weir-tray --port 9348 --show
Without a display Weir serves all the same; without a tray it opens its window.
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Run.
    Run(Arguments),
    /// Print this and stop.
    Text(String),
}

/// How to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// `--home`.
    pub home: Option<PathBuf>,
    /// `--port`.
    pub port: Option<u16>,
    /// `--show`.
    pub show: bool,
    /// `--hidden`.
    pub hidden: bool,
    /// `--page`; the window goes nowhere for a name it does not know.
    pub page: Option<String>,
}

/// Arguments that make no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadArguments {
    /// An option without what must follow it.
    #[error("{0} needs {1}. See weir-tray --help")]
    Incomplete(&'static str, &'static str),
    /// A port that is none.
    #[error("--port takes a number from 0 to 65535, not {0}. See weir-tray --help")]
    BadPort(String),
    /// Anything else.
    #[error("{0} is not an option of weir-tray. See weir-tray --help")]
    Unknown(String),
}

impl Arguments {
    /// The same, as they are given to a program.
    pub fn given(&self) -> Vec<OsString> {
        let mut given = Vec::new();
        if let Some(home) = &self.home {
            given.extend(["--home".into(), home.into()]);
        }
        if let Some(port) = self.port {
            given.extend(["--port".into(), port.to_string().into()]);
        }
        given.extend(self.show.then(|| "--show".into()));
        given.extend(self.hidden.then(|| "--hidden".into()));
        if let Some(page) = &self.page {
            given.extend(["--page".into(), page.into()]);
        }
        given
    }

    /// Reads what follows the program's name.
    ///
    /// # Errors
    /// The first argument that makes no sense, with what is expected.
    pub fn read(mut given: impl Iterator<Item = OsString>) -> Result<Wanted, BadArguments> {
        let mut arguments = Self::default();
        while let Some(argument) = given.next() {
            let text = argument.to_string_lossy().into_owned();
            match text.as_str() {
                "--home" => {
                    let next = given.next().filter(|next| !next.is_empty());
                    let folder = next.ok_or(BadArguments::Incomplete("--home", "a folder"))?;
                    arguments.home = Some(folder.into());
                }
                "--port" => {
                    let next = given.next();
                    let port = next.ok_or(BadArguments::Incomplete("--port", "a number"))?;
                    let port = port.to_string_lossy().into_owned();
                    arguments.port = Some(port.parse().map_err(|_| BadArguments::BadPort(port))?);
                }
                "--show" => arguments.show = true,
                "--hidden" => arguments.hidden = true,
                "--page" => {
                    let next = given.next().filter(|next| !next.is_empty());
                    let page = next.ok_or(BadArguments::Incomplete("--page", "a page's name"))?;
                    arguments.page = Some(page.to_string_lossy().into_owned());
                }
                "--help" | "-h" => return Ok(Wanted::Text(HELP.into())),
                "--version" | "-V" => {
                    return Ok(Wanted::Text(format!("weir-tray {}\n", env!("CARGO_PKG_VERSION"))));
                }
                _ => match text.split_once('=') {
                    Some(("--home", folder)) if !folder.is_empty() => {
                        arguments.home = Some(folder.into());
                    }
                    Some(("--port", port)) => {
                        arguments.port =
                            Some(port.parse().map_err(|_| BadArguments::BadPort(port.into()))?);
                    }
                    _ => return Err(BadArguments::Unknown(text)),
                },
            }
        }
        Ok(Wanted::Run(arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[&str]) -> Result<Wanted, BadArguments> {
        Arguments::read(given.iter().map(|a| OsString::from(*a)))
    }

    #[test]
    fn options_are_taken_in_both_spellings() {
        let wanted = Wanted::Run(Arguments {
            home: Some("a b".into()),
            port: Some(0),
            show: true,
            hidden: false,
            page: None,
        });
        assert_eq!(read(&["--home", "a b", "--port", "0", "--show"]), Ok(wanted));
        let wanted = Wanted::Run(Arguments {
            home: Some("x".into()),
            port: Some(1),
            show: false,
            hidden: false,
            page: Some("budgets".into()),
        });
        assert_eq!(read(&["--home=x", "--port=1", "--page", "budgets"]), Ok(wanted));
    }

    #[test]
    fn what_is_handed_on_reads_back_the_same() {
        let whole = Arguments {
            home: Some("a b".into()),
            port: Some(0),
            show: true,
            hidden: true,
            page: Some("budgets".into()),
        };
        for arguments in [whole, Arguments::default()] {
            let read = Arguments::read(arguments.given().into_iter());
            assert_eq!(read, Ok(Wanted::Run(arguments)));
        }
    }

    #[test]
    fn what_makes_no_sense_is_named_with_what_is_expected() {
        for (given, said) in [
            (&["--port", "70000"][..], "--port takes a number from 0 to 65535, not 70000"),
            (&["--port"][..], "--port needs a number"),
            (&["--home", ""][..], "--home needs a folder"),
            (&["serve"][..], "serve is not an option of weir-tray"),
        ] {
            let problem = read(given).expect_err("refused").to_string();
            assert!(problem.starts_with(said), "{problem}");
            assert!(problem.ends_with("See weir-tray --help"), "{problem}");
        }
    }
}
