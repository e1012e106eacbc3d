//! Amounts of credits: exact decimals outside, whole millionths inside.
use core::fmt;
use core::str::FromStr;

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

/// Why a text is no amount of credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCredits {
    /// It is not a decimal number such as `3.75`.
    Decimal,
    /// It is below zero.
    Negative,
    /// It has more than six digits after the point.
    TooFine,
    /// It is more than [`Credits::MAX`].
    TooLarge,
}

impl Credits {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The most that one amount may be: a trillion credits. Nine of them fit into a balance.
    pub const MAX: Self = Self(1_000_000_000_000 * UNIT);

    /// So many millionths; none above [`Credits::MAX`].
    #[must_use]
    pub const fn of_micros(micros: u64) -> Option<Self> {
        if micros <= Self::MAX.0 { Some(Self(micros)) } else { None }
    }

    /// So many millionths, [`Credits::MAX`] at most.
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

    /// In millionths.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; none above [`Credits::MAX`].
    #[must_use]
    pub const fn plus(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micros) => Self::of_micros(micros),
            None => None,
        }
    }

    /// What is left; none when there is less than that.
    #[must_use]
    pub const fn minus(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// What is left, nothing when there is less than that.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// As much of it as `part` is of `whole`, rounded down; nothing of a whole that is nothing.
    #[must_use]
    pub fn part(self, part: Self, whole: Self) -> Self {
        let product = u128::from(self.0).saturating_mul(u128::from(part.0));
        Self::clamped(product.checked_div(u128::from(whole.0)).unwrap_or(0))
    }

    /// That many parts of a million of it, rounded down: 20 % is 200,000.
    #[must_use]
    pub fn share(self, parts: u64) -> Self {
        const WHOLE: u128 = 1_000_000;
        Self::clamped(u128::from(self.0).saturating_mul(u128::from(parts)) / WHOLE)
    }
}

impl Balance {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many millionths.
    #[must_use]
    pub const fn of_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// In millionths.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads what [`fmt::Display`] writes; none for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let micros = i64::try_from(text.parse::<Credits>().ok()?.0).ok()?;
        if negative { micros.checked_neg().map(Self) } else { Some(Self(micros)) }
    }

    /// With that added; none when it overflows.
    #[must_use]
    pub fn plus(self, credits: Credits) -> Option<Self> {
        self.0.checked_add(i64::try_from(credits.0).ok()?).map(Self)
    }

    /// With that taken away; none when it overflows.
    #[must_use]
    pub fn minus(self, credits: Credits) -> Option<Self> {
        self.0.checked_sub(i64::try_from(credits.0).ok()?).map(Self)
    }

    /// What there is to spend: nothing when it is negative.
    #[must_use]
    pub fn credits(self) -> Credits {
        u64::try_from(self.0).map_or(Credits::ZERO, |micros| Credits::clamped(micros.into()))
    }
}

/// As people write it: `3.75`.
impl FromStr for Credits {
    type Err = NotCredits;

    fn from_str(text: &str) -> Result<Self, NotCredits> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if text.starts_with('-') {
            return Err(NotCredits::Negative);
        }
        if !digits(whole) || !digits(fraction) {
            return Err(NotCredits::Decimal);
        }
        if fraction.len() > FRACTION {
            return Err(NotCredits::TooFine);
        }
        let micros = format!("{whole}{fraction:0<FRACTION$}").parse().ok();
        micros.and_then(Self::of_micros).ok_or(NotCredits::TooLarge)
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

impl fmt::Display for NotCredits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal => f.write_str("expected an exact decimal in quotes such as `\"3.75\"`"),
            Self::Negative => f.write_str("expected an amount of 0 or more"),
            Self::TooFine => f.write_str("expected at most 6 digits after the point"),
            Self::TooLarge => write!(f, "expected at most {}", Credits::MAX),
        }
    }
}
