//! `experiments`: requests that are served in one of several ways, so that these can be compared.
mod arm;
mod percent;
mod read;
mod shadow;
mod slots;
mod unit;

use std::rc::Rc;

use super::scope::Scope;
use slots::{SLOTS, Slots, hash, slot};

pub use arm::Arm;
pub(super) use arm::ArmChain;
pub(super) use read::{EXPERIMENTS, Names, read};
pub use shadow::{Collector, Shadow};
pub use unit::Unit;

/// Most experiments of a policy, and most arms of one.
const MOST: usize = 32;

/// `experiments[]`: some ways to serve requests, each for a share of the units.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// Its name in the policy.
    pub name: Rc<str>,
    /// Its place in the policy's list, in which those stand, too, that copy.
    pub place: usize,
    /// What keeps its arm.
    pub unit: Unit,
    /// The ways, the first of which usually is the one that there was before.
    pub arms: Vec<Arm>,
    /// The requests that it is for.
    pub scope: Scope,
    slots: Slots,
    /// Slots of units that are in none of the arms, to be compared with.
    holdout: u32,
    layer: Layer,
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
    /// It is held out: this experiment changes nothing of it.
    HeldOut,
    /// It is in the arm of that place.
    In(usize),
}

/// The name under which units that are held out are told.
pub const HOLDOUT: &str = "holdout";

impl Experiment {
    /// Whether one of its arms has a chain of its own.
    #[must_use]
    pub fn changes_chain(&self) -> bool {
        self.arms.iter().any(|arm| arm.chain.is_some())
    }

    /// Whether one of its arms adds something to requests.
    #[must_use]
    pub fn adds(&self) -> bool {
        self.arms.iter().any(|arm| arm.adds.is_some())
    }

    /// Whether a later experiment gets no request for it: both change the chain, and this one has
    /// all that the other is for.
    pub(super) fn leaves_none_to(&self, later: &Self) -> bool {
        let everybody = matches!(self.unit, Unit::Request | Unit::Tenant);
        self.changes_chain()
            && later.changes_chain()
            && self.layer.slots.is_none()
            && (everybody || self.unit == later.unit)
            && self.scope.covers(&later.scope)
    }

    /// Whether it has no unit of its layer.
    pub(super) fn has_no_share(&self) -> bool {
        self.layer.slots.as_ref().is_some_and(|slots| !slots.has(self.layer.place))
    }

    /// Whether all of its units are held out.
    pub(super) const fn holds_all_out(&self) -> bool {
        self.holdout >= SLOTS
    }

    /// Whether some unit is in the arm of that place.
    pub(super) fn has_units(&self, arm: usize) -> bool {
        self.slots.has(arm)
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
        if self.layer.owner(unit).is_some_and(|owner| owner != self.layer.place) {
            return Draw::Out;
        }
        if self.holdout > 0 && slot(HOLDOUT, &self.name, unit) < self.holdout {
            return Draw::HeldOut;
        }
        Draw::In(self.slots.owner(slot("arm", &self.name, unit)))
    }

    /// The experiment, of all of the policy's, that has a unit of this one's layer, and the layer's
    /// name; `None` where nobody has it.
    #[must_use]
    pub fn owner<'e>(&self, unit: &[u8], all: &'e [Self]) -> Option<(&'e str, &'e str)> {
        let (own, place) = (self.layer.slots.as_ref()?, self.layer.owner(unit)?);
        let is = |other: &&Self| {
            let slots = other.layer.slots.as_ref();
            slots.is_some_and(|slots| Rc::ptr_eq(slots, own)) && other.layer.place == place
        };
        all.iter().find(is).map(|other| (&*other.name, &*other.layer.name))
    }
}

impl Layer {
    /// The place of the experiment that has a unit, from 1; 0 for nobody's. `None` where there is
    /// but one.
    fn owner(&self, unit: &[u8]) -> Option<usize> {
        let slots = self.slots.as_ref()?;
        Some(slots.owner(slot("layer", &self.name, unit)))
    }
}

/// The slots that nobody has of the others' shares.
fn rest(shares: &[u32]) -> Option<u32> {
    shares.iter().try_fold(SLOTS, |left, share| left.checked_sub(*share))
}

#[cfg(test)]
mod tests;
