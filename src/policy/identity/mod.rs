//! `identity`: who calls, and who pays for it. Each kind of identity is a file here and a row of
//! [`KINDS`]; what a kind may know of a caller stands in [`CallerFacts`].
mod anonymous;
mod api_key;
mod caller;
mod header;
mod tenant;

use std::borrow::Cow;

use super::field::{Kind as FieldKind, List, Section, Shape, Spot};
use super::predicate::Callers;
use super::tags::KnownTags;
use crate::order;
use anonymous::Anonymous;
use api_key::ApiKeys;

pub use caller::CallerFacts;
pub use tenant::Tenant;

/// One way to be known, as a policy configures it; the first that tells who calls counts.
#[derive(Debug, Clone)]
pub enum Identity {
    /// `api_key`: by a key whose digest the policy lists.
    ApiKey(ApiKeys),
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
        name: "anonymous",
        section: &anonymous::ANONYMOUS,
        read: |spot, reading| Anonymous::read(spot, reading.tags).map(Identity::Anonymous),
        everybody: true,
    },
];

impl Identity {
    /// Whose request this is, where this way tells.
    pub(super) fn tenant(&self, caller: &Caller<'_>) -> Option<Tenant> {
        match self {
            Self::ApiKey(keys) => keys.tenant(caller).cloned(),
            Self::Anonymous(all) => Some(all.tenant().clone()),
        }
    }

    /// Every tenant that this way may tell of.
    fn tenants(&self) -> Box<dyn Iterator<Item = &Tenant> + '_> {
        match self {
            Self::ApiKey(keys) => Box::new(keys.tenants()),
            Self::Anonymous(all) => Box::new(core::iter::once(all.tenant())),
        }
    }

    /// Where this way looks for a credential that an app sends; empty where it looks for no
    /// credential.
    #[must_use]
    pub fn credential_headers(&self) -> &[CredentialHeader] {
        match self {
            Self::ApiKey(keys) => keys.credential_headers(),
            Self::Anonymous(_) => &[],
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
            Self::Anonymous(_) => {}
        }
    }
}

/// Whether all whom these ways tell of are one tenant.
pub(super) fn is_one_tenant(identity: &[Identity]) -> bool {
    let mut tenants = identity.iter().flat_map(Identity::tenants).map(|tenant| &tenant.tenant);
    let first = tenants.next();
    tenants.all(|other| Some(other) == first)
}

/// The names by which these ways know callers.
pub(super) fn callers(identity: &[Identity]) -> Callers<'_> {
    let mut callers = Callers::default();
    for tenant in identity.iter().flat_map(Identity::tenants) {
        callers.tenants.push(&tenant.tenant);
        callers.users.extend(tenant.user.as_deref());
        callers.keys.extend(tenant.key.as_deref());
        callers.labels.extend(tenant.labels.iter());
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

/// A request header in which a credential is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialHeader {
    /// The header's name, in lower case.
    pub name: Cow<'static, str>,
    /// What an app writes before the credential: `Bearer `, or nothing.
    pub scheme: &'static str,
    /// Whether an app that sent no credential is told of this place.
    pub advertised: bool,
}

/// A caller, while the kinds are asked one after the other.
pub(super) struct Caller<'c> {
    facts: &'c dyn CallerFacts,
    /// Digests of the keys that the caller sent, kept from one entry to the next.
    digests: api_key::Digests,
}

impl<'c> Caller<'c> {
    pub(super) fn new(facts: &'c dyn CallerFacts) -> Self {
        Self { facts, digests: api_key::Digests::default() }
    }
}

/// The section: its entries, in order.
pub(super) const IDENTITY: List = List::of("ways to be known, `api_key` or `anonymous`", &Entry);

/// An entry: an object with the field of one kind.
#[derive(Debug, Clone, Copy)]
struct Entry;

impl FieldKind for Entry {
    fn shape(&self) -> Shape {
        Shape::OneOf(KINDS.iter().map(|kind| (kind.name, kind.section)).collect())
    }
}

/// What the entries of one policy share while they are read.
struct Reading<'r> {
    /// Every digest of a key so far, and its line.
    digests: api_key::Seen,
    /// What may be required of models.
    tags: &'r KnownTags,
}

/// Reads `identity`: every way to be known, in order.
pub(super) fn read(section: Option<Spot<'_>>, tags: &KnownTags) -> Vec<Identity> {
    let items = section.and_then(|section| IDENTITY.items(&section)).unwrap_or_default();
    let mut reading = Reading { digests: api_key::Seen::new(), tags };
    let mut found: Vec<Identity> = Vec::new();
    let mut everybody: Option<(&str, usize)> = None;
    for item in &items {
        if let Some((name, line)) = everybody {
            item.problem(format!(
                "never reached: `{name}` on line {line} matches everybody; put it last"
            ));
        }
        let Some((kind, spot)) = kind(item) else { continue };
        if kind.everybody {
            everybody.get_or_insert((kind.name, item.line));
        }
        let Some(next) = (kind.read)(&spot, &mut reading) else { continue };
        let other = match found.last_mut() {
            Some(last) => last.join(next),
            None => Some(next),
        };
        found.extend(other);
    }
    found.iter_mut().for_each(Identity::finish);
    found
}

/// The kind of an entry, and where it is configured.
fn kind<'n>(item: &Spot<'n>) -> Option<(&'static Kind, Spot<'n>)> {
    let mut fields = item.fields(&format!("an object with {}", names(" or ")))?;
    let mut given = KINDS.iter().filter_map(|kind| Some((kind, fields.find(kind.name)?)));
    let (first, second) = (given.next(), given.next());
    given.for_each(drop);
    let empty = fields.is_empty();
    fields.finish();
    match (first, second) {
        (Some(only), None) => return Some(only),
        // An unknown field has been reported.
        (None, None) if !empty => {}
        _ => item.problem(format!("expected exactly one of {}", names(" and "))),
    }
    None
}

/// The names of all kinds in backticks, with a word between the last two.
fn names(between: &str) -> String {
    let mut names = String::new();
    for (index, kind) in KINDS.iter().enumerate() {
        names.push_str(match index {
            0 => "",
            last if last.saturating_add(1) == KINDS.len() => between,
            _ => ", ",
        });
        names.push_str(&format!("`{}`", kind.name));
    }
    names
}
