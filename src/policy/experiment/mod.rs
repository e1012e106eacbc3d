//! `experiments`: requests that are served in one of several ways, so that these can be compared.
mod percent;
mod read;
mod scope;
mod shadow;
mod slots;
mod unit;

use std::rc::Rc;

use super::predicate::Facts;
use scope::Scope;
use slots::{SLOTS, Slots, hash, slot};

pub(super) use read::{EXPERIMENTS, read};
pub use shadow::{Collector, Shadow};
pub use unit::Unit;

/// `experiments[]`: some ways to serve requests, each for a share of the units.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// Its name in the policy.
    pub name: Rc<str>,
    /// What keeps its arm.
    pub unit: Unit,
    /// The ways, the first of which usually is the one that there was before.
    pub arms: Vec<Arm>,
    scope: Scope,
    slots: Slots,
    /// Slots of units that are in none of the arms, to be compared with.
    holdout: u32,
    layer: Layer,
}

/// `arms[]`: one way to serve requests.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Its name within the experiment.
    pub name: Rc<str>,
    /// The place of the chain that serves it; `None` for the one that would serve it anyway.
    pub(super) chain: Option<usize>,
}

/// Who of all units an experiment may have.
#[derive(Debug, Clone)]
struct Layer {
    /// The name that is drawn for.
    name: Rc<str>,
    /// Whose slots are whose; the first are nobody's. `None` where all are this experiment's.
    slots: Option<Rc<Slots>>,
    /// Its place among the experiments of the layer, from 1.
    place: usize,
}

/// What becomes of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// It is not in the experiment.
    Out,
    /// It is held out: nothing changes, and nothing else is tried with it.
    HeldOut,
    /// It is in the arm of that place.
    In(usize),
}

/// The name under which units that are held out are told.
pub const HOLDOUT: &str = "holdout";

impl Experiment {
    /// Whether it is for a request of that class.
    #[must_use]
    pub fn takes(&self, facts: &dyn Facts, class: Option<usize>) -> bool {
        self.scope.takes(facts, class)
    }

    /// Whether one of its arms has a chain of its own.
    #[must_use]
    pub fn changes_chain(&self) -> bool {
        self.arms.iter().any(|arm| arm.chain.is_some())
    }

    /// The names under which its units are told.
    pub fn told(&self) -> impl Iterator<Item = &str> {
        let arms = self.arms.iter().map(|arm| &*arm.name);
        arms.chain((self.holdout > 0).then_some(HOLDOUT))
    }

    /// What the access log calls a unit: 16 hexadecimal digits, the first of the SHA-256 of `unit`,
    /// the experiment's name and the unit with 0x1F between them. Who knows a unit finds it; nobody
    /// reads one from it, or finds one of another experiment.
    #[must_use]
    pub fn told_unit(&self, unit: &[u8]) -> String {
        format!("{:016x}", hash("unit", &self.name, unit))
    }

    /// What becomes of a unit.
    #[must_use]
    pub fn draw(&self, unit: &[u8]) -> Draw {
        let layer = &self.layer;
        let mine = layer
            .slots
            .as_ref()
            .is_none_or(|slots| slots.owner(slot("layer", &layer.name, unit)) == layer.place);
        if !mine {
            return Draw::Out;
        }
        if self.holdout > 0 && slot(HOLDOUT, &self.name, unit) < self.holdout {
            return Draw::HeldOut;
        }
        Draw::In(self.slots.owner(slot("arm", &self.name, unit)))
    }
}

/// The slots that nobody has of the others' shares.
fn rest(shares: &[u32]) -> Option<u32> {
    shares.iter().try_fold(SLOTS, |left, share| left.checked_sub(*share))
}

#[cfg(test)]
mod tests;
