//! OpenAI, and the many servers that are called like it.
use super::{Credential, Endpoint, Path, Provider, Quirks};
use crate::dialect::format::chat_completions;
use crate::dialect::{Framing, Operation};

/// How likely each token was, and by what numbers tokens go: those beside OpenAI's own are vLLM's.
const UNREAD: &[&str] = &["logprobs", "prompt_logprobs", "token_ids", "prompt_token_ids"];

pub(super) static PROVIDER: Provider = Provider {
    name: "openai",
    endpoints: &[Endpoint {
        operation: Operation::CHAT,
        path: Path::Fixed("/v1/chat/completions"),
        format: &chat_completions::FORMAT,
        framing: Framing::ServerSentEvents,
        quirks: Quirks { unread_members: UNREAD, ..Quirks::NONE },
    }],
    credential: Credential { header: "authorization", prefix: "Bearer " },
    headers: &[],
};
