//! Failures of a provider's answer, in our words.
use super::super::super::STREAM_MOST;
use crate::dialect::{Fault, FaultKind};

/// A failure of the provider's, in our words.
pub(super) fn internal(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Internal, message).with_status(502)
}

/// The failure of a stream that ended before it was whole.
pub(super) fn cut_short() -> Fault {
    internal("the provider's stream ended before its answer was complete")
}

/// The failure of a stream for which there is no memory.
pub(super) fn no_memory() -> Fault {
    let kib = STREAM_MOST >> 10;
    internal(format!(
        "the provider's stream cannot be read in pieces: {kib} KiB of it would have to be held, or \
         the gateway holds too much of others"
    ))
}

/// The failure of a stream with an event that does not end.
pub(super) fn endless() -> Fault {
    internal("the provider sent an endless event")
}

/// The failure of a stream with an event that grows too long in the app's format.
pub(super) fn event_too_large() -> Fault {
    internal("an event of the provider's is too large to be told in the app's dialect")
}
