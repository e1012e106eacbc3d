//! What a request owes: discharged when its stream is over, however it ended.
use super::breaker::{Told, Watch};
use super::limits::{Taken, shared};
use super::line::Line;
use super::record::{Tried, Untold};
use super::shadow::Sampled;
use super::spend::{PendingHold, Reservation, settle};
use super::store::Keep;
use super::used::{EndedBy, Ending};
use super::{Effect, Envoy, Hearing, Host, Read, Report, record};
use crate::decide::{Candidate, GivenTo, Keeping};
use crate::resilience::Records;

/// One thing that a request owes.
#[derive(Debug)]
pub(super) enum Duty {
    /// The ledger has been asked for a hold, and has not answered: the hold is given back.
    Release(Box<PendingHold>),
    /// Models were tried: their attempts are counted and logged. Beside it those that are asked as
    /// a last resort.
    Record(Vec<String>),
    /// It may be sent to models: what becomes of their breakers.
    Heed(Box<Watch>),
    /// A provider keeps the conversation: the answer is remembered as that tenant's.
    Remember(String),
    /// A later request may go to the model that has answered: which one that is is remembered.
    /// Beside it the models that are another chain's.
    Keep(Box<Keeping>, Vec<String>),
    /// Its answer is kept for whoever asks the same, where it may be.
    Cache(Box<Keep>),
    /// Credits were set aside: what ran is charged, and the rest is free again.
    Settle(Box<Reservation>),
    /// It has taken what its limits let through: that is corrected to what it has used.
    Correct(Box<Taken>),
    /// Several proxies count what it has used: that is told.
    Tell(shared::Telling),
    /// The request was sampled, or is a copy: what is said of its answer, where it has one.
    Copy(Box<Sampled>),
}

/// All that a request owes, in the order in which it is discharged.
#[derive(Debug, Default)]
pub(super) struct Duties(Vec<Duty>);

/// How a request ended, as the edge role saw it.
#[derive(Debug)]
pub(super) struct End<'e> {
    /// What each attempt published of itself.
    pub(super) reports: &'e [Report],
    /// The model after these, where it was tried and published nothing.
    pub(super) untold: Option<&'e Untold>,
    /// The answer that is to be kept, where it came with its judgement.
    pub(super) kept: Option<Vec<u8>>,
    /// Whether the answer was a stream.
    pub(super) streamed: bool,
    /// The app has been answered, at least in part.
    pub(super) answered: bool,
    /// Bytes of the answer's body that went to the app.
    pub(super) relayed: u64,
    /// The app's patience was over before it had been answered.
    pub(super) too_late: bool,
}

impl Duties {
    /// Adds a duty, where there is one.
    pub(super) fn owe_some(&mut self, duty: Option<Duty>) {
        self.0.extend(duty);
    }

    /// Adds a duty.
    pub(super) fn owe(&mut self, duty: Duty) {
        self.0.push(duty);
    }

    /// The hold that the ledger has been asked for by this call: it is no longer owed, whoever
    /// takes it decides what follows.
    pub(super) fn take_pending(&mut self, call: u64) -> Option<Box<PendingHold>> {
        let at = self.0.iter().position(|duty| match duty {
            Duty::Release(pending) => pending.awaits(call),
            _ => false,
        })?;
        match self.0.remove(at) {
            Duty::Release(pending) => Some(pending),
            _ => None,
        }
    }

    /// Whether nothing is owed, or only what was taken of its limits is to be corrected.
    pub(super) fn are_of_limits(&self) -> bool {
        self.0.iter().all(|duty| matches!(duty, Duty::Correct(_)))
    }

    /// What has been taken of its limits, where it has taken anything.
    pub(super) fn taken(&self) -> Option<&Taken> {
        self.0.iter().find_map(|duty| match duty {
            Duty::Correct(taken) => Some(&**taken),
            _ => None,
        })
    }

    /// Owes a copy of a request that is sampled; says what is heard of its answer for that.
    pub(super) fn copy(&mut self, sampled: Option<Box<Sampled>>) -> Hearing {
        let hearing = sampled.as_ref().map_or(Hearing::Nothing, |own| own.hearing());
        self.owe_some(sampled.map(Duty::Copy));
        hearing
    }

    /// It was refused on its way to a model: what it has taken of its limits is given back.
    pub(super) fn give_back(&mut self, host: &dyn Host) {
        let is_taken = |duty: &Duty| matches!(duty, Duty::Correct(_));
        if let Some(at) = self.0.iter().position(is_taken)
            && let Duty::Correct(taken) = self.0.remove(at)
        {
            taken.give_back(host);
        }
    }

    /// The request still runs; in how many milliseconds somebody has to hear that again, where
    /// somebody has.
    pub(super) fn renew(&mut self, host: &dyn Host) -> Option<u64> {
        let taken = self.0.iter_mut().find_map(|duty| match duty {
            Duty::Correct(taken) => Some(taken),
            _ => None,
        })?;
        let renewal_ms = taken.renewal_ms()?;
        taken.renew(host);
        Some(renewal_ms)
    }

    /// The request is sent to these models.
    pub(super) fn sent(&mut self, candidate: &Candidate, host: &dyn Host) {
        let watch = self.0.iter_mut().find_map(|duty| match duty {
            Duty::Heed(watch) => Some(watch),
            _ => None,
        });
        if let Some(watch) = watch {
            watch.sent(candidate, || Records::at(host, host.now_ms()));
        }
    }

    /// The first of an answer is there that a provider role has judged.
    pub(super) fn answer_begins(&mut self, report: &Report, envoy: &dyn Envoy) -> Vec<Effect> {
        let watch = self.0.iter_mut().find_map(|duty| match duty {
            Duty::Heed(watch) => Some(watch),
            _ => None,
        });
        let records = || Records::at(envoy, envoy.now_ms());
        watch.map_or_else(Vec::new, |watch| watch.begins(report, records))
    }

    /// Discharges all duties, and gives the access log what they say; Envoy has a word for how the
    /// stream ended.
    pub(super) fn discharge(
        &mut self,
        end: End<'_>,
        details: &[u8],
        line: &mut Line,
        envoy: &dyn Envoy,
    ) -> (Vec<Effect>, Option<&'static str>) {
        let (mut effects, mut outcome) = (Vec::with_capacity(8), None);
        let End { reports, untold, mut kept, streamed, answered, relayed, too_late } = end;
        let by = if too_late { EndedBy::Deadline } else { EndedBy::of(details) };
        let charged = self.0.iter().any(|duty| matches!(duty, Duty::Settle(_)));
        let ending = || {
            let connected = !answered && is_connected(envoy);
            Ending { answered, relayed, by, connected }
        };
        // These tell what the others have found.
        self.0.sort_by_key(|duty| match duty {
            Duty::Copy(_) | Duty::Cache(_) => 2_u8,
            Duty::Correct(_) => 1,
            _ => 0,
        });
        for duty in self.0.drain(..) {
            match duty {
                Duty::Release(pending) => effects.push(pending.abandon()),
                Duty::Record(last_resorts) => {
                    let now_ms = envoy.now_ms();
                    let last_resorts = &last_resorts;
                    let tried = Tried { reports, untold, last_resorts, streamed, by, now_ms };
                    outcome = record::of(&tried, line, &mut effects);
                    if !charged {
                        record::used(reports, line);
                    }
                }
                Duty::Heed(watch) => {
                    let told = Told { reports, untold, by, relayed };
                    effects.extend(watch.over(told, Records::at(envoy, envoy.now_ms()), line));
                }
                Duty::Remember(tenant) => {
                    let id = reports.last().map(|last| &*last.answer_id).unwrap_or_default();
                    if !id.is_empty() {
                        let records = Records::at(envoy, envoy.now_ms());
                        GivenTo::remember(records, id, &tenant);
                    }
                }
                Duty::Keep(keeping, guests) => {
                    if let Some(last) = reports.last().filter(|last| last.has_served()) {
                        let records = || Records::at(envoy, envoy.now_ms());
                        let is_guest = guests.contains(&last.model);
                        keeping.remember(records, (&last.model, is_guest), last.call);
                    }
                }
                Duty::Correct(taken) => taken.settle((reports, charged), ending, line, envoy),
                Duty::Tell(telling) => effects.push(telling.tell(reports, ending(), envoy)),
                Duty::Cache(keep) => {
                    let credits = line.credits().unwrap_or_default();
                    effects.extend(keep.keep(reports, credits, kept.take(), envoy));
                }
                Duty::Copy(sampled) => effects.extend(sampled.over(reports, line)),
                Duty::Settle(reservation) => {
                    effects.extend(settle(&reservation, reports, ending(), envoy, line));
                    effects.extend((by == EndedBy::Gateway).then_some(Effect::SendNow));
                }
            }
        }
        (effects, outcome)
    }
}

/// Whether the last attempt has a connection to its provider.
fn is_connected(read: &dyn Read) -> bool {
    read.property(&["upstream", "local_address"]).is_some_and(|address| !address.is_empty())
}
