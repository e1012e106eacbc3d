//! The JSON reader and writer, beside serde_json: the same texts, the same values.
#![cfg(not(target_family = "wasm"))]
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Theirs;
use tradewind::json::{At, Document, Limits, VALUES_MAX, Value, Writer};

#[path = "support/beside.rs"]
mod beside;
#[path = "support/texts.rs"]
mod texts;

use beside::{DEPTH, UNREAD, one_verdict, same};
use texts::wrong_texts;

/// Every value under `value` (and itself) reads alone as it does in its place, and its span is
/// where its raw text stands.
fn stands_alone(text: &str, value: Value<'_>) -> bool {
    let alone: Option<Theirs> = serde_json::from_str(value.raw()).ok();
    text.get(value.span()) == Some(value.raw())
        && alone.is_some_and(|theirs| same(value, &theirs))
        && value.items().all(|item| stands_alone(text, item))
        && value.members().all(|(_, member)| stands_alone(text, member))
}

fn agree(bytes: &[u8]) -> Result<(), TestCaseError> {
    beside::agree(bytes).map_err(TestCaseError::fail)
}

fn value() -> impl Strategy<Value = Theirs> {
    let leaf = prop_oneof![
        Just(Theirs::Null),
        any::<bool>().prop_map(Theirs::from),
        any::<u64>().prop_map(Theirs::from),
        any::<i64>().prop_map(Theirs::from),
        any::<f64>().prop_map(Theirs::from),
        any::<String>().prop_map(Theirs::from),
        "[a-z\"\\\\\n\t\u{0}-\u{1f}é😀]{0,40}".prop_map(Theirs::from),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Theirs::from),
            prop::collection::vec(("[a-c\"\\\\é]{0,2}", inner), 0..8)
                .prop_map(|members| Theirs::Object(members.into_iter().collect())),
        ]
    })
}

/// Texts made of JSON's own pieces: far more of them are nearly JSON than of arbitrary bytes.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\"a\"",
        b"\"a\":",
        b"\\",
        b"\\u",
        b"\\n",
        b"\\ud83d",
        b"\\udE00",
        b"00e9",
        b"true",
        b"false",
        b"null",
        b"nul",
        b"-",
        b"0",
        b"1",
        b"12",
        b".",
        b"e",
        b"E+",
        b" ",
        b"\n",
        b"\r\n\t",
        b"/",
        b"\x0b",
        b"\x7f",
        b"\xC3\xA9",
        b"\xF0\x9F\x98\x80",
        b"\xC3",
        b"\xED\xA0\x80",
        b"\xEF\xBB\xBF",
        b"\0",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: 1024, ..ProptestConfig::default()
    })]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        agree(&bytes)?;
    }

    #[test]
    fn nearly_json(bytes in pieces()) {
        agree(&bytes)?;
        agree(&[b"\"".as_slice(), &bytes, b"\""].concat())?;
        agree(&[b"[0,".as_slice(), &bytes, b"]"].concat())?;
    }

    #[test]
    fn mutated_json(value in value(), pretty: bool, at: Index, cut in 0..3_usize, put in pieces()) {
        let write = if pretty { serde_json::to_vec_pretty } else { serde_json::to_vec };
        let mut bytes = write(&value).unwrap();
        let at = at.index(bytes.len());
        let end = (at.saturating_add(cut)).min(bytes.len());
        bytes.splice(at..end, put.into_iter().take(4));
        agree(&bytes)?;
    }

    #[test]
    fn values_and_their_spans(value in value(), pretty: bool) {
        let write = if pretty { serde_json::to_string_pretty } else { serde_json::to_string };
        let text = write(&value).unwrap();
        let document = Document::parse(text.as_bytes(), DEPTH).unwrap();
        prop_assert!(same(document.root(), &value), "{}", text);
        prop_assert!(stands_alone(&text, document.root()), "{}", text);
    }

    #[test]
    fn what_nobody_reads_is_as_well_formed(
        value in value(), pretty: bool, key in "[uéx]", at: Index, put in pieces(),
    ) {
        let write = if pretty { serde_json::to_string_pretty } else { serde_json::to_string };
        let (own, inner) = (write(&value).unwrap(), write(&value).unwrap());
        let text = format!(r#"{{"a":[{{"b":0, "{key}" : {own} ,"c":[{inner}]}}],"d":{inner}}}"#);
        let document = Document::parse(text.as_bytes(), UNREAD).unwrap();
        let root = document.root();
        let item = root.get("a").unwrap().items().next().unwrap();
        let unread = item.get(&key).unwrap();
        prop_assert_eq!(unread.raw(), own.as_str());
        if key == "x" {
            prop_assert_eq!(unread.items().count(), value.as_array().map_or(0, Vec::len));
        } else {
            prop_assert!(unread.items().next().is_none() && unread.members().next().is_none());
        }
        prop_assert_eq!(item.members().count(), 3);
        prop_assert_eq!(item.get("c").unwrap().items().next().unwrap().raw(), inner.as_str());
        prop_assert_eq!(root.get("d").unwrap().raw(), inner.as_str());
        let mut bytes = text.into_bytes();
        for end in 0..bytes.len() {
            prop_assert!(one_verdict(bytes.get(..end).unwrap_or_default()));
        }
        let at = at.index(bytes.len());
        bytes.splice(at..at, put);
        prop_assert!(one_verdict(&bytes));
    }

    #[test]
    fn what_is_written_is_read(value in value()) {
        let mut writer = Writer::new();
        write(&mut writer, &value);
        let text = writer.finish();
        agree(&text)?;
        let document = Document::parse(&text, DEPTH).unwrap();
        prop_assert!(same(document.root(), &value));
        prop_assert!(!text.contains(&b'\n'), "fits a line of a stream");
    }

    #[test]
    fn strings_of_any_length(
        plain in 0..80_usize, stop in "[\"\\\\\u{0}-\u{1f} é]", more: String,
    ) {
        let text = format!("{}{stop}{more}", "x".repeat(plain));
        let mut writer = Writer::new();
        writer.string(&text);
        let json = writer.finish();
        let document = Document::parse(&json, DEPTH).unwrap();
        prop_assert_eq!(document.root().as_str().unwrap(), text.as_str());
        prop_assert!(document.root().is(&text));
        let longer = format!("{text}.");
        prop_assert!(!document.root().is(&longer));
        // As it stands between quotes, it is refused where it needs an escape.
        agree(format!("\"{text}\"").as_bytes())?;
    }
}

fn write(writer: &mut Writer, value: &Theirs) {
    match value {
        Theirs::Null => writer.null(),
        Theirs::Bool(value) => writer.boolean(*value),
        Theirs::Number(number) => match number.as_u64() {
            Some(whole) => writer.number(whole),
            None => writer.raw(&number.to_string()),
        },
        Theirs::String(text) => writer.string(text),
        Theirs::Array(items) => writer.array(|w| items.iter().for_each(|item| write(w, item))),
        Theirs::Object(members) => writer.object(|w| {
            for (key, value) in members {
                write(w.key(key), value);
            }
        }),
    }
}

#[test]
fn errors_strings_and_numbers() {
    assert_eq!(wrong_texts(), [""; 0]);
}

#[test]
fn half_a_surrogate_pair_reads_as_the_replacement_character() {
    for (inside, value) in [
        (r"\ud83d", "\u{FFFD}"),
        (r"\ude00", "\u{FFFD}"),
        (r"a\uD83Db", "a\u{FFFD}b"),
        (r"\ud83d\n", "\u{FFFD}\n"),
        (r"\ud83d\u0041", "\u{FFFD}A"),
        (r"\ud83d\\ude00", "\u{FFFD}\\ude00"),
        (r"\ud83d\ud83d\ude00", "\u{FFFD}😀"),
        (r"\ude00\ud83d", "\u{FFFD}\u{FFFD}"),
        (r"\ud83dude00", "\u{FFFD}ude00"),
        (r"\ud83dé€😀", "\u{FFFD}é€😀"),
    ] {
        let text = format!("{{\"{inside}\":[\"{inside}\",7]}}");
        let document = Document::parse(text.as_bytes(), Limits::lenient()).unwrap();
        let list = document.root().get(value).unwrap();
        let first = list.items().next().unwrap();
        assert_eq!(first.as_str().unwrap(), value, "{inside}");
        assert!(first.is(value) && list.items().nth(1).unwrap().as_u64() == Some(7), "{inside}");
        assert!(Document::parse(text.as_bytes(), Limits::default()).is_err(), "{inside}");
    }
    for broken in [r#""\ud83d"#, r#""\ud83d\"#, r#""\ud83d\u12""#, r#""\ud8""#, r#""\ud83d\x""#] {
        assert!(Document::parse(broken.as_bytes(), Limits::lenient()).is_err(), "{broken}");
    }
}

#[test]
fn of_equal_keys_the_last_counts() {
    let text = br#"{"a":1,"\u0061":2,"b":null,"a":[3],"":4}"#;
    let document = Document::parse(text, DEPTH).unwrap();
    let root = document.root();
    let keys: Vec<_> = root.members().map(|(key, _)| key.into_owned()).collect();
    assert_eq!(keys, ["a", "a", "b", "a", ""]);
    assert_eq!(root.get("a").unwrap().raw(), "[3]");
    assert_eq!(root.get("").unwrap().as_u64(), Some(4));
    assert!(root.get("b").unwrap().is_null() && root.given("b").is_none());
    assert!(root.get("c").is_none() && root.str_of("a").is_none());
    assert!(root.get("a").unwrap().get("a").is_none(), "an array has no members");
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let of =
            |depth: usize| format!("{}0{}", open.repeat(depth), close.repeat(depth)).into_bytes();
        let limits = Limits { depth: 64, ..DEPTH };
        assert!(Document::parse(&of(64), limits).is_ok());
        let error = Document::parse(&of(65), limits).unwrap_err();
        assert_eq!((error.offset, error.expected), (64 * open.len(), "fewer levels of nesting"));
        // Far deeper than a stack would bear.
        assert!(Document::parse(&of(1_000_000), limits).is_err());
        assert!(Document::parse(open.repeat(1_000_000).as_bytes(), limits).is_err());
        assert!(Document::parse(&of(50_000), Limits { depth: u32::MAX, ..DEPTH }).is_ok());
    }
    let of = |values: usize| format!("[{}0]", "0,".repeat(values - 2)).into_bytes();
    let most = usize::try_from(VALUES_MAX).unwrap();
    assert!(Document::parse(&of(most), DEPTH).is_ok());
    let error = Document::parse(&of(most + 1), DEPTH).unwrap_err();
    assert_eq!((error.offset, error.expected), (2 * most - 1, "fewer values"));
    // Of what nobody reads the number does not count, the depth does.
    let many = [&br#"{"u":"#[..], &of(4 * most), br#","a":7}"#].concat();
    assert_eq!(Document::parse(&many, DEPTH).unwrap_err().expected, "fewer values");
    let document = Document::parse(&many, UNREAD).unwrap();
    assert_eq!(document.root().get("a").unwrap().as_u64(), Some(7));
    for (depth, fits) in [(126, true), (127, false)] {
        let deep = format!(r#"{{"u":{}0{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(Document::parse(deep.as_bytes(), UNREAD).is_ok(), fits);
    }
    let behind = [&br#"{"u":[[]],"a":"#[..], &of(most), b"}"].concat();
    assert_eq!(Document::parse(&behind, UNREAD).unwrap_err().expected, "fewer values");
}

#[test]
fn large_bodies() {
    let text = "Grüße, \\\"quoted\\\"\\n".repeat(200_000);
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#);
    assert!(body.len() > 4_000_000);
    let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
    let message = document.root().get("messages").unwrap().items().next().unwrap();
    let read = message.str_of("content").unwrap();
    assert_eq!(read, "Grüße, \"quoted\"\n".repeat(200_000));
    let many = format!("[{}0]", r#"{"role":"user"},"#.repeat(100_000));
    let document = Document::parse(many.as_bytes(), Limits::default()).unwrap();
    assert_eq!(document.root().items().count(), 100_001);
}

#[test]
fn paths() {
    let root = At::Root;
    let messages = root.key("messages");
    let item = messages.item(2);
    let content = item.key("content");
    for (at, shown) in [
        (root, ""),
        (messages, "messages"),
        (item, "messages[2]"),
        (content, "messages[2].content"),
        (content.item(0).key("text"), "messages[2].content[0].text"),
        (root.item(0), "[0]"),
    ] {
        assert_eq!(at.to_string(), shown);
    }
}

#[test]
fn the_writer_sets_commas() {
    let mut writer = Writer::after(b"data: ".to_vec());
    writer.object(|w| {
        w.key("a").array(|w| {
            w.null();
            w.object(|_| {});
            w.array(|_| {});
            w.number(u64::MAX);
        });
        w.key("\"").raw("1e5");
        w.key("c").boolean(true);
        w.key("d").string("\u{7f}\u{1}/");
    });
    let expected = "data: {\"a\":[null,{},[],18446744073709551615],\"\\\"\":1e5,\"c\":true,\
                    \"d\":\"\u{7f}\\u0001/\"}";
    assert_eq!(String::from_utf8(writer.finish()).unwrap(), expected);
}
