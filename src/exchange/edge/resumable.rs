//! What is kept of a request, to ask another model for the rest of its answer should that break.
use super::super::resume::{BODY_MAX, Kept};
use super::super::{Effect, Envoy, HeaderMap, RESUME};
use super::Head;
use crate::decide::{Candidate, Origin};
use crate::dialect::{Ask, Role, Target};

/// Leaves for the provider role what it takes to go on, should the answer break in mid-stream;
/// whether it may.
pub(super) fn keep(
    head: &Head,
    asked: (&Ask<'_>, &Candidate, Option<Origin>),
    body: &[u8],
    effects: &mut Vec<Effect>,
    envoy: &dyn Envoy,
) -> bool {
    let kept = kept(head, asked, body, envoy);
    let may = kept.is_some();
    effects.extend(kept);
    may
}

/// What is left for the provider role, should the answer break in mid-stream; `None` for one that
/// could not go on: nobody comes after its first model who goes on with what another has said, or
/// what would be said twice is more than text.
fn kept(
    head: &Head,
    (ask, candidate, origin): (&Ask<'_>, &Candidate, Option<Origin>),
    body: &[u8],
    envoy: &dyn Envoy,
) -> Option<Effect> {
    let origin = origin?;
    let ends = ask.turns.last().is_some_and(|turn| turn.role == Role::User);
    let alone = ask.choices <= 1 && ask.thread.is_none() && ask.stored.is_empty();
    let free = ask.format.is_none() && candidate.cascade.is_none();
    if !(ask.stream && ends && alone && free) || body.len() > BODY_MAX {
        return None;
    }
    let later = candidate.legs.get(1..).unwrap_or_default();
    later.iter().find(|leg| {
        let endpoint = leg.model.provider.dialect.endpoint(head.endpoint.operation);
        let most = leg.max_output_tokens;
        let target = Target { model: &leg.model.provider_model, max_output_tokens: most };
        endpoint.is_some_and(|own| (own.format.goes_on)(ask, &target))
    })?;
    let path = envoy.header(HeaderMap::Request, ":path").unwrap_or_default();
    let path = core::str::from_utf8(&path).ok()?;
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let headers = head.carried().map(|(name, value)| (&**name, &**value));
    let whose = Kept::whose(&head.request_id, &head.tenant, origin);
    let kept = Kept { path, headers: headers.collect(), whose: &whose, body };
    Some(Effect::State(RESUME.into(), kept.encode()))
}
