//! A request of which a copy is made, and a copy: what is kept of each until it is over.
use std::rc::Rc;

use super::super::line::Line;
use super::super::{Call, CallId, Effect, Hearing, Memory, Purpose, Report};
use super::parcel::Load;
use super::record::Record;
use super::{HEADER, Origin, Parcel, Seats};
use crate::policy::{Shadow, Tenant};

/// The cluster that leads to the listener for copies. No name of a policy's begins like it.
pub const CLUSTER: &str = "-shadow";

/// The `host` header that copies have there.
const AUTHORITY: &str = "shadow.tradewind";

/// One of the two requests that are compared.
#[derive(Debug)]
pub(in super::super) struct Sampled {
    experiment: Rc<str>,
    /// The copy, which is sent when the request is over, if it was answered; `None` where it is the
    /// copy itself.
    copy: Option<Parcel>,
    /// What the operator's collector is told of it, where there is one.
    record: Option<Record>,
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
    record: Option<Record>,
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
    let copy = Parcel { call, experiment: Rc::clone(&experiment), load: Some(Load(seat, permit)) };
    Ok(Sampled { experiment, copy: Some(copy), record })
}

impl Sampled {
    /// A copy itself.
    pub(in super::super) fn copy(shadow: &Shadow, record: Option<Record>) -> Self {
        Self { experiment: Rc::clone(&shadow.name), copy: None, record }
    }

    /// What is heard of its answer.
    pub(in super::super) const fn hearing(&self) -> Hearing {
        if self.record.is_some() { Hearing::Words } else { Hearing::Conclusion }
    }

    /// The request is over: what follows, where it was answered.
    pub(in super::super) fn over(self, reports: &[Report], line: &mut Line) -> Vec<Effect> {
        let Self { experiment, copy, record } = self;
        let Some(last) = reports.last().filter(|last| last.is_answered()) else {
            return Vec::new();
        };
        if copy.is_some() {
            line.text("shadow", &experiment);
        }
        last.said.iter().for_each(|said| line.said(said));
        let request = copy.as_ref().map(|copy| copy.call.body.as_slice());
        let told = record.map(|record| record.parcel(&experiment, request, last, line));
        copy.into_iter().chain(told).map(|parcel| Effect::Post(Box::new(parcel))).collect()
    }
}
