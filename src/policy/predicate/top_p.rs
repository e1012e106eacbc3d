//! `top_p`: from how much of the probability the answer is sampled.
use super::super::field::{Decimal, Optional, Section};
use super::decimals::{self, Bounds};
use super::question::Question;

pub(super) static QUESTION: Question = Question::new(
    "top_p",
    &BOUNDS.section,
    "The share of the probability that the request has the answer sampled from. One that sets none \
     has its provider's own, and is over every number.",
    |spot, _| BOUNDS.read(spot),
);

const SHARE: Decimal = Decimal { least: "0", most: "1" };
const OVER: Optional<Decimal> = decimals::over(SHARE);
const AT_MOST: Optional<Decimal> = decimals::at_most(SHARE);
const BOUNDS: Bounds = Bounds::new(&SECTION, (OVER, AT_MOST), |facts| facts.ask().top_p);

const SECTION: Section = Section::new(
    "an object with `over` or `at_most`",
    "The share of the probability that the request has the answer sampled from. One that sets none \
     has its provider's own, and is over every number.",
    "when: {top_p: {at_most: 0.1}}",
    &[&OVER, &AT_MOST],
);
