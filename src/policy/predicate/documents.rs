//! `documents`: whether a file other than an image comes with the request.
use super::super::field::Boolean;
use super::facts::Facts;
use super::flag;
use super::question::Question;
use crate::json::Value;

pub(super) static QUESTION: Question = Question::new(
    "documents",
    &Boolean,
    "Whether a message holds a document: a part of type `document`, `file` or `input_file`.",
    |spot, _| flag::read(spot, |facts: &dyn Facts| has_document(facts.body())),
);

/// What apps call the parts of a message that are documents.
const TYPES: [&str; 3] = ["document", "file", "input_file"];

/// Where messages stand in a request.
const MESSAGES: [&str; 2] = ["messages", "input"];

fn has_document(body: Value<'_>) -> bool {
    let messages = MESSAGES.iter().filter_map(|key| body.get(key));
    messages.flat_map(Value::items).any(holds_one)
}

/// Whether a message holds one, or what a function gave back does.
fn holds_one(message: Value<'_>) -> bool {
    let parts = || message.get("content").into_iter().flat_map(Value::items);
    parts().any(|part| {
        let kind = part.get("type");
        kind.is_some_and(|kind| TYPES.iter().any(|own| kind.is(own)))
            || (kind.is_some_and(|kind| kind.is("tool_result")) && holds_one(part))
    })
}
