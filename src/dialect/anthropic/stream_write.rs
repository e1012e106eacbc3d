//! Writes a streamed answer for an app: content blocks that open, grow and close one after the
//! other, however the provider mixed them.
use super::block_write::Around;
use super::{SIGNATURE, fault};
use crate::dialect::{AnswerHead, AnswerWriter, Event};
use crate::json::Writer;

/// A writer of one stream.
pub(super) fn stream(head: AnswerHead) -> Box<dyn AnswerWriter> {
    Box::new(Stream {
        around: Around::new(head),
        begun: false,
        done: false,
        open: None,
        next: 0,
        waiting: Vec::new(),
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
    /// Calls that began before the one in the open block was whole: blocks cannot be mixed.
    waiting: Vec<Waiting>,
}

/// What the open block holds.
#[derive(Debug)]
enum Open {
    Text,
    Thinking,
    Tool { index: u32, json: Balance },
}

#[derive(Debug)]
struct Waiting {
    index: u32,
    id: String,
    name: String,
    json: String,
}

impl AnswerWriter for Stream {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.done {
            return;
        }
        self.around.note(event);
        match event {
            Event::Start { .. } | Event::Usage(_) => {}
            Event::Text(text) | Event::Refusal(text) => self.text(text, out),
            Event::Reasoning(text) => self.thinking(text, out),
            Event::ToolCall { index, id, name } => self.tool_call(*index, id, name, out),
            Event::Arguments { index, json } => self.arguments(*index, json, out),
            Event::Stop(_) => {
                self.begin(out);
                self.settle(out);
            }
            Event::Fault(problem) => {
                let id = self.around.request_id();
                send("error", out, |w| fault::write_into(problem, id, w));
                self.done = true;
            }
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

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if !matches!(self.open, Some(Open::Text)) {
            self.settle(out);
            self.open(Open::Text, out, |w| {
                w.key("type").string("text");
                w.key("text").string("");
            });
        }
        self.delta("text_delta", "text", text, out);
    }

    fn thinking(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if !matches!(self.open, Some(Open::Thinking)) {
            self.settle(out);
            self.open(Open::Thinking, out, |w| {
                w.key("type").string("thinking");
                w.key("thinking").string("");
                w.key("signature").string("");
            });
        }
        self.delta("thinking_delta", "thinking", text, out);
    }

    fn tool_call(&mut self, index: u32, id: &str, name: &str, out: &mut Vec<u8>) {
        if let Some(Open::Tool { json, .. }) = &self.open
            && (!json.whole() || !self.waiting.is_empty())
        {
            let (id, name) = (id.to_owned(), name.to_owned());
            self.waiting.push(Waiting { index, id, name, json: String::new() });
            return;
        }
        self.open_tool(index, id, name, out);
    }

    fn open_tool(&mut self, index: u32, id: &str, name: &str, out: &mut Vec<u8>) {
        self.close(out);
        self.open(Open::Tool { index, json: Balance::default() }, out, |w| {
            w.key("type").string("tool_use");
            w.key("id").string(id);
            w.key("name").string(name);
            w.key("input").object(|_| {});
        });
    }

    fn arguments(&mut self, of: u32, piece: &str, out: &mut Vec<u8>) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.index == of) {
            waiting.json.push_str(piece);
            return;
        }
        let Some(Open::Tool { index, json }) = &mut self.open else { return };
        if *index != of || piece.is_empty() {
            return;
        }
        json.read(piece);
        let whole = json.whole();
        self.delta("input_json_delta", "partial_json", piece, out);
        while whole && !self.waiting.is_empty() {
            if !self.next_waiting(out) {
                return;
            }
        }
    }

    /// Writes the first call that waits; whether its arguments are whole.
    fn next_waiting(&mut self, out: &mut Vec<u8>) -> bool {
        let Waiting { index, id, name, json: piece } = self.waiting.remove(0);
        self.open_tool(index, &id, &name, out);
        if !piece.is_empty() {
            if let Some(Open::Tool { json, .. }) = &mut self.open {
                json.read(&piece);
            }
            self.delta("input_json_delta", "partial_json", &piece, out);
        }
        matches!(&self.open, Some(Open::Tool { json, .. }) if json.whole())
    }

    /// Writes every call that waits and closes the open block.
    fn settle(&mut self, out: &mut Vec<u8>) {
        while !self.waiting.is_empty() {
            self.next_waiting(out);
        }
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

/// Follows a JSON object that comes in pieces, to know when it is whole.
#[derive(Debug, Default)]
struct Balance {
    depth: u32,
    begun: bool,
    string: bool,
    escape: bool,
}

impl Balance {
    const fn whole(&self) -> bool {
        self.begun && self.depth == 0
    }

    fn read(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escape => self.escape = false,
                b'\\' if self.string => self.escape = true,
                b'"' => self.string = !self.string,
                _ if self.string => {}
                b'{' | b'[' => {
                    self.begun = true;
                    self.depth = self.depth.saturating_add(1);
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }
}
