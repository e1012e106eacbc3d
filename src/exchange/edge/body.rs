//! The body of a request for a model: read once, and decided by.
use core::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::super::Host;
use super::super::line::Line;
use super::super::spend;
use super::{Config, Head};
use crate::decide::{
    self, Assembled, Caching, Decision, Origin, Request, Trace, World, decide_unless,
};
use crate::dialect::{Ask, Fault, FaultKind, Operation, read_body};
use crate::json::Document;
use crate::policy::TextFacts;

/// Where a request is decided on: by which policy, with what is known beside its body.
pub(super) struct Desk<'d> {
    pub(super) config: &'d Config,
    pub(super) head: &'d Head,
    pub(super) host: &'d dyn Host,
    /// Whether somebody wants to see what changes nothing, too.
    watched: bool,
    /// Whether a decision has asked the world: [`World::was_asked`].
    asked: Cell<bool>,
}

/// What an app is told, and what had been decided by then.
pub(super) type Failed = (Fault, Option<Trace>);

impl<'d> Desk<'d> {
    /// For a request of which nothing has been decided yet; `watched` where somebody wants to see
    /// what changes nothing, too.
    pub(super) const fn of(
        config: &'d Config,
        head: &'d Head,
        host: &'d dyn Host,
        watched: bool,
    ) -> Self {
        Self { config, head, host, watched, asked: Cell::new(false) }
    }

    /// Whether all that was decided is decided of the same request every time: nobody has asked
    /// what time it is, for chance, for what workers share or what its tenant has left.
    pub(super) fn is_alone(&self) -> bool {
        !self.asked.get()
    }

    /// A body as JSON.
    pub(super) fn read<'b>(&self, bytes: &'b [u8]) -> Result<Document<'b>, Failed> {
        read_body(bytes).map_err(|fault| (fault, None))
    }

    /// What a body asks, and how that is served; or that its answer `is_there` already.
    pub(super) fn decided<'b>(
        &self,
        document: &'b Document<'b>,
        assembled: Option<&Assembled>,
        is_there: &mut dyn FnMut(Caching) -> bool,
        line: &mut Line,
    ) -> Result<(Ask<'b>, Decision), Failed> {
        let mut ask = match assembled {
            // The app's own fields were looked at when it was asked what is added; what was added
            // stands once, and under its own name.
            Some(_) => (self.head.inbound.read_request)(document).map_err(|fault| (fault, None))?,
            None => self.ask(document)?,
        };
        if self.head.resumption.is_some() {
            ask.goes_on();
        }
        line.asks(&ask.model, ask.stream);
        let decided =
            self.request((document, &ask), assembled, |request| decide_unless(request, is_there));
        match decided {
            Ok(decision) => Ok((ask, decision)),
            Err(refusal) => Err((refusal.fault, Some(refusal.trace))),
        }
    }

    /// What was found of a request, where another model may have to go on with its answer.
    pub(super) fn origin(
        &self,
        decision: &Decision,
        assembled: Option<&Assembled>,
    ) -> Option<Origin> {
        let resumes = self.config.policy.resilience().resumes && !self.head.is_our_own();
        resumes.then(|| decision.origin(&self.config.policy, assembled))
    }

    /// What the gateway adds to a request; `None` where it adds nothing to any.
    pub(super) fn assembled(
        &self,
        document: &Document<'_>,
        line: &mut Line,
    ) -> Result<Option<Assembled>, Failed> {
        // To the rest of an answer all of it was added when the answer was asked for.
        if let Some(own) = &self.head.resumption {
            return Ok(Some(own.resumed.origin.assembled(&self.config.policy)));
        }
        if !self.config.policy.adds() {
            return Ok(None);
        }
        let ask = self.ask(document)?;
        self.with_additions(document, &ask).inspect_err(|(_, trace)| {
            if trace.is_some() {
                line.asks(&ask.model, ask.stream);
            }
        })
    }

    fn with_additions(
        &self,
        document: &Document<'_>,
        ask: &Ask<'_>,
    ) -> Result<Option<Assembled>, Failed> {
        let assembled = self.request((document, ask), None, decide::assemble);
        let assembled = assembled.map_err(|refusal| (refusal.fault, Some(refusal.trace)))?;
        let body = assembled.as_ref().and_then(|own| own.body.as_ref());
        if body.is_some_and(|body| !self.config.buffer.fits(body.len())) {
            let most = self.config.buffer.bytes();
            let message = format!(
                "with what this gateway adds to it the body is larger than {most} bytes: send less"
            );
            return Err((Fault::new(FaultKind::TooLarge, message), None));
        }
        Ok(assembled)
    }

    /// How many tokens a body has that is read like one for a model, with what would be added to
    /// that one.
    pub(super) fn count(&self, bytes: &[u8]) -> Result<u64, Fault> {
        let own = read_body(bytes)?;
        let ask = self.ask(&own).map_err(fault)?;
        let assembled = self.with_additions(&own, &ask).map_err(fault)?;
        let count = |document: &Document<'_>, ask: &Ask<'_>| {
            self.request((document, ask), assembled.as_ref(), decide::count)
        };
        match assembled.as_ref().and_then(|own| own.body.as_deref()) {
            None => count(&own, &ask),
            Some(body) => {
                let document = read_body(body)?;
                count(&document, &(self.head.inbound.read_request)(&document)?)
            }
        }
    }

    /// The experiment that may copy a request which has been decided on, whatever is drawn.
    pub(super) fn may_copy(&self, document: &Document<'_>, decision: &Decision) -> Option<Rc<str>> {
        let ask = self.ask(document).ok()?;
        self.request((document, &ask), None, |request| {
            decide::may_copy(request, decision).map(|own| Rc::clone(&own.name))
        })
    }

    fn ask<'b>(&self, document: &'b Document<'b>) -> Result<Ask<'b>, Failed> {
        self.head.inbound.ask(document).map_err(|fault| (fault, None))
    }

    /// A request as the steps of a decision read it.
    fn request<T>(
        &self,
        (document, ask): (&Document<'_>, &Ask<'_>),
        assembled: Option<&Assembled>,
        then: impl FnOnce(&Request<'_>) -> T,
    ) -> T {
        let Self { config, head, host, watched, ref asked } = *self;
        let account = || spend::standing(config.counted()?.1, &head.tenant.tenant, host);
        let request = Request {
            policy: &config.policy,
            tenant: &head.tenant,
            client: head.client.name,
            // What is counted is what models would be asked for.
            operation: head.count.map_or(head.endpoint.operation, |_| Operation::CHAT),
            inbound: head.inbound,
            headers: &head.deciding,
            document,
            ask,
            bytes: document.text().len(),
            world: World::of(host)
                .with_account(&account)
                .with_secret(&config.secret)
                .with_calm(&config.calm)
                .watched(watched),
            estimate: OnceCell::new(),
            assembled,
            copied: head.copy_of.as_ref().map(|own| own.shadow),
            resumed: head.resumption.as_ref().map(|own| &own.resumed),
            texts: TextFacts::default(),
        };
        let told = then(&request);
        asked.set(asked.get() || request.world.was_asked());
        told
    }
}

fn fault((fault, _): Failed) -> Fault {
    fault
}

/// The refusal of a body of more bytes than the policy allows.
pub(super) fn too_large(limit: u64) -> Fault {
    let message = format!(
        "the body is larger than {limit} bytes, which is the most this gateway takes \
         (limits.request.max_body_bytes): send less"
    );
    Fault::new(FaultKind::TooLarge, message)
}
