//! Local servers that Weir starts and stops itself, as their makers have it done.
//! May use what the module above has for every local scenario.

use super::*;
use std::os::unix::fs::PermissionsExt;

/// A folder with a `systemctl` that does as `script` says, first on the path.
fn with_systemctl(stage: &mut Stage, script: &str) {
    with_program(stage, "systemctl", script);
}

/// The same with any program.
fn with_program(stage: &mut Stage, name: &str, script: &str) {
    let file = stage.home.out().join(name);
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("executable");
    let path = format!("{}:/usr/bin:/bin", stage.home.out().display());
    stage.home.set("PATH", &path);
}

#[test]
fn ollama_is_started_and_stopped_by_its_users_unit() {
    let mut ollama = ollama();
    let mut stage = Stage::new(&configured("ollama", "ollama", &ollama.url()));
    let told = stage.home.out().join("told");
    with_systemctl(&mut stage, &format!("echo \"$@\" >> {}", told.display()));
    let words = || std::fs::read_to_string(&told).unwrap_or_default();
    ollama.go_away();
    std::thread::scope(|scope| {
        let ran = scope.spawn(|| stage.home.weir(&["local", "start", "ollama"]));
        wait::until("the unit to be started", || words().contains("--user start ollama"));
        ollama.come_back();
        let said = ran.join().expect("ran").ok();
        assert!(said.contains("by your systemd unit"), "{said}");
    });
    std::thread::scope(|scope| {
        let ran = scope.spawn(|| stage.home.weir(&["local", "stop", "ollama"]));
        wait::until("the unit to be stopped", || words().contains("--user stop ollama"));
        ollama.go_away();
        let said = ran.join().expect("ran").ok();
        assert!(said.contains("is stopped"), "{said}");
    });
}

#[test]
fn without_a_unit_ollama_is_started_as_ollama_serve_and_that_very_process_is_stopped() {
    let mut ollama = ollama();
    let mut stage = Stage::new(&configured("ollama", "ollama", &ollama.url()));
    let told = stage.home.out().join("told");
    with_systemctl(&mut stage, "exit 1");
    with_program(
        &mut stage,
        "ollama",
        &format!("echo \"$$ $@\" >> {}\nexec sleep 600", told.display()),
    );
    let words = || std::fs::read_to_string(&told).unwrap_or_default();
    ollama.go_away();
    std::thread::scope(|scope| {
        let ran = scope.spawn(|| stage.home.weir(&["local", "start", "ollama"]));
        wait::until("ollama serve to run", || words().ends_with(" serve\n"));
        ollama.come_back();
        let said = ran.join().expect("ran").ok();
        assert!(said.contains("ollama runs at"), "{said}");
    });
    let pid = words().split(' ').next().expect("a number").to_owned();
    let stat = std::path::Path::new("/proc").join(&pid).join("stat");
    // One that has ended may wait there for somebody to take note.
    let lives = || std::fs::read_to_string(&stat).is_ok_and(|text| !text.contains(") Z "));
    assert!(lives(), "it outlives the command that started it");
    std::thread::scope(|scope| {
        let ran = scope.spawn(|| stage.home.weir(&["local", "stop", "ollama"]));
        wait::until("its process to end", || !lives());
        ollama.go_away();
        let said = ran.join().expect("ran").ok();
        assert!(said.contains("is stopped"), "{said}");
    });
    assert_eq!(words().lines().count(), 1, "it was started once");
}

#[test]
fn lm_studios_server_is_started_and_stopped_by_its_own_command_line() {
    let mut studio = LocalServer::start(Likeness::LmStudio, vec![Held::new("q3", 8_192)]);
    let url = format!("{}/v1", studio.url());
    let mut stage = Stage::new(&configured("lmstudio", "openai", &url));
    let told = stage.home.out().join("told");
    with_program(&mut stage, "lms", &format!("echo \"$@\" >> {}", told.display()));
    let words = || std::fs::read_to_string(&told).unwrap_or_default();
    studio.go_away();
    std::thread::scope(|scope| {
        let ran = scope.spawn(|| stage.home.weir(&["local", "start", "lmstudio"]));
        wait::until("the order", || words() == "server start\n");
        studio.come_back();
        let said = ran.join().expect("ran").ok();
        assert!(said.contains("by lms server start"), "{said}");
    });
    std::thread::scope(|scope| {
        let ran = scope.spawn(|| stage.home.weir(&["local", "stop", "lmstudio"]));
        wait::until("the order", || words().ends_with("server stop\n"));
        studio.go_away();
        let said = ran.join().expect("ran").ok();
        assert!(said.contains("is stopped, by lms server stop"), "{said}");
    });
    with_program(&mut stage, "lms", "echo 'the daemon is not up' >&2; exit 3");
    let ran = stage.home.weir(&["local", "start", "lmstudio"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("the daemon is not up"), "{}", ran.stderr);
}

#[test]
fn a_server_is_offered_to_be_started_only_where_there_is_something_to_start() {
    let mut studio = LocalServer::start(Likeness::LmStudio, vec![Held::new("q3", 8_192)]);
    let url = format!("{}/v1", studio.url());
    let mut stage = Stage::new(&configured("lmstudio", "openai", &url));
    studio.go_away();
    let status =
        |stage: &Stage| stage.home.weir(&["local", "status", "--json"]).ok().replace("\": ", "\":");
    let path = stage.home.out().display().to_string();
    stage.home.set("PATH", &path);
    let without = status(&stage);
    assert!(without.contains("its program was not found"), "{without}");
    assert!(!without.contains("\"can_start\":true"), "{without}");
    with_program(&mut stage, "lms", "exit 0");
    let with = status(&stage);
    assert!(with.contains("weir local start lmstudio"), "{with}");
    assert!(with.contains("\"can_start\":true"), "{with}");
}

#[test]
fn a_system_unit_that_is_not_ours_to_start_is_told_with_the_command_that_is() {
    let mut ollama = ollama();
    let mut stage = Stage::new(&configured("ollama", "ollama", &ollama.url()));
    let script = "case \"$*\" in *--user*) exit 1;; *cat*) exit 0;; esac\n\
                  echo 'Interactive authentication required.' >&2; exit 1";
    with_systemctl(&mut stage, script);
    ollama.go_away();
    let ran = stage.home.weir(&["local", "start", "ollama"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("sudo systemctl start ollama"), "{}", ran.stderr);
    assert!(ran.stderr.contains("authentication required"), "{}", ran.stderr);
}

#[test]
fn a_server_weir_did_not_start_is_not_stopped_by_it() {
    let ollama = ollama();
    let mut stage = Stage::new(&configured("ollama", "ollama", &ollama.url()));
    with_systemctl(&mut stage, "exit 1");
    let ran = stage.home.weir(&["local", "stop", "ollama"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("not started by Weir"), "{}", ran.stderr);
    assert_eq!(stage.server("ollama")["state"], "running");
}
