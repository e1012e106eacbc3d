//! What a ledger shows of its records.
use crate::credit::{Account, Alert, Budget, Credits, Meter, Moment};

/// A tenant's account with figures that are computed from other records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantView {
    /// The account, with its lots, budgets and alarms.
    pub account: Account,
    /// The number of open holds; `account.held` is the sum of what they hold.
    pub open_holds: u64,
    /// Each budget with what is spent and held in its current window; `None` for a budget of each
    /// user or key, which has many.
    pub budgets: Vec<(Budget, Option<Meter>)>,
    /// What was spent in the last seven days, today included.
    pub spent_week: Credits,
}

/// An alert and the state of its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertView {
    pub alert: Alert,
    pub delivery: Delivery,
}

/// The state of an alert's delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub state: DeliveryState,
    /// The number of attempts so far.
    pub attempts: u32,
    /// When the next attempt is due, while the delivery is pending.
    pub next_at: Moment,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// The state of an alert's delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Not delivered yet, and still tried.
    Pending,
    /// The receiver has answered 2xx.
    Delivered,
    /// Given up after three days.
    Failed,
    /// There was no URL to deliver the alert to.
    Nowhere,
}

/// An alert to deliver now, claimed for half a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub alert: Alert,
    /// The tenant's own URL; `None` for the one of all alerts.
    pub url: Option<String>,
    /// The number of attempts before this one.
    pub attempts: u32,
}

/// What a tenant spent on a model on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendRow {
    /// The day: `2026-03-01`.
    pub day: String,
    /// The model; empty where the charge named none.
    pub model: String,
    pub credits: Credits,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// The number of accounts that were recomputed.
    pub accounts: u64,
    /// The number of entries that were read.
    pub entries: u64,
    /// The number of holds that were read.
    pub holds: u64,
    /// Every difference, one sentence each.
    pub differences: Vec<String>,
}

impl Audit {
    /// Reports a record whose account does not exist.
    pub(super) fn stray(&mut self, table: &str, tenant: &str) {
        self.differences.push(format!("{tenant}: there are {table} and no account"));
    }
}

impl DeliveryState {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Failed, Self::Nowhere];

    /// Its name on the wire and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Nowhere => "nowhere",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}
