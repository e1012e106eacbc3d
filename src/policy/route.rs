//! `routes`: what an app asks for and the chain that serves it.
use super::chain::{CHAINS, Chains};
use super::class::Classes;
use super::context::{self, Context, OF_ROUTE};
use super::document::Content;
use super::field::{
    Defaulted, Entries, Field, Kind, Label, List, NameOf, Nested, Object, Optional, Required,
    Section, Shape, Spot, Word, Words, unknown,
};

/// `routes`: what an app asks for and the chain that serves it.
#[derive(Debug, Clone)]
pub struct Route {
    /// The names an app may put in `model`.
    pub names: Vec<String>,
    /// Which name an answer gives its model.
    pub answer_model: AnswerModel,
    /// What becomes of a conversation that a model has no room for; `None` for what the policy says
    /// of all.
    pub(super) context: Option<Context>,
    /// What an app may choose itself.
    pub(super) app_may_choose: Choices,
    pub(super) chains: ByClass,
}

/// The chains of a route, by their places in the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ByClass {
    /// The same for all requests.
    One(usize),
    /// One for each class, in the order of the classes.
    Each(Vec<usize>),
}

/// Classes and chains that an app may choose, by their places in the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choices {
    pub(super) classes: Vec<usize>,
    pub(super) chains: Vec<usize>,
}

impl Choices {
    /// Whether an app may choose nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.classes.is_empty() && self.chains.is_empty()
    }
}

impl ByClass {
    /// Whether each class has one of its own.
    pub(super) const fn differ(&self) -> bool {
        matches!(self, Self::Each(_))
    }

    /// The chain of a class, or of a request that has none.
    pub(super) fn of(&self, class: Option<usize>) -> Option<usize> {
        match self {
            Self::One(chain) => Some(*chain),
            Self::Each(chains) => chains.get(class?).copied(),
        }
    }
}

/// `answer_model`: which name an answer gives its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerModel {
    /// `asked`: the one that the app asked for.
    Asked,
    /// `served`: the provider's own.
    Served,
}

/// The section: at least one route.
pub(super) const ROUTES: List = List::of("routes", &Nested(&ROUTE));

const ROUTE: Section = Section::new(
    "an object with `models` and a `chain`",
    "What apps put in `model`, and the chain that serves it. `GET /v1/models` lists all of these \
     names.",
    "routes:\n  - {models: [auto, gpt-sol], chain: premium}\n  - {models: [cheap], chain: budget}",
    &[&MODELS, &CHAIN, &DEFAULT, &APP_MAY_CHOOSE, &ANSWER_MODEL, &OF_ROUTE],
);

const MODELS: Required<List> = Field::required(
    "models",
    List::of("names that apps ask for", &NAME).unique(),
    "The names. None may stand in another route.",
);

const NAME: Label = Label("a name that apps ask for");

const CHAIN: Required<ChainKind> = Field::required(
    "chain",
    ChainKind,
    "The chain that serves these names; or chains by the names of `classes`, as in \
     `{simple: budget}`, with the chain of the others in `default`.",
);

/// A chain, or one for each class.
#[derive(Debug, Clone, Copy)]
struct ChainKind;

const BY_CLASS: Entries = Entries::of("chain", &NameOf(CHAINS.one));

impl Kind for ChainKind {
    fn shape(&self) -> Shape {
        Shape::Either(vec![NameOf(CHAINS.one).shape(), BY_CLASS.shape()])
    }
}

const DEFAULT: Optional<NameOf> = Field::optional(
    "default",
    NameOf(CHAINS.one),
    "every class has a chain in `chain`",
    "The chain of the classes that `chain` does not name.",
);

const APP_MAY_CHOOSE: Optional<Nested> = Field::optional(
    "app_may_choose",
    Nested(&CHOICES),
    "nothing",
    "What an app may choose itself.",
);

const CHOICES: Section = Section::new(
    "an object with `classes` or `chains`",
    "What an app may choose itself, by the request header `x-tradewind-class` or \
     `x-tradewind-chain`, or by its name behind the route's and a colon: `auto:complex`. A name \
     that is none of these is refused with a list of them.",
    "routes:
  - {models: [auto], chain: premium, app_may_choose: {chains: [budget]}}",
    &[&CLASSES, &CHOSEN_CHAINS],
);

const CLASSES: Optional<List> = Field::optional(
    "classes",
    List::of("names of classes", &NameOf("class")).unique(),
    "none",
    "Classes that an app may give its request, whatever holds of it.",
);

const CHOSEN_CHAINS: Optional<List> = Field::optional(
    "chains",
    List::of("names of chains", &NameOf(CHAINS.one)).unique(),
    "none",
    "Chains that may serve its request, whatever its class.",
);

const ANSWER_MODEL: Defaulted<Words<AnswerModel>> = Field::defaulted(
    "answer_model",
    Words {
        what: "value",
        of: &[
            Word::new("asked", AnswerModel::Asked, "The name that the app has asked for."),
            Word::new("served", AnswerModel::Served, "The provider's own name of the model."),
        ],
    },
    AnswerModel::Asked,
    "What stands in `model` of an answer. Some apps compare it with the name that they asked for: \
     Claude Code forgets what a model of another name has thought. `x-tradewind-model` says which \
     model has served, either way.",
);

pub(super) fn read(
    section: Option<Spot<'_>>,
    chains: &Chains<'_>,
    classes: &Classes<'_>,
) -> Vec<Route> {
    let Some(items) = section.and_then(|section| ROUTES.items(&section)) else {
        chains.skip_unused_check();
        classes.skip_unused_check();
        return Vec::new();
    };
    let mut seen = Vec::new();
    items.iter().filter_map(|item| route(item, (chains, classes), &mut seen)).collect()
}

/// The names of all routes, each with the place of its route, before the routes are read: what
/// classes are asked may name them.
pub(super) fn names<'n>(section: Option<&Spot<'n>>) -> Vec<(&'n str, usize)> {
    let mut names = Vec::new();
    let routes = section.and_then(|section| section.node.items());
    for (index, route) in routes.unwrap_or_default().iter().enumerate() {
        let own = route.member(MODELS.key()).and_then(|models| models.items());
        names.extend(own.unwrap_or_default().iter().filter_map(|name| Some((name.text()?, index))));
    }
    names
}

/// The places of routes, each given by one of its names; `None`, and a report, where one is
/// unknown.
pub(super) fn places(items: &[Spot<'_>], routes: &[(&str, usize)]) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    for item in items {
        let name = Label("a name of a route").text(item)?;
        let Some((_, route)) = routes.iter().find(|(own, _)| *own == name) else {
            let names: Vec<&str> = routes.iter().map(|(own, _)| *own).collect();
            item.problem(unknown("name of a route", name, &names));
            return None;
        };
        if found.contains(route) {
            item.problem("this route stands in this list before");
        }
        found.push(*route);
    }
    Some(found)
}

fn route<'n>(
    spot: &Spot<'n>,
    (chains, classes): (&Chains<'_>, &Classes<'_>),
    seen: &mut Vec<(&'n str, usize)>,
) -> Option<Route> {
    let Some(mut fields) = spot.object(&ROUTE) else {
        chains.skip_unused_check();
        classes.skip_unused_check();
        return None;
    };
    let names = fields.read_with(&MODELS, |spot| MODELS.kind.items(spot));
    let chain = by_class(&mut fields, chains, classes);
    let app_may_choose = fields.read_with(&APP_MAY_CHOOSE, |spot| choices(spot, chains, classes));
    let answer_model = fields.read(&ANSWER_MODEL).unwrap_or(ANSWER_MODEL.default());
    let context = fields.read_with(&OF_ROUTE, context::read);
    fields.finish();
    let mut own = Vec::new();
    for item in names.unwrap_or_default() {
        let Some(name) = NAME.text(&item) else {
            continue;
        };
        match seen.iter().find(|(other, _)| *other == name) {
            Some((_, line)) => {
                item.problem(format!("a route named `{name}` stands on line {line} already"));
            }
            None => seen.push((name, item.line)),
        }
        own.push(name.to_owned());
    }
    let app_may_choose = app_may_choose?.unwrap_or_default();
    let (context, chains) = (context?, chain?);
    Some(Route { names: own, answer_model, context, app_may_choose, chains })
}

/// The chains of a route; `None`, and a report, when something is wrong with them.
fn by_class(
    fields: &mut Object<'_>,
    chains: &Chains<'_>,
    classes: &Classes<'_>,
) -> Option<ByClass> {
    let chain = fields.spot(&CHAIN);
    let other = fields.spot(&DEFAULT);
    let by_class = chain.as_ref().filter(|spot| matches!(spot.node.content, Content::Object(_)));
    let Some(by_class) = by_class else {
        if let Some(other) = &other {
            other.problem("`default` is for a `chain` that is given by class");
            chains.find(Some(other));
        }
        return chains.find(chain.as_ref()).map(ByClass::One);
    };
    let mut each: Vec<Option<usize>> = vec![None; classes.len()];
    let mut right = true;
    for (name, spot) in by_class.entries("chains by class").unwrap_or_default() {
        let (class, chain) = (classes.named(name, &spot), chains.find(Some(&spot)));
        right &= class.is_some() && chain.is_some();
        if let Some(slot) = class.and_then(|class| each.get_mut(class)) {
            *slot = chain;
        }
    }
    let default = match &other {
        Some(other) => Some(chains.find(Some(other))?),
        None => None,
    };
    if right && let (Some(missing), None) = (each.iter().position(Option::is_none), default) {
        let name = classes.name(missing).unwrap_or_default();
        by_class.problem(format!(
            "the class `{name}` has no chain: name it here, or say the chain of all others in \
             `default`"
        ));
        return None;
    }
    let each: Option<Vec<usize>> = each.into_iter().map(|chain| chain.or(default)).collect();
    each.filter(|each| right && !each.is_empty()).map(ByClass::Each)
}

fn choices(spot: &Spot<'_>, chains: &Chains<'_>, classes: &Classes<'_>) -> Option<Choices> {
    let mut fields = spot.object(&CHOICES)?;
    let own_classes = fields.read_with(&CLASSES, |spot| {
        let items = CLASSES.kind.items(spot)?;
        distinct(&items, items.iter().map(|item| classes.find(Some(item))).collect())
    });
    let own_chains = fields.read_with(&CHOSEN_CHAINS, |spot| {
        let items = CHOSEN_CHAINS.kind.items(spot)?;
        distinct(&items, items.iter().map(|item| chains.find(Some(item))).collect())
    });
    let empty = fields.is_empty();
    fields.finish();
    if empty {
        spot.problem("expected `classes`, `chains` or both");
    }
    let (classes, chains) = (own_classes?.unwrap_or_default(), own_chains?.unwrap_or_default());
    Some(Choices { classes, chains })
}

/// What the names lead to; `None`, and a report, where one stands there twice.
fn distinct(items: &[Spot<'_>], found: Vec<Option<usize>>) -> Option<Vec<usize>> {
    for (index, (item, own)) in items.iter().zip(&found).enumerate() {
        if own.is_some() && found.iter().take(index).any(|before| before == own) {
            item.problem("this name stands in this list before");
        }
    }
    found.into_iter().collect()
}
