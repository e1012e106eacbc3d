//! The models that stand for those which are retired.
use std::collections::BTreeMap;

use super::Model;
use super::field::Spot;
use super::model::Models;

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
