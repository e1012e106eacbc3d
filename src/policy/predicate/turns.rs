//! `turns`: how long the conversation is.
use super::super::field::{Optional, Section, Spot, Whole};
use super::facts::Facts;
use super::question::{Question, Test};
use super::range::{self, Bounds, Range};

pub(super) static QUESTION: Question = Question::new(
    "turns",
    &BOUNDS.section,
    "The turns of the conversation, both sides counted: messages of one side that follow one \
     another are one turn, so a first question is 1.",
    |spot, _| read(spot),
);

const TURNS: Whole = Whole { of: "turns", least: 0, most: 100_000_000 };
const OVER: Optional<Whole> = range::over(TURNS);
const AT_MOST: Optional<Whole> = range::at_most(TURNS);
const BOUNDS: Bounds = Bounds::new(&SECTION, (OVER, AT_MOST));

const SECTION: Section = Section::new(
    "an object with `over` or `at_most`",
    "The turns of the conversation, both sides counted: messages of one side that follow one \
     another are one turn, so a first question is 1.",
    "when: {turns: {over: 10}}",
    &[&OVER, &AT_MOST],
);

fn read(spot: &Spot<'_>) -> Option<Box<dyn Test>> {
    Some(Box::new(Turns(BOUNDS.read(spot)?)))
}

#[derive(Debug)]
struct Turns(Range);

impl Turns {
    fn of(facts: &dyn Facts) -> u64 {
        u64::try_from(facts.ask().turns.len()).unwrap_or(u64::MAX)
    }
}

impl Test for Turns {
    fn holds(&self, facts: &dyn Facts) -> bool {
        self.0.holds(Self::of(facts))
    }

    fn found(&self, facts: &dyn Facts) -> Option<String> {
        Some(Self::of(facts).to_string())
    }
}
