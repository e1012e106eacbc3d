//! Two models of a cascade whose answers are to come to the same.
//!
//! The first one's answer is held back: Envoy asks the second as after a failure. Where nothing
//! that the second says could agree, it is left out, and the model behind it is next.
use super::super::{Envoy, Plan, Report};
use super::ahead::Ahead;

/// What a model is of such a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pair {
    /// It is of none.
    None,
    /// The first; `behind` is the model after the second.
    First { behind: Ahead },
    /// The second; `first` is the leg of the first that was asked last.
    Second { first: String },
}

impl Pair {
    /// What the model at a position of the plan's chain is.
    pub(super) fn of(plan: &Plan<'_>, position: usize, envoy: &dyn Envoy) -> Self {
        let Some([first, second]) =
            plan.acceptance.as_ref().and_then(|own| own.rules.agree.as_ref())
        else {
            return Self::None;
        };
        let model = |at: usize| plan.legs.get(at).map(|leg| leg.own_model());
        let (own, next) = (model(position), plan.other(position));
        if own == Some(first) && next.and_then(model) == Some(second) {
            let behind = next.and_then(|next| Ahead::of(plan, plan.other(next)?));
            return behind.map_or(Self::None, |behind| Self::First { behind });
        }
        // The last model's answer is not judged.
        if own != Some(second) || next.is_none() {
            return Self::None;
        }
        let before = plan.legs.iter().take(position).rev();
        let mut before = before.skip_while(|leg| leg.own_model() == second).peekable();
        if before.peek().is_none_or(|leg| leg.own_model() != first) {
            return Self::None;
        }
        let mut firsts = before.take_while(|leg| leg.own_model() == first);
        let asked = firsts.find(|leg| Report::of(envoy, &leg.model).is_some());
        Self::Second { first: asked.map_or_else(|| first.clone(), |leg| leg.model.to_string()) }
    }
}
