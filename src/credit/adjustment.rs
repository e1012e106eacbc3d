//! Adjustments: what an operator changes of an account by hand, with a reason, once.
use super::amount::{Balance, Credits};
use super::calendar::Moment;
use super::standing::Standing;

/// Longest reason, in bytes.
pub const REASON_MAX: usize = 256;

/// Change an account by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjust {
    pub tenant: String,
    /// The idempotency key that the operator chose.
    pub key: String,
    pub change: Change,
    /// The reason that the entry shows: 1 to [`REASON_MAX`] bytes without control characters.
    pub reason: String,
}

/// What an adjustment does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Adds credits as a new lot, like a purchase for which nothing is paid.
    Credit {
        credits: Credits,
        /// When what is left of these credits expires; `None` for never.
        expires_at: Option<Moment>,
    },
    /// Takes credits from the lots that expire first; what they lack takes the balance below zero.
    Debit { credits: Credits },
    /// Takes back what is left of a purchase for its money, but never credits that are held.
    Refund {
        /// The idempotency key of the purchase.
        purchase: String,
        /// How many credits; `None` for all that is left.
        credits: Option<Credits>,
    },
    /// Takes all that is left of a lot without returning money, even credits that are held.
    Void {
        /// The number of the entry that created the lot.
        lot: u64,
    },
}

/// An adjustment that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    pub asked: Adjust,
    /// The number of the adjustment's entry.
    pub number: u64,
    /// By how much the balance changed: negative for a debit, a refund and a void.
    pub amount: Balance,
    /// For a refund: how much of the money that was paid goes back; zero for the others.
    pub paid: Credits,
    pub at: Moment,
    /// The account after the adjustment.
    pub standing: Standing,
}

/// What an entry says of an adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjusted {
    /// One of [`Change::NAMES`].
    pub change: &'static str,
    /// The idempotency key that the operator chose.
    pub key: String,
    /// The lot that was refunded or voided.
    pub lot: Option<u64>,
    /// When the credits that were given expire.
    pub expires_at: Option<Moment>,
    pub reason: String,
}

impl Change {
    /// The names of all changes.
    pub const NAMES: [&str; 4] = ["credit", "debit", "refund", "void"];

    /// Its name on the wire and in the database.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Credit { .. } => "credit",
            Self::Debit { .. } => "debit",
            Self::Refund { .. } => "refund",
            Self::Void { .. } => "void",
        }
    }
}

impl Adjustment {
    /// The id by which the API names it: `tenant/entry number`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.asked.tenant, self.number)
    }
}

/// Whether a text may stand as a reason: 1 to [`REASON_MAX`] bytes without control characters.
#[must_use]
pub fn is_reason(text: &str) -> bool {
    (1..=REASON_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}
