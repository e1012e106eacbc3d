//! The name of a header in which apps may send their key.
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

/// The name of a header that may hold a key.
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

/// Reads the name, in lower case.
pub(super) fn name(spot: &Spot<'_>) -> Option<String> {
    let text = spot.text("the name of a header")?;
    let name = text.to_ascii_lowercase();
    match wrong(&name) {
        None => return Some(name),
        Some(why) => spot.problem(format!(
            "`{}` cannot hold a key: {why}; expected the name of another header, such as \
             `x-api-key`",
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
        return Some("this header is carried on to providers, and the key with it");
    }
    None
}
