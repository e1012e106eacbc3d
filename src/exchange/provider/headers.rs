//! The headers of an attempt: made new, from a list of what may travel.
use std::borrow::Cow;

use super::super::Headers;
use super::super::effect::{fixed, header};
use super::Config;
use crate::dialect::Field;
use crate::dialect::provider::Endpoint;

/// The product as providers see it, in the place of the app's own agent.
const USER_AGENT: &str = concat!("tradewind/", env!("CARGO_PKG_VERSION"));

/// Everything a provider gets to see of a request. The key is added behind this filter.
pub(super) fn request(
    config: &Config,
    (endpoint, model): (&Endpoint, &str),
    stream: bool,
    forwarded: &[(Cow<'_, str>, Cow<'_, str>)],
    length: u64,
) -> Headers {
    let accept = if stream { endpoint.framing.media_type() } else { "application/json" };
    let scheme = if config.tls { "https" } else { "http" };
    let mut headers: Headers = Vec::with_capacity(12);
    headers.extend([
        fixed(":method", "POST"),
        fixed(":scheme", scheme),
        header(":authority", config.authority.as_str()),
        header(":path", joined(&config.prefix, &endpoint.path(model, stream))),
        fixed("content-type", "application/json"),
        header("content-length", length.to_string()),
        fixed("accept", accept),
        fixed("user-agent", USER_AGENT),
    ]);
    let own = config.dialect.headers.iter();
    let own = own.filter(|(name, _)| !forwarded.iter().any(|(forwarded, _)| forwarded == name));
    headers.extend(own.map(|(name, value)| fixed(name, value)));
    headers.extend(forwarded.iter().map(|(name, value)| {
        (Cow::Owned(name.to_string()), Cow::Owned(value.as_bytes().to_vec()))
    }));
    headers
}

/// An endpoint's prefix and a dialect's path. Providers state their endpoints with the version
/// (`https://api.openai.com/v1`) or without it; it is said once.
fn joined(prefix: &str, path: &str) -> String {
    let version = path.get(1..).and_then(|path| path.split_once('/')).map(|(version, _)| version);
    let prefix = version
        .and_then(|version| prefix.strip_suffix(version)?.strip_suffix('/'))
        .unwrap_or(prefix);
    format!("{prefix}{path}")
}

/// Longest path of a field that is named in a header, in characters.
const FIELD: usize = 100;

/// Longest list of such fields, in bytes, but for its last one.
const LIST: usize = 2_000;

/// Paths of fields as one header's value.
///
/// An app chooses its own keys: a line break in one would begin another header, and a long one
/// would be more than clients take.
pub(in super::super) fn listed(fields: &[Field]) -> String {
    let plain = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    let mut list = String::new();
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            list.push_str(", ");
        }
        if list.len() > LIST {
            let more = fields.len().saturating_sub(index);
            list.push_str(&format!("and {more} more"));
            break;
        }
        list.extend(field.chars().take(FIELD).map(plain));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::{FIELD, Field, LIST, joined, listed};

    #[test]
    fn so_many_fields_are_listed_as_a_header_may_hold() {
        let names = |names: &[&str]| {
            names.iter().map(|name| Field::Owned((*name).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(listed(&[]), "");
        assert_eq!(listed(&names(&["a"])), "a");
        assert_eq!(listed(&names(&["a", "b\r\nc", "é"])), "a, b??c, ?");
        let (long, longer) = ("x".repeat(FIELD), "x".repeat(FIELD + 1));
        assert_eq!(listed(&names(&[&long, &longer])), format!("{long}, {long}"));
        // Each takes 20 bytes: a list that is just as long as may be goes on, a longer one ends.
        let mut many = vec![Field::Owned("x".repeat(18)); LIST / 20];
        many.extend(names(&["y", "z"]));
        assert!(listed(&many).ends_with("x, y, and 1 more"), "{}", listed(&many));
        many.remove(0);
        assert!(listed(&many).ends_with("x, y, z"), "{}", listed(&many));
    }

    #[test]
    fn a_version_is_said_once() {
        for (prefix, path, expected) in [
            ("", "/v1/messages", "/v1/messages"),
            ("/v1", "/v1/chat/completions", "/v1/chat/completions"),
            ("/openai/v1", "/v1/chat/completions", "/openai/v1/chat/completions"),
            ("/v1beta", "/v1beta/models/m:generateContent", "/v1beta/models/m:generateContent"),
            ("/proxy", "/v1/messages", "/proxy/v1/messages"),
            ("/av1", "/v1/messages", "/av1/v1/messages"),
        ] {
            assert_eq!(joined(prefix, path), expected, "{prefix} {path}");
        }
    }
}
