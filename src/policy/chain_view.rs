//! Chains as they are served: with their models, and by whom they are asked for.
use std::rc::Rc;

use super::chain::Chain;
use super::experiment::ArmChain;
use super::{Cascade, Experiment, Fallback, Model, NearLimit, Policy, Route, Shadow};
use crate::order;

/// A chain and its models.
#[derive(Debug, Clone, Copy)]
pub struct ChainView<'p> {
    chain: Option<&'p Chain>,
    models: &'p [Rc<Model>],
}

impl<'p> ChainView<'p> {
    /// The chain's name in the policy.
    #[must_use]
    pub fn name(&self) -> &'p str {
        self.chain.map_or("", |chain| chain.name.as_str())
    }

    /// How the answers of its models are judged; `None` where they are not.
    #[must_use]
    pub fn cascade(&self) -> Option<&'p Cascade> {
        self.chain.and_then(|chain| chain.cascade.as_ref())
    }

    /// The models, in order.
    pub fn models(&self) -> impl Iterator<Item = &'p Rc<Model>> + use<'p> {
        let (chain, models) = (self.chain, self.models);
        let indices = chain.map(|chain| chain.models.as_slice()).unwrap_or_default();
        indices.iter().filter_map(|index| models.get(*index))
    }
}

impl Policy {
    /// The models of cascades whose answers are judged, and those that stand for them once they are
    /// retired, each once.
    #[must_use]
    pub fn judged_models(&self) -> Vec<&str> {
        let cascades = self.chains.iter().filter(|chain| chain.cascade.is_some());
        let own = cascades.filter_map(|chain| chain.models.split_last()).flat_map(|(_, own)| own);
        let own = own.filter_map(|own| self.models.get(*own));
        let next = |model: &&Rc<Model>| self.model(model.retires.as_ref()?.replacement.as_ref()?);
        let judged = own.flat_map(|own| {
            // No replacement leads back.
            core::iter::successors(Some(own), next).take(self.models.len())
        });
        let mut judged: Vec<&str> = judged.map(|own| &*own.name).collect();
        order::sort(&mut judged);
        judged.dedup();
        judged
    }

    /// The chain that copies go to.
    #[must_use]
    pub fn shadow_chain(&self, shadow: &Shadow) -> ChainView<'_> {
        self.chain_at(shadow.chain)
    }

    /// Whether requests for a route may be served by one chain or another.
    #[must_use]
    pub fn chains_differ(&self, route: &Route) -> bool {
        route.chains.differ()
            || !route.app_may_choose.is_empty()
            || self.experiments.iter().any(Experiment::changes_chain)
            || self.credits.as_ref().is_some_and(|credits| credits.near_limit.is_some())
    }

    /// The chain of an arm, by the places of its experiment and its own; `None` for one without.
    #[must_use]
    pub fn arm_chain(&self, experiment: usize, arm: usize) -> Option<ChainView<'_>> {
        match self.experiments.get(experiment)?.arms.get(arm)?.chain.as_ref()? {
            ArmChain::Named(chain) => Some(self.chain_at(*chain)),
            ArmChain::Own(chain) => Some(ChainView { chain: Some(chain), models: &self.models }),
        }
    }

    /// The chain of a route, for requests of the class at that place among the policy's.
    #[must_use]
    pub fn chain(&self, route: &Route, class: Option<usize>) -> ChainView<'_> {
        self.view(route.chains.of(class))
    }

    /// Whether a route has a chain for each class.
    #[must_use]
    pub const fn goes_by_class(&self, route: &Route) -> bool {
        route.chains.differ()
    }

    /// The chain of that name, where an app may choose it for a route.
    #[must_use]
    pub fn chosen_chain(&self, route: &Route, name: &str) -> Option<ChainView<'_>> {
        let mut chains = route.app_may_choose.chains.iter().map(|chain| self.chain_at(*chain));
        chains.find(|chain| chain.name() == name)
    }

    /// The chain for tenants below the near-limit threshold.
    #[must_use]
    pub fn near_limit_chain(&self, near: &NearLimit) -> ChainView<'_> {
        self.chain_at(near.chain)
    }

    /// The chain whose models are asked after those of every other.
    #[must_use]
    pub fn fallback_chain(&self) -> Option<ChainView<'_>> {
        let chain = self.fallback.iter().find_map(|own| match own {
            Fallback::Chain(chain) => Some(*chain),
            _ => None,
        });
        chain.map(|chain| self.chain_at(chain))
    }

    pub(super) fn chain_at(&self, index: usize) -> ChainView<'_> {
        self.view(Some(index))
    }

    fn view(&self, index: Option<usize>) -> ChainView<'_> {
        let chain = index.and_then(|index| self.chains.get(index));
        ChainView { chain, models: &self.models }
    }
}
