//! Server-sent events: the cases of the standard, and any stream cut anywhere.
#![cfg(not(target_family = "wasm"))]
use proptest::prelude::*;
use tradewind::dialect::sse::{EVENT_BYTES_MAX, Parser, TooLong};

/// The events of a stream, as name and data, and its raw bytes put together again.
type Read = (Vec<(String, String)>, Vec<u8>);

fn read<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Result<Read, TooLong> {
    let mut parser = Parser::default();
    let (mut events, mut raw) = (Vec::new(), Vec::new());
    let mut each = |event: Option<tradewind::dialect::sse::Event<'_>>, bytes: &[u8]| {
        assert!(!bytes.is_empty(), "nothing is handed on for no bytes");
        raw.extend_from_slice(bytes);
        events.extend(event.map(|e| (e.name.to_owned(), e.data.into_owned())));
    };
    for chunk in chunks {
        parser.push(chunk, &mut each)?;
    }
    parser.finish(&mut each);
    assert_eq!(parser.carried(), b"", "nothing is left after the end");
    Ok((events, raw))
}

/// A name, a stream, and the events in it.
type Case = (&'static str, &'static [u8], &'static [(&'static str, &'static str)]);

const CASES: &[Case] = &[
    ("one event", b"data: a\n\n", &[("", "a")]),
    ("named", b"event: ping\ndata: {}\n\n", &[("ping", "{}")]),
    ("name after data", b"data: {}\nevent: ping\n\n", &[("ping", "{}")]),
    ("the last name counts", b"event: a\nevent: b\ndata: 1\n\n", &[("b", "1")]),
    ("a name is not inherited", b"event: a\ndata: 1\n\ndata: 2\n\n", &[("a", "1"), ("", "2")]),
    ("a name without data", b"event: a\n\ndata: 2\n\n", &[("", "2")]),
    ("CRLF", b"event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", &[("a", "1"), ("", "2")]),
    ("CR", b"event: a\rdata: 1\r\rdata: 2\r\r", &[("a", "1"), ("", "2")]),
    (
        "line ends mixed",
        b"data: 1\r\n\ndata: 2\n\r\ndata: 3\r\n\r",
        &[("", "1"), ("", "2"), ("", "3")],
    ),
    ("CR, then a line feed of its own", b"data: 1\r\r\n\ndata: 2\n\n", &[("", "1"), ("", "2")]),
    ("data over lines", b"data: a\ndata: b\n\n", &[("", "a\nb")]),
    ("data over CRLF lines", b"data: a\r\ndata:\r\ndata: c\r\n\r\n", &[("", "a\n\nc")]),
    ("empty data", b"data:\n\n", &[("", "")]),
    ("a field without a colon", b"data\n\n", &[("", "")]),
    ("two of them", b"data\ndata\n\n", &[("", "\n")]),
    ("no space", b"data:a\n\n", &[("", "a")]),
    ("one space goes", b"data:  a \n\n", &[("", " a ")]),
    ("colons in the value", b"data: a: b\n\n", &[("", "a: b")]),
    ("a comment", b": hello\n\ndata: a\n\n", &[("", "a")]),
    ("a comment inside", b"data: a\n: hello\ndata: b\n\n", &[("", "a\nb")]),
    ("OpenRouter's comment", b": OPENROUTER PROCESSING\n\ndata: a\n\n", &[("", "a")]),
    ("other fields", b"id: 7\nretry: 10\nx: y\nData: no\ndata: a\n\n", &[("", "a")]),
    ("a space before the name", b" data: no\ndata: a\n\n", &[("", "a")]),
    ("blank lines", b"\n\n\ndata: a\n\n\n\n", &[("", "a")]),
    ("blank CRLF lines", b"\r\n\r\ndata: a\r\n\r\n\r\n", &[("", "a")]),
    ("a byte order mark", b"\xEF\xBB\xBFdata: a\n\n", &[("", "a")]),
    ("a mark, then blank", b"\xEF\xBB\xBF\n\ndata: a\n\n", &[("", "a")]),
    ("a mark later is none", b"data: a\n\n\xEF\xBB\xBFdata: b\n\n", &[("", "a")]),
    ("a mark in data stays", b"data: \xEF\xBB\xBFa\n\n", &[("", "\u{FEFF}a")]),
    ("no last blank line", b"data: a\n\ndata: [DONE]\n", &[("", "a"), ("", "[DONE]")]),
    ("no last line end", b"data: a\n\ndata: [DONE]", &[("", "a"), ("", "[DONE]")]),
    ("no data at the end", b"data: a\n\nevent: stop\n", &[("", "a")]),
    ("two to four bytes", "data: é€😀\n\n".as_bytes(), &[("", "é€😀")]),
    ("not UTF-8", b"data: a\xFF\xC3\n\ndata: b\n\n", &[("", "a\u{FFFD}\u{FFFD}"), ("", "b")]),
    ("a name that is not UTF-8", b"event: \xFF\ndata: b\n\n", &[("\u{FFFD}", "b")]),
    ("a nul", b"data: \0\n\n", &[("", "\0")]),
    ("nothing", b"", &[]),
];

#[test]
fn every_case_at_every_split() {
    for (name, stream, expected) in CASES {
        let expected: Vec<_> =
            expected.iter().map(|(n, d)| ((*n).to_owned(), (*d).to_owned())).collect();
        let expected = Ok((expected, stream.to_vec()));
        assert_eq!(read([*stream]), expected, "{name}");
        assert_eq!(read(stream.chunks(1)), expected, "{name}, byte by byte");
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let chunks = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(read(chunks), expected, "{name}, cut at {first} and {second}");
            }
        }
    }
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
        parser.push(stream, |event, _| seen += usize::from(event.is_some())).unwrap();
        assert_eq!((seen, parser.carried()), (1, carried), "{}", stream.escape_ascii());
    }
}

#[test]
fn a_whole_event_is_borrowed_from_its_chunk() {
    let chunk = b"data: a\n\ndata: b\n\n";
    let mut parser = Parser::default();
    parser
        .push(chunk, |event, raw| {
            assert!(chunk.as_ptr_range().contains(&raw.as_ptr()));
            assert!(chunk.as_ptr_range().contains(&event.unwrap().data.as_ptr()));
        })
        .unwrap();
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
