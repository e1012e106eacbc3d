//! The answers that a proxy keeps: found by what was asked, under a secret of this proxy's, and
//! written once they are over.
use std::rc::Rc;

use super::answer::Answer;
use super::filter_state::ANSWER;
use super::{Effect, Envoy, Host, Progress, Report, metric};
use crate::credit::Credits;
use crate::layout::{Reader, Writer};
use crate::policy::Cache;
use crate::resilience::{Name, Places, Spot};

/// The answers that a proxy keeps.
#[derive(Debug)]
pub(super) struct Store {
    places: Places,
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
        Self { places: Places::of(cache.max_bytes, cache.max_entry) }
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
