//! Callers whose names the policy does not list: others say them, a token, a certificate or the
//! proxy's own node. What they say is taken as it is, or the caller is refused; never is a name cut
//! or changed, since it would become another's.
use super::super::field::{
    Field, Holds, Is, List, Name, Object, Optional, Read as _, Rule, Spot, shown, unsafe_name,
};
use super::asked::{label, user_header, user_in};
use super::tenant::Tenant;
use super::{Caller, Reading, Told};
use crate::dialect::{Fault, FaultKind};

const TENANT_NAME: Name = Name("the name of a tenant");

pub(super) const FIXED: Optional<Name> = Field::optional(
    "tenant",
    TENANT_NAME,
    "the caller's own",
    "The organisation that pays for all of them.",
);

pub(super) const TENANTS: Optional<List> = Field::optional(
    "tenants",
    List::of("names of tenants", &TENANT_NAME).unique(),
    "every tenant whose name is right",
    "The tenants that are served. A caller of another is refused.",
);

/// Tenants that differ are not one.
pub(super) const ONE_TENANT: Rule = Rule {
    when: Holds { key: TENANTS.key(), is: Is::Given },
    then: Holds { key: FIXED.key(), is: Is::Absent },
};

/// What holds of all callers of one entry.
#[derive(Debug, Clone, Default)]
pub(super) struct Claimed {
    /// The tenant of all; `None` where it is said of each.
    fixed: Option<String>,
    /// The tenants that are served; empty for all.
    tenants: Vec<String>,
    /// What they may do.
    rights: Tenant,
    user_header: Option<String>,
}

/// What others say of a caller.
#[derive(Debug, Default)]
pub(super) struct Said<'s> {
    /// Who says it, for messages: `the token's claim `org``.
    pub(super) by: &'s str,
    /// `None` where nothing is said of it.
    pub(super) tenant: Option<&'s [u8]>,
    pub(super) user: Option<&'s [u8]>,
    pub(super) labels: Vec<(String, String)>,
}

impl Claimed {
    /// Reads the fields that all kinds have. Once for all of them, so that the module stays small.
    #[inline(never)]
    pub(super) fn read(fields: &mut Object<'_>, reading: &Reading<'_>) -> Option<Self> {
        let fixed = fields.read(&FIXED);
        let tenants = fields.read_with(&TENANTS, |spot| names(spot));
        let place = fields.place(&TENANTS);
        if let (Some(Some(_)), Some(Some(_))) = (&fixed, &tenants) {
            place.problem("`tenants` is for callers whose tenants differ: remove it or `tenant`");
        }
        let user_header = user_header(fields, reading);
        let rights = Tenant::rights(fields, reading);
        Some(Self {
            fixed: fixed?,
            tenants: tenants?.unwrap_or_default(),
            user_header: user_header?,
            rights: rights?,
        })
    }

    /// Whether all are one tenant, who is named.
    pub(super) const fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }

    /// What its callers may ask for, and what they require.
    pub(super) const fn rights(&self) -> &Tenant {
        &self.rights
    }

    /// Whether a caller is believed who its user is.
    pub(super) const fn believes(&self) -> bool {
        self.user_header.is_some()
    }

    /// The tenants that there may be; `None` where only others know.
    pub(super) fn known(&self) -> Option<Vec<&str>> {
        match &self.fixed {
            Some(fixed) => Some(vec![fixed]),
            None if self.tenants.is_empty() => None,
            None => Some(self.tenants.iter().map(String::as_str).collect()),
        }
    }

    /// The caller of whom this is said.
    #[inline(never)]
    pub(super) fn caller(&self, said: Said<'_>, caller: &Caller<'_>) -> Told {
        let tenant = match &self.fixed {
            Some(fixed) => fixed.clone(),
            None => self.tenant(&said)?,
        };
        let named = match said.user.map(|user| label(user).ok_or(user)) {
            None => None,
            Some(Ok(user)) => Some(user.to_owned()),
            Some(Err(user)) => {
                let user = shown(&String::from_utf8_lossy(user));
                return Err(refused(format!(
                    "{} names a user `{user}`, which is not 1 to {} visible ASCII characters \
                     without spaces: ask whoever issues it",
                    said.by,
                    super::LABEL_MOST
                )));
            }
        };
        let user = user_in(self.user_header.as_deref(), caller)?.or(named);
        let labels = said.labels.into();
        Ok(Some(Tenant { tenant, user, labels, ..self.rights.clone() }))
    }

    /// The tenant that is said, where it is one that may call. A host gives the bytes of a value
    /// and not its kind: those of a list, of `true` and of a number that anybody counts with are no
    /// name, since they have bytes in them that no name has.
    fn tenant(&self, said: &Said<'_>) -> Result<String, Box<Fault>> {
        let by = said.by;
        let Some(name) = said.tenant else {
            let message = format!("{by} does not say whose it is: ask whoever issues it");
            return Err(refused(message));
        };
        let name = core::str::from_utf8(name).ok().filter(|own| unsafe_name(own).is_none());
        match name {
            Some(name) if self.tenants.is_empty() => Ok(name.to_owned()),
            Some(name) if self.tenants.iter().any(|own| own == name) => Ok(name.to_owned()),
            Some(name) => {
                Err(refused(format!("{by} is of the tenant `{name}`, who is not served here")))
            }
            None => {
                let message = "does not name a tenant as they are named here: a letter or digit, \
                               then letters, digits, `.`, `_` and `-`, at most 64 in all";
                Err(refused(format!("{by} {message}")))
            }
        }
    }
}

fn refused(message: String) -> Box<Fault> {
    Box::new(Fault::new(FaultKind::Permission, message))
}

fn names(spot: &Spot<'_>) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for item in TENANTS.kind.items(spot)? {
        let name = TENANT_NAME.read(&item)?;
        if names.contains(&name) {
            item.problem("this name stands in this list before");
        }
        names.push(name);
    }
    Some(names)
}
