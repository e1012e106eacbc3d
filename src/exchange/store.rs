//! The answers that a proxy keeps: found by what was asked, under a secret of this proxy's, and
//! written once they are over.
use core::cell::OnceCell;
use std::rc::Rc;

use super::answer::Answer;
use super::filter_state::ANSWER;
use super::{Effect, Envoy, Host, Progress, Report, metric};
use crate::credit::Credits;
use crate::layout::{Reader, Writer};
use crate::policy::Cache;
use crate::resilience::{Name, Places, Sip, Spot};

/// Where the secret of a proxy stands in its shared data.
const SECRET: &str = "tw.answers.secret.1";

/// The answers that a proxy keeps.
#[derive(Debug)]
pub(super) struct Store {
    places: Places,
    secret: OnceCell<[u64; 2]>,
}

/// An answer as it is kept.
#[derive(Debug)]
pub(super) struct Kept {
    /// The model that has made it, by its name in the policy.
    pub(super) model: String,
    /// How long ago, in milliseconds.
    pub(super) age_ms: u64,
    /// What it has cost; `None` where that is not known.
    pub(super) credits: Option<Credits>,
    /// What it says.
    pub(super) answer: Answer,
}

/// An answer that is to be kept once it is there.
#[derive(Debug)]
pub(super) struct Keep {
    pub(super) store: Rc<Store>,
    /// Its name, and where it is to stand.
    pub(super) under: (Name, Spot),
    /// The models whose answers are none of the chain's.
    pub(super) guests: Vec<String>,
}

impl Store {
    pub(super) fn of(cache: &Cache) -> Self {
        Self { places: Places::of(cache.max_bytes, cache.max_entry), secret: OnceCell::new() }
    }

    /// Makes a name, under the secret.
    pub(super) fn name(&self, host: &dyn Host) -> Sip {
        Sip::under(self.secret(host))
    }

    /// The answer of a name, and where one is to stand.
    pub(super) fn find(&self, name: Name, host: &dyn Host) -> (Option<Kept>, Spot) {
        let (found, spot) = self.places.find(host, name);
        let kept = found.and_then(|found| {
            let age_ms = host.now_ms().saturating_sub(found.at_ms);
            let mut fields = Reader::of(found.value());
            let (model, credits) = (fields.text()?.to_owned(), fields.text()?.parse().ok());
            Some(Kept { model, age_ms, credits, answer: Answer::decode(fields.bytes()?)? })
        });
        (kept, spot)
    }

    /// The secret that all workers share, made by whoever comes first.
    fn secret(&self, host: &dyn Host) -> [u64; 2] {
        *self.secret.get_or_init(|| {
            let own = [host.unique(), host.unique()];
            let mut out = Writer::default();
            own.into_iter().for_each(|half| out.number(half));
            let out = out.finish();
            for _ in 0..2 {
                let (found, version) = host.shared_data(SECRET);
                let mut fields = Reader::of(&found);
                if let (Some(one), Some(other)) = (fields.number(), fields.number()) {
                    return [one, other];
                }
                if host.set_shared_data(SECRET, &out, version) {
                    break;
                }
            }
            own
        })
    }
}

impl Kept {
    /// Whether it is given again.
    pub(super) const fn is_fresh(&self, cache: &Cache) -> bool {
        self.age_ms <= cache.ttl_ms
    }

    /// Whether it may stand in where no model answers.
    pub(super) const fn may_stand_in(&self, cache: &Cache) -> bool {
        self.age_ms <= cache.ttl_ms.saturating_add(cache.stale_for_ms)
    }
}

impl Keep {
    /// Keeps the answer where it is one that may be kept: its provider role has left it then, with
    /// its judgement (`told`) or afterwards. `credits` is what it has cost; empty where nobody
    /// counts.
    pub(super) fn keep(
        &self,
        reports: &[Report],
        credits: &str,
        told: Option<Vec<u8>>,
        envoy: &dyn Envoy,
    ) -> Option<Effect> {
        let last = reports.last().filter(|last| last.progress == Progress::Answered)?;
        if self.guests.contains(&last.model) {
            return None;
        }
        let answer = told.or_else(|| envoy.property(&[ANSWER]))?;
        if answer.is_empty() {
            return None;
        }
        let mut out = Writer::with_capacity(answer.len().saturating_add(128));
        out.text(&last.model);
        out.text(credits);
        out.bytes(&answer);
        let kept = self.store.places.put(envoy, self.under, envoy.now_ms(), &out.finish());
        kept.then(|| metric::CACHE_KEPT.count(&[]))
    }
}
