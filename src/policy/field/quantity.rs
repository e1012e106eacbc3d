//! Durations and byte sizes, as people write them.
use super::super::document::Content;
use super::section::shape::{Defaults, Kind, Quantity, Read, Shape, Text};
use super::spot::Spot;
use super::words::shown;

/// Units of time in milliseconds.
const DURATIONS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

/// Units of size in bytes.
const SIZES: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// A duration, read in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Duration {
    /// The least that it may be, in milliseconds.
    pub(in super::super) least: u64,
    /// The most that it may be, in milliseconds.
    pub(in super::super) most: u64,
}

impl Read for Duration {
    type Value = u64;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<u64> {
        let what = "a duration such as `20s`, `1500ms` or `2m`";
        let text = spot.text(what)?;
        let Some(duration) = measure(text, &DURATIONS) else {
            spot.problem(format!("expected {what}, found `{}`", shown(text)));
            return None;
        };
        if (self.least..=self.most).contains(&duration) {
            return Some(duration);
        }
        spot.problem(format!("expected a duration from {}, found `{}`", self.range(), shown(text)));
        None
    }
}

impl Duration {
    fn range(self) -> String {
        format!("{} to {}", written(self.least, &DURATIONS), written(self.most, &DURATIONS))
    }
}

impl Kind for Duration {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a duration",
            pattern: "^[0-9]+(ms|s|m|h)$",
            quantity: Some(Quantity { units: &DURATIONS, least: self.least, most: self.most }),
            range: self.range(),
            example: "20s",
            ..Text::default()
        })
    }
}

impl Defaults for Duration {
    type Literal = u64;

    fn json(&self, literal: u64) -> String {
        format!("\"{}\"", written(literal, &DURATIONS))
    }
}

/// A size: a whole number of bytes, or one with a unit.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Bytes {
    /// The least that it may be, in bytes.
    pub(in super::super) least: u64,
    /// The most that it may be, in bytes.
    pub(in super::super) most: u64,
}

impl Read for Bytes {
    type Value = u64;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<u64> {
        let what = "a whole number of bytes or a size such as `4MiB`";
        let (text, size) = match &spot.node.content {
            Content::Number(text) => (text, text.parse().ok()),
            Content::Text(text) => (text, byte_size(text)),
            _ => {
                spot.expected(what);
                return None;
            }
        };
        let Some(size) = size else {
            spot.problem(format!("expected {what}, found `{}`", shown(text)));
            return None;
        };
        if (self.least..=self.most).contains(&size) {
            return Some(size);
        }
        spot.problem(format!("expected {}, found `{}`", self.range(), shown(text)));
        None
    }
}

impl Bytes {
    fn range(self) -> String {
        let size = |bytes| match bytes {
            1 => "1 byte".to_owned(),
            _ => written(bytes, &SIZES),
        };
        format!("{} to {}", size(self.least), size(self.most))
    }
}

impl Kind for Bytes {
    fn shape(&self) -> Shape {
        Shape::Either(vec![
            Shape::Whole { of: "bytes", least: self.least, most: self.most },
            Shape::Text(Text {
                what: "a size",
                pattern: "^[0-9]+(KiB|MiB|GiB|KB|MB|GB|B)$",
                quantity: Some(Quantity { units: &SIZES, least: self.least, most: self.most }),
                range: self.range(),
                example: "4MiB",
                ..Text::default()
            }),
        ])
    }
}

impl Defaults for Bytes {
    type Literal = u64;

    fn json(&self, literal: u64) -> String {
        format!("\"{}\"", written(literal, &SIZES))
    }
}

/// A byte size with a unit, such as `4MiB`; `None` for anything else, and for one over 2^64.
#[must_use]
pub fn byte_size(text: &str) -> Option<u64> {
    measure(text, &SIZES)
}

/// Digits and a unit; the first unit that fits counts.
fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = |unit: &str| {
        let digits = text.strip_suffix(unit)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
    };
    let (digits, factor) =
        units.iter().find_map(|(unit, factor)| Some((digits(unit)?, *factor)))?;
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// The shortest exact way to write it: in the largest unit of which it is a whole number.
fn written(value: u64, units: &[(&str, u64)]) -> String {
    let whole = |factor: u64| value.checked_rem(factor) == Some(0);
    let largest = units.iter().filter(|(_, factor)| whole(*factor)).max_by_key(|unit| unit.1);
    let (unit, factor) = largest.copied().unwrap_or(("", 1));
    format!("{}{unit}", value.checked_div(factor).unwrap_or(value))
}
