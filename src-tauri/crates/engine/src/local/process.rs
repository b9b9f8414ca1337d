//! Starting and stopping local servers where the platform lets Weir do it: a systemd unit, a
//! program of the server's own, a command the configuration names. A process is stopped only when
//! it is certain that it is the one Weir started; anything else is answered with what to do.

use super::address::is_here;
use super::{Kind, Server};
use crate::pages;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// How something was done, and where to look if it does not help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// `by its systemd unit`, to end a sentence with.
    pub how: String,
    /// `journalctl --user -u ollama`, or a file.
    pub look: String,
}

/// Why it cannot be done. `Display` is one sentence with what to do instead.
#[derive(Debug, thiserror::Error)]
pub enum Cannot {
    /// It is another machine's.
    #[error("{name} runs at {url}, not on this machine. {verb} it there")]
    Elsewhere {
        /// The provider.
        name: String,
        /// Its address.
        url: String,
        /// `Start` or `Stop`.
        verb: &'static str,
    },
    /// A unit that is not this user's to start.
    #[error(
        "the system's {unit} unit is not yours to {verb} ({said}). Run: sudo systemctl {verb} {unit}"
    )]
    NotAllowed {
        /// The unit.
        unit: String,
        /// `start` or `stop`.
        verb: &'static str,
        /// What systemctl said.
        said: String,
    },
    /// Its program is not to be found.
    #[error(
        "{program} is not installed where this can find it. Install it, or start {name} yourself"
    )]
    NoProgram {
        /// The program.
        program: String,
        /// The provider.
        name: String,
    },
    /// Nothing is known that would start it.
    #[error(
        "nothing says how to start {name}. Write start = [\"PROGRAM\", \"ARGUMENT\"] in \
         [providers.{name}], or start it yourself"
    )]
    NoCommand {
        /// The provider.
        name: String,
    },
    /// It is not Weir's to stop.
    #[error("{name} was not started by Weir, so it is not stopped by Weir. {fix}")]
    NotOurs {
        /// The provider.
        name: String,
        /// What to do.
        fix: String,
    },
    /// A program failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// The program.
        program: String,
        /// What it said.
        said: String,
    },
}

/// Starts a server. `command` is what the configuration names.
///
/// # Errors
/// Why it cannot be, with what to do instead.
pub fn start(server: &Server, command: Option<&[String]>, logs: &Path) -> Result<Outcome, Cannot> {
    here(server, "Start")?;
    let name = &server.provider;
    if let Some([program, arguments @ ..]) = command {
        return detached(name, Path::new(program), arguments, logs);
    }
    match kind(server) {
        Some(Kind::Ollama) => {
            if let Some(unit) = Unit::of("ollama") {
                return unit.tell("start");
            }
            let program = find("ollama").ok_or_else(|| missing("ollama", name))?;
            detached(name, &program, &["serve".to_owned()], logs)
        }
        Some(Kind::LmStudio) => lms(name, "start"),
        _ => Err(Cannot::NoCommand { name: name.clone() }),
    }
}

/// Stops a server.
///
/// # Errors
/// Why it cannot be, with what to do instead.
pub fn stop(server: &Server, logs: &Path) -> Result<Outcome, Cannot> {
    here(server, "Stop")?;
    let name = &server.provider;
    if let Some(ours) = Started::read(name, logs) {
        return ours.end(logs);
    }
    match kind(server) {
        Some(Kind::Ollama) => match Unit::of("ollama").filter(Unit::active) {
            Some(unit) => unit.tell("stop"),
            None => Err(Cannot::NotOurs { name: name.clone(), fix: by_hand() }),
        },
        Some(Kind::LmStudio) => lms(name, "stop"),
        _ => Err(Cannot::NotOurs {
            name: name.clone(),
            fix: "Stop it where it was started".to_owned(),
        }),
    }
}

/// Whether `start` has anything to start: a command of the configuration's, or a program of the
/// server's own. Looks for files alone; a start can still fail.
pub fn can_start(name: &str, base_url: &str, was: Option<Kind>, command: bool) -> bool {
    is_here(base_url)
        && (command
            || match was.or_else(|| Kind::of_preset(name)) {
                Some(Kind::Ollama) => find("ollama").is_some() || Unit::file_of("ollama"),
                Some(Kind::LmStudio) => lms_program().is_some(),
                _ => false,
            })
}

fn by_hand() -> String {
    if cfg!(any(target_os = "macos", windows)) {
        "Quit Ollama from its own menu".to_owned()
    } else {
        "Stop it where it was started, such as with Ctrl-C in its terminal".to_owned()
    }
}

fn here(server: &Server, verb: &'static str) -> Result<(), Cannot> {
    if is_here(&server.base_url) {
        return Ok(());
    }
    let (name, url) = (server.provider.clone(), server.base_url.clone());
    Err(Cannot::Elsewhere { name, url, verb })
}

fn kind(server: &Server) -> Option<Kind> {
    server.kind.or_else(|| Kind::of_preset(&server.provider))
}

fn missing(program: &str, name: &str) -> Cannot {
    Cannot::NoProgram { program: program.to_owned(), name: name.to_owned() }
}

/// A program on the path.
fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(&file)).find(|found| found.is_file())
}

/// Runs a program to its end.
fn run(program: &Path, arguments: &[&str]) -> Result<(), Cannot> {
    let shown = format!("{} {}", program.display(), arguments.join(" "));
    let failed = |said: String| Cannot::Failed { program: shown.clone(), said };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What it starts may be the server itself.
    let output = pages::start_large(&mut command)
        .and_then(Child::wait_with_output)
        .map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let words = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    let words = String::from_utf8_lossy(words);
    let last =
        words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    Err(failed(last.trim().chars().take(300).collect()))
}

/// LM Studio's own command line, on the path or where the application puts it.
fn lms_program() -> Option<PathBuf> {
    let file = format!("lms{}", std::env::consts::EXE_SUFFIX);
    let own = std::env::home_dir().map(|home| home.join(".lmstudio").join("bin").join(file));
    find("lms").or_else(|| own.filter(|path| path.is_file()))
}

fn lms(name: &str, verb: &'static str) -> Result<Outcome, Cannot> {
    let program = lms_program().ok_or_else(|| missing("lms", name))?;
    run(&program, &["server", verb])?;
    Ok(Outcome { how: format!("by lms server {verb}"), look: "lms log stream".to_owned() })
}

/// A systemd unit of the user's or of the system's.
struct Unit {
    name: String,
    user: bool,
}

impl Unit {
    /// The unit of that name, the user's own before the system's. Only Linux has them.
    fn of(name: &str) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        [true, false]
            .into_iter()
            .map(|user| Self { name: name.to_owned(), user })
            .find(|unit| unit.ask("cat").is_ok())
    }

    /// Whether a file of that unit is there; asks no other program.
    fn file_of(name: &str) -> bool {
        let own = std::env::home_dir().map(|home| home.join(".config/systemd/user"));
        let folders = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
        cfg!(target_os = "linux")
            && (folders.into_iter().map(PathBuf::from).chain(own))
                .any(|folder| folder.join(format!("{name}.service")).is_file())
    }

    fn active(&self) -> bool {
        self.ask("is-active").is_ok()
    }

    fn ask(&self, verb: &str) -> Result<(), Cannot> {
        let systemctl = find("systemctl").ok_or_else(|| missing("systemctl", &self.name))?;
        let unit = format!("{}.service", self.name);
        let mut arguments = vec!["--no-ask-password", "--quiet"];
        if self.user {
            arguments.push("--user");
        }
        arguments.extend([verb, &unit]);
        run(&systemctl, &arguments)
    }

    fn tell(&self, verb: &'static str) -> Result<Outcome, Cannot> {
        let (whose, flag) = if self.user { ("your", "--user ") } else { ("the system's", "") };
        match self.ask(verb) {
            Ok(()) => Ok(Outcome {
                how: format!("by {whose} systemd unit"),
                look: format!("journalctl {flag}-u {}", self.name),
            }),
            Err(Cannot::Failed { said, .. }) if !self.user => {
                Err(Cannot::NotAllowed { unit: self.name.clone(), verb, said })
            }
            Err(other) => Err(other),
        }
    }
}

/// Starts a program that outlives Weir, with its words in a file of the home's logs.
fn detached(
    name: &str,
    program: &Path,
    arguments: &[String],
    logs: &Path,
) -> Result<Outcome, Cannot> {
    let shown = program.display().to_string();
    let failed = |e: io::Error| Cannot::Failed { program: shown.clone(), said: e.to_string() };
    let log = logs.join(format!("{name}.log"));
    let words = File::create(&log).map_err(failed)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.stdout(words.try_clone().map_err(failed)?).stderr(words);
    // A group of its own: a Ctrl-C in Weir's terminal is not meant for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = match pages::start_large(&mut command) {
        Ok(child) => child,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(missing(&shown, name));
        }
        Err(e) => return Err(failed(e)),
    };
    Started::note(name, child.id(), logs).map_err(failed)?;
    // Somebody must take note of its end, or it stays in the process table until Weir ends.
    let waits = std::thread::Builder::new().name(format!("waits-for-{name}"));
    if let Err(problem) = waits.spawn(move || child.wait()) {
        tracing::warn!(%problem, "nobody waits for the end of a started server");
    }
    Ok(Outcome { how: format!("as {shown}"), look: log.display().to_string() })
}

/// A process Weir started, and the mark by which it is known again.
struct Started {
    name: String,
    pid: u32,
}

impl Started {
    fn file(name: &str, logs: &Path) -> PathBuf {
        logs.join(format!("{name}.pid"))
    }

    fn note(name: &str, pid: u32, logs: &Path) -> io::Result<()> {
        let text = format!("{pid} {}\n", born(pid).unwrap_or_default());
        crate::home::replace_private(&Self::file(name, logs), text.as_bytes())
    }

    /// The process that was noted, if it still is that process: a number alone may belong to
    /// another program by now.
    fn read(name: &str, logs: &Path) -> Option<Self> {
        let text = fs::read_to_string(Self::file(name, logs)).ok()?;
        let (pid, mark) = text.trim().split_once(' ')?;
        let pid: u32 = pid.parse().ok()?;
        (born(pid).as_deref() == Some(mark)).then(|| Self { name: name.to_owned(), pid })
    }

    #[cfg(unix)]
    fn end(&self, logs: &Path) -> Result<Outcome, Cannot> {
        let failed = |said: String| Cannot::Failed { program: self.name.clone(), said };
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        let pid = pid.ok_or_else(|| failed("its process is gone".to_owned()))?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)
            .map_err(|e| failed(e.to_string()))?;
        let _ = fs::remove_file(Self::file(&self.name, logs));
        let look = logs.join(format!("{}.log", self.name)).display().to_string();
        Ok(Outcome { how: format!("process {}", self.pid), look })
    }

    #[cfg(not(unix))]
    fn end(&self, _: &Path) -> Result<Outcome, Cannot> {
        let fix = format!("End process {} in the task manager", self.pid);
        Err(Cannot::NotOurs { name: self.name.clone(), fix })
    }
}

/// When a process began, in the system's own count: with its number it names one process for as
/// long as the machine runs.
#[cfg(target_os = "linux")]
fn born(pid: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; the fields are counted behind it.
    let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
    fields.get(19).filter(|_| fields.first() != Some(&"Z")).map(|start| (*start).to_owned())
}

/// When a process began, as `ps` tells it.
#[cfg(all(unix, not(target_os = "linux")))]
fn born(pid: u32) -> Option<String> {
    let told =
        Command::new("/bin/ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(not(unix))]
fn born(_: u32) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(name: &str, base_url: &str, kind: Kind) -> Server {
        let (provider, base_url) = (name.to_owned(), base_url.to_owned());
        Server { provider, base_url, kind: Some(kind), ..Server::default() }
    }

    #[test]
    fn what_runs_elsewhere_is_not_started_or_stopped_from_here() {
        let far = server("gpu", "http://gpu-box:11434", Kind::Ollama);
        let logs = tempfile::tempdir().unwrap();
        for said in [start(&far, None, logs.path()), stop(&far, logs.path())] {
            let said = said.unwrap_err().to_string();
            assert!(said.contains("not on this machine"), "{said}");
        }
    }

    #[test]
    fn a_server_without_a_command_says_where_to_write_one() {
        let logs = tempfile::tempdir().unwrap();
        let here = server("llamacpp", "http://127.0.0.1:8080/v1", Kind::LlamaCpp);
        let said = start(&here, None, logs.path()).unwrap_err().to_string();
        assert!(said.contains("[providers.llamacpp]"), "{said}");
        let said = stop(&here, logs.path()).unwrap_err().to_string();
        assert!(said.contains("not started by Weir"), "{said}");
    }

    #[test]
    fn only_what_has_something_to_start_can_be_started() {
        let here = "http://127.0.0.1:8080/v1";
        assert!(can_start("mine", here, None, true));
        assert!(!can_start("mine", "http://gpu-box:8080/v1", None, true));
        assert!(!can_start("llamacpp", here, Some(Kind::LlamaCpp), false));
        assert!(!can_start("vllm", here, None, false));
    }

    /// Whether the system may give that process large pages, as it tells itself.
    #[cfg(target_os = "linux")]
    fn large_pages(process: &str) -> Option<bool> {
        let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let told = text.lines().find_map(|line| line.strip_prefix("THP_enabled:"))?;
        Some(told.trim() == "1")
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_server_has_large_pages_also_where_who_starts_it_does_without() {
        let Some(before) = large_pages("self") else { return };
        let logs = tempfile::tempdir().unwrap();
        let here = server("big", "http://127.0.0.1:8080/v1", Kind::LlamaCpp);
        pages::small();
        let sleep = ["sleep".to_owned(), "60".to_owned()];
        start(&here, Some(&sleep), logs.path()).unwrap();
        let ours = Started::read("big", logs.path()).expect("it runs");
        let told = large_pages(&ours.pid.to_string());
        stop(&here, logs.path()).unwrap();
        assert_eq!(told, Some(true), "the server's");
        let asks = ["-c", "grep -q 'THP_enabled:[[:space:]]*1' /proc/self/status"];
        assert!(run(Path::new("sh"), &asks).is_ok(), "a program's that starts the server");
        assert_eq!(large_pages("self"), Some(false), "this process's own, afterwards");
        pages::large();
        assert_eq!(large_pages("self"), Some(true), "it was {before} before");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_very_process_that_was_started_is_stopped() {
        let logs = tempfile::tempdir().unwrap();
        let here = server("mine", "http://127.0.0.1:8080/v1", Kind::LlamaCpp);
        let command = ["sleep".to_owned(), "60".to_owned()];
        start(&here, Some(&command), logs.path()).unwrap();
        let ours = Started::read("mine", logs.path()).expect("it runs");
        // Another process under the same number, as after a restart of the machine.
        let file = Started::file("mine", logs.path());
        let noted = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{} 1\n", ours.pid)).unwrap();
        let said = stop(&here, logs.path()).unwrap_err().to_string();
        assert!(said.contains("not started by Weir"), "{said}");
        fs::write(&file, noted).unwrap();
        assert!(stop(&here, logs.path()).is_ok());
        assert!(!file.exists());
    }
}
