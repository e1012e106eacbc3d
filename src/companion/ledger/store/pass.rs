//! An audit's pass over a database: groups of accounts, and every row of theirs.
use std::collections::BTreeMap;

use super::seal::Found;
use crate::companion::ledger::view::{AlertView, Audit};
use crate::credit::{
    Account, Adjustment, Auditor, Draw, Entry, Hold, Lot, Meter, MeterKey, Purchase,
};

/// How many accounts are audited together.
pub(super) const TOGETHER: i64 = 100;

/// The audit so far.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) audit: Audit,
    auditors: BTreeMap<String, Auditor>,
    /// The first and the last tenant of the group.
    range: Option<(String, String)>,
}

impl Pass {
    /// Begins a group of accounts. Gives the tenants after which, and up to which, its records
    /// are; `None` when there are no accounts.
    pub(super) fn accounts(&mut self, found: Vec<Found<Account>>) -> Option<(String, String)> {
        let after = self.range.take().map(|(_, last)| last).unwrap_or_default();
        let last = found.last()?.tenant.clone();
        for found in found {
            self.intact(&found);
            let tenant = found.tenant.clone();
            // An account that cannot be read is reported already: its rows meet a blank one.
            let blank = Account { tenant: tenant.clone(), ..Account::default() };
            self.auditors.insert(tenant, Auditor::of(found.record.unwrap_or(blank)));
            self.audit.accounts = self.audit.accounts.saturating_add(1);
        }
        self.range = Some((after.clone(), last.clone()));
        Some((after, last))
    }

    pub(super) fn lot(&mut self, found: Found<(String, Lot)>) {
        self.see(found, |auditor, (_, lot)| auditor.lot(lot));
    }

    pub(super) fn purchase(&mut self, found: Found<Purchase>) {
        self.see(found, Auditor::purchase);
    }

    pub(super) fn adjustment(&mut self, found: Found<Adjustment>) {
        self.see(found, Auditor::adjustment);
    }

    pub(super) fn entry(&mut self, found: Found<Entry>) {
        self.audit.entries = self.audit.entries.saturating_add(1);
        self.see(found, |auditor, entry| auditor.entry(&entry));
    }

    pub(super) fn hold(&mut self, found: Found<Hold>) {
        self.audit.holds = self.audit.holds.saturating_add(1);
        self.see(found, |auditor, hold| auditor.hold(&hold));
    }

    pub(super) fn draw(&mut self, found: Found<Draw>) {
        self.see(found, |auditor, draw| auditor.draw(&draw));
    }

    pub(super) fn meter(&mut self, found: Found<(MeterKey, Meter)>) {
        self.see(found, |auditor, (key, meter)| auditor.meter(&key, meter));
    }

    pub(super) fn alert(&mut self, found: Found<AlertView>) {
        self.see(found, |auditor, view| auditor.alert(&view.alert));
    }

    /// Ends the group.
    pub(super) fn done(&mut self) {
        for auditor in core::mem::take(&mut self.auditors).into_values() {
            self.audit.differences.extend(auditor.differences());
        }
    }

    /// Reports a row whose seal is wrong, or which cannot be read.
    pub(super) fn intact<T>(&mut self, found: &Found<T>) {
        if !found.intact || found.record.is_none() {
            let Found { tenant, name, .. } = found;
            let what = format!("{tenant}: {name} is not as it was written");
            self.audit.differences.push(what);
        }
    }

    fn see<T>(&mut self, found: Found<T>, tell: impl FnOnce(&mut Auditor, T)) {
        self.intact(&found);
        // A row without an account is reported elsewhere.
        if let (Some(auditor), Some(record)) = (self.auditors.get_mut(&found.tenant), found.record)
        {
            tell(auditor, record);
        }
    }
}
