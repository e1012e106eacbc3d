//! What commands changed in a book, for a store to write.
use std::collections::{BTreeMap, BTreeSet};

use super::Book;
use crate::credit::adjustment::Adjustment;
use crate::credit::alert::Alert;
use crate::credit::budget::{Meter, MeterKey};
use crate::credit::record::{Account, Draw, Entry, Hold, Lot, Purchase};
use crate::credit::tier::Tiers;

/// Every record that commands created or changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Accounts, without their lots.
    pub accounts: Vec<Written<Account>>,
    /// Tenants and their lots, also those that are used up now.
    pub lots: Vec<Written<(String, Lot)>>,
    pub holds: Vec<Written<Hold>>,
    /// Draws on holds; all are new.
    pub draws: Vec<Draw>,
    pub purchases: Vec<Purchase>,
    pub adjustments: Vec<Adjustment>,
    pub entries: Vec<Entry>,
    pub alerts: Vec<Alert>,
    pub meters: Vec<(MeterKey, Meter)>,
    /// The tiers of purchases, where a command set them.
    pub tiers: Option<Tiers>,
}

/// A record to write, and whether the store has it already. A new one must not exist there: when
/// another ledger has inserted the same one meanwhile, the whole batch starts again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<R> {
    pub record: R,
    /// Whether to insert the record, or to update the one that is there.
    pub new: bool,
}

/// The keys of the records that the store has not written yet.
#[derive(Debug, Default)]
pub(super) struct Unsaved {
    pub(super) tiers: bool,
    /// By tenant: whether the account is new.
    pub(super) accounts: BTreeMap<String, bool>,
    /// By tenant and id: whether the hold is new.
    pub(super) holds: BTreeMap<(String, String), bool>,
    pub(super) lots: BTreeMap<(String, u64), Written<Lot>>,
    pub(super) draws: Vec<(String, String, String)>,
    pub(super) purchases: Vec<(String, String)>,
    pub(super) adjustments: Vec<(String, String)>,
    pub(super) entries: Vec<Entry>,
    pub(super) alerts: Vec<Alert>,
    pub(super) meters: BTreeSet<MeterKey>,
}

impl Unsaved {
    pub(super) fn account(&mut self, tenant: &str) {
        if !self.accounts.contains_key(tenant) {
            self.accounts.insert(tenant.to_owned(), false);
        }
    }

    pub(super) fn hold(&mut self, key: &(String, String)) {
        if !self.holds.contains_key(key) {
            self.holds.insert(key.clone(), false);
        }
    }

    pub(super) fn lot(&mut self, tenant: &str, lot: Lot, new: bool) {
        let fresh = Written { record: lot, new };
        let kept = self.lots.entry((tenant.to_owned(), lot.number)).or_insert(fresh);
        kept.record = lot;
    }

    pub(super) fn changes(self, book: &Book) -> Changes {
        let account = |(tenant, new): (String, bool)| {
            let record = book.accounts.get(&tenant)?.clone();
            Some(Written { record, new })
        };
        let hold = |(key, new): ((String, String), bool)| {
            let record = book.holds.get(&key)?.clone();
            Some(Written { record, new })
        };
        let lot = |((tenant, _), lot): ((String, u64), Written<Lot>)| Written {
            record: (tenant, lot.record),
            new: lot.new,
        };
        let meter = |key: MeterKey| {
            let meter = book.meter(&key);
            (key, meter)
        };
        Changes {
            accounts: self.accounts.into_iter().filter_map(account).collect(),
            lots: self.lots.into_iter().map(lot).collect(),
            holds: self.holds.into_iter().filter_map(hold).collect(),
            draws: self.draws.iter().filter_map(|key| book.draws.get(key).cloned()).collect(),
            purchases: self
                .purchases
                .iter()
                .filter_map(|key| book.purchases.get(key).cloned())
                .collect(),
            adjustments: self
                .adjustments
                .iter()
                .filter_map(|key| book.adjustments.get(key).cloned())
                .collect(),
            entries: self.entries,
            alerts: self.alerts,
            meters: self.meters.into_iter().map(meter).collect(),
            tiers: self.tiers.then(|| book.tiers.clone()),
        }
    }
}
