//! Counts of tokens as providers write them: `20`, `20.0`, `2e1` and `"20"` are the same.
use crate::json::{Kind, Value, number};

/// Reads the counts of one report of usage.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Something stood where a count was expected, and was no count: a negative number, a fraction,
    /// a word. The report as a whole cannot be believed then.
    pub(super) garbled: bool,
}

impl Counts {
    /// A member that is a count; `None` where the member is missing or cannot be read as one.
    pub(super) fn of(&mut self, object: Option<Value<'_>>, key: &str) -> Option<u64> {
        let value = object?.given(key)?;
        let read = match value.kind() {
            Kind::String => value.as_str().and_then(|text| digits(&text)),
            _ => number::whole(value),
        };
        self.garbled |= read.is_none();
        read
    }
}

/// Digits alone: what else Rust reads as a number, such as `+20`, is no count.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}
