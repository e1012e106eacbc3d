//! A score between 0 and 1, in ten-thousandths.
use core::fmt;

/// A score between 0 and 1, in ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Score(u16);

impl Score {
    /// Parts of the whole.
    pub const PARTS: u16 = 10_000;
    /// The least: any model will do.
    pub const LEAST: Self = Self(0);
    /// The most: nothing says that a budget model will do.
    pub const MOST: Self = Self(Self::PARTS);

    /// A score of so many ten-thousandths, 1 at most.
    #[must_use]
    pub const fn of_parts(parts: u16) -> Self {
        Self(if parts < Self::PARTS { parts } else { Self::PARTS })
    }

    /// Its ten-thousandths.
    #[must_use]
    pub const fn parts(self) -> u16 {
        self.0
    }

    /// Reads a number from 0 to 1, rounded to ten-thousandths; `None` for any other.
    #[must_use]
    pub fn of(number: f64) -> Option<Self> {
        let parts = (number * f64::from(Self::PARTS)).round();
        // In its range, so the cast keeps the value.
        (0.0..=1.0).contains(&number).then_some(Self(parts as u16))
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:04}", self.0 / Self::PARTS, self.0 % Self::PARTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_it_is_read() {
        for (number, text) in [(0.0, "0.0000"), (0.4213, "0.4213"), (1.0, "1.0000")] {
            let score = Score::of(number).unwrap();
            assert_eq!(score.to_string(), text);
            assert_eq!(Score::of(text.parse().unwrap()), Some(score));
        }
        for number in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Score::of(number), None, "{number}");
        }
    }
}
