//! Credits for a period of time: leases and grace.
use super::super::document::Content;
use super::super::field::{
    Amount, Defaults, Field, Kind, Nested, Read, Required, Section, Shape, Spot, Whole,
};
use crate::credit::Credits;

/// Credits for a period of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The credits of a tenant, more than zero.
    pub credits: Credits,
    /// For how long, in seconds, from 1 to [`Allowance::SECONDS_MAX`].
    pub seconds: u64,
}

impl Allowance {
    /// The longest time of an allowance, in seconds.
    pub const SECONDS_MAX: u64 = 3600;
}

pub(super) const ALLOWANCE: Section = Section::new(
    "an object with `credits` and `seconds`",
    "Credits for each tenant, for a time.",
    "lease: {credits: \"1\", seconds: 10}\ngrace: {credits: \"5\", seconds: 60}",
    &[&CREDITS, &SECONDS],
);

const CREDITS: Required<Amount> = Field::required("credits", Amount::Positive, "How many credits.");

const SECONDS: Required<Whole> = Field::required(
    "seconds",
    Whole { of: "seconds", least: 1, most: Allowance::SECONDS_MAX },
    "For how long: grace since the ledger went away, a lease since it was taken.",
);

/// Reads an allowance; `what` says what was expected.
fn read(spot: &Spot<'_>, what: &str) -> Option<Allowance> {
    let mut fields = spot.fields(what)?;
    let credits = fields.read(&CREDITS);
    let seconds = fields.read(&SECONDS);
    fields.finish();
    Some(Allowance { credits: credits?, seconds: seconds? })
}

/// `grace`: an allowance and nothing else.
pub(super) fn grace(spot: &Spot<'_>) -> Option<Allowance> {
    read(spot, ALLOWANCE.what)
}

/// The lease that proxies take by default: one credit for ten seconds.
pub(super) const USUAL_LEASE: Option<Allowance> =
    Some(Allowance { credits: Credits::clamped(1_000_000), seconds: 10 });

/// `lease`: an allowance, or `off`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lease;

impl Read for Lease {
    type Value = Option<Allowance>;

    fn read(&self, spot: &Spot<'_>) -> Option<Option<Allowance>> {
        let off = match &spot.node.content {
            Content::Text(text) => text == "off",
            Content::Boolean(on) => !on,
            _ => false,
        };
        if off {
            return Some(None);
        }
        read(spot, "an object with `credits` and `seconds`, or `off`").map(Some)
    }
}

impl Kind for Lease {
    fn shape(&self) -> Shape {
        Shape::Either(vec![Nested(&ALLOWANCE).shape(), Shape::Off])
    }
}

impl Defaults for Lease {
    type Literal = Option<Allowance>;

    fn json(&self, literal: Option<Allowance>) -> String {
        literal.map_or_else(
            || "\"off\"".to_owned(),
            |lease| {
                format!("{{\"credits\": \"{}\", \"seconds\": {}}}", lease.credits, lease.seconds)
            },
        )
    }
}
