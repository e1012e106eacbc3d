//! The headers of an attempt: made new, from a list of what may travel.
use std::borrow::Cow;

use super::super::Headers;
use super::super::effect::{fixed, header};
use super::Config;
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

/// An endpoint's prefix and a dialect's path. Providers state their endpoints with the beginning of
/// the path (`https://api.openai.com/v1`) or without it: what ends the one and begins the other is
/// said once.
fn joined(prefix: &str, path: &str) -> String {
    let said_twice = |(at, _): &(usize, &str)| {
        let end = prefix.get(*at..).unwrap_or_default();
        path.strip_prefix(end).is_some_and(|rest| rest.starts_with('/'))
    };
    let overlap = prefix.match_indices('/').find(said_twice).map(|(at, _)| at);
    format!("{}{path}", overlap.and_then(|at| prefix.get(..at)).unwrap_or(prefix))
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn what_a_prefix_and_a_path_have_in_common_is_said_once() {
        for (prefix, path, expected) in [
            ("", "/v1/messages", "/v1/messages"),
            ("/v1", "/v1/chat/completions", "/v1/chat/completions"),
            ("/openai/v1", "/v1/chat/completions", "/openai/v1/chat/completions"),
            ("/v1beta", "/v1beta/models/m:generateContent", "/v1beta/models/m:generateContent"),
            ("/proxy", "/v1/messages", "/proxy/v1/messages"),
            ("/av1", "/v1/messages", "/av1/v1/messages"),
            ("/v1/proxy", "/v1/messages", "/v1/proxy/v1/messages"),
            ("/openai/v1", "/openai/v1/chat/completions", "/openai/v1/chat/completions"),
            ("/eu/openai", "/openai/v1/chat/completions", "/eu/openai/v1/chat/completions"),
        ] {
            assert_eq!(joined(prefix, path), expected, "{prefix} {path}");
        }
    }
}
