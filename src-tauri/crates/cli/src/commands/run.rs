//! `weir run TOOL`: the tool as a child with Weir in its environment, its exit code as ours, and
//! signals passed on to it.
//! Owns the token of a run: made before, taken back after. One that a killed run left behind may
//! still be used by the tool it started, so it is taken back only when it is old.

use super::connect::surroundings;
use super::{desk, failed, moment};
use crate::args::Run;
use crate::out::{Done, Stop, say};
use crate::signals::Passed;
use std::process::{Child, Command, ExitStatus};
use weir_engine::api::{ApiProblem, Code, Desk, SecretText};
use weir_engine::connect::{Disk, Gateway, Surroundings, Tool, launch};
use weir_engine::control::Remote;
use weir_engine::home::Home;

/// A run's token whose `weir run` has been gone for this long is nobody's any more.
const LEFT_BEHIND_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What a shell adds to a signal's number to make an exit code of it.
const BY_SIGNAL: i32 = 128;

/// `weir run`
pub fn run(home: &Home, args: &Run) -> Done {
    let around = surroundings()?;
    let Some(remote) = Remote::find(home.root())? else {
        let title = args.tool.title();
        return Err(Stop::Failed(format!(
            "Weir is not running, so {title} would have nobody to call. Start it: weir serve"
        )));
    };
    let gateway = Gateway::of(&remote).map_err(failed)?;
    sweep(&remote, args.tool)?;
    let name = format!("{}#run-{}", args.tool.name(), std::process::id());
    let token = added(&remote, &name)?;
    let ended = start(home, args, &gateway, &token, &around);
    if let Err(problem) = take_back(home, &name) {
        say(&format!("The token of this run is still in force: {problem}"));
    }
    match code(ended?) {
        0 => Ok(()),
        code => Err(Stop::Exit(code)),
    }
}

/// A token of that name. One of a run that had the same process id long ago gives way.
fn added(desk: &dyn Desk, name: &str) -> Result<SecretText, Stop> {
    match desk.client_add(name) {
        Err(problem) if problem.code == Code::Exists => {
            desk.client_remove(name)?;
            Ok(desk.client_add(name)?.token)
        }
        other => Ok(other?.token),
    }
}

/// The tool from its start to its end.
fn start(
    home: &Home,
    args: &Run,
    gateway: &Gateway,
    token: &SecretText,
    around: &Surroundings,
) -> Result<ExitStatus, Stop> {
    let (token, own) = (token.expose(), &args.arguments);
    let launch =
        launch(args.tool, gateway, token, around, home.root(), &Disk, own).map_err(failed)?;
    for (path, text) in &launch.files {
        let folder = path.parent().unwrap_or(path);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, text));
        let shown = path.display();
        written.map_err(|cause| failed(format!("cannot write {shown}: {cause}")))?;
    }
    let unheard = |cause| failed(format!("cannot hear signals: {cause}"));
    // Before the tool, so that no signal after its start can end this process alone.
    let passed = Passed::open().map_err(unheard)?;
    let mut command = Command::new(&launch.program);
    command.args(&launch.arguments).args(&args.arguments);
    for name in &launch.unset {
        command.env_remove(name);
    }
    command.envs(launch.set.iter().map(|(name, value)| (name, value)));
    let program = launch.program.display();
    let child =
        command.spawn().map_err(|cause| failed(format!("cannot start {program}: {cause}")))?;
    wait(child, passed).map_err(|cause| failed(format!("lost sight of {program}: {cause}")))
}

fn wait(mut child: Child, passed: Passed) -> std::io::Result<ExitStatus> {
    let pid = child.id();
    let (done, over) = tokio::sync::oneshot::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || done.send(child.wait()));
        passed.on_to(pid, over).map_err(std::io::Error::other)?
    })
}

#[cfg(unix)]
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    let signal = status.signal().map(|signal| BY_SIGNAL + signal);
    status.code().or(signal).unwrap_or(1)
}

#[cfg(not(unix))]
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(BY_SIGNAL)
}

/// Takes the token back, whether or not the engine lived as long as the tool.
fn take_back(home: &Home, name: &str) -> Result<(), String> {
    let said = |stop: Stop| match stop {
        Stop::Failed(line) => line,
        _ => String::new(),
    };
    let removed = desk(home).map_err(said)?.client_remove(name);
    match removed {
        Err(ApiProblem { code: Code::NotFound, .. }) | Ok(()) => Ok(()),
        Err(problem) => Err(problem.message),
    }
}

/// Takes back what runs left that were killed.
fn sweep(desk: &dyn Desk, tool: Tool) -> Result<(), ApiProblem> {
    let (now, _) = moment();
    let prefix = format!("{}#run-", tool.name());
    for client in desk.client_list()? {
        let Some(pid) = client.name.strip_prefix(&prefix) else { continue };
        let last = client.last_used.map_or(client.created.ms(), |used| used.ms());
        let old = now.ms().saturating_sub(last) > LEFT_BEHIND_MS;
        if old && !crate::signals::lives(pid) {
            desk.client_remove(&client.name)?;
        }
    }
    Ok(())
}
