//! Answers: what providers send, what apps get, and that the two agree.
use std::borrow::Cow;

use super::{answer_read, answer_write, stream_read, stream_write};
use crate::dialect::{AnswerHead, AnswerWriter, Event, Fault, FaultKind, Stop};
use crate::json::{Document, Limits};
use crate::usage::Usage;

mod damage;
mod edits;
mod faults;
mod goldens;
mod order;
mod servers;

fn head(stream_usage: bool) -> AnswerHead {
    AnswerHead {
        request_id: "r1".to_owned(),
        model: "policy-name".to_owned(),
        keeps_model: false,
        created: 7,
        stream_usage,
    }
}

fn write(mut writer: Box<dyn AnswerWriter>, events: &[Event<'_>]) -> String {
    let mut out = Vec::new();
    for event in events {
        writer.write(event, &mut out);
    }
    String::from_utf8(out).unwrap()
}

fn streamed(events: &[Event<'_>]) -> String {
    write(stream_write::stream(head(true)), events)
}

fn whole(events: &[Event<'_>]) -> String {
    write(answer_write::whole(head(true)), events)
}

/// The events of a stream of `data` lines.
fn read_stream(stream: &str) -> Vec<Event<'static>> {
    let mut reader = stream_read::reader();
    let mut events = Vec::new();
    for block in stream.split("\n\n").filter(|block| !block.is_empty()) {
        let data = block.strip_prefix("data: ").expect(block);
        reader.read("", data, &mut |event| events.push(owned(&event)));
    }
    events
}

/// The events of chunks without their frames.
fn read_chunks(chunks: &[&str]) -> Vec<Event<'static>> {
    let mut reader = stream_read::reader();
    let mut events = Vec::new();
    for chunk in chunks {
        reader.read("", chunk, &mut |event| events.push(owned(&event)));
    }
    events
}

fn read_whole(body: &str) -> Vec<Event<'static>> {
    let document = Document::parse(body.as_bytes(), Limits::default()).expect(body);
    let mut events = Vec::new();
    answer_read::read(&document, &mut |event| events.push(owned(&event)));
    events
}

/// An event that outlives its chunk.
fn owned(event: &Event<'_>) -> Event<'static> {
    let own = |text: &Cow<'_, str>| Cow::Owned(text.to_string());
    match event {
        Event::Start { id, model } => Event::Start { id: own(id), model: own(model) },
        Event::Text(text) => Event::Text(own(text)),
        Event::Reasoning(text) => Event::Reasoning(own(text)),
        Event::Refusal(text) => Event::Refusal(own(text)),
        Event::ToolCall { index, id, name } => {
            Event::ToolCall { index: *index, id: own(id), name: own(name) }
        }
        Event::Arguments { index, json } => Event::Arguments { index: *index, json: own(json) },
        Event::Stop(stop) => Event::Stop(match stop {
            Stop::Sequence(text) => Stop::Sequence(text.as_ref().map(own)),
            Stop::End => Stop::End,
            Stop::MaxTokens => Stop::MaxTokens,
            Stop::ToolCalls => Stop::ToolCalls,
            Stop::Filtered => Stop::Filtered,
            Stop::Refused => Stop::Refused,
            Stop::Unsaid { calls } => Stop::Unsaid { calls: *calls },
        }),
        Event::Usage(usage) => Event::Usage(*usage),
        Event::Fault(fault) => Event::Fault(fault.clone()),
        Event::End => Event::End,
    }
}

fn start() -> Event<'static> {
    Event::Start { id: "chatcmpl-1".into(), model: "gpt-x".into() }
}

fn text(text: &'static str) -> Event<'static> {
    Event::Text(text.into())
}

fn call(index: u32, id: &'static str, name: &'static str) -> Event<'static> {
    Event::ToolCall { index, id: id.into(), name: name.into() }
}

fn arguments(index: u32, json: &'static str) -> Event<'static> {
    Event::Arguments { index, json: json.into() }
}

fn overloaded() -> Event<'static> {
    Event::Fault(Fault::new(FaultKind::Overloaded, "busy"))
}

const USAGE: Usage = Usage {
    input: 5,
    cached_input: 3,
    cache_write: 0,
    cache_write_hour: 0,
    output: 9,
    reasoning: 4,
    garbled: false,
};
