//! What a ledger is asked to do, and what it answers.
use std::borrow::Cow;

use super::adjustment::{Adjust, Adjustment};
use super::alert::Threshold;
use super::amount::Credits;
use super::budget::{Budget, Exceeded, Labels};
use super::calendar::Moment;
use super::outcome::Outcome;
use super::record::{Hold, Purchase};
use super::standing::{Spent, Standing};
use super::tier::{Buying, Tiers};
use super::wire;

/// One thing that a ledger is asked to do. Done twice it is done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Set credits aside.
    Hold(NewHold),
    /// Charge what a request cost.
    Settle(Settle),
    /// Let a hold live longer.
    Renew(Renew),
    /// Give a hold back.
    Release(Release),
    /// Buy credits.
    Buy(Buy),
    /// Change an account by hand.
    Adjust(Adjust),
    /// Change a tenant's settings.
    Configure(Configure),
    /// Change the tiers of purchases from now on.
    SetTiers(Tiers),
    /// Let what has expired go.
    Sweep(Sweep),
    /// Undo what a wrong clock did.
    Repair(Repair),
}

impl Command {
    /// Whose account it is about; none for what is about all.
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

/// Set credits aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHold {
    /// The asker's id of it.
    pub hold_id: String,
    /// Who pays.
    pub tenant: String,
    /// On whose behalf.
    pub user: Option<String>,
    /// With which key.
    pub key: Option<String>,
    /// How much.
    pub credits: Credits,
    /// For how many seconds.
    pub expires_in: u64,
}

/// Charge what a request cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settle {
    /// Who pays: with a hold, its tenant.
    pub tenant: String,
    /// The hold that it ends, or draws on.
    pub hold_id: String,
    /// For a part of a hold: its id, and how much of the hold it no longer needs.
    pub draw: Option<(String, Credits)>,
    /// Charge the tenant even when there is no such hold.
    pub unheld: bool,
    /// On whose behalf; the hold's where it is not said.
    pub user: Option<String>,
    /// With which key; the hold's where it is not said.
    pub key: Option<String>,
    /// What was odd about it, in the caller's words: kept with every entry of it.
    pub flags: Vec<String>,
    /// What it cost, by attempt: each that cost something becomes an entry of its own.
    pub parts: Vec<SettledPart>,
}

/// What one attempt of a request cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettledPart {
    /// How much.
    pub credits: Credits,
    /// What it was for.
    pub spent: Spent,
}

/// Let a hold live longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renew {
    /// Whose it is.
    pub tenant: String,
    /// Its id.
    pub hold_id: String,
    /// For how many seconds from now, at least.
    pub expires_in: u64,
}

/// Give a hold back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Whose it is.
    pub tenant: String,
    /// Its id.
    pub hold_id: String,
}

/// Buy credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buy {
    /// For whom.
    pub tenant: String,
    /// The buyer's own id of it.
    pub key: String,
    /// What.
    pub buying: Buying,
    /// When what is left of it is gone.
    pub expires_at: Option<Moment>,
}

/// Change a tenant's settings: what is none stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configure {
    /// Whose.
    pub tenant: String,
    /// How far holds may take the balance below zero.
    pub overdraft: Option<Credits>,
    /// Below what the tenant is to be told.
    pub alerts: Option<Vec<Threshold>>,
    /// What may be spent in a day or a month.
    pub budgets: Option<Vec<Budget>>,
    /// Where alerts go; a none inside takes it away.
    pub webhook: Option<Option<String>>,
}

/// Let what has expired go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// Whose.
    pub tenant: String,
}

/// Undo what a wrong clock did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// To whose account.
    pub tenant: String,
    /// Do it; otherwise only see what there is to do.
    pub apply: bool,
}

/// What a wrong clock did to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repairs {
    /// What expired before its time.
    pub credits: Credits,
    /// How many holds end later than any may.
    pub holds: u64,
    /// The latest moment that the account had seen.
    pub from: Moment,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What.
    pub outcome: Outcome,
    /// How the account stands after it; none when there is none, and for tiers.
    pub standing: Option<Standing>,
    /// The hold that it was about, after it.
    pub hold: Option<Hold>,
    /// The budget that a hold would have exceeded.
    pub exceeded: Option<Exceeded>,
    /// What was bought, the first time for a key.
    pub purchase: Option<Purchase>,
    /// What was adjusted, the first time for a key.
    pub adjustment: Option<Adjustment>,
    /// What a wrong clock did, where it was to be undone.
    pub repairs: Option<Repairs>,
    /// What of a charge went below what holds may take: nothing but for late charges and those
    /// above their hold.
    pub overrun: Credits,
}

impl NewHold {
    /// Whom it is for.
    #[must_use]
    pub fn labels(&self) -> Labels<'_> {
        Labels { user: self.user.as_deref(), key: self.key.as_deref() }
    }
}

/// What a proxy asks, as its own.
impl From<wire::Hold<'_>> for NewHold {
    fn from(hold: wire::Hold<'_>) -> Self {
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

/// What a proxy asks, as its own.
impl From<wire::Renewal<'_>> for Renew {
    fn from(renewal: wire::Renewal<'_>) -> Self {
        Self {
            tenant: renewal.tenant.into_owned(),
            hold_id: renewal.hold_id.into_owned(),
            expires_in: renewal.expires_in,
        }
    }
}

/// What a proxy asks, as its own. A settlement that names no parts is one.
impl From<wire::Settlement<'_>> for Settle {
    fn from(settlement: wire::Settlement<'_>) -> Self {
        let outcome = settlement.outcome.map(Cow::into_owned);
        let whole = || SettledPart {
            credits: settlement.credits,
            spent: Spent {
                outcome: outcome.clone(),
                estimated: settlement.estimated,
                ..Spent::default()
            },
        };
        let part = |part: wire::Part<'_>| SettledPart {
            credits: part.credits,
            spent: Spent {
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
    /// What all of it cost; none above [`Credits::MAX`].
    #[must_use]
    pub fn credits(&self) -> Option<Credits> {
        self.parts.iter().try_fold(Credits::ZERO, |sum, part| sum.plus(part.credits))
    }
}

impl Answer {
    /// One that is only an outcome.
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
