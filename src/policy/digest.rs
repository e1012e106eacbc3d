//! A policy's digest: the same in the log and the metrics of every proxy that serves it.
use sha2::{Digest as _, Sha256};

/// So many bytes of the digest are shown: enough to tell an operator's policies apart.
const SHOWN: usize = 6;

/// The first digits of the SHA-256 of a policy, as canonical JSON.
#[must_use]
pub fn digest(policy: &[u8]) -> String {
    let mut out = String::with_capacity(SHOWN.saturating_mul(2));
    for byte in Sha256::digest(policy).iter().take(SHOWN) {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn it_is_the_beginning_of_what_sha256sum_prints() {
        assert_eq!(digest(b"abc"), "ba7816bf8f01");
    }
}
