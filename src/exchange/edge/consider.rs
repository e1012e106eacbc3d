//! What the role decides of a request, for those who want to see it and not to have it done.
use std::rc::Rc;

use super::super::line::Line;
use super::super::{Envoy, Reply};
use super::Config;
use super::body::{self, Desk, Failed};
use super::head::{self, Opening};
use crate::decide::{Decision, Trace};
use crate::dialect::{Client, Fault, FaultKind, Operation};
use crate::policy::Tenant;

/// A request that models may serve.
#[derive(Debug)]
pub struct Considered {
    /// The API that its app was written for.
    pub client: &'static Client,
    /// What it asks for.
    pub operation: Operation,
    /// Who pays, and for whom.
    pub tenant: Tenant,
    /// The model that it asks for.
    pub asked: String,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Tokens of its input, estimated.
    pub input_tokens: u64,
    /// The experiment that may copy it, whatever is drawn.
    pub may_copy: Option<Rc<str>>,
    /// How it is served.
    pub decision: Decision,
}

/// A request that no model serves.
#[derive(Debug)]
pub struct Unserved {
    /// What the app is told: a refusal, or an answer that the gateway gives itself.
    pub reply: Reply,
    /// What had been decided by then; `None` where the request did not come so far.
    pub trace: Option<Trace>,
}

impl Config {
    /// Decides on a whole request as far as that goes without its tenant's account.
    ///
    /// # Errors
    /// What the app is told where no model serves the request.
    pub fn consider(
        &self,
        headers: &[(String, Vec<u8>)],
        bytes: &[u8],
        envoy: &dyn Envoy,
    ) -> Result<Considered, Box<Unserved>> {
        let line = &mut Line::default();
        let head = match head::read(headers, &self.policy, line, envoy) {
            Opening::Reply(reply) => return Err(Box::new(Unserved { reply, trace: None })),
            Opening::Feedback(feedback) => {
                return Err(Box::new(Unserved { reply: feedback.note(bytes, line), trace: None }));
            }
            Opening::Request(head) => head,
        };
        let desk = Desk::of(self, &head, envoy, true);
        if let Some(write) = head.count {
            let reply = Reply::of(head.client, desk.count(bytes).map(write), &head.request_id);
            return Err(Box::new(Unserved { reply, trace: None }));
        }
        let refused = |(fault, trace): Failed, line: &mut Line| {
            Box::new(Unserved { reply: head.fault(&fault, line), trace })
        };
        let limit = self.policy.limits().max_body_bytes;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
            return Err(refused((body::too_large(limit), None), line));
        }
        if bytes.is_empty() {
            let fault = Fault::new(FaultKind::InvalidRequest, "the request has no body");
            return Err(refused((fault, None), line));
        }
        let own = desk.read(bytes).map_err(|failed| refused(failed, line))?;
        let assembled = desk.assembled(&own, line).map_err(|failed| refused(failed, line))?;
        let assembled = assembled.as_ref();
        let made = assembled.and_then(|own| own.body.as_deref()).map(|body| desk.read(body));
        let made = made.transpose().map_err(|failed| refused(failed, line))?;
        let document = made.as_ref().unwrap_or(&own);
        match desk.decided(document, assembled, &mut |_| false, line) {
            Err(failed) => Err(refused(failed, line)),
            Ok((ask, decision)) => Ok(Considered {
                may_copy: desk.may_copy(&own, &decision),
                client: head.client,
                operation: head.endpoint.operation,
                tenant: head.tenant.clone(),
                asked: ask.model.clone().into_owned(),
                stream: ask.stream,
                input_tokens: ask.estimate(),
                decision,
            }),
        }
    }
}
