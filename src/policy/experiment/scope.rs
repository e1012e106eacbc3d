//! Which requests an experiment is for.
use super::super::class::Classes;
use super::super::field::{Field, List, Name, NameOf, Object, Optional, Required, Spot};
use super::super::predicate::{self, Facts, Predicate, Reading, When};
use super::super::route;

/// Which requests an experiment is for.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Places of the routes; `None` for all.
    pub(super) routes: Option<Vec<usize>>,
    /// Places of the classes; `None` for all.
    pub(super) classes: Option<Vec<usize>>,
    /// What holds of them.
    pub(super) when: Option<Predicate>,
}

impl Scope {
    /// Whether it is for a request of that class.
    pub(super) fn takes(&self, facts: &dyn Facts, class: Option<usize>) -> bool {
        let among = |places: &Option<Vec<usize>>, place: Option<usize>| {
            places.as_ref().is_none_or(|all| place.is_some_and(|place| all.contains(&place)))
        };
        among(&self.routes, Some(facts.route()))
            && among(&self.classes, class)
            && self.when.as_ref().is_none_or(|when| when.holds(facts))
    }
}

pub(super) const NAME: Required<Name> = Field::required(
    "name",
    Name("the name of an experiment"),
    "What it is called. Another name draws all units anew.",
);

pub(super) const ROUTES: Optional<List> = Field::optional(
    "routes",
    List::of("names of routes", &NameOf("route")).unique(),
    "all routes",
    "The routes that it is for, each by any of its names.",
);

pub(super) const CLASSES: Optional<List> = Field::optional(
    "classes",
    List::of("names of classes", &NameOf("class")).unique(),
    "all classes",
    "The classes that it is for.",
);

pub(super) const WHEN: Optional<When> =
    Field::optional("when", When, "all requests", "What holds of the requests that it is for.");

/// Reads the fields that say which requests an experiment is for.
pub(super) fn read(
    fields: &mut Object<'_>,
    reading: &Reading<'_>,
    classes: &Classes<'_>,
) -> Option<Scope> {
    let routes = fields.read_with(&ROUTES, |spot| routes(spot, reading));
    let own_classes = fields.read_with(&CLASSES, |spot| {
        let items = CLASSES.kind.items(spot)?;
        let found: Vec<_> = items.iter().map(|item| classes.find(Some(item))).collect();
        found.into_iter().collect::<Option<Vec<usize>>>()
    });
    let when = fields.read_with(&WHEN, |spot| predicate::read(spot, reading));
    Some(Scope { routes: routes?, classes: own_classes?, when: when? })
}

/// The places of routes, each given by one of its names.
fn routes(spot: &Spot<'_>, reading: &Reading<'_>) -> Option<Vec<usize>> {
    route::places(&ROUTES.kind.items(spot)?, &reading.routes)
}
