//! The tunnel for Cursor as text: what to run, what to paste into Cursor, who came, and the plain
//! truth about where prompts travel.

use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words::{self, plain};
use weir_engine::api::{Stamp, TunnelStarted, TunnelStatus, TunnelTest, TunnelVisit, Zone};

/// A program that makes a local port public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Cloudflare's, as a named tunnel.
    Cloudflared,
    /// Tailscale Funnel.
    Tailscale,
    /// ngrok, with a domain that stays.
    Ngrok,
}

/// Stands where a name of the user's own belongs.
const NAME: &str = "NAME";

impl Program {
    /// What it is called on the PATH.
    pub fn command(self) -> &'static str {
        match self {
            Self::Cloudflared => "cloudflared",
            Self::Tailscale => "tailscale",
            Self::Ngrok => "ngrok",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Cloudflared => "cloudflared, a named tunnel (needs a domain at Cloudflare)",
            Self::Tailscale => "Tailscale Funnel (the name stays: MACHINE.TAILNET.ts.net)",
            Self::Ngrok => "ngrok, with your static domain",
        }
    }

    /// The commands, and the one that ends it.
    fn commands(self, port: u16, host: &str) -> Vec<String> {
        match self {
            Self::Cloudflared => vec![
                "cloudflared tunnel login                      # once".into(),
                "cloudflared tunnel create weir                # once".into(),
                format!("cloudflared tunnel route dns weir {host}   # once"),
                format!("cloudflared tunnel run --url http://127.0.0.1:{port} weir"),
            ],
            Self::Tailscale => vec![
                format!("tailscale funnel --bg {port}"),
                "tailscale funnel status                       # shows your name".into(),
                "tailscale funnel reset                        # when you are done".into(),
            ],
            Self::Ngrok => vec![format!("ngrok http {port} --url https://{host}")],
        }
    }
}

/// What `weir tunnel start` says: everything that is left to do, and the key once.
pub fn started(
    started: &TunnelStarted,
    key: &str,
    programs: &[(Program, bool)],
    now: Stamp,
    zone: &Zone,
) -> String {
    let status = &started.status;
    let port = status.port.unwrap_or_default();
    let host = status.host.as_deref().map_or_else(|| NAME.to_owned(), plain);
    let mut out = String::new();
    let until = status.until.map(|until| until.ahead(now, zone)).unwrap_or_default();
    say(
        &mut out,
        &format!(
            "The tunnel is open on 127.0.0.1:{port} until {until}. Today {} of {} is spent.",
            status.spent_usd.short(),
            status.cap_usd.short()
        ),
    );
    for warning in &started.warnings {
        say(&mut out, &format!("! {}", plain(warning)));
    }
    out.push_str("\n1. Make that port public, with one of these:\n");
    for (program, installed) in programs {
        let there = if *installed { "" } else { ", not on the PATH" };
        out.push_str(&format!("   {}{there}\n", program.title()));
        for command in program.commands(port, &host) {
            out.push_str(&format!("     {command}\n"));
        }
    }
    if programs.is_empty() {
        out.push_str(&format!(
            "   Yours: pass https://{host}/cursor/v1 on to http://127.0.0.1:{port}, with its Host\n   \
             header, and without holding back text/event-stream.\n"
        ));
    }
    out.push_str("   Not a quick tunnel (trycloudflare.com): it holds streams back.\n");
    out.push_str("\n2. In Cursor, Settings > Models > API Keys:\n");
    let models = status.models.iter().map(|m| plain(m)).collect::<Vec<_>>().join(", ");
    let base = format!("https://{host}/cursor/v1");
    let base = status.base_url.as_deref().map_or(base, plain);
    for (field, value) in [
        ("OpenAI API Key", key),
        ("Override OpenAI Base URL", &base),
        ("Add these models", &models),
    ] {
        let line = format!("   {field:<26} {value}");
        out.push_str(&words::wrap(&line, words::WIDTH, &" ".repeat(30)));
    }
    out.push_str("   Where a plan hides the override, the Azure OpenAI section does the same:\n");
    let origin = base.trim_end_matches("/cursor/v1");
    let listed = |name: &&String| *name == "weir-medium";
    let deployment = status.models.iter().find(listed).or(status.models.first());
    let deployment = deployment.map_or_else(|| NAME.to_owned(), |model| plain(model));
    for (field, value) in [
        ("Base URL", origin),
        ("Deployment Name", deployment.as_str()),
        ("API Key", "the same key"),
    ] {
        out.push_str(&format!("     {field:<24} {value}\n"));
    }
    out.push_str("\n3. Try it from outside: weir tunnel test\n\n");
    for truth in TRUTHS {
        say(&mut out, truth);
    }
    out
}

/// What nobody should find out later.
const TRUTHS: [&str; 4] = [
    "Prompts, answers and the key above pass Cursor's servers: they call this machine, not the \
     editor. Their zero data retention does not apply to your own keys.",
    "Tab completion and Apply stay with Cursor and do not come here. The free plan cannot use \
     models of your own.",
    "The key is shown this once. The next start makes another and voids this one.",
    "Close it: weir tunnel stop",
];

fn say(out: &mut String, sentence: &str) {
    out.push_str(&words::wrap(sentence, words::WIDTH, ""));
}

/// What `weir tunnel stop` says.
pub fn stopped(was_open: bool) -> &'static str {
    if was_open {
        "The tunnel is closed and its key is void. Stop the tunnel program too.\n"
    } else {
        "The tunnel was not open.\n"
    }
}

/// `weir tunnel status`
pub fn status(status: &TunnelStatus, now: Stamp, zone: &Zone, paint: Paint) -> String {
    if !status.on {
        return "The tunnel is closed. Open it: weir tunnel start --host NAME\n".into();
    }
    let mut table = Table::new(&[("", Fit::Left), ("", Fit::Cut(40))]);
    let mut row = |name: &str, text: String, tone| {
        table.row([name.into(), Cell::new(text, tone)]);
    };
    let until = status.until.map(|until| until.ahead(now, zone)).unwrap_or_default();
    let left = words::lasted(status.left_s.unwrap_or(0).saturating_mul(1_000));
    row("Open until", format!("{until}, {left} left"), Tone::Warn);
    row("Port", format!("127.0.0.1:{}", status.port.unwrap_or_default()), Tone::Plain);
    let host = status.base_url.clone().unwrap_or_else(|| "any host, with the key".into());
    row("Public", host, Tone::Plain);
    let spent = format!("{} of {} today", status.spent_usd.short(), status.cap_usd.short());
    row("Spent", spent, Tone::Plain);
    let under_way =
        if status.open > 0 { format!(", {} under way", status.open) } else { String::new() };
    let requests = words::count(status.requests, "request", "requests");
    row("Answered", format!("{requests}{under_way}"), Tone::Plain);
    row("Refused", words::grouped(status.refused), Tone::Plain);
    for (name, visit) in [("Last from", &status.last), ("Last refused", &status.last_refused)] {
        if let Some(visit) = visit {
            row(name, came(visit, now, zone), Tone::Quiet);
        }
    }
    let mut out = table.render(paint);
    let models = status.models.iter().map(|m| plain(m)).collect::<Vec<_>>().join(", ");
    let longest = if status.last_refused.is_some() { "Last refused" } else { "Open until" };
    let width = longest.len() + 2;
    let line = format!("{:<width$}{models}", "Models");
    out.push_str(&words::wrap(&line, words::WIDTH, &" ".repeat(width)));
    out
}

fn came(visit: &TunnelVisit, now: Stamp, zone: &Zone) -> String {
    let source = visit.source.as_deref().unwrap_or("an address nobody told");
    let why = visit.refused.as_deref().map(|why| format!(", {why}")).unwrap_or_default();
    format!("{source}{why}, {}", visit.at.shown(now, zone))
}

/// The line in `weir status`.
pub fn line(status: &TunnelStatus, now: Stamp, zone: &Zone, paint: Paint) -> String {
    let until = status.until.map(|until| until.ahead(now, zone)).unwrap_or_default();
    let text = format!(
        "open to Cursor's servers until {until}, {} of {} spent today",
        status.spent_usd.short(),
        status.cap_usd.short()
    );
    format!("Tunnel   {}\n", paint.tone(&text, Tone::Warn))
}

/// `weir tunnel test`
pub fn test(test: &TunnelTest, paint: Paint) -> String {
    let (word, tone) = match (test.ok, test.public) {
        (false, _) => ("failed", Tone::Bad),
        // The call never left this machine's own networks.
        (true, Some(false)) => ("from here only", Tone::Warn),
        (true, _) => ("ok", Tone::Good),
    };
    let said = format!("{}: {word}. {}.", plain(&test.url), plain(&test.message));
    let wrapped = words::wrap(&said, words::WIDTH, "");
    wrapped.replacen(&format!(": {word}."), &format!(": {}.", paint.tone(word, tone)), 1)
}

#[cfg(test)]
mod tests;
