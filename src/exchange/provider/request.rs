//! The request of one attempt, in the provider's dialect.
use super::super::dropped::listed;
use super::super::plan::Mismatch;
use super::super::retries::Running;
use super::super::said::Hearing;
use super::super::{
    Envoy, First, Headers, Leg, ORIGINAL, Outcome, Plan, Progress, Report, StoppedBy, Turn, attempt,
};
use super::Config;
use super::disagreement::Disagreement;
use super::headers;
use super::pair::Pair;
use super::way::Way;
use crate::dialect::provider::Endpoint;
use crate::dialect::{Client, Inbound, client, splice};
use crate::json::{Document, Limits};

/// No other model is asked where less is left until its app's patience is over, in milliseconds:
/// few begin to answer that soon.
const TOO_LITTLE_MS: u64 = 250;

/// What was asked, as the answer's reading has to know it.
#[derive(Debug)]
pub(super) struct Asked {
    /// Which attempt it is.
    pub(super) turn: Turn,
    pub(super) request_id: String,
    /// What the app was written for.
    pub(super) client: &'static Client,
    /// How its requests are read, and answers written.
    pub(super) inbound: &'static Inbound,
    /// Where and how the provider is asked.
    pub(super) endpoint: &'static Endpoint,
    /// Whether the app wants a stream.
    pub(super) stream: bool,
    /// Whether a stream ends with its usage.
    pub(super) stream_usage: bool,
    /// The name that the answer gives its model; `None` for the provider's own.
    pub(super) answer_model: Option<String>,
    /// How many models have been tried, this one included.
    pub(super) attempts: usize,
    /// What may come after it.
    pub(super) way: Way,
    /// Whether the answer is judged before the app sees any of it.
    pub(super) judged: bool,
    /// What it is of two models whose answers are to agree.
    pub(super) pair: Pair,
    /// What is heard of the answer while it passes.
    pub(super) hearing: Hearing,
    /// How long an answer may be that is kept, in bytes; 0 where none is.
    pub(super) keeps: u64,
    /// The fields that were left out, as a header names them; empty when there are none.
    pub(super) dropped: String,
    /// The models that may go on with its answer where that breaks in mid-stream, by their names;
    /// none where nobody may.
    pub(super) later: Vec<String>,
    /// The chain that these are of.
    pub(super) chain: String,
    /// How many of the oldest messages were left out.
    pub(super) left_out: u64,
    /// Answers that are asked for at once, where somebody counts what they say; 0 where nobody
    /// does.
    pub(super) counted: u64,
    /// What credits bind the answer to; none where nobody counts them.
    pub(super) meter: Option<AnswerBounds>,
    /// What it tells of itself.
    pub(super) report: Report,
    /// What its answer says of how it is served: headers.
    pub(super) says: Vec<(String, String)>,
    /// How long it has.
    pub(super) time: Time,
    /// A model has failed it before.
    pub(super) has_gone_on: bool,
    /// Once its provider is asked: it is counted among its worker's requests.
    pub(super) running: Option<Running>,
}

/// How long an attempt has, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    /// When its app's patience is over, by the proxy's clock; 0 where it never is.
    deadline: u64,
    /// How long a stream may take to its first content; 0 where only silence ends it.
    pub(super) first_token: u64,
    /// After how long Envoy ends an attempt of which nothing has come.
    pub(super) silence: u64,
    /// Whether Envoy looks after no silence in what comes later: it has another timeout for the
    /// attempt, and once that is over forgets the one between two bytes. The hop has one of its
    /// own.
    pub(super) unguarded: bool,
}

impl Time {
    fn of(plan: &Plan<'_>, leg: &Leg<'_>, config: &Config) -> Self {
        let idle = config.idle_timeout_ms;
        let silence = plan.silence(idle);
        Self {
            deadline: plan.deadline_ms,
            first_token: leg.first_token_ms,
            silence: silence.unwrap_or(idle),
            unguarded: silence.is_some() && !config.hop,
        }
    }

    /// Whether its app's patience is over.
    pub(super) const fn is_over(self, now: u64) -> bool {
        self.deadline > 0 && now >= self.deadline
    }

    pub(super) const fn allows_another(self, now: u64) -> bool {
        self.deadline == 0 || now.saturating_add(TOO_LITTLE_MS) <= self.deadline
    }
}

/// What credits bind an answer to.
#[derive(Debug)]
pub(super) struct AnswerBounds {
    /// Most tokens of all answers that were paid for.
    pub(super) paid: u64,
    /// Whether a longer answer is ended there.
    pub(super) stop: bool,
    /// What the tenant has left.
    pub(super) left: Option<String>,
}

impl Asked {
    /// The model, by its name in the policy.
    pub(super) fn model(&self) -> &str {
        &self.report.model
    }

    /// Whether no other model is asked since too many requests have gone on already.
    pub(super) fn is_over_budget(&self) -> bool {
        self.report.stopped_by == Some(StoppedBy::RetryBudget)
    }

    /// How much is left of the time in which its app is to see something, in milliseconds, where
    /// a provider may be silent for so long.
    pub(super) fn left_to_begin(&self, now_ms: u64, idle_ms: u64) -> u64 {
        let Time { deadline, silence, .. } = self.time;
        let left = if silence < idle_ms {
            self.report.began_ms.saturating_add(silence).saturating_sub(now_ms)
        } else {
            idle_ms
        };
        if deadline == 0 { left } else { left.min(deadline.saturating_sub(now_ms)) }
    }

    /// Whether the next model is asked, where there is one and this one has come to nothing: there
    /// has to be time, and room among the worker's requests. A cascade that goes on as it is meant
    /// to is no failure.
    pub(super) fn goes_on(&mut self, config: &Config, outcome: Outcome, now_ms: u64) -> bool {
        if !self.way.goes_on(outcome) {
            return false;
        }
        let budget = &config.retry_budget;
        let counted = self.running.as_ref().filter(|_| outcome != Outcome::NotAccepted);
        self.report.stopped_by = if !self.time.allows_another(now_ms) {
            Some(StoppedBy::Deadline)
        } else if counted.is_some_and(|own| !own.may_go_on(budget, now_ms)) {
            Some(StoppedBy::RetryBudget)
        } else {
            None
        };
        self.report.stopped_by.is_none()
    }
}

/// The attempt of the model whose turn it is, before its body is written.
pub(super) struct Attempted<'p> {
    pub(super) asked: Asked,
    leg: Leg<'p>,
    /// The leg of the attempt after this one.
    pub(super) next: Option<String>,
    /// The body that the edge role has written for this model.
    first: Option<First<'p>>,
    /// Whether the provider's format is the app's own.
    same: bool,
}

/// Begins the attempt of the model whose turn it is.
///
/// # Errors
/// Where the plan is not one that this role can serve.
pub(super) fn begin<'p>(
    config: &Config,
    plan: &Plan<'p>,
    envoy: &dyn Envoy,
) -> Result<Attempted<'p>, Disagreement> {
    let client = client::named(&plan.client).ok_or(Mismatch)?;
    let asked_at = client.endpoint_for(&plan.operation).ok_or(Mismatch)?;
    let inbound = asked_at.inbound().ok_or(Mismatch)?;
    let endpoint = config.dialect.endpoint(asked_at.operation).ok_or(Mismatch)?;
    let position = usize::try_from(plan.turn.leg).map_err(|_| Mismatch)?;
    let (before, rest) = plan.legs.split_at_checked(position).ok_or(Mismatch)?;
    let leg = rest.first().filter(|leg| leg.provider == config.provider);
    let leg = leg.ok_or(Disagreement::Cluster)?;
    let next = rest.get(1);
    let mut failed = false;
    let tried = before.iter().filter_map(|leg| Report::of(envoy, &leg.model));
    let tried = tried.inspect(|own| failed |= has_failed(own)).count();
    let report = Report { tries: plan.turn.tries, ..Report::begin(&leg.model, envoy.now_ms()) };
    let first = plan.first.as_ref().filter(|_| position == 0).cloned();
    if first.as_ref().is_some_and(|first| first.format != endpoint.format.name) {
        return Err(Disagreement::Body);
    }
    let says = plan.says.iter().chain(&leg.says);
    let asked = Asked {
        turn: plan.turn,
        request_id: plan.request_id.to_string(),
        client,
        inbound,
        endpoint,
        stream: plan.stream,
        stream_usage: plan.stream_usage,
        answer_model: plan.answer_model.as_deref().map(str::to_owned),
        attempts: tried.saturating_add(1),
        way: Way::of(plan, position),
        judged: plan.judges(position),
        pair: Pair::of(plan, position, envoy),
        hearing: plan.hearing,
        keeps: plan.keeps,
        dropped: first.as_ref().map_or_else(String::new, |first| first.dropped.to_string()),
        later: later(plan, leg, rest),
        chain: plan.resumes.as_deref().unwrap_or_default().to_owned(),
        left_out: leg.left_out,
        counted: plan.counted,
        meter: match &plan.meter {
            Some(meter) => {
                let paid = leg.paid().ok_or(Mismatch)?.saturating_mul(plan.counted);
                let left = meter.left.as_deref().map(str::to_owned);
                Some(AnswerBounds { paid, stop: meter.stop, left })
            }
            None => None,
        },
        report,
        says: says.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        time: Time::of(plan, leg, config),
        has_gone_on: failed || plan.is_rest,
        running: None,
    };
    let same = inbound.format == endpoint.format;
    let next = next.map(|leg| leg.model.to_string());
    Ok(Attempted { asked, leg: leg.clone(), next, first, same })
}

/// The models that come after a leg, where they may go on with its answer.
fn later(plan: &Plan<'_>, leg: &Leg<'_>, rest: &[Leg<'_>]) -> Vec<String> {
    let mut later: Vec<String> = Vec::new();
    if plan.resumes.is_none() {
        return later;
    }
    for own in rest.iter().map(Leg::own_model).filter(|own| *own != leg.own_model()) {
        if !later.iter().any(|known| known == own) {
            later.push(own.to_owned());
        }
    }
    later
}

/// Whether a request has gone on from this attempt since it had failed.
fn has_failed(report: &Report) -> bool {
    !matches!(report.progress, Progress::Answered | Progress::Failed(Outcome::NotAccepted))
}

impl Attempted<'_> {
    /// Length of the body that the edge role has written for this model, in bytes; `None` where it
    /// has written none, and [`Attempted::body`] does.
    pub(super) fn written(&self) -> Option<u64> {
        self.first.as_ref().map(|first| first.length)
    }

    /// Whether the body that the edge role has written is longer than the stream's buffer.
    pub(super) fn is_too_large(&self) -> bool {
        self.first.as_ref().is_some_and(|first| !first.fits)
    }

    /// The headers of the request, with a body of that many bytes.
    pub(super) fn headers(&self, config: &Config, plan: &Plan<'_>, length: u64) -> Headers {
        let forwarded = if self.same { plan.forwarded.as_slice() } else { &[] };
        let at = (self.asked.endpoint, &*self.leg.provider_model);
        headers::request(config, at, plan.stream, forwarded, length)
    }

    /// Writes the body, from what the request came with or from the app's own where that is kept.
    ///
    /// # Errors
    /// Where these are not the bytes that the edge role has read without a fault.
    pub(super) fn body(
        &mut self,
        plan: &Plan<'_>,
        came: Vec<u8>,
        envoy: &dyn Envoy,
    ) -> Result<Vec<u8>, Disagreement> {
        let kept = plan.first.as_ref().is_some_and(|first| first.keeps_original);
        let body = if kept { envoy.property(&[ORIGINAL]).ok_or(Disagreement::Body)? } else { came };
        if self.same {
            let change = plan.changes.get(self.leg.change).ok_or(Disagreement::Body)?;
            let written = attempt::same_format(&self.leg, &body, &change.edits);
            self.asked.dropped = change.dropped.to_string();
            return written.ok_or(Disagreement::Body);
        }
        let body = match self.leg.from {
            0 => body,
            from => {
                let edits = (self.asked.inbound.shorten)(&parsed(&body)?, from, self.leg.examples);
                splice(&body, &edits, "", None).ok_or(Disagreement::Body)?
            }
        };
        let document = parsed(&body)?;
        let read = self.asked.inbound.read_request;
        let ask = read(&document).map_err(|_| Disagreement::Body)?;
        let (body, dropped) = attempt::other_format(self.asked.endpoint, &self.leg, ask);
        self.asked.dropped = listed(&dropped);
        Ok(body)
    }
}

fn parsed(body: &[u8]) -> Result<Document<'_>, Disagreement> {
    Document::parse(body, Limits::default()).map_err(|_| Disagreement::Body)
}
