//! Where a request goes: the model and the method are in the path.

/// The path after the endpoint's prefix.
///
/// A model's name fills one segment and no more: all but letters, digits, `-`, `.`, `_` and `~`
/// is percent-encoded, so no name can reach another path or method, or begin a query.
pub(super) fn path(model: &str, stream: bool) -> String {
    let method = if stream { ":streamGenerateContent?alt=sse" } else { ":generateContent" };
    let mut path = String::with_capacity(model.len().saturating_add(48));
    path.push_str("/v1beta/models/");
    // A segment of dots alone would mean another folder.
    let dots = model.bytes().all(|b| b == b'.');
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) || (byte == b'.' && !dots) {
            path.push(char::from(byte));
        } else {
            path.push('%');
            path.push(digit(byte >> 4));
            path.push(digit(byte & 15));
        }
    }
    path.push_str(method);
    path
}

fn digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase()
}
