//! `identity[].api_key`: keys known by their digests.
use core::cell::OnceCell;
use std::borrow::Cow;

use super::super::app_header::AppHeader;
use super::super::field::{
    Field, List, Moment, Nested, Optional, Read as _, Required, Section, Spot,
};
use super::asked::{MODELS, USER_HEADER, user_header, user_in};
use super::digest::{KeyDigest, digest, listed};
use super::header::{self, CredentialHeader, bearer};
use super::tenant::{KEY, LABELS, REQUIRE, TENANT, Tenant, USER};
use super::{Caller, Reading, Told};
use crate::dialect::{Fault, FaultKind};
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

const HEADER: Optional<AppHeader> = Field::optional(
    header::FIELD,
    AppHeader::Key,
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
    &[&SHA256, &TENANT, &USER, &KEY, &LABELS, &MODELS, &EXPIRES, &USER_HEADER, &REQUIRE],
);

const EXPIRES: Optional<Moment> = Field::optional(
    "expires",
    Moment,
    "it does not expire",
    "When the key is good no more: a date, which begins at 00:00 UTC, or a time. Whoever sends it \
     then is told so (401). `tradewind check` warns from 30 days before.",
);

const SHA256: Required<KeyDigest> = Field::required(
    "sha256",
    KeyDigest,
    "The digest of the key: `printf %s \"$KEY\" | sha256sum` prints it. In quotes where YAML would \
     take it for a number.",
);

/// Where the SDKs of the field put a key.
static USUAL: [CredentialHeader; 3] = [
    CredentialHeader {
        name: Cow::Borrowed("authorization"),
        scheme: "Bearer ",
        secret: "KEY",
        advertised: true,
    },
    CredentialHeader {
        name: Cow::Borrowed("x-api-key"),
        scheme: "",
        secret: "KEY",
        advertised: true,
    },
    CredentialHeader {
        name: Cow::Borrowed("x-goog-api-key"),
        scheme: "",
        secret: "KEY",
        advertised: false,
    },
];

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
    /// When it expires.
    expires: Option<Expiry>,
    /// The header in which its bearer is believed whose user it asks for.
    user_header: Option<Box<str>>,
}

/// When a key is good no more.
#[derive(Debug, Clone)]
struct Expiry {
    /// In seconds since 1970.
    at: u64,
    /// As the policy says it.
    said: Box<str>,
}

/// A key that expires.
#[derive(Debug, Clone, Copy)]
pub struct Expiring<'k> {
    /// Whose it is.
    pub tenant: &'k Tenant,
    /// When, in seconds since 1970.
    pub at: u64,
    /// When, as the policy says it.
    pub said: &'k str,
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
    fn find(&self, digest: &[u8; 32]) -> Option<&ApiKey> {
        let at = self.0.binary_search_by(|key| key.sha256.cmp(digest)).ok()?;
        self.0.get(at)
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
        let header = fields.read(&HEADER);
        fields.finish();
        let keys = keys?.iter().filter_map(|item| key(item, reading)).collect();
        let own = |name| CredentialHeader {
            name: Cow::Owned(name),
            scheme: "",
            secret: "KEY",
            advertised: true,
        };
        Some(Self { own: header.flatten().map(own), keys: Keys(keys) })
    }

    /// Whose keys they are.
    pub(super) fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.keys.0.iter().map(|key| &key.tenant)
    }

    /// The keys that expire.
    pub(super) fn expiring(&self) -> impl Iterator<Item = Expiring<'_>> {
        self.keys.0.iter().filter_map(|key| {
            let Expiry { at, said } = key.expires.as_ref()?;
            Some(Expiring { tenant: &key.tenant, at: *at, said })
        })
    }

    /// Whether a caller is believed who its user is.
    pub(super) fn believes(&self) -> bool {
        self.keys.0.iter().any(|key| key.user_header.is_some())
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

    /// Whose key the caller has sent, where it is still good.
    pub(super) fn caller(&self, caller: &Caller<'_>) -> Told {
        let Some(key) = self.sent(caller) else { return Ok(None) };
        if let Some(expiry) = &key.expires
            && caller.facts.unix_seconds() >= expiry.at
        {
            let message = format!(
                "the API key has expired: it was good until {}; ask the gateway's operator for \
                 another one",
                expiry.said
            );
            return Err(Box::new(Fault::new(FaultKind::Authentication, message)));
        }
        let mut tenant = key.tenant.clone();
        if let Some(user) = user_in(key.user_header.as_deref(), caller)? {
            tenant.user = Some(user);
        }
        Ok(Some(tenant))
    }

    /// The key that the caller has sent, where it is one of these.
    fn sent(&self, caller: &Caller<'_>) -> Option<&ApiKey> {
        let Some(own) = &self.own else {
            return caller.digests.of(caller).find_map(|digest| self.keys.find(&digest));
        };
        let value = caller.facts.header(&own.name)?;
        let key = bearer(value).unwrap_or(value).trim_ascii();
        self.keys.find(&digest(key))
    }
}

fn key(spot: &Spot<'_>, reading: &mut Reading<'_>) -> Option<ApiKey> {
    let mut fields = spot.object(&ENTRY)?;
    let sha256 = fields.read_with(&SHA256, |spot| listed(spot, &mut reading.digests));
    let tenant = Tenant::read_with_labels(&mut fields, reading);
    let expires = fields.read_with(&EXPIRES, expiry);
    let user_header = user_header(&mut fields, reading);
    fields.finish();
    Some(ApiKey {
        sha256: sha256?,
        tenant: tenant?,
        expires: expires?,
        user_header: user_header?.map(String::into_boxed_str),
    })
}

fn expiry(spot: &Spot<'_>) -> Option<Expiry> {
    let at = Moment.read(spot)?;
    Some(Expiry { at, said: spot.text("a date")?.into() })
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
            expires: None,
            user_header: None,
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
                assert_eq!(found.map(|key| &*key.tenant.tenant), Some(&*name));
            }
            for other in [digest(b"other"), [0; 32], [0xFF; 32]] {
                assert!(keys.find(&other).is_none());
            }
        }
    }
}
