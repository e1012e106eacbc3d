//! Answers: one completion, or its chunks.
use serde_json::{Map, Value, json};

use super::super::frame::Event;
use super::super::talk::{Call, ChatAnswer, ChatRequest, End, pieces};

/// A moment for `created`; answers carry no clock, so that they compare.
const CREATED: u64 = 1_764_000_000;

fn usage(request: &ChatRequest, answer: &ChatAnswer) -> Value {
    let answers = request.answers.max(1);
    let output = answer.usage.output.saturating_mul(answers);
    let thinking = answer.usage.thinking.saturating_mul(answers);
    let completion = output.saturating_add(thinking);
    json!({
        "prompt_tokens": answer.usage.input,
        "completion_tokens": completion,
        "total_tokens": answer.usage.input.saturating_add(completion),
        "prompt_tokens_details": {"cached_tokens": answer.usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": thinking, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}

const fn finish(answer: &ChatAnswer) -> &'static str {
    match answer.end {
        End::Done | End::Stopped(_) | End::Refused => "stop",
        End::Length => "length",
        End::Called => "tool_calls",
        End::Filtered => "content_filter",
    }
}

fn call_id(call: &Call, answer: u64) -> String {
    format!("call_{}{answer:04}", call.id)
}

fn id(answer: &ChatAnswer) -> String {
    format!("chatcmpl-sim{:024}", answer.serial)
}

pub(super) fn whole(request: &ChatRequest, answer: &ChatAnswer) -> Value {
    let answers = request.answers.max(1);
    let choices: Vec<Value> = (0..answers).map(|index| choice(answer, index)).collect();
    let mut out = json!({
        "id": id(answer),
        "object": "chat.completion",
        "created": CREATED,
        "model": request.model,
        "choices": choices,
        "usage": usage(request, answer),
        "service_tier": "default",
        "system_fingerprint": "fp_sim",
    });
    if let (true, Some(out)) = (answer.usage.missing, out.as_object_mut()) {
        out.remove("usage");
    }
    out
}

fn choice(answer: &ChatAnswer, index: u64) -> Value {
    let refused = answer.end == End::Refused;
    let silent = refused || answer.end == End::Called;
    let mut message = Map::new();
    message.insert("role".to_owned(), json!("assistant"));
    let content = if silent { Value::Null } else { json!(answer.text) };
    message.insert("content".to_owned(), content);
    message.insert("refusal".to_owned(), if refused { json!(answer.text) } else { Value::Null });
    message.insert("annotations".to_owned(), json!([]));
    if answer.end == End::Called {
        let calls: Vec<Value> = answer
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
    json!({"index": index, "message": message, "logprobs": null, "finish_reason": finish(answer)})
}

struct Chunks<'s> {
    request: &'s ChatRequest,
    answer: &'s ChatAnswer,
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
            "id": id(self.answer),
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.request.model,
            "service_tier": "default",
            "system_fingerprint": "fp_sim",
            "choices": choices,
        });
        if let (true, Some(chunk)) = (self.request.include_usage, chunk.as_object_mut()) {
            chunk.insert("usage".to_owned(), usage.clone());
        }
        self.out.push(Event::data(chunk.to_string(), content));
    }

    fn answer(&mut self, index: u64) {
        let answer = self.answer;
        match answer.end {
            End::Called => {
                self.push(
                    index,
                    &json!({"role": "assistant", "content": null, "refusal": null}),
                    None,
                    false,
                );
                for (at, call) in answer.calls.iter().enumerate() {
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
                for piece in pieces(&answer.text) {
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
                for piece in pieces(&answer.text) {
                    self.push(index, &json!({"content": piece}), None, true);
                }
            }
        }
        self.push(index, &json!({}), Some(finish(answer)), false);
    }
}

pub(super) fn stream(request: &ChatRequest, answer: &ChatAnswer) -> Vec<Event> {
    let mut chunks = Chunks { request, answer, out: Vec::new() };
    for index in 0..request.answers.max(1) {
        chunks.answer(index);
    }
    if request.include_usage && !answer.usage.missing {
        let usage = usage(request, answer);
        chunks.chunk(&json!([]), &usage, false);
    }
    chunks.out.push(Event::data("[DONE]", false));
    chunks.out
}
