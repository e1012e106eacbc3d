//! How `experiments` are read.
use std::rc::Rc;

use super::super::chain::{CHAINS, Chains};
use super::super::class::Classes;
use super::super::field::{
    Defaulted, Field, Holds, Is, List, Name, NameOf, Nested, Object, Optional, Required, Rule,
    Section, Spot, Whole, metric_label,
};
use super::super::predicate::Reading;
use super::percent::Percent;
use super::scope::{self, CLASSES, NAME, ROUTES, WHEN};
use super::shadow::{self, SHADOW, Shadow};
use super::slots::{SLOTS, Slots};
use super::unit::UnitKind;
use super::{Arm, Experiment, HOLDOUT, Layer, rest};

/// Most experiments of a policy, and most arms of one.
const MOST: usize = 32;

/// The section: at least one experiment.
pub(in super::super) const EXPERIMENTS: List = List::of("experiments", &Nested(&EXPERIMENT));

const EXPERIMENT: Section = Section::new(
    "an object with a `name` and `arms`, or a `shadow`",
    "Requests that are served in one of several ways, so that these can be compared. Which arm a \
     request is in depends on its `unit` and the experiment's name, and on nothing else: a unit \
     keeps its arm on every proxy and after every restart. Weights may be changed at any time: \
     units move only where an arm grows or shrinks (the first arm gives and takes, so keep the \
     order of the others, and give one that is over the weight 0). The arm stands in the access \
     log (`arms`), in the response header `x-tradewind-experiment` and in the label of a metric. \
     Of two experiments that change the chain, the first that has the request counts, and none \
     does where the app has chosen the chain.",
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
    "How many of its units are in no arm, and in no other experiment that changes what this one \
     does: they are told as the arm `holdout`, and are served as if there were no experiment.",
);

const ARMS: Optional<List> = Field::optional(
    "arms",
    List::of("arms", &Nested(&ARM)),
    "there is a `shadow`",
    "The ways to serve a request, two at least. The first usually is the one that was before.",
);

const ARM: Section = Section::new(
    "an object with a `name` and a `weight`",
    "One way to serve a request.",
    "experiments:
  - name: try
    unit: tenant
    arms: [{name: control, weight: 1}, {name: budget, weight: 1, chain: budget}]",
    &[&ARM_NAME, &WEIGHT, &CHAIN],
);

const ARM_NAME: Required<Name> =
    Field::required("name", Name("the name of an arm"), "What it is called in logs and metrics.");

const WEIGHT: Required<Whole> = Field::required(
    "weight",
    Whole { of: "parts", least: 0, most: 1_000_000 },
    "How much of the units it has, beside the weights of the other arms.",
);

const CHAIN: Optional<NameOf> = Field::optional(
    "chain",
    NameOf(CHAINS.one),
    "the one that would serve it anyway",
    "The chain that serves it, whatever its class.",
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
    reading: &Reading<'_>,
    chains: &Chains<'_>,
    classes: &Classes<'_>,
) -> (Vec<Experiment>, Vec<Shadow>) {
    let Some(section) = section else { return Default::default() };
    let Some(items) = EXPERIMENTS.items(&section) else {
        chains.skip_unused_check();
        classes.skip_unused_check();
        return Default::default();
    };
    if items.len() > MOST {
        section.problem(format!("{} experiments are more than {MOST}", items.len()));
    }
    let (mut drawn, mut copied): (Vec<Item<'n>>, Vec<Shadow>) = (Vec::new(), Vec::new());
    let mut names: Vec<(Rc<str>, usize)> = Vec::new();
    for item in &items {
        let (name, kind) = match experiment(item, reading, chains, classes) {
            Some(Kind::Drawn(own)) => (Rc::clone(&own.experiment.name), Kind::Drawn(own)),
            Some(Kind::Copied(own)) => (Rc::clone(&own.name), Kind::Copied(own)),
            None => continue,
        };
        let label = metric_label(&name);
        if let Some((name, line)) = names.iter().find(|(own, _)| metric_label(own) == label) {
            item.problem(format!("an experiment named `{name}` stands on line {line} already"));
        }
        names.push((name, item.line));
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

fn experiment<'n>(
    spot: &Spot<'n>,
    reading: &Reading<'_>,
    chains: &Chains<'_>,
    classes: &Classes<'_>,
) -> Option<Kind<'n>> {
    let Some(mut fields) = spot.object(&EXPERIMENT) else {
        chains.skip_unused_check();
        classes.skip_unused_check();
        return None;
    };
    let name = fields.read(&NAME);
    let scope = scope::read(&mut fields, reading, classes);
    if let Some(copies) = fields.spot(&SHADOW) {
        without_arms(&mut fields, chains);
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
    let arms = fields.read_with(&ARMS, |spot| arms(spot, chains));
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
    let experiment =
        Experiment { name, unit, arms, scope: scope?, slots, holdout: holdout?, layer: own };
    let layered = layer.is_some();
    let item = Item { experiment, share: share?, spot: spot.clone(), share_spot, layered };
    Some(Kind::Drawn(Box::new(item)))
}

/// Reports what is said of arms where requests are copied.
fn without_arms(fields: &mut Object<'_>, chains: &Chains<'_>) {
    for key in [UNIT.key(), LAYER.key(), SHARE.key(), HELD_OUT.key(), ARMS.key()] {
        if let Some(spot) = fields.find(key) {
            spot.problem("means nothing beside `shadow`: leave it out");
            chains.skip_unused_check();
        }
    }
}

fn arms(spot: &Spot<'_>, chains: &Chains<'_>) -> Option<(Vec<Arm>, Slots)> {
    let items = ARMS.kind.items(spot)?;
    let (mut arms, mut weights): (Vec<Arm>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut right = true;
    for item in &items {
        let Some((arm, weight)) = arm(item, chains) else {
            right = false;
            continue;
        };
        let label = metric_label(&arm.name);
        if arms.iter().any(|other| metric_label(&other.name) == label) {
            item.problem(format!("an arm named `{}` stands in this list before", arm.name));
        }
        arms.push(arm);
        weights.push(weight);
    }
    if items.len() < 2 || items.len() > MOST {
        spot.problem(format!("expected 2 to {MOST} arms, found {}", items.len()));
        right = false;
    }
    if !right {
        return None;
    }
    let slots = Slots::by(&weights);
    if slots.is_none() {
        spot.problem("the weights of these arms are 0 together: give one of them more");
    }
    Some((arms, slots?))
}

fn arm(spot: &Spot<'_>, chains: &Chains<'_>) -> Option<(Arm, u64)> {
    let Some(mut fields) = spot.object(&ARM) else {
        chains.skip_unused_check();
        return None;
    };
    let (name, weight) = (fields.read(&ARM_NAME), fields.read(&WEIGHT));
    let chain = fields.read_with(&CHAIN, |spot| chains.find(Some(spot)));
    fields.finish();
    Some((Arm { name: name?.into(), chain: chain? }, weight?))
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
