//! Answers: one response, or its chunks.
use serde_json::{Value, json};

use super::super::frame::Event;
use super::super::signature::sign;
use super::super::talk::{Call, ChatAnswer, ChatRequest, End, pieces, tokens};
use super::model::third;

/// The usage after that many tokens of output.
fn usage(answer: &ChatAnswer, output: u64) -> Value {
    let usage = &answer.usage;
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

const fn finish(answer: &ChatAnswer) -> &'static str {
    match answer.end {
        End::Done | End::Stopped(_) | End::Called => "STOP",
        End::Length => "MAX_TOKENS",
        End::Refused | End::Filtered => "SAFETY",
    }
}

fn call(request: &ChatRequest, call: &Call, first: bool) -> Value {
    let mut inner = json!({"name": call.name, "args": call.input});
    let mut out = json!({});
    if let (true, Some(inner)) = (third(&request.model), inner.as_object_mut()) {
        inner.insert("id".to_owned(), json!(format!("sim{}", call.id)));
    }
    if let Some(out) = out.as_object_mut() {
        out.insert("functionCall".to_owned(), inner);
        if first && third(&request.model) {
            out.insert("thoughtSignature".to_owned(), json!(sign("gemini", &call.name)));
        }
    }
    out
}

/// One response with these parts; the last one carries the end. `output` is what has been said by
/// then, in tokens.
fn response(
    request: &ChatRequest,
    answer: &ChatAnswer,
    parts: Vec<Value>,
    output: u64,
    last: bool,
) -> Value {
    let mut candidate = json!({});
    if let Some(candidate) = candidate.as_object_mut() {
        if !parts.is_empty() || !matches!(answer.end, End::Refused | End::Filtered) {
            let content = json!({"parts": parts, "role": "model"});
            candidate.insert("content".to_owned(), content);
        }
        if last {
            candidate.insert("finishReason".to_owned(), json!(finish(answer)));
        }
        candidate.insert("index".to_owned(), json!(0));
        if last && finish(answer) == "SAFETY" {
            let rating = json!([{
                "category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH",
                "blocked": true,
            }]);
            candidate.insert("safetyRatings".to_owned(), rating);
        }
    }
    let mut out = json!({"candidates": [candidate]});
    if let Some(out) = out.as_object_mut() {
        if request.last.contains("refuse this prompt") {
            out.remove("candidates");
            out.insert("promptFeedback".to_owned(), json!({"blockReason": "PROHIBITED_CONTENT"}));
        }
        if !answer.usage.missing {
            out.insert("usageMetadata".to_owned(), usage(answer, output));
        }
        out.insert("modelVersion".to_owned(), json!(request.model));
        out.insert("responseId".to_owned(), json!(format!("sim{:019}", answer.serial)));
    }
    out
}

fn calls(request: &ChatRequest, answer: &ChatAnswer) -> Vec<Value> {
    let indexed = answer.calls.iter().enumerate();
    indexed.map(|(index, one)| call(request, one, index == 0)).collect()
}

/// A refusal's text never arrives: the candidate is blocked instead.
fn spoken(answer: &ChatAnswer) -> &str {
    if answer.end == End::Refused { "" } else { &answer.text }
}

pub(super) fn whole(request: &ChatRequest, answer: &ChatAnswer) -> Value {
    let mut parts = Vec::new();
    if let Some(thinking) = &answer.thinking {
        parts.push(json!({"text": thinking, "thought": true}));
    }
    if !spoken(answer).is_empty() {
        parts.push(json!({"text": spoken(answer)}));
    }
    parts.extend(calls(request, answer));
    response(request, answer, parts, answer.usage.output, true)
}

pub(super) fn stream(request: &ChatRequest, answer: &ChatAnswer) -> Vec<Event> {
    let mut all: Vec<Vec<Value>> = Vec::new();
    for piece in answer.thinking.as_deref().map(pieces).unwrap_or_default() {
        all.push(vec![json!({"text": piece, "thought": true})]);
    }
    for piece in pieces(spoken(answer)) {
        all.push(vec![json!({"text": piece})]);
    }
    all.extend(calls(request, answer).into_iter().map(|call| vec![call]));
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
        let output = if index == last { answer.usage.output } else { tokens(&text) };
        let chunk = response(request, answer, parts, output, index == last).to_string();
        let data = if request.sse {
            chunk
        } else {
            let before = if index == 0 { "[" } else { ",\r\n" };
            format!("{before}{chunk}\n")
        };
        let event = Event::data(data, content);
        out.push(Event { bare: !request.sse, crlf: request.sse, ..event });
    }
    if !request.sse {
        out.push(Event { bare: true, ..Event::data("]\n", false) });
    }
    out
}
