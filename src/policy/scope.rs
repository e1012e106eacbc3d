//! `routes`, `classes` and `when`: which requests a rule or an experiment is for.
use std::borrow::Cow;

use super::class::Classes;
use super::field::{Field, List, NameOf, Object, Optional, Spot};
use super::predicate::{self, Facts, Predicate, Reading, When};
use super::route;

/// Which requests something is for: those of which all of this holds.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The places of the routes; `None` for all.
    routes: Option<Vec<usize>>,
    /// The places of the classes; `None` for all.
    classes: Option<Vec<usize>>,
    /// What holds of the requests.
    when: Option<Predicate>,
}

/// What of a scope does not hold of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet {
    /// Its route is another one.
    Route,
    /// Its class is another one.
    Class,
    /// `when` does not hold.
    When,
}

impl Scope {
    /// Whether it is for requests of another route or class.
    #[must_use]
    pub fn elsewhere(&self, route: usize, class: Option<usize>) -> Option<Unmet> {
        let classed = |own: &Vec<usize>| class.is_some_and(|class| own.contains(&class));
        if !self.routes.as_ref().is_none_or(|own| own.contains(&route)) {
            return Some(Unmet::Route);
        }
        (!self.classes.as_ref().is_none_or(classed)).then_some(Unmet::Class)
    }

    /// Whether it is for every request that another one is for, as far as that is seen without one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let all = |own: &Option<Vec<usize>>, other: &Option<Vec<usize>>| {
            let within =
                |own: &Vec<usize>, other: &[usize]| other.iter().all(|at| own.contains(at));
            own.as_ref().is_none_or(|own| other.as_ref().is_some_and(|other| within(own, other)))
        };
        self.when.is_none()
            && all(&self.routes, &other.routes)
            && all(&self.classes, &other.classes)
    }

    /// What of it does not hold of a request of that class; `None` where it is for the request.
    #[must_use]
    pub fn unmet(&self, facts: &dyn Facts, class: Option<usize>) -> Option<Unmet> {
        let when = || self.when.as_ref().is_some_and(|when| !when.holds(facts));
        self.elsewhere(facts.route(), class).or_else(|| when().then_some(Unmet::When))
    }

    /// Whether it is for a request of that class.
    #[must_use]
    pub fn takes(&self, facts: &dyn Facts, class: Option<usize>) -> bool {
        self.unmet(facts, class).is_none()
    }

    /// Why it is for a request that it is for.
    #[must_use]
    pub fn because(&self, facts: &dyn Facts) -> Cow<'static, str> {
        match self {
            Self { when: Some(when), .. } => when.because(facts).into(),
            Self { classes: Some(_), .. } => "its class".into(),
            Self { routes: Some(_), .. } => "its route".into(),
            _ => "it is for every request".into(),
        }
    }

    /// Why it is not for a request that it is not for.
    #[must_use]
    pub fn against(&self, unmet: Unmet, facts: &dyn Facts) -> Cow<'static, str> {
        match (unmet, &self.when) {
            (Unmet::Route, _) => "it is not for this route".into(),
            (Unmet::Class, _) => "it is not for this class".into(),
            (Unmet::When, None) => "its `when` does not hold".into(),
            (Unmet::When, Some(when)) => {
                format!("its `when` does not hold: {}", when.against(facts)).into()
            }
        }
    }
}

pub(super) const ROUTES: Optional<List> = Field::optional(
    "routes",
    List::of("names of routes", &NameOf("route")).unique(),
    "all",
    "The routes that it is for, each by any of its names.",
);

pub(super) const CLASSES: Optional<List> = Field::optional(
    "classes",
    List::of("names of classes", &NameOf("class")).unique(),
    "all",
    "The classes that it is for.",
);

pub(super) const WHEN: Optional<When> =
    Field::optional("when", When, "always", "What holds of the requests that it is for.");

/// Reads the fields; `None`, and a report, where something is wrong with one.
pub(super) fn read(
    fields: &mut Object<'_>,
    reading: &Reading<'_>,
    known: &Classes<'_>,
) -> Option<Scope> {
    let routes = fields.read_with(&ROUTES, |spot| routes(spot, reading));
    let classes = fields.read_with(&CLASSES, |spot| classes(spot, known));
    let when = fields.read_with(&WHEN, |spot| predicate::read(spot, reading));
    Some(Scope { routes: routes?, classes: classes?, when: when? })
}

/// The places of routes, each given by one of its names.
fn routes(spot: &Spot<'_>, reading: &Reading<'_>) -> Option<Vec<usize>> {
    route::places(&ROUTES.kind.items(spot)?, &reading.routes)
}

/// The places of classes.
fn classes(spot: &Spot<'_>, known: &Classes<'_>) -> Option<Vec<usize>> {
    let items = CLASSES.kind.items(spot)?;
    let found: Vec<_> = items.iter().map(|item| known.find(Some(item))).collect();
    found.into_iter().collect()
}
