//! Both were killed, or the power failed: what the desktop starts at the next login puts the tools
//! back. The entry's own command line is run, with nothing of Weir's in its environment.

use super::{Desk, USABLE_AGAIN, kill_both};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;
use weir_tests::{Weir, wait};

impl Desk {
    /// What the desktop starts at login.
    pub(super) fn entries(&self) -> Vec<PathBuf> {
        let folder = self.home.user().join(".config/autostart");
        let listed = fs::read_dir(folder).into_iter().flatten().flatten();
        listed.map(|entry| entry.path()).collect()
    }

    /// The command line that the desktop starts at login.
    #[track_caller]
    fn at_login(&self) -> Vec<String> {
        let [entry] = &self.entries()[..] else { panic!("one entry: {:?}", self.entries()) };
        let text = fs::read_to_string(entry).expect("an entry");
        let line = text.lines().find_map(|line| line.strip_prefix("Exec=")).expect("a command");
        line.split(' ').map(str::to_owned).collect()
    }

    /// A login: what the desktop starts has the user's folder and nothing of Weir's.
    #[track_caller]
    fn log_in(&self, words: &[String]) {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().env("HOME", self.home.user());
        let ran = command.output().expect("the program of the entry is there");
        assert!(ran.status.success(), "{ran:?}");
    }
}

#[test]
fn after_both_were_killed_what_the_desktop_starts_at_login_puts_the_tools_back() {
    let (desk, weir) = Desk::connected();
    let port = weir.port();
    let at_login = desk.at_login();
    kill_both(&desk, weir);
    assert!(desk.leads_to(port), "nobody was left to put it back");
    let began = Instant::now();
    desk.log_in(&at_login);
    assert!(desk.as_before(), "{}", desk.text());
    assert!(began.elapsed() < USABLE_AGAIN);
    assert!(desk.entries().is_empty(), "nothing is left to start: {:?}", desk.entries());
    assert!(desk.family.log().contains("Claude Code put back"), "{}", desk.family.log());
    // The next start connects it again, and has it put back at login again.
    let weir = Weir::start(&desk.home);
    wait::until("the tool to be connected again", || desk.leads_to(weir.port()));
    wait::until("the entry to be there again", || desk.entries().len() == 1);
    // While an engine serves it changes nothing.
    desk.log_in(&desk.at_login());
    assert!(desk.leads_to(weir.port()), "{}", desk.text());
    assert!(weir.stop().success());
    assert!(desk.as_before() && desk.entries().is_empty(), "{:?}", desk.entries());
}

#[test]
fn nothing_is_started_at_login_for_a_tool_that_was_put_back_by_hand() {
    let (desk, weir) = Desk::connected();
    assert_eq!(desk.entries().len(), 1);
    desk.home.weir(&["disconnect", "claude-code"]).ok();
    assert!(desk.entries().is_empty(), "{:?}", desk.entries());
    desk.home.weir(&["connect", "claude-code"]).ok();
    wait::until("the entry to be there again", || desk.entries().len() == 1);
    desk.home.weir(&["restore"]).ok();
    assert!(desk.entries().is_empty(), "{:?}", desk.entries());
    assert!(weir.stop().success());
}
