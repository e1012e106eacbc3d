//! `routes`: what an app asks for and the chain that serves it.
use super::chain::{CHAINS, Chains};
use super::field::{Field, Label, List, NameOf, Nested, Required, Section, Spot};

/// `routes`: what an app asks for and the chain that serves it.
#[derive(Debug, Clone)]
pub struct Route {
    /// The names an app may put in `model`.
    pub names: Vec<String>,
    /// Index into the policy's chains.
    pub(super) chain: usize,
}

/// The section: at least one route.
pub(super) const ROUTES: List = List::of("routes", &Nested(&ROUTE));

const ROUTE: Section = Section::new(
    "an object with `models` and a `chain`",
    "What apps put in `model`, and the chain that serves it. `GET /v1/models` lists all of these \
     names.",
    "routes:\n  - {models: [auto, gpt-4o], chain: premium}\n  - {models: [cheap], chain: budget}",
    &[&MODELS, &CHAIN],
);

const MODELS: Required<List> = Field::required(
    "models",
    List::of("names that apps ask for", &NAME).unique(),
    "The names. None may stand in another route.",
);

const NAME: Label = Label("a name that apps ask for");

const CHAIN: Required<NameOf> =
    Field::required("chain", NameOf(CHAINS.one), "The chain that serves these names.");

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
    Some(Route { names: own, chain: chain? })
}
