//! The most tokens of one answer of a model. It is found once, and everything that depends on it
//! reads it from the leg: what the provider can be told, what is set aside, what is written.
use super::{Leg, Request};
use crate::policy::answer_room;

/// The share of a context window that stays for an answer of which nobody says how long it may be.
const ANSWER_SHARE: u64 = 8;

/// How much room such an answer needs of a model, in tokens.
pub(super) fn spare(max_output_tokens: u64, context_window: u64) -> u64 {
    max_output_tokens.min(context_window / ANSWER_SHARE)
}

/// Lowers a model's answer to what the app asks for; where it sets no bound, to what the request
/// leaves of the model's context window. What the app asks for beyond the model's own bound, or
/// beyond the policy's, is no reason to refuse it: SDKs and agents always ask for the same much.
///
/// `most_input` is the most tokens that the request can have by its length, where that is known.
/// Tokens are counted only where there may not be room for the longest answer, and somebody reads
/// the bound: a provider of the app's own format is told none where nobody counts credits.
pub(super) fn lower(request: &Request<'_>, leg: &mut Leg, most_input: Option<u64>) {
    let most = leg.max_output_tokens;
    let room = |input| answer_room(most, leg.model.context_window, input);
    let asked = request.max_tokens();
    let is_paid = request.policy.credits().is_some();
    let is_rest = request.resumed.is_some();
    leg.states_bound = is_paid || is_rest || asked.is_some_and(|asked| asked > most);
    let unread = request.is_spoken_by(&leg.model) && !leg.states_bound;
    leg.max_output_tokens = match asked {
        Some(asked) => asked.min(most),
        None if unread || most_input.is_some_and(|input| room(input) == most) => most,
        None => room(leg.input_tokens(request)),
    };
}

/// What a reader of the log would ask about: an answer that may be shorter than the app wants, or
/// less than half as long as the model's answers can be.
pub(super) fn lowered(request: &Request<'_>, leg: &Leg) -> Option<String> {
    let bound = leg.max_output_tokens;
    match request.max_tokens() {
        Some(asked) => (asked > bound)
            .then(|| format!("an answer of {bound} tokens at most: {asked} were asked for")),
        None => {
            let half = Leg::of(&leg.model, request.policy).max_output_tokens / 2;
            let window = leg.model.context_window;
            (bound < half).then(|| {
                format!(
                    "an answer of {bound} tokens at most: its window of {window} has no more left"
                )
            })
        }
    }
}
