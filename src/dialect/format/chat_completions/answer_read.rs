//! A provider's whole answer, and what it shares with a streamed one.
use std::borrow::Cow;

use super::{fault, usage};
use crate::dialect::{Event, Fault, FaultKind, Sink, Stop};
use crate::json::{Document, Value};

/// Reads a whole answer.
pub(super) fn read(document: &Document<'_>, sink: Sink<'_>) {
    let root = document.root();
    if let Some(error) = root.given("error") {
        return sink(Event::Fault(fault::in_band(error)));
    }
    let choice = root.get("choices").and_then(|choices| choices.items().next());
    let Some((choice, message)) =
        choice.and_then(|choice| Some((choice, choice.given("message")?)))
    else {
        return sink(Event::Fault(empty()));
    };
    sink(Event::Start {
        id: root.str_of("id").unwrap_or_default(),
        model: root.str_of("model").unwrap_or_default(),
    });
    texts(message, sink);
    let calls = calls(message, sink);
    let refused = message.str_of("refusal").is_some_and(|text| !text.is_empty());
    sink(Event::Stop(stop(choice.str_of("finish_reason").as_deref(), calls, refused)));
    if let Some(usage) = root.get("usage").and_then(usage::read) {
        sink(Event::Usage(usage));
    }
    sink(Event::End);
}

/// The failure of an answer that holds nothing.
pub(super) fn empty() -> Fault {
    Fault::new(FaultKind::Internal, "the provider's answer has no message").with_status(502)
}

/// Tells what a message or a delta says and thinks, and whether it declines. Returns whether it
/// does.
pub(super) fn texts(message: Value<'_>, sink: Sink<'_>) -> bool {
    // Servers that show their reasoning differ in its name; those with both repeat it.
    let reasoning = message.given("reasoning_content").or_else(|| message.given("reasoning"));
    // Envoy AI Gateway wraps it.
    let reasoning = reasoning.map(|value| value.get("text").unwrap_or(value));
    if let Some(text) = reasoning.and_then(said) {
        sink(Event::Reasoning(text));
    }
    match message.given("content") {
        Some(parts) if parts.is_array() => {
            for part in parts.items() {
                if let Some(text) = part.get("text").and_then(said) {
                    sink(Event::Text(text));
                }
            }
        }
        Some(text) => {
            if let Some(text) = said(text) {
                sink(Event::Text(text));
            }
        }
        None => {}
    }
    let refusal = message.get("refusal").and_then(said);
    let refused = refusal.is_some();
    if let Some(text) = refusal {
        sink(Event::Refusal(text));
    }
    refused
}

fn said(value: Value<'_>) -> Option<Cow<'_, str>> {
    value.as_str().filter(|text| !text.is_empty())
}

/// Tells a message's calls; returns whether there are any.
fn calls(message: Value<'_>, sink: Sink<'_>) -> bool {
    let mut index = 0_u32;
    for call in message.get("tool_calls").into_iter().flat_map(Value::items) {
        // A custom tool's call has no function; only an app of this format can have offered it.
        if let Some(function) = call.given("function") {
            one_call(index, call.str_of("id"), function, sink);
            index = index.saturating_add(1);
        }
    }
    if let Some(function) = message.given("function_call").filter(|_| index == 0) {
        one_call(index, None, function, sink);
        index = 1;
    }
    index > 0
}

fn one_call(index: u32, id: Option<Cow<'_, str>>, function: Value<'_>, sink: Sink<'_>) {
    let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| Cow::Owned(call_id(index)));
    sink(Event::ToolCall { index, id, name: function.str_of("name").unwrap_or_default() });
    if let Some(json) = function.get("arguments").and_then(arguments) {
        sink(Event::Arguments { index, json });
    }
}

/// An id for a call whose provider gave none.
pub(super) fn call_id(index: u32) -> String {
    format!("call_{index}")
}

/// A piece of arguments: a text, or (from servers that misread the format) the object itself.
pub(super) fn arguments(value: Value<'_>) -> Option<Cow<'_, str>> {
    if value.is_object() { Some(Cow::Borrowed(value.raw())) } else { said(value) }
}

/// What a `finish_reason` means. A call asked for by name ends with `stop`, as does a refusal.
pub(super) fn stop(reason: Option<&str>, calls: bool, refused: bool) -> Stop<'static> {
    match reason {
        Some("length" | "max_tokens") => Stop::MaxTokens,
        Some("content_filter") => Stop::Filtered,
        Some("tool_calls" | "function_call") => Stop::ToolCalls,
        Some(word) if calls && is_end(word) => Stop::ToolCalls,
        _ if refused && !calls => Stop::Refused,
        Some(word) if is_end(word) => Stop::End,
        _ => Stop::Unsaid { calls },
    }
}

/// Whether a `finish_reason` says that the model was done: compatible servers pass on the words of
/// others.
fn is_end(word: &str) -> bool {
    const WORDS: [&str; 6] = ["stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete"];
    WORDS.iter().any(|own| own.eq_ignore_ascii_case(word))
}
