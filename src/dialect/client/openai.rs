//! Apps written for OpenAI's API.
use super::{Client, Endpoint, FEEDBACK, LimitHeaders, Served};
use crate::dialect::Operation;
use crate::dialect::format::chat_completions;

pub(super) static CLIENT: Client = Client {
    name: "openai",
    endpoints: &[
        Endpoint {
            operation: Operation::CHAT,
            method: "POST",
            path: "/v1/chat/completions",
            served: Served::ByModels(&chat_completions::INBOUND),
        },
        Endpoint {
            operation: Operation::LIST_MODELS,
            method: "GET",
            path: "/v1/models",
            served: Served::ByGateway(|known| Ok(chat_completions::write_models(known.models))),
        },
        Endpoint {
            operation: Operation::SHOW_MODEL,
            method: "GET",
            path: "/v1/models/{id}",
            served: Served::ByGateway(|known| Ok(chat_completions::write_model(known.id))),
        },
        FEEDBACK,
    ],
    forwarded_headers: &["openai-beta"],
    request_id_header: "x-request-id",
    limit_headers: &LimitHeaders {
        requests: [
            "x-ratelimit-limit-requests",
            "x-ratelimit-remaining-requests",
            "x-ratelimit-reset-requests",
        ],
        tokens: [
            "x-ratelimit-limit-tokens",
            "x-ratelimit-remaining-tokens",
            "x-ratelimit-reset-tokens",
        ],
        reset_is_a_moment: false,
    },
    write_fault: chat_completions::write_fault,
};
