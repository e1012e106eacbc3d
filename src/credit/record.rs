//! The records that a ledger's stores keep.
use super::adjustment::Adjusted;
use super::alert::AlertRule;
use super::amount::{Balance, Credits};
use super::budget::{Budget, Labels};
use super::calendar::Moment;
use super::standing::{ChargeDetails, Standing};
use super::tier::{Buying, Deal};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    pub tenant: String,
    /// The sum of the account's entries.
    pub balance: Balance,
    /// The sum of what the account's open holds still hold.
    pub held: Credits,
    /// How far holds may take the balance below zero.
    pub overdraft: Credits,
    /// The credits of the last purchase.
    pub last_purchase: Credits,
    /// What is left of purchases, in the order in which it is used.
    pub lots: Vec<Lot>,
    pub budgets: Vec<Budget>,
    pub alert_rules: Vec<AlertRule>,
    pub webhook: Option<String>,
    /// The latest moment at which anything happened: the account's time never goes back behind it.
    pub latest_at: Moment,
    /// The number of the account's last entry; 0 without one.
    pub entries: u64,
    /// The number of the account's last alert; 0 without one.
    pub alerts: u64,
}

/// What is left of a purchase, or of credits that an operator gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// The number of the entry that created the lot.
    pub number: u64,
    pub remaining: Credits,
    /// When the rest expires; `None` for never.
    pub expires_at: Option<Moment>,
}

/// Credits set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub tenant: String,
    /// Unique for its tenant.
    pub id: String,
    pub user: Option<String>,
    pub key: Option<String>,
    /// How much was set aside.
    pub credits: Credits,
    /// What is still set aside; zero once the hold has ended.
    pub remaining: Credits,
    /// What was still set aside when the hold expired: a renewal sets it aside again.
    pub lapsed: Credits,
    /// When the hold was made.
    pub made: Moment,
    pub expires_at: Moment,
    pub state: HoldState,
    /// The cost that settled the hold as a whole; `None` while that has not happened.
    pub settled: Option<Credits>,
}

/// Whether a hold still holds credits, and otherwise how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldState {
    Open,
    /// Settled as a whole, or by draws that used all of it.
    Settled,
    /// Given back without a charge.
    Released,
    /// Not settled, given back or renewed in time.
    Expired,
}

/// One settled request of a hold that serves many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    pub tenant: String,
    pub hold_id: String,
    /// The request's id, unique for the hold.
    pub id: String,
    /// The cost that was charged.
    pub credits: Credits,
    /// How much of the hold the request no longer needed, its cost included.
    pub releases: Credits,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub tenant: String,
    /// The idempotency key that the buyer chose.
    pub key: String,
    /// The number of the purchase's entry.
    pub number: u64,
    pub buying: Buying,
    pub deal: Deal,
    /// When the rest expires; `None` for never.
    pub expires_at: Option<Moment>,
    pub at: Moment,
    /// The account after the purchase.
    pub standing: Standing,
}

/// One change of a balance. Entries are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub tenant: String,
    /// Counts the tenant's entries, from 1.
    pub number: u64,
    pub at: Moment,
    /// By how much the balance changed.
    pub amount: Balance,
    /// The balance after the change.
    pub balance: Balance,
    pub reason: Reason,
}

/// Why a balance changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Credits were bought.
    Purchase {
        /// The idempotency key that the buyer chose.
        key: String,
        /// When the rest expires; `None` for never.
        expires_at: Option<Moment>,
    },
    /// A request was charged.
    Charge(Box<Charge>),
    /// A lot expired before it was used up.
    Expiry {
        /// The number of the entry that created the lot.
        lot: u64,
    },
    /// What a clock that was ahead did was undone: only here may time go back.
    Repair {
        /// The lot that was restored; `None` where only time was set back.
        lot: Option<u64>,
    },
    /// An operator changed the account by hand.
    Adjustment(Box<Adjusted>),
}

/// A request that was charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub hold_id: String,
    /// The id of the draw, where the hold serves many requests.
    pub draw: Option<String>,
    /// The number of the settlement's part, from 1: one for each attempt.
    pub part: u64,
    pub user: Option<String>,
    pub key: Option<String>,
    /// The moment in whose day and month the charge counts: when its hold was made.
    pub counts_at: Moment,
    /// Whether the settlement came after its hold had ended, or without one.
    pub late: bool,
    /// What of the charge went below the overdraft.
    pub overrun: Credits,
    /// What was odd about the settlement, in the caller's words.
    pub flags: Vec<String>,
    pub details: ChargeDetails,
}

impl Account {
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            balance: self.balance,
            // Held credits fit: each was checked when it was held.
            available: self.balance.checked_sub(self.held).unwrap_or(Balance::of_micros(i64::MIN)),
            last_purchase: self.last_purchase,
        }
    }

    /// Adds a lot in the order of use: the first to expire comes first, then the oldest.
    pub fn add_lot(&mut self, lot: Lot) {
        if !lot.remaining.is_zero() {
            self.lots.push(lot);
            self.lots.sort_by_key(|lot| (lot.expires_at.is_none(), lot.expires_at, lot.number));
        }
    }

    /// Takes credits out of the lots in their order, and hands each changed lot to `changed`.
    pub(super) fn take(&mut self, credits: Credits, changed: &mut dyn FnMut(Lot)) {
        let mut left = credits;
        for lot in &mut self.lots {
            let taken = lot.remaining.min(left);
            if taken.is_zero() {
                break;
            }
            lot.remaining = lot.remaining.saturating_sub(taken);
            left = left.saturating_sub(taken);
            changed(*lot);
        }
        self.lots.retain(|lot| !lot.remaining.is_zero());
    }

    /// Takes credits out of one lot, and hands it to `changed`.
    pub(super) fn take_from(
        &mut self,
        number: u64,
        credits: Credits,
        changed: &mut dyn FnMut(Lot),
    ) {
        for lot in self.lots.iter_mut().filter(|lot| lot.number == number) {
            lot.remaining = lot.remaining.saturating_sub(credits);
            changed(*lot);
        }
        self.lots.retain(|lot| !lot.remaining.is_zero());
    }

    /// The sum of the lots, in millionths.
    #[must_use]
    pub fn in_lots(&self) -> u128 {
        let micros = |lot: &Lot| u128::from(lot.remaining.micros());
        self.lots.iter().map(micros).fold(0, u128::saturating_add)
    }
}

impl Hold {
    /// Tenant and id: two tenants may use the same id.
    #[must_use]
    pub fn key(&self) -> (String, String) {
        (self.tenant.clone(), self.id.clone())
    }

    #[must_use]
    pub fn labels(&self) -> Labels<'_> {
        Labels { user: self.user.as_deref(), key: self.key.as_deref() }
    }
}

impl Draw {
    /// Tenant, hold id and own id.
    #[must_use]
    pub fn key(&self) -> (String, String, String) {
        (self.tenant.clone(), self.hold_id.clone(), self.id.clone())
    }
}

impl HoldState {
    pub const ALL: [Self; 4] = [Self::Open, Self::Settled, Self::Released, Self::Expired];

    /// Its name on the wire and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settled => "settled",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl Reason {
    /// Its name on the wire and in the database.
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
    /// The id by which the API names it: `tenant/entry number`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.tenant, self.number)
    }
}
