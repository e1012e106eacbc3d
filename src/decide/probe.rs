//! A request that finds out whether a model serves again.
use std::rc::Rc;

use crate::policy::Model;
use crate::resilience::{Breaker, Records};

/// A model that the request tries, after its breaker was open.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The model.
    pub model: Rc<Model>,
    /// When it was let through, by the proxy's clock in milliseconds.
    pub at_ms: u64,
}

impl Probe {
    /// It tries nothing: another request may. Where that cannot be written it is given up later.
    pub fn give_back(&self, records: Records<'_>) {
        let _ = Breaker::update(records, &self.model.breaker_name, &|own| own.untried(self.at_ms));
    }
}
