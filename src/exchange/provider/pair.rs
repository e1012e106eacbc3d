//! Two models of a cascade whose answers are to come to the same.
//!
//! The first one's answer is held back: Envoy asks the second as after a failure. Where nothing
//! that the second says could agree, it is left out, and the model behind it is next.
use super::super::{Effect, Envoy, PLAN, Plan, Turn};
use super::Config;

/// What a model is of such a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pair {
    /// It is of none.
    None,
    /// The first; `behind` is the model after the second.
    First { behind: String },
    /// The second of this first.
    Second { first: String },
}

impl Pair {
    /// What the model at a position of the plan's chain is.
    pub(super) fn of(plan: &Plan<'_>, position: usize) -> Self {
        let Some([first, second]) =
            plan.acceptance.as_ref().and_then(|own| own.rules.agree.as_ref())
        else {
            return Self::None;
        };
        let name = |position: Option<usize>| {
            position.and_then(|at| plan.legs.get(at)).map(|leg| &*leg.model)
        };
        let (own, next) = (name(Some(position)), name(position.checked_add(1)));
        let behind_of = name(position.checked_add(2));
        if own == Some(first) && next == Some(second) {
            let behind = |behind: &str| Self::First { behind: behind.to_owned() };
            return behind_of.map_or(Self::None, behind);
        }
        let before = name(position.checked_sub(1));
        // The last model's answer is not judged.
        match own == Some(second) && before == Some(first) && next.is_some() {
            true => Self::Second { first: first.clone() },
            false => Self::None,
        }
    }

    /// What has the model behind the second asked next; nothing for another model than the first.
    pub(super) fn pass_over_second(
        &self,
        turn: Turn,
        config: &Config,
        envoy: &dyn Envoy,
    ) -> Option<[Effect; 2]> {
        let Self::First { behind } = self else { return None };
        let plan = turn.after_next().written_into(&envoy.property(&[PLAN])?)?;
        Some([Effect::State(PLAN.into(), plan), config.next(behind)])
    }
}
