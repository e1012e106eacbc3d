//! What comes back: a provider role's answer, which passes, or a failure of Envoy's own, which is
//! told in the app's format. And what is done when the stream is over.
use super::super::duty::End;
use super::super::judged::Judged;
use super::super::limits::shared::{self, NotLet};
use super::super::line::Line;
use super::super::{Effect, Effects, Envoy, Flow, HeaderMap, JUDGED, Progress, Report, metric};
use super::degraded::{DEGRADED, Rescued, may_stand_in, may_stand_in_for};
use super::local::Local;
use super::{Edge, State, limited, said, wide};

impl Edge {
    /// The stream is over.
    pub(super) fn over(&mut self, envoy: &dyn Envoy) -> Effects {
        let chain = core::mem::take(&mut self.chain);
        let reports = match self.report.take() {
            Some(only) => vec![only],
            None => Report::read(envoy, &chain),
        };
        // Envoy has no word for answers of ours.
        let is_ours = self.gave_whole && self.duties.are_of_limits();
        let details = (!is_ours).then(|| envoy.property(&["response", "code_details"])).flatten();
        let details = details.unwrap_or_default();
        let untold = self.untold.take();
        let (untold, streamed) = (untold.as_ref(), self.is_streamed());
        let kept = self.kept.take();
        let Self { answered, relayed, is_too_late: too_late, ref mut line, .. } = *self;
        let reports = &*reports;
        let end = End { reports, untold, kept, streamed, answered, relayed, too_late };
        let (mut list, outcome) = self.duties.discharge(end, &details, line, envoy);
        let outcome = outcome.unwrap_or_else(|| self.own_outcome());
        let line = core::mem::take(&mut self.line);
        list.extend(line.finish(&String::from_utf8_lossy(&details), outcome));
        Effects { list, flow: Flow::Continue }
    }

    /// Whether the app was sent a stream.
    const fn is_streamed(&self) -> bool {
        matches!(self.state, State::Sent { streamed: true, .. })
    }

    /// What became of a request for which no model was tried.
    const fn own_outcome(&self) -> &'static str {
        match self.state {
            _ if self.line.is_refused() => "refused",
            _ if self.is_too_late => "deadline",
            State::Replied => "served",
            State::Sent { .. } | State::Failing { .. } => "failed",
            _ => "abandoned",
        }
    }

    pub(super) fn response_headers(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        self.gives(end);
        let sent = matches!(self.state, State::Sent { .. });
        let told = sent.then(|| envoy.property(&[JUDGED])).flatten();
        let told = told.filter(|told| !told.is_empty());
        if let (State::Sent { client, .. }, None) = (&self.state, &told)
            && let Some(own) = self.is_late(envoy)
            && NotLet::read(&self.config.policy, client, envoy).is_none()
        {
            return self.too_late(own, envoy);
        }
        // What it is told when its patience is over is no answer.
        self.answered = !self.is_too_late;
        let State::Sent { client, request_id, streamed, says, .. } = &mut self.state else {
            return self.own_failure(end, envoy);
        };
        let judged = told.is_some();
        let told = told.map(|told| Judged::read(&told));
        let (report, answer) = told.map_or((None, None), |own| (own.report, own.answer));
        self.kept = answer;
        let failed = report.as_ref().is_some_and(Report::has_failed);
        if self.config.policy.retires_models() && !failed {
            let model = report.as_ref().and_then(|own| self.config.policy.model(&own.model));
            says.extend(model.into_iter().flat_map(|own| said::retiring(own)));
        }
        let begun = report.as_ref().map(|own| self.duties.answer_begins(own, envoy));
        says.extend(begun.into_iter().flatten());
        let may_be_rescued = report.as_ref().is_none_or(may_stand_in);
        let spare = !self.spares.is_empty()
            && report.as_ref().is_some_and(|own| self.spares.iter().any(|leg| own.is_of(leg)));
        // A stream's usage may come after its end, and other models after the first one. To what
        // is told of a whole answer of the first model nothing is added.
        self.report = report.filter(|report| {
            let first = self.chain.first().is_some_and(|first| report.is_of(first));
            first && !*streamed && report.progress == Progress::Answered
        });
        if judged && !end && !failed {
            // What was known by then its provider role has said with its own headers.
            says.retain(|own| !said::is_header(own));
            let (taken, policy) = (self.duties.taken(), &self.config.policy);
            let shared = policy.global_limits().is_some();
            let mut left =
                if shared { limited::all_left(taken, policy, client, envoy) } else { Vec::new() };
            left.extend(spare.then(|| degraded_by_chain(&mut self.line)).into_iter().flatten());
            return passed(says, left);
        }
        if !judged && let Some(own) = NotLet::read(&self.config.policy, client, envoy) {
            let (client, request_id) = (*client, core::mem::take(request_id));
            return self.not_let(own, (client, &request_id), end, envoy);
        }
        self.gave_none((judged, failed && may_be_rescued), end, envoy)
    }

    /// No model has answered: something stands in for that, or the app is told. Where it is
    /// `judged` a provider role tells, and may know that something `may_stand_in`.
    fn gave_none(
        &mut self,
        (judged, may_stand_in): (bool, bool),
        end: bool,
        envoy: &dyn Envoy,
    ) -> Effects {
        let State::Sent { client, request_id, says, rescue, .. } = &mut self.state else {
            return Effects::go_on();
        };
        let local = Local::read(envoy, &self.chain);
        // A provider role whose VM failed gives nothing but this: with a judged answer in its
        // hands, or before it could take back its judgement of an attempt that another follows.
        let stays = judged && !local.has_trapped();
        let fails = match stays {
            true => may_stand_in,
            false => !local.is_bare() && may_stand_in_for(local.fault().kind),
        };
        if let Some(rescue) = rescue.take_if(|_| fails) {
            let whose = (*client, request_id.as_str());
            if let Some(own) = rescue.rescue(&self.config, whose, &mut self.line, envoy) {
                self.untold = if stays { None } else { local.untold() };
                let mut own_says = core::mem::take(says);
                own_says.extend(limited::left(self.duties.taken(), client, envoy));
                let own = own.with(own_says);
                return self.rescued(own, end || local.comes_from_a_provider());
            }
        }
        if stays {
            let policy = &self.config.policy;
            let left = limited::all_left(self.duties.taken(), policy, client, envoy);
            return passed(says, left);
        }
        self.untold = local.untold();
        if end || local.is_bare() {
            let effects = local.reply(client, request_id);
            self.state = State::Replied;
            return effects;
        }
        let (effects, body) = local.rewrite(client, request_id);
        self.failing(effects, body)
    }

    /// Something stands in for an answer: in the place of what is held, or at once where that may
    /// never end.
    fn rescued(&mut self, own: Rescued, at_once: bool) -> Effects {
        if at_once {
            let effects = own.at_once(&mut self.line);
            self.state = State::Replied;
            return effects;
        }
        let (effects, body) = own.in_its_place(&mut self.line);
        self.failing(effects, body)
    }

    /// Envoy may refuse a request before we have decided (a body over its own buffer).
    fn own_failure(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        let (State::Reading(head) | State::AwaitingLedger { head, .. }) = &self.state else {
            // What we say ourselves passes Envoy's filter for limits as well, which adds its words.
            let global = self.config.policy.global_limits();
            let words = global.map(|own| shared::taken_out(own, envoy).1);
            return Effects::go_on().and_all(words.unwrap_or_default());
        };
        if end {
            return Effects::go_on();
        }
        let local = Local::read(envoy, &[]);
        self.line.refuse("envoy", &local.fault().message);
        let (effects, body) = local.rewrite(head.client, &head.request_id);
        self.failing(effects, body)
    }

    /// An error of Envoy's own is said in the app's words, where they fit.
    pub(super) fn failing(&mut self, effects: Effects, body: Vec<u8>) -> Effects {
        let Ok(body) = self.config.buffer.hold(body) else { return Effects::go_on() };
        self.state = State::Failing { body };
        effects
    }

    /// More of its answer goes to the app: the last of it where that is its `end`.
    const fn gives(&mut self, end: bool) {
        self.gave_whole |= end && matches!(self.state, State::Replied);
    }

    pub(super) fn response_body(&mut self, size: usize, end: bool) -> Effects {
        self.gives(end);
        if self.answered {
            self.relayed = self.relayed.saturating_add(wide(size));
        }
        let State::Failing { body } = &mut self.state else { return Effects::go_on() };
        if !end {
            return Effects::wait();
        }
        Effects::go_on().and(Effect::ResponseBody(core::mem::take(body)))
    }
}

/// An answer of a provider role's goes on; it says how the request was served.
fn passed(says: &mut Vec<Effect>, left: Vec<Effect>) -> Effects {
    let mut list = core::mem::take(says);
    list.extend(left);
    Effects { list, flow: Flow::Continue }
}

/// Says that a model of another chain has answered.
fn degraded_by_chain(line: &mut Line) -> [Effect; 2] {
    line.text("degraded", "chain");
    let says = Effect::SetHeader(HeaderMap::Response, DEGRADED.into(), "chain".to_owned());
    [says, metric::DEGRADED.count(&["chain"])]
}
