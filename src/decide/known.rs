//! A request as questions see it.
use super::Request;
use super::decision::Asked;
use crate::dialect::Ask;
use crate::json::Value;
use crate::policy::{Facts, Standing, Tenant, TextFacts};

/// A request, and what the name means that it asks for.
#[derive(Debug)]
pub(super) struct Known<'k> {
    pub(super) request: &'k Request<'k>,
    pub(super) asked: &'k Asked,
}

impl Facts for Known<'_> {
    fn ask(&self) -> &Ask<'_> {
        self.request.ask
    }

    fn body(&self) -> Value<'_> {
        self.request.document.root()
    }

    fn requested_model(&self) -> &str {
        let model = &*self.request.ask.model;
        model.get(..self.asked.name_bytes).unwrap_or(model)
    }

    fn route(&self) -> usize {
        self.asked.route
    }

    fn route_names(&self) -> &[String] {
        self.request.policy.routes().get(self.asked.route).map_or(&[], |route| &route.names)
    }

    fn tenant(&self) -> &Tenant {
        self.request.tenant
    }

    fn client(&self) -> &str {
        self.request.client
    }

    fn operation(&self) -> &str {
        self.request.operation.name
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request.header(name)
    }

    fn input_tokens(&self) -> u64 {
        self.request.input_tokens()
    }

    fn unix_seconds(&self) -> u64 {
        self.request.world.unix_seconds()
    }

    fn standing(&self) -> Option<Standing> {
        self.request.world.standing()
    }

    fn texts(&self) -> &TextFacts {
        &self.request.texts
    }
}
