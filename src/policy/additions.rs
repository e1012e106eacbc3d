//! What is added to a request: by a rule (`prompt[]`) or by an arm of an experiment
//! (`experiments[].arms[].prompt`).
use super::field::{Field, List, Nested, Object, Optional, Required, Section, Spot};
use super::parameters::{self, CAP, DEFAULT, Parameters, SET};
use super::template::{self, Known, Template, TemplateKind};

/// Most examples at a time.
const EXAMPLES_MAX: usize = 32;

/// What is added to a request.
#[derive(Debug, Clone)]
pub struct Additions {
    /// Instructions before the app's own.
    pub prepend_system: Option<Template>,
    /// Instructions behind the app's own.
    pub append_system: Option<Template>,
    /// What a user has asked and what was answered, before the conversation.
    pub examples: Vec<(Template, Template)>,
    /// What the request says, whatever the app has said.
    pub set: Parameters,
    /// What it says where the app says nothing.
    pub default: Parameters,
    /// The most that it says.
    pub cap: Parameters,
}

pub(super) const PREPEND: Optional<TemplateKind> = Field::optional(
    "prepend_system",
    TemplateKind,
    "nothing",
    "Instructions before the app's own.",
);

pub(super) const APPEND: Optional<TemplateKind> =
    Field::optional("append_system", TemplateKind, "nothing", "Instructions behind the app's own.");

pub(super) const MESSAGES: Optional<List> = Field::optional(
    "messages",
    List::of("examples", &Nested(&EXAMPLE)),
    "none",
    "Examples that stand before the conversation: what a user asks, and what is to be answered. \
     One whose variables stand for nothing is left out; so are all of them where the conversation \
     begins with an answer, which would go on with theirs. The trace says so.",
);

const EXAMPLE: Section = Section::new(
    "an object with `user` and `assistant`",
    "An example of an answer.",
    "messages: [{user: \"Ping?\", assistant: \"Pong.\"}]",
    &[&USER, &ASSISTANT],
);

const USER: Required<TemplateKind> = Field::required("user", TemplateKind, "What a user asks.");

const ASSISTANT: Required<TemplateKind> =
    Field::required("assistant", TemplateKind, "What is to be answered.");

/// The section, where nothing else stands in it.
pub(super) const ADDITIONS: Section = Section::new(
    "an object that says what is added",
    "What is added to a request, as a rule of `prompt` adds it.",
    "arms:
  - {name: control, weight: 1}
  - name: brief
    weight: 1
    prompt: {append_system: \"Be brief.\", set: {temperature: 0.2}}",
    &[&PREPEND, &APPEND, &MESSAGES, &SET, &DEFAULT, &CAP],
);

/// Reads the section; `None`, and a report, where something is wrong with it.
pub(super) fn section(spot: &Spot<'_>, known: &Known<'_>) -> Option<Additions> {
    let mut fields = spot.object(&ADDITIONS)?;
    let additions = read(&mut fields, spot, known);
    fields.finish();
    additions
}

/// Reads the fields, of a section at that place; `None`, and a report, where something is wrong
/// with one.
pub(super) fn read(fields: &mut Object<'_>, at: &Spot<'_>, known: &Known<'_>) -> Option<Additions> {
    let prepend_system = fields.read_with(&PREPEND, |spot| template::read(spot, known));
    let append_system = fields.read_with(&APPEND, |spot| template::read(spot, known));
    let examples = fields.read_with(&MESSAGES, |spot| examples(spot, known));
    let set = fields.read_with(&SET, parameters::read);
    let default = fields.read_with(&DEFAULT, parameters::read);
    let cap = fields.read_with(&CAP, parameters::read);
    let adds = [&prepend_system, &append_system].iter().any(|own| !matches!(own, Some(None)));
    let says = [&set, &default, &cap].iter().any(|own| !matches!(own, Some(None)));
    if !adds && !says && matches!(examples, Some(None)) {
        at.problem(
            "it adds nothing: say `prepend_system`, `append_system`, `messages`, `set`, \
             `default` or `cap`",
        );
        return None;
    }
    Some(Additions {
        prepend_system: prepend_system?,
        append_system: append_system?,
        examples: examples?.unwrap_or_default(),
        set: set?.unwrap_or_default(),
        default: default?.unwrap_or_default(),
        cap: cap?.unwrap_or_default(),
    })
}

fn examples(spot: &Spot<'_>, known: &Known<'_>) -> Option<Vec<(Template, Template)>> {
    let items = MESSAGES.kind.items(spot)?;
    if items.len() > EXAMPLES_MAX {
        spot.problem(format!("{} examples are more than {EXAMPLES_MAX}", items.len()));
    }
    let read = items.iter().map(|item| {
        let mut fields = item.object(&EXAMPLE)?;
        let user = fields.read_with(&USER, |spot| template::read(spot, known));
        let assistant = fields.read_with(&ASSISTANT, |spot| template::read(spot, known));
        fields.finish();
        Some((user?, assistant?))
    });
    read.collect::<Vec<_>>().into_iter().collect()
}
