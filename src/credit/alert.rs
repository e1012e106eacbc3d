//! Alerts: told once each time a balance falls below a threshold.
use core::fmt;
use core::str::FromStr;

use super::amount::{Balance, Credits};
use super::calendar::Moment;
use super::share::Share;

/// A first failure is tried again after so many milliseconds, each further one after twice that.
const RETRY: u64 = 1_000;
/// Never later than after an hour.
const RETRY_MAX: u64 = 3_600_000;
/// After three days nobody waits for it any more.
const GIVE_UP: u64 = 3 * 86_400_000;

/// Below what a tenant wants to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Threshold {
    /// A share of the last purchase: `20%`.
    Share(Share),
    /// An amount: `50`.
    Amount(Credits),
}

/// A threshold, and whether the balance is below it and that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// The threshold.
    pub threshold: Threshold,
    /// Told, and not back above it since.
    pub below: bool,
}

/// One crossing of a threshold, downwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Whose balance.
    pub tenant: String,
    /// Which of the tenant's alerts, from 1.
    pub number: u64,
    /// When.
    pub at: Moment,
    /// Which threshold.
    pub threshold: Threshold,
    /// What was left.
    pub balance: Balance,
    /// What of it was not held.
    pub available: Balance,
    /// What was bought last.
    pub last_purchase: Credits,
}

impl Threshold {
    /// The balance at which there is nothing to tell.
    #[must_use]
    pub fn level(self, last_purchase: Credits) -> Credits {
        match self {
            Self::Share(share) => last_purchase.share(share.parts().into()),
            Self::Amount(amount) => amount,
        }
    }
}

impl Alarm {
    /// One that has told nothing yet.
    #[must_use]
    pub const fn armed(threshold: Threshold) -> Self {
        Self { threshold, below: false }
    }

    /// Sees a balance; whether there is something to tell.
    pub(super) fn observe(&mut self, balance: Balance, last_purchase: Credits) -> bool {
        let level = self.threshold.level(last_purchase).micros();
        let below = i64::try_from(level).is_ok_and(|level| balance.micros() < level);
        let fires = below && !self.below;
        self.below = below;
        fires
    }
}

impl Alert {
    /// Its id: the tenant, and its number there.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.tenant, self.number)
    }
}

/// When to try again after so many failed deliveries of an alert from `at`; none to give up.
#[must_use]
pub fn retry(at: Moment, attempts: u32, now: Moment) -> Option<Moment> {
    if now.since(at) >= GIVE_UP {
        return None;
    }
    let doubled = 1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(u64::MAX);
    let wait = RETRY.saturating_mul(doubled).min(RETRY_MAX);
    Some(Moment::of_millis(now.millis().saturating_add(wait)))
}

/// What is said of a text that is no threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAThreshold;

/// `20%` or `50`.
impl FromStr for Threshold {
    type Err = NotAThreshold;

    fn from_str(text: &str) -> Result<Self, NotAThreshold> {
        if text.ends_with('%') {
            return text.parse().map(Self::Share).map_err(|_| NotAThreshold);
        }
        text.parse().map(Self::Amount).map_err(|_| NotAThreshold)
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => share.fmt(f),
            Self::Amount(amount) => amount.fmt(f),
        }
    }
}

impl fmt::Display for NotAThreshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a share of the last purchase such as `20%` or an amount such as `50`")
    }
}

/// As a store keeps it: `20% armed` or `20% below`.
impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.threshold, if self.below { "below" } else { "armed" })
    }
}

impl FromStr for Alarm {
    type Err = NotAThreshold;

    fn from_str(text: &str) -> Result<Self, NotAThreshold> {
        let (threshold, state) = text.split_once(' ').ok_or(NotAThreshold)?;
        let below = match state {
            "below" => true,
            "armed" => false,
            _ => return Err(NotAThreshold),
        };
        Ok(Self { threshold: threshold.parse()?, below })
    }
}
