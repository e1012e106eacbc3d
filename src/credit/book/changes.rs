//! What commands did to a book, for a store to keep.
use std::collections::{BTreeMap, BTreeSet};

use super::Book;
use crate::credit::adjustment::Adjustment;
use crate::credit::alert::Alert;
use crate::credit::budget::{Meter, MeterKey};
use crate::credit::record::{Account, Draw, Entry, Hold, Lot, Purchase};
use crate::credit::tier::Tiers;

/// Every record that is new or another one now.
#[derive(Debug, Default)]
pub struct Changes {
    /// Accounts; their lots are told apart.
    pub accounts: Vec<Written<Account>>,
    /// Lots by tenant, those that are used up as well.
    pub lots: Vec<Written<(String, Lot)>>,
    /// Holds.
    pub holds: Vec<Written<Hold>>,
    /// Settled parts of holds; all are new.
    pub draws: Vec<Draw>,
    /// Purchases; all are new.
    pub purchases: Vec<Purchase>,
    /// Adjustments; all are new.
    pub adjustments: Vec<Adjustment>,
    /// Entries; all are new.
    pub entries: Vec<Entry>,
    /// Alerts; all are new.
    pub alerts: Vec<Alert>,
    /// Meters, new or not.
    pub meters: Vec<(MeterKey, Meter)>,
    /// The tiers of purchases, where they were set.
    pub tiers: Option<Tiers>,
}

/// A record, and whether a store has had it before. One that it has not must be in nobody's way:
/// when another ledger was faster with the same one, the whole batch starts again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<R> {
    /// As it is now.
    pub record: R,
    /// Whether it is new.
    pub new: bool,
}

/// What is not kept yet.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    pub(super) tiers: bool,
    /// By name: whether it is new.
    pub(super) accounts: BTreeMap<String, bool>,
    /// By tenant and id: whether it is new.
    pub(super) holds: BTreeMap<(String, String), bool>,
    pub(super) lots: BTreeMap<(String, u64), Written<Lot>>,
    pub(super) draws: Vec<(String, String, String)>,
    pub(super) purchases: Vec<(String, String)>,
    pub(super) adjustments: Vec<(String, String)>,
    pub(super) entries: Vec<Entry>,
    pub(super) alerts: Vec<Alert>,
    pub(super) meters: BTreeSet<MeterKey>,
}

impl Dirty {
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
