//! Answers: one completion, or its chunks.
use serde_json::{Map, Value, json};

use super::super::frame::Event;
use super::super::talk::{Call, End, Heard, Said, pieces};

/// A moment for `created`; answers carry no clock, so that they compare.
const CREATED: u64 = 1_764_000_000;

fn usage(heard: &Heard, said: &Said) -> Value {
    let answers = heard.answers.max(1);
    let output = said.usage.output.saturating_mul(answers);
    let thinking = said.usage.thinking.saturating_mul(answers);
    let completion = output.saturating_add(thinking);
    json!({
        "prompt_tokens": said.usage.input,
        "completion_tokens": completion,
        "total_tokens": said.usage.input.saturating_add(completion),
        "prompt_tokens_details": {"cached_tokens": said.usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": thinking, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}

const fn finish(said: &Said) -> &'static str {
    match said.end {
        End::Done | End::Stopped(_) | End::Refused => "stop",
        End::Length => "length",
        End::Called => "tool_calls",
        End::Filtered => "content_filter",
    }
}

fn call_id(call: &Call, answer: u64) -> String {
    format!("call_{}{answer:04}", call.id)
}

fn id(said: &Said) -> String {
    format!("chatcmpl-sim{:024}", said.serial)
}

pub(super) fn whole(heard: &Heard, said: &Said) -> Value {
    let answers = heard.answers.max(1);
    let choices: Vec<Value> = (0..answers).map(|index| choice(said, index)).collect();
    let mut out = json!({
        "id": id(said),
        "object": "chat.completion",
        "created": CREATED,
        "model": heard.model,
        "choices": choices,
        "usage": usage(heard, said),
        "service_tier": "default",
        "system_fingerprint": "fp_sim",
    });
    if let (true, Some(out)) = (said.usage.missing, out.as_object_mut()) {
        out.remove("usage");
    }
    out
}

fn choice(said: &Said, index: u64) -> Value {
    let refused = said.end == End::Refused;
    let silent = refused || said.end == End::Called;
    let mut message = Map::new();
    message.insert("role".to_owned(), json!("assistant"));
    let content = if silent { Value::Null } else { json!(said.text) };
    message.insert("content".to_owned(), content);
    message.insert("refusal".to_owned(), if refused { json!(said.text) } else { Value::Null });
    message.insert("annotations".to_owned(), json!([]));
    if said.end == End::Called {
        let calls: Vec<Value> = said
            .calls
            .iter()
            .map(|call| {
                json!({"id": call_id(call, index), "type": "function", "function": {
                    "name": call.name, "arguments": call.input.to_string(),
                }})
            })
            .collect();
        message.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    json!({"index": index, "message": message, "logprobs": null, "finish_reason": finish(said)})
}

struct Chunks<'s> {
    heard: &'s Heard,
    said: &'s Said,
    out: Vec<Event>,
}

impl Chunks<'_> {
    fn push(&mut self, index: u64, delta: &Value, finish: Option<&str>, content: bool) {
        let choices =
            json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": finish}]);
        self.chunk(&choices, &Value::Null, content);
    }

    fn chunk(&mut self, choices: &Value, usage: &Value, content: bool) {
        let mut chunk = json!({
            "id": id(self.said),
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.heard.model,
            "service_tier": "default",
            "system_fingerprint": "fp_sim",
            "choices": choices,
        });
        if let (true, Some(chunk)) = (self.heard.include_usage, chunk.as_object_mut()) {
            chunk.insert("usage".to_owned(), usage.clone());
        }
        self.out.push(Event::data(chunk.to_string(), content));
    }

    fn answer(&mut self, index: u64) {
        let said = self.said;
        match said.end {
            End::Called => {
                self.push(
                    index,
                    &json!({"role": "assistant", "content": null, "refusal": null}),
                    None,
                    false,
                );
                for (at, call) in said.calls.iter().enumerate() {
                    let head = json!({"tool_calls": [{"index": at, "id": call_id(call, index),
                        "type": "function", "function": {"name": call.name, "arguments": ""}}]});
                    self.push(index, &head, None, true);
                    for piece in pieces(&call.input.to_string()) {
                        let delta = json!({"tool_calls": [
                            {"index": at, "function": {"arguments": piece}}]});
                        self.push(index, &delta, None, true);
                    }
                }
            }
            End::Refused => {
                self.push(
                    index,
                    &json!({"role": "assistant", "content": null, "refusal": ""}),
                    None,
                    false,
                );
                for piece in pieces(&said.text) {
                    self.push(index, &json!({"refusal": piece}), None, true);
                }
            }
            _ => {
                self.push(
                    index,
                    &json!({"role": "assistant", "content": "", "refusal": null}),
                    None,
                    false,
                );
                for piece in pieces(&said.text) {
                    self.push(index, &json!({"content": piece}), None, true);
                }
            }
        }
        self.push(index, &json!({}), Some(finish(said)), false);
    }
}

pub(super) fn stream(heard: &Heard, said: &Said) -> Vec<Event> {
    let mut chunks = Chunks { heard, said, out: Vec::new() };
    for index in 0..heard.answers.max(1) {
        chunks.answer(index);
    }
    if heard.include_usage && !said.usage.missing {
        let usage = usage(heard, said);
        chunks.chunk(&json!([]), &usage, false);
    }
    chunks.out.push(Event::data("[DONE]", false));
    chunks.out
}
