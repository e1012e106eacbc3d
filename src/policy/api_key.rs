//! `identity[].api_key`: keys known by their digests.
use core::cell::OnceCell;
use core::hint::black_box;
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

impl ApiKey {
    /// Whether this is the key.
    #[must_use]
    pub fn matches(&self, key: &[u8]) -> bool {
        equal(&self.sha256, &digest(key))
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
                find(keys, &digest(key))
            }
            Self::ApiKey { header: None, keys } => {
                usual.digests(header).find_map(|digest| find(keys, &digest))
            }
        }
    }
}

/// The key with that digest. Every key is looked at, so that the time tells nothing of where or
/// how nearly one matched.
fn find<'k>(keys: &'k [ApiKey], digest: &[u8; 32]) -> Option<&'k Tenant> {
    keys.iter().fold(
        None,
        |found, key| {
            if equal(&key.sha256, digest) { Some(&key.tenant) } else { found }
        },
    )
}

fn equal(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let bits = one.iter().zip(other).fold(0, |bits, (a, b)| bits | (a ^ b));
    // Without this the compiler may stop at the first byte that differs.
    black_box(bits) == 0
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
    let keys = keys?.iter().filter_map(|item| key(item, seen)).collect();
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
