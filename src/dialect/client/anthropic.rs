//! Apps written for Anthropic's API.
use super::{Client, Endpoint, Served};
use crate::dialect::Operation;
use crate::dialect::format::messages;

pub(super) static CLIENT: Client = Client {
    name: "anthropic",
    endpoints: &[
        Endpoint {
            operation: Operation::CHAT,
            method: "POST",
            path: "/v1/messages",
            served: Served::ByModels(&messages::INBOUND),
        },
        Endpoint {
            operation: Operation::LIST_MODELS,
            method: "GET",
            path: "/v1/models",
            served: Served::ByGateway(|known| Ok(messages::write_models(known.models))),
        },
    ],
    forwarded_headers: &["anthropic-version", "anthropic-beta"],
    request_id_header: "request-id",
    write_fault: messages::write_fault,
};
