//! `credits_left`: what the tenant has left.
use super::super::credits::{Below, Threshold};
use super::super::field::{Field, Nested, Required, Section, Spot};
use super::facts::Facts;
use super::question::{Question, Test};
use super::reading::Depth;

pub(super) static QUESTION: Question = Question::new(
    "credits_left",
    &Nested(&SECTION),
    "What the tenant has left, as this proxy last heard from the ledger. It does not hold of a \
     tenant that the proxy has not heard of yet.",
    |spot, depth| Some(Box::new(CreditsLeft(read(spot, depth)?))),
);

const SECTION: Section = Section::new(
    "an object with `below`",
    "What the tenant has left.",
    "when: {credits_left: {below: \"20%\"}}",
    &[&BELOW],
);

const BELOW: Required<Threshold> = Field::required(
    "below",
    Threshold,
    "A share of the tenant's last purchase, or an amount: there must be less.",
);

fn read(spot: &Spot<'_>, depth: &Depth<'_>) -> Option<Below> {
    let mut fields = spot.object(&SECTION)?;
    let below = fields.read(&BELOW);
    fields.finish();
    if !depth.names.counted {
        spot.problem("nobody counts credits here: the policy has no `credits`");
        return None;
    }
    depth.names.follows_balance.set(true);
    below
}

#[derive(Debug)]
struct CreditsLeft(Below);

impl Test for CreditsLeft {
    fn holds(&self, facts: &dyn Facts) -> bool {
        let standing = facts.standing();
        standing.is_some_and(|known| self.0.is_over(known.balance.credits(), known.last_purchase))
    }
}
