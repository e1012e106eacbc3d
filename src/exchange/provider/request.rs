//! The request of one attempt, in the provider's dialect.
use std::borrow::Cow;

use super::super::plan::Mismatch;
use super::super::{Envoy, Leg, Plan, Report};
use super::Config;
use super::headers::{self, listed};
use crate::dialect::{Ask, Client, Field, Given, Operation, Target, client, splice};
use crate::json::{Document, Limits, Writer};

/// What was asked, as the answer's reading has to know it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request_id: String,
    /// What the app was written for.
    pub(super) client: &'static Client,
    /// Whether the app wants a stream.
    pub(super) stream: bool,
    /// Whether a stream ends with its usage.
    pub(super) stream_usage: bool,
    /// How many models have been tried, this one included.
    pub(super) attempts: usize,
    /// Whether another model comes after this one.
    pub(super) more: bool,
    /// The fields that were left out, as a header names them; empty when there are none.
    pub(super) dropped: String,
    /// What credits bind the answer to; none where nobody counts them.
    pub(super) meter: Option<Metered>,
    /// What it tells of itself.
    pub(super) report: Report,
}

/// What credits bind an answer to.
#[derive(Debug)]
pub(super) struct Metered {
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

/// A request, written.
pub(super) struct Written {
    pub(super) asked: Asked,
    /// The model of the attempt after this one.
    pub(super) next: Option<String>,
    pub(super) headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

/// Writes the request for the model whose turn it is. One of another provider, which came into
/// this one's cluster by mistake, is a mismatch.
pub(super) fn write(
    config: &Config,
    (plan, turn): (&Plan<'_>, &str),
    body: &[u8],
    envoy: &dyn Envoy,
) -> Result<Written, Mismatch> {
    let client = client::named(&plan.app).ok_or(Mismatch)?;
    let position = plan.legs.iter().position(|leg| leg.model == turn).ok_or(Mismatch)?;
    let (before, rest) = plan.legs.split_at_checked(position).ok_or(Mismatch)?;
    let leg = rest.first().filter(|leg| leg.provider == config.provider).ok_or(Mismatch)?;
    let next = rest.get(1);
    let tried = before.iter().filter(|leg| Report::of(envoy, &leg.model).is_some()).count();
    let mut report = Report::begin(&leg.model, envoy.now_ms());
    if plan.again.as_ref() == Some(&leg.model) {
        report.tries = 2;
    }
    let mut asked = Asked {
        request_id: plan.request_id.to_string(),
        client,
        stream: plan.stream,
        stream_usage: plan.stream_usage,
        attempts: tried.saturating_add(1),
        more: next.is_some(),
        dropped: String::new(),
        meter: match &plan.meter {
            Some(meter) => {
                let bound = leg.bound.ok_or(Mismatch)?;
                let paid = bound.saturating_mul(meter.choices);
                let left = meter.left.as_deref().map(str::to_owned);
                Some(Metered { bound, paid, stop: meter.stop, left })
            }
            None => None,
        },
        report,
    };
    let bound = asked.meter.as_ref().map(|meter| meter.bound);
    let (body, forwarded) = if client.format() == config.dialect.format {
        (same(leg, plan, body, bound)?, plan.carried.as_slice())
    } else {
        let (body, dropped) = cross((config, leg), client, body, bound)?;
        asked.dropped = listed(&dropped);
        (body, [].as_slice())
    };
    let (model, stream) = (&leg.provider_model, plan.stream);
    let path = config.dialect.path(Operation::Chat, model, stream).ok_or(Mismatch)?;
    let headers = headers::request(config, &path, stream, forwarded, body.len());
    let next = next.map(|leg| leg.model.to_string());
    Ok(Written { asked, next, headers, body })
}

/// The app's own format: its bytes, but for the model's name.
fn same(
    leg: &Leg<'_>,
    plan: &Plan<'_>,
    body: &[u8],
    bound: Option<u64>,
) -> Result<Vec<u8>, Mismatch> {
    let mut name = Writer::new();
    name.string(&leg.provider_model);
    let name = String::from_utf8(name.finish()).map_err(|_| Mismatch)?;
    splice(body, &plan.edits, &name, bound).ok_or(Mismatch)
}

/// Another format: read again, since the body is the app's for every attempt, and written.
///
/// The edge role has read the same bytes without a fault, so a fault here means that the two
/// roles are not the same module.
fn cross(
    (config, leg): (&Config, &Leg<'_>),
    client: &Client,
    body: &[u8],
    bound: Option<u64>,
) -> Result<(Vec<u8>, Vec<Field>), Mismatch> {
    let document = Document::parse(body, Limits::default()).map_err(|_| Mismatch)?;
    let mut ask = (client.inbound.read_request)(&document).map_err(|_| Mismatch)?;
    // What was paid for is said even to a provider that may be left to find its own bound.
    if let (Some(bound), None) = (bound, &ask.max_tokens) {
        ask.max_tokens = Some(Given { value: bound, field: "max_tokens" });
    }
    let max_output_tokens = most_tokens(leg, &ask, body.len());
    // A bound beyond what the model can give is no bound, but its provider would refuse it.
    if let Some(max_tokens) = &mut ask.max_tokens {
        max_tokens.value = max_tokens.value.min(leg.max_output_tokens);
    }
    let target = Target { model: &leg.provider_model, max_output_tokens };
    let left_out = config.dialect.left_out(&ask, &target, leg.drops);
    Ok((config.dialect.write_request(ask, &target), left_out))
}

/// Most tokens of the answer: when the app sets no bound, what the input leaves of the window.
///
/// A token is at least one byte of text, so tokens are counted only when the bytes would not
/// leave enough, or when an image may have few bytes and many tokens.
fn most_tokens(leg: &Leg<'_>, ask: &Ask<'_>, bytes: usize) -> u64 {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let text_fits = leg.room(bytes) == leg.max_output_tokens && ask.needs().images.is_none();
    if ask.max_tokens.is_some() || text_fits {
        return leg.max_output_tokens;
    }
    leg.room(ask.estimate())
}
