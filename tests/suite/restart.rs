//! Stopping in order: what is open may finish, nothing new gets in, and the next start has
//! nothing to repair.

use weir_tests::server::terminate;
use weir_tests::{Answer, Kind, Latch, Rig, Step, Tokens, Turn, Weir, wait};

/// A streamed answer that waits at `latch` after its first text.
fn held(kind: Kind, latch: &Latch) -> Answer {
    let mut answer = Turn::new(kind, Tokens::plain(20, 30)).stream().answer();
    let middle = answer.steps.len() / 2;
    answer.steps.insert(middle, Step::Hold(latch.clone()));
    answer
}

#[test]
fn an_open_stream_finishes_after_the_server_was_asked_to_stop() {
    let mut rig = Rig::scripted();
    let latch = Latch::default();
    rig.provider.script(held(Kind::Messages, &latch));
    let mut exchange = rig.client().open(&rig.client().call(Kind::Messages, true, "finishing"));
    rig.provider
        .until("half of the answer", |truth| truth.first().is_some_and(|attempt| attempt.waiting));
    let port = rig.server().port();
    let weir = rig.weir.take().expect("the server runs");
    terminate(weir.pid());
    wait::until("the port to be closed", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_err()
    });
    latch.open();
    let response = exchange.response().expect("the rest of the answer");
    assert!(response.complete && response.text().contains("message_stop"));
    drop(exchange);
    let mut weir = weir;
    wait::until("the server to end", || !weir.alive());
    rig.weir = Some(Weir::start(&rig.home));
    let row = rig.row("finishing");
    assert_eq!((row.ended().kind.as_str(), row.ended().outcome.as_str()), ("settle", "ok"));
}

#[test]
fn a_stop_with_nothing_open_is_quick_and_leaves_no_orphans() {
    let mut rig = Rig::natural();
    for kind in Kind::TALKING {
        assert_eq!(rig.client().ask(kind, true, &format!("{kind:?}")).status, 200);
    }
    rig.stop_and_start();
    let rows = rig.rows();
    assert_eq!(rows.len(), Kind::TALKING.len());
    assert!(rows.iter().all(|row| row.ended().kind == "settle"), "{rows:#?}");
}

#[test]
fn what_a_kill_left_open_becomes_an_orphan_at_its_estimate_once() {
    let mut rig = Rig::scripted();
    rig.provider.script(Answer { steps: vec![Step::Stall], told: None });
    let exchange = rig.client().open(&rig.client().call(Kind::Messages, true, "orphaned"));
    rig.provider.until("the request", |truth| truth.first().is_some_and(|attempt| attempt.whole));
    rig.kill_and_start();
    drop(exchange);
    let row = rig.row("orphaned");
    let end = row.ended().clone();
    assert_eq!((end.kind.as_str(), end.outcome.as_str()), ("orphan", "orphan"));
    assert_eq!((end.cost, end.pricing.as_str()), (row.reserved, "estimated"));
    rig.kill_and_start();
    rig.stop_and_start();
    assert_eq!(rig.row("orphaned"), row, "nothing is added to it later");
    let log = rig.home.weir(&["log", "--json"]).json();
    assert_eq!(log[0]["attempts"][0]["state"], "orphan", "{log}");
}

#[test]
fn tokens_and_settings_survive_a_kill() {
    let mut rig = Rig::natural();
    rig.kill_and_start();
    assert_eq!(rig.client().ask(Kind::Chat, false, "after-the-kill").status, 200);
}
