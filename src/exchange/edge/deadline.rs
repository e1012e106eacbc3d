//! How long an app waits for the first of its answer, over all attempts.
use super::super::duty::Duties;
use super::super::reply::Reply;
use super::super::{Effect, Effects, Envoy, Report, metric};
use super::head::Head;
use super::{Edge, State};
use crate::dialect::{Fault, FaultKind};
use crate::policy::{Policy, shown};

/// How often those hear of a request who count what runs, in milliseconds.
const RENEWAL_MS: u64 = 1_000;

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
    let Some(deadline) = &policy.resilience().deadline else { return Ok(None) };
    let said = deadline.header.as_ref().and_then(|name| {
        let own = head.deciding.iter().find(|(own, _)| own == name)?;
        Some((name, &*own.1))
    });
    let lasts_ms = match said {
        None => deadline.most_ms,
        Some((name, value)) => deadline.asked_for(value).ok_or_else(|| {
            let unit = if name.ends_with("-ms") { "milliseconds" } else { "seconds" };
            let message = format!(
                "`{name}`: expected a whole number of {unit}, at least 1, found `{}`",
                shown(value)
            );
            Fault { param: Some(name.clone()), ..Fault::new(FaultKind::InvalidRequest, message) }
        })?,
    };
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

    /// When it wants to be woken once it has been handed on: whoever counts what runs is to hear
    /// of it meanwhile.
    pub(super) fn wakes(&self, envoy: &dyn Envoy) -> Option<Effect> {
        let left = self.patience?.until_ms.saturating_sub(envoy.now_ms());
        let counted = self.duties.taken().is_some_and(|taken| taken.runs());
        Some(Effect::WakeIn(if counted { left.min(RENEWAL_MS) } else { left }))
    }

    /// Time has passed: the app's patience may be over, and whoever counts what runs hears that
    /// this request still does.
    pub(super) fn woken(&mut self, envoy: &dyn Envoy) -> Effects {
        let waits = matches!(self.state, State::Sent { .. }) && !self.answered;
        let patience = self.patience.filter(|_| waits);
        if let Some(own) = patience.filter(|own| envoy.now_ms() >= own.until_ms) {
            return self.too_late(own, envoy);
        }
        let effects = Effects::wait();
        match (Duties::renew(&mut self.duties, envoy), patience.and(self.wakes(envoy))) {
            (_, Some(wakes)) => effects.and(wakes),
            (true, None) => effects.and(Effect::Wake),
            (false, None) => effects,
        }
    }

    /// The app's patience is over, and it has nothing of an answer: the attempt that runs ends with
    /// what it is told now.
    fn too_late(&mut self, own: Patience, envoy: &dyn Envoy) -> Effects {
        let State::Sent { client, request_id, rescue, .. } =
            core::mem::replace(&mut self.state, State::Replied)
        else {
            return Effects::wait();
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
            [] => "no model had been asked".to_owned(),
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
