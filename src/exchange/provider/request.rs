//! The request of one attempt, in the provider's dialect.
use super::super::dropped::listed;
use super::super::plan::Mismatch;
use super::super::said::Hearing;
use super::super::{Envoy, First, Headers, Leg, ORIGINAL, Plan, Report, Turn, attempt};
use super::Config;
use super::disagreement::Disagreement;
use super::headers;
use super::pair::Pair;
use super::way::Way;
use crate::dialect::provider::Endpoint;
use crate::dialect::{Client, Inbound, client, splice};
use crate::json::{Document, Limits};

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
    /// How many of the oldest messages were left out.
    pub(super) left_out: u64,
    /// What credits bind the answer to; none where nobody counts them.
    pub(super) meter: Option<AnswerBounds>,
    /// What it tells of itself.
    pub(super) report: Report,
}

/// What credits bind an answer to.
#[derive(Debug)]
pub(super) struct AnswerBounds {
    /// Most tokens of an answer.
    pub(super) bound: u64,
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
    let tried = before.iter().filter(|leg| Report::of(envoy, &leg.model).is_some()).count();
    let report = Report { tries: plan.turn.tries, ..Report::begin(&leg.model, envoy.now_ms()) };
    let first = plan.first.as_ref().filter(|_| position == 0).cloned();
    if first.as_ref().is_some_and(|first| first.format != endpoint.format.name) {
        return Err(Disagreement::Body);
    }
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
        judged: plan.acceptance.is_some() && plan.other(position).is_some(),
        pair: Pair::of(plan, position, envoy),
        hearing: plan.hearing,
        keeps: plan.keeps,
        dropped: first.as_ref().map_or_else(String::new, |first| first.dropped.to_string()),
        left_out: leg.left_out,
        meter: match &plan.meter {
            Some(meter) => {
                let bound = leg.paid().ok_or(Mismatch)?;
                let paid = bound.saturating_mul(meter.choices);
                let left = meter.left.as_deref().map(str::to_owned);
                Some(AnswerBounds { bound, paid, stop: meter.stop, left })
            }
            None => None,
        },
        report,
    };
    let same = inbound.format == endpoint.format;
    let next = next.map(|leg| leg.model.to_string());
    Ok(Attempted { asked, leg: leg.clone(), next, first, same })
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
