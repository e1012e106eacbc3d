//! Apps written for Anthropic's API.
use super::{Client, Endpoint};
use crate::dialect::Operation;
use crate::dialect::format::messages;

pub(super) static CLIENT: Client = Client {
    name: "anthropic",
    endpoints: &[
        Endpoint { operation: Operation::Chat, method: "POST", path: "/v1/messages" },
        Endpoint { operation: Operation::ListModels, method: "GET", path: "/v1/models" },
    ],
    inbound: &messages::INBOUND,
    forwarded_headers: &["anthropic-version", "anthropic-beta"],
    request_id_header: "request-id",
    write_fault: messages::write_fault,
    write_models: messages::write_models,
};
