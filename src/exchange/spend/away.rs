//! Whether a ledger is there, as all workers of a proxy have found it.
//!
//! One slow answer is that request's own misfortune. Only several failures in a row, or a refused
//! connection, make a ledger *away*: it is then asked by one request at a time and by nobody in
//! between, so that requests do not wait for its timeout one after the other. Failures of a tenant,
//! whose account may be locked, make it away for that tenant; it is away for all where several
//! tenants have failed and none was answered.
use super::super::{Effect, Ledger, metric};
use crate::layout::{Reader, Writer};
use crate::resilience::{Record, Records, digest};

/// That many failures in a row are an absence: of one tenant for that tenant, of that many tenants
/// for all.
const FAILURES: u64 = 3;

/// How long after a failure a ledger that is away is not asked again, in milliseconds: service is
/// back within a second.
const PAUSE_MS: u64 = 250;

/// Two failures that are further apart, with nothing asked in between, are two absences, in
/// milliseconds.
const FORGOTTEN_MS: u64 = 60_000;

/// How often the log has the same line at most, in milliseconds.
const LOGGED_MS: u64 = 60_000;

/// In whose name the record of all tenants stands. No tenant has it: it is a control character.
const ALL: &str = "\u{1f}";

/// What is known of a ledger, for a tenant or for all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Away {
    /// Failures with no answer in between; in the record of all, tenants that had one.
    failures: u64,
    /// In the record of all, the first and the second of these tenants, as [`number_of`] them; 0
    /// where there is none.
    tenants: [u64; 2],
    /// When the first of the failures was; in the record of all, the second, since the first may
    /// be of a locked account.
    since_ms: u64,
    /// When the last of them was.
    last_ms: u64,
    /// While it is away: not before.
    retry_ms: u64,
    /// When the log had a line of it last.
    logged_ms: u64,
    /// In the record of all, 1 where nobody who asked has been answered since an absence began; the
    /// log and a gauge have said so.
    down: u64,
}

impl Record for Away {
    const KIND: &'static str = "ledger.4";

    fn write(&self, out: &mut Writer) {
        let Self { failures, tenants: [first, second], since_ms, last_ms, .. } = *self;
        let Self { retry_ms, logged_ms, down, .. } = *self;
        for number in [failures, first, second, since_ms, last_ms, retry_ms, logged_ms, down] {
            out.number(number);
        }
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            failures: fields.number()?,
            tenants: [fields.number()?, fields.number()?],
            since_ms: fields.number()?,
            last_ms: fields.number()?,
            retry_ms: fields.number()?,
            logged_ms: fields.number()?,
            down: fields.number()?,
        })
    }

    fn is_pinned(&self, now_ms: u64) -> bool {
        self.failures > 0 && now_ms.saturating_sub(self.last_ms) < FORGOTTEN_MS
    }
}

impl Away {
    const fn is_away(&self) -> bool {
        self.failures >= FAILURES
    }

    /// With one more failure; `tenant` is whose it was, where each tenant is to count once.
    fn failed(self, tenant: Option<u64>, refused: bool, now_ms: u64) -> Self {
        let before = match self.is_pinned(now_ms) {
            true => self,
            false => Self { logged_ms: self.logged_ms, down: self.down, ..Self::default() },
        };
        let again = tenant.is_some_and(|tenant| before.tenants.contains(&tenant));
        let failures = before.failures.saturating_add(u64::from(!again));
        let second = tenant.is_some() && before.failures == 1 && !again;
        let tenants = match (tenant, before.tenants) {
            (Some(tenant), [0, _]) => [tenant, 0],
            (Some(tenant), [first, 0]) if first != tenant => [first, tenant],
            (_, before) => before,
        };
        Self {
            failures: if refused { failures.max(FAILURES) } else { failures },
            tenants,
            since_ms: if before.failures == 0 || second { now_ms } else { before.since_ms },
            last_ms: now_ms,
            retry_ms: now_ms.saturating_add(PAUSE_MS),
            logged_ms: before.logged_ms,
            down: before.down,
        }
    }

    /// In the record of all, whether nobody has been answered since an absence began: that of all,
    /// or that of the tenant whose record this is.
    const fn is_down(&self, own: &Self) -> bool {
        self.is_away() || (own.is_away() && self.since_ms <= own.since_ms)
    }
}

/// A tenant's number in the record of all; never 0.
fn number_of(tenant: &str) -> u64 {
    digest(tenant).max(1)
}

/// Whether a ledger is asked now for a tenant.
///
/// # Errors
/// Where it is not asked: since when there have been nothing but failures, by the proxy's clock in
/// milliseconds.
pub(super) fn admits_call(
    records: Records<'_>,
    ledger: &Ledger,
    tenant: &str,
    timeout_ms: u64,
) -> Result<(), u64> {
    let now = records.now_ms();
    let away = |of: &str| records.read(&ledger.name(of)).filter(Away::is_away);
    let Some((of, known)) = [ALL, tenant].into_iter().find_map(|of| Some((of, away(of)?))) else {
        return Ok(());
    };
    // Whoever comes first after the pause asks for all.
    let asks = records.update(&ledger.name(of), |known: Option<Away>| {
        let known = known.filter(|known| known.is_away() && known.retry_ms <= now)?;
        let retry_ms = now.saturating_add(timeout_ms).saturating_add(PAUSE_MS);
        Some((Away { retry_ms, ..known }, ()))
    });
    asks.map_err(|_| known.since_ms)
}

/// Notes a failure of a tenant's; `refused` where there was nobody to connect to. Gives since when
/// there have been nothing but failures, by the same clock.
pub(super) fn note_failure(
    records: Records<'_>,
    ledger: &Ledger,
    (tenant, refused): (&str, bool),
    effects: &mut Vec<Effect>,
) -> u64 {
    let now = records.now_ms();
    let own = records.update(&ledger.name(tenant), |known: Option<Away>| {
        let own = known.unwrap_or_default().failed(None, refused, now);
        Some((own, own))
    });
    let own = own.unwrap_or(Away { since_ms: now, ..Away::default() });
    let all = records.update(&ledger.name(ALL), |known: Option<Away>| {
        let all = known.unwrap_or_default().failed(Some(number_of(tenant)), refused, now);
        let down = all.down.max(u64::from(all.is_down(&own)));
        Some((Away { down, ..all }, (all, down > all.down)))
    });
    let Ok((all, begins)) = all else { return own.since_ms };
    if begins {
        let shown = ledger.shown();
        effects.push(Effect::Log(format!("the ledger {shown} is away: no hold is answered")));
        effects.push(metric::LEDGER_UP.set(&[], 0));
    }
    if all.is_away() { own.since_ms.min(all.since_ms) } else { own.since_ms }
}

/// Notes an answer to a tenant's: the ledger is there, for it and for all but those that have
/// failures of their own.
pub(super) fn note_answer(
    records: Records<'_>,
    ledger: &Ledger,
    tenant: &str,
    effects: &mut Vec<Effect>,
) {
    for of in [ALL, tenant] {
        let answered = records.update(&ledger.name(of), |known: Option<Away>| {
            let known = known.filter(|known| known.failures > 0 || known.down > 0)?;
            let new = Away { logged_ms: known.logged_ms, ..Away::default() };
            Some((new, known))
        });
        if let Ok(Away { down: 1.., since_ms, .. }) = answered {
            let seconds = records.now_ms().saturating_sub(since_ms).div_ceil(1_000);
            let shown = ledger.shown();
            let line = format!("the ledger {shown} is back, about {seconds} s after it went away");
            effects.push(Effect::Note(line));
            effects.push(metric::LEDGER_UP.set(&[], 1));
        }
    }
}

/// Whether the ledger is there, as far as anybody knows, for the gauge that says so.
pub(in super::super) fn ledger_state(records: Records<'_>, ledger: &Ledger) -> Effect {
    let all = records.read(&ledger.name(ALL));
    let down = all.is_some_and(|all: Away| all.down > 0);
    metric::LEDGER_UP.set(&[], u64::from(!down))
}

/// Whether the log may have a line about a ledger: once a minute, whoever asks.
pub(super) fn may_log(records: Records<'_>, ledger: &Ledger) -> bool {
    let now = records.now_ms();
    let logged = records.update(&ledger.name(ALL), |known: Option<Away>| {
        let known = known.unwrap_or_default();
        let due = now.saturating_sub(known.logged_ms) >= LOGGED_MS;
        due.then_some((Away { logged_ms: now, ..known }, ()))
    });
    logged.is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Away, FORGOTTEN_MS};
    use crate::resilience::Record as _;

    #[test]
    fn three_failures_in_a_row_are_an_absence() {
        let mut own = Away::default();
        for (number, away) in [(1, false), (2, false), (3, true), (4, true)] {
            own = own.failed(None, false, number * 100);
            assert_eq!((own.is_away(), own.since_ms), (away, 100), "{number}");
        }
        let later = own.failed(None, false, 400 + FORGOTTEN_MS);
        assert_eq!((later.is_away(), later.since_ms), (false, 400 + FORGOTTEN_MS));
    }

    #[test]
    fn failures_keep_their_place_until_they_are_forgotten() {
        for (failures, now_ms, stays) in [
            (0, 500, false),
            (1, 500, true),
            (1, 499 + FORGOTTEN_MS, true),
            (1, 500 + FORGOTTEN_MS, false),
        ] {
            let away = Away { failures, last_ms: 500, ..Away::default() };
            assert_eq!(away.is_pinned(now_ms), stays, "{failures} at {now_ms}");
        }
    }

    #[test]
    fn however_often_two_tenants_fail_a_third_is_not_concerned() {
        let mut all = Away::default();
        for now in 1..100 {
            all = all.failed(Some(7 + now % 2), false, now);
            assert!(!all.is_away(), "{now}");
        }
        assert!(all.failed(Some(9), false, 100).is_away());
        assert_eq!(all.since_ms, 2, "the first may be of a locked account");
        // One of them many times, and then the other.
        let mut all = Away::default();
        for now in 1..100 {
            all = all.failed(Some(7 + now / 50), false, now);
            assert!(!all.is_away(), "{now}");
        }
        assert!(all.failed(Some(9), false, 100).is_away());
    }

    #[test]
    fn it_is_down_where_nobody_has_been_answered_since_an_absence_began() {
        let away = |failures, since_ms| Away { failures, since_ms, ..Away::default() };
        for (all, own, down) in [
            (away(3, 900), away(1, 900), true),
            (away(1, 500), away(3, 500), true),
            (away(2, 400), away(3, 500), true),
            // Somebody else was answered in between.
            (away(1, 600), away(3, 500), false),
            (away(2, 500), away(2, 500), false),
        ] {
            assert_eq!(all.is_down(&own), down, "{all:?} {own:?}");
        }
    }

    #[test]
    fn nobody_to_connect_to_is_an_absence_at_once() {
        assert!(Away::default().failed(Some(7), true, 5).is_away());
        assert!(Away::default().failed(None, true, 5).is_away());
    }
}
