//! An attempt that its app has left: its provider tells nobody what it had made by then.
use super::super::{Progress, Report};
use super::speed::Speed;
use crate::decide::Size;
use crate::resilience::Records;

/// Who ended a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum EndedBy {
    /// The provider, well or not.
    Provider,
    /// Nothing came for too long, or a bound of time or memory was met: that may be the provider's
    /// doing, and that of an app which reads nothing.
    Stalled,
    /// The app, which has left.
    App,
    /// The gateway, for its app: the patience of that was over.
    Deadline,
    /// Envoy, which is about to end.
    Gateway,
}

/// How a request ended, as the edge role saw it.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Ending {
    /// The app has been answered, at least in part.
    pub(in super::super) answered: bool,
    /// Bytes of the answer's body that went to the app.
    pub(in super::super) relayed: u64,
    /// Who ended the request.
    pub(in super::super) by: EndedBy,
    /// The last attempt had a connection to its provider; not looked up where the app has been
    /// answered.
    pub(in super::super) connected: bool,
}

/// How Envoy's word for the end of a stream begins when a provider has ended it, or has failed.
const PROVIDERS: [&[u8]; 2] = [b"via_upstream", b"upstream"];

/// And when it was held up until a bound was met.
const BOUNDS: [&[u8]; 5] = [
    b"upstream_per_try_idle_timeout",
    b"stream_idle_timeout",
    b"max_duration",
    b"overload",
    b"wasm_fail",
];

/// And when Envoy cuts it with the app's connection, as it does when it ends.
const GATEWAYS: &[u8] = b"downstream_local_disconnect";

impl EndedBy {
    /// By Envoy's word for it.
    pub(in super::super) fn of(details: &[u8]) -> Self {
        if details.starts_with(GATEWAYS) {
            return Self::Gateway;
        }
        let begins = |starts: &[&[u8]]| starts.iter().any(|start| details.starts_with(start));
        match () {
            () if begins(&BOUNDS) => Self::Stalled,
            () if begins(&PROVIDERS) => Self::Provider,
            () => Self::App,
        }
    }

    /// Whether neither its app nor the gateway has ended it.
    const fn is_unasked(self) -> bool {
        matches!(self, Self::Provider | Self::Stalled)
    }
}

/// What an attempt that its app has left is counted by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Abandoned {
    now_ms: u64,
    speed: Speed,
    streamed: bool,
    /// Answers that were asked for at once.
    choices: u64,
    /// It had not come to its end.
    pub(super) runs: bool,
}

/// Whether the last attempt's provider has the request, and has not refused it, while the app has
/// nothing of an answer.
pub(super) const fn is_at_work(last: &Report, ending: Ending) -> bool {
    !ending.answered && ending.connected && last.status < 400
}

impl Abandoned {
    /// Of the attempt that a request ended with; `None` where the provider ended it, or had not
    /// taken it on.
    pub(super) fn of(
        size: Size,
        last: &Report,
        ending: Ending,
        records: Records<'_>,
    ) -> Option<Self> {
        let Size { choices, streamed, .. } = size;
        let runs = last.progress == Progress::Running;
        // An answer that came to its end, and the app has not waited for its usage.
        let usage_missing =
            last.progress == Progress::Answered && last.used.reported.is_none() && streamed;
        let there = last.has_content() || is_at_work(last, ending);
        if !(runs || usage_missing) || ending.by.is_unasked() || !there {
            return None;
        }
        let (speed, choices) = (Speed::of(records, &last.model), choices.max(1));
        // Perhaps its provider never says what it used: that is no app's fault.
        if usage_missing && !speed.is_known(streamed) {
            return None;
        }
        let now_ms = if runs { records.now_ms() } else { last.ended_ms };
        Some(Self { now_ms, speed, streamed, choices, runs })
    }

    /// Tokens that the provider had made and nobody has seen, or those of reasoning that were seen
    /// where these are more.
    pub(super) fn hidden(&self, report: &Report) -> u64 {
        let makes = |ms| self.speed.makes(self.streamed, ms).saturating_mul(self.choices);
        if !self.streamed {
            return makes(self.now_ms.saturating_sub(report.began_ms));
        }
        let ms = report.quiet.ms.saturating_add(report.quiet_since(self.now_ms));
        makes(ms).saturating_sub(report.quiet.ended).max(report.used.reasoning_estimate)
    }
}
