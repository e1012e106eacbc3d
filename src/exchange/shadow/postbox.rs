//! The copies and records that wait in a worker, and those on their way. Each is sent once: what
//! fails is counted, and lost.
use std::collections::VecDeque;
use std::rc::Rc;

use super::super::{CallId, Effect, Purpose, metric};
use super::Seat;
use super::parcel::{Load, Parcel};

/// Most records that wait, and most bytes of them: 4 MiB. Further ones are dropped. How many copies
/// there are their seats say.
const RECORDS_MOST: usize = 256;
const RECORD_BYTES_MOST: usize = 4 << 20;

/// Most records on their way at once.
const OPEN_MOST: usize = 16;

/// So long after the longest time that it may take a call has no answer any more, in milliseconds:
/// its plugin is gone.
const LOST_MS: u64 = 5_000;

/// What waits in a worker.
#[derive(Debug, Default)]
pub(in super::super) struct Postbox {
    copies: VecDeque<Parcel>,
    records: VecDeque<Parcel>,
    bytes: usize,
    open: Vec<Open>,
}

/// One on its way.
#[derive(Debug)]
struct Open {
    id: CallId,
    experiment: Rc<str>,
    /// The seat of a copy.
    _seat: Option<Seat>,
    until_ms: u64,
}

impl Postbox {
    /// Takes in a parcel.
    pub(in super::super) fn post(&mut self, parcel: Parcel) -> Option<Effect> {
        if parcel.call.id.purpose == Purpose::Copy {
            self.copies.push_back(parcel);
            return None;
        }
        let bytes = self.bytes.saturating_add(parcel.call.body.len());
        if self.records.len() >= RECORDS_MOST || bytes > RECORD_BYTES_MOST {
            return Some(metric::SHADOW_RECORDS.count(&[&parcel.experiment, "dropped"]));
        }
        self.bytes = bytes;
        self.records.push_back(parcel);
        None
    }

    /// Sends what waits; `calls` is the number of the worker's last call.
    pub(in super::super) fn tick(&mut self, calls: &mut u64, now_ms: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        let lost: Vec<CallId> =
            self.open.iter().filter(|own| own.until_ms < now_ms).map(|own| own.id).collect();
        effects.extend(lost.into_iter().filter_map(|id| self.answered(id, 0)));
        while let Some(parcel) = self.next() {
            let Parcel { mut call, experiment, load } = parcel;
            *calls = calls.wrapping_add(1).max(1);
            call.id.number = *calls;
            let until_ms = now_ms.saturating_add(call.timeout_ms).saturating_add(LOST_MS);
            // Its bytes are Envoy's now.
            let seat = load.map(|Load(seat, permit)| {
                drop(permit);
                seat
            });
            self.open.push(Open { id: call.id, experiment, _seat: seat, until_ms });
            effects.push(Effect::Call(call));
        }
        effects
    }

    fn next(&mut self) -> Option<Parcel> {
        if let Some(copy) = self.copies.pop_front() {
            return Some(copy);
        }
        let records = self.open.iter().filter(|own| own.id.purpose == Purpose::Record);
        if records.count() >= OPEN_MOST {
            return None;
        }
        let record = self.records.pop_front()?;
        self.bytes = self.bytes.saturating_sub(record.call.body.len());
        Some(record)
    }

    /// A call is over: with that status, or with 0 where there was none.
    pub(in super::super) fn answered(&mut self, id: CallId, status: u16) -> Option<Effect> {
        let at = self.open.iter().position(|own| own.id == id)?;
        let Open { experiment, .. } = self.open.swap_remove(at);
        let good = match id.purpose {
            // Whatever became of it stands in its own line of the access log.
            Purpose::Copy => status != 0,
            _ => (200..300).contains(&status),
        };
        let outcome = if good { "sent" } else { "failed" };
        let metric = match id.purpose {
            Purpose::Copy => &metric::SHADOW_REQUESTS,
            _ => &metric::SHADOW_RECORDS,
        };
        Some(metric.count(&[&experiment, outcome]))
    }
}
