//! Alerts: one is raised each time a balance falls below a threshold.
use core::fmt;
use core::str::FromStr;

use super::amount::{Balance, Credits};
use super::calendar::Moment;
use super::share::Share;

/// Milliseconds between the first failed delivery and the second; doubled after each failure.
const RETRY_FIRST_MS: u64 = 1_000;
/// The longest such pause: an hour.
const RETRY_MAX_MS: u64 = 3_600_000;
/// How long after an alert its delivery is given up: three days.
const GIVE_UP_MS: u64 = 3 * 86_400_000;

/// The balance below which a tenant wants an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Threshold {
    /// A share of the last purchase, such as `20%`.
    Share(Share),
    /// An amount of credits, such as `50`.
    Amount(Credits),
}

/// A tenant's threshold, and whether its alert has been raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertRule {
    pub threshold: Threshold,
    /// The alert was raised, and the balance has not been back above the threshold since.
    pub below: bool,
}

/// One crossing of a threshold, downwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub tenant: String,
    /// Counts the tenant's alerts, from 1.
    pub number: u64,
    pub at: Moment,
    pub threshold: Threshold,
    pub balance: Balance,
    /// The balance without what was held.
    pub available: Balance,
    /// The size of the last purchase, of which the threshold may be a share.
    pub last_purchase: Credits,
}

impl Threshold {
    /// The lowest balance that raises no alert.
    #[must_use]
    pub fn level(self, last_purchase: Credits) -> Credits {
        match self {
            Self::Share(share) => last_purchase.share(share),
            Self::Amount(amount) => amount,
        }
    }
}

impl AlertRule {
    /// A rule that has raised no alert yet.
    #[must_use]
    pub const fn armed(threshold: Threshold) -> Self {
        Self { threshold, below: false }
    }

    /// Takes note of a balance; `true` when it has just fallen below the threshold.
    pub(super) fn observe(&mut self, balance: Balance, last_purchase: Credits) -> bool {
        let level = self.threshold.level(last_purchase).micros();
        let below = i64::try_from(level).is_ok_and(|level| balance.micros() < level);
        let fires = below && !self.below;
        self.below = below;
        fires
    }
}

impl Alert {
    /// The id by which the API and webhooks name it: `tenant/number`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.tenant, self.number)
    }
}

/// When to try again after `attempts` failed deliveries of an alert from `at`; `None` to give up.
#[must_use]
pub fn next_delivery(at: Moment, attempts: u32, now: Moment) -> Option<Moment> {
    if now.since(at) >= GIVE_UP_MS {
        return None;
    }
    let doubled = 1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(u64::MAX);
    let wait = RETRY_FIRST_MS.saturating_mul(doubled).min(RETRY_MAX_MS);
    Some(Moment::of_millis(now.millis().saturating_add(wait)))
}

/// The text is neither a share nor an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseThresholdError;

/// Reads `20%` as a share and `50` as an amount.
impl FromStr for Threshold {
    type Err = ParseThresholdError;

    fn from_str(text: &str) -> Result<Self, ParseThresholdError> {
        if text.ends_with('%') {
            return text.parse().map(Self::Share).map_err(|_| ParseThresholdError);
        }
        text.parse().map(Self::Amount).map_err(|_| ParseThresholdError)
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

impl fmt::Display for ParseThresholdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a share of the last purchase such as `20%` or an amount such as `50`")
    }
}

/// As it stands in the database: `20% armed` or `20% below`.
impl fmt::Display for AlertRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.threshold, if self.below { "below" } else { "armed" })
    }
}

impl FromStr for AlertRule {
    type Err = ParseThresholdError;

    fn from_str(text: &str) -> Result<Self, ParseThresholdError> {
        let (threshold, state) = text.split_once(' ').ok_or(ParseThresholdError)?;
        let below = match state {
            "below" => true,
            "armed" => false,
            _ => return Err(ParseThresholdError),
        };
        Ok(Self { threshold: threshold.parse()?, below })
    }
}
