//! The engine's side of the control socket.
//! Owns how a dead engine's socket is replaced; who may connect is `owner`'s. The calls themselves are
//! the desk's.

use super::address::Address;
use super::line::{self, Line};
use super::owner::{Owner, private};
use super::{CALL_BYTES_MAX, CONNECTIONS_MAX, FILE, IDLE_MAX, Reply, WRITE_MAX};
use crate::api::{ApiProblem, Call, Code, Desk, LiveEvent, answer};
use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::tokio::{Listener, Stream, prelude::*};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroize;

/// A pause after the system refused a connection, so that a full file table is not a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the control socket cannot be opened. `Display` is one sentence with its fix.
#[derive(Debug, thiserror::Error)]
pub enum DoorProblem {
    /// Somebody answers there.
    #[error(
        "another Weir answers at {path}. Stop it first, or give this one a home of its own with --home"
    )]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is not a socket is in the way.
    #[error("{path} is in the way: it is not a socket. Move it away and start again")]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses.
    #[error(
        "cannot open the control socket {path}: {source}. Check that the folder is yours and can be written"
    )]
    Refused {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The open control socket of one home.
pub struct Door {
    listener: Listener,
    // After the listener, which removes its file on drop and may need the folder for it.
    address: Address,
    owner: Owner,
}

impl Door {
    /// Opens the socket of a home. The caller must hold the home's lock: a socket on which
    /// nothing answers is then a dead engine's and is replaced. The folder's own mode is the
    /// home's business. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// See [`DoorProblem`].
    pub fn open(home: &Path) -> Result<Self, DoorProblem> {
        let path = home.join(FILE);
        let refused = |source| DoorProblem::Refused { path: path.clone(), source };
        let address = Address::of(home, FILE).map_err(refused)?;
        clear(&address)?;
        let options = ListenerOptions::new().name(address.name().map_err(refused)?);
        let listener = private(options).map_err(refused)?.create_tokio().map_err(refused)?;
        let owner = Owner::of(&address.path).map_err(refused)?;
        Ok(Self { listener, address, owner })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.address.path
    }

    /// Answers calls until `stop`. Connections still open then are dropped, and the socket's file
    /// is removed.
    pub async fn serve(
        self,
        desk: Arc<dyn Desk>,
        events: broadcast::Sender<LiveEvent>,
        stop: CancellationToken,
    ) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        loop {
            let next = async {
                let place = places.clone().acquire_owned().await;
                (place, self.listener.accept().await)
            };
            let (place, accepted) = tokio::select! {
                () = stop.cancelled() => return,
                next = next => next,
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok(stream) if self.owner.admits(&stream) => {
                    let caller = Caller { desk: desk.clone(), events: events.clone() };
                    connections.spawn(async move {
                        // An error here is the caller's hanging up, which is its own business.
                        let _ = caller.serve(&stream).await;
                        drop(place);
                    });
                }
                Ok(_) => tracing::warn!("control: a connection of another user was refused"),
                Err(problem) => {
                    tracing::warn!(%problem, "control: cannot accept");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// One connection.
struct Caller {
    desk: Arc<dyn Desk>,
    events: broadcast::Sender<LiveEvent>,
}

impl Caller {
    async fn serve(self, stream: &Stream) -> io::Result<()> {
        let mut from = BufReader::new(stream);
        let mut buffer = Vec::new();
        loop {
            let Ok(line) =
                timeout(IDLE_MAX, line::read(&mut from, &mut buffer, CALL_BYTES_MAX)).await
            else {
                return Ok(());
            };
            match line? {
                Line::End => return Ok(()),
                Line::TooLong => {
                    let message = format!("a call may have at most {CALL_BYTES_MAX} bytes");
                    return send(stream, Err(ApiProblem::new(Code::BadRequest, message))).await;
                }
                Line::Whole => {}
            }
            let call = serde_json::from_slice::<Call>(&buffer);
            // It may have held a key.
            buffer.zeroize();
            match call {
                Err(problem) => {
                    let message = format!("not a call Weir knows: {problem}");
                    send(stream, Err(ApiProblem::new(Code::BadRequest, message))).await?;
                }
                Ok(Call::Watch) => return self.watch(stream, &mut from).await,
                Ok(call) => send(stream, self.answer(call).await).await?,
            }
        }
    }

    async fn answer(&self, call: Call) -> Result<serde_json::Value, ApiProblem> {
        let desk = self.desk.clone();
        let answered = tokio::task::spawn_blocking(move || answer(&*desk, call)).await;
        answered.unwrap_or_else(|_| {
            let message = "Weir failed while it answered. The log in the home folder says where";
            Err(ApiProblem::new(Code::Internal, message))
        })
    }

    async fn watch(&self, stream: &Stream, from: &mut BufReader<&Stream>) -> io::Result<()> {
        let mut events = self.events.subscribe();
        send(stream, Ok(serde_json::Value::Null)).await?;
        let mut rest = [0u8; 64];
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                read = from.read(&mut rest) => match read? {
                    0 => return Ok(()),
                    _ => continue,
                },
            };
            let event = match event {
                Ok(event) => event,
                Err(RecvError::Lagged(events)) => LiveEvent::Missed { events },
                Err(RecvError::Closed) => return Ok(()),
            };
            write(stream, serde_json::to_vec(&event)?).await?;
        }
    }
}

async fn send(stream: &Stream, result: Result<serde_json::Value, ApiProblem>) -> io::Result<()> {
    write(stream, serde_json::to_vec(&Reply::from(result))?).await
}

async fn write(mut stream: &Stream, mut line: Vec<u8>) -> io::Result<()> {
    line.push(b'\n');
    match timeout(WRITE_MAX, stream.write_all(&line)).await {
        Ok(written) => written,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Makes way: removes the socket of an engine that is gone, refuses everything else.
#[cfg(unix)]
fn clear(address: &Address) -> Result<(), DoorProblem> {
    use std::os::unix::fs::FileTypeExt;
    let path = &address.path;
    let refused = |source| DoorProblem::Refused { path: path.clone(), source };
    match std::fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(refused(e)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(DoorProblem::InTheWay { path: path.clone() });
        }
        Ok(_) => {}
    }
    use interprocess::local_socket::{Stream, prelude::*};
    match Stream::connect(address.name().map_err(refused)?) {
        Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(refused)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(refused(e)),
        Ok(_) => Err(DoorProblem::Taken { path: path.clone() }),
    }
}

/// A pipe vanishes with its engine, so there is nothing to make way for.
#[cfg(windows)]
fn clear(_address: &Address) -> Result<(), DoorProblem> {
    Ok(())
}
