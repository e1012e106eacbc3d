//! The first attempt's body, written from the request that the edge role has just read, so that the
//! provider role neither reads nor writes one.
use super::super::dropped::listed;
use super::super::{Body, Effect, First, Plan, StreamBuffer, attempt};
use super::Head;
use crate::decide::Candidate;
use crate::dialect::Ask;
use crate::json::{Document, Limits};

/// Longest body of an app's that is kept beside the one that was written for the first attempt, in
/// bytes: 4 MiB. Envoy holds both until the request is over.
const ORIGINAL_MAX: usize = 4 << 20;

/// The app's request, while it is still at hand.
#[derive(Debug)]
pub(super) struct Original<'o> {
    pub(super) body: &'o [u8],
    pub(super) ask: Ask<'o>,
    /// Whether it is not what the app has sent, and Envoy does not have it yet.
    pub(super) is_new: bool,
}

impl Original<'_> {
    /// Has Envoy hold it, where it does not.
    pub(super) fn kept(&self, buffer: StreamBuffer) -> Option<Effect> {
        let body = self.is_new.then(|| buffer.hold(self.body.to_vec()).ok()).flatten();
        body.map(Effect::RequestBody)
    }
}

/// What was written for the first attempt.
#[derive(Debug)]
pub(super) struct Written {
    /// The first attempt's body; `None` where it does not fit.
    pub(super) body: Option<Body>,
    /// The app's own body, where legs after the first are written from that.
    pub(super) original: Option<Vec<u8>>,
}

/// Writes the body for the first leg of a plan, and says so in the plan. `None` where that is left
/// to the provider role: the app's own body would have to be kept, and is too long for that.
///
/// A body that is longer than the stream's buffer goes nowhere. The plan says that, so nobody
/// writes the body again: the provider role refuses the attempt.
pub(super) fn write(
    head: &Head,
    (plan, candidate): (&mut Plan<'_>, &Candidate),
    original: Original<'_>,
    buffer: StreamBuffer,
) -> Option<Written> {
    let Original { body: own, ask, .. } = original;
    let dialect = candidate.legs.first()?.model.provider.dialect;
    let operation = head.endpoint.operation;
    let endpoint = dialect.endpoint(operation)?;
    let (leg, others) = plan.legs.split_first()?;
    let same = endpoint.format == head.inbound.format;
    // A leg of another format is written from what the app has asked, not from what was made of it.
    // So is a leg of the same format whose model takes something else.
    let alike = others.iter().all(|other| other.change == leg.change)
        && candidate.speaks_only(operation, head.inbound.format);
    let keeps_original = !alike && !others.is_empty();
    let change = plan.changes.get(leg.change).filter(|_| same);
    if keeps_original && own.len() > ORIGINAL_MAX {
        return None;
    }
    let (written, dropped) = match change {
        Some(change) => {
            let written = attempt::same_format(leg, own, &change.edits)?;
            (written, change.dropped.to_string())
        }
        None if same => return None,
        None => {
            let shortened = candidate.legs.first()?.shortened.as_ref();
            let (written, dropped) = match shortened {
                None => attempt::other_format(endpoint, leg, ask),
                Some(own) => {
                    let document = Document::parse(own.body(), Limits::default()).ok()?;
                    let ask = (head.inbound.read_request)(&document).ok()?;
                    attempt::other_format(endpoint, leg, ask)
                }
            };
            (written, listed(&dropped))
        }
    };
    let changes = match (others, change) {
        ([], _) => Some(Vec::new()),
        (_, Some(change)) if !keeps_original => {
            let edits = attempt::edits_after(leg, &change.edits)?;
            let mut changes = plan.changes.clone();
            changes.get_mut(leg.change)?.edits = edits;
            Some(changes)
        }
        _ => None,
    };
    let length = u64::try_from(written.len()).ok()?;
    let body = buffer.hold(written).ok();
    let (format, dropped) = (endpoint.format.name.into(), dropped.into());
    plan.first = Some(First { format, length, fits: body.is_some(), dropped, keeps_original });
    if let Some(changes) = changes {
        plan.changes = changes;
    }
    let original = (keeps_original && body.is_some()).then(|| own.to_vec());
    Some(Written { body, original })
}
