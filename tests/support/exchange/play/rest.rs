//! An answer that broke in mid-stream, and waits for what another model says.
use super::super::envoy::{Filter, Step, World};
use super::Play;
use tradewind::exchange::{CallId, Purpose};

impl World {
    /// The call for the rest of an answer, while it is open.
    pub(super) fn awaits_rest(&self) -> Option<CallId> {
        self.open.iter().copied().find(|id| id.purpose == Purpose::Resume)
    }
}

impl Play {
    /// Hands the rest over, where it is there.
    pub(super) fn hears_the_rest(&mut self, filter: &mut Filter) -> Option<Step> {
        let id = self.life.world.awaits_rest()?;
        let (status, body) = self.rest.take()?;
        Some(filter.called(&mut self.life.world, id, (status, &body)))
    }
}
