//! A request that finds out whether a model serves again.
use std::rc::Rc;

use crate::policy::Model;

/// A model that the request tries, after its breaker was open.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The model.
    pub model: Rc<Model>,
    /// When it was let through, by the proxy's clock in milliseconds.
    pub at_ms: u64,
}
