//! While the ledger does not answer: since when that is, and what tenants may run up meanwhile.
use super::super::Envoy;
use super::slots;
use crate::credit::Credits;
use crate::policy::Allowance;

/// The one shared record of the ledger itself.
const LEDGER: &str = "ledger";

/// Shared records of what tenants have run up.
const GRACE: &str = "grace";

/// How long after a failure the ledger is not asked again, in milliseconds: requests do not wait
/// for its timeout one after the other, and service is back within a second.
const PAUSE_MS: u64 = 250;

/// Two failures so far apart, with nothing asked in between, are two absences, in milliseconds.
const FORGOTTEN_MS: u64 = 60_000;

/// What is known of a ledger that has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Away {
    since_ms: u64,
    retry_ms: u64,
}

impl Away {
    /// What is known; none for a ledger that answers.
    pub(super) fn read(envoy: &dyn Envoy, cluster: &str) -> Option<Self> {
        Self::parse(&slots::read(envoy, LEDGER, cluster)?)
    }

    fn parse(record: &str) -> Option<Self> {
        let (since, retry) = record.split_once(' ')?;
        Some(Self { since_ms: since.parse().ok()?, retry_ms: retry.parse().ok()? })
    }

    /// Whether it is too early to ask again.
    pub(super) const fn rests(&self, now_ms: u64) -> bool {
        now_ms < self.retry_ms
    }

    /// Notes a failure; since when there have been nothing but failures, in milliseconds since
    /// 1970.
    pub(super) fn failed(envoy: &dyn Envoy, cluster: &str) -> u64 {
        let now = envoy.now_ms();
        let since = slots::update(envoy, LEDGER, cluster, |record| {
            let known = record.and_then(Self::parse);
            let lasting = known.filter(|away| now.saturating_sub(away.retry_ms) < FORGOTTEN_MS);
            let since = lasting.map_or(now, |away| away.since_ms);
            Some((format!("{since} {}", now.saturating_add(PAUSE_MS)), since))
        });
        since.unwrap_or(now)
    }

    /// Notes an answer.
    pub(super) fn answered(envoy: &dyn Envoy, cluster: &str) {
        slots::update(envoy, LEDGER, cluster, |_| Some((String::new(), ())));
    }

    pub(super) const fn since_ms(&self) -> u64 {
        self.since_ms
    }
}

/// Lets a tenant run up credits without a hold; whether that is within its grace.
///
/// What it has run up counts until the ledger has been told of it, so an account that comes and
/// goes gives no second grace.
pub(super) fn run_up(
    envoy: &dyn Envoy,
    tenant: &str,
    credits: Credits,
    grace: Allowance,
    since_ms: u64,
) -> bool {
    let over = since_ms.saturating_add(grace.seconds.saturating_mul(1000));
    if envoy.now_ms() >= over {
        return false;
    }
    let run_up = slots::update(envoy, GRACE, tenant, |record| {
        let sum = owed(record).plus(credits).filter(|sum| *sum <= grace.credits)?;
        Some((sum.micros().to_string(), ()))
    });
    run_up.is_some()
}

/// Takes from what a tenant has run up: what was not needed after all, or what is charged now.
pub(super) fn settled(envoy: &dyn Envoy, tenant: &str, credits: Credits) {
    if credits.is_zero() {
        return;
    }
    slots::update(envoy, GRACE, tenant, |record| {
        Some((owed(record).less(credits).micros().to_string(), ()))
    });
}

fn owed(record: Option<&str>) -> Credits {
    let micros = record.and_then(|record| record.parse().ok());
    micros.and_then(Credits::of_micros).unwrap_or_default()
}
