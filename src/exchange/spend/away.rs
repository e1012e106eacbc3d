//! Whether a ledger is there, as all workers of a proxy have found it.
//!
//! One slow answer is that request's own misfortune. Only several failures in a row, or a refused
//! connection, make a ledger *away*: it is then asked by one request at a time and by nobody in
//! between, so that requests do not wait for its timeout one after the other. Failures of one
//! tenant alone, whose account may be locked, make it away for that tenant.
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::super::Envoy;
use super::Ledger;
use crate::resilience::{self as cell, Reader, Record, Writer};

/// So many failures in a row, of all workers together, are an absence.
const FAILURES: u64 = 3;

/// So many of them of other tenants than the first are an absence for all.
const FOREIGN: u64 = 2;

/// How long after a failure a ledger that is away is not asked again, in milliseconds: service is
/// back within a second.
const PAUSE_MS: u64 = 250;

/// Two failures so far apart, with nothing asked in between, are two absences, in milliseconds.
const FORGOTTEN_MS: u64 = 60_000;

/// How often an operator is told the same, in milliseconds.
const TOLD_MS: u64 = 60_000;

/// What is known of a ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Away {
    /// Failures with no answer in between.
    failures: u64,
    /// The tenant that had the first of them; 0 where there was nobody to connect to.
    whose: u64,
    /// How many others had.
    foreign: u64,
    /// When the first of them was.
    since_ms: u64,
    /// When the last of them was.
    last_ms: u64,
    /// While it is away: not before.
    retry_ms: u64,
    /// When something was said of it in the log.
    told_ms: u64,
}

impl Record for Away {
    const KIND: &'static str = "ledger.2";

    fn write(&self, out: &mut Writer) {
        let Self { failures, whose, foreign, since_ms, last_ms, retry_ms, told_ms } = *self;
        for number in [failures, whose, foreign, since_ms, last_ms, retry_ms, told_ms] {
            out.number(number);
        }
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            failures: fields.number()?,
            whose: fields.number()?,
            foreign: fields.number()?,
            since_ms: fields.number()?,
            last_ms: fields.number()?,
            retry_ms: fields.number()?,
            told_ms: fields.number()?,
        })
    }

    fn stays(&self, _now_ms: u64) -> bool {
        self.failures > 0
    }
}

impl Away {
    /// Whether it is away for a tenant.
    const fn is_for(&self, tenant: u64) -> bool {
        match self.whose {
            0 => self.failures >= FAILURES,
            whose if whose == tenant => self.failures >= FAILURES,
            _ => self.foreign >= FOREIGN && self.failures >= FAILURES,
        }
    }
}

/// A tenant in a record; never 0.
fn known_as(tenant: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    tenant.hash(&mut hasher);
    hasher.finish().max(1)
}

/// Whether a ledger is asked now for a tenant; where it is not, since when there have been nothing
/// but failures, in milliseconds since 1970.
pub(super) fn may_ask(
    envoy: &dyn Envoy,
    ledger: &Ledger,
    tenant: &str,
    timeout_ms: u64,
) -> Result<(), u64> {
    let (now, tenant) = (envoy.now_ms(), known_as(tenant));
    let away = |known: &Away| known.is_for(tenant);
    let Some(known) = cell::read::<Away>(envoy, &ledger.name("")).filter(away) else {
        return Ok(());
    };
    // Whoever comes first after the pause asks for all.
    let asks = cell::update(envoy, now, &ledger.name(""), |known: Option<Away>| {
        let known = known.filter(|known| away(known) && known.retry_ms <= now)?;
        let retry_ms = now.saturating_add(timeout_ms).saturating_add(PAUSE_MS);
        Some((Away { retry_ms, ..known }, ()))
    });
    asks.map_err(|_| known.since_ms)
}

/// Notes a failure of a tenant's; `refused` where there was nobody to connect to. Gives since when
/// there have been nothing but failures, in milliseconds since 1970.
pub(super) fn failed(envoy: &dyn Envoy, ledger: &Ledger, tenant: &str, refused: bool) -> u64 {
    let (now, tenant) = (envoy.now_ms(), known_as(tenant));
    let since = cell::update(envoy, now, &ledger.name(""), |known: Option<Away>| {
        let known = known.unwrap_or_default();
        let lasts = known.failures > 0 && now.saturating_sub(known.last_ms) < FORGOTTEN_MS;
        let (before, since_ms) = if lasts { (known.failures, known.since_ms) } else { (0, now) };
        let failures = before.saturating_add(1).max(if refused { FAILURES } else { 0 });
        let (whose, foreign) = match (before, known.whose) {
            _ if refused => (0, 0),
            (0, _) => (tenant, 0),
            (_, whose) if whose == tenant => (whose, known.foreign),
            (_, whose) => (whose, known.foreign.saturating_add(1)),
        };
        let retry_ms = now.saturating_add(PAUSE_MS);
        let away = Away { failures, whose, foreign, since_ms, last_ms: now, retry_ms, ..known };
        Some((away, since_ms))
    });
    since.unwrap_or(now)
}

/// Notes an answer to a tenant's: the ledger is there. What one tenant alone has failed at says
/// nothing of that, and stays.
pub(super) fn answered(envoy: &dyn Envoy, ledger: &Ledger, tenant: &str) {
    let tenant = known_as(tenant);
    let _ = cell::update(envoy, envoy.now_ms(), &ledger.name(""), |known: Option<Away>| {
        let known = known.filter(|known| known.failures > 0)?;
        let locked = known.whose != 0 && known.whose != tenant;
        if locked && known.foreign == 0 {
            return None;
        }
        let own = known.failures.saturating_sub(known.foreign);
        Some(match locked {
            true => (Away { failures: own, foreign: 0, ..known }, ()),
            false => (Away { told_ms: known.told_ms, ..Away::default() }, ()),
        })
    });
}

/// Whether an operator is to be told something of a ledger: once a minute, whoever asks.
pub(super) fn tells(envoy: &dyn Envoy, ledger: &Ledger) -> bool {
    let now = envoy.now_ms();
    let told = cell::update(envoy, now, &ledger.name(""), |known: Option<Away>| {
        let known = known.unwrap_or_default();
        let due = now.saturating_sub(known.told_ms) >= TOLD_MS;
        due.then_some((Away { told_ms: now, ..known }, ()))
    });
    told.is_ok()
}
