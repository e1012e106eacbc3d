//! `prompt`: what the gateway adds to requests.
use super::class::Classes;
use super::field::{Field, List, NameOf, Nested, Optional, Required, Section, Spot, unknown};
use super::parameters::{self, CAP, DEFAULT, Parameters, SET};
use super::predicate::{self, Facts, Predicate, Reading, When};
use super::template::{self, Known, Template, TemplateKind};

/// Most rules of a policy: each of them is asked of every request.
const RULES_MAX: usize = 32;

/// Most examples of a rule.
const EXAMPLES_MAX: usize = 32;

/// `prompt[]`: what is added to some requests.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The places of the routes that it is for; `None` for all.
    routes: Option<Vec<usize>>,
    /// The places of the classes that it is for; `None` for all.
    classes: Option<Vec<usize>>,
    /// What holds of its requests.
    when: Option<Predicate>,
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

impl Prompt {
    /// Why it is for a request of that class; `None` where it is not.
    #[must_use]
    pub fn takes(&self, facts: &dyn Facts, class: Option<usize>) -> Option<String> {
        let route = facts.route();
        let routed = self.routes.as_ref().is_none_or(|routes| routes.contains(&route));
        let classed = |classes: &Vec<usize>| class.is_some_and(|class| classes.contains(&class));
        if !routed || !self.classes.as_ref().is_none_or(classed) {
            return None;
        }
        let Some(when) = &self.when else {
            let by = [(self.classes.is_some(), "its class"), (self.routes.is_some(), "its route")];
            let by = by.into_iter().find(|(given, _)| *given);
            return Some(by.map_or("it is for every request", |(_, by)| by).to_owned());
        };
        when.holds(facts).then(|| when.because(facts))
    }
}

pub(super) const PROMPTS: List = List::of("rules", &Nested(&PROMPT));

const PROMPT: Section = Section::new(
    "an object that says what is added",
    "What is added to some requests, once and before anything else is decided, so that every model \
     and every API is told the same. Of all rules those count whose `routes`, `classes` and `when` \
     hold of the app's own request, in their order. What is added is estimated, held and charged \
     like the app's own words. `{{tenant}}`, `{{user}}`, `{{key}}`, `{{route}}`, `{{class}}`, \
     `{{date}}`, `{{header.NAME}}` (of `request_headers`) and `{{label.NAME}}` stand for what is \
     known of the request; a value is put in on one line, of 256 characters at most.",
    "prompt:
  - routes: [auto]
    prepend_system: \"You work for {{tenant}}. Today is {{date}}.\"
    messages: [{user: \"Ping?\", assistant: \"Pong.\"}]
    default: {temperature: 0.3}
    cap: {max_tokens: 4000, reasoning: medium}",
    &[&ROUTES, &CLASSES, &WHEN, &PREPEND, &APPEND, &MESSAGES, &SET, &DEFAULT, &CAP],
);

const ROUTES: Optional<List> = Field::optional(
    "routes",
    List::of("names of routes", &NameOf("route")).unique(),
    "all",
    "The routes that it is for, each by any of its names.",
);

const CLASSES: Optional<List> = Field::optional(
    "classes",
    List::of("names of classes", &NameOf("class")).unique(),
    "all",
    "The classes that it is for.",
);

const WHEN: Optional<When> =
    Field::optional("when", When, "always", "What holds of the requests that it is for.");

const PREPEND: Optional<TemplateKind> = Field::optional(
    "prepend_system",
    TemplateKind,
    "nothing",
    "Instructions before the app's own.",
);

const APPEND: Optional<TemplateKind> =
    Field::optional("append_system", TemplateKind, "nothing", "Instructions behind the app's own.");

const MESSAGES: Optional<List> = Field::optional(
    "messages",
    List::of("examples", &Nested(&EXAMPLE)),
    "none",
    "Examples that stand before the conversation: what a user asks, and what is to be answered.",
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

/// Reads the section.
pub(super) fn read(
    section: Option<Spot<'_>>,
    reading: &Reading<'_>,
    classes: &Classes<'_>,
) -> Vec<Prompt> {
    let Some(section) = section else { return Vec::new() };
    let items = PROMPTS.items(&section).unwrap_or_default();
    if items.len() > RULES_MAX {
        section.problem(format!("{} rules are more than {RULES_MAX}", items.len()));
    }
    let known = Known { reading, has_classes: classes.len() > 0 };
    items.iter().filter_map(|item| rule(item, &known, classes)).collect()
}

fn rule(spot: &Spot<'_>, known: &Known<'_>, classes: &Classes<'_>) -> Option<Prompt> {
    let mut fields = spot.object(&PROMPT)?;
    let routes = fields.read_with(&ROUTES, |spot| routes(spot, known.reading));
    let classes = fields.read_with(&CLASSES, |spot| {
        let items = CLASSES.kind.items(spot)?;
        let found: Vec<_> = items.iter().map(|item| classes.find(Some(item))).collect();
        found.into_iter().collect::<Option<Vec<usize>>>()
    });
    let when = fields.read_with(&WHEN, |spot| predicate::read(spot, known.reading));
    let prepend_system = fields.read_with(&PREPEND, |spot| template::read(spot, known));
    let append_system = fields.read_with(&APPEND, |spot| template::read(spot, known));
    let examples = fields.read_with(&MESSAGES, |spot| examples(spot, known));
    let set = fields.read_with(&SET, parameters::read);
    let default = fields.read_with(&DEFAULT, parameters::read);
    let cap = fields.read_with(&CAP, parameters::read);
    fields.finish();
    let adds = [&prepend_system, &append_system].iter().any(|own| !matches!(own, Some(None)));
    let says = [&set, &default, &cap].iter().any(|own| !matches!(own, Some(None)));
    if !adds && !says && matches!(examples, Some(None)) {
        spot.problem(
            "it adds nothing: say `prepend_system`, `append_system`, `messages`, `set`, \
             `default` or `cap`",
        );
    }
    Some(Prompt {
        routes: routes?,
        classes: classes?,
        when: when?,
        prepend_system: prepend_system?,
        append_system: append_system?,
        examples: examples?.unwrap_or_default(),
        set: set?.unwrap_or_default(),
        default: default?.unwrap_or_default(),
        cap: cap?.unwrap_or_default(),
    })
}

/// The places of routes, by their names.
fn routes(spot: &Spot<'_>, reading: &Reading<'_>) -> Option<Vec<usize>> {
    let names: Vec<&str> = reading.routes.iter().map(|(name, _)| *name).collect();
    let found = ROUTES.kind.items(spot)?.into_iter().map(|item| {
        let name = item.text("the name of a route")?;
        let route = reading.routes.iter().find(|(own, _)| *own == name);
        if route.is_none() {
            item.problem(unknown("name of a route", name, &names));
        }
        route.map(|(_, place)| *place)
    });
    found.collect::<Vec<_>>().into_iter().collect()
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
