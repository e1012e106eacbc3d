//! A request that is a copy of another: known by the listener that it came to.
use super::super::Envoy;
use super::super::line::Line;
use super::super::shadow::{FILTER_CHAIN, HEADER, Origin};
use crate::dialect::{Fault, FaultKind};
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
///
/// # Errors
/// What came to that listener is nobody's own request, whatever else it says: one of an experiment
/// that there is no more, as after a change of the policy, is refused, and the access log has whose
/// it was.
pub(super) fn read(
    headers: &[(String, Vec<u8>)],
    policy: &Policy,
    line: &mut Line,
    envoy: &dyn Envoy,
) -> Result<Option<CopyOf>, Fault> {
    let Some((_, value)) = headers.iter().find(|(name, _)| name == HEADER) else {
        return Ok(None);
    };
    let came = envoy.property(&["xds", "filter_chain_name"]);
    if came.is_none_or(|name| name != FILTER_CHAIN.as_bytes()) {
        return Ok(None);
    }
    let Some(Origin { experiment, of, tenant }) = Origin::read(value) else {
        let message = format!("`{HEADER}` does not say what this is a copy of");
        return Err(Fault::new(FaultKind::InvalidRequest, message));
    };
    let mut shadows = policy.shadows().iter().enumerate();
    let Some((shadow, own)) = shadows.find(|(_, own)| *own.name == *experiment) else {
        line.copy_of(&experiment, &of);
        line.text("tenant", &tenant.tenant);
        let message = "the experiment that has made this copy is not in the policy any more";
        return Err(Fault::new(FaultKind::NotFound, message));
    };
    let payer = own.tenant.as_deref();
    let payer = payer.map(|name| Tenant { tenant: name.to_owned(), ..Tenant::default() });
    let payer = payer.unwrap_or_else(|| tenant.clone());
    Ok(Some(CopyOf { shadow, name: experiment, request_id: of, tenant, payer }))
}
