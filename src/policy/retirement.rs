//! `models.<name>.deprecated`: the day on which a provider retires a model, and what serves then.
use super::field::{Field, Moment as Date, NameOf, Optional, Required, Section, Spot};
use crate::credit::Moment;

/// `deprecated`: the day on which a provider retires a model, and what serves then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// From when on it is not asked any more.
    pub after: Moment,
    /// The same as RFC 9745 has it, in seconds since 1970, and as RFC 8594 does, as HTTP writes it:
    /// the headers `Deprecation` and `Sunset`.
    pub told: [(&'static str, String); 2],
    /// The model that is asked instead; `None` where it only leaves.
    pub replacement: Option<String>,
}

pub(super) const DEPRECATED: Section = Section::new(
    "an object with `after`",
    "The day on which its provider retires the model. Until then its answers say so, in the \
     headers `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), `tradewind check` warns, and \
     `tradewind_deprecated_answers_total` counts them; the replacement is asked right after it \
     where it fails, so that a provider that no longer knows the model is no failure of a \
     request. From that day on the replacement has its place in every chain. A request that does \
     not fit the replacement goes to the next model. A cascade only changes its models on that \
     day.",
    "deprecated: {after: 2027-03-01, replacement: claude-next}",
    &[&AFTER, &REPLACEMENT],
);

const AFTER: Required<Date> =
    Field::required("after", Date, "When it is gone: a day from midnight in UTC, or a moment.");

const REPLACEMENT: Optional<NameOf> = Field::optional(
    "replacement",
    NameOf("model"),
    "it leaves its chains",
    "The model that is asked instead. It needs no chain of its own; when it is retired itself, its \
     own replacement follows.",
);

impl Retirement {
    /// The first day without the model, such as `2027-03-01`.
    #[must_use]
    pub fn day(&self) -> String {
        let mut day = self.after.to_string();
        day.truncate("2027-03-01".len());
        day
    }
}

/// Reads the section, and notes where the replacement is named.
pub(super) fn read<'n>(spot: &Spot<'n>, named: &mut Vec<Spot<'n>>) -> Option<Retirement> {
    let mut fields = spot.object(&DEPRECATED)?;
    let after = fields.read(&AFTER);
    let replacement = fields.spot(&REPLACEMENT);
    fields.finish();
    let name = replacement.as_ref().and_then(|spot| spot.node.text()).map(str::to_owned);
    named.extend(replacement);
    let after = Moment::of_millis(after?.saturating_mul(1_000));
    let deprecation = format!("@{}", after.millis() / 1_000);
    let told = [("deprecation", deprecation), ("sunset", after.in_http())];
    Some(Retirement { after, told, replacement: name })
}
