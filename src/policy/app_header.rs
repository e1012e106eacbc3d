//! The names of headers that apps send, for whatever a policy reads there: one rule for all of
//! them.
use super::field::{Kind, Read, Shape, Spot, Text, shown};
use crate::dialect::client;

/// What a policy reads in a header that apps send. Which one it may be depends on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AppHeader {
    /// A key or a token, of which nothing may travel on.
    Key,
    /// Whose user the caller is, which stands in the access log.
    User,
    /// How long an app waits.
    Time,
    /// What a question asks for, or what keeps things apart: it is compared, and may be a header
    /// that says something else as well.
    Question,
}

/// What HTTP itself needs: of a connection (RFC 9110, section 7.6.1), or of the message, so that
/// it cannot hold anything else, or never reaches the module.
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

/// What clients and hops in front say by themselves, about something else.
const SAID: [&str; 22] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "baggage",
    "cache-control",
    "date",
    "forwarded",
    "origin",
    "pragma",
    "priority",
    "range",
    "referer",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
];

/// What SDKs say of themselves, but for how long they wait.
const SDK: &str = "x-stainless-";
const SDK_WAITS: [&str; 2] = ["x-stainless-timeout", "x-stainless-read-timeout"];

/// Headers that carry a credential, whatever the policy says of keys.
const CREDENTIALS: [&str; 5] =
    ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-goog-api-key"];

/// What the name of a header has in it that may carry a credential.
const SECRET: [&str; 5] = ["auth", "key", "token", "cookie", "secret"];

/// The only one of Envoy's own headers that is made for others to read: the address of the caller.
const ADDRESS: &str = "x-envoy-external-address";

/// Longest name, in bytes.
const LONGEST: usize = 64;

impl AppHeader {
    /// Why a header, by its name in lower case, is not one for this; `None` where it is.
    pub(super) fn wrong(self, name: &str) -> Option<&'static str> {
        if name.starts_with(':') {
            return Some("a pseudo-header describes the request itself");
        }
        if name.contains('_') {
            return Some("headers with an underscore in their name are dropped on the way in");
        }
        if !is_name(name) {
            return Some("it is not the name of a header: expected letters, digits, `-` and `.`");
        }
        if TAKEN.contains(&name) {
            return Some("HTTP needs this header for itself");
        }
        if name.starts_with("x-envoy-") && !(self == Self::Question && name == ADDRESS) {
            return Some("Envoy keeps such headers for itself");
        }
        if name.starts_with("x-tradewind-") {
            return Some("the gateway reads and writes such headers itself");
        }
        let secret = match self {
            Self::Key => false,
            Self::User => SECRET.iter().any(|word| name.contains(word)),
            Self::Time | Self::Question => CREDENTIALS.contains(&name),
        };
        if secret {
            return Some("it carries a credential");
        }
        if self == Self::Question {
            return None;
        }
        if client::forwards(name) {
            return Some("this header is carried on to providers, and what it holds with it");
        }
        let of_sdk = name.starts_with(SDK) && !(self == Self::Time && SDK_WAITS.contains(&name));
        if of_sdk || SAID.contains(&name) {
            return Some("clients say something else in it by themselves");
        }
        None
    }

    /// Reports why a header is not one for this.
    #[inline(never)]
    pub(super) fn refuse(self, spot: &Spot<'_>, text: &str, why: &str) {
        let name = shown(text);
        let (what, example) = self.what();
        spot.problem(format!(
            "`{name}` {what}: {why}; expected the name of another header, such as `{example}`"
        ));
    }

    /// What it cannot do that is not one for this, and one that can.
    const fn what(self) -> (&'static str, &'static str) {
        match self {
            Self::Key => ("cannot hold a key", "x-api-key"),
            Self::User => ("cannot hold the name of a user", "x-user"),
            Self::Time => ("cannot hold a time", "x-request-timeout-ms"),
            Self::Question => ("cannot be asked for", "x-team"),
        }
    }
}

fn is_name(name: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    begins && name.bytes().all(safe) && name.len() <= LONGEST
}

/// The name of a header, in lower case.
impl Read for AppHeader {
    type Value = String;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<String> {
        let text = spot.text("the name of a header")?;
        let name = text.to_ascii_lowercase();
        let Some(why) = self.wrong(&name) else { return Some(name) };
        self.refuse(spot, text, why);
        None
    }
}

impl Kind for AppHeader {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "the name of a header",
            pattern: "^[0-9A-Za-z][0-9A-Za-z.-]*$",
            unlike: match self {
                Self::Question => "^[Xx]-[Tt][Rr][Aa][Dd][Ee][Ww][Ii][Nn][Dd]-",
                _ => "^[Xx]-([Ee][Nn][Vv][Oo][Yy]|[Tt][Rr][Aa][Dd][Ee][Ww][Ii][Nn][Dd])-",
            },
            longest: Some(LONGEST),
            example: self.what().1,
            ..Text::default()
        })
    }
}
