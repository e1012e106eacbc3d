//! `identity`: who calls, and who pays for it. Each kind of identity is a file here and a row of
//! [`KINDS`]; what a kind may know of a caller stands in [`CallerFacts`].
mod anonymous;
mod api_key;
mod asked;
mod caller;
mod claimed;
mod digest;
mod header;
mod jwks;
mod jwt;
mod path;
mod pattern;
mod read;
mod spiffe;
mod tenant;
mod workload;
mod xfcc;

use core::cell::RefCell;

use super::field::{Section, Spot};
use super::nearest::COMPARED_BYTES_MAX;
use super::predicate::Callers;
use crate::dialect::{Fault, FaultKind};
use crate::order;
use anonymous::Anonymous;
use api_key::ApiKeys;
use claimed::Claimed;
use read::Reading;

pub(super) use read::{IDENTITY, read};

pub use api_key::Expiring;
pub use caller::CallerFacts;
pub use header::CredentialHeader;
pub use jwks::Jwks;
pub use jwt::{Jwt, VERIFIER};
pub use spiffe::{PEER, Spiffe};
pub use tenant::Tenant;
pub use workload::Workload;

/// The longest name of a user or value of a label, in bytes.
const LABEL_MOST: usize = COMPARED_BYTES_MAX;

/// Why a caller is not served.
type Refusal = Box<Fault>;

/// What a way says of a caller: who it is, nothing, or that it is not served, though it is known
/// who it is or what it was to be known by.
pub type Told = Result<Option<Tenant>, Refusal>;

/// One way to be known, as a policy configures it; the first that tells who calls counts.
#[derive(Debug, Clone)]
pub enum Identity {
    /// `api_key`: by a key whose digest the policy lists.
    ApiKey(ApiKeys),
    /// `jwt`: by a signed token, which Envoy has verified.
    Jwt(Box<Jwt>),
    /// `spiffe`: by the certificate of whoever calls.
    Spiffe(Box<Spiffe>),
    /// `workload`: by the proxy's own workload.
    Workload(Box<Workload>),
    /// `anonymous`: everybody, whatever they send.
    Anonymous(Anonymous),
}

/// A kind of identity.
struct Kind {
    /// The field of an entry that configures it.
    name: &'static str,
    /// The fields of its own.
    section: &'static Section,
    /// Reads that field; `None`, and a report, when something is wrong with it.
    read: fn(&Spot<'_>, &mut Reading<'_>) -> Option<Identity>,
    /// Whether this kind takes in every caller, so that no entry after it is ever asked.
    everybody: bool,
}

/// Every kind, in the order in which messages name them.
const KINDS: &[Kind] = &[
    Kind {
        name: "api_key",
        section: &api_key::API_KEY,
        read: |spot, reading| ApiKeys::read(spot, reading).map(Identity::ApiKey),
        everybody: false,
    },
    Kind {
        name: "jwt",
        section: &jwt::JWT,
        read: |spot, reading| Some(Identity::Jwt(Box::new(Jwt::read(spot, reading)?))),
        everybody: false,
    },
    Kind {
        name: "spiffe",
        section: &spiffe::SPIFFE,
        read: |spot, reading| Some(Identity::Spiffe(Box::new(Spiffe::read(spot, reading)?))),
        everybody: false,
    },
    Kind {
        name: "workload",
        section: &workload::WORKLOAD,
        read: |spot, reading| Some(Identity::Workload(Box::new(Workload::read(spot, reading)?))),
        everybody: false,
    },
    Kind {
        name: "anonymous",
        section: &anonymous::ANONYMOUS,
        read: |spot, reading| Anonymous::read(spot, reading).map(Identity::Anonymous),
        everybody: true,
    },
];

impl Identity {
    /// Whose request this is, where this way tells.
    fn caller(&self, caller: &Caller<'_>) -> Told {
        match self {
            Self::ApiKey(keys) => keys.caller(caller),
            Self::Jwt(tokens) => tokens.caller(caller),
            Self::Spiffe(peers) => peers.caller(caller),
            Self::Workload(own) => own.caller(caller),
            // Whoever sends a token that is not good is not to be served as somebody else.
            Self::Anonymous(all) => Ok(caller.is_undoubted().then(|| all.tenant().clone())),
        }
    }

    /// Every tenant that this way may tell of; `None` where only others know.
    #[must_use]
    pub fn tenants(&self) -> Option<Vec<&str>> {
        match self {
            Self::ApiKey(keys) => Some(keys.tenants().map(|own| own.tenant.as_str()).collect()),
            Self::Anonymous(all) => Some(vec![&all.tenant().tenant]),
            Self::Jwt(_) | Self::Spiffe(_) | Self::Workload(_) => self.claimed()?.known(),
        }
    }

    /// What holds of all its callers, where others say who they are.
    const fn claimed(&self) -> Option<&Claimed> {
        match self {
            Self::Jwt(tokens) => Some(tokens.claimed()),
            Self::Spiffe(peers) => Some(peers.claimed()),
            Self::Workload(own) => Some(own.claimed()),
            Self::ApiKey(_) | Self::Anonymous(_) => None,
        }
    }

    /// What its callers may ask for and require, with who they are, in words: each key of a policy,
    /// and all callers of whom others say who they are.
    pub(super) fn rights(&self) -> Vec<(String, &Tenant)> {
        match self {
            Self::ApiKey(keys) => {
                keys.tenants().map(|own| (format!("`{}`", own.tenant), own)).collect()
            }
            Self::Anonymous(all) => vec![(format!("`{}`", all.tenant().tenant), all.tenant())],
            Self::Jwt(own) => vec![("callers by `jwt`".to_owned(), own.claimed().rights())],
            Self::Spiffe(own) => vec![("callers by `spiffe`".to_owned(), own.claimed().rights())],
            Self::Workload(own) => vec![("the workload".to_owned(), own.claimed().rights())],
        }
    }

    /// Whether it may tell the user of a caller.
    fn may_tell_users(&self) -> bool {
        let said = match self {
            Self::ApiKey(keys) => keys.believes() || keys.tenants().any(|own| own.user.is_some()),
            Self::Jwt(tokens) => tokens.says_user(),
            Self::Spiffe(peers) => peers.says_user(),
            Self::Workload(_) => true,
            Self::Anonymous(_) => false,
        };
        said || self.claimed().is_some_and(Claimed::believes)
    }

    /// Its tokens, where it knows callers by those.
    #[must_use]
    pub const fn tokens(&self) -> Option<&Jwt> {
        match self {
            Self::Jwt(tokens) => Some(tokens),
            Self::ApiKey(_) | Self::Spiffe(_) | Self::Workload(_) | Self::Anonymous(_) => None,
        }
    }

    /// Its certificates, where it knows callers by those.
    #[must_use]
    pub const fn certificates(&self) -> Option<&Spiffe> {
        match self {
            Self::Spiffe(peers) => Some(peers),
            Self::ApiKey(_) | Self::Jwt(_) | Self::Workload(_) | Self::Anonymous(_) => None,
        }
    }

    /// The proxy's own workload, where it knows callers by that.
    #[must_use]
    pub const fn workload(&self) -> Option<&Workload> {
        match self {
            Self::Workload(own) => Some(own),
            Self::ApiKey(_) | Self::Jwt(_) | Self::Spiffe(_) | Self::Anonymous(_) => None,
        }
    }

    /// Its keys that expire.
    pub fn expiring(&self) -> impl Iterator<Item = Expiring<'_>> {
        let keys = match self {
            Self::ApiKey(keys) => Some(keys),
            Self::Jwt(_) | Self::Spiffe(_) | Self::Workload(_) | Self::Anonymous(_) => None,
        };
        keys.into_iter().flat_map(ApiKeys::expiring)
    }

    /// Where this way looks for a credential that an app sends; empty where it looks for no
    /// credential.
    #[must_use]
    pub fn credential_headers(&self) -> &[CredentialHeader] {
        match self {
            Self::ApiKey(keys) => keys.credential_headers(),
            Self::Jwt(tokens) => core::slice::from_ref(tokens.place()),
            Self::Spiffe(_) | Self::Workload(_) | Self::Anonymous(_) => &[],
        }
    }

    /// Takes in the entry that follows this one, where both look in the same place; gives back any
    /// other. What a request costs then depends on the places, not on the number of entries.
    fn join(&mut self, next: Self) -> Option<Self> {
        match (self, next) {
            (Self::ApiKey(keys), Self::ApiKey(others)) => keys.join(others).map(Self::ApiKey),
            (_, next) => Some(next),
        }
    }

    /// Makes this way ready to be asked, once all of it is there.
    fn finish(&mut self) {
        match self {
            Self::ApiKey(keys) => keys.finish(),
            Self::Jwt(_) | Self::Spiffe(_) | Self::Workload(_) | Self::Anonymous(_) => {}
        }
    }
}

/// Whose request it is, by the first way that tells.
pub(super) fn caller(identity: &[Identity], facts: &dyn CallerFacts) -> Told {
    let caller = Caller::new(facts);
    for own in identity {
        if let Some(tenant) = own.caller(&caller)? {
            return Ok(Some(tenant));
        }
    }
    match caller.doubt.into_inner() {
        Some(why) => Err(Box::new(Fault::new(FaultKind::Authentication, why))),
        None => Ok(None),
    }
}

/// Whether all whom these ways tell of are one tenant.
pub(super) fn is_one_tenant(identity: &[Identity]) -> bool {
    let Some(tenants) = identity.iter().map(Identity::tenants).collect::<Option<Vec<_>>>() else {
        return false;
    };
    let mut tenants = tenants.into_iter().flatten();
    let first = tenants.next();
    tenants.all(|other| Some(other) == first)
}

/// Whether one of these ways may tell the user of a caller.
pub(super) fn may_tell_users(identity: &[Identity]) -> bool {
    identity.iter().any(Identity::may_tell_users)
}

/// The names by which these ways know callers.
pub(super) fn callers(identity: &[Identity]) -> Callers<'_> {
    let mut callers = Callers::default();
    for own in identity {
        let keys = match own {
            Identity::ApiKey(keys) => keys,
            Identity::Anonymous(all) => {
                callers.tenants.push(&all.tenant().tenant);
                continue;
            }
            Identity::Jwt(_) | Identity::Spiffe(_) | Identity::Workload(_) => {
                callers.open = true;
                continue;
            }
        };
        callers.open |= keys.believes();
        for tenant in keys.tenants() {
            callers.tenants.push(&tenant.tenant);
            callers.users.extend(tenant.user.as_deref());
            callers.keys.extend(tenant.key.as_deref());
            callers.labels.extend(tenant.labels.iter());
        }
    }
    let names = [&mut callers.tenants, &mut callers.users, &mut callers.keys];
    for names in names {
        order::sort(names);
        names.dedup();
    }
    order::sort(&mut callers.labels);
    callers.labels.dedup();
    callers
}

/// A caller, while the kinds are asked one after the other.
struct Caller<'c> {
    facts: &'c dyn CallerFacts,
    /// Digests of the keys that the caller sent, kept from one entry to the next.
    digests: api_key::Digests,
    /// What is wrong with a token that the caller has sent.
    doubt: RefCell<Option<String>>,
}

impl<'c> Caller<'c> {
    fn new(facts: &'c dyn CallerFacts) -> Self {
        Self { facts, digests: api_key::Digests::default(), doubt: RefCell::default() }
    }

    /// Notes that a token is not good: the caller may be known by something else, but is not
    /// anybody.
    fn doubt(&self, why: impl FnOnce() -> String) {
        let why = why();
        *self.doubt.borrow_mut() = Some(why);
    }

    /// Whether nothing is wrong with what the caller has sent.
    fn is_undoubted(&self) -> bool {
        self.doubt.borrow().is_none()
    }
}
