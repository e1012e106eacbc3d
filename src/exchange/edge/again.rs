//! An answer that somebody has had before is given again.
use super::super::answer::Telling;
use super::super::reply::{CREDITS, Reply};
use super::super::spend::{self, Payer};
use super::super::{Effect, Effects, Envoy, metric};
use super::body::Desk;
use super::cached::{Again, Cached, Looked};
use super::head::Head;
use super::repeats::Decided;
use super::{Draft, Edge, limited, said};
use crate::credit::Balance;
use crate::decide::{Decision, Outline, Quote, Trace};
use crate::dialect::Ask;

/// A request that has its answer, as far as that tells of it.
pub(super) struct Served<'s> {
    pub(super) outline: &'s Outline,
    pub(super) trace: &'s Trace,
    /// The chain that would serve it.
    pub(super) chain: &'s str,
    /// What the tenant has left, where it pays for the answer.
    pub(super) left: Option<Balance>,
}

/// Remembers what was decided of a request whose answer is given again for nothing, where nothing
/// but the request has decided.
pub(super) fn remember(
    desk: &Desk<'_>,
    body: &[u8],
    (ask, decision): (&Ask<'_>, &Decision),
    (cached, again): (Option<&Cached>, &Again),
) {
    let free = cached.zip(decision.caching).filter(|_| again.price.is_zero());
    let Some((cached, caching)) = free.filter(|_| desk.is_alone()) else { return };
    desk.config.repeats.remember(desk.head, body, || Decided {
        answer: (cached.name(), caching.max_age_ms),
        model: ask.model.clone().into_owned(),
        outline: decision.outline.clone(),
        trace: decision.trace.clone(),
        chain: decision.quote.primary.chain.clone(),
        claims: decision.claims.as_deref().cloned(),
    });
}

impl Edge {
    /// Gives the answer to a request that has come before, byte for byte, where that is all there
    /// is to do.
    pub(super) fn repeated(
        &mut self,
        head: &Head,
        body: &[u8],
        envoy: &dyn Envoy,
    ) -> Option<Effects> {
        let decided = self.config.repeats.of(head, body)?;
        let mut looked = Looked::default();
        looked.find_named(decided.answer, &self.config, envoy);
        let again = looked.again.filter(|again| again.price.is_zero())?;
        let Decided { model, outline, trace, chain, claims, .. } = &*decided;
        self.line.asks(model, outline.stream);
        let mut effects = Vec::new();
        if let Some(claims) = claims
            && let Err(refused) = self.take(head, claims.clone(), &mut effects, envoy)
        {
            return Some(self.limited(head, refused, &mut trace.clone(), effects));
        }
        let served = Served { outline, trace, chain, left: None };
        Some(self.again(head, served, &again, envoy).and_all(effects))
    }

    /// Somebody has had the answer before: it is given once it is paid, where it costs anything.
    pub(super) fn has_been_answered(
        &mut self,
        head: Head,
        draft: Draft,
        mut quote: Quote,
        mut effects: Vec<Effect>,
        envoy: &dyn Envoy,
    ) -> Effects {
        let Some(again) = &draft.again else { return Effects::wait() };
        let counted = self.config.counted().filter(|_| !again.price.is_zero());
        let Some(credits) = counted else {
            let Draft { outline, trace, .. } = &draft;
            let served = Served { outline, trace, chain: &quote.primary.chain, left: None };
            return self.again(&head, served, again, envoy).and_all(effects);
        };
        quote.without_models(again.price);
        let payer = Payer::of(head.payer());
        let next = spend::begin(credits, (quote, payer), &head.request_id, envoy, &mut effects);
        self.next(head, draft, (next, effects), None, envoy)
    }

    /// Gives an answer that somebody has had before.
    pub(super) fn again(
        &mut self,
        head: &Head,
        Served { outline, trace, chain, left }: Served<'_>,
        Again { kept, price }: &Again,
        envoy: &dyn Envoy,
    ) -> Effects {
        let telling = &Telling::of(head.inbound, outline);
        let whose = (&*kept.model, &*head.request_id);
        let body = kept.answer.told(telling, whose, envoy.unix_seconds());
        let mut reply = Reply::answer(head.client, body, telling.streamed, &head.request_id);
        said::kept(&mut reply, kept, "hit");
        reply.headers.extend(left.map(|left| (CREDITS, left.to_string())));
        let mut says = said::headers(trace, None);
        says.extend(limited::left(self.duties.taken(), head.client, envoy));
        says.extend(said::retiring_by_name(&self.config.policy, &kept.model));
        let counted = said::onto(&mut reply, says);
        self.line.text("policy", &self.config.digest);
        self.line.decided(trace, Some(chain), &[]);
        self.line.text("cache", "hit");
        self.line.text("cache_model", &kept.model);
        let mut effects = Effects::reply(reply).and(metric::CACHE_REQUESTS.count(&["hit"]));
        if let Some(saved) = kept.credits.map(|cost| cost.saturating_sub(*price)) {
            self.line.decimal("cache_saved", &saved.to_string());
            effects.list.push(metric::CACHE_SAVED.measure(&[], saved.micros()));
        }
        effects.list.extend(counted);
        effects
    }
}
