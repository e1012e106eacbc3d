//! Numbers as JSON writes them: `20`, `20.0` and `2e1` are the same one.
use std::borrow::Cow;

use super::{Kind, Value};

/// No number of ours has as many digits, before the point or after it.
const DIGITS_MAX: usize = 64;

/// A number's digits without an exponent and without zeros at the end of a fraction; none for what
/// is no number, and for one of more digits than any that is meant.
#[must_use]
pub fn plain(value: Value<'_>) -> Option<Cow<'_, str>> {
    let raw = value.raw();
    if value.kind() != Kind::Number {
        return None;
    }
    if raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Cow::Borrowed(raw));
    }
    let (sign, rest) = raw.strip_prefix('-').map_or(("", raw), |rest| ("-", rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    if digits.len() > DIGITS_MAX {
        return None;
    }
    let exponent: i64 = exponent.parse().ok()?;
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
    if digits.bytes().all(|byte| byte == b'0') {
        return Some(Cow::Owned(format!("{sign}0")));
    }
    let before = usize::try_from(point).unwrap_or(0);
    let missing = usize::try_from(point.checked_neg()?).unwrap_or(0);
    if before > DIGITS_MAX || missing > DIGITS_MAX {
        return None;
    }
    digits.insert_str(0, &"0".repeat(missing));
    while digits.len() < before {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at_checked(before)?;
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    Some(Cow::Owned(match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }))
}

/// A number that is whole, from 0 to 2^64 - 1.
#[must_use]
pub fn whole(value: Value<'_>) -> Option<u64> {
    plain(value)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Document, Limits};

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        let table = [
            ("20", Some("20")),
            ("20.0", Some("20")),
            ("2e1", Some("20")),
            ("2E+1", Some("20")),
            ("0.2e2", Some("20")),
            ("200e-1", Some("20")),
            ("2.50", Some("2.5")),
            ("25e-1", Some("2.5")),
            ("1e-7", Some("0.0000001")),
            ("0.0", Some("0")),
            ("0e9999999", Some("0")),
            ("-0", Some("-0")),
            ("-2e1", Some("-20")),
            ("1e63", Some("1000000000000000000000000000000000000000000000000000000000000000")),
            ("1e64", None),
            ("1e-66", None),
            ("1e99999999999999999999", None),
            ("1e9223372036854775807", None),
            ("1e-9223372036854775808", None),
            ("\"20\"", None),
            ("true", None),
        ];
        for (text, expected) in table {
            let document = Document::parse(text.as_bytes(), Limits::default()).unwrap();
            assert_eq!(plain(document.root()).as_deref(), expected, "{text}");
        }
    }
}
