//! The rules of accounts: what a command does to the records that it is about.
//!
//! A store loads the records that some commands are [`Wanted`] to be about, applies the commands in
//! their order and keeps the [`Changes`], all in one transaction. A book that holds every record is
//! the whole ledger, in memory.
mod adjust;
mod buy;
mod changes;
mod charge;
mod configure;
mod hold;
mod renew;
mod repair;
mod settle;
mod sweep;
mod wanted;

pub use changes::{Changes, Written};
pub use wanted::Wanted;

use std::collections::{BTreeMap, BTreeSet};

use super::adjustment::{Adjust, Adjustment};
use super::budget::{Meter, MeterKey};
use super::calendar::Moment;
use super::command::{Answer, Command};
use super::outcome::Outcome;
use super::record::{Account, Draw, Hold, HoldState, Lot, Purchase};
use super::standing::Standing;
use super::tier::Tiers;
use changes::Unsaved;

/// Records of a ledger, and which of them commands have changed.
#[derive(Debug, Default)]
pub struct Book {
    tiers: Tiers,
    accounts: BTreeMap<String, Account>,
    /// By tenant and id.
    holds: BTreeMap<(String, String), Hold>,
    /// The open holds in the order in which they expire: tenant, moment, id.
    due: BTreeSet<(String, Moment, String)>,
    /// By tenant, hold id and own id.
    draws: BTreeMap<(String, String, String), Draw>,
    /// By tenant and key.
    purchases: BTreeMap<(String, String), Purchase>,
    /// By tenant and key.
    adjustments: BTreeMap<(String, String), Adjustment>,
    meters: BTreeMap<MeterKey, Meter>,
    /// By tenant and lot: what was left when it expired. Only a repair loads these.
    expired: BTreeMap<(String, u64), Lot>,
    unsaved: Unsaved,
}

impl Book {
    /// Carries out a command at the time `now`.
    pub fn apply(&mut self, command: &Command, now: Moment) -> Answer {
        match command {
            Command::Hold(new) => self.hold(new, now),
            Command::Settle(settle) => self.settle(settle, now),
            Command::Renew(renew) => self.renew(renew, now),
            Command::Release(release) => self.release(release, now),
            Command::Buy(buy) => self.buy(buy, now),
            Command::Adjust(adjust) => self.adjust(adjust, now),
            Command::Configure(configure) => self.configure(configure, now),
            Command::SetTiers(tiers) => {
                self.tiers = tiers.clone();
                self.unsaved.tiers = true;
                Answer::only(Outcome::Configured)
            }
            Command::Sweep(sweep) => match self.bring_up_to_date(&sweep.tenant, now) {
                Some(_) => self.answer(Outcome::Swept, &sweep.tenant),
                None => Answer::only(Outcome::UnknownTenant),
            },
            Command::Repair(repair) => self.repair(repair, now),
        }
    }

    /// Everything that commands changed since the last call.
    pub fn take_changes(&mut self) -> Changes {
        let unsaved = core::mem::take(&mut self.unsaved);
        unsaved.changes(self)
    }

    pub fn load_tiers(&mut self, tiers: Tiers) {
        self.tiers = tiers;
    }

    pub fn load_account(&mut self, account: Account) {
        self.accounts.insert(account.tenant.clone(), account);
    }

    pub fn load_hold(&mut self, hold: Hold) {
        if hold.state == HoldState::Open {
            self.due.insert(due(&hold));
        }
        self.holds.insert(hold.key(), hold);
    }

    pub fn load_draw(&mut self, draw: Draw) {
        self.draws.insert(draw.key(), draw);
    }

    pub fn load_purchase(&mut self, purchase: Purchase) {
        self.purchases.insert((purchase.tenant.clone(), purchase.key.clone()), purchase);
    }

    pub fn load_adjustment(&mut self, adjustment: Adjustment) {
        let Adjust { tenant, key, .. } = &adjustment.asked;
        self.adjustments.insert((tenant.clone(), key.clone()), adjustment);
    }

    pub fn load_meter(&mut self, key: MeterKey, meter: Meter) {
        self.meters.insert(key, meter);
    }

    #[must_use]
    pub fn account(&self, tenant: &str) -> Option<&Account> {
        self.accounts.get(tenant)
    }

    #[must_use]
    pub fn hold_of(&self, tenant: &str, id: &str) -> Option<&Hold> {
        self.holds.get(&(tenant.to_owned(), id.to_owned()))
    }

    /// What was spent and is held in a window; zero for a meter that was never loaded.
    #[must_use]
    pub fn meter(&self, key: &MeterKey) -> Meter {
        self.meters.get(key).copied().unwrap_or_default()
    }

    fn standing(&self, tenant: &str) -> Option<Standing> {
        self.accounts.get(tenant).map(Account::standing)
    }

    fn answer(&self, outcome: Outcome, tenant: &str) -> Answer {
        Answer { standing: self.standing(tenant), ..Answer::only(outcome) }
    }

    fn answer_of_hold(&self, outcome: Outcome, key: &(String, String)) -> Answer {
        let hold = self.holds.get(key);
        let standing = hold.and_then(|hold| self.standing(&hold.tenant));
        Answer { standing, hold: hold.cloned(), ..Answer::only(outcome) }
    }
}

fn due(hold: &Hold) -> (String, Moment, String) {
    (hold.tenant.clone(), hold.expires_at, hold.id.clone())
}
