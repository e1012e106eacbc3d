//! Calls whose pieces come mixed, as some providers send them: blocks of a stream cannot be.
use super::answer_write::{call, json, start, write_stream};
use super::{line, parse, streamed};
use crate::dialect::{AnswerHead, Event, Stop};

#[test]
fn unmixes_calls_that_come_mixed() {
    let events = [
        start(),
        call(0, "a"),
        json(0, "{\"x\":\"}\\\""),
        call(1, "b"),
        json(1, "{\"y\""),
        call(2, "c"),
        json(0, "\"}"),
        json(1, ":[1]}"),
        json(2, "{}"),
        Event::Stop(Stop::ToolCalls),
        Event::End,
    ];
    let expected = [
        "start msg_9 claude-x",
        "usage 0 0 0 0 0 0",
        "call 0 a f",
        r#"arguments 0 {"x":"}\""#,
        r#"arguments 0 "}"#,
        "call 1 b f",
        r#"arguments 1 {"y""#,
        "arguments 1 :[1]}",
        "call 2 c f",
        "arguments 2 {}",
        "stop ToolCalls",
        "usage 0 0 0 0 0 0",
        "end",
    ];
    assert_eq!(streamed(&write_stream(&events)), expected);
}

#[test]
fn prose_between_the_pieces_of_a_call_waits_until_the_call_is_whole() {
    let events = [
        start(),
        call(0, "a"),
        json(0, "{\"a\""),
        Event::Text("one ".into()),
        Event::Text("two".into()),
        Event::Reasoning("hm".into()),
        call(1, "b"),
        json(1, "{"),
        Event::Text("three".into()),
        json(0, ":1}"),
        Event::Text(" four".into()),
        json(1, "}"),
        Event::Text(" five".into()),
        call(2, "c"),
        json(2, "{\"cut"),
        Event::Text("six".into()),
        Event::Stop(Stop::ToolCalls),
        Event::End,
    ];
    let expected = [
        "start msg_9 claude-x",
        "usage 0 0 0 0 0 0",
        "call 0 a f",
        r#"arguments 0 {"a""#,
        "arguments 0 :1}",
        "text one two",
        "reasoning hm",
        "call 1 b f",
        "arguments 1 {",
        "arguments 1 }",
        "text three four",
        "text  five",
        "call 2 c f",
        r#"arguments 2 {"cut"#,
        "text six",
        "stop ToolCalls",
        "usage 0 0 0 0 0 0",
        "end",
    ];
    let stream = write_stream(&events);
    assert_eq!(streamed(&stream), expected);
    nested(&stream);
}

#[test]
fn what_waits_is_told() {
    let mut writer = (super::super::INBOUND.write_stream)(AnswerHead::default());
    let mut out = Vec::new();
    let idle = writer.held();
    for event in [start(), call(0, "a"), json(0, "{")] {
        writer.write(&event, &mut out);
    }
    let names = writer.held();
    assert!(names < idle + 100);
    writer.write(&call(1, "b"), &mut out);
    let long = "x".repeat(1_000);
    writer.write(&Event::Arguments { index: 1, json: long.into() }, &mut out);
    writer.write(&Event::Text("t".repeat(1_000).into()), &mut out);
    assert!((names + 2_000..names + 2_200).contains(&writer.held()));
    // Many small things weigh more than their text.
    for _ in 0..1_000 {
        writer.write(&Event::Text("t".into()), &mut out);
        writer.write(&Event::Reasoning("r".into()), &mut out);
    }
    assert!(writer.held() > names + 50_000);
    writer.write(&json(0, "}"), &mut out);
    writer.write(&json(1, "}"), &mut out);
    writer.write(&Event::Stop(Stop::ToolCalls), &mut out);
    assert_eq!(writer.held(), names, "what was written waits no longer");
}

/// A row of numbers that looks random and is the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0.wrapping_shr(33).checked_rem(sides).unwrap()
    }
}

/// Events of an answer whose text, thoughts and pieces of calls come in any order.
fn shuffled(dice: &mut Dice) -> Vec<Event<'static>> {
    const PIECES: [&str; 4] = ["{\"a\":\"", "}\\\"{", "[\", \"b\":", "[{}]}"];
    let mut events = vec![start()];
    let mut left: Vec<(u32, usize)> = Vec::new();
    let mut calls = 0;
    for _ in 0..dice.roll(32) {
        let side = dice.roll(6);
        if side < 2 {
            let letter = char::from(b'a'.wrapping_add(u8::try_from(dice.roll(26)).unwrap()));
            let piece = letter.to_string().into();
            events.push(if side == 0 { Event::Text(piece) } else { Event::Reasoning(piece) });
        } else if side == 2 {
            events.push(Event::Text("".into()));
        } else if side == 3 {
            events.push(Event::ToolCall {
                index: calls,
                id: format!("c{calls}").into(),
                name: "f".into(),
            });
            left.push((calls, 0));
            calls = calls.saturating_add(1);
        } else if !left.is_empty() {
            let at = usize::try_from(dice.roll(left.len() as u64)).unwrap();
            let (index, piece) = &mut left[at];
            events.push(json(*index, PIECES[*piece]));
            *piece = piece.saturating_add(1);
            if *piece == PIECES.len() {
                left.remove(at);
            }
        }
    }
    events.extend([Event::Stop(Stop::End), Event::End]);
    events
}

/// What an answer says, with the pieces of each part joined and calls in order.
fn said(lines: &[String]) -> (String, Vec<String>) {
    let (mut prose, mut calls) = (String::new(), Vec::new());
    for line in lines {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        match kind {
            "text" | "reasoning" => prose.push_str(rest),
            "call" => calls.push(rest.to_owned()),
            "arguments" => {
                let (index, piece) = rest.split_once(' ').unwrap();
                calls[index.parse::<usize>().unwrap()].push_str(piece);
            }
            _ => {}
        }
    }
    (prose, calls)
}

#[test]
fn loses_nothing_however_calls_are_mixed() {
    let mut dice = Dice(7);
    for _ in 0..500 {
        let mut events = shuffled(&mut dice);
        let stream = write_stream(&events);
        // A call that never got an argument is read as one with none.
        let empty = |event: &Event<'_>| match event {
            Event::ToolCall { index, .. } => {
                let own =
                    |e: &Event<'_>| matches!(e, Event::Arguments { index: i, .. } if i == index);
                (!events.iter().any(own)).then_some(*index)
            }
            _ => None,
        };
        let bare: Vec<u32> = events.iter().filter_map(empty).collect();
        events.extend(bare.into_iter().map(|index| json(index, "{}")));
        let expected: Vec<String> = events.iter().map(line).collect();
        assert_eq!(said(&streamed(&stream)), said(&expected), "{stream}");
        nested(&stream);
    }
}

/// Checks that blocks are numbered in order and never open two at a time.
fn nested(stream: &str) {
    let (mut open, mut next) = (None, 0_u64);
    for event in stream.split("\n\n").filter(|event| event.contains("\"index\":")) {
        let data = parse(event.split_once("data: ").unwrap().1);
        let index = data.root().get("index").and_then(crate::json::Value::as_u64);
        if event.starts_with("event: content_block_start") {
            assert_eq!((open, index), (None, Some(next)), "{stream}");
            (open, next) = (index, next.saturating_add(1));
        } else {
            assert_eq!(open, index, "{stream}");
            open = open.filter(|_| !event.starts_with("event: content_block_stop"));
        }
    }
    assert_eq!(open, None, "{stream}");
}
