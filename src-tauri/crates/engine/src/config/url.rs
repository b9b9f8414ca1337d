//! Which addresses a provider may have. Owns the rule: https to anywhere public, plain http only
//! to this machine or, for a local provider, to a private network; never to link-local, metadata
//! or unspecified addresses, and never to Weir itself.

use http::Uri;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Scheme, host and port: what a key is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `https` or `http`.
    pub scheme: String,
    /// Lower case; an IPv6 address without brackets.
    pub host: String,
    /// The port, the scheme's own when none is written.
    pub port: u16,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "{}://[{}]:{}", self.scheme, self.host, self.port)
        } else {
            write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
        }
    }
}

/// Why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong with it.
    pub reason: String,
    /// What to write.
    pub fix: String,
}

fn refused(reason: impl Into<String>, fix: impl Into<String>) -> Refused {
    Refused { reason: reason.into(), fix: fix.into() }
}

/// The origin of a base URL.
///
/// # Errors
/// When it is not an http(s) URL with a host, or holds credentials, a query or a fragment.
pub fn origin(base_url: &str) -> Result<Origin, Refused> {
    let shape = || {
        refused(
            format!("{base_url:?} is not an address"),
            "Write it as https://HOST or https://HOST/v1, as the provider's own SDK takes it",
        )
    };
    if base_url.contains(['@', '?', '#', '\\']) || base_url.bytes().any(|b| b <= b' ') {
        return Err(refused(
            format!("{base_url:?} holds more than a host and a path"),
            "Write only https://HOST/PATH; the key goes in the keychain (weir key set)",
        ));
    }
    let uri: Uri = base_url.parse().map_err(|_| shape())?;
    let scheme = uri.scheme_str().filter(|s| matches!(*s, "http" | "https")).ok_or_else(shape)?;
    let host = uri.host().filter(|h| !h.is_empty()).ok_or_else(shape)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let port = match uri.authority().map(http::uri::Authority::as_str) {
        // `http` reads a port above 65535 as none at all.
        Some(a) if a.rsplit(']').next().is_some_and(|rest| rest.contains(':')) => {
            uri.port_u16().ok_or_else(shape)?
        }
        _ if scheme == "https" => 443,
        _ => 80,
    };
    Ok(Origin { scheme: scheme.into(), host: host.to_ascii_lowercase(), port })
}

/// Checks a provider's base URL. `own_port` is Weir's own, 0 when it is not fixed.
///
/// # Errors
/// The rule it breaks and what to write instead.
pub fn check(base_url: &str, local: bool, own_port: u16) -> Result<Origin, Refused> {
    let origin = origin(base_url)?;
    let reach = reach(&origin.host)?;
    if reach == Reach::ThisMachine && own_port != 0 && origin.port == own_port {
        return Err(refused(
            format!("{base_url} is Weir's own address, so a request would circle for ever"),
            "Write the address of the provider itself",
        ));
    }
    if origin.scheme == "https" || reach == Reach::ThisMachine {
        return Ok(origin);
    }
    if reach == Reach::Private && local {
        return Ok(origin);
    }
    let fix = if reach == Reach::Private {
        "Write https://, or local = true if it is a server of your own on a network you trust"
    } else {
        "Write https://"
    };
    Err(refused(format!("{base_url} would send the key and the prompts unencrypted"), fix))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    ThisMachine,
    Private,
    Public,
}

fn reach(host: &str) -> Result<Reach, Refused> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return match address {
            IpAddr::V4(v4) => reach_v4(v4),
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| reach_v6(v6), reach_v4),
        };
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric =
        |l: &str| !l.is_empty() && (l.bytes().all(|b| b.is_ascii_digit()) || l.starts_with("0x"));
    if numeric(last) {
        // 2130706433 and 0x7f.1 are 127.0.0.1 to a URL parser, and a way around this check.
        return Err(refused(
            format!("{host} is a number, not a host"),
            "Write the address as four numbers from 0 to 255, or as a name",
        ));
    }
    if matches!(host, "metadata" | "metadata.google.internal" | "instance-data") {
        return Err(metadata(host));
    }
    let private_suffix = [".local", ".lan", ".home", ".home.arpa", ".internal", ".ts.net"];
    Ok(match host {
        "localhost" => Reach::ThisMachine,
        h if h.ends_with(".localhost") => Reach::ThisMachine,
        h if !h.contains('.') || private_suffix.iter().any(|s| h.ends_with(s)) => Reach::Private,
        _ => Reach::Public,
    })
}

fn metadata(host: &str) -> Refused {
    refused(
        format!("{host} is a link-local, metadata or unspecified address, never a provider's"),
        "Write the address of the provider itself; this machine is 127.0.0.1",
    )
}

fn reach_v4(address: Ipv4Addr) -> Result<Reach, Refused> {
    let shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
    if address.is_link_local()
        || address.octets()[0] == 0
        || address.is_broadcast()
        || address.is_multicast()
        // Alibaba Cloud keeps its metadata inside the shared range.
        || address == Ipv4Addr::new(100, 100, 100, 200)
    {
        return Err(metadata(&address.to_string()));
    }
    Ok(if address.is_loopback() {
        Reach::ThisMachine
    } else if address.is_private() || shared {
        Reach::Private
    } else {
        Reach::Public
    })
}

fn reach_v6(address: Ipv6Addr) -> Result<Reach, Refused> {
    // fd00:ec2::254 is Amazon's metadata service over IPv6.
    let amazon = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    if address.is_unspecified()
        || address.is_unicast_link_local()
        || address.is_multicast()
        || address == amazon
    {
        return Err(metadata(&address.to_string()));
    }
    Ok(if address.is_loopback() {
        Reach::ThisMachine
    } else if address.is_unique_local() {
        Reach::Private
    } else {
        Reach::Public
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere_public_and_http_stays_on_this_machine() {
        assert!(check("https://api.anthropic.com", false, 9347).is_ok());
        assert!(check("http://127.0.0.1:4000/v1", false, 9347).is_ok());
        assert!(check("http://[::1]:4000", false, 9347).is_ok());
        assert!(check("http://api.openai.com/v1", false, 9347).is_err());
        assert!(check("http://api.openai.com/v1", true, 9347).is_err());
        assert!(check("http://192.168.1.20:8000/v1", false, 9347).is_err());
        assert!(check("http://192.168.1.20:8000/v1", true, 9347).is_ok());
        assert!(check("http://gpu-box:8000/v1", true, 9347).is_ok());
        assert!(check("http://box.tail1234.ts.net/v1", true, 9347).is_ok());
    }

    #[test]
    fn metadata_link_local_and_unspecified_addresses_are_refused_however_they_are_written() {
        for url in [
            "http://169.254.169.254/latest",
            "https://169.254.169.254",
            "https://[fe80::1]",
            "https://[::ffff:169.254.169.254]",
            "https://[fd00:ec2::254]",
            "https://metadata.google.internal",
            "http://0.0.0.0:11434",
            "http://[::]:11434",
            "http://2852039166",
            "http://0xa9fea9fe",
            "http://0177.0.0.1",
            "http://127.1",
            "https://100.100.100.200",
            "https://224.0.0.1",
        ] {
            assert!(check(url, true, 9347).is_err(), "{url}");
        }
    }

    #[test]
    fn weir_never_forwards_to_itself() {
        for url in ["http://127.0.0.1:9347", "http://localhost:9347/v1", "http://[::1]:9347"] {
            assert!(check(url, true, 9347).is_err(), "{url}");
        }
        assert!(check("http://127.0.0.1:9348", true, 9347).is_ok());
        assert!(check("https://weir.example.com:9347", false, 9347).is_ok());
    }

    #[test]
    fn an_address_with_credentials_a_query_or_no_host_is_refused() {
        for url in [
            "https://user:pass@api.openai.com",
            "https://api.openai.com/v1?key=x",
            "https://api.openai.com/#x",
            "api.openai.com",
            "ftp://api.openai.com",
            "https://",
            "https:///v1",
            "https://api.openai.com:99999",
            "https://api openai.com",
            "",
        ] {
            assert!(check(url, false, 9347).is_err(), "{url}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_with_the_defaults_filled_in() {
        assert_eq!(
            origin("https://API.OpenAI.com/v1").unwrap().to_string(),
            "https://api.openai.com:443"
        );
        assert_eq!(origin("http://[::1]/x").unwrap().to_string(), "http://[::1]:80");
    }
}
