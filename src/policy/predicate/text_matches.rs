//! `text_matches`: what stands in the conversation.
use regex_lite::Regex;

use super::super::document::Content;
use super::super::field::{
    Defaulted, Field, Kind, Nested, Read, Required, Section, Shape, Spot, Word, Words,
};
use super::facts::Facts;
use super::pattern::{Pattern, is_in};
use super::question::{Question, Test};
use super::text::{last_of_user, newest_first};

pub(super) static QUESTION: Question = Question::new(
    "text_matches",
    &PatternOrWhere,
    "A pattern that the last message of the user's has in it, in its first 16 KiB. Its syntax is \
     that of Rust's `regex`, without Unicode's classes: `(?i)prove|refactor`.",
    |spot, _| Some(Box::new(read(spot)?)),
);

/// A pattern, or one with the texts that it is looked for in.
#[derive(Debug, Clone, Copy)]
struct PatternOrWhere;

impl Kind for PatternOrWhere {
    fn shape(&self) -> Shape {
        Shape::Either(vec![Pattern.shape(), Nested(&SECTION).shape()])
    }
}

const SECTION: Section = Section::new(
    "an object with a `pattern`",
    "A pattern, and the texts in which it is looked for.",
    "when: {text_matches: {pattern: \"(?i)refund\", in: conversation}}",
    &[&PATTERN, &IN],
);

const PATTERN: Required<Pattern> = Field::required("pattern", Pattern, "What is looked for.");

const IN: Defaulted<Words<Texts>> = Field::defaulted(
    "in",
    Words {
        what: "text",
        of: &[
            Word::new("last", Texts::Last, "The last message of the user's."),
            Word::new(
                "conversation",
                Texts::Conversation,
                "Every message, and what functions gave back: the newest 16 KiB of it.",
            ),
        ],
    },
    Texts::Last,
    "Where it is looked for.",
);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Texts {
    Last,
    Conversation,
}

fn read(spot: &Spot<'_>) -> Option<TextMatches> {
    let Content::Object(_) = &spot.node.content else {
        return Some(TextMatches { pattern: Pattern.read(spot)?, texts: IN.default() });
    };
    let mut fields = spot.object(&SECTION)?;
    let (pattern, texts) = (fields.read(&PATTERN), fields.read(&IN));
    fields.finish();
    Some(TextMatches { pattern: pattern?, texts: texts? })
}

#[derive(Debug)]
struct TextMatches {
    pattern: Regex,
    texts: Texts,
}

impl Test for TextMatches {
    fn holds(&self, facts: &dyn Facts) -> bool {
        let ask = facts.ask();
        match self.texts {
            Texts::Last => is_in(&self.pattern, last_of_user(ask)),
            Texts::Conversation => is_in(&self.pattern, newest_first(ask)),
        }
    }
}
