//! Step `cache`: whether the answer may be one that somebody else has had, and may be kept for
//! others.
//!
//! It comes right after the chain, while all of that is there: what is kept of a chain's answers
//! counts for no other, and not for the same one once it is made of other models. Which of them
//! may serve now, and which of them is tried first, makes no difference.
use std::borrow::Cow;

use super::kept::of_texts;
use super::known::Known;
use super::{Caching, Decision, Entry, Request, Step, Verdict};
use crate::dialect::Fault;
use crate::policy::{Cache, NotCached};

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
    let wish = request.header(CACHE_CONTROL).filter(|_| cache.respect_no_cache);
    if says(wish, "no-store") {
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
    Ok(Caching { chain: made_of(decision), reads: !says(wish, "no-cache") })
}

/// Whether a `cache-control` has that directive.
fn says(header: Option<&str>, directive: &str) -> bool {
    let mut given = header.into_iter().flat_map(|header| header.split(','));
    given.any(|own| own.trim().eq_ignore_ascii_case(directive))
}

/// A digest of the chain: its name, and its models as their providers know them.
fn made_of(decision: &Decision) -> u64 {
    let primary = &decision.quote.primary;
    let models = primary.legs.iter().map(|leg| &leg.model);
    let models = models.flat_map(|own| [&*own.name, &*own.provider.name, &*own.provider_model]);
    let texts: Vec<&str> = core::iter::once(&*primary.chain).chain(models).collect();
    of_texts(&texts)
}
