//! Where a local server is looked for: the address the user wrote, else the ports its kind uses
//! and what its own settings on this machine say. Only this machine's loopback is ever tried
//! unasked; a network is never searched.

use super::Kind;
use super::lmstudio::GREETING_PORTS;
use std::path::Path;

/// What this machine says about where its servers listen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `OLLAMA_HOST`.
    pub ollama_host: Option<String>,
    /// `LLAMA_ARG_PORT`.
    pub llama_port: Option<u16>,
    /// The port in LM Studio's own settings.
    pub lmstudio_port: Option<u16>,
}

impl Surroundings {
    /// Reads the environment and LM Studio's settings.
    pub fn read() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.trim().is_empty());
        let settings = std::env::home_dir()
            .map(|home| home.join(".lmstudio").join(".internal").join("http-server-config.json"));
        Self {
            ollama_host: variable("OLLAMA_HOST"),
            llama_port: variable("LLAMA_ARG_PORT").and_then(|v| v.trim().parse().ok()),
            lmstudio_port: settings.as_deref().and_then(port_of_settings),
        }
    }

    /// The roots at which a server of this kind is looked for when nobody wrote an address down,
    /// the likeliest first.
    pub fn places(&self, kind: Kind) -> Vec<String> {
        let ports: Vec<u16> = match kind {
            Kind::Ollama => match self.ollama_host.as_deref() {
                Some(host) => return both(&ollama_root(host)),
                None => vec![11434],
            },
            Kind::LmStudio => self.lmstudio_port.into_iter().chain([1234]).collect(),
            // The default is moving from the first to the second.
            Kind::LlamaCpp => self.llama_port.into_iter().chain([8080, 9931]).collect(),
            Kind::Vllm => vec![8000],
            Kind::Generic => Vec::new(),
        };
        let mut places: Vec<String> = Vec::new();
        for port in ports {
            for place in both(&format!("http://127.0.0.1:{port}")) {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places
    }

    /// Where LM Studio's application greets while its server may be off.
    pub fn greetings() -> Vec<String> {
        GREETING_PORTS.iter().map(|port| format!("http://127.0.0.1:{port}")).collect()
    }
}

fn port_of_settings(path: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(path).ok()?;
    let settings: serde_json::Value = serde_json::from_str(&text).ok()?;
    u16::try_from(settings.get("port")?.as_u64()?).ok().filter(|port| *port > 0)
}

/// The same place over IPv4 and IPv6, where it is this machine.
fn both(root: &str) -> Vec<String> {
    let mut places = vec![root.to_owned()];
    if root.contains("://127.0.0.1:") {
        places.push(root.replacen("127.0.0.1", "[::1]", 1));
    }
    places
}

/// `OLLAMA_HOST` as Ollama itself reads it: a host, a port, both, or a URL. "All addresses", which
/// a server may listen on, is this machine for whoever asks it.
fn ollama_root(host: &str) -> String {
    let host = host.trim().trim_matches(|c| c == '"' || c == '\'');
    let (scheme, rest, default) = match host.split_once("://") {
        Some(("https", rest)) => ("https", rest, 443),
        Some((_, rest)) => ("http", rest, 80),
        None => ("http", host, 11434),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let bare = authority.parse::<std::net::Ipv6Addr>().is_ok();
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !bare && !port.ends_with(']') => {
            (name, port.parse().unwrap_or(default))
        }
        _ => (authority, default),
    };
    let name = match name.trim_start_matches('[').trim_end_matches(']') {
        "" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        v6 if v6.contains(':') => format!("[{v6}]"),
        name => name.to_owned(),
    };
    format!("{scheme}://{name}:{port}")
}

/// The root of a base URL: without the version that OpenAI-style addresses end in.
pub fn root(base_url: &str) -> &str {
    let base = base_url.trim_end_matches('/');
    base.strip_suffix("/v1").unwrap_or(base)
}

/// Whether an address is this machine's.
pub fn is_here(base_url: &str) -> bool {
    crate::config::url::origin(base_url).is_ok_and(|origin| {
        origin.host == "localhost"
            || origin.host.ends_with(".localhost")
            || origin.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ollamas_own_setting_is_read_as_ollama_reads_it() {
        for (host, root) in [
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("0.0.0.0:8888", "http://127.0.0.1:8888"),
            (":8888", "http://127.0.0.1:8888"),
            ("[::]:8888", "http://[::1]:8888"),
            ("::1", "http://[::1]:11434"),
            ("127.0.0.1", "http://127.0.0.1:11434"),
            ("http://127.0.0.1:1234/", "http://127.0.0.1:1234"),
            ("http://gpu-box", "http://gpu-box:80"),
            ("https://gpu-box.ts.net", "https://gpu-box.ts.net:443"),
            (" \"127.0.0.1:99\" ", "http://127.0.0.1:99"),
        ] {
            assert_eq!(ollama_root(host), root, "{host}");
        }
    }

    #[test]
    fn each_kind_is_looked_for_on_this_machine_alone() {
        let around = Surroundings {
            llama_port: Some(9000),
            lmstudio_port: Some(1234),
            ..Surroundings::default()
        };
        let llama = around.places(Kind::LlamaCpp);
        assert_eq!(llama[0], "http://127.0.0.1:9000");
        assert_eq!(llama[1], "http://[::1]:9000");
        assert!(llama.contains(&"http://127.0.0.1:9931".to_owned()));
        assert_eq!(around.places(Kind::LmStudio).len(), 2, "the same port is tried once");
        for kind in Kind::ALL {
            assert!(around.places(kind).iter().all(|place| is_here(place)), "{kind:?}");
        }
        assert!(Surroundings::greetings().iter().all(|place| is_here(place)));
    }

    #[test]
    fn a_root_has_no_version() {
        assert_eq!(root("http://127.0.0.1:1234/v1/"), "http://127.0.0.1:1234");
        assert_eq!(root("http://127.0.0.1:11434"), "http://127.0.0.1:11434");
        assert!(!is_here("http://gpu-box:1234/v1"));
    }
}
