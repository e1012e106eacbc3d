//! `providers.<name>.endpoint`: where a provider is, as a URL.
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::field::{Kind, Read, Shape, Spot, Text, shown};

/// Where a provider is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it is reached by TLS.
    pub tls: bool,
    /// The host's name or address, in lower case, IPv6 without brackets.
    pub host: String,
    /// The port, from 1 to 65,535.
    pub port: u16,
    /// The prefix of every path: empty, or `/…` without a `/` at its end.
    pub prefix: String,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

impl Endpoint {
    /// What the `host` header says: without the port where it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    /// Whether the host is this machine, or one of its own network or cluster: by its address, or
    /// by a name that no public server has.
    pub(super) fn is_near(&self) -> bool {
        let host = self.host.trim_end_matches('.');
        match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(own)) => own.is_loopback() || own.is_private() || own.is_link_local(),
            Ok(IpAddr::V6(own)) => {
                own.is_loopback() || own.is_unique_local() || own.is_unicast_link_local()
            }
            Err(_) => {
                let ends = [".localhost", ".local", ".internal", ".svc", ".test", ".home.arpa"];
                !host.contains('.') || ends.iter().any(|end| host.ends_with(end))
            }
        }
    }

    /// Whether the host is an address, and no name that has to be resolved.
    #[must_use]
    pub fn is_ip(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }
}

/// A URL without the parts that may hold a secret.
#[derive(Debug, Clone, Copy)]
pub(super) struct Url;

impl Read for Url {
    type Value = Endpoint;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<Endpoint> {
        let text = spot.text("a URL such as `https://api.example.com`")?;
        match parse(text) {
            Ok(endpoint) => Some(endpoint),
            Err(wrong) => {
                // Never the URL itself: a password may stand in it.
                spot.problem(wrong);
                None
            }
        }
    }
}

impl Kind for Url {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a URL",
            pattern: concat!(
                r"^[Hh][Tt][Tt][Pp][Ss]?://",
                r"([0-9A-Za-z_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?",
                r"(/[0-9A-Za-z._~!$&'()*+,;=:@%-]*)*$"
            ),
            example: "https://api.example.com",
            ..Text::default()
        })
    }
}

const BRACKETS: &str = "expected an IPv6 address in brackets, such as `[::1]:8080`";

fn parse(text: &str) -> Result<Endpoint, String> {
    let (tls, rest) = scheme(text)?;
    let (authority, path) =
        rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
    if rest.contains(['?', '#']) {
        return Err("the endpoint has a query or a fragment; expected none".to_owned());
    }
    if authority.contains('@') {
        return Err("the endpoint has a user or a password; expected none: keys are named by \
                    `secret`"
            .to_owned());
    }
    let (host, port) = host_and_port(authority)?;
    let host = checked_host(host)?;
    let port = match (port, tls) {
        (Some(port), _) => match port.parse() {
            Ok(port) if port > 0 => port,
            _ => {
                return Err(format!("expected a port from 1 to 65535, found `{}`", shown(port)));
            }
        },
        (None, true) => 443,
        (None, false) => 80,
    };
    Ok(Endpoint { tls, host, port, prefix: prefix(path)? })
}

fn scheme(text: &str) -> Result<(bool, &str), String> {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok((true, rest)),
        "http" => Ok((false, rest)),
        _ => Err("expected a URL that starts with `https://` or `http://`".to_owned()),
    }
}

/// Parts `name:port` and `[::1]:port`.
fn host_and_port(authority: &str) -> Result<(&str, Option<&str>), String> {
    let Some(inner) = authority.strip_prefix('[') else {
        return match authority.split_once(':') {
            Some((_, port)) if port.contains(':') => Err(BRACKETS.to_owned()),
            Some((host, port)) => Ok((host, Some(port))),
            None => Ok((authority, None)),
        };
    };
    match inner.split_once(']') {
        Some((host, "")) if is_v6(host) => Ok((host, None)),
        Some((host, port)) if is_v6(host) && port.starts_with(':') => {
            Ok((host, port.strip_prefix(':')))
        }
        _ => Err(BRACKETS.to_owned()),
    }
}

fn is_v6(host: &str) -> bool {
    host.parse::<Ipv6Addr>().is_ok()
}

fn checked_host(host: &str) -> Result<String, String> {
    let host = host.to_ascii_lowercase();
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let numeric = host
        .split('.')
        .next_back()
        .is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    let named = host.len() <= 253 && host.split('.').all(label);
    match (is_v6(&host), numeric) {
        (true, _) => Ok(host),
        (false, true) if host.parse::<Ipv4Addr>().is_ok() => Ok(host),
        (false, false) if named => Ok(host),
        _ if host.is_empty() => Err("the endpoint has no host".to_owned()),
        _ => Err(format!("expected a host name or an address, found `{}`", shown(&host))),
    }
}

fn prefix(path: &str) -> Result<String, String> {
    let path = path.trim_end_matches('/');
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte);
    let dots = path.split('/').any(|segment| matches!(segment, "." | ".."));
    if dots || path.contains("//") || !path.bytes().all(safe) {
        return Err(format!(
            "expected a path without `.`, `..`, empty segments and unescaped characters, found \
             `{}`",
            shown(path)
        ));
    }
    Ok(path.to_owned())
}
