//! What `weir tunnel` says, line by line.

use super::*;
use crate::views::samples;
use weir_engine::api::SecretText;

fn said(host: Option<&str>, programs: &[(Program, bool)], warnings: Vec<String>) -> String {
    let mut status = samples::tunnel();
    status.host = host.map(Into::into);
    status.base_url = host.map(|host| format!("https://{host}/cursor/v1"));
    let token = SecretText::new("weir_KEY".into());
    let value = TunnelStarted { token, status, warnings };
    started(&value, "weir_KEY", programs, samples::now(), &samples::zone())
}

#[test]
fn a_start_says_everything_that_is_left_to_do() {
    let expected = "\
The tunnel is open on 127.0.0.1:9348 until 17:30. Today $0.12 of $5.00 is spent.

1. Make that port public, with one of these:
   cloudflared, a named tunnel (needs a domain at Cloudflare)
     cloudflared tunnel login                      # once
     cloudflared tunnel create weir                # once
     cloudflared tunnel route dns weir weir.example.com   # once
     cloudflared tunnel run --url http://127.0.0.1:9348 weir
   ngrok, with your static domain, not on the PATH
     ngrok http 9348 --url https://weir.example.com
   Not a quick tunnel (trycloudflare.com): it holds streams back.

2. In Cursor, Settings > Models > API Keys:
   OpenAI API Key             weir_KEY
   Override OpenAI Base URL   https://weir.example.com/cursor/v1
   Add these models           weir-auto, weir-low, weir-medium, weir-high
   Where a plan hides the override, the Azure OpenAI section does the same:
     Base URL                 https://weir.example.com
     Deployment Name          weir-medium
     API Key                  the same key

3. Try it from outside: weir tunnel test

Prompts, answers and the key above pass Cursor's servers: they call this
machine, not the editor. Their zero data retention does not apply to your own
keys.
Tab completion and Apply stay with Cursor and do not come here. The free plan
cannot use models of your own.
The key is shown this once. The next start makes another and voids this one.
Close it: weir tunnel stop
";
    let programs = [(Program::Cloudflared, true), (Program::Ngrok, false)];
    let shown = said(Some("weir.example.com"), &programs, Vec::new());
    assert_eq!(shown, expected);
    assert_eq!(shown.matches("weir_KEY").count(), 1, "the key stands there once");
}

#[test]
fn without_a_host_or_a_program_the_place_for_them_is_shown() {
    let shown = said(None, &[], vec!["No public host was named".into()]);
    assert!(shown.contains("! No public host was named\n"), "{shown}");
    assert!(shown.contains("pass https://NAME/cursor/v1 on to http://127.0.0.1:9348"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH), "{shown}");
    let absent = [Program::Cloudflared, Program::Tailscale, Program::Ngrok].map(|p| (p, false));
    let shown = said(None, &absent, Vec::new());
    assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH), "{shown}");
    let funnel = said(None, &[(Program::Tailscale, true)], Vec::new());
    assert!(funnel.contains("tailscale funnel --bg 9348\n"), "{funnel}");
}

#[test]
fn the_state_shows_the_end_the_money_and_who_came() {
    let expected = "\
Open until    17:30, 7 h 15 min left
Port          127.0.0.1:9348
Public        https://weir.example.com/cursor/v1
Spent         $0.12 of $5.00 today
Answered      12 requests, 1 under way
Refused       3
Last from     203.0.113.7, 2 min ago
Last refused  an address nobody told, wrong key, 14 min ago
Models        weir-auto, weir-low, weir-medium, weir-high
";
    let (now, zone) = (samples::now(), samples::zone());
    assert_eq!(status(&samples::tunnel(), now, &zone, Paint::OFF), expected);
    let quiet = TunnelStatus { last_refused: None, ..samples::tunnel() };
    let shown = status(&quiet, now, &zone, Paint::OFF);
    assert!(
        shown.contains("Refused     3\n") && shown.contains("\nModels      weir-auto"),
        "{shown}"
    );
    let closed = TunnelStatus { on: false, ..samples::tunnel() };
    let shown = status(&closed, now, &zone, Paint::OFF);
    assert_eq!(shown, "The tunnel is closed. Open it: weir tunnel start --host NAME\n");
}

#[test]
fn an_open_tunnel_is_in_the_status_of_everything() {
    let mut whole = samples::status();
    whole.tunnel = Some(samples::tunnel());
    let shown = crate::views::status::status(&whole, samples::now(), &samples::zone(), Paint::OFF);
    let expected =
        "Tunnel   open to Cursor's servers until 17:30, $0.12 of $5.00 spent today\nHome ";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn a_test_says_what_it_found() {
    let found = TunnelTest {
        ok: false,
        url: "https://weir.example.com/cursor/v1".into(),
        models: None,
        streams: None,
        span_ms: None,
        public: None,
        message: "weir.example.com cannot be reached: refused".into(),
    };
    assert_eq!(
        test(&found, Paint::OFF),
        "https://weir.example.com/cursor/v1: failed. weir.example.com cannot be reached:\nrefused.\n"
    );
    let inside = TunnelTest { ok: true, public: Some(false), message: "no proof".into(), ..found };
    let said = test(&inside, Paint::OFF);
    assert_eq!(said, "https://weir.example.com/cursor/v1: from here only. no proof.\n");
}

#[test]
fn the_deployment_that_is_named_is_one_that_is_answered_for() {
    let mut status = samples::tunnel();
    status.models = vec!["weir-low".into(), "openai/gpt-5".into()];
    let token = SecretText::new("weir_KEY".into());
    let value = TunnelStarted { token, status, warnings: Vec::new() };
    let said = started(&value, "weir_KEY", &[], samples::now(), &samples::zone());
    assert!(said.contains("Deployment Name          weir-low\n"), "{said}");
}
