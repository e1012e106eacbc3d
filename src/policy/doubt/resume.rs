//! Streams that are to go on, and never can.
use super::super::Policy;
use super::super::chain::Chain;
use crate::dialect::{Ask, Operation, Target};

/// That no model goes on with what another has said, where streams that break are to go on.
pub(super) fn of_resume(policy: &Policy) -> Option<String> {
    let goes_on = |chain: &Chain| {
        let mut later = chain.models.iter().skip(1).filter_map(|index| policy.models.get(*index));
        later.any(|model| {
            let endpoint = model.provider.dialect.endpoint(Operation::CHAT);
            let most = model.max_output_tokens;
            let target = Target { model: &model.provider_model, max_output_tokens: most };
            endpoint.is_some_and(|own| (own.format.goes_on)(&Ask::default(), &target))
        })
    };
    let never = policy.resilience().resumes && !policy.chains.iter().any(goes_on);
    never.then(|| {
        "resilience.resume: no stream ever goes on: no chain has a model behind its first that \
         goes on with what another has said, as Claude before 4.6 and Gemini do"
            .to_owned()
    })
}
