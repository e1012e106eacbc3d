//! Reads what Anthropic answers, whole and streamed.
use core::ops::Range;
use std::borrow::Cow;

use super::{fault, usage};
use crate::dialect::{Event, Fault, FaultKind, Sink, Stop, StreamReader};
use crate::json::{Document, Limits, Value};

/// Reads a whole answer.
pub(super) fn whole(document: &Document<'_>, sink: Sink<'_>) {
    let root = document.root();
    if root.get("type").is_some_and(|kind| kind.is("error")) {
        sink(Event::Fault(fault::in_band(root)));
        return;
    }
    let Some(content) = root.get("content").filter(|content| content.is_array()) else {
        let message = "the provider's answer is not a message";
        sink(Event::Fault(Fault::new(FaultKind::Internal, message).with_status(502)));
        return;
    };
    start(root, sink);
    let mut calls = 0_u32;
    for block in content.items() {
        if block.get("type").is_some_and(|kind| kind.is("tool_use")) {
            tool_call(block, calls, sink);
            let json =
                block.get("input").filter(|input| input.is_object()).map_or("{}", Value::raw);
            sink(Event::Arguments { index: calls, json: Cow::Borrowed(json) });
            calls = calls.saturating_add(1);
        } else {
            prose(block, sink);
        }
    }
    stop(root, sink);
    if let Some(reported) = root.given("usage") {
        sink(Event::Usage(usage::read(reported, &mut 0)));
    }
    sink(Event::End);
}

/// A reader of one stream.
pub(super) fn stream() -> Box<dyn StreamReader> {
    Box::new(Reader::default())
}

#[derive(Debug, Default)]
struct Reader {
    /// How many calls have begun.
    calls: u32,
    /// The calls whose block is open: one at a time, unless a provider mixes them.
    open: Vec<Open>,
    /// Tokens written to the one-hour cache, as last reported.
    hour: u64,
    /// Why it ended has been said: some servers repeat it with a second report of usage.
    stopped: bool,
    /// The number of the block that began last, while it is open.
    block: Option<u64>,
    /// Where the model is named, in the event that was read last.
    model: Option<Range<usize>>,
}

/// A call whose block is open.
#[derive(Debug)]
struct Open {
    /// The number of its content block.
    block: u64,
    /// Its number among the calls.
    index: u32,
    /// Arguments that came with its start: used unless pieces follow. Anthropic sends `{}` there.
    input: String,
}

impl StreamReader for Reader {
    fn model(&self) -> Option<Range<usize>> {
        self.model.clone()
    }

    fn block(&self) -> Option<u64> {
        self.block
    }

    fn is_whole(&self) -> bool {
        self.stopped && self.open.is_empty()
    }

    fn held(&self) -> usize {
        let each = |open: &Open| open.input.capacity().saturating_add(size_of::<Open>());
        self.open.iter().map(each).sum()
    }

    fn read(&mut self, name: &str, data: &str, sink: Sink<'_>) {
        self.model = None;
        let document = match Document::parse(data.as_bytes(), Limits::lenient()) {
            Ok(document) => document,
            Err(_) if name == "error" => {
                return sink(Event::Fault(fault::read(500, data.as_bytes())));
            }
            Err(_) if !is_ours(name) => return,
            Err(error) => {
                let message = format!("the provider's stream is not JSON: {error}");
                let fault = Fault::new(FaultKind::Internal, message).with_status(502);
                return sink(Event::Fault(fault));
            }
        };
        let root = document.root();
        // Whatever it calls itself: an error is not for the app to see as the provider says it.
        if name == "error" || root.given("error").is_some() {
            return sink(Event::Fault(fault::in_band(root)));
        }
        match root.str_of("type").as_deref().unwrap_or(name) {
            "message_start" => {
                if let Some(message) = root.get("message") {
                    self.model = message.get("model").map(Value::span);
                    start(message, sink);
                    self.usage(message, sink);
                }
            }
            "content_block_start" => {
                self.block = Some(number(root));
                self.block_start(root, sink);
            }
            "content_block_delta" => self.delta(root, sink),
            "content_block_stop" => {
                self.block = None;
                self.block_stop(root, sink);
            }
            "message_delta" => {
                if let Some(delta) = root.get("delta").filter(|_| !self.stopped) {
                    self.stopped = stop(delta, sink);
                }
                self.usage(root, sink);
            }
            "message_stop" => sink(Event::End),
            "error" => sink(Event::Fault(fault::in_band(root))),
            _ => {}
        }
    }
}

impl Reader {
    fn usage(&mut self, holder: Value<'_>, sink: Sink<'_>) {
        if let Some(reported) = holder.given("usage") {
            sink(Event::Usage(usage::read(reported, &mut self.hour)));
        }
    }

    fn block_start(&mut self, root: Value<'_>, sink: Sink<'_>) {
        let Some(block) = root.get("content_block") else { return };
        if !block.get("type").is_some_and(|kind| kind.is("tool_use")) {
            prose(block, sink);
            return;
        }
        tool_call(block, self.calls, sink);
        let input = block.get("input").filter(|input| input.is_object());
        self.open.push(Open {
            block: number(root),
            index: self.calls,
            input: input.map_or("{}", Value::raw).to_owned(),
        });
        self.calls = self.calls.saturating_add(1);
    }

    fn delta(&mut self, root: Value<'_>, sink: Sink<'_>) {
        let Some(delta) = root.get("delta") else { return };
        let piece = |key: &str| delta.str_of(key).filter(|piece| !piece.is_empty());
        match delta.str_of("type").as_deref() {
            Some("text_delta") => {
                if let Some(text) = piece("text") {
                    sink(Event::Text(text));
                }
            }
            Some("thinking_delta") => {
                if let Some(text) = piece("thinking") {
                    sink(Event::Reasoning(text));
                }
            }
            Some("input_json_delta") => {
                let block = number(root);
                let open = self.open.iter_mut().find(|open| open.block == block);
                // A block that is not ours to tell of: a tool the provider runs itself.
                if let (Some(open), Some(json)) = (open, piece("partial_json")) {
                    open.input.clear();
                    sink(Event::Arguments { index: open.index, json });
                }
            }
            _ => {}
        }
    }

    fn block_stop(&mut self, root: Value<'_>, sink: Sink<'_>) {
        let block = number(root);
        let Some(at) = self.open.iter().position(|open| open.block == block) else { return };
        let open = self.open.remove(at);
        if !open.input.is_empty() {
            sink(Event::Arguments { index: open.index, json: Cow::Borrowed(&open.input) });
        }
    }
}

/// Whether an event of that name may have a part of the answer in it.
fn is_ours(name: &str) -> bool {
    name.starts_with("message_") || name.starts_with("content_block_")
}

/// The number of the content block that an event is about.
fn number(root: Value<'_>) -> u64 {
    root.get("index").and_then(Value::as_u64).unwrap_or(0)
}

fn start(message: Value<'_>, sink: Sink<'_>) {
    sink(Event::Start {
        id: message.str_of("id").unwrap_or_default(),
        model: message.str_of("model").unwrap_or_default(),
    });
}

fn tool_call(block: Value<'_>, index: u32, sink: Sink<'_>) {
    sink(Event::ToolCall {
        index,
        id: block.str_of("id").unwrap_or_default(),
        name: block.str_of("name").unwrap_or_default(),
    });
}

/// A block of text or of thoughts. What the provider's own tools did, and thoughts it keeps to
/// itself, say nothing in other formats.
fn prose(block: Value<'_>, sink: Sink<'_>) {
    let piece = |key: &str| block.str_of(key).filter(|piece| !piece.is_empty());
    match block.str_of("type").as_deref() {
        Some("text") => {
            if let Some(text) = piece("text") {
                sink(Event::Text(text));
            }
        }
        Some("thinking") => {
            if let Some(text) = piece("thinking") {
                sink(Event::Reasoning(text));
            }
        }
        _ => {}
    }
}

/// Whether it says why the answer ended.
fn stop(holder: Value<'_>, sink: Sink<'_>) -> bool {
    let Some(reason) = holder.str_of("stop_reason") else { return false };
    let stop = match &*reason {
        "max_tokens" | "model_context_window_exceeded" => Stop::MaxTokens,
        "tool_use" => Stop::ToolCalls,
        "stop_sequence" => Stop::Sequence(holder.str_of("stop_sequence")),
        "refusal" => {
            let details = holder.given("stop_details");
            if let Some(why) = details.and_then(|details| details.str_of("explanation")) {
                sink(Event::Refusal(why));
            }
            Stop::Refused
        }
        // After `pause_turn` an app would ask again with what it got.
        "end_turn" | "pause_turn" => Stop::End,
        _ => Stop::Unsaid { calls: false },
    };
    sink(Event::Stop(stop));
    true
}
