//! Decimal numbers between bounds: `{over: 0.5}`, `{at_most: 0}`, or both.
use super::super::field::{Decimal, DecimalText, Field, Nested, Optional, Section, Spot};
use super::facts::Facts;
use super::question::Test;
use crate::dialect::{Given, Number};

/// What of a request is compared.
type Of = for<'f> fn(&'f dyn Facts) -> Option<Given<Number<'f>>>;

/// Bounds of a number that an app may set: more than the one, no more than the other. What it does
/// not set is over every number.
#[derive(Debug)]
struct Decimals {
    of: Of,
    over: Option<DecimalText>,
    at_most: Option<DecimalText>,
}

impl Test for Decimals {
    fn holds(&self, facts: &dyn Facts) -> bool {
        let set = (self.of)(facts).map(|given| given.value.value);
        let over = |bound: &DecimalText| set.is_none_or(|set| set > bound.value);
        self.over.as_ref().is_none_or(over) && !self.at_most.as_ref().is_some_and(over)
    }

    fn found(&self, facts: &dyn Facts) -> Option<String> {
        let set = (self.of)(facts).map(|given| given.value.text.to_owned());
        Some(set.unwrap_or_else(|| "none".to_owned()))
    }
}

/// The rows of two bounds, and what they are of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) section: Nested,
    over: Optional<Decimal>,
    at_most: Optional<Decimal>,
    of: Of,
}

impl Bounds {
    pub(super) const fn new(
        section: &'static Section,
        (over, at_most): (Optional<Decimal>, Optional<Decimal>),
        of: Of,
    ) -> Self {
        Self { section: Nested(section), over, at_most, of }
    }

    /// Reads the bounds; `None`, and a report, when something is wrong with them.
    pub(super) fn read(&self, spot: &Spot<'_>) -> Option<Box<dyn Test>> {
        let mut fields = spot.object(self.section.0)?;
        let (over, at_most) = (fields.read(&self.over), fields.read(&self.at_most));
        let empty = fields.is_empty();
        fields.finish();
        let (over, at_most) = (over?, at_most?);
        if empty {
            spot.problem("expected `over`, `at_most` or both");
        }
        if let (Some(over), Some(at_most)) = (&over, &at_most)
            && over.value >= at_most.value
        {
            let (over, at_most) = (&over.text, &at_most.text);
            spot.problem(format!("no number is over {over} and at most {at_most}"));
        }
        Some(Box::new(Decimals { of: self.of, over, at_most }))
    }
}

/// The bound that a number must be over.
pub(super) const fn over(of: Decimal) -> Optional<Decimal> {
    Field::optional("over", of, "no bound", "It must be more than this.")
}

/// The bound that it must not be over.
pub(super) const fn at_most(of: Decimal) -> Optional<Decimal> {
    Field::optional("at_most", of, "no bound", "It must not be more than this.")
}
