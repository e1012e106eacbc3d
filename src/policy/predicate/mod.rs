//! `when`: what must hold of a request. Each question is a file here and a row of [`QUESTIONS`];
//! what a question may know stands in [`Facts`].
//!
//! An object of questions holds where all of them do; `all`, `any` and `not` are questions about
//! others. What is read is a tree in which every name resolves and which is small: a request asks
//! each question of it once at most.
mod all;
mod any;
mod client;
mod code;
mod complexity;
mod credits_left;
mod decimals;
mod documents;
mod facts;
mod flag;
mod header;
mod images;
mod input_tokens;
mod json_schema;
mod key;
mod label;
mod names;
mod not;
mod operation;
mod output_cap;
mod pattern;
mod question;
mod range;
mod reading;
mod reasoning;
mod requested_model;
mod route;
mod script;
mod source;
mod stream;
mod system_matches;
mod temperature;
mod tenant;
mod text;
mod text_matches;
mod time;
mod tools;
mod top_p;
mod turns;
mod user;

use core::cell::Cell;
use std::rc::Rc;

use super::field::{Kind, Row, Shape, Spot};

pub use facts::{Facts, Standing};
pub use question::Question;
pub(super) use reading::{Callers, Reading};
pub use text::TextFacts;

use question::Test;
use reading::Depth;

/// Every question, cheap ones first: those of one object are asked in this order.
pub static QUESTIONS: &[&Question] = &[
    &route::QUESTION,
    &requested_model::QUESTION,
    &tenant::QUESTION,
    &user::QUESTION,
    &key::QUESTION,
    &label::QUESTION,
    &header::QUESTION,
    &client::QUESTION,
    &operation::QUESTION,
    &stream::QUESTION,
    &output_cap::QUESTION,
    &temperature::QUESTION,
    &top_p::QUESTION,
    &turns::QUESTION,
    &tools::QUESTION,
    &json_schema::QUESTION,
    &reasoning::QUESTION,
    &images::QUESTION,
    &documents::QUESTION,
    &time::QUESTION,
    &credits_left::QUESTION,
    &input_tokens::QUESTION,
    &script::QUESTION,
    &code::QUESTION,
    &complexity::QUESTION,
    &system_matches::QUESTION,
    &text_matches::QUESTION,
    &all::QUESTION,
    &any::QUESTION,
    &not::QUESTION,
];

/// What must hold of a request.
#[derive(Debug, Clone)]
pub struct Predicate(Rc<[Asked]>);

/// A question, as a policy asks it.
#[derive(Debug)]
struct Asked {
    key: &'static str,
    test: Box<dyn Test>,
}

/// An object of questions.
#[derive(Debug, Clone, Copy)]
pub(super) struct When;

impl Kind for When {
    fn shape(&self) -> Shape {
        Shape::Predicate
    }
}

impl Predicate {
    /// Whether it holds of a request.
    #[must_use]
    pub fn holds(&self, facts: &dyn Facts) -> bool {
        self.0.iter().all(|asked| asked.test.holds(facts))
    }

    /// By which questions it holds of a request of which it holds: `any[1].input_tokens (5210)`.
    #[must_use]
    pub fn because(&self, facts: &dyn Facts) -> String {
        let mut said = String::new();
        self.say("", facts, &mut said);
        said
    }

    /// By which question it does not hold of a request of which it does not: the first one.
    #[must_use]
    pub fn against(&self, facts: &dyn Facts) -> String {
        let mut said = String::new();
        self.deny("", facts, &mut said);
        said
    }

    /// The same, with where these questions stand.
    fn deny(&self, at: &str, facts: &dyn Facts, out: &mut String) {
        if let Some(asked) = self.0.iter().find(|asked| !asked.test.holds(facts)) {
            asked.test.deny(&format!("{at}{}", asked.key), facts, out);
        }
    }

    /// By what it holds, with where these questions stand.
    fn say(&self, at: &str, facts: &dyn Facts, out: &mut String) {
        for asked in self.0.iter() {
            asked.test.say(&format!("{at}{}", asked.key), facts, out);
        }
    }
}

/// Reads an object of questions; `None`, and a report, where something is wrong with one.
pub(super) fn read(spot: &Spot<'_>, reading: &Reading<'_>) -> Option<Predicate> {
    let asked = Cell::new(0);
    questions(spot, &Depth::of(reading, &asked))
}

/// The questions of one object.
fn questions(spot: &Spot<'_>, depth: &Depth<'_>) -> Option<Predicate> {
    let mut fields = spot.fields("an object of questions")?;
    if fields.is_empty() {
        spot.problem("expected a question, found none: `any`, `tools`, `input_tokens`, …");
        return None;
    }
    let (mut asked, mut right) = (Vec::new(), true);
    for question in QUESTIONS {
        let Some(spot) = fields.find(question.key()) else { continue };
        if !depth.takes(&spot) {
            right = false;
            continue;
        }
        match question.read(&spot, depth) {
            Some(test) => asked.push(Asked { key: question.key(), test }),
            None => right = false,
        }
    }
    let known = asked.len();
    fields.finish();
    // An unknown question has been reported.
    (right && known > 0).then(|| Predicate(asked.into()))
}
