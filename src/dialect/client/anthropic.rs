//! Apps written for Anthropic's API.
use super::{Client, Endpoint, FEEDBACK, LimitHeaders, Served};
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
            operation: Operation::COUNT_TOKENS,
            method: "POST",
            path: "/v1/messages/count_tokens",
            served: Served::Counted(&messages::COUNTED, messages::write_count),
        },
        Endpoint {
            operation: Operation::LIST_MODELS,
            method: "GET",
            path: "/v1/models",
            served: Served::ByGateway(messages::write_models),
        },
        Endpoint {
            operation: Operation::SHOW_MODEL,
            method: "GET",
            path: "/v1/models/{id}",
            served: Served::ByGateway(|known| Ok(messages::write_model(known.id))),
        },
        FEEDBACK,
    ],
    forwarded_headers: &["anthropic-version", "anthropic-beta"],
    request_id_header: "request-id",
    limit_headers: &LimitHeaders {
        requests: [
            "anthropic-ratelimit-requests-limit",
            "anthropic-ratelimit-requests-remaining",
            "anthropic-ratelimit-requests-reset",
        ],
        tokens: [
            "anthropic-ratelimit-tokens-limit",
            "anthropic-ratelimit-tokens-remaining",
            "anthropic-ratelimit-tokens-reset",
        ],
        reset_is_a_moment: true,
    },
    write_fault: messages::write_fault,
};
