//! Whether a copy of a request is made, and what it is made of.
use super::super::duty::Duty;
use super::super::shadow::{self, Copied};
use super::super::{Effect, Envoy, HeaderMap, metric};
use super::{Config, Head};
use crate::decide::CHAIN;

/// What is owed for a request that the experiment of that place samples, or why it is not copied.
/// `body` is what the app has sent.
pub(super) fn sample(
    config: &Config,
    shadow: Option<usize>,
    head: &Head,
    body: &[u8],
    envoy: &dyn Envoy,
) -> (Option<Duty>, Vec<Effect>) {
    let Some(shadow) = shadow.and_then(|own| config.policy.shadows().get(own)) else {
        return (None, Vec::new());
    };
    let path = envoy.header(HeaderMap::Request, ":path").unwrap_or_default();
    let path = String::from_utf8_lossy(&path);
    let path = path.split_once('?').map_or(&*path, |(path, _)| path);
    // What the app chooses of the chain is the copy's own.
    let deciding = head.deciding.iter().filter(|(name, _)| name != CHAIN);
    let copied = Copied {
        request_id: &head.request_id,
        tenant: &head.tenant,
        path,
        headers: deciding.chain(&head.forwarded).cloned().collect(),
        body,
    };
    let (seats, memory) = &config.shared;
    match shadow::sample(shadow, copied, (seats, memory)) {
        Ok(sampled) => (Some(Duty::Copy(Box::new(sampled))), Vec::new()),
        Err(why) => (None, vec![metric::SHADOW_REQUESTS.count(&[&shadow.name, why])]),
    }
}
