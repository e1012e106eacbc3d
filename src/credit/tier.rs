//! Tiers: the more is bought at once, the less each credit costs.
use super::amount::Credits;
use super::share::Share;

/// The parts of a million that a share is of.
const WHOLE: u128 = 1_000_000;

/// The discount on a purchase of so many credits or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The least that must be bought.
    pub at_least: Credits,
    /// How much less than at list price, where a credit is one unit of money.
    pub discount: Share,
}

/// Every tier there is, least first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tiers(Vec<Tier>);

/// Why a list of tiers is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTiers {
    /// This one has the same least amount as another.
    Twice(usize),
    /// This one gives everything away.
    Free(usize),
}

/// What is bought, as the buyer says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buying {
    /// So many credits, for what they cost.
    Credits(Credits),
    /// As many credits as so much money buys.
    Paid(Credits),
}

/// What a purchase comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deal {
    /// The credits.
    pub credits: Credits,
    /// The money.
    pub paid: Credits,
    /// The discount of the tier that it reached.
    pub discount: Share,
}

impl Tiers {
    /// Checks and orders a list of tiers.
    ///
    /// # Errors
    /// When two are for the same amount, or one for no money.
    pub fn of(mut tiers: Vec<Tier>) -> Result<Self, NotTiers> {
        for (index, tier) in tiers.iter().enumerate() {
            let same = |other: &Tier| other.at_least == tier.at_least;
            if tiers.iter().take(index).any(same) {
                return Err(NotTiers::Twice(index));
            }
            if tier.discount.rest() == 0 {
                return Err(NotTiers::Free(index));
            }
        }
        tiers.sort_by_key(|tier| tier.at_least);
        Ok(Self(tiers))
    }

    /// Them, least first.
    #[must_use]
    pub fn list(&self) -> &[Tier] {
        &self.0
    }

    /// What a purchase comes to; none when that is more than an amount can be.
    #[must_use]
    pub fn deal(&self, buying: Buying) -> Option<Deal> {
        match buying {
            Buying::Credits(credits) => {
                let reached = |tier: &&Tier| tier.at_least <= credits;
                let tier = self.0.iter().rev().find(reached);
                let discount = tier.map_or(Share::default(), |tier| tier.discount);
                Some(Deal { credits, paid: price(credits, discount), discount })
            }
            Buying::Paid(paid) => {
                let list = Deal { credits: paid, paid, discount: Share::default() };
                let mut best = list;
                for tier in &self.0 {
                    let credits = bought(paid, tier.discount)?;
                    if credits >= tier.at_least && credits > best.credits {
                        best = Deal { credits, paid, discount: tier.discount };
                    }
                }
                Some(best)
            }
        }
    }
}

/// Rounded up: a discount never gives away a part of a millionth.
fn price(credits: Credits, discount: Share) -> Credits {
    let exact = u128::from(credits.micros()).saturating_mul(discount.rest().into());
    Credits::clamped(exact.div_ceil(WHOLE))
}

/// Rounded down, for the same reason.
fn bought(paid: Credits, discount: Share) -> Option<Credits> {
    let exact = u128::from(paid.micros()).saturating_mul(WHOLE);
    let micros = exact.checked_div(discount.rest().into())?;
    Credits::of_micros(u64::try_from(micros).ok()?)
}
