//! The operator's document, checked once: in a [`Policy`] every name resolves and every number is
//! within its bounds, so that nothing has to be checked for a request.
//!
//! YAML and JSON become one tree of [`Node`]s. One file per section reads its part of the tree,
//! reports what is wrong and goes on, so that an operator sees every problem at once.
mod account;
mod additions;
mod app_header;
mod breaker;
mod cache;
mod cascade;
mod chain;
mod chain_view;
mod class;
mod classifier;
mod compile;
mod context;
mod credits;
mod deadline;
mod digest;
mod document;
mod doubt;
mod endpoint;
mod experiment;
mod fallback;
pub mod field;
mod folded;
mod global;
mod identity;
mod limits;
mod model;
pub(crate) mod nearest;
mod parameters;
mod predicate;
mod price;
mod problem;
mod prompt;
mod prompt_cache;
mod provider;
mod rate;
mod request_headers;
mod resilience;
mod retirement;
mod retry_budget;
mod route;
mod route_names;
mod scope;
mod secret;
mod session;
mod sticky;
mod successors;
mod table;
mod tags;
mod template;

pub use account::{AccountBudget, parted};
pub use additions::Additions;
pub use breaker::{Breaker, FailureRate};
pub use cache::{Cache, CacheScope, NotCached};
pub use cascade::{AGREE, Acceptance, Cascade, RULES};
pub use chain_view::ChainView;
pub use class::Class;
pub use compile::DOCUMENT;
pub use context::{Context, Overflow};
pub use credits::{
    Allowance, CreditPolicy, NearLimit, OnAbandoned, OnExhausted, OnTokenRefused, OnUnavailable,
};
pub use digest::digest;
pub use document::{Content, Member, Node};
pub use endpoint::Endpoint;
pub use experiment::{Arm, Collector, Draw, Experiment, HOLDOUT, Shadow, Unit};
pub use fallback::Fallback;
pub use field::{DecimalText, byte_size, metric_label, shown, unknown};
pub use folded::{folded, is_unseen};
pub use global::{Counts, Descriptor, GlobalLimits, OnUncounted};
pub use identity::{
    CallerFacts, CredentialHeader, Expiring, Identity, Jwks, Jwt, PEER, Spiffe, Tenant, Told,
    VERIFIER, Workload,
};
pub use limits::{Limits, RequestLimits};
pub use model::{Capability, Model, Unsupported, answer_room};
pub use parameters::Parameters;
pub use predicate::{Facts, Predicate, QUESTIONS, Question, Standing, TextFacts};
pub use problem::Problem;
pub use prompt::Prompt;
pub use prompt_cache::PromptCache;
pub use provider::Provider;
pub use rate::{Limit, Pace, Rate, RateBy};
pub use resilience::Resilience;
pub use retirement::Retirement;
pub use retry_budget::RetryBudget;
pub use route::{AnswerModel, Route};
pub use scope::{Scope, Unmet};
pub use session::{Session, SessionBy};
pub use sticky::{Sticky, StickyBy};
pub use tags::{Tags, tag};
pub use template::{Template, Variable};

use std::rc::Rc;

use chain::Chain;
use experiment::ArmChain;
use route_names::RouteNames;

/// A policy in which nothing is wrong.
#[derive(Debug, Clone)]
pub struct Policy {
    identity: Vec<Identity>,
    one_tenant: bool,
    limits: Limits,
    providers: Vec<Rc<Provider>>,
    models: Vec<Rc<Model>>,
    retires_models: bool,
    chains: Vec<Chain>,
    request_headers: Vec<String>,
    classes: Vec<Class>,
    experiments: Vec<Experiment>,
    shadows: Vec<Shadow>,
    sticky: Option<Sticky>,
    routes: Vec<Route>,
    names: RouteNames,
    prompts: Vec<Prompt>,
    resilience: Resilience,
    fallback: Vec<Fallback>,
    cache: Option<Rc<Cache>>,
    context: Option<Context>,
    credits: Option<CreditPolicy>,
}

impl Policy {
    /// Who may call, and as which tenant, in the order in which they are tried.
    #[must_use]
    pub fn identity(&self) -> &[Identity] {
        &self.identity
    }

    /// The tokens by which callers are known, in order.
    pub fn tokens(&self) -> impl Iterator<Item = &Jwt> {
        self.identity.iter().filter_map(Identity::tokens)
    }

    /// Whether the word of a hop in front counts for the certificate of a caller; of one that has
    /// no certificate itself, too. `None` where no such word counts.
    #[must_use]
    pub fn trusts_hops(&self) -> Option<bool> {
        let certificates = self.identity.iter().filter_map(Identity::certificates);
        certificates.filter_map(Spiffe::trusts).reduce(|one, other| one || other)
    }

    /// Whose request this is, by the first way that tells; `None` for a caller whom nobody knows.
    ///
    /// # Errors
    /// What the app is told whose caller is known and not served, or has sent a token that is not
    /// good.
    pub fn identify(&self, facts: &dyn CallerFacts) -> Told {
        identity::caller(&self.identity, facts)
    }

    /// Whether all who are known are one tenant.
    #[must_use]
    pub const fn has_one_tenant(&self) -> bool {
        self.one_tenant
    }

    /// Bounds on one request.
    #[must_use]
    pub const fn limits(&self) -> &RequestLimits {
        &self.limits.request
    }

    /// How much may be asked for in a time, or run at once.
    #[must_use]
    pub fn rates(&self) -> &[Rc<Rate>] {
        &self.limits.rates
    }

    /// What a session is, and how much one may be; `None` where nobody says.
    #[must_use]
    pub const fn session(&self) -> Option<&Rc<Session>> {
        self.limits.session.as_ref()
    }

    /// What several proxies count together; `None` where each counts for itself.
    #[must_use]
    pub fn global_limits(&self) -> Option<&GlobalLimits> {
        self.limits.global.as_deref()
    }

    /// Every provider, in the order of the document, or each of its accounts. Each has a model.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.iter().flat_map(Provider::reached).map(Rc::as_ref)
    }

    /// Every model, in the order of the document.
    #[must_use]
    pub fn models(&self) -> &[Rc<Model>] {
        &self.models
    }

    /// Every model as it is asked: where its provider has accounts, at each of them.
    pub fn asked(&self) -> impl Iterator<Item = &Rc<Model>> {
        self.models.iter().flat_map(Model::asked)
    }

    /// The names of the chains, in the order of the document; after them those of arms.
    pub fn chains(&self) -> impl Iterator<Item = &str> {
        let arms = self.experiments.iter().flat_map(|own| &own.arms);
        let own = arms.filter_map(|arm| match &arm.chain {
            Some(ArmChain::Own(chain)) => Some(chain),
            _ => None,
        });
        self.chains.iter().chain(own).map(|chain| chain.name.as_str())
    }

    /// Every route, in the order of the document.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Whether something may be added to a request: by a rule or by an arm of an experiment.
    #[must_use]
    pub fn adds(&self) -> bool {
        !self.prompts.is_empty() || self.experiments.iter().any(Experiment::adds)
    }

    /// The rules by which something is added to requests, in order.
    #[must_use]
    pub fn prompts(&self) -> &[Prompt] {
        &self.prompts
    }

    /// What happens when a model fails.
    #[must_use]
    pub const fn resilience(&self) -> &Resilience {
        &self.resilience
    }

    /// What an app is given where every model of its chain has failed, in order; empty for its
    /// error.
    #[must_use]
    pub fn fallback(&self) -> &[Fallback] {
        &self.fallback
    }

    /// Answers that are given again; `None` where none is.
    #[must_use]
    pub const fn cache(&self) -> Option<&Rc<Cache>> {
        self.cache.as_ref()
    }

    /// What becomes of a conversation of that route's that a model has no room for.
    #[must_use]
    pub fn context(&self, route: usize) -> Context {
        let own = self.routes.get(route).and_then(|route| route.context);
        own.or(self.context).unwrap_or_default()
    }

    /// Where the policy says that; `None` where it does not.
    #[must_use]
    pub fn context_from(&self, route: usize) -> Option<String> {
        let own = self.routes.get(route).and_then(|route| route.context);
        let of_all = || self.context.map(|_| "context".to_owned());
        own.map(|_| format!("routes[{route}].context")).or_else(of_all)
    }

    /// The credit service and what happens around it; `None` where credits are not counted.
    #[must_use]
    pub const fn credits(&self) -> Option<&CreditPolicy> {
        self.credits.as_ref()
    }

    /// The route that an app asks for by that name.
    #[must_use]
    pub fn route(&self, name: &str) -> Option<&Route> {
        self.routes.get(self.names.route(name)?)
    }

    /// The place of that route in the policy.
    #[must_use]
    pub fn route_index(&self, name: &str) -> Option<usize> {
        self.names.route(name)
    }

    /// The request headers that questions may ask for, in lower case.
    #[must_use]
    pub fn request_headers(&self) -> &[String] {
        &self.request_headers
    }

    /// Every class, in the order in which they are asked.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// Every experiment, in the order in which they are drawn.
    #[must_use]
    pub fn experiments(&self) -> &[Experiment] {
        &self.experiments
    }

    /// Every experiment that copies requests, in the order in which they are drawn.
    #[must_use]
    pub fn shadows(&self) -> &[Shadow] {
        &self.shadows
    }

    /// What keeps its model; `None` where nothing does.
    #[must_use]
    pub const fn sticky(&self) -> Option<&Sticky> {
        self.sticky.as_ref()
    }

    /// The place of the class of that name, where an app may choose it for a route.
    #[must_use]
    pub fn chosen_class(&self, route: &Route, name: &str) -> Option<usize> {
        let classes = &route.app_may_choose.classes;
        let is = |class: &usize| self.classes.get(*class).is_some_and(|own| &*own.name == name);
        classes.iter().copied().find(is)
    }

    /// The names of the classes that an app may choose for a route, and those of the chains.
    #[must_use]
    pub fn choices(&self, route: &Route) -> (Vec<&str>, Vec<&str>) {
        let classes = route.app_may_choose.classes.iter();
        let classes = classes.filter_map(|class| self.classes.get(*class));
        let chains = route.app_may_choose.chains.iter().map(|chain| self.chain_at(*chain).name());
        (classes.map(|class| &*class.name).collect(), chains.collect())
    }

    /// The model of that name.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Rc<Model>> {
        self.models.iter().find(|model| model.name == name)
    }

    /// The names of routes nearest to one that does not exist, nearest first, three at most.
    ///
    /// The work does not grow with the number of routes.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Vec<&str> {
        self.names.nearest(name)
    }
}
