//! Step `thread`: a conversation that its provider keeps goes to that provider, or is sent whole.
//!
//! Whoever keeps a conversation knows it by the id of its last message, and answers whoever says
//! that id with the provider's key. That key is the gateway's own: among several tenants an id
//! would be all that keeps one from the words of another. So a thread goes on only for the tenant
//! that was given the message, as far as this proxy remembers; and files, containers and whatever
//! else a provider keeps under ids of that kind are nobody's.
//!
//! A thread cannot go on with another provider's model, so a chain of several providers begins
//! none; and one begins at the first account of its provider, whose key alone knows it then, and
//! stays there. Apps are told by a code to go on without; with that they send all of the
//! conversation, now and later.
use std::borrow::Cow;

use super::{Decision, Entry, Leg, Quote, Request, Step, Verdict};
use crate::dialect::{Fault, FaultKind, Thread};
use crate::layout::{Reader, Writer};
use crate::resilience::{Record, Records};

const NAME: &str = "thread";

pub(super) const STEP: Step = Step { name: NAME, run };

/// What tells an app to go on without.
const UNSUPPORTED: &str = r#"{"error_code":"thread_unsupported_request"}"#;

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let is_shared = !request.policy.has_one_tenant();
    if let Some(field) = request.ask.stored.first().filter(|_| is_shared) {
        let expected = "names what a provider keeps for whoever has its key, which several tenants \
                        share: send what it stands for, or leave it out";
        return Err(Fault::field(field, expected));
    }
    let keeps_any = request.ask.thread.is_some() || !request.ask.stored.is_empty();
    if keeps_any {
        stay_at_first(&mut decision.quote);
    }
    let Some(thread) = request.ask.thread else { return Ok(()) };
    decision.outline.is_shared_thread = is_shared;
    if thread == Thread::Continue && is_shared && !is_own(request) {
        return Err(refusal("this proxy does not know that message for one that you were given"));
    }
    let quote = &mut decision.quote;
    let keeper = quote.primary.legs.first().map(|leg| leg.model.provider.name.clone());
    let keeps = |leg: &Leg| {
        Some(&leg.model.provider.name) == keeper.as_ref() && request.is_spoken_by(&leg.model)
    };
    if !quote.primary.legs.iter().all(keeps) {
        return Err(refusal(
            "not every model behind this name is that of one provider that keeps it",
        ));
    }
    if let Some(near) = quote.near_limit.take_if(|near| !near.legs.iter().all(keeps)) {
        decision.trace.add(Entry {
            step: NAME,
            chain: Some(near.chain.clone()),
            verdict: Verdict::Skipped,
            subject: near.chain,
            reason: Cow::Borrowed("another provider keeps the conversation"),
        });
    }
    Ok(())
}

/// Leaves every model its first account: what a provider keeps, it keeps for an account.
fn stay_at_first(quote: &mut Quote) {
    for candidate in core::iter::once(&mut quote.primary).chain(&mut quote.near_limit) {
        candidate.legs.iter_mut().for_each(|leg| leg.accounts.truncate(1));
    }
}

/// Whether a request holds all that is to be counted of it.
///
/// # Errors
/// What came before is kept by its provider, who alone could count it.
pub(super) fn is_whole(request: &Request<'_>) -> Result<(), Fault> {
    match request.ask.thread {
        Some(Thread::Continue) => Err(refusal("what came before is counted only where it is sent")),
        Some(Thread::Create) | None => Ok(()),
    }
}

/// Whether the message that a thread goes on from was given to the tenant that asks.
fn is_own(request: &Request<'_>) -> bool {
    let message = request.ask.goes_on_from.as_deref();
    let given = message.and_then(|id| request.world.record::<GivenTo>(id));
    given.is_some_and(|given| given.tenant == request.tenant.tenant)
}

/// Who was given a message of a thread, by the message's id.
#[derive(Debug)]
pub struct GivenTo {
    tenant: String,
}

impl GivenTo {
    /// Remembers it. Where that cannot be, the tenant's next request brings its whole conversation.
    pub fn remember(records: Records<'_>, message: &str, tenant: &str) {
        let _ = records.update(message, |before: Option<Self>| {
            // An id is given once: whoever had it first keeps it.
            before.is_none().then(|| (Self { tenant: tenant.to_owned() }, ()))
        });
    }
}

impl Record for GivenTo {
    const KIND: &'static str = "thread.1";

    fn write(&self, out: &mut Writer) {
        out.text(&self.tenant);
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self { tenant: fields.text()?.to_owned() })
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        false
    }
}

fn refusal(why: &str) -> Fault {
    let message = format!("`thread`: {why}: send the whole conversation, without `thread`");
    let param = Some("thread".to_owned());
    let details = Some(UNSUPPORTED.into());
    Fault { param, details, ..Fault::new(FaultKind::InvalidRequest, message) }
}
