//! Shares: exact percentages.
use core::fmt;
use core::str::FromStr;

/// Parts in a whole.
const WHOLE: u32 = 1_000_000;

/// Parts in one percent.
const PERCENT: u32 = 10_000;

/// A share in parts of a million, from none to all: `20%` is 200,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Share(u32);

/// The text is not a percentage from `0%` to `100%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseShareError;

impl Share {
    /// A share of that many parts of a million; `None` above a million.
    #[must_use]
    pub const fn of_parts(parts: u32) -> Option<Self> {
        if parts <= WHOLE { Some(Self(parts)) } else { None }
    }

    /// A share of that many per cent; all of it above a hundred.
    #[must_use]
    pub const fn percent(percent: u8) -> Self {
        // Widened, which `From` cannot do in a constant.
        let [low, high] = [percent, 0];
        let parts = u32::from_le_bytes([low, high, 0, 0]).saturating_mul(PERCENT);
        if parts <= WHOLE { Self(parts) } else { Self(WHOLE) }
    }

    /// The share in parts of a million.
    #[must_use]
    pub const fn parts(self) -> u32 {
        self.0
    }

    /// What is missing to 100 %, in parts of a million.
    #[must_use]
    pub const fn rest(self) -> u32 {
        WHOLE.saturating_sub(self.0)
    }
}

/// Reads `20%` or `12.5%`, with at most four digits after the point.
impl FromStr for Share {
    type Err = ParseShareError;

    fn from_str(text: &str) -> Result<Self, ParseShareError> {
        let number = text.strip_suffix('%').ok_or(ParseShareError)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 4 {
            return Err(ParseShareError);
        }
        let parts = format!("{whole}{fraction:0<4}").parse().ok();
        parts.and_then(Self::of_parts).ok_or(ParseShareError)
    }
}

/// The shortest exact form: `12.5%`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / PERCENT, self.0 % PERCENT);
        if fraction == 0 {
            return write!(f, "{whole}%");
        }
        write!(f, "{whole}.{}%", format!("{fraction:04}").trim_end_matches('0'))
    }
}

impl fmt::Display for ParseShareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a percentage from `0%` to `100%` such as `12.5%`")
    }
}
