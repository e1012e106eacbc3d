//! An app's whole answer, and what it shares with a streamed one.
use super::{fault, usage};
use crate::dialect::{AnswerHead, AnswerWriter, Event, Stop};
use crate::json::Writer;
use crate::usage::Usage;

/// Writes a whole answer at its end.
pub(super) fn whole(head: AnswerHead) -> Box<dyn AnswerWriter> {
    Box::new(Whole { names: Names::new(head), ..Whole::default() })
}

/// What every answer and every chunk is called.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) head: AnswerHead,
    id: String,
}

impl Names {
    pub(super) fn new(head: AnswerHead) -> Self {
        let id = ["chatcmpl-", &*head.request_id].concat();
        Self { head, id }
    }

    /// Takes the provider's names over, where it gives any.
    pub(super) fn start(&mut self, id: &str, model: &str) {
        if id.starts_with("chatcmpl-") {
            id.clone_into(&mut self.id);
        } else if !id.is_empty() {
            self.id = format!("chatcmpl-{id}");
        }
        if !(model.is_empty() || self.head.keeps_model) {
            model.clone_into(&mut self.head.model);
        }
    }

    /// How long they are, in bytes.
    pub(super) fn held(&self) -> usize {
        self.id.len().saturating_add(self.head.model.len())
    }

    pub(super) fn write(&self, kind: &str, out: &mut Writer) {
        out.key("id").string(&self.id);
        out.key("object").string(kind);
        out.key("created").number(self.head.created);
        out.key("model").string(&self.head.model);
    }
}

#[derive(Debug, Default)]
struct Whole {
    names: Names,
    text: String,
    reasoning: String,
    refusal: String,
    calls: Vec<Call>,
    stop: Option<&'static str>,
    usage: Option<Usage>,
    closed: bool,
}

#[derive(Debug)]
struct Call {
    index: u32,
    id: String,
    name: String,
    arguments: String,
}

impl AnswerWriter for Whole {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.closed {
            return;
        }
        match event {
            Event::Start { id, model } => self.names.start(id, model),
            Event::Text(text) => self.text.push_str(text),
            Event::Reasoning(text) => self.reasoning.push_str(text),
            Event::Refusal(text) => self.refusal.push_str(text),
            Event::ToolCall { index, id, name } => self.calls.push(Call {
                index: *index,
                id: id.to_string(),
                name: name.to_string(),
                arguments: String::new(),
            }),
            Event::Arguments { index, json } => {
                if let Some(call) = self.calls.iter_mut().rev().find(|call| call.index == *index) {
                    call.arguments.push_str(json);
                }
            }
            Event::Stop(stop) => {
                let reason = finish_reason(stop, !self.refusal.is_empty());
                self.stop.get_or_insert(reason);
            }
            Event::Usage(usage) => {
                self.usage = Some(self.usage.map_or(*usage, |sum| sum.updated_by(*usage)));
            }
            Event::Fault(failure) => {
                self.closed = true;
                out.extend_from_slice(&fault::write(failure, &self.names.head.request_id));
            }
            Event::End => {
                self.closed = true;
                out.extend_from_slice(&self.body());
            }
        }
    }
}

impl Whole {
    fn body(&self) -> Vec<u8> {
        // Most texts need few escapes.
        let room = self.text.len().saturating_add(self.text.len() / 16).saturating_add(512);
        let mut out = Writer::with_capacity(room);
        out.object(|body| {
            self.names.write("chat.completion", body);
            body.key("choices").array(|choices| {
                choices.object(|choice| {
                    choice.key("index").number(0);
                    choice.key("message").object(|message| self.message(message));
                    choice.key("logprobs").null();
                    let calls = !self.calls.is_empty();
                    choice.key("finish_reason").string(self.stop.unwrap_or(unsaid(calls)));
                });
            });
            if let Some(used) = &self.usage {
                usage::write(used, body.key("usage"));
            }
        });
        out.finish()
    }

    fn message(&self, message: &mut Writer) {
        message.key("role").string("assistant");
        if self.text.is_empty() && !(self.calls.is_empty() && self.refusal.is_empty()) {
            message.key("content").null();
        } else {
            message.key("content").string(&self.text);
        }
        if self.refusal.is_empty() {
            message.key("refusal").null();
        } else {
            message.key("refusal").string(&self.refusal);
        }
        if !self.reasoning.is_empty() {
            message.key("reasoning_content").string(&self.reasoning);
        }
        if self.calls.is_empty() {
            return;
        }
        message.key("tool_calls").array(|calls| {
            for call in &self.calls {
                calls.object(|item| {
                    item.key("id").string(&call.id);
                    item.key("type").string("function");
                    item.key("function").object(|function| {
                        function.key("name").string(&call.name);
                        // Apps parse it: a function without arguments is called with none.
                        let empty = call.arguments.is_empty();
                        let arguments = if empty { "{}" } else { &call.arguments };
                        function.key("arguments").string(arguments);
                    });
                });
            }
        });
    }
}

/// The `finish_reason` of an answer whose provider gave none.
pub(super) const fn unsaid(calls: bool) -> &'static str {
    if calls { "tool_calls" } else { "stop" }
}

/// The `finish_reason` of a stop. A refusal in words ends as the model's own answers do; one
/// without words would look like an empty answer.
pub(super) const fn finish_reason(stop: &Stop<'_>, words: bool) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) => "stop",
        Stop::Unsaid { calls } => unsaid(*calls),
        Stop::MaxTokens => "length",
        Stop::ToolCalls => "tool_calls",
        Stop::Filtered => "content_filter",
        Stop::Refused if words => "stop",
        Stop::Refused => "content_filter",
    }
}
