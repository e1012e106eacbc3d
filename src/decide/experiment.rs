//! Step `experiment`: the arm that the request is in, of each experiment that is for it.
//!
//! Experiments are drawn in their order. Of those that change the chain one at most has a request;
//! what arms add to it is added by [`super::prompt`], all of it.
use std::borrow::Cow;

use super::conversation::{conversation, of_tenant};
use super::known::Known;
use super::{Decision, Entry, Request, Step, Verdict};
use crate::dialect::Fault;
use crate::policy::{Draw, Experiment, Facts as _, HOLDOUT, Unit, Unmet};

const NAME: &str = "experiment";

pub(super) const STEP: Step = Step { name: NAME, run };

/// Who has decided on the chain.
#[derive(Debug, Clone, Copy)]
enum By<'p> {
    App,
    Experiment(&'p str),
}

/// Why an experiment does not have a request.
#[derive(Debug)]
enum Apart<'p> {
    Unmet(Unmet),
    Decided(By<'p>),
    /// There is nothing to draw by.
    NoUnit,
    /// The unit is not the experiment's.
    Elsewhere(Vec<u8>),
    /// No model of one of its arms may serve the caller. Were only the units of that arm left out,
    /// the arms could not be compared.
    Required,
}

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    // With what was added to it, the app's own request keeps its arms.
    // What the gateway asks itself is in none.
    if request.assembled.is_some() || request.is_our_own() {
        return Ok(());
    }
    let Decision { asked, class, arm, adding, trace, .. } = decision;
    let known = Known { request, asked };
    let mut decided = asked.chain.as_ref().map(|_| By::App);
    for (index, experiment) in request.policy.experiments().iter().enumerate() {
        let (draw, unit) = match drawn(&known, *class, (index, experiment), decided) {
            Ok(drawn) => drawn,
            Err(apart) => {
                // Nobody else reads it.
                if request.world.is_watched() {
                    let reason = why(&apart, experiment, &known);
                    let name = experiment.name.to_string();
                    trace.add(entry(Verdict::NotTaken, name, reason));
                }
                continue;
            }
        };
        let place = match draw {
            Draw::In(place) => Some(place),
            Draw::HeldOut | Draw::Out => None,
        };
        let own = place.and_then(|place| experiment.arms.get(place).map(|own| (place, own)));
        if experiment.changes_chain() {
            *arm = own.map(|(place, _)| (index, place));
            decided = Some(By::Experiment(&experiment.name));
        }
        let adds = own.filter(|(_, own)| own.adds.is_some());
        adding.extend(adds.map(|(place, _)| (index, place)));
        let name = own.map_or(HOLDOUT, |(_, own)| &own.name);
        let reason = Cow::Borrowed(match experiment.unit {
            Unit::Request => "drawn for this request alone",
            Unit::User => "drawn by its user",
            Unit::Key => "drawn by its key",
            Unit::Tenant => "drawn by its tenant",
            Unit::Conversation => "drawn by its conversation",
            Unit::Header(_) => "drawn by a header of its own",
        });
        trace.add(entry(Verdict::Assigned, format!("{}={name}", experiment.name), reason));
        // A request alone needs no name beside its own.
        if experiment.unit != Unit::Request {
            let told = format!("{}={}", experiment.name, experiment.told_unit(&unit));
            let reason = Cow::Borrowed("what keeps that arm, as the access log has it");
            trace.add(entry(Verdict::Unit, told, reason));
        }
    }
    Ok(())
}

const fn entry(verdict: Verdict, subject: String, reason: Cow<'static, str>) -> Entry {
    Entry { step: NAME, chain: None, verdict, subject, reason }
}

/// What becomes of a request in an experiment, and the unit by which it is drawn.
///
/// # Errors
/// Why the experiment does not have it.
fn drawn<'p>(
    known: &Known<'_>,
    class: Option<usize>,
    (index, experiment): (usize, &Experiment),
    decided: Option<By<'p>>,
) -> Result<(Draw, Vec<u8>), Apart<'p>> {
    if let Some(unmet) = experiment.scope.elsewhere(known.route(), class) {
        return Err(Apart::Unmet(unmet));
    }
    if let Some(by) = decided.filter(|_| experiment.changes_chain()) {
        return Err(Apart::Decided(by));
    }
    if let Some(unmet) = experiment.scope.unmet(known, class) {
        return Err(Apart::Unmet(unmet));
    }
    if !may_serve(known.request, index, experiment) {
        return Err(Apart::Required);
    }
    let unit = unit(known.request, &experiment.unit).ok_or(Apart::NoUnit)?;
    match experiment.draw(&unit) {
        Draw::Out => Err(Apart::Elsewhere(unit)),
        draw => Ok((draw, unit)),
    }
}

/// Whether each arm with a chain of its own has a model that the caller's requirements allow.
fn may_serve(request: &Request<'_>, index: usize, experiment: &Experiment) -> bool {
    let required = &request.tenant.require;
    if required.iter().next().is_none() {
        return true;
    }
    let chains = (0..experiment.arms.len()).filter_map(|arm| request.policy.arm_chain(index, arm));
    chains
        .into_iter()
        .all(|chain| chain.models().any(|model| required.missing_in(&model.tags).is_none()))
}

/// The same in words.
fn why(apart: &Apart<'_>, experiment: &Experiment, known: &Known<'_>) -> Cow<'static, str> {
    match apart {
        Apart::Unmet(unmet) => experiment.scope.against(*unmet, known),
        Apart::Decided(By::App) => "the app has chosen the chain".into(),
        Apart::Decided(By::Experiment(name)) => {
            format!("`{name}`, an experiment before it, has decided the chain").into()
        }
        Apart::Required => {
            "no model of one of its arms has the tags that the caller requires".into()
        }
        Apart::NoUnit => match &experiment.unit {
            Unit::User => "there is no user to draw by",
            Unit::Key => "there is no key to draw by",
            Unit::Conversation => "there is no conversation to draw by: it begins with no text",
            Unit::Header(name) => return format!("there is no `{name}` to draw by").into(),
            Unit::Request | Unit::Tenant => "there is nothing to draw by",
        }
        .into(),
        Apart::Elsewhere(unit) => {
            let what = match experiment.unit {
                Unit::Request => "this request",
                Unit::User => "its user",
                Unit::Key => "its key",
                Unit::Tenant => "its tenant",
                Unit::Conversation => "its conversation",
                Unit::Header(_) => "what its header says",
            };
            match experiment.owner(unit, known.request.policy.experiments()) {
                Some((other, layer)) => format!("{what} belongs to `{other}`, of layer `{layer}`"),
                None => format!("{what} is not in its `share`"),
            }
            .into()
        }
    }
}

/// What keeps its arm; `None` where the request has no such thing.
fn unit(request: &Request<'_>, unit: &Unit) -> Option<Vec<u8>> {
    let tenant = request.tenant;
    let of_tenant = |own: &[u8]| of_tenant(&tenant.tenant, own);
    match unit {
        Unit::Request => Some(request.world.chance(NAME).to_be_bytes().to_vec()),
        Unit::User => tenant.user.as_ref().map(|user| of_tenant(user.as_bytes())),
        Unit::Key => tenant.key.as_ref().map(|key| of_tenant(key.as_bytes())),
        Unit::Tenant => Some(tenant.tenant.as_bytes().to_vec()),
        Unit::Conversation => conversation(request).map(|own| of_tenant(&own.to_be_bytes())),
        Unit::Header(name) => request.header(name).map(|value| value.as_bytes().to_vec()),
    }
}
