//! Server-sent events: the cases of the standard, and any stream cut anywhere.
#![cfg(not(target_family = "wasm"))]
use proptest::prelude::*;
use tradewind::dialect::sse::{self, EVENT_BYTES_MAX, Parser, TooLong};

#[path = "support/streams.rs"]
mod streams;

use streams::{read, wrong_cases};

#[test]
fn every_case_at_every_split() {
    assert_eq!(wrong_cases(), [""; 0]);
}

#[test]
fn an_event_comes_with_the_byte_that_ends_it() {
    for (stream, carried) in [
        (b"data: 1\n\ndata: 2".as_slice(), b"data: 2".as_slice()),
        (b"data: 1\r\n\r", b""),
        (b"data: 1\r\r", b""),
        (b"data: 1\r\n\r\n:", b":"),
    ] {
        let (mut parser, mut seen) = (Parser::default(), 0);
        parser.push(stream, |block, _| seen += usize::from(block.event().is_some())).unwrap();
        assert_eq!((seen, parser.carried()), (1, carried), "{}", stream.escape_ascii());
    }
}

#[test]
fn a_whole_event_is_borrowed_from_its_chunk() {
    let chunk = b"data: a\n\ndata: b\n\n";
    let mut parser = Parser::default();
    parser
        .push(chunk, |block, raw| {
            assert!(chunk.as_ptr_range().contains(&raw.as_ptr()));
            assert!(chunk.as_ptr_range().contains(&block.event().unwrap().data.as_ptr()));
        })
        .unwrap();
}

/// What stands in an event's data is found in the event's bytes, however these are laid out.
#[test]
fn a_part_of_the_data_is_found_in_the_bytes() {
    for stream in [
        "data: {\"model\": \"m\" }\n\n",
        "data:{\"model\":\"m\"}\r\n\r\n",
        "\u{FEFF}event: a\rid: 1\r: \"m\"\rdata: {\"model\":\"m\"}\r\r",
        "data: {\"id\":\"\u{1F600}\",\n: \"m\"\ndata: \"model\":\ndata:\ndata:  \"m\",\ndata: \"n\":1}\n\n",
    ] {
        let mut found = 0;
        let mut parser = Parser::default();
        parser
            .push(stream.as_bytes(), |block, raw| {
                let data = block.event().unwrap().data;
                let at = data.find("\"m\"").unwrap();
                let place = sse::place(raw, &data, at..at + 3).unwrap();
                assert_eq!(raw.get(place.clone()), Some(b"\"m\"".as_slice()), "{stream}");
                assert_eq!(raw.get(place.end), data.as_bytes().get(at + 3), "{stream}");
                found += 1;
            })
            .unwrap();
        assert_eq!(found, 1, "{stream}");
    }
    for part in [0..4, 2..9, 9..10] {
        assert_eq!(sse::place(b"data: ab\ndata: c\n\n", "ab\nc", part), None);
    }
    assert_eq!(sse::place(b"data: \xFFa\n\n", "\u{FFFD}a", 3..4), None);
}

#[test]
fn an_event_has_a_longest_length() {
    let of = |length: usize| [b"data: ".as_slice(), &vec![b'x'; length - 8], b"\n\n"].concat();
    for chunk in [1 << 16, usize::MAX] {
        let longest = of(EVENT_BYTES_MAX);
        let twice = [longest.as_slice(), &longest].concat();
        assert_eq!(read(twice.chunks(chunk)).unwrap().0.len(), 2);
        let longer = of(EVENT_BYTES_MAX + 1);
        assert_eq!(read(longer.chunks(chunk)), Err(TooLong));
    }
    let mut parser = Parser::default();
    assert!(parser.push(&of(EVENT_BYTES_MAX + 1), |_, _| panic!("not an event")).is_err());
    assert!(parser.push(b"data: a\n\n", |_, _| panic!("not an event")).is_err(), "and stays so");
    assert_eq!(parser.carried(), b"");
}

#[test]
fn a_stream_that_is_passed_through_may_have_longer_ones() {
    let long = [b"data: ".as_slice(), &vec![b'x'; EVENT_BYTES_MAX], b"\r\n\r\n"].concat();
    let stream = [b"data: a\n\n", long.as_slice(), &long, b"data: b\n\n", &long].concat();
    for chunk in [1 << 10, (1 << 16) + 1, EVENT_BYTES_MAX, usize::MAX] {
        let (mut parser, mut events, mut raw) = (Parser::default(), Vec::new(), Vec::new());
        parser.pass_long();
        for chunk in stream.chunks(chunk) {
            let each = |block: sse::Block<'_>, bytes: &[u8]| {
                assert!(!bytes.is_empty());
                raw.extend_from_slice(bytes);
                events.extend(block.event().map(|event| event.data.into_owned()));
            };
            parser.push(chunk, each).unwrap();
            assert!(parser.carried().len() <= EVENT_BYTES_MAX);
        }
        assert!(raw == stream, "every byte, once and in order, in chunks of {chunk}");
        assert_eq!(events, ["a", "b"], "in chunks of {chunk}");
        assert!(!parser.passes_long());
    }
    for error in ["event: error\ndata: ", "data: {\"error\": "] {
        let (mut parser, long) = (Parser::default(), [error.as_bytes(), &long].concat());
        parser.pass_long();
        let pushed: Result<(), _> =
            long.chunks(1 << 16).try_for_each(|chunk| parser.push(chunk, |_, _| panic!("{error}")));
        assert_eq!(pushed, Err(TooLong), "a failure is not handed on");
    }
    let mut parser = Parser::default();
    parser.pass_long();
    parser.push(&long[..long.len() - 2], |_, _| ()).unwrap();
    assert!(parser.passes_long(), "until its end has come");
}

/// Streams made of the pieces that matter.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(b"\n".to_vec()),
        3 => Just(b"\r".to_vec()),
        3 => Just(b"\r\n".to_vec()),
        4 => Just(b"data:".to_vec()),
        2 => Just(b"event: ".to_vec()),
        1 => Just(b"\xEF\xBB\xBF".to_vec()),
        1 => Just(b":".to_vec()),
        3 => "[a-z é😀]{0,6}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chunking_reads_the_same(
        stream in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let whole = read([stream.as_slice()]).unwrap();
        prop_assert_eq!(&whole.1, &stream);
        let most = stream.len().saturating_add(1);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(most)).collect();
        cuts.sort_unstable();
        let mut from = 0;
        let mut chunks: Vec<&[u8]> = Vec::new();
        for cut in cuts.into_iter().chain([stream.len()]) {
            chunks.push(&stream[from..cut]);
            from = cut;
        }
        prop_assert_eq!(read(chunks).unwrap(), whole);
    }

    #[test]
    fn what_is_written_is_read(
        events in prop::collection::vec(("[a-z_.]{0,9}", "[^\r\n]{0,20}"), 0..9),
        end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
    ) {
        let mut stream = String::new();
        for (name, data) in &events {
            stream += &format!("event: {name}{end}data: {data}{end}{end}");
        }
        prop_assert_eq!(read(stream.as_bytes().chunks(7)).unwrap().0, events);
    }
}

/// However a server cuts it: what begins as a failure is never handed on as it is.
#[test]
fn a_long_error_is_refused_wherever_its_first_bytes_end() {
    for start in ["event: error\ndata: {\"message\":\"", "data: {\"error\":{\"message\":\""] {
        for cut in 0..start.len() {
            let (first, second) = start.split_at(cut);
            let mut parser = Parser::default();
            parser.pass_long();
            parser.push(first.as_bytes(), |_, _| ()).unwrap();
            let mut handed = 0_usize;
            let rest = [second.as_bytes(), &vec![b'x'; 300 << 10]].concat();
            let pushed = parser.push(&rest, |_, raw| handed += raw.len());
            assert_eq!((pushed, handed), (Err(TooLong), 0), "{first}");
        }
    }
}
