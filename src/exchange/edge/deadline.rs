//! How long an app waits for the first of its answer, over all attempts.
use super::super::duty::Duties;
use super::super::limits::Taken;
use super::super::reply::Reply;
use super::super::{Effect, Effects, Envoy, Report, metric};
use super::head::Head;
use super::{Edge, State};
use crate::dialect::{Fault, FaultKind};
use crate::policy::{Policy, shown};

/// When an app's patience is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// By the proxy's clock, in milliseconds.
    pub(super) until_ms: u64,
    /// How long it was, in milliseconds.
    lasts_ms: u64,
}

/// How long this request's app waits; `None` where it waits for as long as it takes.
///
/// # Errors
/// What the app has said of it is no time.
fn patience(policy: &Policy, head: &Head, envoy: &dyn Envoy) -> Result<Option<Patience>, Fault> {
    // An answer that has begun has no deadline, and so its rest has none.
    let deadline = policy.resilience().deadline.as_ref().filter(|_| head.resumption.is_none());
    let Some(deadline) = deadline else { return Ok(None) };
    let own = |(name, _): &&(String, String)| deadline.header.as_ref() == Some(name);
    let mut lines = head.deciding.iter().filter(own);
    let lasts_ms = lines.try_fold(deadline.most_ms, |least_ms, (name, line)| {
        let asked_ms = deadline.asked_for(line).map_err(|value| {
            let expected = match name.ends_with("-ms") {
                true => "how many milliseconds you wait, such as `1500`",
                false => "how many seconds you wait, such as `30` or `2.5`",
            };
            let message = format!(
                "`{name}`: expected {expected}, found `{}`: send that, or leave it out",
                shown(value)
            );
            Fault { param: Some(name.clone()), ..Fault::new(FaultKind::InvalidRequest, message) }
        })?;
        Ok::<_, Fault>(least_ms.min(asked_ms))
    })?;
    Ok(Some(Patience { until_ms: envoy.now_ms().saturating_add(lasts_ms), lasts_ms }))
}

impl Edge {
    /// The request is here, whole: from now on its app waits.
    pub(super) fn begin(&mut self, head: Head, bytes: &[u8], envoy: &dyn Envoy) -> Effects {
        match patience(&self.config.policy, &head, envoy) {
            Ok(patience) => self.patience = patience,
            Err(fault) => return self.deny(&head, &fault, None),
        }
        self.decide(head, bytes, envoy)
    }

    /// When it wants to be woken while it waits, for the ledger or for a model: whoever counts what
    /// runs is to hear of it meanwhile.
    pub(super) fn wakes(&self, envoy: &dyn Envoy) -> Option<Effect> {
        let left = self.patience?.until_ms.saturating_sub(envoy.now_ms());
        let renewal = self.duties.taken().and_then(Taken::renewal_ms);
        Some(Effect::WakeIn(renewal.map_or(left, |ms| ms.min(left))))
    }

    /// Time has passed: the app's patience may be over, and whoever counts what runs hears that
    /// this request still does.
    pub(super) fn woken(&mut self, envoy: &dyn Envoy) -> Effects {
        let waits = match self.state {
            State::Sent { .. } => !self.answered,
            State::AwaitingLedger { .. } => true,
            _ => false,
        };
        let patience = self.patience.filter(|_| waits);
        if let Some(own) = self.is_late(envoy).filter(|_| waits) {
            return self.too_late(own, envoy);
        }
        let effects = Effects::wait();
        match (Duties::renew(&mut self.duties, envoy), patience.and(self.wakes(envoy))) {
            (_, Some(wakes)) => effects.and(wakes),
            (Some(ms), None) => effects.and(Effect::WakeIn(ms)),
            (None, None) => effects,
        }
    }

    /// The app's patience, where it is over.
    pub(super) fn is_late(&self, envoy: &dyn Envoy) -> Option<Patience> {
        self.patience.filter(|own| envoy.now_ms() >= own.until_ms)
    }

    /// The app's patience is over, and it has nothing of an answer: the attempt that runs ends with
    /// what it is told now. What the ledger still grants is given back at the stream's end.
    pub(super) fn too_late(&mut self, own: Patience, envoy: &dyn Envoy) -> Effects {
        let (client, request_id, rescue, unasked) =
            match core::mem::replace(&mut self.state, State::Replied) {
                State::Sent { client, request_id, rescue, .. } => {
                    (client, request_id, rescue, "no model had been asked")
                }
                State::AwaitingLedger { head, draft } => {
                    self.line.text("policy", &self.config.digest);
                    self.line.decided(&draft.trace, None, &[]);
                    let rescue = self.may_rescue(&head, &draft);
                    let unasked = "the credit service had not answered, and no model was asked";
                    (head.client, head.request_id.into_string(), rescue, unasked)
                }
                other => {
                    self.state = other;
                    return Effects::wait();
                }
            };
        self.is_too_late = true;
        let rescued = rescue.and_then(|rescue| {
            rescue.rescue(&self.config, (client, &request_id), &mut self.line, envoy)
        });
        if let Some(rescued) = rescued {
            return rescued.at_once(&mut self.line).and(metric::DEADLINES.count(&[]));
        }
        let reports = Report::read(envoy, &self.chain);
        let tried = match &*reports {
            [] => unasked.to_owned(),
            [only] => format!("`{}` was asked", only.model),
            [.., last] => {
                format!("{} models were asked, `{}` as the last", reports.len(), last.model)
            }
        };
        let message = format!("no answer began within {} ms: {tried}", own.lasts_ms);
        let fault = Fault::new(FaultKind::Timeout, message).with_status(504);
        let mut reply = Reply::fault(client, &fault, &request_id);
        if !reports.is_empty() {
            reply.headers.push(("x-tradewind-attempts", reports.len().to_string()));
        }
        Effects::reply(reply).and(metric::DEADLINES.count(&[]))
    }
}
