//! An attempt that its app has left: its provider tells nobody what it had made by then.
use super::super::{Envoy, Progress, Report};
use super::speed::Speed;
use super::{Ending, Spent};
use crate::policy::{OnAbandoned, Policy};

/// Who ended a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum By {
    /// Its provider, well or not, or nobody in time.
    Provider,
    /// Its app.
    App,
    /// Envoy, which ends.
    Gateway,
}

/// How Envoy's word for the end of a stream begins when a provider failed, or a time ran out.
const PROVIDERS: [&[u8]; 4] = [b"upstream", b"stream_idle_timeout", b"max_duration", b"wasm_fail"];

/// And when Envoy cuts it with the app's connection, as it does when it ends.
const GATEWAYS: &[u8] = b"downstream_local_disconnect";

impl By {
    /// By Envoy's word for it.
    pub(in super::super) fn of(details: &[u8]) -> Self {
        if details.starts_with(GATEWAYS) {
            return Self::Gateway;
        }
        let providers = PROVIDERS.iter().any(|start| details.starts_with(start));
        if providers { Self::Provider } else { Self::App }
    }
}

/// What an attempt that was left is charged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    now_ms: u64,
    speed: Speed,
    streamed: bool,
    /// All that was held for it is charged.
    pub(super) all: bool,
}

impl Left {
    /// Of the attempt that a request ended with; none where its provider ended it, or had not
    /// taken it on.
    pub(super) fn of(
        spent: &Spent,
        policy: &Policy,
        last: &Report,
        ending: Ending,
        envoy: &dyn Envoy,
    ) -> Option<Self> {
        let runs = last.progress == Progress::Running && (last.has_content() || !ending.answered);
        if !runs || ending.by == By::Provider || !(last.has_content() || is_connected(envoy)) {
            return None;
        }
        let policy = policy.credits().map(|credits| credits.on_abandoned);
        let all = policy == Some(OnAbandoned::Hold) && ending.by == By::App;
        let speed = Speed::of(envoy, &last.model);
        Some(Self { now_ms: envoy.now_ms(), speed, streamed: spent.size.streamed, all })
    }

    /// Tokens that it had made and nobody has seen, with the reasoning that was; and whether they
    /// are reasoning for sure.
    pub(super) fn hidden(&self, report: &Report) -> u64 {
        if !self.streamed {
            return self.speed.makes(false, self.now_ms.saturating_sub(report.began_ms));
        }
        let ms = report.quiet.ms.saturating_add(report.quiet_since(self.now_ms));
        self.speed.makes(true, ms).saturating_sub(report.quiet.ended).max(report.used.thought)
    }
}

/// Whether the last attempt has a connection to its provider.
fn is_connected(envoy: &dyn Envoy) -> bool {
    envoy.property(&["upstream", "local_address"]).is_some_and(|address| !address.is_empty())
}
