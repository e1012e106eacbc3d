//! `credits.near_limit`: the cheaper chain for tenants who have few credits left.
use super::super::chain::{CHAINS, Chains};
use super::super::field::{Field, NameOf, Required, Section, Spot};
use super::threshold::{Below, Threshold};
use crate::credit::Credits;

/// `near_limit`: the cheaper chain for tenants who have few credits left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearLimit {
    below: Below,
    pub(in super::super) chain: usize,
}

impl NearLimit {
    /// Whether the balance is below the near-limit threshold.
    #[must_use]
    pub fn applies(&self, available: Credits, last_purchase: Credits) -> bool {
        self.below.is_over(available, last_purchase)
    }
}

pub(super) const NEAR_LIMIT: Section = Section::new(
    "an object with `below` and `chain`",
    "A cheaper chain for tenants who have little left. Their answers say so in \
     `x-tradewind-near-limit`.",
    "near_limit: {below: \"20%\", chain: budget}",
    &[&BELOW, &CHAIN],
);

const BELOW: Required<Threshold> = Field::required(
    "below",
    Threshold,
    "What counts as little: a share of the tenant's last purchase, or an amount.",
);

const CHAIN: Required<NameOf> =
    Field::required("chain", NameOf(CHAINS.one), "The chain that serves such tenants.");

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(spot: &Spot<'_>, chains: &Chains<'_>) -> Option<NearLimit> {
    let Some(mut fields) = spot.object(&NEAR_LIMIT) else {
        chains.skip_unused_check();
        return None;
    };
    let below = fields.read(&BELOW);
    let chain = chains.find(fields.spot(&CHAIN).as_ref());
    fields.finish();
    Some(NearLimit { below: below?, chain: chain? })
}
