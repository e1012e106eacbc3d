//! A conversation without its oldest turns: where it may begin, and what goes then. Both formats
//! that apps speak have a list of `messages`, each with its role, and calls that are answered by
//! their ids; they differ in where an id stands.
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::splice::{Edit, Put};
use crate::json::Value;

/// Whose words a message holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The operator's or the app's own: they belong to no turn.
    Instructions,
    /// The user's, and what functions have answered.
    User,
    Assistant,
}

/// Where a conversation may begin instead of at its first message: the places of those messages,
/// oldest first. What begins there begins with words of the user's and holds no answer of a
/// function without its call; so nothing begins behind what the user has said last.
#[must_use]
pub fn beginnings(root: Value<'_>) -> Vec<usize> {
    let messages: Vec<Message<'_>> = messages(root).map(Message::of).collect();
    // The oldest message that each message refers to: that of a call that it answers.
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refers: Vec<usize> = Vec::with_capacity(messages.len());
    for (place, message) in messages.iter().enumerate() {
        calls.extend(message.calls.iter().map(|id| (&**id, place)));
        let called = message.answers.iter().filter_map(|id| calls.get(&**id).copied());
        refers.push(called.fold(place, usize::min));
    }
    let mut found = Vec::new();
    // Seen from the end: what stays refers to this message and to none before it.
    let (mut oldest, mut answers) = (usize::MAX, false);
    let sides: Vec<Side> = messages.iter().map(|message| message.side).collect();
    for ((place, message), refers) in messages.iter().enumerate().zip(refers).rev() {
        oldest = oldest.min(refers);
        if message.side == Side::Instructions {
            continue;
        }
        let before = sides.iter().take(place).rev().find(|side| **side != Side::Instructions);
        let is_user = message.side == Side::User;
        answers = is_user && (answers || message.is_answer);
        if before == Some(&Side::Assistant) && is_user {
            if !answers && oldest >= place {
                found.push(place);
            }
            answers = false;
        }
    }
    found.reverse();
    found
}

/// How many messages go where a conversation begins at that place: instructions stay.
#[must_use]
pub fn dropped(root: Value<'_>, from: usize) -> u64 {
    let before = messages(root).take(from).filter(|message| !is_instruction(*message));
    u64::try_from(before.count()).unwrap_or(u64::MAX)
}

/// Takes every message before that place out but for instructions, which stay where they are.
pub(super) fn oldest(root: Value<'_>, from: usize) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut gone: Option<usize> = None;
    for (place, message) in messages(root).enumerate().take(from.saturating_add(1)) {
        let span = message.span();
        if place < from && !is_instruction(message) {
            gone = gone.or(Some(span.start));
        } else if let Some(start) = gone.take() {
            edits.push(Edit { at: start..span.start, put: Put::Text(String::new()) });
        }
    }
    edits
}

fn messages(root: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    root.get("messages").into_iter().flat_map(Value::items)
}

fn is_instruction(message: Value<'_>) -> bool {
    side(message) == Side::Instructions
}

fn side(message: Value<'_>) -> Side {
    let is_block =
        |block: Value<'_>| block.get("type").is_some_and(|own| own.is("mid_conv_system"));
    let mut blocks = message.get("content").into_iter().flat_map(Value::items).peekable();
    let told = blocks.peek().is_some() && blocks.all(is_block);
    match message.str_of("role").as_deref() {
        Some("system" | "developer") => Side::Instructions,
        _ if told => Side::Instructions,
        Some("assistant") => Side::Assistant,
        _ => Side::User,
    }
}

/// What tells where a conversation may begin.
struct Message<'d> {
    side: Side,
    /// The ids of the calls in it.
    calls: Vec<Cow<'d, str>>,
    /// The ids of the calls that it answers.
    answers: Vec<Cow<'d, str>>,
    /// Whether it answers any.
    is_answer: bool,
}

impl<'d> Message<'d> {
    fn of(message: Value<'d>) -> Self {
        let blocks = || message.get("content").into_iter().flat_map(Value::items);
        let listed = || message.get("tool_calls").into_iter().flat_map(Value::items);
        let calls = blocks().chain(listed()).filter_map(|call| call.str_of("id"));
        let answers = blocks().filter_map(|block| block.str_of("tool_use_id"));
        let answers: Vec<_> = answers.chain(message.str_of("tool_call_id")).collect();
        let is_function = message.get("role").is_some_and(|role| role.is("function"));
        let is_answer = is_function || !answers.is_empty();
        Self { side: side(message), calls: calls.collect(), answers, is_answer }
    }
}

#[cfg(test)]
mod tests {
    use super::{beginnings, dropped, oldest};
    use crate::dialect::splice;
    use crate::json::{Document, Limits};

    fn at(messages: &str) -> Vec<usize> {
        let body = format!(r#"{{"messages":[{messages}]}}"#);
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        beginnings(document.root())
    }

    const USER: &str = r#"{"role":"user","content":"Hi"}"#;
    const MODEL: &str = r#"{"role":"assistant","content":"Hello"}"#;
    const SYSTEM: &str = r#"{"role":"system","content":"Be brief."}"#;

    #[test]
    fn a_conversation_begins_where_the_user_speaks_after_the_assistant() {
        for (messages, expected) in [
            (vec![USER], vec![]),
            (vec![USER, MODEL], vec![]),
            (vec![USER, MODEL, USER], vec![2]),
            (vec![SYSTEM, USER, MODEL, SYSTEM, USER, USER, MODEL, USER, MODEL], vec![4, 7]),
            (vec![MODEL, USER], vec![1]),
            (vec![SYSTEM, USER, USER], vec![]),
        ] {
            assert_eq!(at(&messages.join(",")), expected, "{messages:?}");
        }
    }

    #[test]
    fn a_call_and_what_it_has_given_stay_together() {
        let call = |id: &str| {
            format!(r#"{{"role":"assistant","tool_calls":[{{"id":"{id}","type":"function"}}]}}"#)
        };
        let gave = |id: &str| format!(r#"{{"role":"tool","tool_call_id":"{id}","content":"1"}}"#);
        let own = [USER, &call("a"), &gave("a"), MODEL, USER].join(",");
        assert_eq!(at(&own), [4]);
        // Ids that come again are those of the latest call.
        let again = [USER, &call("a"), &gave("a"), MODEL, USER, &call("a"), &gave("a")].join(",");
        assert_eq!(at(&again), [4]);
        // What answers and speaks in one turn does not begin one, nor does a late answer.
        let both = [USER, &call("a"), &gave("a"), USER, MODEL, USER].join(",");
        assert_eq!(at(&both), [5]);
        let late = [USER, &call("a"), USER, MODEL, USER, &gave("a")].join(",");
        assert_eq!(at(&late), [] as [usize; 0]);
        let used = r#"{"role":"assistant","content":[{"type":"tool_use","id":"t"}]}"#;
        let given = r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}"#;
        assert_eq!(at(&[USER, used, given, MODEL, USER].join(",")), [4]);
        assert_eq!(at(&[USER, MODEL, USER, used, given].join(",")), [2]);
    }

    #[test]
    fn instructions_stay() {
        let body =
            format!(r#"{{"messages":[{SYSTEM}, {USER},{MODEL} ,{SYSTEM},{USER},{MODEL},{USER}]}}"#);
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let root = document.root();
        assert_eq!(dropped(root, 6), 4);
        let left = splice(body.as_bytes(), &oldest(root, 6), "", None).unwrap();
        let expected = format!(r#"{{"messages":[{SYSTEM}, {SYSTEM},{USER}]}}"#);
        assert_eq!(String::from_utf8(left).unwrap(), expected);
    }
}
