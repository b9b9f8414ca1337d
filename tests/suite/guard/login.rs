//! Nobody is left: Weir and its guardian were killed at once. What runs at the next login, and what a
//! supervisor runs when it gives up, puts the tools back.
//! May use what the module above has for every scenario.

use super::*;
use std::path::Path;

/// The entry at login of a home, when there is exactly one.
pub(super) fn entry(desk: &Desk) -> Option<PathBuf> {
    let folder = desk.home.user().join(".config/autostart");
    let mut found = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
    let first = found.next();
    assert_eq!(found.next(), None, "one entry for a home");
    first
}

/// What a desktop runs for an entry: its `Exec`, read as the specification of desktop entries has it.
fn arguments(entry: &Path) -> Vec<String> {
    let text = fs::read_to_string(entry).expect("an entry");
    let line = text.lines().find_map(|line| line.strip_prefix("Exec=")).expect("it runs something");
    let (mut given, mut now, mut inside) = (Vec::new(), String::new(), false);
    // Twice: once as a value of the file, once as an argument.
    let line = line.replace("\\\\", "\\").replace("%%", "%");
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => inside = !inside,
            '\\' if inside => now.extend(letters.next()),
            ' ' if !inside => given.push(std::mem::take(&mut now)),
            other => now.push(other),
        }
    }
    given.push(now);
    given
}

/// The desktop starts a session: the entry is run as one of the user's programs.
fn log_in(desk: &Desk) -> std::process::Child {
    let given = arguments(&entry(desk).expect("an entry"));
    let usual = desk.home.command(&[]);
    let mut command = Command::new(&given[0]);
    command.args(&given[1..]).env_clear();
    command.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // A session knows of no home that a terminal named.
    command.env_remove("WEIR_HOME");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the program of the entry runs")
}

#[test]
fn after_both_were_killed_the_next_login_puts_the_tools_back_without_a_hand() {
    let (desk, weir) = Desk::connected();
    let port = weir.port();
    assert!(entry(&desk).is_some(), "it is there while a tool is connected");
    kill_both(&desk, weir);
    assert!(desk.leads_to(port), "nobody was left to put it back");
    let began = Instant::now();
    let mut session = log_in(&desk);
    desk.put_back_soon(began);
    assert!(session.wait().expect("ours").success());
    assert_eq!(entry(&desk), None, "nothing is left at login that nobody needs");
    assert!(desk.family.log().contains("Claude Code put back"), "{}", desk.family.log());
    let weir = Weir::start(&desk.home);
    wait::until("the tool to be connected again", || desk.leads_to(weir.port()));
    wait::until("the entry to be there again", || entry(&desk).is_some());
    desk.home.weir(&["disconnect", "claude-code"]).ok();
    assert_eq!(entry(&desk), None, "it goes with the last tool");
    assert!(weir.stop().success());
}

#[test]
fn a_login_while_weir_serves_changes_nothing() {
    let (desk, weir) = Desk::connected();
    let text = desk.text();
    assert!(log_in(&desk).wait().expect("ours").success());
    assert_eq!(desk.text(), text);
    assert!(entry(&desk).is_some());
    assert!(weir.stop().success());
    assert!(desk.as_before());
    assert_eq!(entry(&desk), None, "a stop put the tool back, so nobody need look");
}

#[test]
fn a_login_that_starts_weir_too_ends_with_the_tool_connected() {
    let (desk, weir) = Desk::connected();
    kill_both(&desk, weir);
    let mut session = log_in(&desk);
    let weir = Weir::start(&desk.home);
    assert!(session.wait().expect("ours").success());
    wait::until("the tool to be connected", || desk.leads_to(weir.port()));
    assert_eq!(desk.tool(weir.port()).ask(Kind::Messages, false, "here").status, 200);
    assert!(entry(&desk).is_some());
    assert!(weir.stop().success());
    assert!(desk.as_before());
}

#[test]
fn a_tool_that_nobody_put_back_follows_weir_to_another_port() {
    let (desk, weir) = Desk::connected();
    let before = weir.port();
    kill_both(&desk, weir);
    let weir = Weir::start(&desk.home);
    assert_ne!(weir.port(), before);
    wait::until("the tool to be connected", || desk.leads_to(weir.port()));
    assert_eq!(desk.tool(weir.port()).ask(Kind::Messages, false, "here").status, 200);
    assert!(weir.stop().success());
    assert!(desk.as_before());
}

#[test]
fn connecting_says_beforehand_what_it_adds_at_login() {
    let desk = Desk::new();
    let said = desk.home.weir(&["connect", "claude-code", "--dry-run"]).ok();
    assert!(said.contains(".config/autostart/weir-restore-"), "{said}");
    assert_eq!(entry(&desk), None, "and adds nothing by saying so");
    let said = desk.home.weir(&["connect", "claude-code"]).ok();
    assert!(said.contains(&entry(&desk).expect("an entry").display().to_string()), "{said}");
    desk.home.weir(&["restore"]).ok();
    assert_eq!(entry(&desk), None);
}

#[test]
fn where_nobody_is_to_watch_nothing_looks_at_login_either() {
    let mut desk = Desk::new();
    desk.home.set("WEIR_GUARD", "off");
    desk.home.weir(&["connect", "claude-code"]).ok();
    assert_eq!(entry(&desk), None);
    desk.home.weir(&["restore"]).ok();
    assert!(desk.as_before());
}

#[test]
fn a_supervisor_that_gives_up_has_the_tools_put_back() {
    let (desk, weir) = Desk::connected();
    kill_both(&desk, weir);
    let ran = desk.home.weir(&["guard", "put-back"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(desk.as_before(), "{}", desk.text());
    assert!(desk.family.log().contains("Claude Code put back"), "{}", desk.family.log());
    // While an engine serves it changes nothing.
    let weir = Weir::start(&desk.home);
    wait::until("the tool to be connected again", || desk.leads_to(weir.port()));
    assert_eq!(desk.home.weir(&["guard", "put-back"]).code, 0);
    assert!(desk.leads_to(weir.port()), "{}", desk.text());
    assert!(weir.stop().success());
}
