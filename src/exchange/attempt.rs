//! The body of one attempt: the request, written for one leg of a plan.
//!
//! The edge role writes the first attempt's, from the request that it has just read; the provider
//! role those that follow.
use super::Leg;
use crate::dialect::{Ask, Edit, Field, Given, Provider, Target, rebased, splice};
use crate::json::Writer;

/// For a provider of the app's own format: the app's bytes, with a few edits. `None` where the
/// edits do not fit.
pub(super) fn same_format(leg: &Leg<'_>, body: &[u8], edits: &[Edit]) -> Option<Vec<u8>> {
    splice(body, edits, &name(leg), leg.bound)
}

/// The edits of what [`same_format`] has made for a leg, for the legs after it.
pub(super) fn edits_after(leg: &Leg<'_>, edits: &[Edit]) -> Option<Vec<Edit>> {
    rebased(edits, &name(leg), leg.bound)
}

/// The provider's name of a leg's model, as a JSON string.
fn name(leg: &Leg<'_>) -> String {
    let mut name = Writer::new();
    name.string(&leg.provider_model);
    String::from_utf8(name.finish()).unwrap_or_default()
}

/// For a provider of another format: what the app asks, written anew, and the fields that are left
/// out. `length` is the length of the app's body in bytes.
pub(super) fn other_format(
    provider: &Provider,
    leg: &Leg<'_>,
    mut ask: Ask<'_>,
    length: usize,
) -> (Vec<u8>, Vec<Field>) {
    // What was paid for is said even to a provider that may be left to find its own bound.
    if let (Some(bound), None) = (leg.bound, &ask.max_tokens) {
        ask.max_tokens = Some(Given { value: bound, field: "max_tokens" });
    }
    let max_output_tokens = most_tokens(leg, &ask, length);
    // A bound beyond what the model can give is no bound, but its provider would refuse it.
    if let Some(max_tokens) = &mut ask.max_tokens {
        max_tokens.value = max_tokens.value.min(leg.max_output_tokens);
    }
    let target = Target { model: &leg.provider_model, max_output_tokens };
    let left_out = provider.left_out(&ask, &target, leg.drops);
    (provider.write_request(ask, &target), left_out)
}

/// Most tokens of the answer: when the app sets no bound, what the input leaves of the window.
///
/// A token is at least one byte of text, so tokens are counted only when the bytes would not
/// leave enough, or when an image may have few bytes and many tokens.
fn most_tokens(leg: &Leg<'_>, ask: &Ask<'_>, bytes: usize) -> u64 {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let text_fits = leg.room(bytes) == leg.max_output_tokens && ask.needs().images.is_none();
    if ask.max_tokens.is_some() || text_fits {
        return leg.max_output_tokens;
    }
    leg.room(ask.estimate())
}
