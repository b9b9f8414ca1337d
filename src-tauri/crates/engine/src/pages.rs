//! How large the pages are that the system gives this process and what it starts. A process that
//! waits for hours does without large ones; a server of models that it starts must not.
//! Owns that choice for the whole process, and the start of programs it is not meant for.

use parking_lot::Mutex;
use std::io;
use std::process::{Child, Command};

/// Whether this process chose small pages. Held while the choice is taken back for a start.
static SMALL: Mutex<bool> = Mutex::new(false);

/// Takes memory in small pages from now on, in this process and in what it starts: a process that
/// waits for hours needs a few kilobytes for each thread, where a large page is two megabytes.
pub fn small() {
    let mut chosen = SMALL.lock();
    set(true);
    *chosen = true;
}

/// Takes large pages again, for a process that was started by one that does without.
pub fn large() {
    let mut chosen = SMALL.lock();
    set(false);
    *chosen = false;
}

/// Starts a program that needs large pages, whatever this process chose for itself. A choice that
/// somebody else made for this process, before it was started, is passed on.
///
/// # Errors
/// As for `Command::spawn`.
pub fn start_large(command: &mut Command) -> io::Result<Child> {
    let chosen = SMALL.lock();
    if !*chosen {
        return command.spawn();
    }
    // A program takes over what holds for its parent when it is loaded, and it is loaded when
    // `spawn` returns. A large page that this process gets meanwhile costs two megabytes at most.
    set(false);
    let started = command.spawn();
    set(true);
    started
}

#[cfg(target_os = "linux")]
fn set(small: bool) {
    // Fails on a system without large pages, which is as good.
    let _ = rustix::thread::disable_transparent_huge_pages(small);
}

#[cfg(not(target_os = "linux"))]
fn set(_: bool) {}
