//! How `experiments` are read.
use std::rc::Rc;

use super::super::chain::Chains;
use super::super::class::Classes;
use super::super::field::{
    Defaulted, Field, Holds, Is, List, Name, Nested, Object, Optional, Required, Rule, Section,
    Spot, metric_label,
};
use super::super::model::Models;
use super::super::predicate::Reading;
use super::super::scope::{self, CLASSES, ROUTES, WHEN};
use super::super::template::Known;
use super::arm::{self, ARMS, OfArms};
use super::percent::Percent;
use super::shadow::{self, SHADOW, Shadow};
use super::slots::{SLOTS, Slots};
use super::unit::UnitKind;
use super::{Experiment, HOLDOUT, Layer, MOST, rest};

/// What experiments may name.
#[derive(Clone, Copy)]
pub(in super::super) struct Names<'k> {
    pub(in super::super) reading: &'k Reading<'k>,
    pub(in super::super) chains: &'k Chains<'k>,
    pub(in super::super) models: &'k Models<'k>,
    pub(in super::super) classes: &'k Classes<'k>,
    /// Most models of a chain.
    pub(in super::super) attempts: Option<u32>,
}

impl Names<'_> {
    /// A part could not be read that may have named any of these.
    fn skip_unused_check(&self) {
        self.chains.skip_unused_check();
        self.models.skip_unused_check();
        self.classes.skip_unused_check();
    }
}

/// The section: at least one experiment.
pub(in super::super) const EXPERIMENTS: List = List::of("experiments", &Nested(&EXPERIMENT));

const EXPERIMENT: Section = Section::new(
    "an object with a `name` and `arms`, or a `shadow`",
    "Requests that are served in one of several ways, so that these can be compared. Which arm a \
     request is in depends on its `unit` and the experiment's name, and on nothing else: a unit \
     keeps its arm on every proxy and after every restart. Weights may be changed at any time: the \
     first arm gives and takes, so keep the order of the others, and give one that is over the \
     weight 0. Where it gives and the others grow, or it takes and they shrink, no unit moves that \
     need not: always with up to three arms, and with more as long as no other arm has more than \
     a quarter of all units (up to five arms), an eighth (up to nine) or a sixteenth (up to 17). \
     Beyond that, of random changes of full experiments, 1.1 times as many units moved as must \
     with four arms and 1.5 times with nine, four times at worst. Where one of the others gives to \
     another, twice as many may move, by way of the first arm. The same holds of the shares of a \
     layer, whose first arm is what nobody has. The arm stands in the access \
     log (`arms`), in the response header `x-tradewind-experiment` and in the label of a metric. \
     Experiments are drawn in their order. Of those that change the chain (an arm has a `chain` or \
     `models`) the first that has the request counts, and none does where the app has chosen the \
     chain; those that only add prompts all count, and what they add is added in their order.",
    "experiments:
  - name: large-vs-small
    routes: [auto]
    unit: user
    arms: [{name: control, weight: 90}, {name: small, weight: 10, chain: budget}]",
    &[&NAME, &ROUTES, &CLASSES, &WHEN, &UNIT, &LAYER, &SHARE, &HELD_OUT, &ARMS, &SHADOW],
)
.with(&[
    without_shadow(UNIT.key()),
    without_shadow(ARMS.key()),
    beside_shadow(UNIT.key()),
    beside_shadow(LAYER.key()),
    beside_shadow(SHARE.key()),
    beside_shadow(HELD_OUT.key()),
    beside_shadow(ARMS.key()),
]);

/// Requests that are not copied are served by arms.
const fn without_shadow(key: &'static str) -> Rule {
    Rule { when: Holds { key: SHADOW.key(), is: Is::Absent }, then: Holds { key, is: Is::Given } }
}

/// Copies are drawn for each request alone.
const fn beside_shadow(key: &'static str) -> Rule {
    Rule { when: Holds { key: SHADOW.key(), is: Is::Given }, then: Holds { key, is: Is::Absent } }
}

const NAME: Required<Name> = Field::required(
    "name",
    Name("the name of an experiment"),
    "What it is called. Another name draws all units anew.",
);

const UNIT: Optional<UnitKind> = Field::optional(
    "unit",
    UnitKind,
    "there is a `shadow`",
    "What keeps its arm. A request that has no such thing is not in the experiment.",
);

const LAYER: Optional<Name> = Field::optional(
    "layer",
    Name("the name of a layer"),
    "one of its own",
    "Experiments of one layer have no unit in common. They have the same `unit`, and their \
     `share`s are 100% together at most. What is drawn in one layer says nothing of another.",
);

const SHARE: Defaulted<Percent> =
    Field::defaulted("share", Percent, SLOTS, "How many of the units of its layer it has.");

const HELD_OUT: Defaulted<Percent> = Field::defaulted(
    "holdout",
    Percent,
    0,
    "How many of its units are in no arm: they are told as the arm `holdout`, and are served as if \
     there were no such experiment. One that changes the chain keeps them out of all others that \
     do.",
);

/// An experiment, and what its layer has to know.
struct Item<'n> {
    experiment: Experiment,
    share: u32,
    spot: Spot<'n>,
    share_spot: Spot<'n>,
    layered: bool,
}

/// Reads the section: the experiments with arms, and those that copy.
pub(in super::super) fn read<'n>(
    section: Option<Spot<'n>>,
    names: Names<'_>,
) -> (Vec<Experiment>, Vec<Shadow>) {
    let Some(section) = section else { return Default::default() };
    let Some(items) = EXPERIMENTS.items(&section) else {
        names.skip_unused_check();
        return Default::default();
    };
    if items.len() > MOST {
        section.problem(format!("{} experiments are more than {MOST}", items.len()));
    }
    let (mut drawn, mut copied): (Vec<Item<'n>>, Vec<Shadow>) = (Vec::new(), Vec::new());
    let mut known: Vec<(Rc<str>, usize)> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let (name, kind) = match experiment(item, place, names) {
            Some(Kind::Drawn(own)) => (Rc::clone(&own.experiment.name), Kind::Drawn(own)),
            Some(Kind::Copied(own)) => (Rc::clone(&own.name), Kind::Copied(own)),
            None => continue,
        };
        let label = metric_label(&name);
        if let Some((name, line)) = known.iter().find(|(own, _)| metric_label(own) == label) {
            item.problem(format!("an experiment named `{name}` stands on line {line} already"));
        }
        known.push((name, item.line));
        match kind {
            Kind::Drawn(own) => drawn.push(*own),
            Kind::Copied(own) => copied.push(*own),
        }
    }
    layers(&mut drawn);
    (drawn.into_iter().map(|item| item.experiment).collect(), copied)
}

/// What an experiment does with requests.
enum Kind<'n> {
    /// It serves them in one of several ways.
    Drawn(Box<Item<'n>>),
    /// It copies them.
    Copied(Box<Shadow>),
}

fn experiment<'n>(spot: &Spot<'n>, place: usize, names: Names<'_>) -> Option<Kind<'n>> {
    let Names { reading, chains, models, classes, attempts } = names;
    let Some(mut fields) = spot.object(&EXPERIMENT) else {
        names.skip_unused_check();
        return None;
    };
    let name = fields.read(&NAME);
    let scope = scope::read(&mut fields, reading, classes);
    if let Some(copies) = fields.spot(&SHADOW) {
        without_arms(&mut fields, &names);
        fields.finish();
        let own = shadow::read(&copies, (name, scope), reading, chains)?;
        return Some(Kind::Copied(Box::new(own)));
    }
    fields.needs(&UNIT);
    fields.needs(&ARMS);
    let unit = fields.read_with(&UNIT, |spot| UnitKind::read(spot, reading.headers));
    let layer = fields.read(&LAYER);
    let (share, share_spot) = (fields.read(&SHARE), fields.place(&SHARE));
    let holdout = fields.read(&HELD_OUT);
    let experiment = name.as_deref().unwrap_or_default();
    let known = Known { reading, has_classes: classes.len() > 0 };
    let of_arms = OfArms { experiment, chains, models, attempts, known };
    let arms = fields.read_with(&ARMS, |spot| arm::read(spot, &of_arms));
    fields.finish();
    let ((arms, slots), unit) = (arms??, unit??);
    let name: Rc<str> = name?.into();
    let layer = layer?;
    if holdout? > 0 && arms.iter().any(|arm| &*arm.name == HOLDOUT) {
        spot.problem(format!("an arm named `{HOLDOUT}` cannot be told from what is held out"));
    }
    let own = Layer {
        name: layer.as_deref().map_or_else(|| Rc::clone(&name), Rc::from),
        slots: None,
        place: 1,
    };
    let (scope, holdout) = (scope?, holdout?);
    let experiment = Experiment { name, place, unit, arms, scope, slots, holdout, layer: own };
    let layered = layer.is_some();
    let item = Item { experiment, share: share?, spot: spot.clone(), share_spot, layered };
    Some(Kind::Drawn(Box::new(item)))
}

/// Reports what is said of arms where requests are copied.
fn without_arms(fields: &mut Object<'_>, names: &Names<'_>) {
    for key in [UNIT.key(), LAYER.key(), SHARE.key(), HELD_OUT.key(), ARMS.key()] {
        if let Some(spot) = fields.find(key) {
            spot.problem("means nothing beside `shadow`: leave it out");
            names.skip_unused_check();
        }
    }
}

/// Shares out the layers among their experiments.
fn layers(items: &mut [Item<'_>]) {
    for at in 0..items.len() {
        let Some(first) = items.get(at) else { continue };
        let name = Rc::clone(&first.experiment.layer.name);
        let is_own = |item: &Item<'_>| item.layered && *item.experiment.layer.name == *name;
        let places: Vec<usize> = if first.layered {
            items.iter().enumerate().filter(|(_, item)| is_own(item)).map(|(at, _)| at).collect()
        } else {
            vec![at]
        };
        if places.first() == Some(&at) {
            layer(items, &places);
        }
    }
}

/// Shares out one layer.
fn layer(items: &mut [Item<'_>], places: &[usize]) {
    let own: Vec<&Item<'_>> = places.iter().filter_map(|at| items.get(*at)).collect();
    let Some(first) = own.first() else { return };
    for other in own.iter().skip(1).filter(|own| own.experiment.unit != first.experiment.unit) {
        other.spot.problem(format!(
            "the experiments of one layer have one `unit`: `{}` on line {} has another",
            first.experiment.name, first.spot.line
        ));
    }
    let shares: Vec<u32> = own.iter().map(|own| own.share).collect();
    let Some(nobodys) = rest(&shares) else {
        let last = own.last().map(|own| &own.share_spot);
        last.into_iter().for_each(|spot| {
            spot.problem("the shares of this layer are more than 100% together: lower one of them");
        });
        return;
    };
    let weights: Vec<u64> =
        core::iter::once(nobodys).chain(shares.iter().copied()).map(u64::from).collect();
    if shares == [SLOTS] {
        return;
    }
    let slots = Slots::by(&weights).map(Rc::new);
    for (place, at) in (1..).zip(places) {
        if let Some(item) = items.get_mut(*at) {
            item.experiment.layer.slots.clone_from(&slots);
            item.experiment.layer.place = place;
        }
    }
}
