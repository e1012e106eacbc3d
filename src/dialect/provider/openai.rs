//! OpenAI, and the many servers that are called like it.
use super::{Credential, Endpoint, Framing, Path, Provider, Quirks};
use crate::dialect::Operation;
use crate::dialect::format::chat_completions;

/// How likely each token was, and by what numbers tokens go: those beside OpenAI's own are vLLM's.
const UNREAD: &[&str] = &["logprobs", "prompt_logprobs", "token_ids", "prompt_token_ids"];

pub(super) static PROVIDER: Provider = Provider {
    name: "openai",
    format: &chat_completions::FORMAT,
    endpoints: &[Endpoint {
        operation: Operation::Chat,
        path: Path::Fixed("/v1/chat/completions"),
    }],
    credential: Credential { header: "authorization", prefix: "Bearer " },
    headers: &[],
    framing: Framing::ServerSentEvents,
    quirks: Quirks { unread_members: UNREAD, ..Quirks::NONE },
};
