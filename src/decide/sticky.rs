//! Step `sticky`: the model that has answered before is tried first.
//!
//! It comes right after the chain, so that the model is judged by every step that follows like any
//! other: by what its caller requires, by what it is able to do, by what it costs. Of what is
//! remembered only what may matter is asked for: nothing where one model serves whatever comes.
use std::borrow::Cow;

use super::conversation::remembered;
use super::kept::{Answered, Called, Calls, Keeping, name};
use super::{Decision, Entry, Leg, Request, Step, Verdict, retire};
use crate::dialect::{Ask, Block, Fault, Role};
use crate::policy::{Route, Sticky, StickyBy};
use crate::resilience::digest;

const NAME: &str = "sticky";

pub(super) const STEP: Step = Step { name: NAME, run };

/// The model that has answered before.
struct Kept {
    model: String,
    why: String,
    /// Whether it is tried even where the chain has no such model.
    whatever: bool,
}

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    // What is learnt of a copy is of no use to its app, and who goes on with an answer is decided.
    if request.is_our_own() {
        return Ok(());
    }
    let policy = request.policy;
    let Some(route) = policy.routes().get(decision.asked.route) else { return Ok(()) };
    let differs = policy.chains_differ(route);
    let legs = &decision.quote.primary.legs;
    let sticky = policy.sticky().filter(|sticky| sticky.is_for(decision.asked.route));
    let calls = may_call(request.ask);
    if (!differs && legs.len() < 2) || (sticky.is_none() && !calls) {
        return Ok(());
    }
    let by_conversation = sticky.is_some_and(|own| own.by == StickyBy::Conversation);
    let conversation = match request.assembled.and_then(|own| own.conversation) {
        _ if !calls && !by_conversation => None,
        Some(conversation) => conversation.map(|known| known.own),
        None => remembered(request),
    };
    let kept = sticky.and_then(|sticky| unit(request, route, sticky, conversation));
    let calls = calls.then(|| Calls {
        tenant: request.tenant.tenant.clone(),
        within: within(request, conversation),
        unless: match (differs, sticky) {
            (false, None) => legs.first().map(|leg| leg.model.name.clone()),
            _ => None,
        },
    });
    let keeping = Keeping { kept, calls };
    let found = called(request, &keeping).or_else(|| {
        let sticky = sticky?;
        let whatever = sticky.across_classes && decision.arm.is_none();
        answered(request, sticky, &keeping, whatever)
    });
    let remembers = keeping.kept.is_some() || keeping.calls.is_some();
    decision.outline.keeping = remembers.then(|| Box::new(keeping));
    if let Some(found) = found {
        keep(request, decision, &found);
    }
    Ok(())
}

/// Whether the step may ask for a request's conversation.
pub(super) fn asks_for_conversation(request: &Request<'_>) -> bool {
    request.policy.sticky().is_some() || may_call(request.ask)
}

/// Tries a model first.
fn keep(request: &Request<'_>, decision: &mut Decision, kept: &Kept) {
    // From its day on a model that is retired is asked by nobody.
    let own = request.policy.model(&kept.model);
    let Some(model) = own.and_then(|own| retire::standing(request, own)) else { return };
    let Decision { quote, trace, asked, .. } = decision;
    let stands = match &*model.name {
        name if name == kept.model => String::new(),
        _ => format!(", and it stands for `{}`", kept.model),
    };
    let entry = |chain: &str, more: &str| Entry {
        step: NAME,
        chain: Some(chain.to_owned()),
        verdict: Verdict::Kept,
        subject: model.name.clone(),
        reason: Cow::Owned(format!("{}{stands}{more}", kept.why)),
    };
    let primary = &mut quote.primary;
    if primary.begin_with(&model.name) {
        // Of two that are to agree, both are asked, in their order.
        let is_first = primary.legs.first().is_some_and(|leg| leg.model.name == model.name);
        trace.add(entry(
            &primary.chain,
            if is_first { "" } else { ", as one of two that are to agree" },
        ));
    } else if kept.whatever
        // An app that chooses itself is served as it says; a thread has its models.
        && asked.chain.is_none()
        && asked.class.is_none()
        && request.ask.thread.is_none()
    {
        primary.put_first(Leg::of(model, request.policy));
        trace.add(entry(&primary.chain, ", as a model of another chain"));
    }
    if let Some(near) = &mut quote.near_limit
        && near.begin_with(&model.name)
    {
        trace.add(entry(&near.chain, ""));
    }
}

/// The model whose calls of functions are answered.
fn called(request: &Request<'_>, keeping: &Keeping) -> Option<Kept> {
    let calls = keeping.calls.as_ref().filter(|_| request.ask.answers_calls())?;
    let call = first_call(request.ask)?;
    let found = request.world.record::<Called>(&calls.name(digest(call)))?;
    let why = "it made the calls that are answered here".to_owned();
    Some(Kept { model: found.model, why, whatever: true })
}

/// The model that has answered last, where that is not too long ago.
fn answered(
    request: &Request<'_>,
    sticky: &Sticky,
    keeping: &Keeping,
    whatever: bool,
) -> Option<Kept> {
    let found = request.world.record::<Answered>(keeping.kept.as_deref()?)?;
    let ago_ms = request.world.now_ms().saturating_sub(found.at_ms);
    if ago_ms > sticky.for_ms {
        return None;
    }
    let whom = match &sticky.by {
        StickyBy::Conversation => Cow::Borrowed("this conversation"),
        StickyBy::User => Cow::Borrowed("this user"),
        StickyBy::Key => Cow::Borrowed("this key"),
        StickyBy::Header(name) => Cow::Owned(format!("the same `{name}`")),
    };
    let why = format!("it answered {whom} {} s ago", ago_ms / 1000);
    Some(Kept { model: found.model, why, whatever: whatever || request.ask.answers_calls() })
}

/// What is kept on its model; `None` where the request has no such thing.
fn unit(
    request: &Request<'_>,
    route: &Route,
    sticky: &Sticky,
    conversation: Option<u64>,
) -> Option<String> {
    let tenant = request.tenant;
    let (kind, own) = match &sticky.by {
        StickyBy::Conversation => ("conversation", Cow::Owned(format!("{:x}", conversation?))),
        StickyBy::User => ("user", Cow::Borrowed(tenant.user.as_deref()?)),
        StickyBy::Key => ("key", Cow::Borrowed(tenant.key.as_deref()?)),
        StickyBy::Header(name) => ("header", Cow::Borrowed(request.header(name)?)),
    };
    let route = route.names.first().map_or("", String::as_str);
    Some(name(&request.world, &tenant.tenant, &[route, kind, &own]))
}

/// What tells the calls of one conversation from those of another.
fn within(request: &Request<'_>, conversation: Option<u64>) -> u64 {
    let mut own = request.world.digest();
    own.text("calls");
    conversation.into_iter().for_each(|digest| own.number(digest));
    let [half, _] = own.finish();
    half
}

/// Whether an answer may call functions, or what is answered here has.
fn may_call(ask: &Ask<'_>) -> bool {
    let is_tool = |field: &&str| field.starts_with("tools[");
    let mut fields = ask.passthrough_only.iter().map(AsRef::as_ref);
    !ask.tools.is_empty() || ask.answers_calls() || fields.any(|field| is_tool(&field))
}

/// The id of the first call in what the assistant has said before the user's last turn.
fn first_call<'a>(ask: &'a Ask<'_>) -> Option<&'a str> {
    let mut turns = ask.turns.iter().rev().skip_while(|turn| turn.role != Role::User);
    turns.next()?;
    turns.next()?.blocks.iter().find_map(|block| match block {
        Block::ToolCall { id, .. } => Some(&**id),
        _ => None,
    })
}
