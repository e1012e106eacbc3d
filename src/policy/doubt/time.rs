//! Times that leave each other no room, or no model enough.
use super::super::Policy;

/// With less than this left of its deadline no other model is asked for a request, in milliseconds.
const LEAST_MS: u64 = 250;

/// No model is known that has begun its answer after so many milliseconds wherever it is, let alone
/// ended one that comes whole.
const SILENT_MS: u64 = 1_000;

/// Doubts about the times of `resilience`.
pub(super) fn of_resilience(policy: &Policy, doubts: &mut Vec<String>) {
    let own = policy.resilience();
    let idle = own.idle_timeout_ms;
    if idle < SILENT_MS {
        doubts.push(format!(
            "resilience.idle_timeout: hardly any answer is there after {idle} ms, and one that is \
             not streamed has to be there whole: most attempts fail"
        ));
    }
    let most = own.deadline.as_ref().map(|own| own.most_ms);
    if let Some(most) = most.filter(|most| *most < LEAST_MS) {
        doubts.push(format!(
            "resilience.deadline.most: hardly any answer has begun after {most} ms, and no second \
             model is ever asked: none is where less than {LEAST_MS} ms are left"
        ));
    }
    let of_models = policy.models().iter().filter_map(|model| {
        Some((format!("models.{}", model.name), model.first_token_timeout_ms?))
    });
    let of_all = own.first_token_timeout_ms.map(|own| ("resilience".to_owned(), own));
    for (place, first) in of_all.into_iter().chain(of_models) {
        let before = [("idle_timeout", Some(idle)), ("deadline.most", most)];
        let before = before.into_iter().find(|(_, time)| time.is_some_and(|time| time < first));
        doubts.extend(before.map(|(name, _)| {
            format!(
                "{place}.first_token_timeout: it is never reached: `resilience.{name}`, which is \
                 shorter, ends the attempt before"
            )
        }));
    }
}
