//! What the role decides of a request, for those who want to see it and not to have it done.
use std::rc::Rc;

use super::super::line::Line;
use super::super::{Envoy, Reply};
use super::head::{self, Opening};
use super::{Config, body};
use crate::decide::{self, Decision, Trace, World};
use crate::dialect::{Client, Fault, FaultKind, Operation, read_body};
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
        if let Some(write) = head.count {
            let count = body::count(self, &head, bytes, envoy).map(write);
            let reply = Reply::of(head.client, count, &head.request_id);
            return Err(Box::new(Unserved { reply, trace: None }));
        }
        let refused = |fault: &Fault, trace: Option<Trace>, line: &mut Line| {
            Box::new(Unserved { reply: head.fault(fault, line), trace })
        };
        let limit = self.policy.limits().max_body_bytes;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
            return Err(refused(&body::too_large(limit), None, line));
        }
        if bytes.is_empty() {
            let fault = Fault::new(FaultKind::InvalidRequest, "the request has no body");
            return Err(refused(&fault, None, line));
        }
        let assembled = match body::assembled(self, (&head, bytes), line, envoy) {
            Ok(assembled) => assembled,
            Err((fault, trace)) => return Err(refused(&fault, trace, line)),
        };
        let assembled = assembled.as_ref();
        let bytes = assembled.map_or(bytes, |assembled| assembled.body.as_slice());
        let document = read_body(bytes).map_err(|fault| refused(&fault, None, line))?;
        let own = (&head, bytes.len(), assembled);
        match body::read_and_decide(self, own, &document, line, envoy) {
            Err((fault, trace)) => Err(refused(&fault, trace, line)),
            Ok((ask, decision)) => Ok(Considered {
                may_copy: {
                    let own = (&document, &ask, bytes.len());
                    let request = body::request(self, &head, own, World::of(envoy));
                    decide::may_copy(&request, &decision).map(|own| Rc::clone(&own.name))
                },
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
