//! The operator's document, checked once: in a [`Policy`] every name resolves and every number
//! fits, so that nothing is left to find out while a request waits.
mod fit;
mod identity;
mod model;
mod problem;

pub use fit::{Dropped, Facts, Fit};
pub use identity::{ApiKey, Identity, Tenant};
pub use model::{Capability, Endpoint, Model, Provider, Unsupported};
pub use problem::Problem;

/// A checked policy.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(super) identity: Vec<Identity>,
    pub(super) limits: RequestLimits,
    pub(super) models: Vec<Model>,
    pub(super) routes: Vec<Route>,
    pub(super) resilience: Resilience,
}

/// `limits.request`: bounds on one request.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// Largest body, in bytes.
    pub max_body_bytes: u64,
    /// Most messages.
    pub max_messages: u64,
    /// Most output tokens a request may ask for; none for the model's own bound alone.
    pub max_output_tokens: Option<u64>,
}

/// `resilience`: what happens when a model fails.
#[derive(Debug, Clone, Copy)]
pub struct Resilience {
    /// Most models tried for one request.
    pub attempts: u32,
    /// Longest silence of a provider, before or within an answer, in milliseconds.
    pub idle_timeout_ms: u64,
}

/// `routes`: what an app asks for and the chain that serves it.
#[derive(Debug, Clone)]
pub struct Route {
    /// The names an app may put in `model`.
    pub names: Vec<String>,
    /// The models to try, in order: indices into [`Policy::models`].
    pub(super) chain: Vec<usize>,
}

impl Policy {
    /// Who may call, and as whom: tried in order.
    #[must_use]
    pub fn identity(&self) -> &[Identity] {
        &self.identity
    }

    /// Bounds on one request.
    #[must_use]
    pub const fn limits(&self) -> &RequestLimits {
        &self.limits
    }

    /// Every model, in the order of the document.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// Every route, in the order of the document.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// What happens when a model fails.
    #[must_use]
    pub const fn resilience(&self) -> &Resilience {
        &self.resilience
    }

    /// The route that an app asks for by that name.
    #[must_use]
    pub fn route(&self, name: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.names.iter().any(|own| own == name))
    }

    /// The models of a route, in order.
    pub fn chain<'p>(&'p self, route: &'p Route) -> impl Iterator<Item = &'p Model> {
        route.chain.iter().filter_map(|index| self.models.get(*index))
    }
}

/// What the other rooms know and a policy may name.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<'v> {
    /// Names of the dialects there are.
    pub dialects: &'v [&'v str],
}

impl Policy {
    /// Reads a policy written as JSON.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_json(_text: &[u8], _vocabulary: Vocabulary<'_>) -> Result<Self, Vec<Problem>> {
        Err(Vec::new())
    }

    /// The names of routes nearest to one that does not exist, nearest first, three at most.
    #[must_use]
    pub fn nearest(&self, _name: &str) -> Vec<&str> {
        Vec::new()
    }
}
