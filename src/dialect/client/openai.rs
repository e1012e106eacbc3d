//! Apps written for OpenAI's API.
use super::{Client, Endpoint};
use crate::dialect::Operation;
use crate::dialect::format::chat_completions;

pub(super) static CLIENT: Client = Client {
    name: "openai",
    endpoints: &[
        Endpoint { operation: Operation::Chat, method: "POST", path: "/v1/chat/completions" },
        Endpoint { operation: Operation::ListModels, method: "GET", path: "/v1/models" },
    ],
    inbound: &chat_completions::INBOUND,
    forwarded_headers: &["openai-beta"],
    request_id_header: "x-request-id",
    write_fault: chat_completions::write_fault,
    write_models: chat_completions::write_models,
};
