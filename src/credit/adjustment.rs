//! Adjustments: what an operator changes of an account by hand, with a reason, once.
use super::amount::{Balance, Credits};
use super::calendar::Moment;
use super::standing::Standing;

/// Longest reason, in bytes.
pub const REASON_MAX: usize = 256;

/// Change an account by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjust {
    /// Whose.
    pub tenant: String,
    /// The operator's own id of it.
    pub key: String,
    /// What to do.
    pub change: Change,
    /// Why, for whoever reads the entries: 1 to [`REASON_MAX`] bytes without control characters.
    pub reason: String,
}

/// What an adjustment does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Gives credits: a lot as a purchase makes one, and nothing is paid.
    Credit {
        /// How much.
        credits: Credits,
        /// When what is left of it is gone.
        expires_at: Option<Moment>,
    },
    /// Takes credits, those that expire first, and below zero what is not there.
    Debit {
        /// How much.
        credits: Credits,
    },
    /// Takes back what is left of a purchase, for money; never what holds may still need.
    Refund {
        /// The buyer's own id of the purchase.
        purchase: String,
        /// How much of it; all that is left where it is not said.
        credits: Option<Credits>,
    },
    /// Takes all that is left of a lot, for nothing, and under open holds as well.
    Void {
        /// The number of the lot's entry.
        lot: u64,
    },
}

/// An adjustment that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// What was asked.
    pub asked: Adjust,
    /// The number of its entry.
    pub number: u64,
    /// By how much the balance changed.
    pub amount: Balance,
    /// For a refund: what of the money that was paid goes back.
    pub paid: Credits,
    /// When.
    pub at: Moment,
    /// How the account stood after it.
    pub standing: Standing,
}

/// What an entry says of an adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjusted {
    /// The name of its change.
    pub change: &'static str,
    /// The operator's own id of it.
    pub key: String,
    /// The lot that was refunded or voided.
    pub lot: Option<u64>,
    /// When what was given is gone.
    pub expires_at: Option<Moment>,
    /// Why.
    pub reason: String,
}

impl Change {
    /// The names of all changes.
    pub const NAMES: [&str; 4] = ["credit", "debit", "refund", "void"];

    /// Its name on the wire and in stores.
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
    /// Its id: the tenant, and the number of its entry there.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.asked.tenant, self.number)
    }
}

/// Whether a text can be a reason.
#[must_use]
pub fn is_reason(text: &str) -> bool {
    (1..=REASON_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}
