//! What an app is given where every model of its chain has failed: an answer that it had before, or
//! a text of the operator's.
use super::super::answer::{Answer, Telling};
use super::super::effect::{Effect, Effects, HeaderMap, fixed, in_place};
use super::super::line::Line;
use super::super::reply::Reply;
use super::super::{Envoy, Flow, Outcome, Progress, Report, metric};
use super::cached::Cached;
use super::config::Config;
use super::said;
use crate::dialect::{Client, FaultKind};
use crate::policy::Fallback;

/// The header that says what stands in for a model's answer.
pub(super) const DEGRADED: &str = "x-tradewind-degraded";

/// What may stand in for a model's answer.
#[derive(Debug)]
pub(super) struct Rescue {
    pub(super) telling: Telling,
    /// The name of the model that the app asked for.
    pub(super) asked: String,
    /// Where an answer that it had before is found.
    pub(super) cached: Option<Cached>,
}

/// What stands in: a whole answer.
pub(super) struct Rescued {
    reply: Reply,
    how: &'static str,
    /// What is counted and logged of it.
    list: Vec<Effect>,
}

impl Rescue {
    /// What stands in by the policy, where something does; the access log is told.
    pub(super) fn rescue(
        &self,
        config: &Config,
        (client, request_id): (&Client, &str),
        line: &mut Line,
        envoy: &dyn Envoy,
    ) -> Option<Rescued> {
        config.policy.fallback().iter().find_map(|fallback| match fallback {
            Fallback::StaleCache => {
                let kept = self.cached.and_then(|own| own.stale(config, envoy))?;
                let whose = (&*kept.model, request_id);
                let body = kept.answer.told(&self.telling, whose, envoy.unix_seconds());
                let mut reply = self.reply(client, body, request_id);
                // An app that wanted a new answer is given one that is not old where there is none.
                let fresh = config.cache().is_some_and(|(cache, _)| kept.is_fresh(cache));
                let found = if fresh { "hit" } else { "stale" };
                said::kept(&mut reply, &kept, found);
                line.text("cache", found);
                line.text("cache_model", &kept.model);
                let list = said::retiring_by_name(&config.policy, &kept.model);
                Some(Rescued { reply, how: "stale", list: Vec::new() }.with(list))
            }
            Fallback::Reply(text) => {
                let (answer, whose) = (Answer::fixed(text), (&*self.asked, request_id));
                let body = answer.told(&self.telling, whose, envoy.unix_seconds());
                let reply = self.reply(client, body, request_id);
                Some(Rescued { reply, how: "reply", list: Vec::new() })
            }
            // Its models were asked with the others; and an error is what there is.
            Fallback::Chain(_) | Fallback::Error => None,
        })
    }

    fn reply(&self, client: &Client, body: Vec<u8>, request_id: &str) -> Reply {
        Reply::answer(client, body, self.telling.streamed, request_id)
    }
}

impl Rescued {
    /// The same with what an answer of a model's would say, too.
    pub(super) fn with(mut self, says: Vec<Effect>) -> Self {
        self.list.extend(said::onto(&mut self.reply, says));
        self
    }

    /// The whole of it at once, in the place of an answer that nobody waits for any more.
    pub(super) fn at_once(mut self, line: &mut Line) -> Effects {
        self.reply.headers.push((DEGRADED, self.how.to_owned()));
        let effects = self.note(line);
        effects.and(Effect::Reply(self.reply))
    }

    /// Its headers in the place of those that are held, and the body that is to follow.
    pub(super) fn in_its_place(mut self, line: &mut Line) -> (Effects, Vec<u8>) {
        let mut effects = self.note(line);
        let Self { reply, how, .. } = self;
        let (mut headers, body) = in_place(reply);
        headers.push(fixed(DEGRADED, how));
        effects.list.push(Effect::SetHeaders(HeaderMap::Response, headers));
        (effects, body)
    }

    fn note(&mut self, line: &mut Line) -> Effects {
        line.text("degraded", self.how);
        let mut list = core::mem::take(&mut self.list);
        list.push(metric::DEGRADED.count(&[self.how]));
        Effects { list, flow: Flow::Pause }
    }
}

/// Whether something may stand in where a request has failed like that: every model has, and not
/// since the request itself is at fault.
pub(super) fn may_stand_in(report: &Report) -> bool {
    match report.progress {
        Progress::Failed(
            Outcome::Rejected
            | Outcome::Unsupported
            | Outcome::ContextLength
            | Outcome::TooLarge
            | Outcome::Oversized
            | Outcome::Misconfigured,
        ) => false,
        Progress::Failed(_) => true,
        Progress::Running | Progress::Answered | Progress::Cut => false,
    }
}

/// The same of a failure that Envoy tells of.
pub(super) const fn may_stand_in_for(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Timeout | FaultKind::Overloaded | FaultKind::Internal)
}
