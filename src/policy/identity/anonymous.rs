//! `identity[].anonymous`: everybody, whatever they send but for a bad token.
use super::super::field::{Section, Spot};
use super::Reading;
use super::asked::MODELS;
use super::tenant::{REQUIRE, TENANT, Tenant};

pub(super) const ANONYMOUS: Section = Section::new(
    "an object with a `tenant`",
    "Everybody, whatever they send, but for a token that a `jwt` before it does not take: whoever \
     sends one is told so. It comes last: nothing after it would ever be asked.",
    "identity:\n  - anonymous: {tenant: public}",
    &[&TENANT, &MODELS, &REQUIRE],
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
    pub(super) fn read(spot: &Spot<'_>, reading: &Reading<'_>) -> Option<Self> {
        let mut fields = spot.object(&ANONYMOUS)?;
        let tenant = Tenant::read(&mut fields, reading);
        fields.finish();
        tenant.map(Self)
    }
}
