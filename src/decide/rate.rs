//! Step `rate`: which limits a request is under, and what it takes of each. Whether there is so
//! much, the request's role finds out: a step changes nothing that workers share.
use std::borrow::Cow;
use std::rc::Rc;

use super::conversation::conversation;
use super::kept::{name, of_texts};
use super::known::Known;
use super::{Bounds, Claim, Claims, Decision, Entry, Leg, Request, Step, Tokens, Verdict};
use crate::dialect::Fault;
use crate::policy::{Limit, Rate, RateBy, Session, SessionBy};

const NAME: &str = "rate";

pub(super) const STEP: Step = Step { name: NAME, run };

/// A context window is read by an attempt that often at most: a provider's own tools do it again.
const WINDOWS: u64 = 5;

/// What an answer counts with while nobody knows how long the subject's answers are, and its app
/// sets no bound, in tokens: some 750 words, more than most answers to people have.
const UNKNOWN: u64 = 1000;

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let policy = request.policy;
    // A copy is the gateway's own doing.
    if request.copied.is_some() || (policy.rates().is_empty() && policy.session().is_none()) {
        return Ok(());
    }
    let known = Known { request, asked: &decision.asked };
    let session = policy.session().and_then(|own| session(request, own));
    let mut subjects: Vec<Claim> = Vec::new();
    for rule in policy.rates().iter().filter(|rule| rule.takes(&known, decision.class)) {
        if let Some(claim) = subjects.iter_mut().find(|claim| claim.by == rule.by) {
            claim.rules.push(Rc::clone(rule));
            continue;
        }
        let found = subject(request, decision.asked.route, rule.by, session.as_deref());
        subjects.extend(found.map(|(subject, shown)| Claim {
            subject,
            by: rule.by,
            shown,
            rules: vec![Rc::clone(rule)],
            caps: None,
        }));
    }
    let legs = &decision.quote.primary.legs;
    let choices = request.ask.choices.max(1);
    let answer = legs.iter().map(|leg| leg.max_output_tokens).max().unwrap_or_default();
    let output = answer.saturating_mul(choices);
    let likely = output.min(UNKNOWN.saturating_mul(choices));
    if let Some((name, caps)) = session.zip(policy.session().filter(|own| own.caps())) {
        let price = legs.first().and_then(|leg| leg.model.price);
        let price = price.filter(|_| caps.credits.is_some());
        let estimate = price.map(|price| price.worst(request.input_tokens(), likely, 0));
        let estimate = estimate.unwrap_or_default();
        let by = RateBy::Session;
        let known = subjects.iter().position(|claim| claim.by == by);
        let known = known.map(|at| subjects.remove(at));
        let mut claim = known.unwrap_or_else(|| Claim {
            subject: name,
            by,
            shown: String::new(),
            rules: Vec::new(),
            caps: None,
        });
        claim.caps = Some((Rc::clone(caps), estimate));
        // It comes last: what the others refuse is none of the session.
        subjects.push(claim);
    }
    if subjects.is_empty() {
        return Ok(());
    }
    let counts = |rule: &Rc<Rate>| matches!(rule.limit, Limit::Tokens(_));
    let (mut tokens, mut bounds) = (Tokens::default(), Vec::new());
    if subjects.iter().flat_map(|claim| &claim.rules).any(counts) {
        let input = request.input_tokens();
        let unknown = if request.ask.max_tokens.is_some() { output } else { likely };
        tokens = Tokens { input, output, unknown };
        let legs = decision.quote.candidates().flat_map(|own| &own.legs);
        let bound = |leg: &Leg| leg.bounds.unwrap_or_else(|| uncounted(leg, choices, input));
        bounds = legs.map(|leg| (Rc::clone(&leg.model), bound(leg))).collect();
    }
    if request.world.is_watched() {
        let entries =
            subjects.iter().flat_map(|claim| claim.rules.iter().map(move |rule| (claim, rule)));
        decision.trace.extend(entries.map(|(claim, rule)| Entry {
            step: NAME,
            chain: None,
            verdict: Verdict::Applied,
            subject: rule.name.clone(),
            reason: Cow::Owned(format!("{} for {}", rule.says(), claim.shown)),
        }));
    }
    decision.claims = Some(Box::new(Claims { subjects, tokens, bounds }));
    Ok(())
}

/// What a model may use of a request where nobody has set credits aside for it: a conversation that
/// is shortened first is written anew.
fn uncounted(leg: &Leg, choices: u64, estimate: u64) -> Bounds {
    let input = leg.model.context_window.saturating_mul(WINDOWS);
    let output = leg.max_output_tokens.saturating_mul(choices).saturating_mul(2);
    Bounds { input, output, estimate }
}

/// Whose limits count, by a name that no other subject has, and in words for its app; `None` where
/// the request has no such thing.
fn subject(
    request: &Request<'_>,
    route: usize,
    by: RateBy,
    session: Option<&str>,
) -> Option<(String, String)> {
    let tenant = request.tenant;
    let whose = |own: &str| name(&tenant.tenant, of_texts(&[by.word(), own]));
    Some(match by {
        RateBy::Tenant => (whose(""), format!("`{}`", tenant.tenant)),
        RateBy::User => {
            let user = tenant.user.as_deref()?;
            (whose(user), format!("the user `{user}`"))
        }
        RateBy::Key => {
            let key = tenant.key.as_deref()?;
            (whose(key), format!("the key `{key}`"))
        }
        RateBy::Session => (session?.to_owned(), "the session".to_owned()),
        RateBy::Model => {
            let route = request.policy.routes().get(route)?.names.first()?;
            // No tenant has an empty name.
            (name("", of_texts(&[by.word(), route])), format!("the model `{route}`"))
        }
    })
}

/// The name of the request's session; `None` where it has none.
fn session(request: &Request<'_>, session: &Session) -> Option<String> {
    let (by, own) = match &session.by {
        SessionBy::Header(name) => (name.as_str(), Cow::Borrowed(request.header(name)?)),
        SessionBy::PromptCacheKey => {
            let key = "prompt_cache_key";
            (key, request.document.root().str_of(key)?)
        }
        SessionBy::Conversation => {
            let conversation = match request.assembled {
                Some(own) if own.body.is_some() => own.conversation?,
                _ => conversation(request)?,
            };
            ("conversation", Cow::Owned(format!("{conversation:x}")))
        }
    };
    let known = || name(&request.tenant.tenant, of_texts(&["session", by, &own]));
    (!own.is_empty()).then(known)
}
