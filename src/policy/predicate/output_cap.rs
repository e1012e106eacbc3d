//! `output_cap`: how long an answer the app allows.
use super::super::field::{Optional, Section, Spot, Whole};
use super::facts::Facts;
use super::question::{Question, Test};
use super::range::{self, Bounds, Range};

pub(super) static QUESTION: Question = Question::new(
    "output_cap",
    &BOUNDS.section,
    "The most output tokens that the app asks for. A request that sets no bound is over every \
     number.",
    |spot, _| read(spot),
);

const TOKENS: Whole = Whole { of: "tokens", least: 0, most: 100_000_000 };
const OVER: Optional<Whole> = range::over(TOKENS);
const AT_MOST: Optional<Whole> = range::at_most(TOKENS);
const BOUNDS: Bounds = Bounds::new(&SECTION, (OVER, AT_MOST));

const SECTION: Section = Section::new(
    "an object with `over` or `at_most`",
    "The most output tokens that the app asks for. A request that sets no bound is over every \
     number.",
    "when: {output_cap: {at_most: 500}}",
    &[&OVER, &AT_MOST],
);

fn read(spot: &Spot<'_>) -> Option<Box<dyn Test>> {
    Some(Box::new(OutputCap(BOUNDS.read(spot)?)))
}

#[derive(Debug)]
struct OutputCap(Range);

impl OutputCap {
    fn of(facts: &dyn Facts) -> Option<u64> {
        facts.ask().max_tokens.map(|asked| asked.value)
    }
}

impl Test for OutputCap {
    fn holds(&self, facts: &dyn Facts) -> bool {
        self.0.holds(Self::of(facts).unwrap_or(u64::MAX))
    }

    fn found(&self, facts: &dyn Facts) -> Option<String> {
        Some(Self::of(facts).map_or_else(|| "none".to_owned(), |cap| cap.to_string()))
    }
}
