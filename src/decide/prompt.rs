//! What the gateway adds to a request before anything else is decided of it: first what the rules
//! of `prompt` add, in their order, then what the request's arms of experiments do, in theirs.
//!
//! The rules are asked of the app's own request: its route, its class and its arms are found first,
//! and stay what they are. What is made of it is a body in the app's own format, which is read as
//! the app's own would be: every step after this, every model and every attempt see that one.
use std::borrow::Cow;

use super::conversation::opened;
use super::known::Known;
use super::{
    Assembled, Decision, Entry, Refusal, Request, Verdict, class, experiment, limits, rate, route,
    shadow, sticky,
};
use crate::credit::Moment;
use crate::dialect::{Assembly, Reasoning, Role, splice};
use crate::policy::{Additions, DecimalText, Parameters, Template, Variable};

const NAME: &str = "prompt";

/// Adds to a request what the policy says; `None` where the policy adds nothing to any.
///
/// # Errors
/// Where the request is refused before that is asked.
pub fn assemble(request: &Request<'_>) -> Result<Option<Assembled>, Box<Refusal>> {
    let policy = request.policy;
    if !policy.adds() {
        return Ok(None);
    }
    let mut decision = Decision::of(request);
    for step in [limits::STEP, route::STEP, class::STEP, experiment::STEP, shadow::STEP] {
        step.decide(request, &mut decision)?;
    }
    let Decision { asked, class, arm, adding, shadow, trace, .. } = decision;
    let known = Known { request, asked: &asked };
    let kept = [Verdict::Classed, Verdict::Assigned, Verdict::Unit, Verdict::NotTaken];
    let mut entries: Vec<Entry> =
        trace.of(None).filter(|entry| kept.contains(&entry.verdict)).cloned().collect();
    let mut sum = Sum::of(&known, class);
    for (place, rule) in policy.prompts().iter().enumerate() {
        let Some(reason) = rule.takes(&known, class) else { continue };
        let reason = with(reason, sum.add(&rule.adds));
        entries.push(added(format!("prompt[{place}]"), reason));
    }
    for (experiment, place) in adding {
        let Some(own) = policy.experiments().get(experiment) else { continue };
        let Some(arm) = own.arms.get(place) else { continue };
        let Some(adds) = &arm.adds else { continue };
        let reason = format!("its arm `{}` of `{}`", arm.name, own.name);
        let reason = with(reason.into(), sum.add(adds));
        let subject = format!("experiments[{}].arms[{place}].prompt", own.place);
        entries.push(added(subject, reason));
    }
    // A question and an answer each.
    let examples = sum.assembly.examples.len().saturating_mul(2);
    let body = sum.body();
    let asks = sticky::asks_for_conversation(request) || rate::asks_for_conversation(request);
    let conversation = (body.is_some() && asks).then(|| opened(request));
    Ok(Some(Assembled { body, class, arm, shadow, conversation, examples, entries }))
}

fn added(subject: String, reason: Cow<'static, str>) -> Entry {
    Entry { step: NAME, chain: None, verdict: Verdict::Added, subject, reason }
}

/// A reason, and what is left out for another one.
fn with(reason: Cow<'static, str>, left_out: Option<&'static str>) -> Cow<'static, str> {
    match left_out {
        Some(why) => Cow::Owned(format!("{reason}; {why}")),
        None => reason,
    }
}

/// All that is added to one request.
struct Sum<'k> {
    known: &'k Known<'k>,
    class: Option<usize>,
    said: Said,
    assembly: Assembly,
}

impl<'k> Sum<'k> {
    fn of(known: &'k Known<'k>, class: Option<usize>) -> Self {
        let said = Said::of(known.request);
        Self { known, class, said, assembly: Assembly::default() }
    }

    /// Behind what was added before; says what of it is left out.
    fn add(&mut self, own: &Additions) -> Option<&'static str> {
        let Self { known, class, said, assembly } = self;
        let fill = |template: &Template| template.filled(|variable| value(known, *class, variable));
        assembly.before.extend(own.prepend_system.as_ref().map(fill));
        assembly.after.extend(own.append_system.as_ref().map(fill));
        let both = |(user, assistant): &(Template, Template)| (fill(user), fill(assistant));
        let ask = known.request.ask;
        let left_out = if own.examples.is_empty() {
            None
        } else if ask.goes_on_from.is_some() {
            Some("not its `messages`: the provider keeps how this conversation began")
        } else if ask.turns.first().is_some_and(|turn| turn.role == Role::Assistant) {
            // It would go on with the answer of the last example.
            Some("not its `messages`: the conversation begins with an answer")
        } else {
            let says = |text: &str| !text.trim().is_empty();
            let filled = own.examples.iter().map(both);
            let before = assembly.examples.len();
            assembly.examples.extend(filled.filter(|(user, answer)| says(user) && says(answer)));
            let added = assembly.examples.len().saturating_sub(before);
            (added < own.examples.len())
                .then_some("not those of its `messages` whose variables stand for nothing")
        };
        said.default_to(&own.default);
        said.set(&own.set);
        said.cap(&own.cap);
        left_out
    }

    /// The request's body with all of it; `None` where that is the app's own.
    fn body(self) -> Option<Vec<u8>> {
        let Self { known: Known { request, .. }, said, mut assembly, .. } = self;
        said.into_assembly(request, &mut assembly);
        if assembly == Assembly::default() {
            return None;
        }
        let edits = (request.inbound.assemble)(request.document, request.ask, &assembly);
        splice(request.document.text().as_bytes(), &edits, "", None)
    }
}

/// What stands for a variable.
fn value(known: &Known<'_>, class: Option<usize>, variable: &Variable) -> Option<String> {
    let Known { request, .. } = known;
    let tenant = request.tenant;
    match variable {
        Variable::Tenant => Some(tenant.tenant.clone()),
        Variable::User => tenant.user.clone(),
        Variable::Key => tenant.key.clone(),
        Variable::Route => {
            let model = &*request.ask.model;
            Some(model.get(..known.asked.name_bytes).unwrap_or(model).to_owned())
        }
        Variable::Class => Some(request.policy.classes().get(class?)?.name.to_string()),
        Variable::Date => {
            let millis = request.world.unix_seconds().saturating_mul(1000);
            Some(Moment::of_millis(millis).to_string().get(..10)?.to_owned())
        }
        Variable::Header(name) => request.header(name).map(str::to_owned),
        Variable::Label(name) => tenant.label(name).map(str::to_owned),
    }
}

/// What a request says of how it is to be answered.
struct Said {
    temperature: Option<DecimalText>,
    top_p: Option<DecimalText>,
    max_tokens: Option<u64>,
    reasoning: Option<Reasoning>,
}

impl Said {
    fn of(request: &Request<'_>) -> Self {
        let ask = request.ask;
        let text = |number: crate::dialect::Number<'_>| DecimalText {
            text: number.text.to_owned(),
            value: number.value,
        };
        Self {
            temperature: ask.temperature.map(|given| text(given.value)),
            top_p: ask.top_p.map(|given| text(given.value)),
            max_tokens: ask.max_tokens.map(|given| given.value),
            reasoning: ask.reasoning.map(|given| given.value),
        }
    }

    fn default_to(&mut self, own: &Parameters) {
        self.temperature = self.temperature.take().or_else(|| own.temperature.clone());
        self.top_p = self.top_p.take().or_else(|| own.top_p.clone());
        self.max_tokens = self.max_tokens.or(own.max_tokens);
        self.reasoning = self.reasoning.or(own.reasoning);
    }

    fn set(&mut self, own: &Parameters) {
        self.temperature = own.temperature.clone().or_else(|| self.temperature.take());
        self.top_p = own.top_p.clone().or_else(|| self.top_p.take());
        self.max_tokens = own.max_tokens.or(self.max_tokens);
        self.reasoning = own.reasoning.or(self.reasoning);
    }

    fn cap(&mut self, own: &Parameters) {
        let lower = |said: &mut Option<DecimalText>, cap: &Option<DecimalText>| {
            if let (Some(own), Some(cap)) = (said.as_ref(), cap)
                && own.value > cap.value
            {
                *said = Some(cap.clone());
            }
        };
        lower(&mut self.temperature, &own.temperature);
        lower(&mut self.top_p, &own.top_p);
        // A bound that nobody has set has no end.
        self.max_tokens = match (self.max_tokens, own.max_tokens) {
            (Some(said), Some(cap)) => Some(said.min(cap)),
            (said, cap) => said.or(cap),
        };
        if let (Some(said), Some(cap)) = (self.reasoning, own.reasoning)
            && said.effort() > cap.effort()
        {
            self.reasoning = Some(cap);
        }
    }

    /// What is other than the app has said.
    fn into_assembly(self, request: &Request<'_>, assembly: &mut Assembly) {
        let own = Self::of(request);
        let differs = |said: Option<DecimalText>, own: Option<DecimalText>| {
            said.filter(|said| own.as_ref() != Some(said)).map(|said| said.text)
        };
        assembly.temperature = differs(self.temperature, own.temperature);
        assembly.top_p = differs(self.top_p, own.top_p);
        assembly.max_tokens = self.max_tokens.filter(|_| self.max_tokens != own.max_tokens);
        assembly.reasoning = self.reasoning.filter(|_| self.reasoning != own.reasoning);
    }
}
