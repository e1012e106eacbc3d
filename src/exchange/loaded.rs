//! A policy that begins to serve: said once in the log, and by a metric for as long as it serves.
use std::cell::RefCell;
use std::rc::Rc;

use super::edge::Config;
use super::spend::ledger_state;
use super::{Effect, Host, metric};
use crate::layout::{Reader, Writer};
use crate::resilience::{Record, Records};

/// A worker that takes a policy so long after another policy was taken, in milliseconds, is not
/// late: somebody has gone back to the policy before.
const LATE_MS: u64 = 10_000;

/// The policy that a VM serves by, whatever plugin brought it: its digest, none at first.
#[derive(Debug, Clone, Default)]
pub struct Loaded(Rc<RefCell<String>>);

impl Loaded {
    /// A plugin with this policy begins to serve in the VM.
    pub(super) fn begin(&self, config: &Config, host: &dyn Host) -> Vec<Effect> {
        let records = Records::at(host, host.now_ms());
        let digest = &*config.digest;
        let before = self.0.replace(digest.to_owned());
        let mut effects = Vec::with_capacity(4);
        if before != digest && !before.is_empty() {
            effects.push(metric::POLICY_INFO.set(&[&before], 0));
        }
        effects.push(metric::POLICY_INFO.set(&[digest], 1));
        effects.extend(config.counted().map(|(_, ledger)| ledger_state(records, ledger)));
        if Said::first(records, digest) {
            let policy = &config.policy;
            let (models, routes) = (policy.models().len(), policy.routes().len());
            let line = format!("policy {digest} is loaded: {models} models, {routes} routes");
            effects.push(Effect::Note(line));
        }
        effects
    }
}

/// The policy of which the log has a line: the workers of a proxy all load it, and one says so.
#[derive(Debug, Default)]
struct Said {
    digest: String,
    /// The policy before it.
    before: String,
    at_ms: u64,
}

impl Said {
    /// Whether nobody has said yet that this policy is loaded.
    fn first(records: Records<'_>, digest: &str) -> bool {
        let now_ms = records.now_ms();
        let said = records.update("", |known: Option<Self>| {
            let known = known.unwrap_or_default();
            let late = known.before == digest && now_ms.saturating_sub(known.at_ms) < LATE_MS;
            let new = Self { digest: digest.to_owned(), before: known.digest, at_ms: now_ms };
            (new.before != digest && !late).then_some((new, ()))
        });
        said.is_ok()
    }
}

impl Record for Said {
    const KIND: &'static str = "policy.1";
    const BUCKETS: u64 = 1;

    fn write(&self, out: &mut Writer) {
        out.text(&self.digest);
        out.text(&self.before);
        out.number(self.at_ms);
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        let (digest, before) = (fields.text()?.to_owned(), fields.text()?.to_owned());
        Some(Self { digest, before, at_ms: fields.number()? })
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        true
    }
}
