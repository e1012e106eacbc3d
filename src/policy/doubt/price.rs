//! Prices that an operator may not have meant.
use std::rc::Rc;

use super::super::Policy;
use super::super::chain::Chain;
use super::super::model::Model;
use crate::credit::{Price, Share};

/// What an operator may not have meant by a chain: that a later model of a cascade costs less than
/// one that answers before it, or than two whose answers are to agree.
pub(super) fn of_chain(chain: &Chain, models: &[Rc<Model>]) -> Option<String> {
    let cascade = chain.cascade.as_ref()?;
    let own = chain.models.iter().filter_map(|index| models.get(*index));
    let own: Vec<&Rc<Model>> = own.collect();
    let cheaper = own.iter().zip(own.iter().skip(1)).find(|(first, next)| {
        let prices = first.price.as_ref().zip(next.price.as_ref());
        prices.is_some_and(|(first, next)| is_cheaper(next, first))
    });
    let said = cheaper.map(|(first, next)| {
        format!(
            "chains.{}: `{}` costs less than `{}`, which answers before it: nothing is saved",
            chain.name, next.name, first.name
        )
    });
    said.or_else(|| {
        let [first, second] = cascade.accept.agree.as_ref()?;
        let price = |name: &str| own.iter().find(|own| *own.name == *name)?.price.as_ref();
        let (one, two, last) = (price(first)?, price(second)?, own.last()?);
        let both = Price {
            input: one.input.checked_add(two.input)?,
            output: one.output.checked_add(two.output)?,
            ..*one
        };
        is_cheaper(last.price.as_ref()?, &both).then(|| {
            format!(
                "chains.{}: `{}` costs less than `{first}` and `{second}` together, which both \
                 answer before it: nothing is saved",
                chain.name, last.name
            )
        })
    })
}

/// What an operator may not have meant by a model: that what is written into a cache costs what
/// other input costs.
pub(super) fn of_model(model: &Model) -> Option<String> {
    let (cache, price) = (model.prompt_cache?, model.price?);
    let (key, write) = match cache.hour {
        true => ("cache_write_1h", price.cache_write_1h),
        false => ("cache_write", price.cache_write),
    };
    (write == price.input).then(|| {
        format!(
            "models.{}.prompt_cache: what is written into the cache is charged like other input: \
             say in `price.{key}` what its provider takes for it",
            model.name
        )
    })
}

/// What an operator may not have meant by the cache: a price that nobody pays.
pub(super) fn of_cache(policy: &Policy) -> Option<String> {
    let priced = policy.cache().is_some_and(|own| own.price > Share::default());
    (priced && policy.credits().is_none()).then(|| {
        "cache.price: nobody counts credits, so nothing is charged: the policy has no `credits`"
            .to_owned()
    })
}

/// Whether one price is below another in what is read and written.
pub(super) fn is_cheaper(own: &Price, other: &Price) -> bool {
    let sides = [(own.input, other.input), (own.output, other.output)];
    sides.iter().all(|(own, other)| own <= other) && sides.iter().any(|(own, other)| own < other)
}
