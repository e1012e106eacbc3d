//! Wire formats: how bytes say a request, an answer and a failure. One folder per format.
pub(super) mod chat_completions;
pub(super) mod generate_content;
pub(super) mod messages;
