//! An app's streamed answer, chunk by chunk.
use super::answer_write::{Names, finish_reason, unsaid};
use super::{fault, usage};
use crate::dialect::{AnswerHead, AnswerWriter, Event};
use crate::json::Writer;
use crate::usage::Usage;

/// Writes a stream from its beginning.
pub(super) fn stream(head: AnswerHead) -> Box<dyn AnswerWriter> {
    Box::new(Stream { names: Names::new(head), ..Stream::default() })
}

#[derive(Debug, Default)]
struct Stream {
    names: Names,
    /// What every chunk begins with, up to its delta; empty before the first.
    before: Vec<u8>,
    refused: bool,
    called: bool,
    /// Calls that have no arguments yet.
    bare: Vec<u32>,
    stopped: bool,
    usage: Option<Usage>,
    closed: bool,
}

impl AnswerWriter for Stream {
    fn held(&self) -> usize {
        let bare = self.bare.len().saturating_mul(size_of::<u32>());
        self.names.held().saturating_add(self.before.len()).saturating_add(bare)
    }

    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.closed {
            return;
        }
        match event {
            Event::Start { id, model } => {
                self.names.start(id, model);
                self.begin(out);
            }
            Event::Text(text) => self.text("content", text, out),
            Event::Reasoning(text) => self.text("reasoning_content", text, out),
            Event::Refusal(text) => {
                self.refused |= !text.is_empty();
                self.text("refusal", text, out);
            }
            Event::ToolCall { index, id, name } => self.call(*index, id, name, out),
            Event::Arguments { index, json } => self.arguments(*index, json, out),
            Event::Stop(stop) => self.stop(finish_reason(stop, self.refused), out),
            Event::Usage(usage) => {
                self.usage = Some(self.usage.map_or(*usage, |sum| sum.updated_by(*usage)));
            }
            Event::Fault(failure) => {
                out.extend_from_slice(b"data: ");
                out.extend_from_slice(&fault::write(failure, &self.names.head.request_id));
                out.extend_from_slice(b"\n\n");
                self.done(out);
            }
            Event::End => {
                self.stop(unsaid(self.called), out);
                self.report(out);
                self.done(out);
            }
        }
    }
}

impl Stream {
    /// The chunk that says who speaks, once.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.before.is_empty() {
            return;
        }
        let mut head = Writer::after(b"data: ".to_vec());
        head.object(|chunk| self.names.write("chat.completion.chunk", chunk));
        self.before = head.finish();
        self.before.pop(); // the brace: the chunk goes on
        self.before.extend_from_slice(br#","choices":[{"index":0,"delta":"#);
        self.chunk(None, out, |delta| {
            delta.key("role").string("assistant");
            delta.key("content").string("");
        });
    }

    fn chunk(&self, reason: Option<&str>, out: &mut Vec<u8>, delta: impl FnOnce(&mut Writer)) {
        out.extend_from_slice(&self.before);
        let mut writer = Writer::after(core::mem::take(out));
        writer.object(delta);
        *out = writer.finish();
        out.extend_from_slice(br#","logprobs":null,"finish_reason":"#);
        match reason {
            Some(reason) => {
                out.push(b'"');
                out.extend_from_slice(reason.as_bytes());
                out.push(b'"');
            }
            None => out.extend_from_slice(b"null"),
        }
        // Where usage comes at the end, every chunk before it says that it has none.
        let usage: &[u8] = if self.names.head.stream_usage { br#","usage":null"# } else { b"" };
        out.extend_from_slice(b"}]");
        out.extend_from_slice(usage);
        out.extend_from_slice(b"}\n\n");
    }

    fn text(&mut self, key: &str, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.begin(out);
            self.chunk(None, out, |delta| delta.key(key).string(text));
        }
    }

    fn call(&mut self, index: u32, id: &str, name: &str, out: &mut Vec<u8>) {
        self.begin(out);
        self.called = true;
        self.bare.push(index);
        self.piece(index, out, |item| {
            item.key("id").string(id);
            item.key("type").string("function");
            item.key("function").object(|function| {
                function.key("name").string(name);
                function.key("arguments").string("");
            });
        });
    }

    fn arguments(&mut self, index: u32, json: &str, out: &mut Vec<u8>) {
        if json.is_empty() {
            return;
        }
        self.begin(out);
        self.bare.retain(|bare| *bare != index);
        self.piece(index, out, |item| {
            item.key("function").object(|function| function.key("arguments").string(json));
        });
    }

    fn piece(&self, index: u32, out: &mut Vec<u8>, members: impl FnOnce(&mut Writer)) {
        self.chunk(None, out, |delta| {
            delta.key("tool_calls").array(|calls| {
                calls.object(|item| {
                    item.key("index").number(u64::from(index));
                    members(item);
                });
            });
        });
    }

    /// The chunk that says why it ended, once. Apps parse the arguments of every call before it:
    /// a function without any is called with none.
    fn stop(&mut self, reason: &str, out: &mut Vec<u8>) {
        if self.stopped {
            return;
        }
        self.stopped = true;
        self.begin(out);
        for index in core::mem::take(&mut self.bare) {
            self.arguments(index, "{}", out);
        }
        self.chunk(Some(reason), out, |_| {});
    }

    fn report(&self, out: &mut Vec<u8>) {
        let Some(used) = self.usage.filter(|_| self.names.head.stream_usage) else { return };
        out.extend_from_slice(b"data: ");
        let mut writer = Writer::after(core::mem::take(out));
        writer.object(|chunk| {
            self.names.write("chat.completion.chunk", chunk);
            chunk.key("choices").array(|_| {});
            usage::write(&used, chunk.key("usage"));
        });
        *out = writer.finish();
        out.extend_from_slice(b"\n\n");
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        self.closed = true;
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}
