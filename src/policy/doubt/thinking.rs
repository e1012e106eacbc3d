//! Models that are given up, and then left alone, for thinking.
use super::super::field::listed;
use super::super::{Capability, Model, Policy};

/// Whoever sets less than this, in milliseconds, thinks of models that answer at once: those that
/// think take from seconds to minutes before the first of an answer, by how hard it is.
const THINKS_MS: u64 = 10_000;

/// Doubts about how long streams of models that think may take to their first content, where what
/// is given up counts against the model.
pub(super) fn of_models(policy: &Policy, doubts: &mut Vec<String>) {
    let own = policy.resilience();
    if own.breaker.is_none_or(|own| own.observe) {
        return;
    }
    let short = |model: &&Model| {
        let first = model.first_token_timeout_ms.or(own.first_token_timeout_ms);
        let thinks = model.capabilities.contains(&Capability::Reasoning);
        thinks && first.is_some_and(|first| first < THINKS_MS)
    };
    let models = || policy.models().iter().map(|own| &**own).filter(|own| short(own));
    let of_all: Vec<&str> =
        models().filter(|own| own.first_token_timeout_ms.is_none()).map(|own| &*own.name).collect();
    let alone = models().filter(|own| own.first_token_timeout_ms.is_some());
    let alone = alone.map(|own| (format!("models.{}", own.name), listed([&*own.name].into_iter())));
    let all = (!of_all.is_empty()).then(|| ("resilience".to_owned(), listed(of_all.into_iter())));
    doubts.extend(all.into_iter().chain(alone).map(|(place, names)| {
        format!(
            "{place}.first_token_timeout: {names} may think for longer than that before the first \
             of an answer: each such stream counts as a failure, and some of them open the breaker \
             for everybody; make it longer than the model thinks"
        )
    }));
}
