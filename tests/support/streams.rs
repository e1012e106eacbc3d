//! Streams of events and what is in them, for the native and the wasm test.
use tradewind::dialect::sse::{Block, Parser, TooLong};

/// The events of a stream, as name and data, and its raw bytes put together again.
pub(crate) type Read = (Vec<(String, String)>, Vec<u8>);

pub(crate) fn read<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Result<Read, TooLong> {
    let mut parser = Parser::default();
    let (mut events, mut raw) = (Vec::new(), Vec::new());
    let mut each = |block: Block<'_>, bytes: &[u8]| {
        assert!(!bytes.is_empty(), "nothing is handed on for no bytes");
        raw.extend_from_slice(bytes);
        events.extend(block.event().map(|e| (e.name.to_owned(), e.data.into_owned())));
    };
    for chunk in chunks {
        parser.push(chunk, &mut each)?;
    }
    parser.finish(&mut each);
    assert_eq!(parser.carried(), b"", "nothing is left after the end");
    Ok((events, raw))
}

/// A name, a stream, and the events in it.
pub(crate) type Case = (&'static str, &'static [u8], &'static [(&'static str, &'static str)]);

pub(crate) const CASES: &[Case] = &[
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

/// The cases that read differently whole, byte by byte, or cut at some two places.
pub(crate) fn wrong_cases() -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, stream, expected) in CASES {
        let expected = expected.iter().map(|(n, d)| ((*n).to_owned(), (*d).to_owned())).collect();
        let expected = Ok((expected, stream.to_vec()));
        let mut check = |chunks: &[&[u8]]| {
            let got = read(chunks.iter().copied());
            if got != expected {
                wrong.push(format!("{name}, in {chunks:?}: {got:?}"));
            }
        };
        check(&stream.chunks(1).collect::<Vec<_>>());
        for first in 0..=stream.len() {
            let (before, rest) = stream.split_at_checked(first).unwrap_or_default();
            for second in 0..=rest.len() {
                let (between, after) = rest.split_at_checked(second).unwrap_or_default();
                check(&[before, between, after]);
            }
        }
    }
    wrong
}
