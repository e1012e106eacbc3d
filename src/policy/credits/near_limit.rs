//! `credits.near_limit`: the cheaper chain for tenants who have few credits left.
use super::super::chain::{CHAINS, Chains};
use super::super::document::Content;
use super::super::field::{
    Amount, Field, Kind, NameOf, Read, Required, Section, Shape, Spot, Text, shown,
};
use crate::credit::{Credits, Share};

/// `near_limit`: the cheaper chain for tenants who have few credits left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearLimit {
    below: Below,
    pub(in super::super) chain: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Below {
    /// A share of the last purchase.
    Share(Share),
    Amount(Credits),
}

impl NearLimit {
    /// Whether the balance is below the near-limit threshold.
    #[must_use]
    pub fn applies(&self, available: Credits, last_purchase: Credits) -> bool {
        available
            < match self.below {
                Below::Share(share) => last_purchase.share(share),
                Below::Amount(credits) => credits,
            }
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

/// A share of the last purchase, or an amount.
#[derive(Debug, Clone, Copy)]
struct Threshold;

impl Read for Threshold {
    type Value = Below;

    fn read(&self, spot: &Spot<'_>) -> Option<Below> {
        let Content::Text(text) = &spot.node.content else {
            return Amount::Positive.read(spot).map(Below::Amount);
        };
        if !text.ends_with('%') {
            return Amount::Positive.read(spot).map(Below::Amount);
        }
        let share: Option<Share> = text.parse().ok().filter(|share| *share > Share::default());
        if share.is_none() {
            let percent = shown(text.trim_end_matches('%'));
            spot.problem(format!("expected a share from 0.0001% to 100%, found `{percent}%`"));
        }
        share.map(Below::Share)
    }
}

impl Kind for Threshold {
    fn shape(&self) -> Shape {
        let share = Shape::Text(Text {
            what: "a share",
            pattern: r"^0*(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)%$",
            unlike: r"^[0.]*%$",
            range: "0.0001% to 100%".to_owned(),
            example: "20%",
            ..Text::default()
        });
        Shape::Either(vec![share, Amount::Positive.shape()])
    }
}
