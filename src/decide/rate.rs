//! Step `rate`: which limits a request is under, and what it takes of each. Whether there is so
//! much, the request's role finds out: a step changes nothing that workers share.
use std::borrow::Cow;
use std::rc::Rc;

use super::conversation::{conversation, remembered};
use super::kept::{name, of_texts};
use super::known::Known;
use super::{
    Bounds, Claim, Claims, Decision, Entry, Leg, Need, Request, Shared, Size, Step, Tokens, Verdict,
};
use crate::dialect::Fault;
use crate::policy::{Limit, Rate, RateBy, Session, SessionBy};

const NAME: &str = "rate";

/// What the limits of several proxies are called where rules have a name.
pub const GLOBAL: &str = "global";

pub(super) const STEP: Step = Step { name: NAME, run };

/// A context window is read by an attempt that often at most: a provider's own tools do it again.
const WINDOWS: u64 = 5;

/// What an answer counts with while nobody knows how long the subject's answers are, and its app
/// sets no bound, in tokens: some 750 words, more than most answers to people have.
const UNKNOWN: u64 = 1000;

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let (policy, route) = (request.policy, decision.asked.route);
    // A copy is the gateway's own doing.
    let unlimited = policy.rates().is_empty() && policy.session().is_none();
    if request.copied.is_some() || (unlimited && policy.global_limits().is_none()) {
        return Ok(());
    }
    let session = policy.session().and_then(|own| session(request, own));
    let choices = request.ask.choices.max(1);
    let legs = &decision.quote.primary.legs;
    let answer = legs.iter().map(|leg| leg.max_output_tokens).max().unwrap_or_default();
    let output = answer.saturating_mul(choices);
    let likely = output.min(UNKNOWN.saturating_mul(choices));
    let subjects = claimed(request, decision, session.as_deref(), likely);
    let name = |by| shared_name(request, route, by);
    let mut shared = policy.global_limits().map(|own| Shared::of(own, name));
    let counts = |rule: &Rc<Rate>| matches!(rule.limit, Limit::Tokens(_));
    let (mut tokens, mut need) = (Tokens::default(), Need::default());
    if subjects.iter().flat_map(|claim| &claim.rules).any(counts)
        || shared.as_ref().is_some_and(|own| own.counts_tokens)
    {
        let input = request.input_tokens();
        let unknown = if request.ask.max_tokens.is_some() { output } else { likely };
        tokens = Tokens { input, output, unknown };
        let legs = decision.quote.candidates().flat_map(|own| &own.legs);
        let bound = |leg: &Leg| leg.bounds.unwrap_or_else(|| uncounted(leg, choices, input));
        need.bounds = legs.map(|leg| (Rc::clone(&leg.model), bound(leg))).collect();
        need.size = Size { images: 0, choices, streamed: request.ask.stream };
    }
    if let Some(shared) = &mut shared {
        shared.need = need.clone();
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
        let asked = shared.iter().flat_map(|own| own.asks(policy.global_limits()));
        decision.trace.extend(asked.map(|asked| Entry {
            step: NAME,
            chain: None,
            verdict: Verdict::Applied,
            subject: GLOBAL.to_owned(),
            reason: Cow::Owned(format!("the limits of all proxies are asked by {asked}")),
        }));
    }
    let claims = Claims { subjects, tokens, need };
    decision.claims = (!claims.subjects.is_empty()).then(|| Box::new(claims));
    decision.shared = shared.map(Box::new);
    Ok(())
}

/// What it takes of each of the limits that this proxy counts, where its answers have so many
/// tokens as is `likely`.
fn claimed(
    request: &Request<'_>,
    decision: &Decision,
    session: Option<&str>,
    likely: u64,
) -> Vec<Claim> {
    let policy = request.policy;
    let known = Known { request, asked: &decision.asked };
    let mut subjects: Vec<Claim> = Vec::new();
    for rule in policy.rates().iter().filter(|rule| rule.takes(&known, decision.class)) {
        if let Some(claim) = subjects.iter_mut().find(|claim| claim.by == rule.by) {
            claim.rules.push(Rc::clone(rule));
            continue;
        }
        let found = subject(request, decision.asked.route, rule.by, session);
        subjects.extend(found.map(|(subject, shown)| Claim {
            subject,
            by: rule.by,
            shown,
            rules: vec![Rc::clone(rule)],
            caps: None,
        }));
    }
    if let Some((session, caps)) = session.zip(policy.session().filter(|own| own.caps())) {
        let price = decision.quote.primary.legs.first().and_then(|leg| leg.model.price);
        let price = price.filter(|_| caps.credits.is_some());
        let estimate = price.map(|price| price.worst(request.input_tokens(), likely, 0));
        let estimate = estimate.unwrap_or_default();
        let by = RateBy::Session;
        let known = subjects.iter().position(|claim| claim.by == by);
        let known = known.map(|at| subjects.remove(at));
        let mut claim = known.unwrap_or_else(|| Claim {
            subject: session.to_owned(),
            by,
            shown: String::new(),
            rules: Vec::new(),
            caps: None,
        });
        claim.caps = Some((Rc::clone(caps), estimate));
        // It comes last: what the others refuse is none of the session.
        subjects.push(claim);
    }
    subjects
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
    let whose = |own: &str| name(&request.world, &tenant.tenant, &[by.word(), own]);
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
            let names = &request.policy.routes().get(route)?.names;
            // Not the first, which changes where a policy lists them in another order.
            let (known_by, shown) = (names.iter().min()?, names.first()?);
            // No tenant has an empty name.
            (name(&request.world, "", &[by.word(), known_by]), format!("the model `{shown}`"))
        }
    })
}

/// What a subject is called where several proxies count its requests; `None` where the request has
/// no such thing.
fn shared_name(request: &Request<'_>, route: usize, by: RateBy) -> Option<String> {
    let (tenant, policy) = (request.tenant, request.policy);
    match by {
        RateBy::Tenant => Some(tenant.tenant.clone()),
        RateBy::User => tenant.user.clone(),
        RateBy::Key => tenant.key.clone(),
        RateBy::Session => {
            let shared = |request: &Request<'_>| {
                let known = request.assembled.and_then(|own| own.conversation);
                known.map_or_else(|| conversation(request), |own| own.map(|own| own.shared))
            };
            let known = known_by(request, policy.session()?, shared)?;
            Some(format!("{:016x}", of_texts(&["session", known.0, &known.1])))
        }
        RateBy::Model => policy.routes().get(route)?.names.first().cloned(),
    }
}

/// Whether the step may ask for a request's conversation.
pub(super) fn asks_for_conversation(request: &Request<'_>) -> bool {
    request.policy.session().is_some_and(|own| own.by == SessionBy::Conversation)
}

/// The name of the request's session; `None` where it has none.
fn session(request: &Request<'_>, session: &Session) -> Option<String> {
    let remembered = |request: &Request<'_>| {
        let known = request.assembled.and_then(|own| own.conversation);
        known.map_or_else(|| remembered(request), |own| own.map(|own| own.own))
    };
    let (by, own) = known_by(request, session, remembered)?;
    Some(name(&request.world, &request.tenant.tenant, &["session", by, &own]))
}

/// What a request's session is known by, and what that is; `conversation` tells whose turn it is.
fn known_by<'r>(
    request: &'r Request<'_>,
    session: &'r Session,
    conversation: impl FnOnce(&Request<'_>) -> Option<u64>,
) -> Option<(&'r str, Cow<'r, str>)> {
    let (by, own) = match &session.by {
        SessionBy::Header(name) => (name.as_str(), Cow::Borrowed(request.header(name)?)),
        SessionBy::PromptCacheKey => {
            let key = "prompt_cache_key";
            (key, request.document.root().str_of(key)?)
        }
        SessionBy::Conversation => {
            ("conversation", Cow::Owned(format!("{:x}", conversation(request)?)))
        }
    };
    (!own.is_empty()).then_some((by, own))
}
