//! The public name of a tunnel, as a person types it: a host, perhaps with its port or as a whole
//! address. Pure.

/// Longest host name, in bytes (RFC 1035) with room for a port.
const HOST_BYTES_MAX: usize = 253 + 6;

/// A public host that can be called and compared with a Host header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicHost(String);

/// What is no host. `Display` says what one looks like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no public host. Write the tunnel's name alone, such as weir.example.com or \
     laptop.tail1234.ts.net"
)]
pub struct BadHost(String);

impl PublicHost {
    /// The host in what was typed: scheme, path and an end with Weir's own path are taken off.
    ///
    /// # Errors
    /// When what is left is no host name.
    pub fn parse(typed: &str) -> Result<Self, BadHost> {
        let bad = || BadHost(typed.chars().take(80).collect());
        let text = typed.trim().to_ascii_lowercase();
        let text = text.strip_prefix("https://").unwrap_or(&text);
        let text = text.strip_prefix("http://").unwrap_or(text);
        let host = text.split('/').next().unwrap_or_default();
        let host = host.strip_suffix(":443").unwrap_or(host);
        let (name, port) = match host.strip_prefix('[') {
            Some(six) => six.split_once(']').ok_or_else(bad)?,
            None => host.find(':').map_or((host, ""), |colon| host.split_at(colon)),
        };
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':');
        let port_ok = port.is_empty()
            || port.strip_prefix(':').is_some_and(|p| p.parse::<u16>().is_ok_and(|p| p > 0));
        let sound = !name.is_empty()
            && host.len() <= HOST_BYTES_MAX
            && name.bytes().all(letter)
            && (host.starts_with('[') || !name.contains(':'))
            && !name.starts_with(['-', '.'])
            && port_ok;
        if sound { Ok(Self(host.to_owned())) } else { Err(bad()) }
    }

    /// What a Host header says: the name, and its port unless that is 443.
    pub fn authority(&self) -> String {
        self.0.clone()
    }

    /// What Cursor is given.
    pub fn base_url(&self) -> String {
        format!("{}/cursor/v1", self.origin())
    }

    /// Scheme and host. Only this machine itself is called without TLS.
    pub fn origin(&self) -> String {
        let scheme = if self.is_loopback() { "http" } else { "https" };
        format!("{scheme}://{}", self.0)
    }

    /// Whether it is this machine and no public name at all.
    pub fn is_loopback(&self) -> bool {
        let name = self.0.strip_prefix('[').and_then(|six| six.split(']').next());
        let name = name.unwrap_or_else(|| self.0.split(':').next().unwrap_or_default());
        name == "localhost"
            || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether it is one of Cloudflare's throw-away names, which hold streams back.
    pub fn is_quick(&self) -> bool {
        self.0 == "trycloudflare.com" || self.0.ends_with(".trycloudflare.com")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_in_whatever_was_pasted() {
        for (typed, authority) in [
            ("weir.example.com", "weir.example.com"),
            (" https://Weir.Example.com/cursor/v1 ", "weir.example.com"),
            ("https://weir.example.com:443/", "weir.example.com"),
            ("laptop.tail1234.ts.net:8443", "laptop.tail1234.ts.net:8443"),
            ("127.0.0.1:4000", "127.0.0.1:4000"),
            ("[::1]:4000", "[::1]:4000"),
        ] {
            assert_eq!(PublicHost::parse(typed).map(|h| h.authority()), Ok(authority.into()));
        }
        for typed in
            ["", "/", "https://", "a b", "h:x", "h:0", "h:99999", "u@h", "-h", "[::1", "a:b:c"]
        {
            assert!(PublicHost::parse(typed).is_err(), "{typed}");
        }
        assert!(PublicHost::parse(&"a".repeat(300)).is_err());
    }

    #[test]
    fn only_this_machine_is_called_without_tls() {
        let base = |typed| PublicHost::parse(typed).map(|h| h.base_url());
        assert_eq!(base("weir.example.com"), Ok("https://weir.example.com/cursor/v1".into()));
        let named = "127.0.0.1.example.com";
        assert_eq!(base(named), Ok(format!("https://{named}/cursor/v1")));
        assert_eq!(base("127.0.0.1:4000"), Ok("http://127.0.0.1:4000/cursor/v1".into()));
    }

    #[test]
    fn a_throw_away_name_is_known() {
        let quick = |typed| PublicHost::parse(typed).is_ok_and(|h| h.is_quick());
        assert!(quick("https://a-b-c.trycloudflare.com"));
        assert!(!quick("trycloudflare.com.example"));
    }
}
