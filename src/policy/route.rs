//! `routes`: what an app asks for and the chain that serves it.
use super::chain::Chains;
use super::read::Spot;

/// `routes`: what an app asks for and the chain that serves it.
#[derive(Debug, Clone)]
pub struct Route {
    /// The names an app may put in `model`.
    pub names: Vec<String>,
    /// Index into the policy's chains.
    pub(super) chain: usize,
}

pub(super) fn read(section: Option<Spot<'_>>, chains: &Chains<'_>) -> Vec<Route> {
    let Some(items) = section.and_then(|section| section.list("routes")) else {
        chains.unsure();
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
    let Some(mut fields) = spot.object("an object with `models` and a `chain`") else {
        chains.unsure();
        return None;
    };
    let names = fields.required("models").and_then(|spot| spot.list("names that apps ask for"));
    let chain = chains.find(fields.required("chain").as_ref());
    fields.finish();
    let mut own = Vec::new();
    for item in names.unwrap_or_default() {
        let Some(name) = item.label("a name that apps ask for") else {
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
