//! Amounts of credits: decimals with six digits when written, whole millionths in memory.
use core::fmt;
use core::str::FromStr;

use super::share::Share;

/// Millionths in one credit.
const UNIT: u64 = 1_000_000;

/// Digits after the point that an amount may have.
const FRACTION: usize = 6;

/// An amount of credits, in millionths; never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Credits(u64);

/// An account's balance in millionths of a credit: negative when it owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Balance(i64);

/// Why a text could not be read as an amount of credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseCreditsError {
    /// Not a decimal number such as `3.75`.
    Decimal,
    /// Below zero, which no amount may be.
    Negative,
    /// More than six digits after the point.
    TooFine,
    /// More than [`Credits::MAX`].
    TooLarge,
}

impl Credits {
    pub const ZERO: Self = Self(0);

    /// The most that one amount may be: a trillion credits. Nine of them fit into a balance.
    pub const MAX: Self = Self(1_000_000_000_000 * UNIT);

    /// An amount of that many millionths; `None` above [`Credits::MAX`].
    #[must_use]
    pub const fn of_micros(micros: u64) -> Option<Self> {
        if micros <= Self::MAX.0 { Some(Self(micros)) } else { None }
    }

    /// An amount of that many millionths, or [`Credits::MAX`] where that is less.
    #[must_use]
    pub const fn clamped(micros: u128) -> Self {
        match Self::narrow(micros) {
            Some(credits) => credits,
            None => Self::MAX,
        }
    }

    #[expect(clippy::as_conversions, reason = "in range, and `try_from` is not const")]
    const fn narrow(micros: u128) -> Option<Self> {
        if micros <= Self::MAX.0 as u128 { Some(Self(micros as u64)) } else { None }
    }

    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; `None` above [`Credits::MAX`].
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micros) => Self::of_micros(micros),
            None => None,
        }
    }

    /// The difference; `None` where it would be below zero.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The difference, or zero where it would be below zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `self * part / whole`, rounded down; zero where `whole` is zero.
    #[must_use]
    pub fn part(self, part: Self, whole: Self) -> Self {
        let product = u128::from(self.0).saturating_mul(u128::from(part.0));
        Self::clamped(product.checked_div(u128::from(whole.0)).unwrap_or(0))
    }

    /// That share of the amount, rounded down.
    #[must_use]
    pub fn share(self, share: Share) -> Self {
        const WHOLE: u128 = 1_000_000;
        Self::clamped(u128::from(self.0).saturating_mul(share.parts().into()) / WHOLE)
    }
}

impl Balance {
    pub const ZERO: Self = Self(0);

    #[must_use]
    pub const fn of_micros(micros: i64) -> Self {
        Self(micros)
    }

    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads what [`fmt::Display`] writes; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let micros = i64::try_from(text.parse::<Credits>().ok()?.0).ok()?;
        if negative { micros.checked_neg().map(Self) } else { Some(Self(micros)) }
    }

    /// The sum; `None` when it overflows.
    #[must_use]
    pub fn checked_add(self, credits: Credits) -> Option<Self> {
        self.0.checked_add(i64::try_from(credits.0).ok()?).map(Self)
    }

    /// The difference, which may be negative; `None` when it overflows.
    #[must_use]
    pub fn checked_sub(self, credits: Credits) -> Option<Self> {
        self.0.checked_sub(i64::try_from(credits.0).ok()?).map(Self)
    }

    /// The balance as an amount: zero where it is negative.
    #[must_use]
    pub fn credits(self) -> Credits {
        u64::try_from(self.0).map_or(Credits::ZERO, |micros| Credits::clamped(micros.into()))
    }
}

/// Reads a decimal such as `3.75`.
impl FromStr for Credits {
    type Err = ParseCreditsError;

    fn from_str(text: &str) -> Result<Self, ParseCreditsError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if text.starts_with('-') {
            return Err(ParseCreditsError::Negative);
        }
        if !digits(whole) || !digits(fraction) {
            return Err(ParseCreditsError::Decimal);
        }
        if fraction.len() > FRACTION {
            return Err(ParseCreditsError::TooFine);
        }
        let micros = format!("{whole}{fraction:0<FRACTION$}").parse().ok();
        micros.and_then(Self::of_micros).ok_or(ParseCreditsError::TooLarge)
    }
}

/// The shortest exact decimal: `3.75`, `-0.000001`, `12`.
impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        decimal(self.0.unsigned_abs(), f)
    }
}

/// The shortest exact decimal: `3.75`, `12`.
impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal(self.0, f)
    }
}

fn decimal(micros: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (whole, fraction) = (micros / UNIT, micros % UNIT);
    if fraction == 0 {
        return write!(f, "{whole}");
    }
    let digits = format!("{fraction:0FRACTION$}");
    write!(f, "{whole}.{}", digits.trim_end_matches('0'))
}

impl fmt::Display for ParseCreditsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal => f.write_str("expected an exact decimal in quotes such as `\"3.75\"`"),
            Self::Negative => f.write_str("expected an amount of 0 or more"),
            Self::TooFine => f.write_str("expected at most 6 digits after the point"),
            Self::TooLarge => write!(f, "expected at most {}", Credits::MAX),
        }
    }
}
