//! Moments, and the days and months that budgets count in, all in UTC.
use core::fmt;
use core::str::FromStr;

const SECOND_MS: u64 = 1_000;
const DAY_MS: u64 = 86_400 * SECOND_MS;

/// The end of the year 9999, beyond which no [`Moment`] lies: dates have four-digit years.
const LAST_MS: u64 = 253_402_300_799_999;

/// A point in time, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Moment(u64);

/// The length of a budget's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    Day,
    Month,
}

/// One day or month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    per: Period,
    first: Date,
}

/// The text is not what a [`Window`] displays as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseWindowError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Date {
    year: u64,
    month: u64,
    day: u64,
}

impl Moment {
    /// The moment that many milliseconds after 1970 began, or the end of the year 9999.
    #[must_use]
    pub fn of_millis(millis: u64) -> Self {
        Self(millis.min(LAST_MS))
    }

    /// Milliseconds since 1970 began.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0
    }

    #[must_use]
    pub fn plus_seconds(self, seconds: u64) -> Self {
        Self::of_millis(self.0.saturating_add(seconds.saturating_mul(SECOND_MS)))
    }

    /// As HTTP writes it, such as `Mon, 01 Mar 2027 00:00:00 GMT` (RFC 9110, section 5.6.7).
    #[must_use]
    pub fn in_http(self) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let days = self.0 / DAY_MS;
        let Date { year, month, day } = Date::of(days);
        // 1970 began on a Thursday.
        let weekday = DAYS.iter().cycle().nth(usize::try_from(days % 7).unwrap_or_default());
        let name = MONTHS.get(usize::try_from(month.saturating_sub(1)).unwrap_or_default());
        let (weekday, name) = (weekday.unwrap_or(&""), name.unwrap_or(&""));
        let second = self.0 / SECOND_MS;
        let (hour, minute, second) = (second / 3_600 % 24, second / 60 % 60, second % 60);
        format!("{weekday}, {day:02} {name} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }

    /// Milliseconds from `earlier` to this moment; 0 when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Period {
    /// `day` or `month`, as in settings and in a window's text.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Day, Self::Month].into_iter().find(|per| per.name() == name)
    }
}

impl Window {
    /// The day or month in which a moment lies.
    #[must_use]
    pub fn of(per: Period, moment: Moment) -> Self {
        let date = Date::of(moment.0 / DAY_MS);
        let first = match per {
            Period::Day => date,
            Period::Month => Date { day: 1, ..date },
        };
        Self { per, first }
    }

    /// When this window begins.
    #[must_use]
    pub fn begins(self) -> Moment {
        self.first.begins()
    }

    /// When this window is over and the next one begins.
    #[must_use]
    pub fn end(self) -> Moment {
        let Date { year, month, day } = self.first;
        let next = match (self.per, month) {
            (Period::Day, _) => return Date { year, month, day }.begins().plus_seconds(86_400),
            (Period::Month, 12) => Date { year: year.saturating_add(1), month: 1, day },
            (Period::Month, _) => Date { year, month: month.saturating_add(1), day },
        };
        next.begins()
    }
}

/// Days are counted from 1970, years begin in March: a leap day is then a year's last.
impl Date {
    #[expect(clippy::arithmetic_side_effects, reason = "a moment's days are below 2^22")]
    fn of(days: u64) -> Self {
        let days = days + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        Self { year: year + era * 400 + next, month, day }
    }

    #[expect(clippy::arithmetic_side_effects, reason = "a date is in the years 1970 to 10000")]
    fn begins(self) -> Moment {
        let (year, month) = if self.month > 2 {
            (self.year, self.month - 3)
        } else {
            (self.year - 1, self.month + 9)
        };
        let (era, year) = (year / 400, year % 400);
        let of_year = (153 * month + 2) / 5 + self.day - 1;
        let of_era = year * 365 + year / 4 - year / 100 + of_year;
        Moment::of_millis((era * 146_097 + of_era - 719_468) * DAY_MS)
    }
}

/// RFC 3339, such as `2026-03-01T12:00:00Z`, with milliseconds where they are not zero.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day } = Date::of(self.0 / DAY_MS);
        let (second, millis) = (self.0 / SECOND_MS, self.0 % SECOND_MS);
        let (hour, minute, second) = (second / 3_600 % 24, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if millis > 0 {
            write!(f, ".{millis:03}")?;
        }
        f.write_str("Z")
    }
}

/// As in the database: `day:2026-03-01` or `month:2026-03`.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day } = self.first;
        write!(f, "{}:{year:04}-{month:02}", self.per.name())?;
        match self.per {
            Period::Day => write!(f, "-{day:02}"),
            Period::Month => Ok(()),
        }
    }
}

/// Reads what [`fmt::Display`] writes.
impl FromStr for Window {
    type Err = ParseWindowError;

    fn from_str(text: &str) -> Result<Self, ParseWindowError> {
        let (per, date) = text.split_once(':').ok_or(ParseWindowError)?;
        let per = Period::named(per).ok_or(ParseWindowError)?;
        let mut numbers = date.split('-').map(str::parse::<u64>);
        let mut number = || numbers.next().and_then(Result::ok).ok_or(ParseWindowError);
        let (year, month) = (number()?, number()?);
        let day = match per {
            Period::Day => number()?,
            Period::Month => 1,
        };
        let dated = (1970..10_000).contains(&year);
        if !dated || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(ParseWindowError);
        }
        Ok(Self { per, first: Date { year, month, day } })
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, Period, Window};

    #[test]
    fn a_moment_reads_as_rfc_3339() {
        let text = |millis| Moment::of_millis(millis).to_string();
        assert_eq!(text(0), "1970-01-01T00:00:00Z");
        assert_eq!(text(951_782_399_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(text(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(text(1_772_323_200_000), "2026-03-01T00:00:00Z");
        assert_eq!(text(1_772_368_496_007), "2026-03-01T12:34:56.007Z");
        assert_eq!(text(u64::MAX), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_moment_reads_as_in_http() {
        let text = |millis| Moment::of_millis(millis).in_http();
        assert_eq!(text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(text(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(text(951_782_400_000), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(text(1_798_675_200_000), "Thu, 31 Dec 2026 00:00:00 GMT");
    }

    #[test]
    fn what_is_no_day_and_no_month_is_no_window() {
        for text in ["day:1970-01-01", "day:9999-12-31", "month:1970-01", "month:9999-12"] {
            assert_eq!(
                text.parse::<Window>().map(|window| window.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "2026-03-01",
            "week:2026-03",
            "day:2026-03",
            "month:2026",
            "month:2026-x",
            "month:1969-12",
            "month:10000-01",
            "month:2026-00",
            "month:2026-13",
            "day:1969-12-31",
            "day:2026-13-01",
            "day:2026-03-00",
            "day:2026-03-32",
        ] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
    }

    #[test]
    fn windows_follow_each_other() {
        for per in [Period::Day, Period::Month] {
            let mut window = Window::of(per, Moment::default());
            // Two leap years that are none, and one that is.
            while window.to_string() < format!("{}:2205", per.name()) {
                let last = Moment::of_millis(window.end().millis().checked_sub(1).unwrap());
                assert_eq!(Window::of(per, last), window);
                assert_ne!(Window::of(per, window.end()), window);
                assert_eq!(window.to_string().parse(), Ok(window));
                window = Window::of(per, window.end());
            }
        }
        let window = Window::of(Period::Month, Moment::of_millis(1_767_225_599_000));
        assert_eq!(window.to_string(), "month:2025-12");
        assert_eq!(window.end().to_string(), "2026-01-01T00:00:00Z");
    }
}
