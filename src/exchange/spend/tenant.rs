//! What a proxy knows of a tenant: how its account stood at the ledger's last answer, and what it
//! has run up while the ledger was away.
use super::super::{Host, Ledger};
use crate::credit::wire::HoldReply;
use crate::credit::{Balance, Credits};
use crate::layout::{Reader, Writer};
use crate::policy::{Allowance, Standing};
use crate::resilience::{Record, Records};

/// A tenant as this proxy knows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TenantRecord {
    /// The ledger has told of a purchase of this tenant.
    pub(super) bought: bool,
    /// Its credits, held ones included.
    pub(super) balance: Balance,
    /// Its credits that are not held.
    pub(super) available: Balance,
    /// Credits of its last purchase.
    pub(super) last_purchase: Credits,
    /// What the tenant has run up, and the ledger has not been told of.
    owed: Credits,
}

impl Record for TenantRecord {
    const KIND: &'static str = "tenant.1";

    fn write(&self, out: &mut Writer) {
        out.number(u64::from(self.bought));
        out.signed(self.balance.micros());
        out.signed(self.available.micros());
        out.number(self.last_purchase.micros());
        out.number(self.owed.micros());
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            bought: fields.number()? == 1,
            balance: Balance::of_micros(fields.signed()?),
            available: Balance::of_micros(fields.signed()?),
            last_purchase: Credits::of_micros(fields.number()?)?,
            owed: Credits::of_micros(fields.number()?)?,
        })
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        !self.owed.is_zero()
    }
}

/// What a tenant has run up is not forgotten while it has grace, which would then begin anew.
const _: () = assert!(TenantRecord::STALE_MS > Allowance::SECONDS_MAX.saturating_mul(1000));

impl TenantRecord {
    /// What is known; `None` where this proxy has not heard of the tenant.
    pub(super) fn of(records: Records<'_>, ledger: &Ledger, tenant: &str) -> Option<Self> {
        records.read(&ledger.name(tenant))
    }

    /// How an account stands, as this proxy last heard; `None` where it has not heard of it.
    pub(super) fn standing(host: &dyn Host, ledger: &Ledger, tenant: &str) -> Option<Standing> {
        let Self { bought, balance, last_purchase, .. } =
            Records::at(host, host.now_ms()).read(&ledger.name(tenant))?;
        bought.then_some(Standing { balance, last_purchase })
    }

    fn update(
        records: Records<'_>,
        ledger: &Ledger,
        tenant: &str,
        change: impl Fn(Self) -> Option<Self>,
    ) -> bool {
        let updated = records.update(&ledger.name(tenant), |known| {
            change(known.unwrap_or_default()).map(|known| (known, ()))
        });
        updated.is_ok()
    }

    /// Notes how an account stands.
    pub(super) fn note(records: Records<'_>, ledger: &Ledger, tenant: &str, standing: &HoldReply) {
        let HoldReply { balance, available, last_purchase, .. } = *standing;
        let bought = !last_purchase.is_zero();
        Self::update(records, ledger, tenant, |known| {
            let bought = known.bought || bought;
            Some(Self { bought, balance, available, last_purchase, ..known })
        });
    }

    /// Notes what has been charged since.
    pub(super) fn charged(records: Records<'_>, ledger: &Ledger, tenant: &str, credits: Credits) {
        Self::update(records, ledger, tenant, |known| {
            let balance = known.balance.checked_sub(credits)?;
            (known.bought && !credits.is_zero()).then_some(Self { balance, ..known })
        });
    }

    /// Lets a tenant run up credits without a hold; whether that is within its grace. A tenant of
    /// whose purchase this proxy has not heard has no grace: a proxy that has just started, or has
    /// no place left for the record, serves nobody until the ledger has answered once.
    ///
    /// What the tenant has run up counts until the ledger has been told, so a ledger that comes and
    /// goes gives no second grace.
    pub(super) fn run_up(
        records: Records<'_>,
        ledger: &Ledger,
        tenant: &str,
        (credits, grace): (Credits, Allowance),
        since_ms: u64,
    ) -> bool {
        let over = since_ms.saturating_add(grace.seconds.saturating_mul(1000));
        if records.now_ms() >= over {
            return false;
        }
        Self::update(records, ledger, tenant, |known| {
            let owed = known.owed.checked_add(credits).filter(|sum| *sum <= grace.credits)?;
            known.bought.then_some(Self { owed, ..known })
        })
    }

    /// Takes from what a tenant has run up: what was not needed after all, what is charged now, or
    /// what will never be.
    pub(super) fn settled(records: Records<'_>, ledger: &Ledger, tenant: &str, credits: Credits) {
        if credits.is_zero() {
            return;
        }
        Self::update(records, ledger, tenant, |known| {
            let owed = known.owed.saturating_sub(credits);
            (!known.owed.is_zero()).then_some(Self { owed, ..known })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::TenantRecord;
    use crate::credit::Credits;
    use crate::resilience::Record as _;

    #[test]
    fn a_tenant_that_has_run_up_credits_keeps_its_place() {
        for (micros, stays) in [(0, false), (1, true)] {
            let owed = Credits::of_micros(micros).unwrap_or_default();
            assert_eq!(
                TenantRecord { owed, bought: true, ..TenantRecord::default() }.is_pinned(0),
                stays,
                "{micros}"
            );
        }
    }
}
