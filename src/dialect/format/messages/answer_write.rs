//! Writes a whole answer for an app: a `message`, or an error.
use super::block_write::{Around, input};
use super::{SIGNATURE, fault};
use crate::dialect::{AnswerHead, AnswerWriter, Event};
use crate::json::Writer;

/// A writer of one answer.
pub(super) fn whole(head: AnswerHead) -> Box<dyn AnswerWriter> {
    Box::new(Whole { around: Around::new(head), blocks: Vec::new(), done: false })
}

#[derive(Debug)]
struct Whole {
    around: Around,
    blocks: Vec<Block>,
    done: bool,
}

#[derive(Debug)]
enum Block {
    Text(String),
    Thinking(String),
    Tool { index: u32, id: String, name: String, arguments: String },
}

impl AnswerWriter for Whole {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.done {
            return;
        }
        self.around.note(event);
        match event {
            Event::Text(text) | Event::Refusal(text) => self.text(text),
            Event::Reasoning(text) => self.thinking(text),
            Event::ToolCall { index, id, name } => self.blocks.push(Block::Tool {
                index: *index,
                id: id.clone().into_owned(),
                name: name.clone().into_owned(),
                arguments: String::new(),
            }),
            Event::Arguments { index, json } => self.arguments(*index, json),
            Event::Fault(problem) => {
                out.extend(fault::write(problem, self.around.request_id()));
                self.done = true;
            }
            Event::End => {
                self.message(out);
                self.done = true;
            }
            Event::Start { .. } | Event::Stop(_) | Event::Usage(_) => {}
        }
    }
}

impl Whole {
    fn text(&mut self, piece: &str) {
        match self.blocks.last_mut() {
            Some(Block::Text(text)) => text.push_str(piece),
            _ if piece.is_empty() => {}
            _ => self.blocks.push(Block::Text(piece.to_owned())),
        }
    }

    fn thinking(&mut self, piece: &str) {
        match self.blocks.last_mut() {
            Some(Block::Thinking(text)) => text.push_str(piece),
            _ if piece.is_empty() => {}
            _ => self.blocks.push(Block::Thinking(piece.to_owned())),
        }
    }

    fn arguments(&mut self, of: u32, json: &str) {
        for block in self.blocks.iter_mut().rev() {
            if let Block::Tool { index, arguments, .. } = block
                && *index == of
            {
                arguments.push_str(json);
                return;
            }
        }
    }

    fn message(&self, out: &mut Vec<u8>) {
        let mut w = Writer::after(core::mem::take(out));
        w.object(|w| {
            self.around.message(w, true, |w| {
                for block in &self.blocks {
                    w.object(|w| block.write(w));
                }
            });
        });
        *out = w.finish();
    }
}

impl Block {
    fn write(&self, w: &mut Writer) {
        match self {
            Self::Text(text) => {
                w.key("type").string("text");
                w.key("text").string(text);
            }
            Self::Thinking(text) => {
                w.key("type").string("thinking");
                w.key("thinking").string(text);
                w.key("signature").string(SIGNATURE);
            }
            Self::Tool { id, name, arguments, .. } => {
                w.key("type").string("tool_use");
                w.key("id").string(id);
                w.key("name").string(name);
                input(arguments, w.key("input"));
            }
        }
    }
}
