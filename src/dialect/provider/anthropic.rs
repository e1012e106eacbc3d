//! Anthropic.
use super::{Credential, Endpoint, Path, Provider, Quirks};
use crate::dialect::format::messages;
use crate::dialect::{Framing, Operation};

/// The version of the API whose rules we follow.
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

pub(super) static PROVIDER: Provider = Provider {
    name: "anthropic",
    endpoints: &[Endpoint {
        operation: Operation::CHAT,
        path: Path::Fixed("/v1/messages"),
        format: &messages::FORMAT,
        framing: Framing::ServerSentEvents,
        quirks: Quirks::NONE,
    }],
    credential: Credential { header: "x-api-key", prefix: "" },
    headers: &[VERSION],
};
