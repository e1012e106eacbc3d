//! The body of one attempt: the request, written for one leg of a plan.
//!
//! The edge role writes the first attempt's, from the request that it has just read; the provider
//! role those that follow.
use super::Leg;
use crate::dialect::provider::Endpoint;
use crate::dialect::{Ask, Edit, Field, Given, Target, rebased, splice};
use crate::json::Writer;

/// For a provider of the app's own format: the app's bytes, with a few edits. `None` where the
/// edits do not fit.
pub(super) fn same_format(leg: &Leg<'_>, body: &[u8], edits: &[Edit]) -> Option<Vec<u8>> {
    splice(body, edits, &name(leg), leg.stated())
}

/// The edits of what [`same_format`] has made for a leg, for the legs after it.
pub(super) fn edits_after(leg: &Leg<'_>, edits: &[Edit]) -> Option<Vec<Edit>> {
    rebased(edits, &name(leg), leg.stated())
}

/// The provider's name of a leg's model, as a JSON string.
fn name(leg: &Leg<'_>) -> String {
    let mut name = Writer::new();
    name.string(&leg.provider_model);
    String::from_utf8(name.finish()).unwrap_or_default()
}

/// For a provider of another format: what the app asks, written anew, and the fields that are left
/// out.
pub(super) fn other_format(
    endpoint: &Endpoint,
    leg: &Leg<'_>,
    mut ask: Ask<'_>,
) -> (Vec<u8>, Vec<Field>) {
    let most = leg.max_output_tokens;
    match &mut ask.max_tokens {
        // More than the model can give is no bound, but its provider would refuse the number.
        Some(asked) => asked.value = asked.value.min(most),
        // Even to a provider that may be left to find its own bound.
        unbound => *unbound = leg.stated().map(|value| Given { value, field: "max_tokens" }),
    }
    let target = Target { model: &leg.provider_model, max_output_tokens: most };
    let left_out = endpoint.left_out(&ask, &target, leg.drops);
    (endpoint.format.marked(endpoint.write_request(ask, &target), leg.marks), left_out)
}
