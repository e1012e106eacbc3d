//! `text_matches`: what stands in the conversation.
use super::super::document::Content;
use super::super::field::{
    Defaulted, Field, Kind, Nested, Required, Section, Shape, Spot, Word, Words,
};
use super::facts::Facts;
use super::pattern::{Pattern, Sought};
use super::question::{Question, Test};
use super::reading::Depth;

pub(super) static QUESTION: Question = Question::new(
    "text_matches",
    &PatternOrWhere,
    "A pattern that what the user said last has in it, in its first 16 KiB: \
     `(?i)prove|refactor`. What functions answer is nothing that the \
     user says. The parts of a message are one text, each on lines of its own. Patterns are \
     those of Rust's `regex`, without `[:alpha:]`, `\\p`, `&&`, `(?x)`, `\\<`, `\\>` and \
     `\\b{start}`; `\\w`, `\\s` and `\\b` know every script, and `(?i)` the Latin, Greek, \
     Cyrillic and Armenian letters. What a pattern repeats counts as often as it may be there: \
     256 characters in all. A search takes a time that is known before; where those of a policy \
     could take a request more than a few milliseconds together, it is refused.",
    |spot, depth| Some(Box::new(read(spot, depth)?)),
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
            Word::new("last", Texts::Last, "What the user said last."),
            Word::new(
                "conversation",
                Texts::Conversation,
                "Every message, and what functions gave back: the last 16 KiB of it.",
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

fn read(spot: &Spot<'_>, depth: &Depth<'_>) -> Option<TextMatches> {
    let Content::Object(_) = &spot.node.content else {
        return Some(TextMatches { pattern: Pattern.read(spot, depth)?, texts: IN.default() });
    };
    let mut fields = spot.object(&SECTION)?;
    let pattern = fields.read_with(&PATTERN, |spot| Pattern.read(spot, depth));
    let texts = fields.read(&IN);
    fields.finish();
    Some(TextMatches { pattern: pattern?, texts: texts? })
}

#[derive(Debug)]
struct TextMatches {
    pattern: Sought,
    texts: Texts,
}

impl Test for TextMatches {
    fn holds(&self, facts: &dyn Facts) -> bool {
        let (ask, texts) = (facts.ask(), facts.texts());
        texts.found(self.pattern.index, || {
            self.pattern.is_in(match self.texts {
                Texts::Last => texts.last(ask),
                Texts::Conversation => texts.conversation(ask),
            })
        })
    }
}
