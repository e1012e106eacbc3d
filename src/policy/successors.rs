//! The models that stand for those which are retired.
use std::collections::BTreeMap;
use std::rc::Rc;

use super::field::Spot;
use super::model::Models;
use super::{Model, Policy};
use crate::credit::Moment;

/// Reports replacements that are not there, and those that lead back to the model itself.
pub(super) fn check(models: &Models<'_>, named: &[Spot<'_>]) {
    for spot in named {
        // One that is not there has been reported.
        let _ = models.find(Some(spot));
    }
    let Some(all) = models.values() else { return };
    let next = |own: &Model| Some((own.name.clone(), own.retires.as_ref()?.replacement.clone()?));
    let next: BTreeMap<String, String> = all.filter_map(next).collect();
    models.report(|own| {
        let mut at = &own.name;
        for _ in 0..=next.len() {
            at = next.get(at)?;
            if *at == own.name {
                return Some(format!(
                    "its replacement leads back to `{at}`: one of them has to be left out, or to \
                     stay"
                ));
            }
        }
        None
    });
}

impl Policy {
    /// Whether a day is known on which a model is retired.
    #[must_use]
    pub const fn retires_models(&self) -> bool {
        self.retires_models
    }

    /// The model that stands for a retired one at that moment; `None` where none does.
    #[must_use]
    pub fn successor(&self, model: &Model, now: Moment) -> Option<&Rc<Model>> {
        let next = |model: &Model| self.model(model.retires.as_ref()?.replacement.as_ref()?);
        let mut model = next(model)?;
        // No replacement leads back, so each is asked for its own once at most.
        for _ in &self.models {
            if model.retires.as_ref().is_none_or(|own| now < own.after) {
                return Some(model);
            }
            model = next(model)?;
        }
        None
    }
}
