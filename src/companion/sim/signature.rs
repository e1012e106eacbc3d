//! Signatures of reasoning: this simulator knows its own, and nobody else's.
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The signature of a text for a provider: 64 characters of base64.
pub(super) fn sign(provider: &str, text: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(b"tradewind simulated reasoning\0");
    digest.update(provider.as_bytes());
    digest.update(b"\0");
    digest.update(text.as_bytes());
    let found = digest.finalize();
    // Six bits of each byte, twice over: base64 in alphabet and length, and nothing to decode.
    let sixth = |byte: &u8| ALPHABET.get(usize::from(*byte & 63)).copied().unwrap_or(b'A');
    let upper = |byte: &u8| ALPHABET.get(usize::from(*byte >> 2)).copied().unwrap_or(b'A');
    found.iter().map(sixth).chain(found.iter().map(upper)).map(char::from).collect()
}
