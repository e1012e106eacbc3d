//! A request for the rest of an answer that broke: known by the listener that it came to.
use super::super::Envoy;
use super::super::line::Line;
use super::super::resume::{FILTER_CHAIN, HEADER, Resumption};
use crate::dialect::{Fault, FaultKind};

/// Reads what answer a request goes on with; `None` for an app's own. An app's word for it is not
/// looked at: it cannot reach the listener for the rest of answers.
///
/// # Errors
/// What came to that listener is nobody's own request, whatever else it says.
pub(super) fn read(
    headers: &[(String, Vec<u8>)],
    line: &mut Line,
    envoy: &dyn Envoy,
) -> Result<Option<Box<Resumption>>, Fault> {
    let Some((_, value)) = headers.iter().find(|(name, _)| name == HEADER) else {
        return Ok(None);
    };
    let came = envoy.property(&["xds", "filter_chain_name"]);
    if came.is_none_or(|name| name != FILTER_CHAIN.as_bytes()) {
        return Ok(None);
    }
    let Some(own) = Resumption::read(value) else {
        let message = format!("`{HEADER}` does not say what this goes on with");
        return Err(Fault::new(FaultKind::InvalidRequest, message));
    };
    line.rest_of(&own.of);
    Ok(Some(Box::new(own)))
}
