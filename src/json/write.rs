//! JSON written straight into bytes: commas and quotes are the writer's, order is the caller's.
use std::io::Write as _;

use super::plain::plain_end;

/// Builds one JSON text.
///
/// The caller opens and closes containers in pairs; a text is complete when all are closed.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    /// The next item needs a comma before it.
    comma: bool,
}

impl Writer {
    /// An empty text.
    #[must_use]
    pub const fn new() -> Self {
        Self { out: Vec::new(), comma: false }
    }

    /// An empty text with space for so many bytes before it has to move.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self::after(Vec::with_capacity(bytes))
    }

    /// Goes on at the end of `out`.
    #[must_use]
    pub const fn after(out: Vec<u8>) -> Self {
        Self { out, comma: false }
    }

    /// The text so far.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    fn item(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = true;
    }

    fn open(&mut self, bracket: u8) {
        self.item();
        self.out.push(bracket);
        self.comma = false;
    }

    fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.comma = true;
    }

    /// `{ … }` as an item or as a key's value.
    pub fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.open(b'{');
        members(self);
        self.close(b'}');
    }

    /// `[ … ]` as an item or as a key's value.
    pub fn array(&mut self, items: impl FnOnce(&mut Self)) {
        self.open(b'[');
        items(self);
        self.close(b']');
    }

    /// A key; its value comes next.
    pub fn key(&mut self, key: &str) -> &mut Self {
        self.item();
        quote(key, &mut self.out);
        self.out.push(b':');
        self.comma = false;
        self
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.item();
        quote(text, &mut self.out);
    }

    /// One string of several parts, none of which is copied before.
    pub fn joined(&mut self, parts: &[&str]) {
        self.item();
        self.out.push(b'"');
        parts.iter().for_each(|part| escaped(part, &mut self.out));
        self.out.push(b'"');
    }

    /// A whole number.
    pub fn number(&mut self, number: u64) {
        self.item();
        // The last digit first, as long as there is more: what formats anything takes ten times as
        // long.
        let (mut digits, mut rest, mut count) = ([0_u8; 20], number, 0_usize);
        for digit in digits.iter_mut().rev() {
            *digit = u8::try_from(rest % 10).unwrap_or_default() | b'0';
            rest /= 10;
            count = count.saturating_add(1);
            if rest == 0 {
                break;
            }
        }
        let from = digits.len().saturating_sub(count);
        self.out.extend_from_slice(digits.get(from..).unwrap_or_default());
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// `null`.
    pub fn null(&mut self) {
        self.raw("null");
    }

    /// A text that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.item();
        self.out.extend_from_slice(json.as_bytes());
    }
}

/// Appends a string in quotes.
fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    escaped(text, out);
    out.push(b'"');
}

/// Appends the inside of a string.
fn escaped(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len().saturating_add(2));
    let bytes = text.as_bytes();
    let mut from = 0_usize;
    loop {
        let end = plain_end(bytes, from);
        out.extend_from_slice(bytes.get(from..end).unwrap_or_default());
        let Some(byte) = bytes.get(end) else { break };
        escape(*byte, out);
        from = end.saturating_add(1);
    }
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => {
            // Writing to bytes in memory does not fail.
            let _ = write!(out, "\\u{byte:04x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Document, Limits};

    #[test]
    fn a_number_is_written_with_all_its_digits() {
        for number in [0, 1, 9, 10, 99, 100, 1_700_000_000, u64::MAX / 10, u64::MAX] {
            let mut writer = Writer::new();
            writer.number(number);
            assert_eq!(writer.finish(), number.to_string().into_bytes());
        }
    }

    /// What needs an escape and what is more than a byte, at every place of every length up to a
    /// few times as much as is looked at together.
    #[test]
    fn a_string_is_read_as_it_was_written() {
        for length in 0..90 {
            for place in 0..=length {
                for odd in ["\"", "\\", "\n", "\u{1}", "\u{7F}", "\u{E9}", "\u{1F600}", " !#[]"] {
                    let text = format!("{}{odd}{}", "a".repeat(place), "z".repeat(length - place));
                    let mut writer = Writer::new();
                    writer.string(&text);
                    let json = writer.finish();
                    let document = Document::parse(&json, Limits::default()).unwrap();
                    assert_eq!(document.root().as_str().unwrap(), text);
                    assert!(document.root().is(&text));
                }
            }
        }
    }
}
