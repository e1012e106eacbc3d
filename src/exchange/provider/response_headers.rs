//! What of a provider's answer passes beside its body: a list of what may, never of what may not.

use super::super::reply::SHOULD_RETRY;

/// Headers that go to an app of the same dialect, beside its content type.
///
/// Everything else speaks of the connection, of the provider's edge or of its account, or would let
/// a provider speak to the app in the gateway's name (`set-cookie`, `location`,
/// `www-authenticate`, `clear-site-data`, `link`, `grpc-status`). The limits of the account
/// (`x-ratelimit-*`, `anthropic-ratelimit-*`) are shared by all tenants and are nobody's to see.
/// How long a provider asks to be left alone is read, and said in our words (`dialect/wait.rs`).
const PASSES: [&str; 3] = ["openai-model", "openai-processing-ms", "openai-version"];

/// Whether a header passes; so does whether to try again at all. `same_format` is true where app
/// and provider speak the same format.
pub(super) fn may_pass(name: &str, same_format: bool) -> bool {
    name == SHOULD_RETRY || (same_format && PASSES.contains(&name))
}

/// Whether a status is that of an answer. A part of one (206), a promise of one (202), nothing at
/// all (204) is none; some servers say 201, since something was made.
pub(super) const fn is_answer(status: u16) -> bool {
    matches!(status, 200 | 201)
}
