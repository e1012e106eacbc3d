//! `complexity`: how hard the request looks.
use std::rc::Rc;

use super::super::document::Content;
use super::super::field::{
    Field, Fraction, Kind, Nested, Optional, Read as _, Section, Shape, Spot, Word, Words,
};
use super::facts::Facts;
use super::question::{Question, Test};
use super::reading::Depth;
use crate::complexity::{Class, Classifier, Judged, Score};

pub(super) static QUESTION: Question = Question::new(
    "complexity",
    &ClassOrBounds,
    "How hard the request looks, by the `classifier`: `premium`, `budget`, or the bounds of its \
     score. Without weights the score is the length of the texts alone.",
    |spot, depth| Some(Box::new(read(spot, depth)?)),
);

const CLASS: Words<Class> = Words {
    what: "class",
    of: &[
        Word::new("premium", Class::Premium, "The score is the classifier's `threshold` or more."),
        Word::new("budget", Class::Budget, "It is below that."),
    ],
};

const OVER: Optional<Fraction> =
    Field::optional("over", Fraction, "no bound", "The score must be more than this.");

const AT_MOST: Optional<Fraction> =
    Field::optional("at_most", Fraction, "no bound", "The score must not be more than this.");

const SECTION: Section = Section::new(
    "an object with `over` or `at_most`",
    "Bounds of the score, which is from 0 to 1.",
    "when: {complexity: {over: 0.6}}",
    &[&OVER, &AT_MOST],
);

/// A class, or the bounds of the score.
#[derive(Debug, Clone, Copy)]
struct ClassOrBounds;

impl Kind for ClassOrBounds {
    fn shape(&self) -> Shape {
        Shape::Either(vec![CLASS.shape(), Nested(&SECTION).shape()])
    }
}

#[derive(Debug)]
struct Complexity {
    classifier: Rc<Classifier>,
    must: Must,
}

#[derive(Debug)]
enum Must {
    Be(Class),
    Lie(Option<Score>, Option<Score>),
}

fn read(spot: &Spot<'_>, depth: &Depth<'_>) -> Option<Complexity> {
    let classifier = depth.names.classifier.clone();
    let classifier = classifier.unwrap_or_else(|| Rc::new(Classifier::baseline()));
    let Content::Object(_) = &spot.node.content else {
        return Some(Complexity { classifier, must: Must::Be(CLASS.read(spot)?) });
    };
    let mut fields = spot.object(&SECTION)?;
    let (over, at_most) = (fields.read(&OVER), fields.read(&AT_MOST));
    let empty = fields.is_empty();
    fields.finish();
    let (over, at_most) = (over?, at_most?);
    if empty {
        spot.problem("expected `over`, `at_most` or both");
    }
    if let (Some(over), Some(at_most)) = (over, at_most)
        && over >= at_most
    {
        spot.problem(format!("no score is over {over} and at most {at_most}"));
    }
    Some(Complexity { classifier, must: Must::Lie(over, at_most) })
}

impl Complexity {
    fn judged(&self, facts: &dyn Facts) -> Judged {
        // Labels name a route by any of its names.
        let asked = facts.requested_model();
        let mut names = core::iter::once(asked).chain(facts.route_names().iter().map(|own| &**own));
        let route = names.find(|name| self.classifier.knows(name)).unwrap_or(asked);
        facts.texts().judged(facts.ask(), route, &self.classifier)
    }
}

impl Test for Complexity {
    fn holds(&self, facts: &dyn Facts) -> bool {
        let judged = self.judged(facts);
        match self.must {
            Must::Be(class) => judged.class == class,
            Must::Lie(over, at_most) => {
                over.is_none_or(|over| judged.bounded() > over)
                    && at_most.is_none_or(|at_most| judged.bounded() <= at_most)
            }
        }
    }

    fn found(&self, facts: &dyn Facts) -> Option<String> {
        Some(self.judged(facts).score.to_string())
    }
}
