//! `weir tunnel`: opens and closes the listener for Cursor and says what to do outside of Weir.
//! Looks for tunnel programs on the PATH and starts none.

use super::moment;
use crate::args::{ProviderName, Tunnel, TunnelStart};
use crate::out::{Done, Out, Stop, say};
use crate::views::tunnel as view;
use crate::views::tunnel::Program;
use weir_engine::api::{Desk, TunnelTest};

/// `weir tunnel`
pub fn tunnel(desk: &dyn Desk, args: Tunnel) -> Done {
    match args {
        Tunnel::Start(args) => start(desk, &args),
        Tunnel::Stop(json) => {
            let was = desk.tunnel_status()?.on;
            let status = desk.tunnel_stop()?;
            Out::stdout(json.json).answer(&status, |_| view::stopped(was).to_owned())
        }
        Tunnel::Status(json) => {
            let status = desk.tunnel_status()?;
            let (now, zone) = moment();
            Out::stdout(json.json).answer(&status, |paint| view::status(&status, now, &zone, paint))
        }
        Tunnel::Test(json) => told(&desk.tunnel_test()?, Out::stdout(json.json)),
    }
}

fn start(desk: &dyn Desk, args: &TunnelStart) -> Done {
    let started = desk.tunnel_start(args.host.as_deref())?;
    let (now, zone) = moment();
    let out = Out::stdout(args.json.json);
    let programs = programs(args.provider);
    out.answer(&started, |_| {
        view::started(&started, started.token.expose(), &programs, now, &zone)
    })?;
    if !args.test {
        return Ok(());
    }
    let test = desk.tunnel_test()?;
    if out.is_json() {
        say(&test.message);
        return if test.ok { Ok(()) } else { Err(Stop::Said) };
    }
    told(&test, out)
}

fn told(test: &TunnelTest, out: Out) -> Done {
    out.answer(test, |paint| view::test(test, paint))?;
    if test.ok { Ok(()) } else { Err(Stop::Said) }
}

/// The programs whose commands are printed: the one that was named, or those that are installed.
fn programs(named: Option<ProviderName>) -> Vec<(Program, bool)> {
    let all = [Program::Cloudflared, Program::Tailscale, Program::Ngrok];
    let found = |program: Program| (program, is_installed(program.command()));
    match named {
        Some(ProviderName::Cloudflared) => vec![found(Program::Cloudflared)],
        Some(ProviderName::Tailscale) => vec![found(Program::Tailscale)],
        Some(ProviderName::Ngrok) => vec![found(Program::Ngrok)],
        Some(ProviderName::None) => Vec::new(),
        None => {
            let all: Vec<_> = all.map(found).to_vec();
            let installed: Vec<_> = all.iter().copied().filter(|(_, there)| *there).collect();
            if installed.is_empty() { all } else { installed }
        }
    }
}

fn is_installed(command: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    let name = format!("{command}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}
