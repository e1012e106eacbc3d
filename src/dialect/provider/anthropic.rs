//! Anthropic.
use super::{Credential, Endpoint, Framing, Path, Provider, Quirks};
use crate::dialect::Operation;
use crate::dialect::format::messages;

/// The version of the API whose rules we follow.
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

pub(super) static PROVIDER: Provider = Provider {
    name: "anthropic",
    format: &messages::FORMAT,
    endpoints: &[Endpoint { operation: Operation::Chat, path: Path::Fixed("/v1/messages") }],
    credential: Credential { header: "x-api-key", prefix: "" },
    headers: &[VERSION],
    framing: Framing::ServerSentEvents,
    quirks: Quirks::NONE,
};
