//! `identity`: who calls, and who pays for it.
use super::api_key::{self, Keys};
use super::read::{Object, Spot};

/// One way to be known; the first of a policy that matches counts.
#[derive(Debug, Clone)]
pub enum Identity {
    /// `api_key`: by a key whose digest the policy lists.
    ApiKey {
        /// The one header to look in, in lower case; none for the three that the SDKs use.
        header: Option<String>,
        /// The keys.
        keys: Keys,
    },
    /// `anonymous`: everybody, whatever they send.
    Anonymous(Tenant),
}

/// Who pays, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The organisation.
    pub tenant: String,
    /// A person or a program of it.
    pub user: Option<String>,
    /// What the key is called, where several speak for the same.
    pub key: Option<String>,
}

impl Tenant {
    /// Reads `tenant` and, where there may be some, `user` and `key`.
    pub(super) fn read(fields: &mut Object<'_>, with_labels: bool) -> Option<Self> {
        let tenant = fields.required("tenant").and_then(|spot| spot.name("the name of a tenant"));
        let mut label = |name, what| {
            let spot = if with_labels { fields.optional(name) } else { None };
            spot.and_then(|spot| spot.label(what)).map(str::to_owned)
        };
        let user = label("user", "the name of a user");
        let key = label("key", "a name for the key");
        Some(Self { tenant: tenant?.to_owned(), user, key })
    }
}

/// Reads the section.
pub(super) fn read(section: Option<Spot<'_>>, carried: &[&[&str]]) -> Vec<Identity> {
    let methods = "ways to be known, `api_key` or `anonymous`";
    let items = section.and_then(|section| section.list(methods)).unwrap_or_default();
    let mut seen = api_key::Seen::new();
    let mut found = Vec::new();
    let mut anonymous: Option<usize> = None;
    for item in &items {
        if let Some(line) = anonymous {
            item.problem(format!(
                "never reached: `anonymous` on line {line} matches everybody; put it last"
            ));
        }
        let Some(mut fields) = item.object("an object with `api_key` or `anonymous`") else {
            continue;
        };
        let (by_key, nobody) = (fields.optional("api_key"), fields.optional("anonymous"));
        let empty = fields.is_empty();
        fields.finish();
        match (by_key, nobody) {
            (Some(spot), None) => add(&mut found, api_key::read(&spot, &mut seen, carried)),
            (None, Some(spot)) => {
                anonymous.get_or_insert(item.line);
                found.extend(everybody(&spot));
            }
            // An unknown field has been reported.
            (None, None) if !empty => {}
            _ => item.problem("expected exactly one of `api_key` and `anonymous`"),
        }
    }
    for identity in &mut found {
        if let Identity::ApiKey { keys, .. } = identity {
            keys.sort();
        }
    }
    found
}

/// Adds a way, to the one before it where both look in the same place: what a request costs then
/// depends on the places, not on how many entries a policy is written in.
fn add(found: &mut Vec<Identity>, next: Option<Identity>) {
    match (found.last_mut(), next) {
        (
            Some(Identity::ApiKey { header, keys }),
            Some(Identity::ApiKey { header: own, keys: others }),
        ) if *header == own => keys.merge(others),
        (_, next) => found.extend(next),
    }
}

fn everybody(spot: &Spot<'_>) -> Option<Identity> {
    let mut fields = spot.object("an object with a `tenant`")?;
    let tenant = Tenant::read(&mut fields, false);
    fields.finish();
    tenant.map(Identity::Anonymous)
}
