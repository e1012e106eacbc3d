//! Answers that no provider role has judged, in the app's dialect: Envoy's own failures (nobody
//! could be reached, nobody answered in time), and whatever comes of a cluster without that role.
use super::super::effect::{fixed, header};
use super::super::record::Untold;
use super::super::reply::{RETRY_AFTER, hopeless};
use super::super::{
    Effect, Effects, Envoy, Flow, HeaderMap, Outcome, Progress, Reply, Report, StoppedBy, metric,
    report,
};
use crate::dialect::{Client, Fault, FaultKind};
use crate::policy::parted;

/// An answer that no provider role has judged.
pub(super) struct Local {
    status: u16,
    details: String,
    /// How many models have been tried.
    attempts: usize,
    /// The leg that was to answer.
    leg: String,
    /// Whether a model has been asked: before that nothing is a model's fault.
    asked: bool,
    /// What became of the chain's last model, where its attempt told: Envoy's words are those for
    /// having nowhere to go.
    lost: Option<Outcome>,
    /// No other was asked since too many requests had gone on already.
    over_budget: bool,
    /// What became of the model that was to answer, where its attempt told nothing.
    untold: Option<&'static str>,
}

/// What Envoy says of an answer that came from a provider.
const FROM_PROVIDER: &str = "via_upstream";

/// The same, and of a request that it could not write: no provider role has made the app's request
/// one that can be sent.
const UNJUDGED: [&str; 2] = [FROM_PROVIDER, "filter_removed_required_request_headers"];

/// Envoy's word for a VM of ours that has failed: the provider role's, when the edge role reads it.
const VM_FAILED: &str = "wasm_fail_stream";

/// Envoy's words for a model whose cluster is not there, or has no endpoint.
const NOWHERE: [&str; 2] = ["cluster_not_found", "no_healthy_upstream"];

impl Local {
    /// Reads what answers a request with this chain of models; the chain of a request that was not
    /// handed on to a model is empty.
    pub(super) fn read(envoy: &dyn Envoy, chain: &[String]) -> Self {
        let status = envoy.header(HeaderMap::Response, ":status");
        let status = status.as_deref().and_then(|s| core::str::from_utf8(s).ok()?.parse().ok());
        let details = envoy.property(&["response", "code_details"]).unwrap_or_default();
        let details = reason(&String::from_utf8_lossy(&details)).to_owned();
        let reports = Report::read(envoy, chain);
        let next = Report::next(&reports, chain);
        let stopped_by = reports.last().and_then(|last| last.stopped_by);
        let lost = match reports.last().map(|last| last.progress) {
            Some(Progress::Failed(outcome)) if next.is_none() || stopped_by.is_some() => {
                Some(outcome)
            }
            _ => None,
        };
        let over_budget = stopped_by == Some(StoppedBy::RetryBudget);
        let silent = lost.is_none() && is_silent(&details, reports.last(), envoy);
        let attempts = reports.len().saturating_add(usize::from(silent));
        let untold = match NOWHERE.contains(&&*details) && lost.is_none() {
            _ if silent => Some(report::UNJUDGED),
            true => Some(Outcome::Unreachable.verdict().name),
            false => None,
        };
        let leg = match untold {
            Some(_) => next.cloned(),
            None => reports.last().map(|last| last.leg().into_owned()),
        };
        let status = status.unwrap_or(502);
        let untold = untold.filter(|_| leg.is_some());
        let (leg, asked) = (leg.unwrap_or_default(), !chain.is_empty());
        Self { status, details, attempts, leg, asked, lost, over_budget, untold }
    }

    /// The model that was tried and told nothing, and what became of that.
    pub(super) fn untold(&self) -> Option<Untold> {
        let outcome = self.untold?;
        Some(Untold { leg: self.leg.clone(), outcome })
    }

    /// Whether the provider role's VM failed while it had this request.
    pub(super) fn has_trapped(&self) -> bool {
        self.details == VM_FAILED
    }

    /// Whether it comes from a provider, and may be without an end.
    pub(super) fn comes_from_a_provider(&self) -> bool {
        self.details == FROM_PROVIDER
    }

    /// Whether the cluster that serves the model lacks the provider role.
    pub(super) fn is_bare(&self) -> bool {
        UNJUDGED.contains(&self.details.as_str())
    }

    /// The whole answer in its place, at once: a provider that nobody judges is waited for no
    /// longer, and an answer without a body has none to rewrite.
    pub(super) fn reply(&self, client: &Client, request_id: &str) -> Effects {
        let mut reply = Reply::fault(client, &self.fault(), request_id);
        if self.attempts > 0 {
            reply.headers.push(("x-tradewind-attempts", self.attempts.to_string()));
        }
        reply.headers.extend(self.over_budget.then(|| (RETRY_AFTER, "1".to_owned())));
        let effects = Effects::reply(reply);
        if !self.is_bare() {
            return effects.and(metric::LOCAL_FAILURES.count(&[]));
        }
        let model = &self.leg;
        let line =
            format!("model `{model}`: no provider role stands in the cluster that serves it");
        effects.and(metric::PROVIDER_ROLE_MISSING.count(&[])).and(Effect::Log(line))
    }

    /// The effects on the held headers, and the body to follow.
    pub(super) fn rewrite(&self, client: &Client, request_id: &str) -> (Effects, Vec<u8>) {
        let fault = self.fault();
        let body = (client.write_fault)(&fault, request_id);
        let mut headers = vec![
            header(":status", fault.status.to_string()),
            fixed("content-type", "application/json"),
            header("content-length", body.len().to_string()),
            header("x-tradewind-request-id", request_id),
            header(client.request_id_header, request_id),
        ];
        headers.extend(hopeless(&fault).map(|(name, value)| fixed(name, value)));
        if self.attempts > 0 {
            headers.push(header("x-tradewind-attempts", self.attempts.to_string()));
        }
        headers.extend(self.over_budget.then(|| fixed(RETRY_AFTER, "1")));
        let list = vec![
            Effect::SetHeaders(HeaderMap::Response, headers),
            metric::LOCAL_FAILURES.count(&[]),
        ];
        (Effects { list, flow: Flow::Pause }, body)
    }

    pub(super) fn fault(&self) -> Fault {
        if self.is_bare() {
            let message = format!(
                "the gateway is not completely installed: no provider role of Tradewind stands in \
                 the cluster that serves `{}`; its operator must add it",
                parted(&self.leg).0
            );
            return Fault::new(FaultKind::Internal, message);
        }
        if !self.asked || APPS.iter().any(|start| self.details.starts_with(start)) {
            return self.of_the_request();
        }
        let model = match parted(&self.leg).0 {
            "" => "the model".into(),
            model => format!("`{model}`"),
        };
        let tried = match self.attempts {
            0 | 1 => model,
            count => format!("{count} models were tried, and the last, {model},"),
        };
        if let Some(outcome) = self.lost {
            return lost(outcome, &tried);
        }
        let details = &self.details;
        let kind = FaultKind::of_status(self.status);
        let message = match kind {
            _ if self.has_trapped() => {
                "the gateway failed while it served this request: try again".to_owned()
            }
            FaultKind::Timeout => format!("{tried} did not answer in time ({details})"),
            FaultKind::Overloaded => format!("{tried} could not be reached ({details})"),
            _ => format!("{tried} failed ({details})"),
        };
        Fault::new(kind, message).with_status(self.status)
    }

    /// A failure of what the app sent, or of the gateway before it asked anybody.
    fn of_the_request(&self) -> Fault {
        let details = &self.details;
        let message = match self.status {
            400 => format!(
                "the request is not valid HTTP: it was cut, or its framing is wrong ({details})"
            ),
            408 => format!("the request did not arrive in time: send it again ({details})"),
            413 => "the body is larger than the gateway's buffers: send less".to_owned(),
            426 => "this gateway speaks HTTP/1.1 and HTTP/2".to_owned(),
            431 => "the request's headers are larger than this gateway takes: send less".to_owned(),
            503 => format!("the gateway is overloaded: try again in a moment ({details})"),
            504 => format!("the gateway waited too long for the request ({details})"),
            _ => format!("the gateway could not serve this request ({details})"),
        };
        Fault::new(FaultKind::of_refusal(self.status), message).with_status(self.status)
    }
}

/// Whether the last attempt told nothing of itself: its cluster lacks the provider role, or that
/// role's VM failed before it had told.
fn is_silent(details: &str, last: Option<&Report>, envoy: &dyn Envoy) -> bool {
    match last {
        Some(last) if !last.is_over() => false,
        _ if UNJUDGED.contains(&details) => true,
        Some(_) => details == VM_FAILED,
        // Was there one?
        None => {
            let cluster = envoy.property(&["xds", "cluster_name"]);
            !NOWHERE.contains(&details) && cluster.is_some_and(|name| !name.is_empty())
        }
    }
}

/// The chain's last model gave no answer.
fn lost(outcome: Outcome, tried: &str) -> Fault {
    let (kind, what) = match outcome {
        Outcome::Silent | Outcome::TimedOut => (FaultKind::Timeout, "did not answer in time"),
        Outcome::Unreachable => (FaultKind::Overloaded, "could not be reached"),
        _ => (FaultKind::Overloaded, "closed its connection before it had answered"),
    };
    let status = if kind == FaultKind::Timeout { 504 } else { 503 };
    Fault::new(kind, format!("{tried} {what}")).with_status(status)
}

/// How Envoy's words begin for what an app has sent: bytes that are no HTTP, a chunk that is none,
/// a request that never ends.
const APPS: [&str; 5] = ["http1.", "http2.", "http3.", "downstream_", "request_"];

/// Envoy's word for what happened, without what it appends for operators (addresses, TLS errors):
/// the access log has the whole.
fn reason(details: &str) -> &str {
    details.split_once('{').map_or(details, |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::Local;
    use crate::dialect::FaultKind as K;

    /// Whether a model was asked, what Envoy said, and what the app is told of it.
    const SAID: [(bool, u16, &str, K, &str); 17] = [
        (false, 400, "http1.codec_error", K::InvalidRequest, "the request is not valid HTTP"),
        (false, 400, "http2.violation", K::InvalidRequest, "the request is not valid HTTP"),
        (false, 408, "request_overall_timeout", K::Timeout, "the request did not arrive in time"),
        (false, 413, "request_payload_too_large", K::TooLarge, "the body is larger"),
        (false, 426, "low_version", K::InvalidRequest, "this gateway speaks HTTP/1.1"),
        (false, 431, "http1.headers_too_large", K::InvalidRequest, "the request's headers are"),
        (false, 503, "overload", K::Overloaded, "the gateway is overloaded"),
        (false, 504, "stream_idle_timeout", K::Timeout, "the gateway waited too long"),
        (false, 501, "", K::InvalidRequest, "the gateway could not serve this request"),
        (false, 500, "", K::Internal, "the gateway could not serve this request"),
        (true, 400, "http1.codec_error", K::InvalidRequest, "the request is not valid HTTP"),
        (true, 413, "request_payload_too_large", K::TooLarge, "the body is larger"),
        (true, 408, "request_overall_timeout", K::Timeout, "the request did not arrive in time"),
        (true, 503, "cluster_not_found", K::Overloaded, "the model could not be reached"),
        (true, 503, "no_healthy_upstream", K::Overloaded, "the model could not be reached"),
        (true, 504, "upstream_response_timeout", K::Timeout, "the model did not answer in time"),
        (true, 500, "response_payload_too_large", K::Internal, "the model failed"),
    ];

    #[test]
    fn what_an_app_sent_is_no_models_fault() {
        for (asked, status, details, kind, said) in SAID {
            let (details, leg) = (details.to_owned(), String::new());
            let (lost, untold, over_budget) = (None, None, false);
            #[rustfmt::skip]
            let local = Local {
                status, details, attempts: 1, leg, asked, lost, over_budget, untold,
            };
            let fault = local.fault();
            assert_eq!((fault.kind, fault.status), (kind, status), "{said}");
            assert!(fault.message.starts_with(said), "{}", fault.message);
        }
    }
}
