//! What a scalar means in YAML 1.2's core schema (specification 1.2.2, section 10.3).
use saphyr_parser::{ScalarStyle, Tag};

use crate::policy::Content;

/// The value of a scalar.
///
/// # Errors
/// What is wrong, for a tag that is not of the core schema and for a number that JSON cannot say.
pub(super) fn content(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
) -> Result<Content, String> {
    match tag {
        None if style == ScalarStyle::Plain => plain(text),
        None => Ok(Content::Text(text.to_owned())),
        Some(tag) if tag.is_yaml_core_schema() => tagged(text, &tag.suffix),
        // The non-specific tag: a scalar is then a string.
        Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => {
            Ok(Content::Text(text.to_owned()))
        }
        Some(tag) => Err(unknown(tag)),
    }
}

/// Whether the tag of a list or an object is the one it has anyway.
pub(super) fn check_tag(tag: Option<&Tag>, own: &str) -> Result<(), String> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == own) => Err(unknown(tag)),
        _ => Ok(()),
    }
}

fn unknown(tag: &Tag) -> String {
    format!("the tag `{tag}` means nothing here; remove it")
}

fn tagged(text: &str, tag: &str) -> Result<Content, String> {
    if tag == "str" {
        return Ok(Content::Text(text.to_owned()));
    }
    let content = plain(text)?;
    let fits = match content {
        Content::Null => tag == "null",
        Content::Boolean(_) => tag == "bool",
        Content::Number(_) => matches!(tag, "int" | "float"),
        _ => false,
    };
    if fits { Ok(content) } else { Err(format!("`{text}` is no `!!{tag}`")) }
}

fn plain(text: &str) -> Result<Content, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Content::Null),
        "true" | "True" | "TRUE" => return Ok(Content::Boolean(true)),
        "false" | "False" | "FALSE" => return Ok(Content::Boolean(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let special = matches!(unsigned, ".inf" | ".Inf" | ".INF");
    if special || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(format!("expected a finite number, found `{text}`"));
    }
    let radix = match text.get(..2) {
        Some("0x") => radix(text, 16),
        Some("0o") => radix(text, 8),
        _ => None,
    };
    Ok(match radix.or_else(|| decimal(text)) {
        Some(number) => Content::Number(number),
        None => Content::Text(text.to_owned()),
    })
}

/// `0x1F` and `0o17` as decimal digits.
fn radix(text: &str, radix: u32) -> Option<String> {
    let digits = text.get(2..)?;
    if digits.starts_with('+') {
        return None;
    }
    Some(u128::from_str_radix(digits, radix).ok()?.to_string())
}

/// A decimal number as JSON writes it: digits on both sides of the point, no leading zeros.
fn decimal(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut number = String::with_capacity(text.len());
    if whole.is_empty() && fraction.is_none_or(str::is_empty) {
        return None;
    }
    if !digits(whole) || !fraction.is_none_or(digits) {
        return None;
    }
    number.push_str(if text.starts_with('-') { "-" } else { "" });
    let whole = whole.trim_start_matches('0');
    number.push_str(if whole.is_empty() { "0" } else { whole });
    if let Some(fraction) = fraction {
        number.push('.');
        number.push_str(if fraction.is_empty() { "0" } else { fraction });
    }
    if let Some(exponent) = exponent {
        let plain = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if plain.is_empty() || !digits(plain) {
            return None;
        }
        number.push('e');
        number.push_str(exponent);
    }
    Some(number)
}
