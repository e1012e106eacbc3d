//! Step `cache`: whether the answer may be one that somebody else has had, and may be kept for
//! others.
//!
//! It comes right after the chain, while all of that is there: what is kept of a chain's answers
//! counts for no other, and not for the same one once it is made of other models. Which of them
//! may serve now, and which of them is tried first, makes no difference.
use std::borrow::Cow;

use super::kept::of_texts;
use super::known::Known;
use super::world::mixed;
use super::{Caching, Decision, Entry, Request, Step, Verdict};
use crate::dialect::Fault;
use crate::policy::{Acceptance, Cache, NotCached, Unsupported};

const NAME: &str = "cache";

/// The request header by which an app asks for a new answer.
pub const CACHE_CONTROL: &str = "cache-control";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let Some(cache) = request.policy.cache() else { return Ok(()) };
    let found = caching(cache, request, decision);
    if request.world.is_watched() {
        let (verdict, reason) = match &found {
            Ok(Caching { reads: true, .. }) => {
                (Verdict::Applied, Cow::Borrowed("an answer that is kept may serve it"))
            }
            Ok(_) => {
                (Verdict::Applied, Cow::Borrowed("its app wants a new answer, which is kept then"))
            }
            Err(why) => (Verdict::NotTaken, why.clone()),
        };
        let (chain, subject) = (None, NAME.to_owned());
        decision.trace.add(Entry { step: NAME, chain, verdict, subject, reason });
    }
    decision.caching = found.ok();
    Ok(())
}

/// Whether a request's answer may be kept, or why not.
fn caching(
    cache: &Cache,
    request: &Request<'_>,
    decision: &Decision,
) -> Result<Caching, Cow<'static, str>> {
    let ask = request.ask;
    if request.copied.is_some() {
        return Err("it is a copy".into());
    }
    let says = |directive: &str| cache.respect_no_cache && says(request, directive);
    if says("no-store") {
        return Err("its app says `no-store`".into());
    }
    cache.takes(&Known { request, asked: &decision.asked }).map_err(|why| match why {
        NotCached::Route => Cow::Borrowed("it is not for this route"),
        NotCached::When(against) => format!("its `when` does not hold: {against}").into(),
    })?;
    if ask.thread.is_some() {
        return Err("its provider keeps the conversation".into());
    }
    if let Some(field) = ask.stored.first() {
        return Err(format!("`{field}` names what a provider keeps").into());
    }
    if let Some(field) = ask.passthrough_only.first() {
        return Err(format!("`{field}` means something in its own API alone").into());
    }
    Ok(Caching {
        chain: made_of(request, decision),
        reads: !says("no-cache") && !says("max-age=0"),
    })
}

/// Whether a `cache-control` of the request's has that directive.
fn says(request: &Request<'_>, directive: &str) -> bool {
    let own = request.headers.iter().filter(|(name, _)| name == CACHE_CONTROL);
    let mut given = own.flat_map(|(_, value)| value.split(','));
    given.any(|own| own.trim().eq_ignore_ascii_case(directive))
}

/// A digest of the chain: its name, its models as their providers know them, and what else of the
/// policy makes an answer another one. Where tags are required, those that the models have count:
/// one that has lost a tag has answered nobody who requires it.
fn made_of(request: &Request<'_>, decision: &Decision) -> u64 {
    let primary = &decision.quote.primary;
    let requires = request.tenant.require.iter().next().is_some();
    let mut texts = vec![&*primary.chain];
    texts.push(request.policy.context(decision.asked.route).overflow.name());
    for leg in &primary.legs {
        let own = &*leg.model;
        texts.push(&own.breaker_name);
        texts.push(if own.unsupported == Unsupported::Drop { "drop" } else { "skip" });
        let tags = own.tags.iter().filter(|_| requires);
        texts.extend(tags.flat_map(|(name, value)| [name, value]));
    }
    let digest = of_texts(&texts);
    let Some(cascade) = &primary.cascade else { return digest };
    accepted(&cascade.accept, cascade.waits, digest)
}

/// The same with what makes an answer of a cascade one that an app may see.
fn accepted(accept: &Acceptance, waits: bool, digest: u64) -> u64 {
    let Acceptance { finish, refusal, empty, schema_valid, tools_valid, .. } = *accept;
    let Acceptance { hedging, min_chars, max_chars, agree, .. } = accept;
    let flags = [waits, finish, refusal, empty, schema_valid, tools_valid];
    let flags = flags.into_iter().fold(1, |before: u64, own| (before << 1) | u64::from(own));
    let bounds = [*min_chars, *max_chars].map(|own| own.map_or(0, |own| own.saturating_add(1)));
    let digest = [flags].into_iter().chain(bounds).fold(digest, |before, own| mixed(before ^ own));
    let texts: Vec<&str> = hedging.iter().chain(agree.iter().flatten()).map(|own| &**own).collect();
    mixed(digest ^ of_texts(&texts))
}
