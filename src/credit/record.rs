//! What a ledger keeps: the records of its stores.
use super::adjustment::Adjusted;
use super::alert::Alarm;
use super::amount::{Balance, Credits};
use super::budget::{Budget, Labels};
use super::calendar::Moment;
use super::standing::{Spent, Standing};
use super::tier::{Buying, Deal};

/// A tenant's account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Whose.
    pub tenant: String,
    /// The sum of its entries.
    pub balance: Balance,
    /// The sum of what its open holds still hold.
    pub held: Credits,
    /// How far holds may take the balance below zero.
    pub overdraft: Credits,
    /// What was bought last.
    pub last_purchase: Credits,
    /// What is left of its purchases, in the order in which it is used.
    pub lots: Vec<Lot>,
    /// What may be spent in a day or a month.
    pub budgets: Vec<Budget>,
    /// Below what the tenant is told.
    pub alarms: Vec<Alarm>,
    /// Where alerts go.
    pub webhook: Option<String>,
    /// The latest moment at which anything happened: time never goes back behind it.
    pub mark: Moment,
    /// The number of its last entry.
    pub entries: u64,
    /// The number of its last alert.
    pub alerts: u64,
}

/// What is left of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// The number of the purchase's entry.
    pub number: u64,
    /// What is left.
    pub remaining: Credits,
    /// When it is gone.
    pub expires_at: Option<Moment>,
}

/// Credits set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Who pays.
    pub tenant: String,
    /// Its id, unique for its tenant.
    pub id: String,
    /// On whose behalf.
    pub user: Option<String>,
    /// With which key.
    pub key: Option<String>,
    /// How much was set aside.
    pub credits: Credits,
    /// How much still is; nothing once it has ended.
    pub remaining: Credits,
    /// How much still was when it expired: what a renewal sets aside anew.
    pub lapsed: Credits,
    /// When it was made.
    pub made: Moment,
    /// When it ends by itself.
    pub expires_at: Moment,
    /// Whether it still holds.
    pub state: HoldState,
    /// What settled it as a whole.
    pub settled: Option<Credits>,
}

/// Whether a hold still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldState {
    /// It does.
    Open,
    /// It was settled, or drawn to its end.
    Settled,
    /// It was given back.
    Released,
    /// Nobody came for it in time.
    Expired,
}

/// One settled part of a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// Whose.
    pub tenant: String,
    /// Of which hold.
    pub hold_id: String,
    /// Its own id.
    pub id: String,
    /// What was charged.
    pub credits: Credits,
    /// What the hold no longer had to hold.
    pub releases: Credits,
}

/// Credits bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// By whom.
    pub tenant: String,
    /// The buyer's own id of it.
    pub key: String,
    /// The number of its entry.
    pub number: u64,
    /// What was asked for.
    pub buying: Buying,
    /// What it came to.
    pub deal: Deal,
    /// When what is left of it is gone.
    pub expires_at: Option<Moment>,
    /// When.
    pub at: Moment,
    /// How the account stood after it.
    pub standing: Standing,
}

/// One change of a balance. Entries are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub tenant: String,
    /// Which of the tenant's entries, from 1.
    pub number: u64,
    /// When.
    pub at: Moment,
    /// How much, in millionths.
    pub amount: Balance,
    /// The balance after it.
    pub balance: Balance,
    /// Why.
    pub reason: Reason,
}

/// Why a balance changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Credits were bought.
    Purchase {
        /// The buyer's own id of it.
        key: String,
        /// When what is left of it is gone.
        expires_at: Option<Moment>,
    },
    /// A request was charged.
    Charge(Box<Charge>),
    /// A purchase expired with something left.
    Expiry {
        /// The number of the purchase's entry.
        lot: u64,
    },
    /// What a wrong clock did was undone: time may go back here.
    Repair {
        /// The number of the purchase's entry, of which this comes back.
        lot: Option<u64>,
    },
    /// An operator changed it by hand.
    Adjustment(Box<Adjusted>),
}

/// A request that was charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Its hold.
    pub hold_id: String,
    /// Its part of the hold.
    pub draw: Option<String>,
    /// Which of the settlement's parts it is, from 1: one for each attempt.
    pub part: u64,
    /// On whose behalf.
    pub user: Option<String>,
    /// With which key.
    pub key: Option<String>,
    /// The moment in whose day and month it counts: when its hold was made.
    pub counts_at: Moment,
    /// Whether it came after its hold had ended, or without one.
    pub late: bool,
    /// What of it went below what holds may take.
    pub overrun: Credits,
    /// What was odd about the settlement, in its caller's words.
    pub flags: Vec<String>,
    /// What it was for.
    pub spent: Spent,
}

impl Account {
    /// How it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            balance: self.balance,
            // Held credits fit: each was checked when it was held.
            available: self.balance.minus(self.held).unwrap_or(Balance::of_micros(i64::MIN)),
            last_purchase: self.last_purchase,
        }
    }

    /// Adds a lot in the order of use: the first to expire first, then the oldest.
    pub fn add_lot(&mut self, lot: Lot) {
        if !lot.remaining.is_zero() {
            self.lots.push(lot);
            self.lots.sort_by_key(|lot| (lot.expires_at.is_none(), lot.expires_at, lot.number));
        }
    }

    /// Takes so much out of its lots, the first to expire first, and tells each that it changed.
    pub(super) fn take(&mut self, credits: Credits, changed: &mut dyn FnMut(Lot)) {
        let mut left = credits;
        for lot in &mut self.lots {
            let taken = lot.remaining.min(left);
            if taken.is_zero() {
                break;
            }
            lot.remaining = lot.remaining.less(taken);
            left = left.less(taken);
            changed(*lot);
        }
        self.lots.retain(|lot| !lot.remaining.is_zero());
    }

    /// Takes so much out of one lot, and tells what it is then.
    pub(super) fn take_from(
        &mut self,
        number: u64,
        credits: Credits,
        changed: &mut dyn FnMut(Lot),
    ) {
        for lot in self.lots.iter_mut().filter(|lot| lot.number == number) {
            lot.remaining = lot.remaining.less(credits);
            changed(*lot);
        }
        self.lots.retain(|lot| !lot.remaining.is_zero());
    }

    /// The sum of its lots, in millionths.
    #[must_use]
    pub fn in_lots(&self) -> u128 {
        let micros = |lot: &Lot| u128::from(lot.remaining.micros());
        self.lots.iter().map(micros).fold(0, u128::saturating_add)
    }
}

impl Hold {
    /// Tenant and id: the same id of two tenants is two holds.
    #[must_use]
    pub fn key(&self) -> (String, String) {
        (self.tenant.clone(), self.id.clone())
    }

    /// Whom it is for.
    #[must_use]
    pub fn labels(&self) -> Labels<'_> {
        Labels { user: self.user.as_deref(), key: self.key.as_deref() }
    }
}

impl Draw {
    /// Tenant, hold and own id.
    #[must_use]
    pub fn key(&self) -> (String, String, String) {
        (self.tenant.clone(), self.hold_id.clone(), self.id.clone())
    }
}

impl HoldState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Settled, Self::Released, Self::Expired];

    /// Its name on the wire and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settled => "settled",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl Reason {
    /// Its name on the wire and in stores.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Purchase { .. } => "purchase",
            Self::Charge(_) => "charge",
            Self::Expiry { .. } => "expiry",
            Self::Repair { .. } => "repair",
            Self::Adjustment(adjusted) => adjusted.change,
        }
    }
}

impl Purchase {
    /// Its id: the tenant, and the number of its entry there.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.tenant, self.number)
    }
}
