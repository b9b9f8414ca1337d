//! The tunnel as the desk shows it: the second listener's state beside what was spent through it.

use super::cost::Books;
use super::problem::{bad, ledger_read};
use crate::api::{ApiProblem, Code, Stamp, TunnelStarted, TunnelStatus, TunnelTest, TunnelVisit};
use crate::parts::Parts;
use crate::tunnel::{PublicHost, Shown, Tunnel, TunnelProblem};
use std::net::IpAddr;
use weir_proxy::tunnel::{Probed, SELF_TEST_CLIENT, TUNNEL_CLIENT, Visit};

const NO_HOST: &str = "No public host was named, so any host is answered to, with the right key. \
    Name yours: weir tunnel start --host NAME";
const QUICK: &str = "Quick tunnels (trycloudflare.com) do not pass streams on as they come: answers \
    appear all at once or time out. Use a named tunnel, Tailscale Funnel or an ngrok domain";

/// Whether a tool may not be called so.
pub fn is_own_name(name: &str) -> bool {
    name == TUNNEL_CLIENT || name == SELF_TEST_CLIENT
}

/// Opens it.
pub fn start(
    parts: &Parts,
    books: &Books<'_>,
    host: Option<&str>,
) -> Result<TunnelStarted, ApiProblem> {
    let tunnel = serving(parts)?;
    let host = host.map(PublicHost::parse).transpose().map_err(bad)?;
    // An edited file counts at once here: its port and its models are what is about to be shown.
    parts.routing.look();
    let quick = host.as_ref().is_some_and(PublicHost::is_quick);
    let warnings = match (&host, quick) {
        (None, _) => vec![NO_HOST.to_owned()],
        (_, true) => vec![QUICK.to_owned()],
        _ => Vec::new(),
    };
    let token = tunnel.open(host).map_err(problem)?;
    Ok(TunnelStarted { token, status: status(parts, books)?, warnings })
}

/// Closes it.
pub fn stop(parts: &Parts, books: &Books<'_>) -> Result<TunnelStatus, ApiProblem> {
    serving(parts)?.close();
    status(parts, books)
}

/// Its state; closed where no engine serves.
pub fn status(parts: &Parts, books: &Books<'_>) -> Result<TunnelStatus, ApiProblem> {
    let config = parts.config.load();
    let budget = config.tunnel.budget();
    let window = budget.period.window(books.now_ms, &books.zone);
    let spent = books.ledger.spent(&budget.scope, window.into()).map_err(ledger_read)?;
    let shown = parts.serving.as_ref().and_then(|serving| serving.tunnel.shown());
    let left_ms = |shown: &Shown| shown.until_ms.saturating_sub(books.now_ms).max(0);
    let visit = |visit: &Visit, refused: Option<&str>| TunnelVisit {
        at: Stamp::from_ms(visit.at_ms),
        source: visit.source.clone(),
        refused: refused.map(str::to_owned),
    };
    let shown = shown.as_ref();
    let visits = shown.map(|shown| &shown.visits);
    let host = shown.and_then(|shown| shown.host.as_ref());
    Ok(TunnelStatus {
        on: shown.is_some(),
        port: shown.map(|shown| shown.port),
        host: host.map(PublicHost::authority),
        base_url: host.map(PublicHost::base_url),
        since: shown.map(|shown| Stamp::from_ms(shown.since_ms)),
        until: shown.map(|shown| Stamp::from_ms(shown.until_ms)),
        left_s: shown.map(|shown| left_ms(shown).unsigned_abs() / 1_000),
        models: config.tunnel.models.clone(),
        cap_usd: config.tunnel.daily,
        spent_usd: spent.settled,
        reserved_usd: spent.reserved,
        resets_at: Stamp::from_ms(window.end_ms),
        per_minute: config.tunnel.per_minute,
        at_once: config.tunnel.at_once,
        open: shown.map_or(0, |shown| shown.open as u64),
        requests: visits.map_or(0, |visits| visits.welcome),
        refused: visits.map_or(0, |visits| visits.turned),
        last: visits.and_then(|v| v.last.as_ref()).map(|last| visit(last, None)),
        last_refused: visits
            .and_then(|v| v.last_turned.as_ref())
            .map(|(last, why)| visit(last, Some(why.as_str()))),
    })
}

/// Calls its public address.
pub fn test(parts: &Parts) -> Result<TunnelTest, ApiProblem> {
    let tunnel = serving(parts)?;
    if tunnel.shown().is_none() {
        return Err(closed());
    }
    let (host, probed) = tunnel.test().map_err(problem)?.ok_or_else(|| bad(NO_HOST))?;
    let (models, streams, span_ms) = match &probed {
        Probed::Reached { models, span_ms, in_pieces, .. } => {
            (Some(*models as u64), Some(*in_pieces), Some(*span_ms))
        }
        Probed::Foreign(_) | Probed::Unreachable(_) => (None, None, None),
    };
    let public = match &probed {
        Probed::Reached { inside, .. } => Some(inside.is_none()),
        Probed::Foreign(_) | Probed::Unreachable(_) => None,
    };
    let url = host.base_url();
    let message = found(&host, &probed);
    Ok(TunnelTest { ok: streams == Some(true), url, models, streams, span_ms, public, message })
}

fn found(host: &PublicHost, probed: &Probed) -> String {
    let name = host.authority();
    match probed {
        Probed::Reached { in_pieces: true, inside: Some(address), .. } => {
            unproven(&name, *address, &host.base_url())
        }
        Probed::Reached { in_pieces: true, inside: None, .. } => {
            format!("{name} leads here, and a stream arrives in pieces")
        }
        Probed::Reached { in_pieces: false, .. } if host.is_quick() => QUICK.to_owned(),
        Probed::Reached { in_pieces: false, .. } => format!(
            "{name} leads here, and holds a stream back until its end. Cursor would show nothing \
             for as long. Use a tunnel that passes text/event-stream on as it comes"
        ),
        Probed::Foreign(status @ 300..=399) => format!(
            "{name} answers with a redirect (status {status}). If it asks for a login, let \
             /cursor/v1 through without one"
        ),
        Probed::Foreign(401) => format!(
            "{name} refuses the key (status 401). It leads to another Weir, or asks for a login of \
             its own"
        ),
        Probed::Foreign(status @ (403 | 404)) => format!(
            "{name} answers with status {status}. The tunnel program must point at this port and \
             pass the Host header on as {name}"
        ),
        Probed::Foreign(status @ 500..=599) => format!(
            "{name} answers with status {status}. The tunnel program runs, and does not reach this \
             port"
        ),
        Probed::Foreign(status) => {
            format!(
                "{name} answers with status {status} and is not this Weir. Check where it leads"
            )
        }
        Probed::Unreachable(why) => {
            format!("{name} cannot be reached: {why}. Start the tunnel program, and check the name")
        }
    }
}

/// What a test is worth whose call never left this machine's own networks.
fn unproven(name: &str, address: IpAddr, base_url: &str) -> String {
    let way = match name.split(':').next().is_some_and(|host| host.ends_with(".ts.net")) {
        true => {
            "`tailscale funnel status` must say that Funnel is on; `tailscale serve` alone reaches \
             your own devices"
                .to_owned()
        }
        false => {
            format!("From another network, `curl -i {base_url}/models` must answer with status 401")
        }
    };
    format!(
        "{name} leads here from this machine, and a stream arrives in pieces. That does not show that \
         Cursor's servers get here: on this machine the name means {address}, which is no public \
         address. {way}"
    )
}

fn serving(parts: &Parts) -> Result<&Tunnel, ApiProblem> {
    let serving = parts.serving.as_ref().ok_or_else(|| {
        let message = "No engine runs for this home, and a tunnel needs one. Start it: weir serve";
        ApiProblem::new(Code::NotRunning, message)
    })?;
    Ok(&serving.tunnel)
}

fn closed() -> ApiProblem {
    ApiProblem::new(
        Code::NotRunning,
        "the tunnel is closed. Open it: weir tunnel start --host NAME",
    )
}

fn problem(problem: TunnelProblem) -> ApiProblem {
    ApiProblem::new(Code::Unavailable, problem.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_only_this_machine_finds_is_told_as_no_proof_with_what_is() {
        let said = |host: &str, inside: Option<&str>| {
            let inside = inside.map(|address| address.parse().unwrap());
            let probed = Probed::Reached { models: 4, span_ms: 900, in_pieces: true, inside };
            found(&PublicHost::parse(host).unwrap(), &probed)
        };
        let tailnet = said("laptop.tail1234.ts.net", Some("100.101.102.103"));
        assert!(tailnet.contains("100.101.102.103, which is no public"), "{tailnet}");
        assert!(tailnet.contains("tailscale funnel status"), "{tailnet}");
        let own = said("weir.example.com", Some("192.168.1.7"));
        assert!(own.contains("curl -i https://weir.example.com/cursor/v1/models"), "{own}");
        let proven = said("laptop.tail1234.ts.net", None);
        assert_eq!(proven, "laptop.tail1234.ts.net leads here, and a stream arrives in pieces");
    }
}
