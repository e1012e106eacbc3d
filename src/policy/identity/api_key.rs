//! `identity[].api_key`: keys known by their digests.
use core::cell::OnceCell;
use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::super::field::{
    Field, Kind, List, Nested, Optional, Required, Section, Shape, Spot, Text,
};
use super::header::HeaderName;
use super::tenant::{KEY, LABELS, REQUIRE, TENANT, Tenant, USER};
use super::{Caller, CredentialHeader, Reading, header};
use crate::order;

pub(super) const API_KEY: Section = Section::new(
    "an object with `keys`",
    "By a key of which the policy lists the SHA-256 digest. The key itself stands nowhere.",
    "identity:
  - api_key:
      keys:
        - {sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, tenant: acme}",
    &[&KEYS, &HEADER],
);

const KEYS: Required<List> =
    Field::required("keys", List::of("keys", &Nested(&ENTRY)), "The keys, each listed once.");

const HEADER: Optional<HeaderName> = Field::optional(
    "header",
    HeaderName,
    "`authorization`, `x-api-key` and `x-goog-api-key`, where SDKs put it",
    "The one request header in which the key is looked for, with or without `Bearer ` before it.",
);

const ENTRY: Section = Section::new(
    "an object with a `sha256` and a `tenant`",
    "A key, and whose it is.",
    "identity:
  - api_key:
      keys:
        - {sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, tenant: acme, \
     user: ci, key: nightly}",
    &[&SHA256, &TENANT, &USER, &KEY, &LABELS, &REQUIRE],
);

const SHA256: Required<KeyDigest> = Field::required(
    "sha256",
    KeyDigest,
    "The digest of the key: `printf %s \"$KEY\" | sha256sum` prints it. In quotes where YAML would \
     take it for a number.",
);

/// Where the SDKs of the field put a key.
static USUAL: [CredentialHeader; 3] = [
    CredentialHeader { name: Cow::Borrowed("authorization"), scheme: "Bearer ", advertised: true },
    CredentialHeader { name: Cow::Borrowed("x-api-key"), scheme: "", advertised: true },
    CredentialHeader { name: Cow::Borrowed("x-goog-api-key"), scheme: "", advertised: false },
];

const PLAIN: &str = "this looks like a plain key; expected its SHA-256 digest in 64 hexadecimal \
                     digits: `printf %s \"$KEY\" | sha256sum` prints it";

/// Keys that are looked for in the same place.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    /// The one header to look in; `None` for the three that the SDKs use.
    own: Option<CredentialHeader>,
    keys: Keys,
}

/// A key that a policy lists.
#[derive(Debug, Clone)]
struct ApiKey {
    /// The SHA-256 digest of the key.
    sha256: [u8; 32],
    /// The tenant whose key this is.
    tenant: Tenant,
}

/// Keys in the order of their digests: among 24,000 of them one is found in 15 comparisons.
#[derive(Debug, Clone)]
struct Keys(Vec<ApiKey>);

impl Keys {
    /// Puts them in order, once all are there. No digest is listed twice.
    fn sort(&mut self) {
        order::sort_by_key(&mut self.0, |key| key.sha256);
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
pub(super) struct Digests([OnceCell<Option<[u8; 32]>>; USUAL.len()]);

impl Digests {
    fn of(&self, caller: &Caller<'_>) -> impl Iterator<Item = [u8; 32]> {
        USUAL.iter().zip(&self.0).filter_map(|(place, cell)| {
            *cell.get_or_init(|| {
                let value = caller.facts.header(&place.name)?;
                // Other schemes than Bearer carry no key of ours.
                let key = if place.scheme.is_empty() { value } else { bearer(value)? };
                Some(digest(key.trim_ascii()))
            })
        })
    }
}

impl ApiKeys {
    /// Reads what `api_key` holds.
    pub(super) fn read(spot: &Spot<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let mut fields = spot.object(&API_KEY)?;
        let keys = fields.read_with(&KEYS, |spot| KEYS.kind.items(spot));
        let header = fields.read_with(&HEADER, header::name);
        fields.finish();
        let keys = keys?.iter().filter_map(|item| key(item, reading)).collect();
        let own = |name| CredentialHeader { name: Cow::Owned(name), scheme: "", advertised: true };
        Some(Self { own: header.flatten().map(own), keys: Keys(keys) })
    }

    /// Whose keys they are.
    pub(super) fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.keys.0.iter().map(|key| &key.tenant)
    }

    /// Takes in the keys of the next entry, where they are looked for in the same place.
    pub(super) fn join(&mut self, next: Self) -> Option<Self> {
        if self.own != next.own {
            return Some(next);
        }
        self.keys.0.extend(next.keys.0);
        None
    }

    /// Makes them ready to be searched, once all are there.
    pub(super) fn finish(&mut self) {
        self.keys.sort();
    }

    /// Where an app puts its key.
    pub(super) fn credential_headers(&self) -> &[CredentialHeader] {
        self.own.as_ref().map_or(&USUAL, core::slice::from_ref)
    }

    /// Whose key the caller has sent.
    pub(super) fn tenant(&self, caller: &Caller<'_>) -> Option<&Tenant> {
        let Some(own) = &self.own else {
            return caller.digests.of(caller).find_map(|digest| self.keys.find(&digest));
        };
        let value = caller.facts.header(&own.name)?;
        let key = bearer(value).unwrap_or(value).trim_ascii();
        self.keys.find(&digest(key))
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

fn key(spot: &Spot<'_>, reading: &mut Reading<'_>) -> Option<ApiKey> {
    let mut fields = spot.object(&ENTRY)?;
    let sha256 = fields.read_with(&SHA256, |spot| listed_digest(spot, &mut reading.digests));
    let tenant = Tenant::read_with_labels(&mut fields, reading.tags);
    fields.finish();
    Some(ApiKey { sha256: sha256?, tenant: tenant? })
}

/// The digest of a key, not listed before.
#[derive(Debug, Clone, Copy)]
struct KeyDigest;

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
            tenant: Tenant { tenant: name, ..Tenant::default() },
        };
        let mut keys = Keys((0..count).map(|name| one(name.to_string())).collect());
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
