//! Numbers between bounds: `{over: 4000}`, `{at_most: 4000}`, or both.
use super::super::field::{Field, Nested, Optional, Section, Spot, Whole};

/// Bounds of a number: more than the one, no more than the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    over: Option<u64>,
    at_most: Option<u64>,
}

impl Range {
    /// Whether a number lies between the bounds.
    pub(super) fn holds(&self, number: u64) -> bool {
        self.over.is_none_or(|over| number > over)
            && self.at_most.is_none_or(|at_most| number <= at_most)
    }
}

/// What is counted, and between which bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) section: Nested,
    over: Optional<Whole>,
    at_most: Optional<Whole>,
}

impl Bounds {
    pub(super) const fn new(
        section: &'static Section,
        (over, at_most): (Optional<Whole>, Optional<Whole>),
    ) -> Self {
        Self { section: Nested(section), over, at_most }
    }

    /// Reads the bounds; `None`, and a report, when something is wrong with them.
    pub(super) fn read(&self, spot: &Spot<'_>) -> Option<Range> {
        let mut fields = spot.object(self.section.0)?;
        let (over, at_most) = (fields.read(&self.over), fields.read(&self.at_most));
        let empty = fields.is_empty();
        fields.finish();
        let (over, at_most) = (over?, at_most?);
        if empty {
            spot.problem("expected `over`, `at_most` or both");
        }
        if let (Some(over), Some(at_most)) = (over, at_most)
            && over >= at_most
        {
            spot.problem(format!("no number is over {over} and at most {at_most}"));
        }
        Some(Range { over, at_most })
    }
}

/// The bound that a number must be over.
pub(super) const fn over(of: Whole) -> Optional<Whole> {
    Field::optional("over", of, "no bound", "It must be more than this.")
}

/// The bound that it must not be over.
pub(super) const fn at_most(of: Whole) -> Optional<Whole> {
    Field::optional("at_most", of, "no bound", "It must not be more than this.")
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn over_is_more_and_at_most_includes_it() {
        let range = Range { over: Some(4), at_most: Some(6) };
        let found: Vec<u64> = (0..9).filter(|number| range.holds(*number)).collect();
        assert_eq!(found, [5, 6]);
        assert!(Range { over: None, at_most: Some(0) }.holds(0));
    }
}
