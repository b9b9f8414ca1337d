//! The port: 127.0.0.1 and ::1 with one number, and who has it when it is taken.
//! Owns that nothing but loopback is ever bound.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as Bound};
use tokio::net::TcpListener;

/// Free ports tried until both addresses have the same one.
const TRIES_MAX: usize = 32;

/// Why nothing listens. `Display` names the holder where it is known, and the fix.
#[derive(Debug, thiserror::Error)]
pub enum ListenProblem {
    /// Somebody else listens there.
    #[error(
        "port {port} is taken{}. Stop it, or use another port: --port N, or port = N under [server] \
         in config.toml",
        by(.holder.as_deref())
    )]
    Taken {
        /// The port.
        port: u16,
        /// `node (pid 4242)`, where the system tells.
        holder: Option<String>,
    },
    /// The system refuses.
    #[error("cannot listen on 127.0.0.1:{port}: {cause}. Use another port: --port N")]
    Refused {
        /// The port.
        port: u16,
        /// What it said.
        cause: io::Error,
    },
}

fn by(holder: Option<&str>) -> String {
    holder.map_or_else(String::new, |h| format!(" by {h}"))
}

/// Listeners on 127.0.0.1 and, where the machine has it, ::1. Port 0 finds a number that is free
/// on both. Needs a tokio runtime around it.
///
/// # Errors
/// See [`ListenProblem`].
pub fn bind(port: u16) -> Result<(Vec<TcpListener>, u16), ListenProblem> {
    let mut last = ListenProblem::Taken { port, holder: None };
    for _ in 0..TRIES_MAX {
        match both(port) {
            Ok((bound, port)) => {
                let listeners: io::Result<Vec<TcpListener>> =
                    bound.into_iter().map(to_tokio).collect();
                let listeners =
                    listeners.map_err(|cause| ListenProblem::Refused { port, cause })?;
                return Ok((listeners, port));
            }
            Err(problem @ ListenProblem::Taken { .. }) if port == 0 => last = problem,
            Err(problem) => return Err(problem),
        }
    }
    Err(last)
}

fn both(port: u16) -> Result<(Vec<Bound>, u16), ListenProblem> {
    let four = Bound::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let four = four.map_err(|cause| problem(port, cause))?;
    let port = four.local_addr().map_err(|cause| problem(port, cause))?.port();
    match Bound::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))) {
        Ok(six) => Ok((vec![four, six], port)),
        // Whoever has ::1 would be given the tokens of tools that say `localhost`.
        Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => Err(problem(port, cause)),
        // A machine without IPv6.
        Err(_) => Ok((vec![four], port)),
    }
}

fn problem(port: u16, cause: io::Error) -> ListenProblem {
    match cause.kind() {
        io::ErrorKind::AddrInUse => ListenProblem::Taken { port, holder: holder::of(port) },
        _ => ListenProblem::Refused { port, cause },
    }
}

fn to_tokio(listener: Bound) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Who listens on a port of this machine, as `node (pid 4242)`, where the system tells.
pub fn holder(port: u16) -> Option<String> {
    holder::of(port)
}

#[cfg(target_os = "linux")]
mod holder {
    use std::fs;

    /// The state of a listening socket in /proc/net/tcp.
    const LISTEN: &str = "0A";

    pub fn of(port: u16) -> Option<String> {
        let inode = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().find_map(|t| inode(t, port))?;
        let target = format!("socket:[{inode}]");
        for process in fs::read_dir("/proc").ok()?.flatten() {
            let name = process.file_name();
            let Some(pid) = name.to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
            let Ok(files) = fs::read_dir(process.path().join("fd")) else { continue };
            let holds = |f: fs::DirEntry| {
                fs::read_link(f.path()).is_ok_and(|link| link.as_os_str() == target.as_str())
            };
            if files.flatten().any(holds) {
                let command = fs::read_to_string(process.path().join("comm")).ok()?;
                return Some(format!("{} (pid {pid})", command.trim()));
            }
        }
        None
    }

    fn inode(table: &str, port: u16) -> Option<String> {
        let wanted = format!(":{port:04X}");
        fs::read_to_string(table).ok()?.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (address, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
            (address.ends_with(&wanted) && *state == LISTEN).then(|| (*inode).to_owned())
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod holder {
    pub fn of(_: u16) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_free_port_is_the_same_on_both_loopback_addresses_and_on_no_other() {
        let (listeners, port) = bind(0).unwrap();
        assert_ne!(port, 0);
        for listener in &listeners {
            let address = listener.local_addr().unwrap();
            assert_eq!(address.port(), port);
            assert!(address.ip().is_loopback());
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_told_with_its_holder_and_the_way_out() {
        let taken = Bound::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let said = bind(port).unwrap_err().to_string();
        assert!(said.starts_with(&format!("port {port} is taken")), "{said}");
        assert!(said.contains("--port N"), "{said}");
        #[cfg(target_os = "linux")]
        assert!(said.contains(&format!("(pid {})", std::process::id())), "{said}");
    }

    #[tokio::test]
    async fn a_port_that_somebody_has_on_one_address_only_is_taken_all_the_same() {
        let Ok(six) = Bound::bind("[::1]:0") else { return };
        let port = six.local_addr().unwrap().port();
        assert!(matches!(bind(port), Err(ListenProblem::Taken { .. })));
    }
}
