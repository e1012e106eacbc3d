//! The format against the documented forms of the API.
mod answer_read;
mod answer_write;
mod context;
mod edit;
mod failure;
mod generation;
mod marks;
mod mixed;
mod read;
mod write;
mod write_turns;

use super::{FORMAT, INBOUND};
use crate::dialect::{Ask, Event, Fault};
use crate::json::{Document, Limits};

/// Parses a text that is JSON.
fn parse(text: &str) -> Document<'_> {
    Document::parse(text.as_bytes(), Limits::default()).unwrap()
}

/// What an app's request is read as.
fn ask<T>(body: &str, check: impl FnOnce(Result<Ask<'_>, Fault>) -> T) -> T {
    let document = parse(body);
    check((INBOUND.read_request)(&document))
}

/// An event as one line.
fn line(event: &Event<'_>) -> String {
    match event {
        Event::Start { id, model } => format!("start {id} {model}"),
        Event::Text(text) => format!("text {text}"),
        Event::Reasoning(text) => format!("reasoning {text}"),
        Event::Refusal(text) => format!("refusal {text}"),
        Event::ToolCall { index, id, name } => format!("call {index} {id} {name}"),
        Event::Arguments { index, json } => format!("arguments {index} {json}"),
        Event::Stop(stop) => format!("stop {stop:?}"),
        Event::Usage(u) => format!(
            "usage {} {} {} {} {} {}",
            u.input, u.cached_input, u.cache_write, u.cache_write_hour, u.output, u.reasoning
        ),
        Event::Fault(fault) => format!("fault {:?} {} {}", fault.kind, fault.status, fault.message),
        Event::End => "end".to_owned(),
    }
}

/// The events of a whole answer.
fn whole(body: &str) -> Vec<String> {
    let mut lines = Vec::new();
    (FORMAT.read_answer)(&parse(body), &mut |event| lines.push(line(&event)));
    lines
}

/// The events of a stream.
fn streamed(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut reader = (FORMAT.read_stream)();
    for event in text.split("\n\n").filter(|event| !event.trim().is_empty()) {
        let field = |name: &str| {
            event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim_start()
        };
        reader.read(field("event:"), field("data:"), &mut |event| lines.push(line(&event)));
    }
    lines
}
