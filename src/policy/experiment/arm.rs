//! `experiments[].arms[]`: the ways to serve a request.
use std::rc::Rc;

use super::super::additions::{self, ADDITIONS, Additions};
use super::super::chain::{self, CHAINS, Chain, Chains, LIST};
use super::super::field::{
    Field, Holds, Is, List, Name, NameOf, Nested, Optional, Required, Rule, Section, Spot, Whole,
    metric_label,
};
use super::super::model::Models;
use super::super::template::Known;
use super::MOST;
use super::slots::Slots;

/// `arms[]`: one way to serve requests.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Its name within the experiment.
    pub name: Rc<str>,
    /// What serves it; `None` for what would serve it anyway.
    pub(in super::super) chain: Option<ArmChain>,
    /// What is added to its requests.
    pub adds: Option<Additions>,
}

/// What serves the requests of an arm.
#[derive(Debug, Clone)]
pub(in super::super) enum ArmChain {
    /// A chain of the policy's, by its place.
    Named(usize),
    /// Models of the arm's own, as a chain that is named after the arm.
    Own(Chain),
}

/// What arms may name.
pub(super) struct OfArms<'k> {
    /// The name of their experiment.
    pub(super) experiment: &'k str,
    pub(super) chains: &'k Chains<'k>,
    pub(super) models: &'k Models<'k>,
    /// Most models of a chain.
    pub(super) attempts: Option<u32>,
    pub(super) known: Known<'k>,
}

pub(super) const ARMS: Optional<List> = Field::optional(
    "arms",
    List::of("arms", &Nested(&ARM)),
    "there is a `shadow`",
    "The ways to serve a request, two at least. The first usually is the one that was before.",
);

const ARM: Section = Section::new(
    "an object with a `name` and a `weight`",
    "One way to serve a request: by another chain, by other models, with a prompt added, or as \
     ever, where it says nothing. What it adds comes after what the rules of `prompt` add.",
    "experiments:
  - name: try
    unit: tenant
    arms:
      - {name: control, weight: 2}
      - {name: budget, weight: 1, chain: budget}
      - {name: brief, weight: 1, prompt: {append_system: \"Be brief.\", cap: {max_tokens: 500}}}",
    &[&ARM_NAME, &WEIGHT, &CHAIN, &MODELS, &PROMPT],
)
.with(&[Rule {
    when: Holds { key: CHAIN.key(), is: Is::Given },
    then: Holds { key: MODELS.key(), is: Is::Absent },
}]);

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

const MODELS: Optional<List> = Field::optional(
    "models",
    LIST,
    "those of its chain",
    "The models that serve it in the place of a `chain`, in the order in which they are tried. \
     They are told as a chain named `EXPERIMENT/ARM`.",
);

const PROMPT: Optional<Nested> = Field::optional(
    "prompt",
    Nested(&ADDITIONS),
    "nothing",
    "What is added to its requests: instructions, examples, parameters.",
);

/// Reads the arms, and who has which of the slots.
pub(super) fn read(spot: &Spot<'_>, names: &OfArms<'_>) -> Option<(Vec<Arm>, Slots)> {
    let items = ARMS.kind.items(spot)?;
    let (mut arms, mut weights): (Vec<Arm>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut right = true;
    for item in &items {
        let Some((arm, weight)) = arm(item, names) else {
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

fn arm(spot: &Spot<'_>, names: &OfArms<'_>) -> Option<(Arm, u64)> {
    let Some(mut fields) = spot.object(&ARM) else {
        names.chains.skip_unused_check();
        names.models.skip_unused_check();
        return None;
    };
    let (name, weight) = (fields.read(&ARM_NAME), fields.read(&WEIGHT));
    let chain = fields.read_with(&CHAIN, |spot| names.chains.find(Some(spot)));
    let models =
        fields.read_with(&MODELS, |spot| chain::members(spot, spot, names.models, names.attempts));
    let adds = fields.read_with(&PROMPT, |spot| additions::section(spot, &names.known));
    let both = fields.has(&CHAIN) && fields.has(&MODELS);
    fields.finish();
    if both {
        spot.problem("`chain` and `models` both say what serves it: leave one of them out");
    }
    let name: Rc<str> = name?.into();
    let chain = match (chain?, models?) {
        (Some(chain), _) => Some(ArmChain::Named(chain)),
        (None, Some(models)) => {
            let name = format!("{}/{name}", names.experiment);
            Some(ArmChain::Own(Chain { name, models, cascade: None }))
        }
        (None, None) => None,
    };
    Some((Arm { name, chain, adds: adds? }, weight?))
}
