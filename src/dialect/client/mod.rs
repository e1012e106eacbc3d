//! Clients: what an app may call, and how its errors look. One file per client, one row per file in
//! [`ALL`].
mod anthropic;
mod openai;

use std::borrow::Cow;

use super::format::Inbound;
use super::percent;
use super::{Fault, Operation};
use crate::order;

/// The API that an app was written for.
#[derive(Debug)]
pub struct Client {
    /// The name of this client in a plan.
    pub name: &'static str,
    /// The paths that it may call.
    pub endpoints: &'static [Endpoint],
    /// Request headers that go on to a provider of the same format, and to no other. They also tell
    /// whose a request to a path of nobody's is.
    pub forwarded_headers: &'static [&'static str],
    /// The response header that carries our request id.
    pub request_id_header: &'static str,
    /// The response headers that say how much is left of a limit.
    pub limit_headers: &'static LimitHeaders,
    /// Writes a failure as a whole body.
    pub write_fault: fn(&Fault, request_id: &str) -> Vec<u8>,
}

/// How an API tells its apps what is left of their limits: for requests and for tokens each the
/// limit, what is left of it, and when all of it is there again.
#[derive(Debug)]
pub struct LimitHeaders {
    /// Those of requests.
    pub requests: [&'static str; 3],
    /// Those of tokens.
    pub tokens: [&'static str; 3],
    /// Whether all of it is there again at a moment (RFC 3339), or after a time (`6m0s`).
    pub reset_is_a_moment: bool,
}

/// A path that an app may call.
#[derive(Debug)]
pub struct Endpoint {
    /// What is asked for there. No other endpoint of the client has the same operation.
    pub operation: Operation,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, without a query. One that ends in `{id}` stands for every path that has a name
    /// there.
    pub path: &'static str,
    /// Who serves the operation.
    pub served: Served,
}

/// Who serves an operation.
#[derive(Debug, Clone, Copy)]
pub enum Served {
    /// A model: how requests are read, and answers written.
    ByModels(&'static Inbound),
    /// The gateway itself, which asks no provider and charges nobody.
    ByGateway(Answer),
    /// The gateway itself, for a request that is read like one for a model: it says how many tokens
    /// that has.
    Counted(&'static Inbound, fn(u64) -> Vec<u8>),
    /// The gateway itself: it has its access log have what an app thinks of an answer.
    Noted,
}

/// Where apps say what they think of an answer: the same for all clients, and no vendor's.
const FEEDBACK: Endpoint = Endpoint {
    operation: Operation::FEEDBACK,
    method: "POST",
    path: "/v1/feedback",
    served: Served::Noted,
};

/// Where the name of a thing stands in a path.
const ID: &str = "{id}";

/// Makes the whole body of the gateway's own answer.
///
/// # Errors
/// What is wrong with the request.
pub type Answer = fn(&Known<'_>) -> Result<Vec<u8>, Fault>;

/// What the gateway's own answers are made of.
#[derive(Debug)]
pub struct Known<'k> {
    /// The names that an app may put in `model`, in the order of the policy.
    pub models: &'k [&'k str],
    /// The one of them that is asked about, where the endpoint's path ends in its name.
    pub id: &'k str,
    /// The query of the path, without its `?`.
    pub query: &'k str,
}

/// Every client, in alphabetical order.
pub static ALL: &[&Client] = &[&anthropic::CLIENT, &openai::CLIENT];

/// The client that a request is taken to be of when neither its path nor its headers tell.
pub static DEFAULT: &Client = &openai::CLIENT;

/// Whether a request header, by its name in lower case, goes on to providers.
#[must_use]
pub fn forwards(header: &str) -> bool {
    ALL.iter().any(|client| client.forwarded_headers.contains(&header))
}

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

/// Every endpoint of every client, those that models serve first; of two with the same method and
/// path one.
#[must_use]
pub fn endpoints() -> Vec<&'static Endpoint> {
    let mut found: Vec<&Endpoint> = Vec::new();
    for endpoint in ALL.iter().flat_map(|client| client.endpoints) {
        let same = |own: &&Endpoint| (own.method, own.path) == (endpoint.method, endpoint.path);
        if !found.iter().any(same) {
            found.push(endpoint);
        }
    }
    order::sort_by_key(&mut found, |endpoint| endpoint.inbound().is_none());
    found
}

impl Endpoint {
    /// Whether a path is this endpoint's.
    fn takes(&self, path: &str) -> bool {
        match self.path.strip_suffix(ID) {
            Some(before) => path.len() > before.len() && path.starts_with(before),
            None => path == self.path,
        }
    }

    /// The name at the end of a path of this endpoint's; `None` where its paths have none.
    #[must_use]
    pub fn id<'p>(&self, path: &'p str) -> Option<Cow<'p, str>> {
        path.strip_prefix(self.path.strip_suffix(ID)?).map(percent::decoded)
    }

    /// How requests for a model are read, where models serve the operation.
    #[must_use]
    pub const fn inbound(&self) -> Option<&'static Inbound> {
        match self.served {
            Served::ByModels(inbound) => Some(inbound),
            Served::ByGateway(_) | Served::Counted(..) | Served::Noted => None,
        }
    }
}

impl Client {
    /// The endpoint with this method and path.
    ///
    /// # Errors
    /// The methods that the path takes instead: an empty list where this client has no such path.
    pub fn endpoint(
        &self,
        path: &str,
        method: &str,
    ) -> Result<&'static Endpoint, Vec<&'static str>> {
        let there = || self.endpoints.iter().filter(|endpoint| endpoint.takes(path));
        let found = there().find(|endpoint| endpoint.method == method);
        found.ok_or_else(|| there().map(|endpoint| endpoint.method).collect())
    }

    /// The endpoint for the operation of that name.
    #[must_use]
    pub fn endpoint_for(&self, operation: &str) -> Option<&'static Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.operation.name == operation)
    }

    /// The paths that no other client has, but for those below another of them.
    pub fn own_paths(&self) -> impl Iterator<Item = &'static str> {
        let own = self.endpoints.iter().map(|endpoint| endpoint.path);
        own.filter(|path| {
            let below = |own: &Endpoint| own.path != *path && path.starts_with(own.path);
            !self.endpoints.iter().any(below)
        })
        .filter(|path| {
            let others = ALL.iter().filter(|other| other.name != self.name);
            !others.flat_map(|other| other.endpoints).any(|other| other.path == *path)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, DEFAULT, endpoints, of};

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
            ("/v1/models/m", "anthropic-version", "anthropic"),
            ("/", "", DEFAULT.name),
        ] {
            assert_eq!(of(path, |own| own == header).name, expected, "{path} {header}");
        }
    }

    #[test]
    fn a_client_has_one_endpoint_for_an_operation() {
        for client in ALL {
            for endpoint in client.endpoints {
                let found = client.endpoint_for(endpoint.operation.name).unwrap();
                assert_eq!(found.path, endpoint.path, "{}", client.name);
            }
        }
    }

    #[test]
    fn a_name_stands_at_the_end_of_a_path() {
        let client = super::named("openai").unwrap();
        for (path, id) in [
            ("/v1/models/gpt", "gpt"),
            ("/v1/models/team%2Fgpt%204", "team/gpt 4"),
            ("/v1/models/team/gpt", "team/gpt"),
            ("/v1/models/100%", "100%"),
        ] {
            let endpoint = client.endpoint(path, "GET").unwrap();
            assert_eq!(endpoint.id(path).as_deref(), Some(id), "{path}");
        }
        assert_eq!(client.endpoint("/v1/models", "GET").unwrap().id("/v1/models"), None);
        assert_eq!(client.endpoint("/v1/models/", "GET").unwrap_err(), [""; 0]);
        assert_eq!(client.endpoint("/v1/models/m", "POST").unwrap_err(), ["GET"]);
    }

    #[test]
    fn every_path_is_listed_once() {
        let listed: Vec<_> = endpoints().iter().map(|own| (own.method, own.path)).collect();
        assert_eq!(
            listed,
            [
                ("POST", "/v1/messages"),
                ("POST", "/v1/chat/completions"),
                ("POST", "/v1/messages/count_tokens"),
                ("GET", "/v1/models"),
                ("GET", "/v1/models/{id}"),
                ("POST", "/v1/feedback"),
            ]
        );
    }
}
