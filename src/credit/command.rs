//! Commands to a ledger, and its answers.
use std::borrow::Cow;

use super::adjustment::{Adjust, Adjustment};
use super::alert::Threshold;
use super::amount::Credits;
use super::budget::{Budget, ExceededBudget, Labels};
use super::calendar::Moment;
use super::outcome::Outcome;
use super::record::{Hold, Purchase};
use super::standing::{ChargeDetails, Standing};
use super::tier::{Buying, Tiers};
use super::wire;

/// A command to a ledger. Each names an id of its own, so that sending it twice does it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Hold(NewHold),
    /// Charge what a request cost.
    Settle(Settle),
    /// Keep a hold open for longer.
    Renew(Renew),
    /// Give a hold back.
    Release(Release),
    Buy(Buy),
    /// Change an account by hand.
    Adjust(Adjust),
    /// Change a tenant's settings.
    Configure(Configure),
    /// Change the tiers of purchases from now on.
    SetTiers(Tiers),
    /// Let holds and lots expire that are due.
    Sweep(Sweep),
    /// Undo what a clock that was ahead did.
    Repair(Repair),
}

impl Command {
    /// The tenant whose account the command changes; `None` for [`Command::SetTiers`].
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Self::Hold(hold) => Some(&hold.tenant),
            Self::Settle(settle) => Some(&settle.tenant),
            Self::Renew(renew) => Some(&renew.tenant),
            Self::Release(release) => Some(&release.tenant),
            Self::Buy(buy) => Some(&buy.tenant),
            Self::Adjust(adjust) => Some(&adjust.tenant),
            Self::Configure(configure) => Some(&configure.tenant),
            Self::Sweep(sweep) => Some(&sweep.tenant),
            Self::Repair(repair) => Some(&repair.tenant),
            Self::SetTiers(_) => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHold {
    /// The caller's id for the hold, unique for the tenant.
    pub hold_id: String,
    pub tenant: String,
    pub user: Option<String>,
    pub key: Option<String>,
    pub credits: Credits,
    /// After how many seconds the hold expires.
    pub expires_in: u64,
}

/// Charge what a request cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settle {
    /// Who pays: with a hold, its tenant.
    pub tenant: String,
    /// The hold that the settlement ends, or draws on.
    pub hold_id: String,
    /// For a draw on a hold that goes on: the draw's id, and how much of the hold it frees.
    pub draw: Option<(String, Credits)>,
    /// Charge the tenant even when there is no such hold: the ledger was away.
    pub unheld: bool,
    /// The user to charge; that of the hold where there is none here.
    pub user: Option<String>,
    /// The key to charge; that of the hold where there is none here.
    pub key: Option<String>,
    /// What was odd, in the caller's words, such as `usage_rejected`: kept with every entry.
    pub flags: Vec<String>,
    /// What each attempt cost. Each that cost something becomes an entry of its own.
    pub parts: Vec<SettledPart>,
}

/// What one attempt of a request cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettledPart {
    pub credits: Credits,
    pub details: ChargeDetails,
}

/// Keep a hold open for longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renew {
    pub tenant: String,
    pub hold_id: String,
    /// The least number of seconds from now until the hold may expire.
    pub expires_in: u64,
}

/// Give a hold back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub tenant: String,
    pub hold_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buy {
    pub tenant: String,
    /// The idempotency key that the buyer chose.
    pub key: String,
    pub buying: Buying,
    /// When what is left of these credits expires; `None` for never.
    pub expires_at: Option<Moment>,
}

/// Change a tenant's settings: `None` leaves a setting as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configure {
    pub tenant: String,
    /// How far holds may take the balance below zero.
    pub overdraft: Option<Credits>,
    /// The balances below which alerts are raised.
    pub alerts: Option<Vec<Threshold>>,
    pub budgets: Option<Vec<Budget>>,
    /// The URL that alerts are sent to; `Some(None)` removes it.
    pub webhook: Option<Option<String>>,
}

/// Let holds and lots expire that are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    pub tenant: String,
}

/// Undo what a clock that was ahead did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    pub tenant: String,
    /// Whether to make the repair; otherwise only what there is to repair is answered.
    pub apply: bool,
}

/// What a clock that was ahead did to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repairs {
    /// The credits that expired before their time.
    pub credits: Credits,
    /// The number of holds that would expire later than any hold may.
    pub holds: u64,
    /// The latest moment that the account had seen, from which its time is set back.
    pub from: Moment,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub outcome: Outcome,
    /// The account after the command; `None` when there is no account, and for tiers.
    pub standing: Option<Standing>,
    /// The hold after a command that was about one.
    pub hold: Option<Hold>,
    pub exceeded: Option<ExceededBudget>,
    /// The purchase, as it was made when its key was first used.
    pub purchase: Option<Purchase>,
    /// The adjustment, as it was made when its key was first used.
    pub adjustment: Option<Adjustment>,
    /// What there is to repair, or was repaired.
    pub repairs: Option<Repairs>,
    /// What of a charge went below the overdraft: zero, but for late charges and for those that
    /// are more than their hold.
    pub overrun: Credits,
}

impl NewHold {
    #[must_use]
    pub fn labels(&self) -> Labels<'_> {
        Labels { user: self.user.as_deref(), key: self.key.as_deref() }
    }
}

/// Takes a proxy's message as an owned command.
impl From<wire::HoldRequest<'_>> for NewHold {
    fn from(hold: wire::HoldRequest<'_>) -> Self {
        Self {
            hold_id: hold.hold_id.into_owned(),
            tenant: hold.tenant.into_owned(),
            user: hold.user.map(Cow::into_owned),
            key: hold.key.map(Cow::into_owned),
            credits: hold.credits,
            expires_in: hold.expires_in,
        }
    }
}

/// Takes a proxy's message as an owned command.
impl From<wire::Renewal<'_>> for Renew {
    fn from(renewal: wire::Renewal<'_>) -> Self {
        Self {
            tenant: renewal.tenant.into_owned(),
            hold_id: renewal.hold_id.into_owned(),
            expires_in: renewal.expires_in,
        }
    }
}

/// Takes a proxy's message as an owned command. A settlement without parts becomes one part.
impl From<wire::Settlement<'_>> for Settle {
    fn from(settlement: wire::Settlement<'_>) -> Self {
        let outcome = settlement.outcome.map(Cow::into_owned);
        let whole = || SettledPart {
            credits: settlement.credits,
            details: ChargeDetails {
                outcome: outcome.clone(),
                estimated: settlement.estimated,
                ..ChargeDetails::default()
            },
        };
        let part = |part: wire::SettlementPart<'_>| SettledPart {
            credits: part.credits,
            details: ChargeDetails {
                model: Some(part.model.into_owned()),
                outcome: part.outcome.map(Cow::into_owned).or_else(|| outcome.clone()),
                usage: part.usage,
                estimated: part.estimated,
            },
        };
        let parts = match settlement.parts.is_empty() {
            true => vec![whole()],
            false => settlement.parts.into_iter().map(part).collect(),
        };
        Self {
            tenant: settlement.tenant.into_owned(),
            hold_id: settlement.hold_id.into_owned(),
            draw: settlement.draw.map(|draw| (draw.id.into_owned(), draw.releases)),
            unheld: settlement.unheld,
            user: settlement.user.map(Cow::into_owned),
            key: settlement.key.map(Cow::into_owned),
            flags: settlement.flags.into_iter().map(Cow::into_owned).collect(),
            parts,
        }
    }
}

impl Settle {
    /// The sum of the parts; `None` above [`Credits::MAX`].
    #[must_use]
    pub fn credits(&self) -> Option<Credits> {
        self.parts.iter().try_fold(Credits::ZERO, |sum, part| sum.checked_add(part.credits))
    }
}

impl Answer {
    /// An answer that says nothing but its outcome.
    #[must_use]
    pub const fn only(outcome: Outcome) -> Self {
        Self {
            outcome,
            standing: None,
            hold: None,
            exceeded: None,
            purchase: None,
            adjustment: None,
            repairs: None,
            overrun: Credits::ZERO,
        }
    }
}
