//! Clients: what an app may call, and how its errors look. One file per client, one row per file in
//! [`ALL`].
mod anthropic;
mod openai;

use std::sync::LazyLock;

use super::format::{Format, Inbound};
use super::{Fault, Operation, provider};

/// The API that an app was written for.
#[derive(Debug)]
pub struct Client {
    /// The name of this client in a plan.
    pub name: &'static str,
    /// The paths that it may call.
    pub endpoints: &'static [Endpoint],
    /// How its requests are read and its answers are written.
    pub inbound: &'static Inbound,
    /// Request headers that go on to a provider of the same format, and to no other. They also tell
    /// whose a request to a path of nobody's is.
    pub forwarded_headers: &'static [&'static str],
    /// The response header that carries our request id.
    pub request_id_header: &'static str,
    /// Writes a failure as a whole body.
    pub write_fault: fn(&Fault, request_id: &str) -> Vec<u8>,
    /// Writes the answer to [`Operation::ListModels`], for these names.
    pub write_models: fn(&[&str]) -> Vec<u8>,
}

/// A path that an app may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// What is asked for there.
    pub operation: Operation,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, without a query.
    pub path: &'static str,
}

/// Every client, in alphabetical order.
pub static ALL: &[&Client] = &[&anthropic::CLIENT, &openai::CLIENT];

/// The client that a request is taken to be of when neither its path nor its headers tell.
pub static DEFAULT: &Client = &openai::CLIENT;

/// The request headers that each client forwards.
pub static FORWARDED_HEADERS: LazyLock<Vec<&[&str]>> =
    LazyLock::new(|| ALL.iter().map(|client| client.forwarded_headers).collect());

/// The client of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Client> {
    ALL.iter().copied().find(|client| client.name == name)
}

/// The client that a path belongs to, or else one of whose headers `has_header` is true of, or else
/// the [`DEFAULT`].
pub fn of(path: &str, has_header: impl Fn(&str) -> bool) -> &'static Client {
    let owner = |owns: &dyn Fn(&str) -> bool| {
        ALL.iter().copied().find(|client| client.own_paths().any(owns))
    };
    owner(&|own| own == path)
        .or_else(|| owner(&|own| path.starts_with(own)))
        .or_else(|| {
            let sent = |client: &&Client| client.forwarded_headers.iter().any(|h| has_header(h));
            ALL.iter().copied().find(sent)
        })
        .unwrap_or(DEFAULT)
}

/// Every endpoint of every client, each once, by its operation.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    let mut found: Vec<Endpoint> = Vec::new();
    for endpoint in ALL.iter().flat_map(|client| client.endpoints) {
        if !found.contains(endpoint) {
            found.push(*endpoint);
        }
    }
    found.sort_by_key(|endpoint| endpoint.operation);
    found
}

impl Client {
    /// The format of its requests and answers.
    #[must_use]
    pub const fn format(&self) -> &'static Format {
        self.inbound.format
    }

    /// Whether the provider of that name speaks the format of this client, and so gets the bytes of
    /// the app.
    #[must_use]
    pub fn same_format(&self, provider: &str) -> bool {
        provider::named(provider).is_some_and(|provider| provider.format == self.format())
    }

    /// What is asked for by this method at this path.
    ///
    /// # Errors
    /// The methods that the path takes instead: an empty list where this client has no such path.
    pub fn operation(&self, path: &str, method: &str) -> Result<Operation, Vec<&'static str>> {
        let there = || self.endpoints.iter().filter(|endpoint| endpoint.path == path);
        match there().find(|endpoint| endpoint.method == method) {
            Some(endpoint) => Ok(endpoint.operation),
            None => Err(there().map(|endpoint| endpoint.method).collect()),
        }
    }

    /// The paths that no other client has.
    pub fn own_paths(&self) -> impl Iterator<Item = &'static str> {
        let own = self.endpoints.iter().map(|endpoint| endpoint.path);
        own.filter(|path| {
            let others = ALL.iter().filter(|other| other.name != self.name);
            !others.flat_map(|other| other.endpoints).any(|other| other.path == *path)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, endpoints, named, of};

    #[test]
    fn a_path_belongs_to_a_client_and_else_the_headers_tell() {
        for (path, header, expected) in [
            ("/v1/messages", "", "anthropic"),
            ("/v1/messages", "openai-beta", "anthropic"),
            ("/v1/messages/count_tokens", "", "anthropic"),
            ("/v1/chat/completions", "anthropic-version", "openai"),
            ("/v1/models", "", DEFAULT.name),
            ("/v1/models", "anthropic-version", "anthropic"),
            ("/v1/models/m", "openai-beta", "openai"),
            ("/", "", DEFAULT.name),
        ] {
            assert_eq!(of(path, |own| own == header).name, expected, "{path} {header}");
        }
    }

    #[test]
    fn a_format_is_the_same_for_a_client_and_its_providers_alone() {
        let same = |client: &str, provider: &str| named(client).unwrap().same_format(provider);
        assert!(same("openai", "openai") && same("anthropic", "anthropic"));
        assert!(!same("openai", "anthropic") && !same("openai", "gemini"));
        assert!(!same("openai", "unheard-of"));
    }

    #[test]
    fn every_path_is_listed_once() {
        let listed: Vec<_> = endpoints().iter().map(|own| (own.method, own.path)).collect();
        assert_eq!(
            listed,
            [("POST", "/v1/messages"), ("POST", "/v1/chat/completions"), ("GET", "/v1/models")]
        );
    }
}
