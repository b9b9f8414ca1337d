//! Keeps what is in this process's memory in this process: no core files, no foreign debugger.
//! Owns the calls to the operating system that do it, all of them safe wrappers.

/// Turns off core dumps and attaching by other processes of the same user. Children do not
/// inherit the second. What the system refuses is logged and changes nothing else.
#[cfg(target_os = "linux")]
pub fn process() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core dumps could not be turned off");
    }
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "this process could not be closed to debuggers");
    }
}

/// Turns off core dumps.
#[cfg(all(unix, not(target_os = "linux")))]
pub fn process() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core dumps could not be turned off");
    }
}

/// Windows writes no dump of a process unless its user set that up.
#[cfg(not(unix))]
pub fn process() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_hardened_process_leaves_no_core_file() {
        super::process();
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let core = limits.lines().find(|l| l.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            rustix::process::DumpableBehavior::NotDumpable
        );
    }
}
