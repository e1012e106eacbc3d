//! What a ledger shows of its records.
use crate::credit::{Account, Alert, Budget, Credits, Meter, Moment};

/// A tenant's account, and what a reader wants to see beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantView {
    /// The account, with its lots, budgets and alarms.
    pub account: Account,
    /// How many holds are open; the account says what they hold.
    pub open_holds: u64,
    /// Each budget with what of it is spent and held in the window of now; none where there is
    /// one for each user or key.
    pub budgets: Vec<(Budget, Option<Meter>)>,
    /// What was spent in the last seven days, today included.
    pub spent_week: Credits,
}

/// An alert, and how far its delivery came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertView {
    /// The alert.
    pub alert: Alert,
    /// Its delivery.
    pub delivery: Delivery,
}

/// How far the delivery of an alert came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// How far.
    pub state: DeliveryState,
    /// How many attempts were made.
    pub attempts: u32,
    /// When the next one is due, while it is pending.
    pub next_at: Moment,
    /// Why the last one failed.
    pub error: Option<String>,
}

/// How far the delivery of an alert came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It is still tried.
    Pending,
    /// The receiver has it.
    Delivered,
    /// It was tried for three days.
    Failed,
    /// Nobody had said where alerts go.
    Nowhere,
}

/// An alert that is to be delivered now. Whoever has it has it alone for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The alert.
    pub alert: Alert,
    /// Where the tenant wants it, unless that is where all alerts go.
    pub url: Option<String>,
    /// How many attempts were made before.
    pub attempts: u32,
}

/// What a tenant spent on a model on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendRow {
    /// The day: `2026-03-01`.
    pub day: String,
    /// The model; empty where none was told.
    pub model: String,
    /// How much.
    pub credits: Credits,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// How many accounts it recomputed.
    pub accounts: u64,
    /// From how many entries.
    pub entries: u64,
    /// And how many holds.
    pub holds: u64,
    /// Every difference, one sentence each.
    pub differences: Vec<String>,
}

impl Audit {
    /// A record of an account that is not there.
    pub(super) fn stray(&mut self, table: &str, tenant: &str) {
        self.differences.push(format!("{tenant}: there are {table} and no account"));
    }
}

impl DeliveryState {
    /// Every state.
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
