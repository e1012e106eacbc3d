//! While the ledger does not answer: since when that is, and what tenants may run up meanwhile.
use super::super::Envoy;
use crate::credit::Credits;
use crate::policy::Allowance;
use crate::resilience::{self as cell, Reader, Record, Writer};

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

impl Record for Away {
    const KIND: &'static str = "away.1";

    fn write(&self, out: &mut Writer) {
        out.number(self.since_ms);
        out.number(self.retry_ms);
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self { since_ms: fields.number()?, retry_ms: fields.number()? })
    }

    fn stays(&self, _now_ms: u64) -> bool {
        false
    }
}

impl Away {
    /// What is known; none for a ledger that answers.
    pub(super) fn of(envoy: &dyn Envoy, cluster: &str) -> Option<Self> {
        cell::read(envoy, cluster).filter(|away: &Self| away.retry_ms > 0)
    }

    /// Whether it is too early to ask again.
    pub(super) const fn rests(&self, now_ms: u64) -> bool {
        now_ms < self.retry_ms
    }

    /// Notes a failure; since when there have been nothing but failures, in milliseconds since
    /// 1970.
    pub(super) fn failed(envoy: &dyn Envoy, cluster: &str) -> u64 {
        let now = envoy.now_ms();
        let since = cell::update(envoy, now, cluster, |known: Option<Self>| {
            let lasting = known.filter(|away| now.saturating_sub(away.retry_ms) < FORGOTTEN_MS);
            let since_ms = lasting.map_or(now, |away| away.since_ms);
            Some((Self { since_ms, retry_ms: now.saturating_add(PAUSE_MS) }, since_ms))
        });
        since.unwrap_or(now)
    }

    /// Notes an answer.
    pub(super) fn answered(envoy: &dyn Envoy, cluster: &str) {
        let forgotten = Self { since_ms: 0, retry_ms: 0 };
        let _ = cell::update(envoy, envoy.now_ms(), cluster, |known: Option<Self>| {
            known.filter(|away| *away != forgotten).map(|_| (forgotten, ()))
        });
    }

    pub(super) const fn since_ms(&self) -> u64 {
        self.since_ms
    }
}

/// What a tenant has run up.
#[derive(Debug, Clone, Copy, Default)]
struct Grace {
    owed: Credits,
}

impl Record for Grace {
    const KIND: &'static str = "grace.1";

    fn write(&self, out: &mut Writer) {
        out.number(self.owed.micros());
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self { owed: Credits::of_micros(fields.number()?)? })
    }

    fn stays(&self, _now_ms: u64) -> bool {
        !self.owed.is_zero()
    }
}

/// Lets a tenant run up credits without a hold; whether that is within its grace. Where there is
/// no place to write it down there is no grace.
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
    let now = envoy.now_ms();
    if now >= since_ms.saturating_add(grace.seconds.saturating_mul(1000)) {
        return false;
    }
    let run_up = cell::update(envoy, now, tenant, |known: Option<Grace>| {
        let owed = known.unwrap_or_default().owed.plus(credits);
        Some((Grace { owed: owed.filter(|sum| *sum <= grace.credits)? }, ()))
    });
    run_up.is_ok()
}

/// Takes from what a tenant has run up: what was not needed after all, or what is charged now.
pub(super) fn settled(envoy: &dyn Envoy, tenant: &str, credits: Credits) {
    if credits.is_zero() {
        return;
    }
    let _ = cell::update(envoy, envoy.now_ms(), tenant, |known: Option<Grace>| {
        known.map(|grace| (Grace { owed: grace.owed.less(credits) }, ()))
    });
}
