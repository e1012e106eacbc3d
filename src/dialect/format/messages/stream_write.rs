//! Writes a streamed answer for an app: content blocks that open, grow and close one after the
//! other, however the provider mixed them.
//!
//! What comes before the call in the open block is whole waits for it and gets a block of its
//! own. How much waits is told ([`AnswerWriter::held`]), and bounded by whoever reads the stream.
use super::block_write::Around;
use super::waiting::{Balance, Held, Waiting};
use super::{SIGNATURE, fault};
use crate::dialect::{AnswerHead, AnswerWriter, Event, Fault};
use crate::json::Writer;

/// A writer of one stream.
pub(super) fn stream(head: AnswerHead) -> Box<dyn AnswerWriter> {
    Box::new(Stream {
        around: Around::new(head),
        begun: false,
        done: false,
        open: None,
        next: 0,
        waiting: Waiting::default(),
    })
}

#[derive(Debug)]
struct Stream {
    around: Around,
    /// Whether `message_start` is out: it waits for the first content, to carry the usage that
    /// some providers report just before that.
    begun: bool,
    done: bool,
    open: Option<Open>,
    /// The number of the next block, or of the open one plus one.
    next: u64,
    /// What came before the call in the open block was whole; empty while that one is.
    waiting: Waiting,
}

/// What the open block holds.
#[derive(Debug)]
enum Open {
    Text,
    Thinking,
    Tool { index: u32, json: Balance },
}

impl AnswerWriter for Stream {
    fn block(&self) -> Option<u64> {
        self.open.as_ref().map(|_| self.next.saturating_sub(1))
    }

    fn held(&self) -> usize {
        self.around.held().saturating_add(self.waiting.bytes())
    }

    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.done {
            return;
        }
        self.around.note(event);
        match event {
            Event::Start { .. } | Event::Usage(_) => {}
            Event::Text(text) | Event::Refusal(text) if text.is_empty() => {}
            Event::Text(text) | Event::Refusal(text) if self.blocked() => self.waiting.text(text),
            Event::Text(text) | Event::Refusal(text) => self.text(text, out),
            Event::Reasoning(text) if text.is_empty() => {}
            Event::Reasoning(text) if self.blocked() => self.waiting.thinking(text),
            Event::Reasoning(text) => self.thinking(text, out),
            Event::ToolCall { index, id, name } if self.blocked() => {
                self.waiting.call(*index, id, name);
            }
            Event::ToolCall { index, id, name } => self.tool_call(*index, id, name, out),
            Event::Arguments { index, json } => self.arguments(*index, json, out),
            Event::Stop(_) => {
                self.begin(out);
                self.settle(out);
            }
            Event::Fault(problem) => self.fail(problem, out),
            Event::End => self.end(out),
        }
    }
}

impl Stream {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.begun {
            return;
        }
        self.begun = true;
        event("message_start", out, |w| {
            w.key("message").object(|w| self.around.message(w, false, |_| {}));
        });
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        self.settle(out);
        event("message_delta", out, |w| {
            w.key("delta").object(|w| self.around.stop(w));
            self.around.usage(w);
        });
        event("message_stop", out, |_| {});
        self.done = true;
    }

    fn fail(&mut self, problem: &Fault, out: &mut Vec<u8>) {
        let id = self.around.request_id();
        send("error", out, |w| fault::write_into(problem, id, w));
        self.waiting = Waiting::default();
        self.done = true;
    }

    /// Whether what comes must wait for the call in the open block.
    const fn blocked(&self) -> bool {
        matches!(&self.open, Some(Open::Tool { json, .. }) if !json.whole())
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if !matches!(self.open, Some(Open::Text)) {
            self.close(out);
            self.open(Open::Text, out, |w| {
                w.key("type").string("text");
                w.key("text").string("");
            });
        }
        self.delta("text_delta", "text", text, out);
    }

    fn thinking(&mut self, text: &str, out: &mut Vec<u8>) {
        if !matches!(self.open, Some(Open::Thinking)) {
            self.close(out);
            self.open(Open::Thinking, out, |w| {
                w.key("type").string("thinking");
                w.key("thinking").string("");
                w.key("signature").string("");
            });
        }
        self.delta("thinking_delta", "thinking", text, out);
    }

    fn tool_call(&mut self, index: u32, id: &str, name: &str, out: &mut Vec<u8>) {
        self.close(out);
        self.open(Open::Tool { index, json: Balance::default() }, out, |w| {
            w.key("type").string("tool_use");
            w.key("id").string(id);
            w.key("name").string(name);
            w.key("input").object(|_| {});
        });
    }

    fn arguments(&mut self, of: u32, piece: &str, out: &mut Vec<u8>) {
        if self.waiting.arguments(of, piece) || piece.is_empty() {
            return;
        }
        match &mut self.open {
            Some(Open::Tool { index, json }) if *index == of => json.read(piece),
            _ => return,
        }
        self.delta("input_json_delta", "partial_json", piece, out);
        while !self.blocked() && self.write_waiting(out) {}
    }

    /// Writes the first thing that waits; whether one did.
    fn write_waiting(&mut self, out: &mut Vec<u8>) -> bool {
        match self.waiting.next() {
            None => return false,
            Some(Held::Text(text)) => self.text(&text, out),
            Some(Held::Thinking(text)) => self.thinking(&text, out),
            Some(Held::Call { index, id, name, json: piece }) => {
                self.tool_call(index, &id, &name, out);
                if let Some(Open::Tool { json, .. }) = &mut self.open
                    && !piece.is_empty()
                {
                    json.read(&piece);
                    self.delta("input_json_delta", "partial_json", &piece, out);
                }
            }
        }
        true
    }

    /// Writes all that waits and closes the open block: no call goes on from here.
    fn settle(&mut self, out: &mut Vec<u8>) {
        while self.write_waiting(out) {}
        self.close(out);
    }

    fn open(&mut self, open: Open, out: &mut Vec<u8>, block: impl FnOnce(&mut Writer)) {
        self.begin(out);
        let index = self.next;
        event("content_block_start", out, |w| {
            w.key("index").number(index);
            w.key("content_block").object(block);
        });
        self.open = Some(open);
        self.next = index.saturating_add(1);
    }

    fn delta(&mut self, kind: &str, key: &str, piece: &str, out: &mut Vec<u8>) {
        let index = self.next.saturating_sub(1);
        event("content_block_delta", out, |w| {
            w.key("index").number(index);
            w.key("delta").object(|w| {
                w.key("type").string(kind);
                w.key(key).string(piece);
            });
        });
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        let Some(open) = self.open.take() else { return };
        if matches!(open, Open::Thinking) {
            self.delta("signature_delta", "signature", SIGNATURE, out);
        }
        let index = self.next.saturating_sub(1);
        event("content_block_stop", out, |w| w.key("index").number(index));
    }
}

/// Writes one event whose data is an object of its own type.
fn event(name: &str, out: &mut Vec<u8>, members: impl FnOnce(&mut Writer)) {
    send(name, out, |w| {
        w.object(|w| {
            w.key("type").string(name);
            members(w);
        });
    });
}

/// Writes one server-sent event. JSON has no line breaks of its own, so its data is one line.
fn send(name: &str, out: &mut Vec<u8>, data: impl FnOnce(&mut Writer)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    let mut w = Writer::after(core::mem::take(out));
    data(&mut w);
    *out = w.finish();
    out.extend_from_slice(b"\n\n");
}
