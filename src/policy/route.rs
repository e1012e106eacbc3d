//! `routes`: what an app asks for and the chain that serves it.
use super::chain::{CHAINS, Chains};
use super::field::{
    Defaulted, Field, Label, List, NameOf, Nested, Required, Section, Spot, Word, Words,
};

/// `routes`: what an app asks for and the chain that serves it.
#[derive(Debug, Clone)]
pub struct Route {
    /// The names an app may put in `model`.
    pub names: Vec<String>,
    /// Which name an answer gives its model.
    pub answer_model: AnswerModel,
    /// Index into the policy's chains.
    pub(super) chain: usize,
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
    &[&MODELS, &CHAIN, &ANSWER_MODEL],
);

const MODELS: Required<List> = Field::required(
    "models",
    List::of("names that apps ask for", &NAME).unique(),
    "The names. None may stand in another route.",
);

const NAME: Label = Label("a name that apps ask for");

const CHAIN: Required<NameOf> =
    Field::required("chain", NameOf(CHAINS.one), "The chain that serves these names.");

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

pub(super) fn read(section: Option<Spot<'_>>, chains: &Chains<'_>) -> Vec<Route> {
    let Some(items) = section.and_then(|section| ROUTES.items(&section)) else {
        chains.skip_unused_check();
        return Vec::new();
    };
    let mut seen = Vec::new();
    items.iter().filter_map(|item| route(item, chains, &mut seen)).collect()
}

fn route<'n>(
    spot: &Spot<'n>,
    chains: &Chains<'_>,
    seen: &mut Vec<(&'n str, usize)>,
) -> Option<Route> {
    let Some(mut fields) = spot.object(&ROUTE) else {
        chains.skip_unused_check();
        return None;
    };
    let names = fields.read_with(&MODELS, |spot| MODELS.kind.items(spot));
    let chain = chains.find(fields.spot(&CHAIN).as_ref());
    let answer_model = fields.read(&ANSWER_MODEL).unwrap_or(ANSWER_MODEL.default());
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
    Some(Route { names: own, answer_model, chain: chain? })
}
