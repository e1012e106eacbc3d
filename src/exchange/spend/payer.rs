//! Who pays for a request.
use super::super::Ledger;
use crate::policy::Tenant;

/// Who pays for a request, and on whose behalf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Payer {
    pub(super) tenant: String,
    pub(super) user: Option<String>,
    pub(super) key: Option<String>,
}

impl Payer {
    pub(in super::super) fn of(tenant: &Tenant) -> Self {
        let Tenant { tenant, user, key, .. } = tenant.clone();
        Self { tenant, user, key }
    }

    /// One text for all three: budgets may bind each, so each has leases of its own.
    pub(super) fn name(&self, ledger: &Ledger) -> String {
        let label = |label: &Option<String>| label.clone().unwrap_or_default();
        let all = format!("{}\u{1f}{}\u{1f}{}", self.tenant, label(&self.user), label(&self.key));
        ledger.name(&all)
    }
}
