//! Tiers: the more credits are bought at once, the less each of them costs.
use super::amount::Credits;
use super::share::Share;

/// The parts of a million that a share is of.
const WHOLE: u128 = 1_000_000;

/// The discount on a purchase of a certain size or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The smallest purchase that gets the discount.
    pub at_least: Credits,
    /// The discount on the list price, which is one unit of money for a credit.
    pub discount: Share,
}

/// All tiers, the smallest purchase first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tiers(Vec<Tier>);

/// Why a list of tiers is refused; the number is the index in that list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TiersError {
    /// The tier has the same `at_least` as an earlier one.
    Twice(usize),
    /// The tier's discount is 100 %.
    Free(usize),
}

/// The size of a purchase, in credits or in money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buying {
    /// This many credits, at the price that they have.
    Credits(Credits),
    /// As many credits as this much money buys.
    Paid(Credits),
}

/// What a purchase comes to: credits, money, and the discount between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deal {
    pub credits: Credits,
    pub paid: Credits,
    /// The discount of the tier that the purchase reached.
    pub discount: Share,
}

impl Tiers {
    /// Checks and orders a list of tiers.
    ///
    /// # Errors
    /// When two have the same `at_least`, or one a discount of 100 %.
    pub fn of(mut tiers: Vec<Tier>) -> Result<Self, TiersError> {
        for (index, tier) in tiers.iter().enumerate() {
            let same = |other: &Tier| other.at_least == tier.at_least;
            if tiers.iter().take(index).any(same) {
                return Err(TiersError::Twice(index));
            }
            if tier.discount.rest() == 0 {
                return Err(TiersError::Free(index));
            }
        }
        tiers.sort_by_key(|tier| tier.at_least);
        Ok(Self(tiers))
    }

    #[must_use]
    pub fn list(&self) -> &[Tier] {
        &self.0
    }

    /// What a purchase comes to; `None` above [`Credits::MAX`].
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

/// The price of credits, rounded up: a discount gives away no part of a millionth.
fn price(credits: Credits, discount: Share) -> Credits {
    let exact = u128::from(credits.micros()).saturating_mul(discount.rest().into());
    Credits::clamped(exact.div_ceil(WHOLE))
}

/// The credits for a sum of money, rounded down for the same reason.
fn bought(paid: Credits, discount: Share) -> Option<Credits> {
    let exact = u128::from(paid.micros()).saturating_mul(WHOLE);
    let micros = exact.checked_div(discount.rest().into())?;
    Credits::of_micros(u64::try_from(micros).ok()?)
}
