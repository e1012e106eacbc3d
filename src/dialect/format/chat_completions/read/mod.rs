//! An app's request, read into an [`Ask`]: one row for each field that the reference documents.
mod fields;
mod file;
mod format;
mod image;
mod messages;
#[cfg(test)]
mod tests;
mod tools;
mod words;

pub(super) use words::words;

use core::fmt;
use std::borrow::Cow;

use crate::dialect::unsupported::note;
use crate::dialect::{Ask, Fault, FaultKind, stored};
use crate::json::{At, Document, Value};

/// Reads one field that is there and is not `null`, and is called what the second argument says.
type Read = for<'d> fn(&mut Ask<'d>, &'static str, Value<'d>) -> Result<(), Fault>;

/// The fields of a request. Of two that mean the same the later row wins, unless it must not
/// matter which one a server takes ([`one_bound`]).
static FIELDS: [(&str, Read); 39] = [
    ("model", fields::model),
    ("messages", messages::read),
    ("stream", fields::stream),
    ("stream_options", fields::stream_options),
    ("tools", tools::tools),
    ("tool_choice", tools::choice),
    ("parallel_tool_calls", tools::parallel),
    ("response_format", format::read),
    ("max_tokens", fields::max_tokens),
    ("max_completion_tokens", fields::max_tokens),
    ("temperature", fields::temperature),
    ("top_p", fields::top_p),
    // Not OpenAI's own: servers compatible with it take it, and other formats can say it.
    ("top_k", fields::top_k),
    ("seed", fields::seed),
    ("frequency_penalty", fields::frequency_penalty),
    ("presence_penalty", fields::presence_penalty),
    ("stop", fields::stop),
    ("reasoning_effort", fields::reasoning_effort),
    // Not OpenAI's own: gateways that translate take Anthropic's word for it.
    ("thinking", fields::thinking),
    ("user", fields::user),
    ("n", fields::n),
    ("logprobs", fields::logprobs),
    ("top_logprobs", fields::top_logprobs),
    ("logit_bias", fields::logit_bias),
    ("modalities", fields::modalities),
    ("audio", fields::native_object),
    ("prediction", fields::native_object),
    ("moderation", fields::native_object),
    ("web_search_options", fields::native_object),
    ("functions", fields::functions),
    ("function_call", fields::function_call),
    ("metadata", fields::hint_object),
    ("store", fields::store),
    ("service_tier", fields::service_tier),
    ("verbosity", fields::verbosity),
    ("prompt_cache_key", fields::hint_string),
    ("prompt_cache_retention", fields::hint_string),
    ("prompt_cache_options", fields::hint_object),
    ("safety_identifier", fields::hint_string),
];

/// Fields that the reference does not know and that say nothing new: marks for prompt caches, and
/// what servers put beside an answer that apps send back as they got it.
const ADVICE: [&str; 6] = [
    "annotations",
    "cache_control",
    "provider_specific_fields",
    "reasoning_details",
    "reasoning_signature",
    "thinking_blocks",
];

/// Reads a request.
pub(super) fn read<'d>(document: &'d Document<'d>) -> Result<Ask<'d>, Fault> {
    let root = document.root();
    if !root.is_object() {
        let message = format!("expected a JSON object, got {}", root.kind().name());
        return Err(Fault::new(FaultKind::InvalidRequest, message));
    }
    let mut ask = Ask::default();
    // The last of equal keys counts, so nothing is read before all keys have been seen.
    let mut found = [None; FIELDS.len()];
    for (key, value) in root.members() {
        match FIELDS.iter().position(|(name, _)| *name == key).and_then(|row| found.get_mut(row)) {
            Some(slot) => *slot = Some(value),
            None => unknown(&mut ask, &At::Root, &key, value),
        }
    }
    one_bound(root)?;
    for ((name, read), value) in FIELDS.iter().zip(found) {
        match value.filter(|value| !value.is_null()) {
            Some(value) => read(&mut ask, name, value)?,
            None if matches!(*name, "model" | "messages") => {
                return Err(Fault::field(name, "is missing"));
            }
            None => {}
        }
    }
    Ok(ask)
}

/// Two names for the most tokens of an answer: servers differ in which they take, so both must say
/// the same.
fn one_bound(root: Value<'_>) -> Result<(), Fault> {
    let most = |key| root.given(key).map(Value::raw);
    match (most("max_tokens"), most("max_completion_tokens")) {
        (Some(old), Some(new)) if old != new => Err(Fault::field(
            "max_tokens",
            "differs from `max_completion_tokens`, which means the same: send one of them",
        )),
        _ => Ok(()),
    }
}

/// Notes a field that the reference does not know: a provider of this format may know it.
fn unknown(ask: &mut Ask<'_>, at: &At<'_>, key: &str, value: Value<'_>) {
    stored::member(&mut ask.stored, key, value, &at.key(key));
    let empty = value.is_null() || (value.is_array() && value.items().next().is_none());
    if empty {
        return;
    }
    if ADVICE.contains(&key) || key.starts_with("prompt_cache_") {
        best_effort(ask, at.key(key));
    } else {
        passthrough_only(ask, at.key(key));
    }
}

/// Notes a field that no other format can say.
fn passthrough_only(ask: &mut Ask<'_>, at: impl ToString) {
    note(&mut ask.passthrough_only, at);
}

/// Notes a field that is best effort.
fn best_effort(ask: &mut Ask<'_>, at: impl ToString) {
    note(&mut ask.best_effort, at);
}

/// The failure of a value of the wrong kind.
fn wrong(at: impl ToString, expected: impl fmt::Display, got: Value<'_>) -> Fault {
    Fault::field(at, format_args!("expected {expected}, got {}", got.kind().name()))
}

/// A string, or the failure that says where it should have been.
fn string<'d>(at: impl ToString, value: Value<'d>) -> Result<Cow<'d, str>, Fault> {
    value.as_str().ok_or_else(|| wrong(at, "a string", value))
}

/// A member's string that must be there.
fn member<'d>(at: &At<'_>, object: Value<'d>, key: &str) -> Result<Cow<'d, str>, Fault> {
    match object.get(key) {
        Some(value) => string(at.key(key), value),
        None => Err(Fault::field(at.key(key), "is missing")),
    }
}
