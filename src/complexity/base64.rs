//! Base64 (RFC 4648), as weights stand in a policy.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes with padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = usize::try_from(bits >> shift & 0x3f).ok().and_then(|at| ALPHABET.get(at));
            let digit = digit.filter(|_| at <= group.len()).copied().unwrap_or(b'=');
            out.push(char::from(digit));
        }
    }
    out
}

/// Decodes base64 with or without padding and over several lines; `None` for any other text.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    let digits = text.trim_ascii_end();
    let digits = digits.strip_suffix(b"=").unwrap_or(digits);
    let digits = digits.strip_suffix(b"=").unwrap_or(digits);
    for byte in digits.iter().filter(|b| !b.is_ascii_whitespace()) {
        bits = bits << 6 | value(*byte)?;
        held = held.wrapping_add(6);
        if held >= 8 {
            held = held.wrapping_sub(8);
            out.push(u8::try_from(bits >> held & 0xff).unwrap_or_default());
            bits &= 0xff;
        }
    }
    Some(out)
}

fn value(byte: u8) -> Option<u32> {
    let (first, from) = match byte {
        b'A'..=b'Z' => (b'A', 0_u32),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        b'+' => (b'+', 62),
        b'/' => (b'/', 63),
        _ => return None,
    };
    Some(u32::from(byte.wrapping_sub(first)).wrapping_add(from))
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn reads_what_it_writes_and_what_others_write() {
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9vYmFy", "foobar")] {
            assert_eq!(decode(text.as_bytes()).unwrap(), bytes.as_bytes(), "{text}");
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        assert_eq!(decode(b"Zm9v\nYmFy\n").unwrap(), b"foobar");
        assert_eq!(decode(b"Zm9v!"), None);
    }
}
