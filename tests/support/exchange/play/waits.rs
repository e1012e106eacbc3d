//! What a request waits for, and how it goes on.
use super::super::envoy::Step;
use super::super::script::Message;
use super::{Play, Stage};
use tradewind::exchange::CallId;

impl Play {
    /// The ledger has answered.
    pub(super) fn called(&mut self, mut body: Vec<u8>, id: CallId, answer: (u16, &[u8])) {
        match self.edge.called(&mut self.life.world, id, answer) {
            Step::Wait => {}
            Step::Pass { body: more, .. } => body.extend(more),
            Step::Reply(reply) => return self.reply(reply),
        }
        self.stage = Stage::PendingHold(body);
    }

    /// In how many milliseconds something happens though nothing comes, if it does.
    pub(super) fn sleeps(&self) -> Option<u64> {
        match &self.stage {
            Stage::Answering(attempt, ..) if self.leaves != Some(0) => {
                attempt.filter.sleeps(&self.life.world)
            }
            _ => None,
        }
    }

    /// The edge role is woken, where it asked for that and it is time.
    pub(crate) fn wake(&mut self) {
        if self.edge.sleeps(&self.life.world) == Some(0) {
            let Step::Reply(reply) = self.edge.woken(&mut self.life.world) else { return };
            let left = core::mem::replace(&mut self.stage, Stage::Done);
            self.reply(reply);
            if let Stage::Asked(mut attempt) | Stage::Answering(mut attempt, ..) = left {
                attempt.filter.done(&mut self.life.world);
            }
        }
    }

    /// The model that has been asked and has not begun to answer.
    pub(crate) fn waits_for(&self) -> Option<&str> {
        match &self.stage {
            Stage::Asked(attempt) => Some(&attempt.model),
            _ => None,
        }
    }

    /// More of an answer that was left open; whether it is this one's.
    pub(crate) fn more(&mut self, model: &str, rest: &Message) -> bool {
        let Stage::Answering(attempt, message, _) = &mut self.stage else { return false };
        if attempt.model != model || !message.more {
            return false;
        }
        message.chunks.extend(rest.chunks.iter().cloned());
        (message.trailers, message.reset, message.more) = (rest.trailers, rest.reset, rest.more);
        true
    }

    /// Whether there is nothing more to come.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }
}
