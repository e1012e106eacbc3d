//! Durations and byte sizes, as people write them.
use core::ops::RangeInclusive;

use super::document::Content;
use super::names::shown;
use super::read::Spot;

const DURATIONS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

const SIZES: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

impl Spot<'_> {
    /// A duration within a range, in milliseconds.
    pub(super) fn duration(&self, range: RangeInclusive<u64>, bounds: &str) -> Option<u64> {
        let what = "a duration such as `20s`, `1500ms` or `2m`";
        let text = self.text(what)?;
        let Some(duration) = measure(text, &DURATIONS) else {
            self.problem(format!("expected {what}, found `{}`", shown(text)));
            return None;
        };
        self.within(text, duration, range, bounds)
    }

    /// A byte size within a range, in bytes: a whole number, or one with a unit.
    pub(super) fn bytes(&self, range: RangeInclusive<u64>, bounds: &str) -> Option<u64> {
        let what = "a whole number of bytes or a size such as `4MiB`";
        let (text, size) = match &self.node.content {
            Content::Number(text) => (text, text.parse().ok()),
            Content::Text(text) => (text, measure(text, &SIZES)),
            _ => {
                self.expected(what);
                return None;
            }
        };
        let Some(size) = size else {
            self.problem(format!("expected {what}, found `{}`", shown(text)));
            return None;
        };
        self.within(text, size, range, bounds)
    }

    fn within(
        &self,
        text: &str,
        value: u64,
        range: RangeInclusive<u64>,
        bounds: &str,
    ) -> Option<u64> {
        if range.contains(&value) {
            return Some(value);
        }
        self.problem(format!("expected {bounds}, found `{}`", shown(text)));
        None
    }
}

/// A byte size with a unit, such as `4MiB`; none for anything else, and for one over 2^64.
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
