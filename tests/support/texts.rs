//! Texts that are JSON or not, for the native and the wasm test: pointers of 32 bits read the same.
use tradewind::json::{Document, Limits, Syntax};

/// A text, where it goes wrong (offset, line, column) and what was expected there.
type Wrong = (&'static [u8], usize, usize, usize, &'static str);

const WRONG: &[Wrong] = &[
    (b"", 0, 1, 1, "a value"),
    (b" \n ", 3, 2, 2, "a value"),
    (b"\xEF\xBB\xBF{}", 0, 1, 1, "a value"),
    (b"nul", 0, 1, 1, "a value"),
    (b"[1,\n 2,\n x]", 9, 3, 2, "a value"),
    (b"[1,]", 3, 1, 4, "a value"),
    (b"[1 2]", 3, 1, 4, "`,` or `]`"),
    (b"[,]", 1, 1, 2, "a value"),
    (b"[1}", 2, 1, 3, "`,` or `]`"),
    (b"[", 1, 1, 2, "a value"),
    (b"{\"a\":1", 6, 1, 7, "`,` or `}`"),
    (b"{\"a\":1]", 6, 1, 7, "`,` or `}`"),
    (b"{\"a\":1,}", 7, 1, 8, "a key in double quotes"),
    (b"{a:1}", 1, 1, 2, "a key in double quotes"),
    (b"{\"a\" 1}", 5, 1, 6, "`:`"),
    (b"{\"a\"}", 4, 1, 5, "`:`"),
    (b"{\"a\":}", 5, 1, 6, "a value"),
    (b"{} {}", 3, 1, 4, "the end of the text"),
    (b"01", 1, 1, 2, "the end of the text"),
    (b"-", 1, 1, 2, "a digit"),
    (b"-x", 1, 1, 2, "a digit"),
    (b"1.", 2, 1, 3, "a digit"),
    (b"1.e3", 2, 1, 3, "a digit"),
    (b"1e+", 3, 1, 4, "a digit"),
    (b".5", 0, 1, 1, "a value"),
    (b"+1", 0, 1, 1, "a value"),
    (b"NaN", 0, 1, 1, "a value"),
    (b"'a'", 0, 1, 1, "a value"),
    (b"\"a", 2, 1, 3, "the string's closing quote"),
    (b"\"a\\", 2, 1, 3, "a known escape"),
    (b"\"a\nb\"", 2, 1, 3, "no control character inside a string"),
    (b"\"12345678\x00\"", 9, 1, 10, "no control character inside a string"),
    (b"\"\\x\"", 1, 1, 2, "a known escape"),
    (b"\"\\u12G4\"", 1, 1, 2, "four hexadecimal digits after `\\u`"),
    (b"\"\\u+123\"", 1, 1, 2, "four hexadecimal digits after `\\u`"),
    (b"\"\\ud83d\"", 7, 1, 8, "the second half of a surrogate pair"),
    (b"\"\\ud83d\\u0041\"", 7, 1, 8, "the second half of a surrogate pair"),
    (b"\"\\ude00\"", 1, 1, 2, "no lone surrogate"),
    (b"{\"a\":\n\"\xFF\"}", 7, 2, 2, "valid UTF-8"),
];

/// A string as JSON, and its value.
const STRINGS: &[(&str, &str)] = &[
    (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
    (r#""\u0041\u00e9\u20AC\ud83d\uDE00.""#, "Aé€😀."),
    (r#""\uD800\uDC00\uDBFF\uDFFF""#, "\u{10000}\u{10FFFF}"),
    (r#""\u0000\u001f""#, "\0\u{1f}"),
    (r#""\\u0041""#, "\\u0041"),
    (r#""é\\""#, "é\\"),
];

/// A number, its value as a whole number, and as a double.
type Number = (&'static str, Option<u64>, Option<f64>);

const NUMBERS: &[Number] = &[
    ("0", Some(0), Some(0.0)),
    ("-0", None, Some(0.0)),
    ("1.0", None, Some(1.0)),
    ("1e2", None, Some(100.0)),
    ("-3", None, Some(-3.0)),
    ("18446744073709551615", Some(u64::MAX), Some(18_446_744_073_709_551_615.0)),
    ("18446744073709551616", None, Some(18_446_744_073_709_551_616.0)),
    ("1e308", None, Some(1e308)),
    ("1e309", None, None),
    ("1e-999", None, Some(0.0)),
    ("\"1\"", None, None),
];

/// What does not read as the tables say.
pub(crate) fn wrong_texts() -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |good: bool, what: String| {
        if !good {
            wrong.push(what);
        }
    };
    for (text, offset, line, column, expected) in WRONG {
        let (offset, line, column) = (*offset, *line, *column);
        let syntax = Syntax { offset, line, column, expected };
        let error = Document::parse(text, Limits::default()).err();
        let shown = format!("at line {line} column {column} (byte {offset})");
        let said = error.as_ref().is_some_and(|error| error.to_string().ends_with(&shown));
        check(said && error.as_ref() == Some(&syntax), format!("{}", text.escape_ascii()));
    }
    for (json, text) in STRINGS {
        let document = Document::parse(json.as_bytes(), Limits::default());
        let root = document.as_ref().map(Document::root);
        let read = root.is_ok_and(|root| {
            root.as_str().as_deref() == Some(text) && root.is(text) && !root.is("other")
        });
        check(read, (*json).to_owned());
    }
    for (text, whole, double) in NUMBERS {
        let document = Document::parse(text.as_bytes(), Limits::default());
        let root = document.as_ref().map(Document::root);
        let read = root.is_ok_and(|root| {
            root.as_u64() == *whole && root.as_f64() == *double && root.raw() == *text
        });
        check(read, (*text).to_owned());
    }
    wrong
}
