//! `chains.<name>`: models in the order they are tried.
use super::cascade::{self, CASCADE, Cascade};
use super::field::{Entries, Kind, List, NameOf, Nested, Shape, Spot};
use super::model::{MODELS, Models};
use super::table::Table;

/// `chains.<name>`: models in the order they are tried.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) name: String,
    /// Indices into [`super::Policy::models`], in the order of the attempts.
    pub(super) models: Vec<usize>,
    /// How their answers are judged; `None` where they are not.
    pub(super) cascade: Option<Cascade>,
}

/// Of each chain, its models.
pub(super) const LIST: List = List::of("names of models", &NameOf(MODELS.one)).unique();

pub(super) const CHAINS: Entries = Entries::of("chain", &ChainKind);

/// Models, or a cascade.
#[derive(Debug, Clone, Copy)]
struct ChainKind;

impl Kind for ChainKind {
    fn shape(&self) -> Shape {
        Shape::Either(vec![LIST.shape(), Nested(&CASCADE).shape()])
    }
}

pub(super) type Chains<'n> = Table<'n, Chain>;

pub(super) fn read<'n>(
    section: Option<Spot<'n>>,
    models: &Models<'n>,
    attempts: Option<u32>,
) -> Chains<'n> {
    let chains = Table::read(CHAINS, section, |name, spot| chain(name, spot, models, attempts));
    if !chains.was_read {
        models.skip_unused_check();
    }
    chains
}

fn chain(name: &str, spot: &Spot<'_>, models: &Models<'_>, attempts: Option<u32>) -> Option<Chain> {
    if !cascade::is_cascade(spot) {
        let models = members(spot, spot, models, attempts)?;
        return Some(Chain { name: name.to_owned(), models, cascade: None });
    }
    let mut fields = spot.object(&CASCADE)?;
    let list = fields.spot(&cascade::MODELS_OF);
    if list.is_none() {
        models.skip_unused_check();
    }
    let found = list.and_then(|list| {
        let found = members(&list, spot, models, attempts)?;
        if list.node.items().is_some_and(|items| items.len() == 1) {
            list.problem("a cascade has two models at least: the last one's answer is not judged");
        }
        Some(found)
    });
    let cascade = cascade::read(fields, found.as_deref(), models);
    Some(Chain { name: name.to_owned(), models: found?, cascade: Some(cascade?) })
}

/// The models of a list, which is too long where a request has fewer attempts.
pub(super) fn members(
    list: &Spot<'_>,
    spot: &Spot<'_>,
    models: &Models<'_>,
    attempts: Option<u32>,
) -> Option<Vec<usize>> {
    let Some(items) = LIST.items(list) else {
        models.skip_unused_check();
        return None;
    };
    let most = attempts.and_then(|attempts| usize::try_from(attempts).ok());
    let mut asked = items.len();
    let mut found = Vec::with_capacity(items.len());
    for item in &items {
        let Some(model) = models.find(Some(item)) else {
            continue;
        };
        if found.contains(&model) {
            let name = models.name(model).unwrap_or_default();
            item.problem(format!("`{name}` stands in this chain before"));
        }
        let accounts = models.value(model).map_or(0, |own| own.accounts.len());
        asked = asked.saturating_add(accounts.saturating_sub(1));
        found.push(model);
    }
    if let Some(most) = most.filter(|most| asked > *most) {
        let what = if asked > items.len() { "models at their accounts" } else { "models" };
        spot.problem(format!(
            "{asked} {what} are more than the {most} attempts of a request: shorten the chain or \
             raise `resilience.attempts`"
        ));
    }
    Some(found)
}
