//! A guardian whose engine's program or home is another one by now, or gone.
//! May use what the module above has for every scenario.

use super::*;

/// A server that was started from a program of its own, by its path.
struct Copied {
    program: PathBuf,
    child: std::process::Child,
    port: u16,
}

impl Copied {
    fn start(desk: &Desk) -> Self {
        let program = desk.home.out().join("weir");
        fs::copy(home::binary(), &program).expect("a copy");
        let usual = desk.home.command(&["serve", "--port", "0"]);
        let mut command = Command::new(&program);
        command.args(usual.get_args()).env_clear();
        command.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        desk.home.weir(&["connect", "claude-code"]).ok();
        desk.family.guardian();
        Self { program, child, port: port.unwrap_or_else(|| panic!("no port in {line:?}")) }
    }

    fn kill(mut self) {
        self.child.kill().expect("ours");
        self.child.wait().expect("ours");
    }
}

#[test]
fn after_an_update_the_new_program_is_started() {
    let desk = Desk::new();
    let weir = Copied::start(&desk);
    let (pid, port, program) = (weir.child.id(), weir.port, weir.program.clone());
    // As a package does it: a new file in the old one's place.
    let new = program.with_extension("new");
    fs::copy(home::binary(), &new).expect("a copy");
    fs::rename(&new, &program).expect("a new program");
    let gone = program_of(pid).expect("it runs");
    assert!(gone.to_string_lossy().ends_with("(deleted)"), "{gone:?}");
    weir.kill();
    let engine = desk.family.next_engine(pid);
    assert_eq!(program_of(engine.pid), Some(program));
    assert!(answers(port));
    desk.family.stop();
    assert!(desk.as_before());
}

#[test]
fn when_the_program_was_removed_the_tools_are_put_back() {
    let desk = Desk::new();
    let weir = Copied::start(&desk);
    fs::remove_file(&weir.program).expect("an uninstall");
    let began = Instant::now();
    weir.kill();
    desk.put_back_soon(began);
    desk.family.gone();
}

#[test]
fn when_the_home_was_removed_the_tools_are_put_back_and_it_is_not_made_anew() {
    let (desk, weir) = Desk::connected();
    fs::remove_dir_all(desk.home.path()).expect("it is removed");
    let began = Instant::now();
    weir.kill();
    desk.put_back_soon(began);
    wait::until("the guardian to end", || desk.family.guardians().is_empty());
    assert!(!desk.home.path().exists(), "nobody made the home anew");
}
