//! Whether a copy of a request is made, and what it is made of.
use std::rc::Rc;

use super::super::shadow::{self, Copied, Record, Sampled};
use super::super::{Effect, Envoy, HeaderMap, metric};
use super::{Config, Head};
use crate::policy::Shadow;

/// What is kept of a request that the experiment of that place samples, or that is a copy; or why
/// it is not copied. Of the app's request there are the name of its route, and its body.
pub(super) fn sample(
    config: &Config,
    shadow: Option<usize>,
    head: &Head,
    (route, body): (&str, &[u8]),
    envoy: &dyn Envoy,
) -> (Option<Box<Sampled>>, Vec<Effect>) {
    let shadows = config.policy.shadows();
    if let Some(own) = &head.copy_of {
        let shadow = shadows.get(own.shadow);
        let copy = shadow.map(|shadow| Sampled::copy(shadow, record(shadow, head, route)));
        return (copy.map(Box::new), Vec::new());
    }
    let Some(shadow) = shadow.and_then(|own| shadows.get(own)) else {
        return (None, Vec::new());
    };
    let path = envoy.header(HeaderMap::Request, ":path").unwrap_or_default();
    let path = String::from_utf8_lossy(&path);
    let path = path.split_once('?').map_or(&*path, |(path, _)| path);
    let copied = Copied {
        request_id: &head.request_id,
        tenant: &head.tenant,
        path,
        headers: head.carried().cloned().collect(),
        body,
    };
    let ((seats, memory, _), record) = (&config.shared, record(shadow, head, route));
    match shadow::sample(shadow, copied, record, (seats, memory)) {
        Ok(sampled) => (Some(Box::new(sampled)), Vec::new()),
        Err(why) => (None, vec![metric::SHADOW_REQUESTS.count(&[&shadow.name, why])]),
    }
}

/// What the experiment's collector is told of a request, where it has one.
fn record(shadow: &Shadow, head: &Head, route: &str) -> Option<Record> {
    shadow.collector.as_ref().map(|collector| Record {
        collector: Rc::clone(collector),
        request_id: head.request_id.to_string(),
        copy_of: head.copy_of.as_ref().map(|own| own.request_id.clone()),
        route: route.to_owned(),
        tenant: head.payer().tenant.clone(),
        client: head.client.name,
    })
}
