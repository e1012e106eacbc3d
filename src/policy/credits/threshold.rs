//! What counts as few credits: a share of a tenant's last purchase, or an amount.
use super::super::document::Content;
use super::super::field::{Amount, Kind, Read, Shape, Spot, Text, shown};
use crate::credit::{Credits, Share};

/// What counts as few credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Below {
    /// Less than a share of the last purchase.
    Share(Share),
    /// Less than so much.
    Amount(Credits),
}

impl Below {
    /// Whether this is more than what is there.
    pub(in super::super) fn is_over(self, available: Credits, last_purchase: Credits) -> bool {
        available
            < match self {
                Self::Share(share) => last_purchase.share(share),
                Self::Amount(credits) => credits,
            }
    }
}

/// A share of the last purchase, or an amount.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Threshold;

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
