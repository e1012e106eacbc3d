//! Answers: one message, or its events.
use serde_json::{Map, Value, json};

use super::super::frame::Event;
use super::super::signature::sign;
use super::super::talk::{ChatAnswer, ChatRequest, End, pieces};

fn usage(answer: &ChatAnswer, output: u64) -> Value {
    let usage = &answer.usage;
    let cached = usage.cached.saturating_add(usage.cache_write);
    json!({
        "input_tokens": usage.input.saturating_sub(cached),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": output,
        "service_tier": "standard",
    })
}

const fn output(answer: &ChatAnswer) -> u64 {
    answer.usage.output.saturating_add(answer.usage.thinking)
}

fn stop(answer: &ChatAnswer) -> (&'static str, Option<&str>) {
    match &answer.end {
        End::Done => ("end_turn", None),
        End::Length => ("max_tokens", None),
        End::Stopped(stop) => ("stop_sequence", Some(stop.as_str())),
        End::Called => ("tool_use", None),
        End::Refused | End::Filtered => ("refusal", None),
    }
}

fn blocks(answer: &ChatAnswer) -> Vec<Value> {
    let mut out = Vec::new();
    if let Some(thinking) = &answer.thinking {
        out.push(json!({
            "type": "thinking", "thinking": thinking, "signature": sign("anthropic", thinking),
        }));
    }
    if !answer.text.is_empty() {
        out.push(json!({"type": "text", "text": answer.text}));
    }
    for call in &answer.calls {
        out.push(json!({
            "type": "tool_use", "id": format!("toolu_01{}", call.id), "name": call.name,
            "input": call.input,
        }));
    }
    out
}

fn message(request: &ChatRequest, answer: &ChatAnswer) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("id".to_owned(), json!(format!("msg_01sim{:018}", answer.serial)));
    out.insert("type".to_owned(), json!("message"));
    out.insert("role".to_owned(), json!("assistant"));
    out.insert("model".to_owned(), json!(request.model));
    out
}

pub(super) fn whole(request: &ChatRequest, answer: &ChatAnswer) -> Value {
    let mut out = message(request, answer);
    let (reason, sequence) = stop(answer);
    out.insert("content".to_owned(), Value::Array(blocks(answer)));
    out.insert("stop_reason".to_owned(), json!(reason));
    out.insert("stop_sequence".to_owned(), json!(sequence));
    if !answer.usage.missing {
        out.insert("usage".to_owned(), usage(answer, output(answer)));
    }
    Value::Object(out)
}

#[derive(Default)]
struct Events {
    out: Vec<Event>,
}

impl Events {
    fn push(&mut self, name: &'static str, mut data: Value, content: bool) {
        if let Some(data) = data.as_object_mut() {
            data.shift_insert(0, "type".to_owned(), json!(name));
        }
        self.out.push(Event { name: Some(name), ..Event::data(data.to_string(), content) });
    }

    fn deltas(&mut self, index: usize, kind: &str, field: &str, text: &str) {
        for piece in pieces(text) {
            let mut delta = Map::new();
            delta.insert("type".to_owned(), json!(kind));
            delta.insert(field.to_owned(), json!(piece));
            self.push("content_block_delta", json!({"index": index, "delta": delta}), true);
        }
    }

    fn block(&mut self, index: usize, block: &Value) {
        let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
        let field = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
        let start = match kind {
            "thinking" => json!({"type": "thinking", "thinking": "", "signature": ""}),
            "text" => json!({"type": "text", "text": ""}),
            _ => json!({
                "type": "tool_use", "id": field("id"), "name": field("name"), "input": {},
            }),
        };
        let called = kind == "tool_use";
        self.push("content_block_start", json!({"index": index, "content_block": start}), called);
        if index == 0 {
            self.push("ping", json!({}), false);
        }
        match kind {
            "thinking" => {
                self.deltas(index, "thinking_delta", "thinking", field("thinking"));
                let delta = json!({"type": "signature_delta", "signature": field("signature")});
                self.push("content_block_delta", json!({"index": index, "delta": delta}), false);
            }
            "text" => self.deltas(index, "text_delta", "text", field("text")),
            _ => {
                let delta = json!({"type": "input_json_delta", "partial_json": ""});
                self.push("content_block_delta", json!({"index": index, "delta": delta}), false);
                let input = block.get("input").map(Value::to_string).unwrap_or_default();
                self.deltas(index, "input_json_delta", "partial_json", &input);
            }
        }
        self.push("content_block_stop", json!({"index": index}), false);
    }
}

pub(super) fn stream(request: &ChatRequest, answer: &ChatAnswer) -> Vec<Event> {
    let mut events = Events::default();
    let mut start = message(request, answer);
    start.insert("content".to_owned(), json!([]));
    start.insert("stop_reason".to_owned(), Value::Null);
    start.insert("stop_sequence".to_owned(), Value::Null);
    if !answer.usage.missing {
        start.insert("usage".to_owned(), usage(answer, 1));
    }
    events.push("message_start", json!({"message": start}), false);
    for (index, block) in blocks(answer).iter().enumerate() {
        events.block(index, block);
    }
    let (reason, sequence) = stop(answer);
    let mut end = json!({"delta": {"stop_reason": reason, "stop_sequence": sequence}});
    if let (false, Some(end)) = (answer.usage.missing, end.as_object_mut()) {
        let usage = &answer.usage;
        let cached = usage.cached.saturating_add(usage.cache_write);
        end.insert(
            "usage".to_owned(),
            json!({
                "input_tokens": usage.input.saturating_sub(cached),
                "cache_creation_input_tokens": usage.cache_write,
                "cache_read_input_tokens": usage.cached,
                "output_tokens": output(answer),
            }),
        );
    }
    events.push("message_delta", end, false);
    events.push("message_stop", json!({}), false);
    events.out
}
