//! An answer of our own.
use crate::dialect::{Client, Fault};

/// The header that names the fields which a provider did not get to see.
pub(super) const DROPPED: &str = "x-tradewind-dropped";

/// The header that says how many of the oldest messages a model was not sent.
pub(super) const CONTEXT: &str = "x-tradewind-context";

/// The header that says what a tenant has left, where credits are counted.
pub(super) const CREDITS: &str = "x-tradewind-credits";

/// The header that tells an app's SDK whether to try again.
pub(super) const SHOULD_RETRY: &str = "x-should-retry";

/// The header that says when to try again, in seconds.
pub(super) const RETRY_AFTER: &str = "retry-after";

/// What an app receives when no provider is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A failure in the app's dialect.
    #[must_use]
    pub fn fault(client: &Client, fault: &Fault, request_id: &str) -> Self {
        let mut headers = headers(client, request_id);
        headers.extend(hopeless(fault).map(|(name, value)| (name, value.to_owned())));
        Self { status: fault.status, headers, body: (client.write_fault)(fault, request_id) }
    }

    /// A body in the app's dialect, or a failure.
    #[must_use]
    pub fn of(client: &Client, body: Result<Vec<u8>, Fault>, request_id: &str) -> Self {
        match body {
            Ok(body) => Self::ok(client, body, request_id),
            Err(fault) => Self::fault(client, &fault, request_id),
        }
    }

    /// An answer in the app's dialect, streamed or whole.
    #[must_use]
    pub fn answer(client: &Client, body: Vec<u8>, streamed: bool, request_id: &str) -> Self {
        let mut reply = Self::ok(client, body, request_id);
        if let Some((_, kind)) = reply.headers.first_mut().filter(|_| streamed) {
            "text/event-stream".clone_into(kind);
        }
        reply
    }

    /// A body in the app's dialect.
    #[must_use]
    pub fn ok(client: &Client, body: Vec<u8>, request_id: &str) -> Self {
        Self { status: 200, headers: headers(client, request_id), body }
    }
}

/// The header by which the official SDKs send a request that is refused for good no second time,
/// whatever its status.
pub(super) fn hopeless(fault: &Fault) -> Option<(&'static str, &'static str)> {
    (!fault.kind.may_pass()).then_some((SHOULD_RETRY, "false"))
}

fn headers(client: &Client, request_id: &str) -> Vec<(&'static str, String)> {
    let mut headers = Vec::with_capacity(12);
    headers.push(("content-type", "application/json".to_owned()));
    headers.push(("x-tradewind-request-id", request_id.to_owned()));
    if !request_id.is_empty() {
        headers.push((client.request_id_header, request_id.to_owned()));
    }
    headers
}
