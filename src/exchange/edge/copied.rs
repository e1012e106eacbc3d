//! A request that is a copy of another: known by the listener that it came to.
use super::super::Envoy;
use super::super::shadow::{FILTER_CHAIN, HEADER, Origin};
use crate::policy::{Policy, Tenant};

/// What a copy is known by.
#[derive(Debug)]
pub(super) struct CopyOf {
    /// The experiment, by its place among those of the policy that copy.
    pub(super) shadow: usize,
    /// The experiment's name.
    pub(super) name: String,
    /// The id of the app's own request.
    pub(super) request_id: String,
    /// Whose that was.
    pub(super) tenant: Tenant,
    /// Who is charged.
    pub(super) payer: Tenant,
}

/// Reads what a request is a copy of; `None` for an app's own. An app's word for it is not looked
/// at: it cannot reach the listener for copies. Requests without the header cost nothing.
pub(super) fn read(
    headers: &[(String, Vec<u8>)],
    policy: &Policy,
    envoy: &dyn Envoy,
) -> Option<CopyOf> {
    let (_, value) = headers.iter().find(|(name, _)| name == HEADER)?;
    let came = envoy.property(&["xds", "filter_chain_name"]);
    came.filter(|name| name == FILTER_CHAIN.as_bytes())?;
    let Origin { experiment, of, tenant } = Origin::read(value)?;
    let shadow = policy.shadows().iter().position(|own| *own.name == *experiment)?;
    let payer = policy.shadows().get(shadow)?.tenant.as_deref();
    let payer = payer.map(|name| Tenant { tenant: name.to_owned(), ..Tenant::default() });
    let payer = payer.unwrap_or_else(|| tenant.clone());
    Some(CopyOf { shadow, name: experiment, request_id: of, tenant, payer })
}
