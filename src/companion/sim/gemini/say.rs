//! Answers: one response, or its chunks.
use serde_json::{Value, json};

use super::super::frame::Event;
use super::super::signature::sign;
use super::super::talk::{Call, End, Heard, Said, pieces, tokens};
use super::model::third;

/// The usage when so much of the answer has been said.
fn usage(said: &Said, output: u64) -> Value {
    let usage = &said.usage;
    let total = usage.input.saturating_add(output).saturating_add(usage.thinking);
    let mut out = json!({
        "promptTokenCount": usage.input,
        "candidatesTokenCount": output,
        "totalTokenCount": total,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.input}],
    });
    if let Some(out) = out.as_object_mut() {
        if usage.thinking > 0 {
            out.insert("thoughtsTokenCount".to_owned(), json!(usage.thinking));
        }
        if usage.cached > 0 {
            out.insert("cachedContentTokenCount".to_owned(), json!(usage.cached));
        }
    }
    out
}

const fn finish(said: &Said) -> &'static str {
    match said.end {
        End::Done | End::Stopped(_) | End::Called => "STOP",
        End::Length => "MAX_TOKENS",
        End::Refused | End::Filtered => "SAFETY",
    }
}

fn call(heard: &Heard, call: &Call, first: bool) -> Value {
    let mut inner = json!({"name": call.name, "args": call.input});
    let mut out = json!({});
    if let (true, Some(inner)) = (third(&heard.model), inner.as_object_mut()) {
        inner.insert("id".to_owned(), json!(format!("sim{}", call.id)));
    }
    if let Some(out) = out.as_object_mut() {
        out.insert("functionCall".to_owned(), inner);
        if first && third(&heard.model) {
            out.insert("thoughtSignature".to_owned(), json!(sign("gemini", &call.name)));
        }
    }
    out
}

/// One response with these parts; the last one carries the end. `output` is what has been said by
/// then, in tokens.
fn response(heard: &Heard, said: &Said, parts: Vec<Value>, output: u64, last: bool) -> Value {
    let mut candidate = json!({});
    if let Some(candidate) = candidate.as_object_mut() {
        if !parts.is_empty() || !matches!(said.end, End::Refused | End::Filtered) {
            let content = json!({"parts": parts, "role": "model"});
            candidate.insert("content".to_owned(), content);
        }
        if last {
            candidate.insert("finishReason".to_owned(), json!(finish(said)));
        }
        candidate.insert("index".to_owned(), json!(0));
        if last && finish(said) == "SAFETY" {
            let rating = json!([{
                "category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH",
                "blocked": true,
            }]);
            candidate.insert("safetyRatings".to_owned(), rating);
        }
    }
    let mut out = json!({"candidates": [candidate]});
    if let Some(out) = out.as_object_mut() {
        if heard.last.contains("refuse this prompt") {
            out.remove("candidates");
            out.insert("promptFeedback".to_owned(), json!({"blockReason": "PROHIBITED_CONTENT"}));
        }
        if !said.usage.missing {
            out.insert("usageMetadata".to_owned(), usage(said, output));
        }
        out.insert("modelVersion".to_owned(), json!(heard.model));
        out.insert("responseId".to_owned(), json!(format!("sim{:019}", said.serial)));
    }
    out
}

fn calls(heard: &Heard, said: &Said) -> Vec<Value> {
    let indexed = said.calls.iter().enumerate();
    indexed.map(|(index, one)| call(heard, one, index == 0)).collect()
}

/// A refusal's text never arrives: the candidate is blocked instead.
fn spoken(said: &Said) -> &str {
    if said.end == End::Refused { "" } else { &said.text }
}

pub(super) fn whole(heard: &Heard, said: &Said) -> Value {
    let mut parts = Vec::new();
    if let Some(thinking) = &said.thinking {
        parts.push(json!({"text": thinking, "thought": true}));
    }
    if !spoken(said).is_empty() {
        parts.push(json!({"text": spoken(said)}));
    }
    parts.extend(calls(heard, said));
    response(heard, said, parts, said.usage.output, true)
}

pub(super) fn stream(heard: &Heard, said: &Said) -> Vec<Event> {
    let mut all: Vec<Vec<Value>> = Vec::new();
    for piece in said.thinking.as_deref().map(pieces).unwrap_or_default() {
        all.push(vec![json!({"text": piece, "thought": true})]);
    }
    for piece in pieces(spoken(said)) {
        all.push(vec![json!({"text": piece})]);
    }
    all.extend(calls(heard, said).into_iter().map(|call| vec![call]));
    if all.is_empty() {
        all.push(Vec::new());
    }
    let last = all.len().saturating_sub(1);
    let mut out = Vec::new();
    let mut text = String::new();
    for (index, parts) in all.into_iter().enumerate() {
        let content = !parts.is_empty();
        let visible = parts.iter().filter(|part| part.get("thought").is_none());
        visible.filter_map(|part| part.get("text")?.as_str()).for_each(|part| text.push_str(part));
        // Each chunk tells the sum so far.
        let output = if index == last { said.usage.output } else { tokens(&text) };
        let chunk = response(heard, said, parts, output, index == last).to_string();
        let data = if heard.sse {
            chunk
        } else {
            let before = if index == 0 { "[" } else { ",\r\n" };
            format!("{before}{chunk}\n")
        };
        let event = Event::data(data, content);
        out.push(Event { bare: !heard.sse, crlf: heard.sse, ..event });
    }
    if !heard.sse {
        out.push(Event { bare: true, ..Event::data("]\n", false) });
    }
    out
}
