//! A request that is under limits: it takes what they let through, or is told when to come again.
use super::super::limits::{self, Refused, Taken};
use super::super::{Effect, Effects, Envoy, HeaderMap};
use super::head::Head;
use super::{Edge, State, answer};
use crate::decide::{Claims, Trace};
use crate::dialect::Client;
use crate::exchange::duty::Duty;

/// What its answer says of what is left of its limits.
pub(super) fn left(taken: Option<&Taken>, client: &Client, envoy: &dyn Envoy) -> Vec<Effect> {
    let headers = taken.map(|taken| taken.headers(client, envoy));
    let says = |(name, value): (&'static str, String)| {
        Effect::SetHeader(HeaderMap::Response, name.into(), value)
    };
    headers.into_iter().flatten().map(says).collect()
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
        let taken = limits::take(claims, head.client, envoy, told)?;
        effects.extend(taken.runs().then_some(Effect::Wake));
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
}
