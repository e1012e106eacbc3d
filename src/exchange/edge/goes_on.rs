//! A request that has been decided on goes on: to the ledger, or to its chain.
use super::super::answer::Telling;
use super::super::duty::Duty;
use super::super::limits::{Taken, shared};
use super::super::spend::Next;
use super::super::{Effect, Effects, Envoy, Flow, metric};
use super::again::Served;
use super::degraded::Rescue;
use super::first::Original;
use super::head::Head;
use super::send::Serves;
use super::{Approved, Draft, Edge, State, limited, said, send};
use crate::decide::{Candidate, Leg, Quote};
use crate::policy::parted;

impl Edge {
    /// What follows from the credits. `original` is there where the request is still at hand.
    pub(super) fn next(
        &mut self,
        head: Head,
        mut draft: Draft,
        (next, effects): (Next, Vec<Effect>),
        original: Option<Original<'_>>,
        envoy: &dyn Envoy,
    ) -> Effects {
        match next {
            Next::Proceed { mut reservation, left } => {
                if let Some(again) = &draft.again {
                    reservation.pays_for_answer_of(&again.kept.model);
                    let Draft { outline, trace, .. } = &draft;
                    let chain = &*reservation.candidate().chain;
                    let served = Served { outline, trace, chain, left };
                    let mut given = self.again(&head, served, again, envoy);
                    self.duties.owe(Duty::Settle(reservation));
                    given.list.splice(0..0, effects);
                    return given;
                }
                let candidate = reservation.candidate();
                let approved = Approved { candidate, left, near_limit: reservation.near_limit() };
                let mut sent = self.send(head, &draft, approved, original, envoy);
                self.duties.owe(Duty::Settle(reservation));
                sent.list.splice(0..0, effects);
                sent
            }
            Next::AwaitLedger(pending) => {
                self.duties.owe(Duty::Release(pending));
                // Nobody adds to the request once more when the ledger has answered.
                let mut effects = effects;
                effects.extend(original.and_then(|own| own.kept(self.config.buffer)));
                effects.extend(self.wakes(envoy));
                self.state = State::AwaitingLedger { head, draft: Box::new(draft) };
                Effects { list: effects, flow: Flow::Pause }
            }
            Next::Deny(fault) => {
                self.state = State::Replied;
                self.duties.give_back(envoy);
                draft.trace.refuse("credits", &head.payer().tenant, &fault);
                let mut refused = self.deny(&head, &fault, Some(&draft.trace));
                refused.list.splice(0..0, effects);
                refused
            }
        }
    }

    /// Hands the request on to the chain.
    pub(super) fn send(
        &mut self,
        head: Head,
        draft: &Draft,
        approved: Approved<'_>,
        original: Option<Original<'_>>,
        envoy: &dyn Envoy,
    ) -> Effects {
        let Approved { candidate, left, near_limit } = approved;
        self.chain = candidate.legs.iter().map(|leg| leg.model.name.clone()).collect();
        self.spares = named(candidate, |leg| leg.is_spare);
        self.duties.sent(candidate, envoy);
        self.duties.owe(Duty::Record(named(candidate, |leg| leg.is_last_resort)));
        if draft.outline.is_shared_thread {
            self.duties.owe(Duty::Remember(head.tenant.tenant.clone()));
        }
        if let Some(keeping) = &draft.outline.keeping {
            self.duties.owe(Duty::Keep(keeping.clone(), guests(candidate)));
        }
        let credits = self.config.credits();
        let (credits, buffer) = (credits.zip(Some(left)), self.config.buffer);
        // An answer to whoever has little left is none for others.
        let cached = draft.cached.filter(|_| near_limit.is_none());
        let keep = cached.and_then(|own| own.keep(&self.config, guests(candidate)));
        self.duties.owe_some(keep.map(Duty::Cache));
        let keeps = self.config.policy.cache().filter(|_| cached.is_some());
        let keeps = keeps.map_or(0, |cache| cache.max_entry);
        let resilience = self.config.policy.resilience();
        let deadline_ms = self.patience.map_or(0, |own| own.until_ms);
        let counts_tokens = self.duties.taken().is_some_and(Taken::counts_tokens)
            || draft.shared.as_ref().is_some_and(|own| own.counts_tokens);
        let taken = self.duties.taken();
        let mut says: Vec<_> = said::pairs(&draft.trace, near_limit).collect();
        says.extend(limited::left_to_say(taken, &self.config.policy, head.client, envoy));
        let says = &says;
        let serves = Serves { candidate, keeps, deadline_ms, resilience, counts_tokens, says };
        let mut effects = send::send(&head, draft, serves, credits, original, buffer);
        if let Some(shared) = &draft.shared {
            effects.list.extend(shared::names(shared));
            self.duties.owe_some(shared::Telling::of(shared).map(Duty::Tell));
        }
        effects.list.extend(self.wakes(envoy));
        self.line.text("policy", &self.config.digest);
        self.line.decided(&draft.trace, Some(&candidate.chain), &self.chain);
        if near_limit.is_some() {
            self.line.flag("near_limit");
        }
        effects.list.extend(said::count(&draft.trace, &candidate.chain));
        effects.list.extend(draft.cached.map(|own| {
            let found = if own.is_stale { "stale" } else { "miss" };
            metric::CACHE_REQUESTS.count(&[found])
        }));
        let says = said::headers(&draft.trace, near_limit);
        let rescue = self.may_rescue(&head, draft);
        let Head { client, request_id, .. } = head;
        let (request_id, streamed) = (request_id.into_string(), draft.outline.stream);
        self.state = State::Sent { client, request_id, streamed, says, rescue };
        effects
    }

    /// Leaves out those who stand in where an answer that is too old otherwise is preferred to
    /// them, and gives that answer where none is left of the chain's own models.
    pub(super) fn stale(
        &mut self,
        head: &Head,
        draft: &Draft,
        quote: &mut Quote,
        envoy: &dyn Envoy,
    ) -> Option<Effects> {
        if !draft.cached.is_some_and(|own| own.is_stale) || !self.config.prefers_stale() {
            return None;
        }
        quote.without_spares();
        let candidate = &quote.primary;
        if candidate.asks_its_own() {
            return None;
        }
        let rescue = self.rescue(head, draft);
        let whose = (head.client, &*head.request_id);
        let own = rescue.rescue(&self.config, whose, &mut self.line, envoy)?;
        let mut says = said::headers(&draft.trace, None);
        says.extend(limited::left(self.duties.taken(), head.client, envoy));
        self.line.text("policy", &self.config.digest);
        self.line.decided(&draft.trace, Some(&candidate.chain), &[]);
        self.state = State::Replied;
        let effects = own.with(says).at_once(&mut self.line);
        Some(effects.and(metric::CACHE_REQUESTS.count(&["stale"])))
    }

    /// What may stand in for its answer; `None` where the policy has nothing, and where no app
    /// waits for it: what stands in for an answer is no rest of one.
    pub(super) fn may_rescue(&self, head: &Head, draft: &Draft) -> Option<Box<Rescue>> {
        let rescue = !head.is_our_own() && !self.config.policy.fallback().is_empty();
        rescue.then(|| Box::new(self.rescue(head, draft)))
    }

    /// What may stand in for its answer.
    fn rescue(&self, head: &Head, draft: &Draft) -> Rescue {
        let telling = Telling::of(head.inbound, &draft.outline);
        Rescue { telling, asked: draft.asked.clone(), cached: draft.cached }
    }
}

/// The names of those legs that are like that.
fn named(candidate: &Candidate, is: impl Fn(&Leg) -> bool) -> Vec<String> {
    let legs = candidate.legs.iter().filter(|leg| is(leg));
    legs.map(|leg| leg.model.name.clone()).collect()
}

/// The models whose answers are none of the chain's.
fn guests(candidate: &Candidate) -> Vec<String> {
    let guests = candidate.legs.iter().filter(|leg| leg.is_guest());
    guests.map(|leg| parted(&leg.model.name).0.to_owned()).collect()
}
