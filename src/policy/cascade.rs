//! `chains.<name>.cascade`: models that answer first, and what their answers must be like.
use std::rc::Rc;

use super::document::Content;
use super::field::{
    Boolean, Defaulted, Field, Kind, List, NameOf, Nested, Object, Optional, Read, Required,
    Section, Shape, Spot, Text, Whole, Word, Words,
};
use super::folded::folded;
use super::model::{MODELS, Models};

/// What is asked of the answers of a cascade's models, but for the last one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cascade {
    /// Whether an app that wants a stream waits for it until all of it has been judged.
    pub waits: bool,
    /// What makes an answer one that the app may see.
    pub accept: Rc<Acceptance>,
}

/// What makes an answer one that an app may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Only one that the model has ended itself.
    pub finish: bool,
    /// One in which the model declines, too.
    pub refusal: bool,
    /// One in which nothing is said, too.
    pub empty: bool,
    /// Only one that conforms to the JSON Schema that was asked for.
    pub schema_valid: bool,
    /// Only one whose calls are of functions that there are, with arguments that conform to theirs.
    pub tools_valid: bool,
    /// None that says one of these, in lower case.
    pub hedging: Vec<String>,
    /// The least characters of its text.
    pub min_chars: Option<u64>,
    /// The most.
    pub max_chars: Option<u64>,
    /// Two models, by name, of which the second answers right after the first: only an answer of
    /// the second that comes to the same as the first one's.
    pub agree: Option<[String; 2]>,
}

/// The fields of [`Acceptance`], by which a rule that an answer breaks is named.
pub const RULES: [&str; 9] = [
    REFUSAL.key(),
    FINISH.key(),
    EMPTY.key(),
    TOOLS_VALID.key(),
    SCHEMA_VALID.key(),
    HEDGING.key(),
    MIN_CHARS.key(),
    MAX_CHARS.key(),
    AGREE,
];

/// The rule that two models come to the same.
pub const AGREE: &str = AGREEMENT.key();

pub(super) const CASCADE: Section = Section::new(
    "an object with `cascade`",
    "Models of which all but the last have their answers judged, whole, before the app sees any of \
     them. One that is not accepted is what a failure is elsewhere: the next model is asked, and \
     the app gets that one's answer. The last model's is never judged; where that one fails, the \
     app is told of its failure. All models are charged for what they have said, and credits are \
     set aside for all of them. A request for several answers at once (`n`) goes to the last model \
     alone, and so does one that brings more than 64 KiB of JSON Schemas to judge by. Where the \
     last model may not serve a request, the one before it is not judged, and the log says so \
     (`unjudged`). No bytes can be sent to an app while an answer is judged: where that takes \
     longer than `resilience.idle_timeout`, the next model is asked.",
    "chains:
  careful:
    cascade: [gpt-luna, gpt-sol]
    accept: {hedging: [\"I'm not sure\", \"I cannot verify\"], min_chars: 20}",
    &[&MODELS_OF, &ACCEPT, &STREAMING],
);

pub(super) const MODELS_OF: Required<List> = Field::required(
    "cascade",
    List::of("names of models", &NameOf(MODELS.one)).unique(),
    "The models, in the order in which they answer: two at least.",
);

const ACCEPT: Optional<Nested> = Field::optional(
    "accept",
    Nested(&ACCEPTANCE),
    "the defaults of its fields",
    "What makes an answer one that the app may see.",
);

const STREAMING: Defaulted<Words<bool>> = Field::defaulted(
    "streaming",
    Words {
        what: "value",
        of: &[
            Word::new(
                "last_model",
                false,
                "It goes to the last model at once, which nobody judges. The log says so.",
            ),
            Word::new(
                "wait",
                true,
                "The app gets nothing until an answer has been judged; one that is accepted comes \
                 at once then, event by event.",
            ),
        ],
    },
    false,
    "What becomes of a request whose answer is streamed.",
);

const ACCEPTANCE: Section = Section::new(
    "an object of rules",
    "Rules that an answer has to keep. The first one that it breaks stands in the access log \
     (`attempts[].why`) and in `tradewind_cascade_answers_total`.",
    "accept: {tools_valid: true, schema_valid: true, refusal: false, max_chars: 4000}",
    &[
        &FINISH,
        &REFUSAL,
        &EMPTY,
        &SCHEMA_VALID,
        &TOOLS_VALID,
        &HEDGING,
        &MIN_CHARS,
        &MAX_CHARS,
        &AGREEMENT,
    ],
);

const FINISH: Defaulted<Boolean> = Field::defaulted(
    "finish",
    Boolean,
    true,
    "Whether the model must have ended the answer itself: not at its most tokens, and not cut by a \
     filter.",
);

const REFUSAL: Defaulted<Boolean> = Field::defaulted(
    "refusal",
    Boolean,
    false,
    "Whether an answer may be a refusal, as its provider marks one. One in plain words is found by \
     `hedging`.",
);

const EMPTY: Defaulted<Boolean> = Field::defaulted(
    "empty",
    Boolean,
    false,
    "Whether an answer may have neither text nor a call of a function. Spaces and characters that \
     nobody sees are no text.",
);

const SCHEMA_VALID: Defaulted<Boolean> = Field::defaulted(
    "schema_valid",
    Boolean,
    true,
    "Whether an answer must be JSON where the app asks for that, and conform to the schema where \
     it gives one. These keywords are asked: `type`, `enum`, `const`, `properties`, `required`, \
     `additionalProperties`, `prefixItems`, `items`, `anyOf`, `oneOf`, `allOf`, `$ref` into the \
     schema itself, and the bounds of numbers, lengths and counts. Others, such as `pattern` and \
     `format`, are taken to hold. At most two million names, values and pieces of 16 bytes are \
     looked at for one answer: one that needs more is not accepted.",
);

const TOOLS_VALID: Defaulted<Boolean> = Field::defaulted(
    "tools_valid",
    Boolean,
    true,
    "Whether every call must be of a function that the request has, with arguments that are a JSON \
     object and conform to that function's schema, by the same keywords; and whether an answer \
     must call, or not call, what `tool_choice` says, and one function where only one at a time is \
     asked for.",
);

const HEDGING: Optional<List> = Field::optional(
    "hedging",
    List::of("phrases", &Phrase),
    "none",
    "Phrases by which a model says that it does not know: no answer with one of them in its text \
     is accepted, whatever its case, its apostrophes and its marks of emphasis (`*`, `_`). At most \
     64.",
);

const MIN_CHARS: Optional<Whole> = Field::optional(
    "min_chars",
    CHARS,
    "any",
    "The least characters of an answer's text; none are asked of one that calls a function.",
);

const MAX_CHARS: Optional<Whole> =
    Field::optional("max_chars", CHARS, "any", "The most characters of an answer's text.");

const AGREEMENT: Optional<List> = Field::optional(
    "agree",
    List::of("names of models", &NameOf(MODELS.one)).unique(),
    "none need to",
    "Two models that answer one after the other, before the last: the app gets the second one's \
     answer where both come to the same, and else the next model is asked. Compared are calls of \
     functions, JSON, a letter (A to J), a number with its unit, one block of code, or a few \
     words: what stands in `\\boxed{}`, after `####` or after \"the answer is\", or all of a short \
     answer. Long prose agrees with nothing: have a prompt ask for a last line \"Answer: …\". The \
     second model is not asked where the first fails, breaks another rule or says nothing that \
     can be compared; neither is where the other may not serve the request.",
);

const CHARS: Whole = Whole { of: "characters", least: 1, most: 10_000_000 };

/// Most phrases: each is looked for in every answer.
const PHRASES_MAX: usize = 64;

/// Longest phrase, in bytes.
const PHRASE_BYTES: usize = 200;

/// Words that are looked for in an answer.
#[derive(Debug, Clone, Copy)]
struct Phrase;

impl Read for Phrase {
    type Value = String;

    fn read(&self, spot: &Spot<'_>) -> Option<String> {
        let phrase = spot.text("a phrase")?;
        let folded = folded(phrase);
        // One that is left with nothing would be in every answer.
        if folded.is_empty() || phrase.len() > PHRASE_BYTES {
            spot.problem(format!("expected a phrase of 1 to {PHRASE_BYTES} bytes"));
            return None;
        }
        Some(folded)
    }
}

impl Kind for Phrase {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a phrase",
            pattern: r"^\s*\S[\s\S]*$",
            longest: Some(PHRASE_BYTES),
            example: "I'm not sure",
            ..Text::default()
        })
    }
}

impl Default for Acceptance {
    fn default() -> Self {
        Self {
            finish: FINISH.default(),
            refusal: REFUSAL.default(),
            empty: EMPTY.default(),
            schema_valid: SCHEMA_VALID.default(),
            tools_valid: TOOLS_VALID.default(),
            hedging: Vec::new(),
            min_chars: None,
            max_chars: None,
            agree: None,
        }
    }
}

/// Whether a chain is an object, and so a cascade.
pub(super) fn is_cascade(spot: &Spot<'_>) -> bool {
    matches!(spot.node.content, Content::Object(_))
}

/// Reads what stands beside the models, of which these are known; `None`, and a report, when
/// something is wrong with it.
pub(super) fn read(
    mut fields: Object<'_>,
    own: Option<&[usize]>,
    models: &Models<'_>,
) -> Option<Cascade> {
    let accept = fields.section(&ACCEPT).and_then(|fields| acceptance(fields, own, models));
    let waits = fields.read(&STREAMING);
    fields.finish();
    Some(Cascade { waits: waits?, accept: Rc::new(accept?) })
}

fn acceptance(
    mut fields: Object<'_>,
    own: Option<&[usize]>,
    models: &Models<'_>,
) -> Option<Acceptance> {
    let [finish, refusal, empty] = [&FINISH, &REFUSAL, &EMPTY].map(|field| fields.read(field));
    let [schema_valid, tools_valid] = [&SCHEMA_VALID, &TOOLS_VALID].map(|own| fields.read(own));
    let hedging = fields.read_with(&HEDGING, phrases);
    let (min_chars, max_chars) = (fields.read(&MIN_CHARS), fields.read(&MAX_CHARS));
    if let (Some(Some(least)), Some(Some(most))) = (min_chars, max_chars)
        && least > most
    {
        let place = fields.place(&MIN_CHARS);
        place.problem(format!("{least} are more than the {most} of `max_chars`"));
    }
    let agree = fields.read_with(&AGREEMENT, |spot| pair(spot, own, models));
    fields.finish();
    Some(Acceptance {
        finish: finish?,
        refusal: refusal?,
        empty: empty?,
        schema_valid: schema_valid?,
        tools_valid: tools_valid?,
        hedging: hedging?.unwrap_or_default(),
        min_chars: min_chars?,
        max_chars: max_chars?,
        agree: agree?,
    })
}

/// The names of two models of a cascade, the second right after the first and before the last.
fn pair(spot: &Spot<'_>, own: Option<&[usize]>, models: &Models<'_>) -> Option<[String; 2]> {
    let items = AGREEMENT.kind.items(spot)?;
    let [first, second] = items.as_slice() else {
        if !items.is_empty() {
            spot.problem(format!("expected the names of two models, found {}", items.len()));
        }
        models.skip_unused_check();
        return None;
    };
    let found = [first, second].map(|item| models.find(Some(item)));
    let (own, [Some(one), Some(two)]) = (own?, found) else { return None };
    let name = |model: usize| models.name(model).unwrap_or_default().to_owned();
    let place = |item: &Spot<'_>, model: usize| {
        let place = own.iter().position(|own| *own == model);
        if place.is_none() {
            item.problem(format!("`{}` is no model of this cascade", name(model)));
        }
        place
    };
    let (before, after) = (place(first, one)?, place(second, two)?);
    if before.checked_add(1) != Some(after) {
        spot.problem(format!(
            "`{}` does not answer right after `{}`: name two models that stand side by side in \
             `cascade`, in their order there",
            name(two),
            name(one)
        ));
    } else if after.checked_add(1) == Some(own.len()) {
        second.problem(format!(
            "`{}` is the last model of this cascade, whose answer is not judged: add one that is \
             asked where the two do not agree",
            name(two)
        ));
    }
    Some([name(one), name(two)])
}

fn phrases(spot: &Spot<'_>) -> Option<Vec<String>> {
    let items = HEDGING.kind.items(spot)?;
    if items.len() > PHRASES_MAX {
        spot.problem(format!("{} phrases are more than {PHRASES_MAX}", items.len()));
    }
    items.iter().map(|item| Phrase.read(item)).collect()
}
