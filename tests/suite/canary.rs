//! Keys, tokens and credentials are found in no file, no output and no log, in no form, whatever
//! went wrong while they were in use.

use weir_tests::answers::Reply;
use weir_tests::home::providers;
use weir_tests::{Answer, Client, Home, Kind, Provider, Rig, Seed, Step, canary, wait};

/// What the search itself must be able to find.
#[test]
fn the_search_finds_a_secret_in_every_form_it_knows() {
    let mut home = Home::bare();
    home.hide("PLANTED", Seed::fixed(1).word(40));
    for (form, bytes) in canary::forms(home.secret("PLANTED")) {
        let place = home.path().join("planted");
        std::fs::write(&place, [b"before ", bytes.as_slice(), b" after"].concat()).expect("a file");
        assert!(!canary::search_home(&home).is_empty(), "{form} is not found");
    }
}

#[test]
fn nothing_that_goes_wrong_writes_a_secret_down() {
    let provider = Provider::answering(weir_tests::answers::natural);
    let mut home = Home::pointing_at(&provider);
    let token = home.token("loud");
    let mut weir = weir_tests::Weir::start(&home);
    let key = home.secret("CANARY_ANTHROPIC_KEY").to_owned();
    // Providers that say the key back, as some do.
    let echo = format!(
        r#"{{"type":"error","error":{{"type":"authentication_error","message":"invalid x-api-key: {key}"}}}}"#
    );
    let client = Client::new(weir.port(), &token);
    for (number, status) in [401, 403, 400, 429, 500, 529].into_iter().enumerate() {
        provider.script(Reply::json(status, echo.clone()).answer());
        client.ask(Kind::Messages, number % 2 == 0, &format!("echo-{number}"));
    }
    let stream = format!("event: error\ndata: {echo}\n\n");
    let mut reply = Reply::json(200, stream);
    reply.headers = vec![("content-type".into(), "text/event-stream".into())];
    provider.script(reply.answer());
    client.ask(Kind::Messages, true, "echo-stream");
    for step in [Step::Cut, Step::Reset] {
        provider.script(Answer { steps: vec![step], told: None });
        client.ask(Kind::Chat, true, "broken");
    }
    // Mistakes with the token itself.
    for wrong in [token.to_uppercase(), format!("{token}x"), token[..20].to_owned()] {
        let stranger = Client::new(weir.port(), &wrong);
        stranger.ask(Kind::Chat, false, "stranger");
        let path = format!("/t/{token}/v1/nowhere?token={token}&key={key}");
        client.send(&client.post(&path, &[("x-api-key", &key)], b"{}"));
    }
    let in_body = format!(r#"{{"model":"{key}","messages":"#);
    client.send(&client.post("/v1/chat/completions", &[], in_body.as_bytes()));
    for kind in Kind::TALKING {
        assert_eq!(client.ask(kind, true, "fine").status, 200);
    }
    wait::until("the books to be closed", || {
        weir_tests::ledger::rows(&home.ledger()).iter().all(|row| row.end.is_some())
    });
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["cost", "summary", "--period", "all"],
        &["log", "--json", "--limit", "100"],
        &["log"],
        &["export", "--format", "csv"],
        &["export", "--format", "json"],
        &["config", "show"],
        &["config", "check"],
        &["key", "list"],
        &["client", "list", "--json"],
        &["models"],
        &["key", "test", "anthropic"],
        &["client", "add", "loud"],
    ] {
        home.weir(args);
    }
    let command_line = std::fs::read(format!("/proc/{}/cmdline", weir.pid())).unwrap_or_default();
    home.heard(&command_line);
    assert_eq!(canary::search_home(&home), [], "while it runs");
    assert!(weir.alive());
    weir.kill();
    assert_eq!(canary::search_home(&home), [], "after a kill, with the write-ahead log");
    weir = weir_tests::Weir::start(&home);
    assert!(weir.stop().success());
    assert_eq!(canary::search_home(&home), [], "after a stop");
}

#[test]
fn verbose_logs_hold_no_secret() {
    let provider = Provider::answering(weir_tests::answers::natural);
    let mut home = Home::pointing_at(&provider);
    let token = home.token("verbose");
    home.set("RUST_LOG", "trace");
    home.set("WEIR_LOG", "trace");
    let weir = weir_tests::Weir::start(&home);
    let client = Client::new(weir.port(), &token);
    for kind in Kind::TALKING {
        assert_eq!(client.ask(kind, false, "traced").status, 200);
    }
    Client::new(weir.port(), "weir_wrong").ask(Kind::Chat, false, "traced");
    assert!(weir.stop().success());
    assert_eq!(canary::search_home(&home), []);
}

#[test]
fn a_clients_own_credential_passes_through_once_and_is_kept_nowhere() {
    let provider = Provider::answering(weir_tests::answers::natural);
    let mut home = Home::pointing_at(&provider);
    home.configure(&providers(&provider.url()).replace("env:CANARY_ANTHROPIC_KEY", "passthrough"));
    let oauth = format!("sk-ant-oat01-{}", Seed::announced("credential").word(60));
    home.hide("SUBSCRIPTION", oauth.clone());
    let rig = Rig::in_home(home, provider);
    let bearer = format!("Bearer {oauth}");
    let body = Kind::Messages.ask(Kind::Messages.model(), true, "hello").to_string();
    let headers = [
        ("authorization", bearer.as_str()),
        ("anthropic-beta", "oauth-2025-04-20"),
        ("user-agent", "tests marker/oauth"),
        ("x-weir-session", "oauth"),
    ];
    let client = rig.client();
    let response = client.send(&client.post("/v1/messages", &headers, body.as_bytes()));
    assert_eq!(response.status, 200, "{}", response.text());
    let head = rig.provider.last().asked.head;
    assert_eq!(head.all("authorization"), [bearer.as_str()]);
    assert_eq!(head.all("x-api-key"), Vec::<&str>::new());
    assert_eq!(head.header("anthropic-beta"), Some("oauth-2025-04-20"));
    assert!(!format!("{head:?}").contains(&rig.token), "Weir's token left: {head:?}");
    // In the path it works as well, for clients that cannot send a header of their own.
    let path = format!("/t/{}/v1/messages", rig.token);
    let bare = client.post(&path, &[headers[0], ("x-weir-token", &rig.token)], body.as_bytes());
    assert_eq!(client.send(&bare).status, 200);
    assert!(!rig.provider.last().asked.target.contains("weir_"));
}

#[test]
fn a_credential_of_the_client_does_not_pass_to_a_provider_with_a_key() {
    let rig = Rig::natural();
    let client = rig.client();
    let body = Kind::Messages.ask(Kind::Messages.model(), false, "hello").to_string();
    let headers = [
        ("authorization", "Bearer sk-ant-oat01-somebody-elses"),
        ("x-api-key", "sk-ant-api03-somebody-elses"),
        ("x-goog-api-key", "AIza-somebody-elses"),
        ("api-key", "somebody-elses"),
        ("user-agent", "tests"),
    ];
    assert_eq!(client.send(&client.post("/v1/messages", &headers, body.as_bytes())).status, 200);
    let asked = format!("{:?}", rig.provider.last().asked.head);
    assert!(!asked.contains("somebody-elses"), "{asked}");
    assert!(asked.contains(rig.home.secret("CANARY_ANTHROPIC_KEY")));
}

#[test]
fn a_passthrough_provider_without_a_credential_is_told_so() {
    let provider = Provider::scripted();
    let home = Home::pointing_at(&provider);
    home.configure(&providers(&provider.url()).replace("env:CANARY_ANTHROPIC_KEY", "passthrough"));
    let rig = Rig::in_home(home, provider);
    let response = rig.client().ask(Kind::Messages, false, "no-credential");
    assert!((400..500).contains(&response.status), "{}", response.status);
    let message = crate::bad_input::message(Kind::Messages, &response);
    assert!(message.contains("anthropic"), "{message}");
    assert_eq!(rig.provider.contacts(), 0);
}

#[cfg(unix)]
#[test]
fn what_holds_secrets_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::natural();
    rig.client().ask(Kind::Chat, false, "modes");
    let mode = |name: &str| {
        let path = rig.home.path().join(name);
        let meta = std::fs::metadata(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        meta.permissions().mode() & 0o777
    };
    assert_eq!(mode("control.sock"), 0o600);
    assert_eq!(mode("weir.db") & 0o077, 0, "weir.db is {:o}", mode("weir.db"));
}
