//! Base64 as browsers write it in `Basic` credentials (RFC 4648, padded or not).

/// Decodes it; none when it is something else.
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
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let at = ALPHABET.iter().position(|own| *own == byte)?;
    u8::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

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
        }
        assert_eq!(decode("Zm9v!"), None);
    }
}
