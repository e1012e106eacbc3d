//! Points in time: a date, or a date and a time with its distance from UTC (RFC 3339).
use super::section::shape::{Kind, Read, Shape, Text};
use super::spot::Spot;
use super::words::shown;

/// A point in time, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Moment;

impl Read for Moment {
    type Value = u64;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<u64> {
        let text = spot.text("a date such as `2027-01-01`")?;
        let moment = parse(text.as_bytes());
        if moment.is_none() {
            spot.problem(format!(
                "expected a date, which begins at 00:00 UTC, such as `2027-01-01`, or a time such \
                 as `2027-01-01T09:30:00Z` or `2027-01-01T09:30:00+02:00`, found `{}`",
                shown(text)
            ));
        }
        moment
    }
}

impl Kind for Moment {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a date, or a date and a time",
            pattern: "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([Tt]\
                      ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([Zz]|[+-]([01][0-9]|2[0-3]):[0-5]\
                      [0-9]))?$",
            example: "2027-01-01",
            ..Text::default()
        })
    }
}

/// The seconds since 1970; `None` for what is no point in time, or before that.
fn parse(text: &[u8]) -> Option<u64> {
    let (date, time) = text.split_at_checked("2027-01-01".len())?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let year = number(&[*y1, *y2, *y3, *y4])?;
    let (month, day) = (number(&[*m1, *m2])?, number(&[*d1, *d2])?);
    let days = days(year, month, day)?.checked_mul(86_400)?;
    let Some((b'T' | b't', time)) = time.split_first() else {
        return time.is_empty().then_some(days);
    };
    let (clock, zone) = time.split_at_checked("09:30:00".len())?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = clock else { return None };
    let hours_and_minutes = |hours: &[u8], minutes: &[u8]| {
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        let right = hours < 24 && minutes < 60;
        right.then_some(())?;
        hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(60)
    };
    let seconds = number(&[*s1, *s2]).filter(|seconds| *seconds < 60)?;
    let of_day = hours_and_minutes(&[*h1, *h2], &[*m1, *m2])?.checked_add(seconds)?;
    let local = days.checked_add(of_day)?;
    match zone {
        [b'Z' | b'z'] => Some(local),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let ahead = hours_and_minutes(&[*h1, *h2], &[*m1, *m2])?;
            if *sign == b'+' { local.checked_sub(ahead) } else { local.checked_add(ahead) }
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit.saturating_sub(b'0')))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// The days from 1970-01-01 to a day of the calendar; `None` for one that there is not.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let long = |month: u64| match month {
        2 => 28_u64.saturating_add(u64::from(leap(year))),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let right = year >= 1970 && (1..=12).contains(&month) && (1..=long(month)).contains(&day);
    right.then_some(())?;
    // Of all years before this one, and of those before 1970.
    let leaps = |year: u64| (year / 4).checked_sub(year / 100)?.checked_add(year / 400);
    let before = year.checked_sub(1)?;
    let leap_days = leaps(before)?.checked_sub(leaps(1969)?)?;
    let years = year.checked_sub(1970)?.checked_mul(365)?.checked_add(leap_days)?;
    let months: u64 = (1..month).map(long).sum();
    years.checked_add(months)?.checked_add(day)?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Each as `date -u -d TEXT +%s` prints it.
    #[test]
    fn moments_are_counted_from_1970() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400),
            ("2027-01-01", 1_798_761_600),
            ("2100-03-01", 4_107_542_400),
            ("2027-01-01T09:30:00Z", 1_798_795_800),
            ("2027-01-01t09:30:01z", 1_798_795_801),
            ("2027-01-01T00:30:00+02:00", 1_798_756_200),
            ("2026-12-31T23:30:00-01:30", 1_798_765_200),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "2027",
            "2027-1-1",
            "2027-13-01",
            "2027-00-01",
            "2027-02-29",
            "2100-02-29",
            "1969-12-31",
            "2027-04-31",
            "2027-01-01 09:30:00Z",
            "2027-01-01T09:30:00",
            "2027-01-01T24:00:00Z",
            "2027-01-01T09:60:00Z",
            "2027-01-01T09:30:60Z",
            "2027-01-01T09:30Z",
            "2027-01-01T09:30:00+25:00",
            "2027-01-01Z",
            "tomorrow--",
            "1970-01-01T00:00:00+01:00",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
