//! What changes on the day on which a model is retired.
use super::super::{Model, Policy};
use super::price::is_cheaper;

/// What an operator has to know of a model that is retired: when, and what its replacement cannot
/// do or costs.
pub(super) fn of_model(model: &Model, policy: &Policy) -> Option<String> {
    let own = model.retires.as_ref()?;
    let (name, day) = (&model.name, own.day());
    let Some(next) = own.replacement.as_deref().and_then(|next| policy.model(next)) else {
        return Some(format!("models.{name}.deprecated: from {day} on it leaves its chains"));
    };
    let mut lacks = Vec::new();
    if model.price.zip(next.price).is_some_and(|(own, next)| is_cheaper(&own, &next)) {
        lacks.push("costs more".to_owned());
    }
    if next.context_window < model.context_window {
        lacks.push(format!("has a context window of only {} tokens", next.context_window));
    }
    if next.max_output_tokens < model.max_output_tokens {
        lacks.push(format!("answers with only {} tokens at most", next.max_output_tokens));
    }
    let missing = model.capabilities.iter().filter(|own| !next.capabilities.contains(own));
    lacks.extend(missing.map(|own| format!("has no `{}`", own.name())));
    if let Some((tag, _)) = model.tags.missing_in(&next.tags) {
        lacks.push(format!("has another tag `{tag}`"));
    }
    let lacks = match lacks.as_slice() {
        [] => String::new(),
        lacks => format!(", which {}", lacks.join(", ")),
    };
    let next = &next.name;
    Some(format!("models.{name}.deprecated: from {day} on `{next}` is asked instead{lacks}"))
}
