//! Shares: percentages that are read and kept exactly.
use core::fmt;
use core::str::FromStr;

/// Parts in a whole.
const WHOLE: u32 = 1_000_000;

/// Parts in one percent.
const PERCENT: u32 = 10_000;

/// A share of something in parts of a million, from nothing to all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Share(u32);

/// A text is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAShare;

impl Share {
    /// So many parts of a million; none for more than all.
    #[must_use]
    pub const fn of_parts(parts: u32) -> Option<Self> {
        if parts <= WHOLE { Some(Self(parts)) } else { None }
    }

    /// In parts of a million.
    #[must_use]
    pub const fn parts(self) -> u32 {
        self.0
    }

    /// What is missing to the whole, in parts of a million.
    #[must_use]
    pub const fn rest(self) -> u32 {
        WHOLE.saturating_sub(self.0)
    }
}

/// As people write it: `20%`, `12.5%`; at most four digits after the point.
impl FromStr for Share {
    type Err = NotAShare;

    fn from_str(text: &str) -> Result<Self, NotAShare> {
        let number = text.strip_suffix('%').ok_or(NotAShare)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 4 {
            return Err(NotAShare);
        }
        let parts = format!("{whole}{fraction:0<4}").parse().ok();
        parts.and_then(Self::of_parts).ok_or(NotAShare)
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

impl fmt::Display for NotAShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a percentage from `0%` to `100%` such as `12.5%`")
    }
}
