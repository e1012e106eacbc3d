//! From the tree to the checked policy: the sections in the order in which they refer to one
//! another.
use std::rc::Rc;

use super::document::Node;
use super::names::shown;
use super::read::{Object, Report, Spot};
use super::route_names::RouteNames;
use super::{
    Policy, Problem, Vocabulary, chain, credits, identity, limits, model, provider, resilience,
    route,
};

/// The one version there is.
const VERSION: &str = "tradewind/v1";

impl Policy {
    /// Reads a policy written as JSON.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of its lines.
    pub fn from_json(text: &[u8], vocabulary: Vocabulary<'_>) -> Result<Self, Vec<Problem>> {
        let node = Node::from_json(text).map_err(|problem| vec![problem])?;
        Self::from_node(&node, vocabulary)
    }

    /// Reads a policy from its tree.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of its lines.
    pub fn from_node(node: &Node, vocabulary: Vocabulary<'_>) -> Result<Self, Vec<Problem>> {
        let report = Report::default();
        let policy = policy(&Spot::root(node, &report), vocabulary);
        match (policy, report.finish()) {
            (Some(policy), problems) if problems.is_empty() => Ok(policy),
            (_, problems) => Err(problems),
        }
    }
}

/// Reads what can be read; nothing is missing from it only while nothing has been reported.
fn policy(root: &Spot<'_>, vocabulary: Vocabulary<'_>) -> Option<Policy> {
    let mut fields = root.object("an object with `version`, `identity`, `providers` and more")?;
    version(&mut fields);
    let identity = identity::read(fields.required("identity"), vocabulary.carried);
    let limits = limits::read(fields.optional("limits"));
    let resilience = resilience::read(fields.optional("resilience"));
    let providers = provider::read(fields.required("providers"), vocabulary.dialects);
    let models = model::read(fields.required("models"), &providers);
    let attempts = resilience.map(|resilience| resilience.attempts);
    let chains = chain::read(fields.required("chains"), &models, attempts);
    let routes = route::read(fields.required("routes"), &chains);
    let section = fields.optional("credits");
    let with_credits = section.is_some();
    let credits = credits::read(section, &chains, &models, &providers);
    fields.finish();
    Some(Policy {
        identity,
        limits,
        providers: providers
            .finish("no model uses this provider: remove it or name it in `models`"),
        models: models
            .finish("no chain uses this model: remove it or name it in `chains`")
            .into_iter()
            .map(Rc::new)
            .collect(),
        chains: chains.finish("no route uses this chain: remove it or name it in `routes`"),
        names: RouteNames::of(&routes),
        routes,
        resilience: resilience?,
        credits: if with_credits { Some(credits?) } else { None },
    })
}

fn version(fields: &mut Object<'_>) {
    let Some(spot) = fields.required("version") else {
        return;
    };
    if let Some(other) = spot.text(&format!("`{VERSION}`")).filter(|own| *own != VERSION) {
        spot.problem(format!("expected `{VERSION}`, found `{}`", shown(other)));
    }
}
