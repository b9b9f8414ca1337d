//! The home and the port: one server a home, and clear words where either is not to be had.

use std::net::TcpListener;
use std::process::Stdio;
use weir_tests::{Client, Home, Kind, Provider, Rig, Weir};

#[test]
fn a_second_server_on_the_same_home_names_the_first_and_goes() {
    let rig = Rig::natural();
    let second = Weir::try_start(&rig.home, &["serve", "--port", "0"]).err().expect("refused");
    assert_eq!(second.code, 1, "{second:?}");
    let pid = rig.server().pid().to_string();
    let port = rig.server().port().to_string();
    assert!(second.said.contains(&pid) || second.said.contains(&port), "{}", second.said);
    assert_eq!(rig.client().ask(Kind::Chat, false, "the-first-goes-on").status, 200);
}

#[test]
fn two_servers_on_two_homes_do_not_mind_each_other() {
    let (one, two) = (Rig::natural(), Rig::natural());
    assert_ne!(one.server().port(), two.server().port());
    assert_eq!(one.client().ask(Kind::Chat, false, "one").status, 200);
    assert_eq!(two.client().ask(Kind::Chat, false, "two").status, 200);
    let stranger = Client::new(one.server().port(), &two.token);
    assert_eq!(stranger.ask(Kind::Chat, false, "stranger").status, 401);
    assert_eq!((one.rows().len(), two.rows().len()), (1, 1));
}

#[test]
fn a_taken_port_is_told_with_its_owner_and_the_way_on() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("an address").port().to_string();
    let home = Home::bare();
    let refused = Weir::try_start(&home, &["serve", "--port", &port]).err().expect("refused");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.said.contains(&port), "{}", refused.said);
    let own = std::process::id().to_string();
    if cfg!(target_os = "linux") {
        assert!(refused.said.contains(&own), "by whom: {}", refused.said);
    }
    assert!(refused.said.contains("--port") || refused.said.contains("port ="), "{}", refused.said);
}

#[test]
fn a_home_that_cannot_be_made_is_told_with_its_path() {
    let home = Home::bare();
    let file = home.out().join("a-file");
    std::fs::write(&file, "not a folder").expect("a file");
    let inside = file.join("home");
    for args in [
        &["serve", "--port", "0"][..],
        &["client", "add", "x"],
        &["cost", "summary", "--period", "all"],
    ] {
        for place in [&file, &inside] {
            let mut command = home.command(args);
            command.env("WEIR_HOME", place).stdin(Stdio::null());
            let output = command.output().expect("weir starts");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
            assert!(said.contains("a-file"), "{args:?}: {said}");
        }
    }
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "not a folder");
}

#[test]
fn a_ledger_that_is_no_ledger_is_left_alone_and_told() {
    let home = Home::bare();
    std::fs::write(home.ledger(), "this is somebody's letter, not a database\n".repeat(200))
        .expect("a file");
    let before = std::fs::read(home.ledger()).expect("a file");
    match Weir::try_start(&home, &["serve", "--port", "0"]) {
        Err(refused) => assert!(refused.said.contains("weir.db"), "{}", refused.said),
        Ok(weir) => {
            // Serving is allowed only where the old file was put aside unharmed.
            let kept = weir_tests::canary::files(&home.path())
                .iter()
                .any(|file| std::fs::read(file).is_ok_and(|bytes| bytes == before));
            assert!(kept, "the file is gone: {}", weir.log());
        }
    }
}

#[test]
fn a_ledger_of_a_newer_version_is_refused_and_not_touched() {
    let rig = Rig::natural();
    rig.client().ask(Kind::Chat, false, "old");
    rig.quiet();
    let mut rig = rig;
    assert!(rig.weir.take().expect("it runs").stop().success());
    let path = rig.home.ledger();
    let db = rusqlite::Connection::open(&path).expect("the ledger");
    db.pragma_update(None, "user_version", 9_999).expect("a newer version");
    db.close().expect("closed");
    let before = std::fs::read(&path).expect("the ledger");
    let refused = Weir::try_start(&rig.home, &["serve", "--port", "0"]).err().expect("refused");
    assert!(refused.said.contains("9999") || refused.said.contains("newer"), "{}", refused.said);
    assert_eq!(std::fs::read(&path).expect("the ledger"), before, "it was changed");
}

#[test]
fn the_server_listens_on_loopback_alone() {
    let rig = Rig::natural();
    let port = rig.server().port();
    // On Linux every address of 127/8 but the first shows what is bound to all interfaces.
    let elsewhere = std::net::TcpStream::connect(("127.0.0.2", port));
    assert!(elsewhere.is_err(), "it answers on 127.0.0.2");
}

#[test]
fn a_start_is_quick_and_a_start_on_an_old_home_too() {
    let provider = Provider::answering(weir_tests::answers::natural);
    let mut rig = Rig::with(provider);
    for number in 0..50 {
        rig.client().ask(Kind::Chat, false, &format!("old-{number}"));
    }
    rig.quiet();
    rig.kill_and_start();
    let limit = std::time::Duration::from_secs(3);
    assert!(rig.server().started_in() < limit, "{:?}", rig.server().started_in());
}
