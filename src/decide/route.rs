//! Step `route`: what the name means that the app asks for, and what it chooses itself: a class or
//! a chain, by a request header or behind a colon of the name.
use super::decision::Asked;
use super::request::{CHAIN, CLASS};
use super::{Decision, Request, Step};
use crate::dialect::{Fault, FaultKind};
use crate::policy::{AnswerModel, Policy, Route, Tenant, shown};

pub(super) const STEP: Step = Step { name: "route", run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let (policy, name) = (request.policy, &*request.ask.model);
    let found = split(policy, name);
    let name = found.map_or(name, |(_, name, _)| name);
    if !request.tenant.may_ask_for(name) {
        return Err(not_allowed(request.tenant, name));
    }
    let (index, name, suffix) = found.ok_or_else(|| unknown_model(policy, name))?;
    let route = policy.routes().get(index).ok_or_else(|| unknown_model(policy, name))?;
    let mut asked = Asked { route: index, name_bytes: name.len(), class: None, chain: None };
    if let Some(suffix) = suffix {
        by_suffix(policy, (route, name), suffix, &mut asked)?;
    }
    by_headers(request, route, &mut asked)?;
    decision.outline.answer_model =
        (route.answer_model == AnswerModel::Asked).then(|| request.ask.model.clone().into_owned());
    decision.asked = asked;
    Ok(())
}

/// The route of a name, the name itself, and what stands behind its colon, where it is no part of
/// the name and the app may choose something.
fn split<'n>(policy: &Policy, name: &'n str) -> Option<(usize, &'n str, Option<&'n str>)> {
    if let Some(route) = policy.route_index(name) {
        return Some((route, name, None));
    }
    let (name, suffix) = name.rsplit_once(':')?;
    let index = policy.route_index(name)?;
    let (classes, chains) = policy.choices(policy.routes().get(index)?);
    let any = !classes.is_empty() || !chains.is_empty();
    any.then_some((index, name, Some(suffix)))
}

/// A class, or else a chain.
fn by_suffix(
    policy: &Policy,
    (route, name): (&Route, &str),
    suffix: &str,
    asked: &mut Asked,
) -> Result<(), Fault> {
    asked.class = policy.chosen_class(route, suffix);
    if asked.class.is_some() {
        return Ok(());
    }
    asked.chain = policy.chosen_chain(route, suffix).map(|chain| chain.name().to_owned());
    if asked.chain.is_some() {
        return Ok(());
    }
    let (classes, chains) = policy.choices(route);
    let names: Vec<&str> = classes.into_iter().chain(chains).collect();
    let message = format!(
        "`{}:{}`: behind the colon may stand {}",
        shown(name),
        shown(suffix),
        listed(&names)
    );
    Err(refusal("model", message))
}

fn by_headers(request: &Request<'_>, route: &Route, asked: &mut Asked) -> Result<(), Fault> {
    let policy = request.policy;
    let choices = || policy.choices(route);
    if let Some(name) = request.header(CLASS) {
        let class = policy.chosen_class(route, name);
        let class = class.ok_or_else(|| wrong(CLASS, "class", name, &choices().0))?;
        if asked.class.replace(class).is_some_and(|other| other != class) {
            return Err(twice(CLASS));
        }
    }
    if let Some(name) = request.header(CHAIN) {
        let chain = policy.chosen_chain(route, name);
        let chain = chain.ok_or_else(|| wrong(CHAIN, "chain", name, &choices().1))?;
        let chain = chain.name().to_owned();
        if asked.chain.replace(chain).is_some_and(|other| other != name) {
            return Err(twice(CHAIN));
        }
    }
    Ok(())
}

fn twice(header: &'static str) -> Fault {
    let message =
        format!("`{header}` and what stands behind the colon of `model` differ: send one");
    refusal(header, message)
}

/// A choice that is not the app's, or of something that is not there.
fn wrong(header: &'static str, what: &str, name: &str, choices: &[&str]) -> Fault {
    let message = match choices {
        [] => format!("`{header}`: an app may not choose the {what} here: leave the header out"),
        names => format!("`{header}`: expected {}, got `{}`", listed(names), shown(name)),
    };
    refusal(header, message)
}

fn refusal(param: &str, message: String) -> Fault {
    Fault { param: Some(param.to_owned()), ..Fault::new(FaultKind::InvalidRequest, message) }
}

fn listed(names: &[&str]) -> String {
    match names {
        [only] => format!("`{only}`"),
        names => format!("one of `{}`", names.join("`, `")),
    }
}

/// Most names that are listed for an app which asks for another.
const LISTED_MOST: usize = 20;

/// What an app is told that asks for a model which its caller may not use, whether there is one of
/// that name or not.
#[must_use]
pub fn not_allowed(tenant: &Tenant, asked: &str) -> Fault {
    let all = tenant.models.as_deref().unwrap_or_default();
    let names: Vec<&str> = all.iter().take(LISTED_MOST).map(String::as_str).collect();
    let more = if names.len() < all.len() { ", and more: GET /v1/models lists them" } else { "" };
    let message =
        format!("`{}` is not for this caller: it may use {}{more}", shown(asked), listed(&names));
    let param = Some("model".to_owned());
    Fault { param, ..Fault::new(FaultKind::Permission, message) }
}

/// What an app is told that asks for a model of that name, where there is none.
#[must_use]
pub fn unknown_model(policy: &Policy, asked: &str) -> Fault {
    let nearest = policy.nearest(asked);
    let hint = match nearest.as_slice() {
        [] => "GET /v1/models lists what there is".to_owned(),
        names => format!("did you mean `{}`?", names.join("`, `")),
    };
    let message = format!("there is no model `{}` here: {hint}", shown(asked));
    let param = Some("model".to_owned());
    Fault { param, ..Fault::new(FaultKind::ModelNotFound, message) }
}
