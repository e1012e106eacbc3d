//! A request that is under limits: it takes what they let through, or is told when to come again.
use super::super::effect::in_place;
use super::super::limits::shared::{self, NotLet};
use super::super::limits::{self, Left, Refused, Taken};
use super::super::{Effect, Effects, Envoy, HeaderMap, Reply, metric};
use super::head::Head;
use super::{Edge, State, answer, said};
use crate::decide::{Claims, GLOBAL, Trace};
use crate::dialect::Client;
use crate::exchange::duty::Duty;
use crate::policy::Policy;

/// What its answer says of what is left of its limits.
pub(super) fn left(taken: Option<&Taken>, client: &Client, envoy: &dyn Envoy) -> Vec<Effect> {
    taken.map(|taken| says(taken.left(), client, envoy)).unwrap_or_default()
}

/// The same of one that a model gives, which its provider role says with its own headers; where a
/// filter of Envoy's finds what is left of limits that several proxies share, nobody knows it yet.
pub(super) fn left_to_say(
    taken: Option<&Taken>,
    policy: &Policy,
    client: &Client,
    envoy: &dyn Envoy,
) -> Vec<(&'static str, String)> {
    let taken = taken.filter(|_| policy.global_limits().is_none());
    taken.map(|taken| taken.left().headers(client, envoy)).unwrap_or_default()
}

/// The same of an answer that has come by Envoy's filter for limits that several proxies share.
pub(super) fn all_left(
    taken: Option<&Taken>,
    policy: &Policy,
    client: &Client,
    envoy: &dyn Envoy,
) -> Vec<Effect> {
    let Some(global) = policy.global_limits() else { return left(taken, client, envoy) };
    let mut left = taken.map(Taken::left).unwrap_or_default();
    let (shared, mut effects) = shared::taken_out(global, envoy);
    left.add(shared);
    effects.extend(says(left, client, envoy));
    effects
}

fn says(left: Left, client: &Client, envoy: &dyn Envoy) -> Vec<Effect> {
    left.headers(client, envoy).into_iter().map(said::header).collect()
}

impl Edge {
    /// Takes what a request needs of its limits.
    pub(super) fn take(
        &mut self,
        head: &Head,
        claims: Claims,
        effects: &mut Vec<Effect>,
        envoy: &dyn Envoy,
    ) -> Result<(), Refused> {
        let told = (&mut self.line, &mut *effects);
        let (_, _, tabs) = &self.config.shared;
        let taken = limits::take(claims, head.client, (tabs, envoy), told)?;
        // Whoever counts what runs is to hear of it, and on a tick the others what is untold.
        effects.extend(taken.renewal_ms().map(Effect::WakeIn));
        effects.extend(tabs.know_something().then_some(Effect::Wake));
        self.duties.owe(Duty::Correct(Box::new(taken)));
        Ok(())
    }

    /// Refuses a request by a limit.
    pub(super) fn limited(
        &mut self,
        head: &Head,
        refused: Refused,
        trace: &mut Trace,
        effects: Vec<Effect>,
    ) -> Effects {
        let Refused { step, rule, fault, headers } = refused;
        self.state = State::Replied;
        trace.refuse(step, &rule, &fault);
        self.line.decided(trace, None, &[]);
        self.line.text("limited_by", &rule);
        let mut reply = head.fault(&fault, &mut self.line);
        reply.headers.extend(headers);
        let mut refused = answer(reply);
        refused.list.splice(0..0, effects);
        refused
    }

    /// Tells an app whose request was refused on its way to a model, by limits that several proxies
    /// share. `end` where nothing of Envoy's answer is to come.
    pub(super) fn not_let(
        &mut self,
        not_let: NotLet,
        (client, request_id): (&Client, &str),
        end: bool,
        envoy: &dyn Envoy,
    ) -> Effects {
        let NotLet { fault, headers, word } = not_let;
        self.duties.give_back(envoy);
        self.line.text("limited_by", GLOBAL);
        self.line.refuse("rate", &fault.message);
        let mut reply = Reply::fault(client, &fault, request_id);
        reply.headers.extend(headers);
        let counted = [metric::GLOBAL_LIMITS.count(&[word]), metric::REFUSED.count(&[])];
        if end {
            self.state = State::Replied;
            return Effects::reply(reply).and_all(counted.into());
        }
        let (headers, body) = in_place(reply);
        let effects = Effects::wait().and_all(counted.into());
        self.failing(effects.and(Effect::SetHeaders(HeaderMap::Response, headers)), body)
    }
}
