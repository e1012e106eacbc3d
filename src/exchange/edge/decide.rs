//! From a body to a plan: read once, checked, and matched with the models that can serve it.
use std::borrow::Cow;
use std::rc::Rc;

use super::super::spend::{Bid, Choice, Payer, Size};
use super::super::{Leg, Meter, Plan, Skipped};
use super::{Config, Head, worst};
use crate::credit::Credits;
use crate::dialect::{Ask, Fault, FaultKind, Put, Target, provider};
use crate::json::{Document, Limits};
use crate::policy::{
    Capability, Dropped, Facts, Fit, Model, OnExhausted, Policy, Unsupported, shown,
};

/// How a request may be served, by its route and by the chain for those who have little left.
pub(super) fn decide(config: &Config, head: &Head, body: &[u8]) -> Result<Bid, Fault> {
    let document = Document::parse(body, Limits::default()).map_err(|syntax| {
        Fault::new(FaultKind::InvalidRequest, format!("the body is not valid JSON: {syntax}"))
    })?;
    if !document.root().is_object() {
        let found = document.root().kind().name();
        let message = format!("the body must be a JSON object, found {found}");
        return Err(Fault::new(FaultKind::InvalidRequest, message));
    }
    let ask = head.client.inbound.ask(&document)?;
    let policy = &config.policy;
    limits(policy, &ask)?;
    let route = policy.route(&ask.model).ok_or_else(|| unknown_model(policy, &ask.model))?;
    let request = Request { config, head, document: &document, ask: &ask, bytes: body.len() };
    let fit = request.fit(|policy| policy.chain(route));
    if fit.models.is_empty() {
        return Err(nothing_fits(&ask.model, &fit));
    }
    let size = match policy.credits() {
        Some(_) => Size {
            input_tokens: ask.estimate(),
            images: worst::images(&ask),
            choices: ask.choices,
            streamed: ask.stream,
        },
        None => Size::default(),
    };
    let usual = request.choice(&fit, size);
    let near = policy.credits().and_then(|credits| credits.near_limit.as_ref());
    let cheap = near
        .map(|near| request.fit(|policy| policy.near_chain(near)))
        .filter(|fit| !fit.models.is_empty())
        .map(|fit| Choice {
            near_limit: near.map(|near| policy.near_chain_name(near).to_owned()),
            ..request.choice(&fit, size)
        })
        .filter(|cheap| cheap.chain != usual.chain);
    Ok(Bid { usual, cheap, payer: Payer::of(&head.tenant), size })
}

/// A request that has been read.
struct Request<'r> {
    config: &'r Config,
    head: &'r Head,
    document: &'r Document<'r>,
    ask: &'r Ask<'r>,
    bytes: usize,
}

impl<'r> Request<'r> {
    fn choice(&self, fit: &Fit<'r>, size: Size) -> Choice {
        let Self { config, head, document, ask, bytes } = *self;
        let same = fit.models.iter().any(|model| head.client.same_format(&model.provider.dialect));
        let mut edits = if same { (head.client.inbound.edits)(document, ask) } else { Vec::new() };
        let (mut meter, mut most, mut limits) = (None, Credits::ZERO, Rc::from([]));
        let most_allowed = config.policy.limits().max_output_tokens;
        let leg = |model: &&'r Model| Leg::of(model, most_allowed);
        let mut legs: Vec<Leg<'_>> = fit.models.iter().map(leg).collect();
        if let Some(credits) = config.policy.credits() {
            let bound = |leg: &Leg<'_>| worst::bound(ask, leg, size.input_tokens);
            let bounds: Vec<u64> = legs.iter().map(bound).collect();
            most = worst::cost(ask, bytes, &fit.models, &bounds);
            limits = worst::limits(ask, bytes, &fit.models, &bounds);
            legs.iter_mut().zip(bounds).for_each(|(leg, bound)| leg.bound = Some(bound));
            let stop = credits.on_exhausted == OnExhausted::Stop;
            meter = Some(Meter { choices: ask.choices.max(1), stop, left: None });
        } else {
            edits.retain(|edit| !matches!(edit.put, Put::Bound { .. }));
        }
        let plan = Plan {
            request_id: Cow::Borrowed(&head.request_id),
            app: Cow::Borrowed(head.client.name),
            tenant: Cow::Borrowed(&head.tenant.tenant),
            route: Cow::Borrowed(&ask.model),
            stream: ask.stream,
            stream_usage: ask.stream_usage,
            legs,
            skipped: fit.dropped.iter().map(skipped).collect(),
            edits,
            carried: head.carried.iter().map(|(n, v)| (n.into(), v.into())).collect(),
            meter,
            again: None,
        };
        let chain = fit.models.iter().map(|model| model.name.clone()).collect();
        Choice { plan: plan.encode(), chain, limits, worst: most, near_limit: None }
    }

    /// The models that can serve the request.
    ///
    /// A token is at least one byte of text, so a body that fits into a window by its bytes fits
    /// by its tokens, and nearly all do: they are counted only when the bytes alone would drop a
    /// model. An image by its address is the exception: few bytes and many tokens.
    fn fit<M: Iterator<Item = &'r Model>>(&self, chain: impl Fn(&'r Policy) -> M) -> Fit<'r> {
        let Self { config, head, ask, bytes, .. } = *self;
        let policy = &config.policy;
        let mut facts = facts(head, ask);
        let fits = |facts: &Facts| policy.fit(chain(policy), facts, |model| lack(head, ask, model));
        if !facts.needs.iter().any(|(need, _)| *need == Capability::Images) {
            facts.input_tokens = u64::try_from(bytes).unwrap_or(u64::MAX);
            let fit = fits(&facts);
            if !fit.dropped.iter().any(|(_, why)| matches!(why, Dropped::Context { .. })) {
                return fit;
            }
        }
        facts.input_tokens = ask.estimate();
        fits(&facts)
    }
}

fn limits(policy: &Policy, ask: &Ask<'_>) -> Result<(), Fault> {
    let limits = policy.limits();
    if ask.messages > limits.max_messages {
        let (sent, most) = (ask.messages, limits.max_messages);
        let expected = format!("{sent} messages are more than the {most} this gateway takes");
        return Err(Fault::field("messages", expected));
    }
    match (&ask.max_tokens, limits.max_output_tokens) {
        (Some(asked), Some(most)) if asked.value > most => {
            let expected =
                format!("{} is more than the {most} tokens this gateway allows", asked.value);
            Err(Fault::field(asked.field, expected))
        }
        _ => Ok(()),
    }
}

fn facts(head: &Head, ask: &Ask<'_>) -> Facts {
    let needs = ask.needs();
    let mut facts = Facts {
        dialect: head.client.name,
        input_tokens: 0,
        max_tokens: ask.max_tokens.map(|max| max.value),
        needs: Vec::new(),
    };
    for (capability, field) in [
        (Capability::Tools, needs.tools),
        (Capability::Images, needs.images),
        (Capability::JsonSchema, needs.json_schema),
        (Capability::Reasoning, needs.reasoning),
    ] {
        facts.needs.extend(field.map(|field| (capability, field)));
    }
    facts
}

/// What a model's provider cannot be told of a request.
fn lack(head: &Head, ask: &Ask<'_>, model: &Model) -> Option<String> {
    let Some(provider) = provider::named(&model.provider.dialect) else {
        return Some(format!(
            "its provider speaks `{}`, which this gateway does not",
            model.provider.dialect
        ));
    };
    if provider.format == head.client.format() || model.unsupported == Unsupported::Drop {
        return None;
    }
    let target =
        Target { model: &model.provider_model, max_output_tokens: model.max_output_tokens };
    let fields = provider.unsupported(ask, &target);
    let said: Vec<String> = fields.iter().map(ToString::to_string).collect();
    if said.is_empty() { None } else { Some(said.join(", ")) }
}

fn skipped<'p>((model, why): &(&'p Model, Dropped)) -> Skipped<'p> {
    Skipped { model: Cow::Borrowed(&model.name), why: Cow::Owned(why.to_string()) }
}

fn unknown_model(policy: &Policy, asked: &str) -> Fault {
    let nearest = policy.nearest(asked);
    let hint = match nearest.as_slice() {
        [] => "GET /v1/models lists what there is".to_owned(),
        names => format!("did you mean `{}`?", names.join("`, `")),
    };
    let message = format!("there is no model `{}` here: {hint}", shown(asked));
    let param = Some("model".to_owned());
    Fault { param, ..Fault::new(FaultKind::ModelNotFound, message) }
}

/// Every model of the chain was passed over: each with its reason.
fn nothing_fits(asked: &str, fit: &Fit<'_>) -> Fault {
    let mut message = format!("no model behind `{asked}` can serve this request:");
    for (index, (model, why)) in fit.dropped.iter().enumerate() {
        let comma = if index == 0 { "" } else { ";" };
        message.push_str(&format!("{comma} `{}`: {why}", model.name));
    }
    let param = fit.dropped.iter().find_map(|(_, why)| match why {
        Dropped::Capability(_, field) => Some((*field).to_owned()),
        _ => None,
    });
    let too_long = fit.dropped.iter().all(|(_, w)| matches!(w, Dropped::Context { .. }));
    let kind = if too_long { FaultKind::ContextLength } else { FaultKind::InvalidRequest };
    Fault { param, ..Fault::new(kind, message) }
}
