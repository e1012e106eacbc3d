//! The signature of a delivery, by which a receiver knows its sender and its time.
use core::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The secrets that sign: more than one while they are rotated, when a receiver may know either.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl core::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    #[must_use]
    pub const fn new(secrets: Vec<String>) -> Self {
        Self(secrets)
    }

    /// Whether there are no secrets, so that nothing can be signed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `t=<unix>,v1=<hex hmac-sha256(secret, "<t>.<body>")>`, with a `v1` for each secret.
    pub(super) fn sign(&self, unix: u64, body: &[u8]) -> String {
        let mut text = format!("t={unix}");
        for secret in &self.0 {
            // A key of any length will do.
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { continue };
            mac.update(unix.to_string().as_bytes());
            mac.update(b".");
            mac.update(body);
            text.push_str(",v1=");
            for byte in mac.finalize().into_bytes() {
                let _ = write!(text, "{byte:02x}");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;

    /// `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec`
    #[test]
    fn signs_as_openssl_does() {
        let secrets = Secrets::new(vec!["whsec".to_owned(), "next".to_owned()]);
        let signed = secrets.sign(1_700_000_000, b"{\"a\":1}");
        let parts: Vec<_> = signed.split(',').collect();
        assert_eq!(parts[0], "t=1700000000");
        assert_eq!(parts[1], "v1=8ad37ba156048ae0e0a5533c75cdf26fee88b07f93cb57ee4c80adb053012032");
        assert_eq!(parts.len(), 3);
        assert_ne!(parts[1], parts[2]);
    }
}
