//! How large the pages are that the system gives this process.

/// Takes memory in small pages from now on, in this process and in what it starts: a process that
/// waits for hours needs a few kilobytes for each thread, where a large page is two megabytes.
pub fn small() {
    set(true);
}

/// Takes large pages again, for a process that was started by one that does without.
pub fn large() {
    set(false);
}

#[cfg(target_os = "linux")]
fn set(small: bool) {
    // Fails on a system without large pages, which is as good.
    let _ = rustix::thread::disable_transparent_huge_pages(small);
}

#[cfg(not(target_os = "linux"))]
fn set(_: bool) {}
