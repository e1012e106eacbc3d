//! What a whole and a streamed answer have in common: the message around the blocks.
use super::usage;
use crate::dialect::{AnswerHead, Event, Stop};
use crate::json::{Document, Limits, Writer};
use crate::usage::Usage;

/// What is known of an answer beside its content.
#[derive(Debug)]
pub(super) struct Around {
    head: AnswerHead,
    id: String,
    model: String,
    usage: Usage,
    stop: Option<(&'static str, Option<String>)>,
    tools: bool,
    refused: bool,
}

impl Around {
    pub(super) fn new(head: AnswerHead) -> Self {
        Self {
            id: format!("msg_{}", head.request_id),
            model: head.model.clone(),
            head,
            usage: Usage::default(),
            stop: None,
            tools: false,
            refused: false,
        }
    }

    pub(super) fn request_id(&self) -> &str {
        &self.head.request_id
    }

    /// How long its names are, in bytes.
    pub(super) fn held(&self) -> usize {
        let stop = self.stop.as_ref().and_then(|(_, sequence)| sequence.as_ref());
        let names = self.id.len().saturating_add(self.model.len());
        names.saturating_add(stop.map_or(0, String::len))
    }

    /// Takes note of an event.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Start { id, model } => {
                if !id.is_empty() {
                    self.id = id.clone().into_owned();
                }
                if !(model.is_empty() || self.head.keeps_model) {
                    self.model = model.clone().into_owned();
                }
            }
            Event::Usage(usage) => self.usage = self.usage.updated_by(*usage),
            Event::Stop(Stop::Sequence(text)) => {
                self.stop = Some(("stop_sequence", text.clone().map(Into::into)));
            }
            Event::Stop(stop) => self.stop = Some((reason(stop), None)),
            Event::ToolCall { .. } => self.tools = true,
            Event::Refusal(_) => self.refused = true,
            _ => {}
        }
    }

    /// Writes the members of a message; its content is the caller's.
    pub(super) fn message(&self, w: &mut Writer, ended: bool, content: impl FnOnce(&mut Writer)) {
        w.key("id").string(&self.id);
        w.key("type").string("message");
        w.key("role").string("assistant");
        w.key("model").string(&self.model);
        w.key("content").array(content);
        if ended {
            self.stop(w);
        } else {
            w.key("stop_reason").null();
            w.key("stop_sequence").null();
        }
        self.usage(w);
    }

    /// Writes why it ended, as members.
    pub(super) fn stop(&self, w: &mut Writer) {
        let (reason, sequence) = self.reason();
        w.key("stop_reason").string(reason);
        match sequence {
            Some(sequence) => w.key("stop_sequence").string(sequence),
            None => w.key("stop_sequence").null(),
        }
        if reason == "refusal" {
            w.key("stop_details").object(|w| {
                w.key("type").string("refusal");
                w.key("category").null();
                w.key("explanation").null();
            });
        }
    }

    /// Other providers end a turn that declines or calls functions like any other.
    fn reason(&self) -> (&'static str, Option<&str>) {
        match &self.stop {
            None | Some(("end_turn", _)) if self.tools => ("tool_use", None),
            None | Some(("end_turn", _)) if self.refused => ("refusal", None),
            None => ("end_turn", None),
            Some((reason, sequence)) => (reason, sequence.as_deref()),
        }
    }

    pub(super) fn usage(&self, w: &mut Writer) {
        usage::write(&self.usage, w.key("usage"));
    }
}

const fn reason(stop: &Stop<'_>) -> &'static str {
    match stop {
        Stop::End | Stop::Unsaid { calls: false } => "end_turn",
        Stop::MaxTokens => "max_tokens",
        Stop::ToolCalls | Stop::Unsaid { calls: true } => "tool_use",
        Stop::Sequence(_) => "stop_sequence",
        Stop::Filtered | Stop::Refused => "refusal",
    }
}

/// Writes a function's arguments as the value of a key. Anthropic's are an object, always: a text
/// that is none is kept inside one, so that the app's function sees what the model wrote.
pub(super) fn input(arguments: &str, w: &mut Writer) {
    if arguments.trim().is_empty() {
        w.object(|_| {});
        return;
    }
    match Document::parse(arguments.as_bytes(), Limits::lenient()) {
        Ok(document) if document.root().is_object() => w.raw(document.root().raw()),
        _ => w.object(|w| w.key("arguments").string(arguments)),
    }
}
