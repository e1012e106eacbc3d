//! A conversation without its oldest turns: where it may begin, and what goes then. Both formats
//! that apps speak have a list of `messages`, each with its role, and calls that are answered by
//! their ids; they differ in where an id stands.
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::splice::{Edit, Put};
use crate::json::Value;

/// Whose words a message holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The operator's or the app's own, or an example of the operator's: they belong to no turn.
    Instructions,
    /// The user's, and what functions have answered.
    User,
    Assistant,
}

/// Where a conversation may go on instead of at its first message: the places of those messages,
/// oldest first. What begins there holds no answer of a function without its call.
///
/// The first of them begin with words of the user's. Behind what the user has said last there are
/// places where the assistant calls functions: an agent's work goes on from there, behind the
/// user's words, which stay.
///
/// `examples` is how many of its first messages, beside instructions, are the operator's examples:
/// they are no part of the conversation, and stay as instructions do.
#[must_use]
pub fn beginnings(root: Value<'_>, examples: usize) -> Vec<usize> {
    let turns = turns(root, examples);
    let leaves = leaves(&turns);
    let mut found = Vec::new();
    // Seen from the end: what stays refers to this message and to none before it.
    let mut oldest = usize::MAX;
    for (index, turn) in turns.iter().enumerate().rev() {
        oldest = oldest.min(turn.refers);
        let is_free = oldest >= turn.start;
        let may_begin = match turn.side {
            Side::User => index > 0 && !turn.answers,
            _ => leaves.get(&index).is_some_and(|leaves| *leaves),
        };
        if is_free && may_begin {
            found.push(turn.start);
        }
    }
    found.reverse();
    found
}

/// How many messages go where a conversation goes on at that place.
#[must_use]
pub fn dropped(root: Value<'_>, from: usize, examples: usize) -> u64 {
    let stays = stays(root, from, examples);
    let gone = (0..from).filter(|place| !stays.contains(place));
    u64::try_from(gone.count()).unwrap_or(u64::MAX)
}

/// Takes the messages before that place out that do not stay.
pub(super) fn oldest(root: Value<'_>, from: usize, examples: usize) -> Vec<Edit> {
    let stays = stays(root, from, examples);
    let mut edits = Vec::new();
    let mut gone: Option<usize> = None;
    for (place, message) in messages(root).enumerate().take(from.saturating_add(1)) {
        let span = message.span();
        if place < from && !stays.contains(&place) {
            gone = gone.or(Some(span.start));
        } else if let Some(start) = gone.take() {
            edits.push(Edit { at: start..span.start, put: Put::Text(String::new()) });
        }
    }
    edits
}

/// The places before that one of what stays: instructions and the operator's examples; and where
/// the assistant goes on there, what the user has said last, and later calls whose answers
/// came with words of the user's.
pub(super) fn stays(root: Value<'_>, from: usize, examples: usize) -> BTreeSet<usize> {
    let sides = sides(root, examples).enumerate().take(from);
    let own = sides.filter(|(_, side)| *side == Side::Instructions).map(|(place, _)| place);
    let mut stays: BTreeSet<usize> = own.collect();
    let turns = turns(root, examples);
    let begins = turns.iter().position(|turn| turn.start == from && turn.side == Side::Assistant);
    let Some((begins, last)) = begins.zip(said_last(&turns)) else { return stays };
    let own = turns.get(last).into_iter().chain(
        pairs(&turns, last, begins)
            .flat_map(
                |(call, answer)| {
                    if answer.words { [Some(call), Some(answer)] } else { [None, None] }
                },
            )
            .flatten(),
    );
    own.for_each(|turn| stays.extend(turn.start..turn.end));
    stays
}

/// The turn of the user's that was said last, and answers no call.
fn said_last(turns: &[Turn]) -> Option<usize> {
    turns.iter().rposition(|turn| turn.side == Side::User && turn.words && !turn.answers)
}

/// Calls and their answers between two turns.
fn pairs(turns: &[Turn], last: usize, end: usize) -> impl Iterator<Item = (&Turn, &Turn)> {
    let between = turns.get(last.saturating_add(1)..end).unwrap_or_default();
    between.chunks_exact(2).filter_map(|pair| match pair {
        [call, answer] => Some((call, answer)),
        _ => None,
    })
}

/// For each turn of the assistant's behind what the user has said last: whether something goes
/// before it, and each pair that stays there makes sense by itself.
fn leaves(turns: &[Turn]) -> BTreeMap<usize, bool> {
    let mut leaves = BTreeMap::new();
    let Some(last) = said_last(turns) else { return leaves };
    let (mut goes, mut makes_sense) = (false, true);
    let mut next = last.saturating_add(1);
    for (call, answer) in pairs(turns, last, turns.len()) {
        leaves.insert(next, goes && makes_sense);
        goes |= !answer.words;
        makes_sense &= !answer.words || call.refers.min(answer.refers) >= call.start;
        next = next.saturating_add(2);
    }
    leaves.insert(next, goes && makes_sense);
    leaves
}

/// What one side says until the other speaks; instructions between are nobody's.
#[derive(Debug)]
struct Turn {
    side: Side,
    /// The place of its first message.
    start: usize,
    /// The place behind its last one.
    end: usize,
    /// The oldest message that it refers to: that of a call that it answers.
    refers: usize,
    /// Whether it answers calls.
    answers: bool,
    /// Whether the user says something in it.
    words: bool,
}

/// Whose words each message holds; the first ones are examples of the operator's.
fn sides(root: Value<'_>, examples: usize) -> impl Iterator<Item = Side> {
    let mut examples = examples;
    messages(root).map(move |message| match side(message) {
        Side::User | Side::Assistant if examples > 0 => {
            examples = examples.saturating_sub(1);
            Side::Instructions
        }
        own => own,
    })
}

fn turns(root: Value<'_>, examples: usize) -> Vec<Turn> {
    let sides = sides(root, examples);
    let messages = messages(root).zip(sides).map(|(message, side)| Message::of(message, side));
    let messages: Vec<Message<'_>> = messages.collect();
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    let mut turns: Vec<Turn> = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        if message.side == Side::Instructions {
            continue;
        }
        calls.extend(message.calls.iter().map(|id| (&**id, place)));
        let called = message.answers.iter().filter_map(|id| calls.get(&**id).copied());
        let refers = called.fold(place, usize::min);
        let end = place.saturating_add(1);
        let Message { side, is_answer: answers, words, .. } = *message;
        match turns.last_mut().filter(|turn| turn.side == side) {
            Some(turn) => {
                turn.end = end;
                turn.refers = turn.refers.min(refers);
                turn.answers |= answers;
                turn.words |= words;
            }
            None => turns.push(Turn { side, start: place, end, refers, answers, words }),
        }
    }
    turns
}

fn messages(root: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    root.get("messages").into_iter().flat_map(Value::items)
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
    /// Whether the user says something in it.
    words: bool,
}

impl<'d> Message<'d> {
    fn of(message: Value<'d>, side: Side) -> Self {
        let blocks = || message.get("content").into_iter().flat_map(Value::items);
        let listed = || message.get("tool_calls").into_iter().flat_map(Value::items);
        let calls = blocks().chain(listed()).filter_map(|call| call.str_of("id"));
        let answers = blocks().filter_map(|block| block.str_of("tool_use_id"));
        let answers: Vec<_> = answers.chain(message.str_of("tool_call_id")).collect();
        let is_function = message.get("role").is_some_and(|role| role.is("function"));
        let is_answer = is_function || !answers.is_empty();
        let is_words = |block: Value<'_>| block.get("tool_use_id").is_none();
        let is_text = message.get("content").is_some_and(|content| content.as_str().is_some());
        let speaks = message.get("role").is_some_and(|role| role.is("user"));
        let words = speaks && (is_text || blocks().any(is_words));
        Self { side, calls: calls.collect(), answers, is_answer, words }
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
        beginnings(document.root(), 0)
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
        // Behind the user's last words the work goes on without its oldest calls.
        let work = [USER, &call("a"), &gave("a"), &call("b"), &gave("b"), &call("c"), &gave("c")];
        assert_eq!(at(&work.join(",")), [3, 5]);
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
    fn what_the_user_has_said_stays_in_an_agents_work() {
        let used = |id: &str| {
            format!(r#"{{"role":"assistant","content":[{{"type":"tool_use","id":"{id}"}}]}}"#)
        };
        let given = |id: &str, more: &str| {
            let own = format!(r#"{{"type":"tool_result","tool_use_id":"{id}"}}"#);
            format!(r#"{{"role":"user","content":[{own}{more}]}}"#)
        };
        let words = r#",{"type":"text","text":"And quickly."}"#;
        let all = [
            SYSTEM.to_owned(),
            USER.to_owned(),
            used("a"),
            given("a", ""),
            used("b"),
            given("b", words),
            used("c"),
            given("c", ""),
            used("d"),
            given("d", ""),
        ];
        let body = format!(r#"{{"messages":[{}]}}"#, all.join(","));
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let root = document.root();
        assert_eq!(beginnings(root, 0), [4, 6, 8]);
        assert_eq!(dropped(root, 8, 0), 4);
        let left = splice(body.as_bytes(), &oldest(root, 8, 0), "", None).unwrap();
        let stays = [0, 1, 4, 5, 8, 9].map(|place: usize| all[place].as_str());
        let expected = format!(r#"{{"messages":[{}]}}"#, stays.join(","));
        assert_eq!(String::from_utf8(left).unwrap(), expected);
    }

    #[test]
    fn instructions_stay() {
        let body =
            format!(r#"{{"messages":[{SYSTEM}, {USER},{MODEL} ,{SYSTEM},{USER},{MODEL},{USER}]}}"#);
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let root = document.root();
        assert_eq!(dropped(root, 6, 0), 4);
        let left = splice(body.as_bytes(), &oldest(root, 6, 0), "", None).unwrap();
        let expected = format!(r#"{{"messages":[{SYSTEM}, {SYSTEM},{USER}]}}"#);
        assert_eq!(String::from_utf8(left).unwrap(), expected);
    }

    #[test]
    fn examples_of_the_operators_stay() {
        let all = [SYSTEM, USER, MODEL, USER, MODEL, SYSTEM, USER, MODEL, USER].join(",");
        let body = format!(r#"{{"messages":[{all}]}}"#);
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let root = document.root();
        assert_eq!(beginnings(root, 0), [3, 6, 8]);
        assert_eq!(beginnings(root, 2), [6, 8]);
        assert_eq!(beginnings(root, 4), [8]);
        assert_eq!(dropped(root, 8, 2), 4);
        let left = splice(body.as_bytes(), &oldest(root, 8, 2), "", None).unwrap();
        let expected = format!(r#"{{"messages":[{SYSTEM},{USER},{MODEL},{SYSTEM},{USER}]}}"#);
        assert_eq!(String::from_utf8(left).unwrap(), expected);
    }
}
