//! What a request tells of the models that it has asked, and what follows for their breakers.
//!
//! It is told when the request is over, with one exception: where it tries a model whose breaker
//! was open, the first content of a stream says enough, and others need not wait for its end.
use std::borrow::Cow;
use std::rc::Rc;

use super::line::Line;
use super::outcome::{Health, Outcome};
use super::record::Untold;
use super::report::SILENCE;
use super::used::EndedBy;
use super::{Effect, Progress, Report, metric};
use crate::decide::{Candidate, Decision, Probe, rule};
use crate::policy::{Model, Policy, parted};
use crate::resilience::{Breaker, Calm, Change, Records, Rule, Sign};

/// The statuses by which a failure is every request's: under these no word of an app's decides what
/// the provider says.
const OF_ALL: [u16; 6] = [401, 402, 403, 404, 410, 429];

/// The statuses of a request that is at fault: what else its failure may be, its words alone say,
/// and an app may have put them into the provider's mouth.
const OF_ONE: [u16; 2] = [400, 422];

/// The models that a request may be sent to.
#[derive(Debug)]
pub(super) struct Watch {
    rule: Rule,
    /// When its worker has last seen all models well.
    calm: Calm,
    models: Vec<Rc<Model>>,
    /// Those of them that it tries.
    probes: Vec<Probe>,
}

/// What has become of a request's attempts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'e> {
    pub(super) reports: &'e [Report],
    /// The model after these, where it was tried and published nothing.
    pub(super) untold: Option<&'e Untold>,
    pub(super) by: EndedBy,
    /// Bytes of the answer's body that went to the app.
    pub(super) relayed: u64,
}

impl Watch {
    /// Over a request that is decided on; `None` where no model is ever left alone.
    pub(super) fn of(policy: &Policy, calm: &Calm, decision: &mut Decision) -> Option<Box<Self>> {
        let rule = policy.resilience().breaker.map(|own| rule(&own))?;
        let legs = decision.quote.candidates().flat_map(|own| &own.legs);
        let models = legs.map(|leg| Rc::clone(&leg.model)).collect();
        let probes = core::mem::take(&mut decision.probes);
        Some(Box::new(Self { rule, calm: calm.clone(), models, probes }))
    }

    /// It is sent to these models: what it was to try, and does not ask first, others may try.
    pub(super) fn sent<'s>(
        &mut self,
        candidate: &Candidate,
        records: impl FnOnce() -> Records<'s>,
    ) {
        let first = candidate.legs.first().map(|leg| &*leg.model.name);
        let (kept, left) = core::mem::take(&mut self.probes)
            .into_iter()
            .partition(|own: &Probe| first == Some(&*own.model.name));
        self.probes = kept;
        give_up(left, records);
    }

    /// The first of an answer is there: where it is that of a model that the request tries, others
    /// may ask it again.
    pub(super) fn begins<'s>(
        &mut self,
        report: &Report,
        records: impl FnOnce() -> Records<'s>,
    ) -> Vec<Effect> {
        let tries = self.probes.iter().position(|own| report.is_of(&own.model.name));
        let Some(place) = tries.filter(|_| report.has_content() && !report.has_failed()) else {
            return Vec::new();
        };
        let (rule, records, mut effects) = (self.rule, records(), Vec::new());
        let name = self.probes.get(place).map(|own| &*own.model.breaker_name);
        let change = Breaker::update(records, name.unwrap_or_default(), &|own| {
            own.answers(report.began_ms, records.now_ms(), &rule)
        });
        if let Some(change) = change {
            self.probes.swap_remove(place);
            effects.extend(follow(&report.leg(), change, false));
        }
        effects
    }

    /// The request is over.
    pub(super) fn over(self, told: Told<'_>, records: Records<'_>, line: &mut Line) -> Vec<Effect> {
        let (mut effects, mut opened) = (Vec::new(), Vec::new());
        let Told { reports, untold, by, relayed } = told;
        let sign = |own: &Report| sign(own, (by, relayed));
        let signs = reports.iter().filter_map(|own| Some((own.leg(), sign(own)?, own.began_ms)));
        let lost = untold.filter(|own| own.outcome == Outcome::Unreachable.verdict().name);
        // Nobody knows when it began: at some time before now.
        let lost = lost
            .map(|own| (Cow::Borrowed(&*own.leg), Sign::Failed { cut: false }, records.now_ms()));
        let mut silent = self.probes;
        for (model, sign, began_ms) in signs.chain(lost) {
            silent.retain(|own| own.model.name != *model);
            let own = self.models.iter().find(|own| own.name == *model);
            let change = own.and_then(|own| {
                Breaker::update(records, &own.breaker_name, &|own| {
                    own.heard(sign, began_ms, records.now_ms(), &self.rule)
                })
            });
            let Some(change) = change else { continue };
            self.calm.ends();
            effects.extend(follow(&model, change, self.rule.observe));
            if let (Change::Opened(by, ms), false) = (change, self.rule.observe) {
                opened.push((model, by.name(), ms));
            }
        }
        give_up(silent, || records);
        if !opened.is_empty() {
            line.list("opened", |json| {
                for (model, why, ms) in opened {
                    json.object(|json| {
                        let (model, account) = parted(&model);
                        json.key("model").string(model);
                        account.into_iter().for_each(|own| json.key("account").string(own));
                        json.key("why").string(why);
                        json.key("ms").number(ms);
                    });
                }
            });
        }
        effects
    }
}

/// Lets others try models that a request was to try.
fn give_up<'s>(probes: Vec<Probe>, records: impl FnOnce() -> Records<'s>) {
    if probes.is_empty() {
        return;
    }
    let records = records();
    for probe in probes {
        probe.give_back(records);
    }
}

/// What a change of a model's breaker is told to operators.
fn follow(model: &str, change: Change, observed: bool) -> Vec<Effect> {
    match change {
        Change::Counted => Vec::new(),
        Change::Opened(by, _) if observed => {
            vec![metric::BREAKER_WOULD_OPEN.count(&[model, by.name()])]
        }
        Change::Opened(by, ms) => vec![
            metric::BREAKER_OPENED.count(&[model, by.name()]),
            metric::BREAKER_OPEN.set(&[model], 1),
            Effect::Log(format!("model `{model}` is left alone for {ms} ms: {}", by.reason())),
        ],
        Change::Closed if observed => Vec::new(),
        Change::Closed => vec![metric::BREAKER_OPEN.set(&[model], 0)],
    }
}

/// So many bytes of an answer Envoy takes from a provider at least before it waits for an app that
/// reads nothing: where fewer were handed on, it is the provider that was waited for.
const TAKEN_AHEAD: u64 = 64 << 10;

/// What an attempt says of its model, where its request has ended like that and so many bytes went
/// to the app; `None` where that is nothing.
fn sign(report: &Report, (by, relayed): (EndedBy, u64)) -> Option<Sign> {
    let is_providers = match by {
        EndedBy::Provider => true,
        EndedBy::Stalled => relayed < TAKEN_AHEAD,
        EndedBy::App | EndedBy::Deadline | EndedBy::Gateway => false,
    };
    let wait_ms = Some(report.wait_ms).filter(|ms| *ms > 0);
    let health = match report.progress {
        Progress::Answered => Health::Well,
        Progress::Cut if report.why == SILENCE && report.bytes >= TAKEN_AHEAD => Health::Nothing,
        Progress::Cut => return Some(Sign::Failed { cut: true }),
        // Envoy may keep to itself that its provider broke it; an app that leaves says so.
        Progress::Running if report.has_content() && is_providers => {
            return Some(Sign::Failed { cut: true });
        }
        Progress::Running => Health::Nothing,
        Progress::Failed(_) if OF_ONE.contains(&report.status) => Health::Nothing,
        Progress::Failed(outcome) => outcome.verdict().health,
    };
    Some(match health {
        Health::Nothing => return None,
        Health::Well => Sign::Well,
        Health::Busy => Sign::Busy { wait_ms },
        Health::Gone(by) if report.is_of_all && OF_ALL.contains(&report.status) => Sign::Gone(by),
        // Of a thing that the request names, or its size, or said in an answer that has begun.
        Health::Gone(_) if matches!(report.status, 402 | 404 | ..300) => return None,
        Health::Failed if wait_ms.is_some() => Sign::Busy { wait_ms },
        Health::Failed | Health::Gone(_) => Sign::Failed { cut: false },
    })
}

#[cfg(test)]
mod tests {
    use super::{EndedBy, Health, Outcome, Progress, Report, SILENCE, Sign, sign};
    use crate::resilience::OpenedBy;

    const PROVIDER: (EndedBy, u64) = (EndedBy::Provider, 1 << 20);

    fn report(progress: Progress, status: u16) -> Report {
        Report { status, is_of_all: true, ..Report { progress, ..Report::begin("m", 1) } }
    }

    #[test]
    fn under_a_status_of_a_request_at_fault_nothing_is_said_of_the_model() {
        for outcome in Outcome::ALL {
            let told = |status| sign(&report(Progress::Failed(outcome), status), PROVIDER);
            let expected = match outcome.verdict().health {
                Health::Nothing => None,
                Health::Well => Some(Sign::Well),
                Health::Busy => Some(Sign::Busy { wait_ms: None }),
                Health::Failed | Health::Gone(_) => Some(Sign::Failed { cut: false }),
            };
            assert_eq!(told(451), expected, "{outcome:?}");
            // An app may have put the words into the provider's mouth.
            assert_eq!((told(400), told(422)), (None, None), "{outcome:?}");
        }
        let words = report(Progress::Failed(Outcome::Unpaid), 200);
        assert_eq!(sign(&words, PROVIDER), None);
    }

    #[test]
    fn a_status_that_speaks_of_all_opens_at_once() {
        let gone = Progress::Failed(Outcome::ModelGone);
        let said = sign(&report(gone, 404), PROVIDER);
        assert_eq!(said, Some(Sign::Gone(OpenedBy::ModelGone)));
        // What is not found may be a file of the app's.
        let other = Report { is_of_all: false, ..report(gone, 404) };
        assert_eq!(sign(&other, PROVIDER), None);
        let unpaid = Report { is_of_all: false, ..report(Progress::Failed(Outcome::Unpaid), 402) };
        assert_eq!(sign(&unpaid, PROVIDER), None);
        let refused = Report { is_of_all: false, ..report(gone, 403) };
        assert_eq!(sign(&refused, PROVIDER), Some(Sign::Failed { cut: false }));
    }

    #[test]
    fn silence_counts() {
        let silent = report(Progress::Failed(Outcome::Silent), 0);
        assert_eq!(sign(&silent, PROVIDER), Some(Sign::Failed { cut: false }));
    }

    #[test]
    fn an_app_that_leaves_is_no_failure() {
        let streams = Report { first_ms: 5, ..report(Progress::Running, 200) };
        assert_eq!(sign(&streams, (EndedBy::App, 9)), None);
        assert_eq!(sign(&streams, (EndedBy::Gateway, 9)), None);
        assert_eq!(sign(&streams, PROVIDER), Some(Sign::Failed { cut: true }));
        assert_eq!(sign(&report(Progress::Running, 200), PROVIDER), None);
    }

    #[test]
    fn nor_is_one_that_reads_nothing() {
        let streams = Report { first_ms: 5, ..report(Progress::Running, 200) };
        let after = |relayed| sign(&streams, (EndedBy::Stalled, relayed));
        assert_eq!(after((64 << 10) - 1), Some(Sign::Failed { cut: true }));
        assert_eq!(after(64 << 10), None, "as much may wait for the app");
        let cut = |why: &str, bytes| {
            let own = Report { why: why.to_owned(), bytes, ..report(Progress::Cut, 200) };
            sign(&own, PROVIDER)
        };
        assert_eq!(cut(SILENCE, (64 << 10) - 1), Some(Sign::Failed { cut: true }));
        assert_eq!((cut(SILENCE, 64 << 10), cut("", 64 << 10).is_some()), (None, true));
        let silent = report(Progress::Failed(Outcome::Silent), 0);
        let told = sign(&silent, (EndedBy::Stalled, 1 << 20));
        assert_eq!(
            told,
            Some(Sign::Failed { cut: false }),
            "before an answer no app is in the way"
        );
    }
}
