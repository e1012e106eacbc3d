//! Strings and numbers, byte by byte: where they end and what they mean.
use super::plain::plain_end;

/// Where the string that begins at `from` (after its quote) ends, one past the closing quote, and
/// whether it holds escapes. The error is the offset of the first wrong byte; `lone` says whether
/// half a surrogate pair is right.
pub(super) fn string_end(
    bytes: &[u8],
    from: usize,
    lone: bool,
) -> Result<(usize, bool), (usize, &'static str)> {
    let mut at = from;
    let mut escaped = false;
    loop {
        at = plain_end(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok((at.saturating_add(1), escaped)),
            Some(b'\\') => {
                escaped = true;
                at = escape_end(bytes, at, lone)?;
            }
            Some(_) => return Err((at, "no control character inside a string")),
            None => return Err((at, "the string's closing quote")),
        }
    }
}

fn escape_end(bytes: &[u8], at: usize, lone: bool) -> Result<usize, (usize, &'static str)> {
    match bytes.get(at.saturating_add(1)) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at.saturating_add(2)),
        Some(b'u') => {
            let unit = hex(bytes, at).ok_or((at, "four hexadecimal digits after `\\u`"))?;
            let after = at.saturating_add(6);
            match unit {
                0xD800..=0xDBFF => match hex(bytes, after) {
                    Some(0xDC00..=0xDFFF) => Ok(after.saturating_add(6)),
                    _ if lone => Ok(after),
                    _ => Err((after, "the second half of a surrogate pair")),
                },
                0xDC00..=0xDFFF if !lone => Err((at, "no lone surrogate")),
                _ => Ok(after),
            }
        }
        _ => Err((at, "a known escape")),
    }
}

/// The unit of a `\uXXXX` that begins at `at`.
fn hex(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..)?.strip_prefix(b"\\u")?.get(..4)?;
    let mut unit = 0_u32;
    for digit in digits {
        let digit = char::from(*digit).to_digit(16)?;
        unit = unit.checked_mul(16)?.checked_add(digit)?;
    }
    Some(unit)
}

/// The value of a string's inside (without quotes) whose syntax has been checked: its text is plain
/// up to the next backslash.
pub(super) fn unescape(inside: &str) -> String {
    let mut value = String::with_capacity(inside.len());
    let mut from = 0_usize;
    loop {
        let end = plain_end(inside.as_bytes(), from);
        value.push_str(inside.get(from..end).unwrap_or_default());
        let Some(after) = inside.get(end.saturating_add(1)..) else { return value };
        let (char, length) = escaped(after);
        value.push(char);
        from = end.saturating_add(1).saturating_add(length);
    }
}

/// Whether the value of a string's inside, whose syntax has been checked, is `text`.
pub(super) fn unescapes_to(inside: &str, text: &str) -> bool {
    let (mut rest, mut text) = (inside, text);
    while let Some((plain, after)) = rest.split_once('\\') {
        let (char, length) = escaped(after);
        let Some(next) = text.strip_prefix(plain).and_then(|text| text.strip_prefix(char)) else {
            return false;
        };
        text = next;
        rest = after.get(length..).unwrap_or_default();
    }
    rest == text
}

/// The character of an escape, given what follows its backslash, and how many bytes it takes
/// of that.
fn escaped(after: &str) -> (char, usize) {
    match after.as_bytes().first() {
        Some(b'n') => ('\n', 1),
        Some(b't') => ('\t', 1),
        Some(b'r') => ('\r', 1),
        Some(b'b') => ('\u{8}', 1),
        Some(b'f') => ('\u{c}', 1),
        Some(b'u') => code_point(after),
        Some(itself) => (char::from(*itself), 1),
        None => ('\u{FFFD}', 0),
    }
}

/// The character of an escape that begins with `u`, and how many bytes it takes from there. Half
/// a surrogate pair is U+FFFD and takes nothing of what follows.
fn code_point(after: &str) -> (char, usize) {
    let unit = |text: Option<&str>| text.and_then(|t| u32::from_str_radix(t, 16).ok());
    let first = unit(after.get(1..5)).unwrap_or(0xFFFD);
    let second = || unit(after.get(5..11).and_then(|next| next.strip_prefix("\\u")));
    if (0xD800..0xDC00).contains(&first)
        && let Some(low @ 0xDC00..0xE000) = second()
    {
        let pair = first
            .wrapping_sub(0xD800)
            .wrapping_shl(10)
            .wrapping_add(low.wrapping_sub(0xDC00))
            .wrapping_add(0x1_0000);
        return (char::from_u32(pair).unwrap_or('\u{FFFD}'), 11);
    }
    (char::from_u32(first).unwrap_or('\u{FFFD}'), 5)
}

/// Where the number that begins at `from` ends. The error is where a digit is missing.
pub(super) fn number_end(bytes: &[u8], from: usize) -> Result<usize, usize> {
    let mut at = from;
    if bytes.get(at) == Some(&b'-') {
        at = at.saturating_add(1);
    }
    at = match bytes.get(at) {
        Some(b'0') => at.saturating_add(1),
        _ => digits(bytes, at)?,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at.saturating_add(1))?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at = at.saturating_add(1);
        if let Some(b'+' | b'-') = bytes.get(at) {
            at = at.saturating_add(1);
        }
        at = digits(bytes, at)?;
    }
    Ok(at)
}

fn digits(bytes: &[u8], at: usize) -> Result<usize, usize> {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.iter().take_while(|b| b.is_ascii_digit()).count() {
        0 => Err(at),
        count => Ok(at.saturating_add(count)),
    }
}
