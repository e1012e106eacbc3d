//! A request of which a copy is made, and a copy: what is kept of each until it is over.
use std::rc::Rc;

use super::super::line::Line;
use super::super::{Call, CallId, Effect, Memory, Purpose, Report};
use super::parcel::Load;
use super::{HEADER, Origin, Parcel, Seats};
use crate::policy::{Shadow, Tenant};

/// The cluster that leads to the listener for copies.
pub const CLUSTER: &str = "-shadow";

/// The `host` header that copies have there.
const AUTHORITY: &str = "shadow.tradewind";

/// A request of which a copy is sent when it is over, if it was answered.
#[derive(Debug)]
pub(in super::super) struct Sampled {
    copy: Parcel,
}

/// What a copy is made of.
#[derive(Debug)]
pub(in super::super) struct Copied<'c> {
    pub(in super::super) request_id: &'c str,
    pub(in super::super) tenant: &'c Tenant,
    /// The path that the app has called.
    pub(in super::super) path: &'c str,
    /// The app's headers that the copy has as well.
    pub(in super::super) headers: Vec<(String, String)>,
    /// The app's own body.
    pub(in super::super) body: &'c [u8],
}

/// Takes what is needed to copy a request when it is over.
///
/// # Errors
/// Where it is not copied: why that is, as the metric has it.
pub(in super::super) fn sample(
    shadow: &Shadow,
    copied: Copied<'_>,
    (seats, memory): (&Seats, &Memory),
) -> Result<Sampled, &'static str> {
    let Copied { request_id, tenant, path, mut headers, body } = copied;
    if u64::try_from(body.len()).map_or(true, |bytes| bytes > shadow.max_body) {
        return Err("too_large");
    }
    let seat = seats.take(&shadow.name, shadow.max_in_flight).ok_or("busy")?;
    let mut permit = memory.permit();
    permit.hold(body.len()).map_err(|_| "busy")?;
    let origin = Origin {
        experiment: shadow.name.to_string(),
        of: request_id.to_owned(),
        tenant: tenant.clone(),
    };
    headers.push((HEADER.to_owned(), origin.write()));
    let call = Call {
        id: CallId { purpose: Purpose::Copy, number: 0 },
        cluster: CLUSTER.to_owned(),
        authority: AUTHORITY.to_owned(),
        path: path.to_owned(),
        headers,
        body: body.to_vec(),
        timeout_ms: shadow.timeout_ms,
    };
    let experiment = Rc::clone(&shadow.name);
    Ok(Sampled { copy: Parcel { call, experiment, load: Some(Load(seat, permit)) } })
}

impl Sampled {
    /// The request is over: what follows.
    pub(in super::super) fn over(self, reports: &[Report], line: &mut Line) -> Vec<Effect> {
        if !reports.last().is_some_and(Report::is_answered) {
            return Vec::new();
        }
        line.text("shadow", &self.copy.experiment);
        vec![Effect::Post(Box::new(self.copy))]
    }
}
