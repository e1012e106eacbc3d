//! `temperature`: how freely the answer is sampled.
use super::super::field::{Decimal, Optional, Section};
use super::decimals::{self, Bounds};
use super::question::Question;

pub(super) static QUESTION: Question = Question::new(
    "temperature",
    &BOUNDS.section,
    "The sampling temperature that the request sets. One that sets none has its provider's own, \
     and is over every number.",
    |spot, _| BOUNDS.read(spot),
);

const DEGREES: Decimal = Decimal { least: "0", most: "2" };
const OVER: Optional<Decimal> = decimals::over(DEGREES);
const AT_MOST: Optional<Decimal> = decimals::at_most(DEGREES);
const BOUNDS: Bounds = Bounds::new(&SECTION, (OVER, AT_MOST), |facts| facts.ask().temperature);

const SECTION: Section = Section::new(
    "an object with `over` or `at_most`",
    "The sampling temperature that the request sets. One that sets none has its provider's own, \
     and is over every number.",
    "when: {temperature: {at_most: 0}}",
    &[&OVER, &AT_MOST],
);
