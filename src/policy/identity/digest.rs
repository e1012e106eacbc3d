//! Digests of keys, as a policy lists them and as they are made of what an app sends.
use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::super::field::{Kind, Shape, Spot, Text};

const PLAIN: &str = "this looks like a plain key; expected its SHA-256 digest in 64 hexadecimal \
                     digits: `printf %s \"$KEY\" | sha256sum` prints it";

/// The SHA-256 digest of a key.
pub(super) fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// Every digest so far, and its line.
pub(super) type Seen = BTreeMap<[u8; 32], usize>;

/// The digest of a key, not listed before.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyDigest;

impl Kind for KeyDigest {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "64 hexadecimal digits",
            pattern: "^[0-9A-Fa-f]{64}$",
            example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            ..Text::default()
        })
    }
}

/// Reads the digest of a key, which is noted.
pub(super) fn listed(spot: &Spot<'_>, seen: &mut Seen) -> Option<[u8; 32]> {
    let text = spot.text("64 hexadecimal digits in quotes")?;
    let Some(own) = hex(text) else {
        // The text stays unsaid: it may be the key.
        let length = text.chars().count();
        spot.problem(match text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            true => format!("expected 64 hexadecimal digits, found {length}"),
            false if length == 64 => "expected 64 hexadecimal digits, found others".to_owned(),
            false => PLAIN.to_owned(),
        });
        return None;
    };
    if own == digest(b"") {
        spot.problem("this is the digest of an empty key: was the variable set?");
    }
    match seen.get(&own) {
        Some(line) => spot.problem(format!("this digest stands on line {line} already")),
        None => drop(seen.insert(own, spot.line)),
    }
    Some(own)
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut out = [0; 32];
    for (slot, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        *slot = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}
