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
use crate::credit::Share;
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
            Ok(Caching { max_age_ms: 0, .. }) => {
                (Verdict::Applied, Cow::Borrowed("its app wants a new answer, which is kept then"))
            }
            Ok(_) => (Verdict::Applied, may_serve(cache, request)),
            Err(why) => (Verdict::NotTaken, why.clone()),
        };
        let (chain, subject) = (None, NAME.to_owned());
        decision.trace.add(Entry { step: NAME, chain, verdict, subject, reason });
    }
    decision.caching = found.ok();
    Ok(())
}

/// That an answer may serve the request that is kept, and what that costs.
fn may_serve(cache: &Cache, request: &Request<'_>) -> Cow<'static, str> {
    let served = "an answer that is kept may serve it";
    let price = Some(cache.price).filter(|own| *own > Share::default());
    let price = price.filter(|_| request.policy.credits().is_some());
    price.map_or(served.into(), |own| format!("{served}, at {own} of what it has cost").into())
}

/// Whether a request's answer may be kept, or why not.
fn caching(
    cache: &Cache,
    request: &Request<'_>,
    decision: &Decision,
) -> Result<Caching, Cow<'static, str>> {
    let ask = request.ask;
    if request.is_our_own() {
        return Err("the gateway asks it itself".into());
    }
    let directives = || directives(request).filter(|_| cache.respect_no_cache);
    let says = |directive: &str| directives().any(|own| own.eq_ignore_ascii_case(directive));
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
        max_age_ms: if says("no-cache") { 0 } else { max_age_ms(directives()) },
    })
}

/// The directives of the request's `cache-control`.
fn directives<'r>(request: &'r Request<'_>) -> impl Iterator<Item = &'r str> {
    let own = request.headers.iter().filter(|(name, _)| name == CACHE_CONTROL);
    own.flat_map(|(_, value)| value.split(',')).map(str::trim)
}

/// How old an answer may be, in milliseconds: the least of all `max-age`, in seconds. One that is
/// no number is 0, as RFC 9111 has it of ages that cannot be read (section 4.2.1).
fn max_age_ms<'d>(directives: impl Iterator<Item = &'d str>) -> u64 {
    let ages = directives.filter_map(|own| {
        let (name, age) = own.split_once('=')?;
        let age = age.trim_matches('"');
        let is_number = !age.is_empty() && age.bytes().all(|own| own.is_ascii_digit());
        let seconds = if is_number { age.parse().unwrap_or(u64::MAX) } else { 0_u64 };
        name.eq_ignore_ascii_case("max-age").then_some(seconds.saturating_mul(1_000))
    });
    ages.min().unwrap_or(u64::MAX)
}

/// A digest of the chain: its name, its models as their providers know them, and what else of the
/// policy makes an answer another one. Where tags are required, those that the models have count:
/// one that has lost a tag has answered nobody who requires it.
fn made_of(request: &Request<'_>, decision: &Decision) -> u64 {
    let primary = &decision.quote.primary;
    let requires = request.tenant.require.iter().next().is_some();
    let mut texts = vec![&*primary.chain];
    texts.push(request.policy.context(decision.asked.route).overflow.name());
    let mut digest = 0;
    for leg in &primary.legs {
        let own = &*leg.model;
        // What it may be asked, and how long its answer may be.
        texts.extend(own.capabilities.iter().map(|own| own.name()));
        for number in [own.context_window, leg.max_output_tokens] {
            digest = mixed(digest ^ number);
        }
        texts.push(&own.breaker_name);
        texts.push(if own.unsupported == Unsupported::Drop { "drop" } else { "skip" });
        let tags = own.tags.iter().filter(|_| requires);
        texts.extend(tags.flat_map(|(name, value)| [name, value]));
    }
    let digest = mixed(digest ^ of_texts(&texts));
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
