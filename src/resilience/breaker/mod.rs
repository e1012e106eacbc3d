//! A model's breaker: whether a model that has failed is left alone, and until when.
//!
//! ```text
//! closed ── too many failures, or a wait that was asked for ──> open until a time
//!   ^                                                             │ the time is over
//!   └── the one request that tries it is answered ── half-open <──┘
//!                                        │ it fails: open for twice as long
//! ```
//!
//! It is one record, which says nothing while all is well: then it is not written either. What an
//! attempt tells counts only if the attempt began after the breaker last opened or closed: requests
//! that were under way together say one thing once.
mod calm;
mod record;
mod sign;

use super::cell::Records;

pub use calm::Calm;
pub use sign::{OpenedBy, Sign};

/// For how long a provider is left alone that takes no more requests and does not say for how long,
/// at first, in milliseconds.
const LIMITED_MS: u64 = 1_000;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many failures in a row open it.
    pub failures: u64,
    /// Such a share of failures does, too.
    pub rate: Option<Rate>,
    /// How long a failure counts, in milliseconds.
    pub window_ms: u64,
    /// For how long it opens, in milliseconds.
    pub open_ms: u64,
    /// The longest for which it opens, in milliseconds.
    pub most_ms: u64,
    /// Nobody keeps to it: requests go on while it is open, and say nothing of that time.
    pub observe: bool,
}

/// A share of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In parts of a million.
    pub parts: u64,
    /// Of so many requests at least.
    pub requests: u64,
}

/// How a breaker stands at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Requests go on.
    Closed,
    /// None does.
    Open,
    /// One may try.
    HalfOpen {
        /// One does.
        tried: bool,
    },
}

/// By whose word a model is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// By a guess of ours: it has failed.
    Guessed,
    /// By its provider's, which has asked for it.
    Asked,
    /// An operator has to act.
    Gone,
}

/// What a sign has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Something was counted.
    Counted,
    /// It is open for so many milliseconds from now.
    Opened(OpenedBy, u64),
    /// It is closed again.
    Closed,
}

/// A model's breaker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    /// When it opened or closed last; 0 where it never has. All times are the proxy's clock's, in
    /// milliseconds.
    changed_ms: u64,
    /// Until when it is open; 0 while it is closed.
    until_ms: u64,
    /// Until when its provider has asked to be left alone; 0 where it has not.
    wait_until_ms: u64,
    /// When the request that tries it was let through; 0 where none was.
    probe_ms: u64,
    /// What opened it last, by its place in [`OpenedBy::ALL`].
    by: u64,
    /// The last failure was an answer that broke.
    cut: bool,
    /// How often it has opened by failures, with no answer between.
    level: u64,
    /// How often it has since its provider took no more requests and did not say for how long.
    limited: u64,
    /// Failures in a row, and when the last of them came.
    streak: u64,
    failed_ms: u64,
    /// When the present half of the window began, and what was counted in the half before it and in
    /// this one.
    half_ms: u64,
    before: Count,
    count: Count,
}

/// Attempts by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    all: u64,
    failed: u64,
}

impl Breaker {
    /// How it stands.
    #[must_use]
    pub const fn stand(&self, now_ms: u64, rule: &Rule) -> Stand {
        if self.until_ms == 0 {
            return Stand::Closed;
        }
        if now_ms < self.until_ms {
            return Stand::Open;
        }
        let given_up_ms = self.probe_ms.saturating_add(rule.open_ms);
        Stand::HalfOpen { tried: self.probe_ms > 0 && now_ms < given_up_ms }
    }

    /// Whether there is nothing to say of the model: it is asked as ever, and its answers change
    /// nothing.
    #[must_use]
    pub fn is_well(&self, now_ms: u64, rule: &Rule) -> bool {
        self.until_ms == 0 && self.well(now_ms, rule).is_none()
    }

    /// Until when it is open, or was; 0 where it is closed.
    #[must_use]
    pub const fn until_ms(&self) -> u64 {
        self.until_ms
    }

    /// How much is known of an open one, for those who ask the model all the same since everybody
    /// else has failed: those of which least is known first.
    #[must_use]
    pub fn known(&self, now_ms: u64) -> Known {
        match self.opened_by() {
            _ if now_ms >= self.until_ms => Known::Guessed,
            OpenedBy::KeyRefused | OpenedBy::Unpaid | OpenedBy::ModelGone => Known::Gone,
            _ if now_ms < self.wait_until_ms => Known::Asked,
            _ => Known::Guessed,
        }
    }

    /// What opened it last.
    #[must_use]
    pub fn opened_by(&self) -> OpenedBy {
        let place = usize::try_from(self.by).unwrap_or(usize::MAX);
        OpenedBy::ALL.get(place).copied().unwrap_or(OpenedBy::Failures)
    }

    /// Changes the breaker of a model, as [`Records::update`] does; `None` where nothing changes.
    pub fn update(
        records: Records<'_>,
        model: &str,
        change: &dyn Fn(Self) -> Option<(Self, Change)>,
    ) -> Option<Change> {
        records.update(model, |own: Option<Self>| change(own.unwrap_or_default())).ok()
    }

    /// The same with a request that tries it; `None` where none may.
    #[must_use]
    pub fn tried(self, now_ms: u64, rule: &Rule) -> Option<(Self, Change)> {
        let may = self.stand(now_ms, rule) == Stand::HalfOpen { tried: false };
        // A clock may begin at nought.
        may.then_some((Self { probe_ms: now_ms.max(1), ..self }, Change::Counted))
    }

    /// The same where the request that was to try it at that time has told nothing of it; `None`
    /// where another one tries it by now.
    #[must_use]
    pub fn untried(self, since_ms: u64) -> Option<(Self, Change)> {
        let own = self.until_ms > 0 && self.probe_ms == since_ms.max(1);
        own.then_some((Self { probe_ms: 0, ..self }, Change::Counted))
    }

    /// What follows from the first content of a stream that tries it: where streams that broke have
    /// opened it, nothing yet.
    #[must_use]
    pub fn answers(self, began_ms: u64, now_ms: u64, rule: &Rule) -> Option<(Self, Change)> {
        let waits = self.cut;
        (!waits).then(|| self.heard(Sign::Well, began_ms, now_ms, rule)).flatten()
    }

    /// What follows from an attempt that began at that time; `None` where nothing does.
    #[must_use]
    #[inline(never)]
    pub fn heard(
        self,
        sign: Sign,
        began_ms: u64,
        now_ms: u64,
        rule: &Rule,
    ) -> Option<(Self, Change)> {
        let stand = self.stand(now_ms, rule);
        // What began before it opened or closed was known by then; how long to wait was not.
        if began_ms < self.changed_ms || (stand == Stand::Open && sign != Sign::Well) {
            return self.prolonged(sign, now_ms, rule);
        }
        match (stand, sign) {
            (Stand::Closed, Sign::Well) => self.well(now_ms, rule),
            (Stand::Closed, Sign::Failed { cut }) => Some(self.failed(cut, now_ms, rule)),
            (Stand::Open, _) if rule.observe => None,
            (_, Sign::Well) => {
                Some((Self { changed_ms: now_ms, ..Self::default() }, Change::Closed))
            }
            (_, Sign::Failed { cut }) => {
                let own = Self { cut, ..self };
                Some(own.open(OpenedBy::Probe, grown(rule.open_ms, own.level), now_ms, rule))
            }
            (_, Sign::Busy { wait_ms: Some(ms) }) => {
                let (own, change) = self.open(OpenedBy::Wait, ms, now_ms, rule);
                Some((Self { wait_until_ms: own.until_ms, ..own }, change))
            }
            (_, Sign::Busy { wait_ms: None }) => {
                Some(self.open(OpenedBy::Limited, grown(LIMITED_MS, self.limited), now_ms, rule))
            }
            (_, Sign::Gone(by)) => Some(self.open(by, rule.most_ms, now_ms, rule)),
        }
    }

    fn open(self, by: OpenedBy, ms: u64, now_ms: u64, rule: &Rule) -> (Self, Change) {
        let ms = ms.min(rule.most_ms);
        let place = OpenedBy::ALL.iter().position(|own| *own == by).unwrap_or_default();
        // Each grows by its own kind alone: a limit is soon over, however long an outage was, and a
        // wait that is asked for says nothing of the next one.
        let failed = matches!(by, OpenedBy::Failures | OpenedBy::Rate | OpenedBy::Probe);
        let open = Self {
            changed_ms: now_ms,
            until_ms: now_ms.saturating_add(ms).max(1),
            by: u64::try_from(place).unwrap_or_default(),
            cut: self.cut,
            level: self.level.saturating_add(failed.into()),
            limited: self.limited.saturating_add((by == OpenedBy::Limited).into()),
            ..Self::default()
        };
        (open, Change::Opened(by, ms))
    }

    /// While it is open, only a wait that is asked for changes it: a longer one prolongs it.
    fn prolonged(self, sign: Sign, now_ms: u64, rule: &Rule) -> Option<(Self, Change)> {
        let Sign::Busy { wait_ms: Some(ms) } = sign else { return None };
        let wait_until_ms = now_ms.saturating_add(ms.min(rule.most_ms));
        let later = self.stand(now_ms, rule) == Stand::Open && wait_until_ms > self.wait_until_ms;
        let until_ms = self.until_ms.max(wait_until_ms);
        let own = Self { until_ms, wait_until_ms, ..self };
        (later && !rule.observe).then_some((own, Change::Counted))
    }

    fn well(self, now_ms: u64, rule: &Rule) -> Option<(Self, Change)> {
        let own = self.at(now_ms, rule);
        let share = rule.rate.is_some() && own.before.failed.max(own.count.failed) > 0;
        if own.streak == 0 && !share {
            return None;
        }
        let mut well = Self { streak: 0, cut: false, ..own };
        well.count.all = well.count.all.saturating_add(1);
        Some((well, Change::Counted))
    }

    fn failed(self, cut: bool, now_ms: u64, rule: &Rule) -> (Self, Change) {
        let mut own = self.at(now_ms, rule);
        own.streak = own.streak.saturating_add(1);
        (own.failed_ms, own.cut) = (now_ms, cut);
        own.count.all = own.count.all.saturating_add(1);
        own.count.failed = own.count.failed.saturating_add(1);
        if own.streak >= rule.failures {
            return own.open(OpenedBy::Failures, grown(rule.open_ms, own.level), now_ms, rule);
        }
        if rule.rate.is_some_and(|rate| own.exceeds(rate)) {
            return own.open(OpenedBy::Rate, grown(rule.open_ms, own.level), now_ms, rule);
        }
        (own, Change::Counted)
    }

    fn exceeds(&self, rate: Rate) -> bool {
        let all = self.before.all.saturating_add(self.count.all);
        let failed = self.before.failed.saturating_add(self.count.failed);
        all >= rate.requests
            && u128::from(failed).saturating_mul(1_000_000)
                >= u128::from(all).saturating_mul(rate.parts.into())
    }

    /// The same without what counts no longer. The count begins with a failure: as long as there is
    /// none, nothing has to be written of the requests that are answered.
    fn at(self, now_ms: u64, rule: &Rule) -> Self {
        let mut own = self;
        if now_ms.saturating_sub(own.failed_ms) > rule.window_ms {
            own.streak = 0;
        }
        let half_ms = (rule.window_ms / 2).max(1);
        match now_ms.saturating_sub(own.half_ms).checked_div(half_ms).unwrap_or_default() {
            0 => {}
            1 => {
                own.half_ms = own.half_ms.saturating_add(half_ms);
                own.before = core::mem::take(&mut own.count);
            }
            _ => {
                (own.half_ms, own.before, own.count) = (now_ms, Count::default(), Count::default())
            }
        }
        own
    }
}

/// So long, and twice as long for each time that it has opened in a row.
fn grown(first_ms: u64, times: u64) -> u64 {
    let factor = u32::try_from(times).ok().and_then(|times| 1_u64.checked_shl(times));
    first_ms.saturating_mul(factor.unwrap_or(u64::MAX))
}
