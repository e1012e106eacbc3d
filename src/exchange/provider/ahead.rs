//! A leg that is asked next when those before it are passed over.
use super::super::{Effect, Envoy, PLAN, Plan, Turn};
use super::Config;

/// A leg that may be next, though others stand before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ahead {
    position: usize,
    /// Its name.
    leg: String,
}

impl Ahead {
    pub(super) fn of(plan: &Plan<'_>, position: usize) -> Option<Self> {
        let leg = plan.legs.get(position)?.model.to_string();
        Some(Self { position, leg })
    }

    /// What has it asked next, and how many legs that leaves out after the one whose turn it was.
    pub(super) fn follow(
        &self,
        turn: Turn,
        config: &Config,
        envoy: &dyn Envoy,
    ) -> Option<([Effect; 2], u64)> {
        let position = u64::try_from(self.position).ok()?;
        let skips = position.checked_sub(turn.next().leg)?;
        let plan = Turn::of(position).written_into(&envoy.property(&[PLAN])?)?;
        Some(([Effect::State(PLAN.into(), plan), config.next(&self.leg)], skips))
    }
}
