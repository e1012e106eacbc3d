//! One pass over the bytes: syntax checked, nodes noted, nothing copied.
use core::fmt;

use super::document::{Document, Kind, Node};
use super::text::{number_end, string_end};

/// What is read, and how much of it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most arrays and objects inside one another.
    pub depth: u32,
    /// Whether an escape may name half a surrogate pair (`"\ud83d"`), which is no character: it
    /// reads as U+FFFD. Providers cut characters in two when they cut an answer into pieces.
    pub lone_surrogates: bool,
    /// Names of members that nobody reads, whatever they hold. An array or object there, at any
    /// depth, is as well formed as any, and takes the place of one value: it has no items and no
    /// members, and its text is whole.
    pub unread: &'static [&'static str],
}

/// Most values of a text, keys included: 524,288, which take 8 MiB.
///
/// That is one for every 8 bytes of a body of 4 MiB. Without a bound, a body of `[0,0,0` would
/// take eight times its own size, and the memory of a wasm machine never shrinks.
pub const VALUES_MAX: u32 = 1 << 19;

impl Default for Limits {
    /// 128 levels, as most readers of JSON allow: tool schemas of real apps stay under 20.
    fn default() -> Self {
        Self { depth: 128, lone_surrogates: false, unread: &[] }
    }
}

impl Limits {
    /// Lenient limits, for provider responses.
    #[must_use]
    pub fn lenient() -> Self {
        Self { lone_surrogates: true, ..Self::default() }
    }
}

/// Why a text is not JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syntax {
    /// Byte offset of the first byte that does not fit.
    pub offset: usize,
    /// 1-based line of that byte.
    pub line: usize,
    /// 1-based column of that byte, in bytes.
    pub column: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected {} at line {} column {} (byte {})",
            self.expected, self.line, self.column, self.offset
        )
    }
}

impl<'a> Document<'a> {
    /// Reads a whole text.
    ///
    /// # Errors
    /// The first place where the text is not JSON, is not UTF-8, is too deep, holds more than
    /// [`VALUES_MAX`] values beside those that nobody reads, or goes on after its value.
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, Syntax> {
        let text = simdutf8::basic::from_utf8(bytes).map_err(|_| {
            // Where the text is wrong is a question for the slower reader alone.
            let wrong = core::str::from_utf8(bytes).err();
            place(bytes, wrong.map_or(0, |error| error.valid_up_to()), "valid UTF-8")
        })?;
        if u32::try_from(bytes.len()).is_err() {
            return Err(place(bytes, 0, "less than 4 GiB"));
        }
        // Room for as many values as most texts of that length have, so that it seldom grows.
        let nodes = Vec::with_capacity((bytes.len() / 32).clamp(64, 1024));
        let mut scan = Scan { bytes, at: 0, nodes, unread: None, limits };
        match scan.document() {
            Ok(()) => Ok(Self { text, nodes: scan.nodes }),
            Err(expected) => Err(place(bytes, scan.at, expected)),
        }
    }
}

fn place(bytes: &[u8], offset: usize, expected: &'static str) -> Syntax {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let line = before.iter().filter(|b| **b == b'\n').count().saturating_add(1);
    let column = before.iter().rev().take_while(|b| **b != b'\n').count().saturating_add(1);
    Syntax { offset, line, column, expected }
}

/// An array or object that has not ended.
struct Open {
    object: bool,
    /// Its node's index; that of no node inside a value that nobody reads.
    index: usize,
    /// Nothing of it has come.
    empty: bool,
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Inside a value that nobody reads: how many arrays and objects there are around it.
    unread: Option<usize>,
    limits: Limits,
}

type Step<T = ()> = Result<T, &'static str>;

impl Scan<'_> {
    fn document(&mut self) -> Step {
        let mut open: Vec<Open> = Vec::new();
        self.space();
        self.value(&mut open, false)?;
        while let Some(last) = open.last_mut() {
            let (object, index) = (last.object, last.index);
            let empty = core::mem::replace(&mut last.empty, false);
            self.space();
            let close = if object { b'}' } else { b']' };
            match self.peek() {
                Some(b) if b == close => {
                    self.bump();
                    self.close(index);
                    open.pop();
                    self.unread = self.unread.filter(|around| *around != open.len());
                    continue;
                }
                Some(b',') if !empty => {
                    self.bump();
                    self.space();
                }
                _ if !empty => return Err(if object { "`,` or `}`" } else { "`,` or `]`" }),
                _ => {}
            }
            let unread = object && self.key()?;
            self.value(&mut open, unread)?;
        }
        self.space();
        if self.at == self.bytes.len() { Ok(()) } else { Err("the end of the text") }
    }

    /// Reads a value, of an array or object its beginning; `unread` when nobody reads it.
    fn value(&mut self, open: &mut Vec<Open>, unread: bool) -> Step {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b @ (b'{' | b'[')) => {
                let around = open.len();
                if around >= usize::try_from(self.limits.depth).unwrap_or(usize::MAX) {
                    return Err("fewer levels of nesting");
                }
                self.bump();
                let object = b == b'{';
                let index = if self.unread.is_some() { usize::MAX } else { self.nodes.len() };
                open.push(Open { object, index, empty: true });
                self.push(start, if object { Kind::Object } else { Kind::Array }, false)?;
                if unread {
                    self.unread = Some(around);
                }
                Ok(())
            }
            Some(b't') => self.word("true", Kind::True),
            Some(b'f') => self.word("false", Kind::False),
            Some(b'n') => self.word("null", Kind::Null),
            Some(b'-' | b'0'..=b'9') => match number_end(self.bytes, start) {
                Ok(end) => {
                    self.at = end;
                    self.push(start, Kind::Number, false)
                }
                Err(at) => {
                    self.at = at;
                    Err("a digit")
                }
            },
            _ => Err("a value"),
        }
    }

    /// Reads a key; gives whether nobody reads its value.
    fn key(&mut self) -> Step<bool> {
        if self.peek() != Some(b'"') {
            return Err("a key in double quotes");
        }
        let start = self.at.saturating_add(1);
        self.string()?;
        let name = self.bytes.get(start..self.at.saturating_sub(1)).unwrap_or_default();
        let unread = self.limits.unread.iter().any(|own| own.as_bytes() == name);
        self.space();
        if self.peek() != Some(b':') {
            return Err("`:`");
        }
        self.bump();
        self.space();
        Ok(unread && self.unread.is_none())
    }

    fn string(&mut self) -> Step {
        let start = self.at;
        match string_end(self.bytes, start.saturating_add(1), self.limits.lone_surrogates) {
            Ok((end, escaped)) => {
                self.at = end;
                self.push(start, Kind::String, escaped)
            }
            Err((at, expected)) => {
                self.at = at;
                Err(expected)
            }
        }
    }

    fn word(&mut self, word: &'static str, kind: Kind) -> Step {
        let start = self.at;
        let end = start.saturating_add(word.len());
        if self.bytes.get(start..end) != Some(word.as_bytes()) {
            return Err("a value");
        }
        self.at = end;
        self.push(start, kind, false)
    }

    fn push(&mut self, start: usize, kind: Kind, escaped: bool) -> Step {
        if self.unread.is_some() {
            return Ok(());
        }
        if narrow(self.nodes.len()) >= VALUES_MAX {
            self.at = start;
            return Err("fewer values");
        }
        let next = narrow(self.nodes.len().saturating_add(1));
        self.nodes.push(Node { start: narrow(start), end: narrow(self.at), next, kind, escaped });
        Ok(())
    }

    fn close(&mut self, index: usize) {
        let (next, end) = (narrow(self.nodes.len()), narrow(self.at));
        if let Some(node) = self.nodes.get_mut(index) {
            node.next = next;
            node.end = end;
        }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.bump();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn bump(&mut self) {
        self.at = self.at.saturating_add(1);
    }
}

/// Offsets and indices fit: the text is under 4 GiB and has at least as many bytes as nodes.
fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_named_where_they_stand() {
        for length in 0..150 {
            for wrong in [&b"\xFF"[..], b"\xC3(", b"\xED\xA0\x80", b"\xF0\x9F\x98"] {
                let mut json = vec![b'a'; length];
                json.extend_from_slice(wrong);
                json.extend_from_slice(&b"and so on, for a while, and then some"[..]);
                let syntax = Document::parse(&json, Limits::default()).unwrap_err();
                assert_eq!((syntax.offset, syntax.expected), (length, "valid UTF-8"));
            }
        }
    }
}
