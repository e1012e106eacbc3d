//! `identity[].anonymous`: everybody, whatever they send.
use super::super::field::{Section, Spot};
use super::super::tags::KnownTags;
use super::tenant::{REQUIRE, TENANT, Tenant};

pub(super) const ANONYMOUS: Section = Section::new(
    "an object with a `tenant`",
    "Everybody, whatever they send. It comes last: nothing after it would ever be asked.",
    "identity:\n  - anonymous: {tenant: public}",
    &[&TENANT, &REQUIRE],
);

/// Everybody is this tenant.
#[derive(Debug, Clone)]
pub struct Anonymous(Tenant);

impl Anonymous {
    /// Who pays for everybody.
    pub(super) const fn tenant(&self) -> &Tenant {
        &self.0
    }

    /// Reads what `anonymous` holds.
    pub(super) fn read(spot: &Spot<'_>, tags: &KnownTags) -> Option<Self> {
        let mut fields = spot.object(&ANONYMOUS)?;
        let tenant = Tenant::read(&mut fields, tags);
        fields.finish();
        tenant.map(Self)
    }
}
