//! `identity[].api_key`: keys known by their digests.
use core::cell::OnceCell;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::header;
use super::identity::{Identity, Tenant};
use super::read::Spot;

/// Where the SDKs of the field put a key.
const HEADERS: [&str; 3] = ["authorization", "x-api-key", "x-goog-api-key"];

const PLAIN: &str = "this looks like a plain key; expected its SHA-256 digest in 64 hexadecimal \
                     digits: `printf %s \"$KEY\" | sha256sum` prints it";

/// A key that a policy lists.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The SHA-256 digest of the key.
    pub sha256: [u8; 32],
    /// Whose it is.
    pub tenant: Tenant,
}

/// Keys that are looked for in one place, in the order of their digests: among 24,000 of them one
/// is found in 15 comparisons.
#[derive(Debug, Clone, Default)]
pub struct Keys(Vec<ApiKey>);

impl Keys {
    /// Takes in those of a later entry that looks in the same place. No digest is listed twice.
    pub(super) fn merge(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Puts them in order, once all are there.
    pub(super) fn sort(&mut self) {
        self.0.sort_by_key(|key| key.sha256);
    }

    /// Whose key it is that has this digest.
    ///
    /// The time that it takes tells how far two digests agree, and no more: whoever could make use
    /// of that would have to choose the digest of what they send, which SHA-256 does not let them.
    fn find(&self, digest: &[u8; 32]) -> Option<&Tenant> {
        let at = self.0.binary_search_by(|key| key.sha256.cmp(digest)).ok()?;
        self.0.get(at).map(|key| &key.tenant)
    }
}

/// The digests of the keys that a request carries in the usual headers, made when first needed.
#[derive(Debug, Default)]
pub(super) struct Usual([OnceCell<Option<[u8; 32]>>; HEADERS.len()]);

impl Usual {
    fn digests<'h>(
        &self,
        header: &impl Fn(&str) -> Option<&'h [u8]>,
    ) -> impl Iterator<Item = [u8; 32]> {
        HEADERS.iter().zip(&self.0).filter_map(|(name, cell)| {
            *cell.get_or_init(|| {
                let value = header(name)?;
                // Other schemes than Bearer carry no key of ours.
                let key = if *name == "authorization" { bearer(value)? } else { value };
                Some(digest(key.trim_ascii()))
            })
        })
    }
}

impl Identity {
    /// Whose request this is, if this way tells.
    pub(super) fn tenant<'p, 'h>(
        &'p self,
        header: &impl Fn(&str) -> Option<&'h [u8]>,
        usual: &Usual,
    ) -> Option<&'p Tenant> {
        match self {
            Self::Anonymous(tenant) => Some(tenant),
            Self::ApiKey { header: Some(name), keys } => {
                let value = header(name)?;
                let key = bearer(value).unwrap_or(value).trim_ascii();
                keys.find(&digest(key))
            }
            Self::ApiKey { header: None, keys } => {
                usual.digests(header).find_map(|digest| keys.find(&digest))
            }
        }
    }
}

fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// What follows `Bearer `, in any case.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
}

/// Every digest so far, and its line.
pub(super) type Seen = BTreeMap<[u8; 32], usize>;

/// Reads the method.
pub(super) fn read(spot: &Spot<'_>, seen: &mut Seen, carried: &[&[&str]]) -> Option<Identity> {
    let mut fields = spot.object("an object with `keys`")?;
    let keys = fields.required("keys").and_then(|spot| spot.list("keys"));
    let header = fields.optional("header").map(|spot| header::name(&spot, carried));
    fields.finish();
    let keys = Keys(keys?.iter().filter_map(|item| key(item, seen)).collect());
    Some(Identity::ApiKey { header: header.flatten(), keys })
}

fn key(spot: &Spot<'_>, seen: &mut Seen) -> Option<ApiKey> {
    let mut fields = spot.object("an object with a `sha256` and a `tenant`")?;
    let sha256 = fields.required("sha256").and_then(|spot| listed_digest(&spot, seen));
    let tenant = Tenant::read(&mut fields, true);
    fields.finish();
    Some(ApiKey { sha256: sha256?, tenant: tenant? })
}

fn listed_digest(spot: &Spot<'_>, seen: &mut Seen) -> Option<[u8; 32]> {
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

#[cfg(test)]
mod tests {
    use super::{ApiKey, Keys, digest};
    use crate::policy::Tenant;

    /// The keys `0`, `1` and so on, each of a tenant of that name.
    fn keys(count: usize) -> Keys {
        let one = |name: String| ApiKey {
            sha256: digest(name.as_bytes()),
            tenant: Tenant { tenant: name, user: None, key: None },
        };
        let mut keys = Keys::default();
        for name in 0..count {
            keys.merge(Keys(vec![one(name.to_string())]));
        }
        keys.sort();
        keys
    }

    #[test]
    fn every_key_is_found_and_no_other() {
        for count in [0, 1, 2, 24_000] {
            let keys = keys(count);
            for name in (0..count).map(|name| name.to_string()) {
                let found = keys.find(&digest(name.as_bytes()));
                assert_eq!(found.map(|tenant| &*tenant.tenant), Some(&*name));
            }
            for other in [digest(b"other"), [0; 32], [0xFF; 32]] {
                assert_eq!(keys.find(&other), None);
            }
        }
    }
}
