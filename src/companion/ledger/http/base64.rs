//! Base64 (RFC 4648), as browsers write credentials and read digests.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes with padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4_usize {
            let shift = 18_usize.saturating_sub(at.saturating_mul(6));
            let index = usize::try_from(bits >> shift & 0x3f).unwrap_or(0);
            let digit = ALPHABET.get(index).copied().unwrap_or_default();
            out.push(if at > group.len() { '=' } else { char::from(digit) });
        }
    }
    out
}

/// Decodes base64 with or without padding; `None` for any other text.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        bits = bits << 6 | u32::from(value(byte)?);
        held = held.saturating_add(6);
        if held >= 8 {
            held = held.saturating_sub(8);
            out.extend(u8::try_from(bits >> held & 0xff));
            bits &= 0xff;
        }
    }
    Some(out)
}

fn value(byte: u8) -> Option<u8> {
    let at = ALPHABET.iter().position(|own| *own == byte)?;
    u8::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn reads_what_browsers_write() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYmFy", "foobar"),
            ("YWRtaW46c8O2", "admin:sö"),
        ] {
            assert_eq!(decode(text).unwrap(), bytes.as_bytes(), "{text}");
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        assert_eq!(decode("Zm9v!"), None);
    }
}
