//! The name of a header in which apps may send their key, or whose user they are.
use std::borrow::Cow;

use super::super::field::{Kind, Shape, Spot, Text, shown};
use crate::dialect::client;

/// What HTTP itself needs: of a connection (RFC 9110, section 7.6.1), or of the message, so that
/// it cannot hold a key, or never reaches the module.
const TAKEN: [&str; 13] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// A request header in which a credential is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialHeader {
    /// The header's name, in lower case.
    pub name: Cow<'static, str>,
    /// What an app writes before the credential: `Bearer `, or nothing.
    pub scheme: &'static str,
    /// What stands for the credential where an app is told of this place.
    pub secret: &'static str,
    /// Whether an app that sent no credential is told of this place.
    pub advertised: bool,
}

/// The name of a header that may hold a key, or the name of a user.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeaderName;

impl Kind for HeaderName {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "the name of a header",
            pattern: "^[!#$%&'*+.^`|~0-9A-Za-z-]+$",
            unlike: "^[Xx]-[Ee][Nn][Vv][Oo][Yy]-",
            example: "x-team-key",
            ..Text::default()
        })
    }
}

/// Reads the name of a header for credentials, in lower case.
pub(super) fn name(spot: &Spot<'_>) -> Option<String> {
    read(spot, ("a key", "x-api-key"), |_| None)
}

/// Reads the name of a header for users, in lower case.
pub(super) fn of_user(spot: &Spot<'_>) -> Option<String> {
    read(spot, ("the name of a user", "x-user"), |name| {
        let secret = ["auth", "key", "token", "cookie", "secret"];
        let carries = secret.iter().any(|word| name.contains(word));
        carries.then_some("it carries a credential, which would stand in the access log")
    })
}

/// What follows `Bearer `, in any case.
pub(super) fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
}

#[inline(never)]
fn read(
    spot: &Spot<'_>,
    (what, example): (&str, &str),
    also: fn(&str) -> Option<&'static str>,
) -> Option<String> {
    let text = spot.text("the name of a header")?;
    let name = text.to_ascii_lowercase();
    match wrong(&name).or_else(|| also(&name)) {
        None => return Some(name),
        Some(why) => spot.problem(format!(
            "`{}` cannot hold {what}: {why}; expected the name of another header, such as \
             `{example}`",
            shown(text)
        )),
    }
    None
}

fn wrong(name: &str) -> Option<&'static str> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.starts_with(':') {
        return Some("a pseudo-header describes the request itself");
    }
    if name.is_empty() || !name.bytes().all(token) {
        return Some("it is not the name of a header");
    }
    if name.contains('_') {
        return Some("headers with an underscore in their name are dropped on the way in");
    }
    if name.starts_with("x-envoy-") {
        return Some("Envoy keeps such headers for itself");
    }
    if TAKEN.contains(&name) {
        return Some("HTTP needs this header for itself");
    }
    if client::forwards(name) {
        return Some("this header is carried on to providers, and what it holds with it");
    }
    None
}
