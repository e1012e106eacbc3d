//! From the tree to the checked policy: the sections in the order in which they refer to one
//! another.
use std::rc::Rc;

use super::document::Node;
use super::field::{
    Constant, Entries, Field, Holds, Is, List, Nested, Optional, Report, Required, Rule, Section,
    Spot,
};
use super::model::Models;
use super::predicate::Reading;
use super::provider::Providers;
use super::route_names::RouteNames;
use super::{
    CreditPolicy, Policy, Problem, cache, chain, class, classifier, context, credits, experiment,
    fallback, identity, limits, model, prompt, provider, request_headers, resilience, route,
    sticky, successors,
};

/// The whole document: its sections in the order in which they are best read.
pub const DOCUMENT: Section = Section::new(
    "an object with `version`, `identity`, `providers` and more",
    "",
    "",
    &[
        &VERSION,
        &IDENTITY,
        &LIMITS,
        &PROVIDERS,
        &MODELS,
        &CHAINS,
        &REQUEST_HEADERS,
        &CLASSIFIER,
        &CLASSES,
        &ROUTES,
        &EXPERIMENTS,
        &STICKY,
        &RESILIENCE,
        &CACHE,
        &PROMPT,
        &CONTEXT,
        &CREDITS,
    ],
)
.with(&[Rule {
    when: Holds { key: CREDITS.key(), is: Is::Given },
    then: Holds { key: MODELS.key(), is: Is::Each("price") },
}]);

const VERSION: Required<Constant> =
    Field::required("version", Constant("tradewind/v1"), "The version of this format.");

const IDENTITY: Required<List> = Field::required(
    "identity",
    identity::IDENTITY,
    "Who may call, and who pays for it: the first entry that knows the caller counts. Nobody is \
     served whom none of them knows.",
);

const LIMITS: Optional<Nested> = Field::optional(
    "limits",
    Nested(&limits::LIMITS),
    "the defaults of its fields",
    "Bounds on what an app may ask for.",
);

const PROVIDERS: Required<Entries> = Field::required(
    "providers",
    provider::PROVIDERS,
    "The APIs that models are asked through, by names of your own. Each must be used by a model.",
);

const MODELS: Required<Entries> = Field::required(
    "models",
    model::MODELS,
    "The models, by names of your own. Each must be used by a chain.",
);

const CHAINS: Required<Entries> = Field::required(
    "chains",
    chain::CHAINS,
    "Lists of models, by names of your own, tried in their order: no more of them than \
     `resilience.attempts`. One may be a cascade, which judges answers. Each must be used by a \
     route, an experiment, `resilience.fallback` or `credits.near_limit`.",
);

const REQUEST_HEADERS: Optional<List> = Field::optional(
    "request_headers",
    request_headers::REQUEST_HEADERS,
    "none",
    "Headers of an app's request that questions may ask for. Their values are compared and go no \
     further: not to a provider, and not into a log. One that stands more than once in a request \
     is refused with 400, and so are `x-tradewind-class` and `x-tradewind-chain`: what is in front \
     of the gateway may have added its own to the app's, and nobody knows which is meant. Of those \
     that are lists by what defines them (`accept` and its like, `anthropic-beta`, `baggage`, \
     `cache-control`, `forwarded`, `openai-beta`, `tracestate`, `via`, `x-forwarded-for`, \
     `x-forwarded-host`, `x-forwarded-proto`) the lines are one value, with `, ` between them.",
);

const CLASSIFIER: Optional<Nested> = Field::optional(
    "classifier",
    Nested(&classifier::CLASSIFIER),
    "the length of a request's texts is its complexity",
    "What judges how hard a request looks.",
);

const CLASSES: Optional<List> = Field::optional(
    "classes",
    class::CLASSES,
    "requests have no class",
    "The kinds of requests: the first one that takes a request counts. Each but the last must be \
     used by a route or an experiment.",
);

const ROUTES: Required<List> = Field::required(
    "routes",
    route::ROUTES,
    "What apps put in `model`, and the chain that serves it.",
);

const EXPERIMENTS: Optional<List> = Field::optional(
    "experiments",
    experiment::EXPERIMENTS,
    "none",
    "Requests that are served in one of several ways, so that the ways can be compared, and \
     requests of which a copy goes another way.",
);

const STICKY: Optional<Nested> = Field::optional(
    "sticky",
    Nested(&sticky::STICKY),
    "nothing but what answers a model's calls of functions",
    "What goes to the model that has answered before.",
);

const RESILIENCE: Optional<Nested> = Field::optional(
    "resilience",
    Nested(&resilience::RESILIENCE),
    "the defaults of its fields",
    "What happens when a model fails.",
);

const CACHE: Optional<Nested> = Field::optional(
    "cache",
    Nested(&cache::CACHE),
    "nothing is kept",
    "Answers that are given again to whoever asks the same.",
);

const PROMPT: Optional<List> = Field::optional(
    "prompt",
    prompt::PROMPTS,
    "nothing",
    "What is added to requests before anything else is decided of them.",
);

const CONTEXT: Optional<Nested> = Field::optional(
    "context",
    Nested(&context::CONTEXT),
    "the defaults of its fields",
    "What becomes of a conversation that a model has no room for.",
);

const CREDITS: Optional<Nested> = Field::optional(
    "credits",
    Nested(&credits::CREDITS),
    "nothing is counted",
    "Who counts what tenants spend. Every model needs a `price` then.",
);

impl Policy {
    /// Reads a policy written as JSON.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of its lines.
    pub fn from_json(text: &[u8]) -> Result<Self, Vec<Problem>> {
        let node = Node::from_json(text).map_err(|problem| vec![problem])?;
        Self::from_node(&node)
    }

    /// Reads a policy from its tree.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of its lines.
    pub fn from_node(node: &Node) -> Result<Self, Vec<Problem>> {
        let report = Report::default();
        let policy = policy(&Spot::root(node, &report));
        match (policy, report.finish()) {
            (Some(policy), problems) if problems.is_empty() => Ok(policy),
            (_, problems) => Err(problems),
        }
    }
}

/// The models, and whether those that stand for others do.
fn models<'n>(section: Option<Spot<'n>>, providers: &Providers<'n>) -> Models<'n> {
    let mut named = Vec::new();
    let models = model::read(section, providers, &mut named);
    successors::check(&models, &named);
    models
}

/// Reads what can be read; nothing is missing from it only while nothing has been reported.
fn policy(root: &Spot<'_>) -> Option<Policy> {
    let mut fields = root.object(&DOCUMENT)?;
    // What is wrong with it has been reported.
    let _ = fields.read(&VERSION);
    let identity = fields.spot(&IDENTITY);
    let limits = fields.section(&LIMITS);
    let context = fields.read_with(&CONTEXT, context::read);
    let providers = provider::read(fields.spot(&PROVIDERS), fields.has(&CREDITS));
    let models = models(fields.spot(&MODELS), &providers);
    let routes = fields.spot(&ROUTES);
    let names = route::names(routes.as_ref());
    let identity = identity::read(identity, &model::known_tags(&models), &names);
    let request_headers = request_headers::read(fields.spot(&REQUEST_HEADERS), &identity);
    let resilience = fields.section(&RESILIENCE).and_then(|own| resilience::read(own, &identity));
    let (resilience, fallback) = resilience.map_or((None, None), |(own, list)| (Some(own), list));
    let attempts = resilience.as_ref().map(|resilience| resilience.attempts);
    let chains = chain::read(fields.spot(&CHAINS), &models, attempts);
    let reading = Reading {
        routes: names,
        headers: &request_headers,
        callers: identity::callers(&identity),
        counted: fields.has(&CREDITS),
        classifier: fields.section(&CLASSIFIER).and_then(classifier::read),
        ..Reading::default()
    };
    let classes = class::read(fields.spot(&CLASSES), &reading);
    let limits = limits.and_then(|section| limits::read(section, &reading, &classes));
    let prompts = prompt::read(fields.spot(&PROMPT), &reading, &classes);
    let routes = route::read(routes, &chains, &classes);
    let sticky = fields.read_with(&STICKY, |spot| sticky::read(spot, &reading));
    let cache = fields.read_with(&CACHE, |spot| cache::read(spot, &reading));
    let fallback = fallback::read(fallback.as_ref(), &chains);
    let (experiments, shadows) = {
        let (reading, models, chains, classes) = (&reading, &models, &chains, &classes);
        let names = experiment::Names { reading, models, chains, classes, attempts };
        experiment::read(fields.spot(&EXPERIMENTS), names)
    };
    let credits =
        fields.read_with(&CREDITS, |section| credits::read(section, &chains, &models, &providers));
    fields.finish();
    let follows_balance = reading.follows_balance.get();
    let providers =
        providers.finish("no model uses this provider: remove it or name it in `models`");
    let models = models.finish("no chain uses this model: remove it or name it in `chains`");
    let chains = chains.finish("no route uses this chain: remove it or name it in `routes`");
    let classes =
        classes.finish("no route or experiment uses this class: remove it or name it in `routes`");
    Some(Policy {
        request_headers,
        classes,
        experiments,
        shadows,
        sticky: sticky?,
        one_tenant: identity::is_one_tenant(&identity),
        identity,
        limits: limits?,
        providers,
        retires_models: models.iter().any(|model| model.retires.is_some()),
        models: models.into_iter().map(Rc::new).collect(),
        chains,
        names: RouteNames::of(&routes),
        routes,
        resilience: resilience?,
        fallback,
        cache: cache?.map(Rc::new),
        prompts,
        context: context?,
        credits: credits?.map(|own| CreditPolicy {
            follows_balance: own.follows_balance || follows_balance,
            ..own
        }),
    })
}
