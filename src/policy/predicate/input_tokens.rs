//! `input_tokens`: how long the input is.
use super::super::field::{Optional, Section, Spot, Whole};
use super::facts::Facts;
use super::question::{Question, Test};
use super::range::{self, Bounds, Range};

pub(super) static QUESTION: Question = Question::new(
    "input_tokens",
    &BOUNDS.section,
    "The tokens of the input, estimated from its text.",
    |spot, _| read(spot),
);

const TOKENS: Whole = Whole { of: "tokens", least: 0, most: 100_000_000 };
const OVER: Optional<Whole> = range::over(TOKENS);
const AT_MOST: Optional<Whole> = range::at_most(TOKENS);
const BOUNDS: Bounds = Bounds::new(&SECTION, (OVER, AT_MOST));

const SECTION: Section = Section::new(
    "an object with `over` or `at_most`",
    "The tokens of the input, estimated from its text.",
    "when: {input_tokens: {over: 4000}}",
    &[&OVER, &AT_MOST],
);

fn read(spot: &Spot<'_>) -> Option<Box<dyn Test>> {
    Some(Box::new(InputTokens(BOUNDS.read(spot)?)))
}

#[derive(Debug)]
struct InputTokens(Range);

impl Test for InputTokens {
    fn holds(&self, facts: &dyn Facts) -> bool {
        self.0.holds(facts.input_tokens())
    }

    fn found(&self, facts: &dyn Facts) -> Option<String> {
        Some(facts.input_tokens().to_string())
    }
}
