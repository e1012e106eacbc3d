//! What a request owes: discharged when its stream is over, however it ended.
use core::cell::LazyCell;

use super::record::{Tried, Untold};
use super::spend::{EndedBy, Ending, PendingHold, Reservation, settle};
use super::{Effect, Effects, Envoy, Read, Report, record};
use crate::resilience::Records;

/// One thing that a request owes.
#[derive(Debug)]
pub(super) enum Duty {
    /// The ledger has been asked for a hold, and has not answered: the hold is given back.
    Release(Box<PendingHold>),
    /// Models were tried: their attempts are counted and logged.
    Record,
    /// Credits were set aside: what ran is charged, and the rest is free again.
    Settle(Box<Reservation>),
}

/// All that a request owes, in the order in which it is discharged.
#[derive(Debug, Default)]
pub(super) struct Duties(Vec<Duty>);

/// How a request ended, as the edge role saw it.
#[derive(Debug, Clone, Copy)]
pub(super) struct End<'e> {
    /// What each attempt published of itself.
    pub(super) reports: &'e [Report],
    /// The model after these, where it was tried and published nothing.
    pub(super) untold: Option<&'e Untold>,
    /// Whether the answer was a stream.
    pub(super) streamed: bool,
    /// The app has been answered, at least in part.
    pub(super) answered: bool,
    /// Bytes of the answer's body that went to the app.
    pub(super) relayed: u64,
}

impl Duties {
    /// Adds a duty.
    pub(super) fn owe(&mut self, duty: Duty) {
        self.0.push(duty);
    }

    /// The hold that the ledger has been asked for by this call: it is no longer owed, whoever
    /// takes it decides what follows.
    pub(super) fn take_pending(&mut self, call: u64) -> Option<Box<PendingHold>> {
        let at = self.0.iter().position(|duty| match duty {
            Duty::Release(pending) => pending.awaits(call),
            Duty::Record | Duty::Settle(_) => false,
        })?;
        match self.0.remove(at) {
            Duty::Release(pending) => Some(pending),
            Duty::Record | Duty::Settle(_) => None,
        }
    }

    /// Discharges all duties.
    pub(super) fn discharge(&mut self, end: End<'_>, envoy: &dyn Envoy) -> Effects {
        let mut effects = Effects::go_on();
        let ended_by = LazyCell::new(|| {
            let details = envoy.property(&["response", "code_details"]).unwrap_or_default();
            EndedBy::of(&details)
        });
        for duty in self.0.drain(..) {
            match duty {
                Duty::Release(pending) => effects.list.push(pending.abandon()),
                Duty::Record => {
                    let End { reports, untold, streamed, .. } = end;
                    let runs = reports.last().is_some_and(|last| !last.is_over());
                    let by = runs.then(|| *ended_by);
                    let now_ms = envoy.now_ms();
                    let tried = Tried { reports, untold, streamed, by, now_ms };
                    effects.list.extend(record::of(&tried));
                }
                Duty::Settle(reservation) => {
                    let (answered, relayed) = (end.answered, end.relayed);
                    let by = *ended_by;
                    let connected = !answered && is_connected(envoy);
                    let ending = Ending { answered, relayed, by, connected };
                    let records = Records::at(envoy, envoy.now_ms());
                    effects.list.extend(settle(&reservation, end.reports, ending, records));
                    effects.list.extend((by == EndedBy::Gateway).then_some(Effect::SendNow));
                }
            }
        }
        effects
    }
}

/// Whether the last attempt has a connection to its provider.
fn is_connected(read: &dyn Read) -> bool {
    read.property(&["upstream", "local_address"]).is_some_and(|address| !address.is_empty())
}
