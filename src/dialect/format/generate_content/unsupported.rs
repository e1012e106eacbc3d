//! What a request says and this format cannot.
use std::borrow::Cow;

use super::images::has_strange;
use super::model::{Thinking, Traits, traits};
use crate::dialect::{Ask, Given, Number, Reason, Reasoning, Target, UnsupportedField};

/// Most stop sequences of a request.
const STOPS: usize = 5;

const NAME: &str = "has a name that is not taken there: it must begin with a letter or `_` and \
                    have at most 128 of a-z, A-Z, 0-9, `_`, `-`, `.` and `:`";

/// Names every field that cannot be said to this model.
pub(super) fn unsupported(ask: &Ask<'_>, target: &Target<'_>, out: &mut Vec<UnsupportedField>) {
    let traits = traits(target.model);
    let mut add = |field: &'static str, reason: Reason| out.push(reason.of(field));
    if ask.tools.iter().any(|tool| !callable(&tool.name)) {
        add("tools", Reason::demand(NAME));
    }
    if let Some(given) = ask.parallel_tools
        && !given.value
        && !ask.tools.is_empty()
    {
        add(given.field, Reason::advice("cannot be turned off at this provider"));
    }
    if let Some(given) = &ask.format
        && !shapes_beside_tools(ask, traits)
    {
        add(given.field, Reason::demand("cannot be combined with tools at this model"));
    }
    if has_strange(ask) {
        let why = "hold an image that is no JPEG, PNG, WebP, HEIC or HEIF, or an address that does \
                   not end in the name of one of these";
        add("messages", Reason::demand(why));
    }
    for (given, least, most, reason) in ranges(ask) {
        if let Some(given) = given
            && !within(given, least, most)
        {
            add(given.field, Reason::demand(reason));
        }
    }
    for given in [ask.seed, ask.top_k].into_iter().flatten() {
        if int32(given).is_none() {
            add(given.field, Reason::advice("must be a whole number of 32 bits there"));
        }
    }
    let unheeded = Reason::advice("is not heeded by this model");
    for given in [ask.temperature, ask.top_p, ask.top_k].into_iter().flatten() {
        if !traits.samples {
            add(given.field, unheeded);
        }
    }
    if let Some(given) = &ask.stop
        && given.value.len() > STOPS
    {
        add(given.field, Reason::demand("must have at most 5 sequences there"));
    }
    if let Some(given) = ask.reasoning
        && off(given.value)
        && !can_rest(traits)
    {
        add(given.field, Reason::advice("cannot be turned off at this model"));
    }
}

type Range<'a, 'd> = (Option<&'a Given<Number<'d>>>, f64, f64, &'static str);

fn ranges<'a, 'd>(ask: &'a Ask<'d>) -> [Range<'a, 'd>; 4] {
    let penalty = "must be from -2 to 2 there";
    [
        (ask.temperature.as_ref(), 0.0, 2.0, "must be from 0 to 2 there"),
        (ask.top_p.as_ref(), 0.0, 1.0, "must be from 0 to 1 there"),
        (ask.frequency_penalty.as_ref(), -2.0, 2.0, penalty),
        (ask.presence_penalty.as_ref(), -2.0, 2.0, penalty),
    ]
}

/// Whether a number is in its range.
pub(super) fn within(given: &Given<Number<'_>>, least: f64, most: f64) -> bool {
    (least..=most).contains(&given.value.value)
}

/// A number as the API's 32-bit integers take it.
pub(super) fn int32(given: Given<Number<'_>>) -> Option<i32> {
    given.value.text.parse().ok()
}

/// The stop sequences, unless they are too many.
pub(super) fn stops<'a, 'd>(ask: &'a Ask<'d>) -> &'a [Cow<'d, str>] {
    let stops = ask.stop.as_ref().map(|given| given.value.as_slice()).unwrap_or_default();
    if stops.len() > STOPS { &[] } else { stops }
}

/// Whether a function may have that name.
pub(super) fn callable(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.:".contains(&b);
    name.len() <= 128
        && name.bytes().all(allowed)
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
}

/// Whether an answer's shape may be asked for: the models before Gemini 3 answer 400 to a
/// response type beside functions.
pub(super) fn shapes_beside_tools(ask: &Ask<'_>, traits: Traits) -> bool {
    ask.tools.is_empty() || traits.signed
}

/// Whether no thinking at all is asked for.
pub(super) const fn off(reasoning: Reasoning) -> bool {
    matches!(reasoning, Reasoning::Off | Reasoning::Budget(0))
}

const fn can_rest(traits: Traits) -> bool {
    !traits.thinks || matches!(traits.thinking, Thinking::Budget { off: true, .. })
}
