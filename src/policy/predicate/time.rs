//! `time`: the hour and the day, by a clock that is a fixed time from UTC.
use super::super::field::{
    Defaulted, Defaults, Field, Kind, List, Nested, Optional, Read, Section, Shape, Spot, Text,
    Word, Words, shown,
};
use super::facts::Facts;
use super::question::{Question, Test};

pub(super) static QUESTION: Question = Question::new(
    "time",
    &Nested(&SECTION),
    "The hours and days at which the request comes.",
    |spot, _| Some(Box::new(read(spot)?)),
);

const SECTION: Section = Section::new(
    "an object with `hours` or `days`",
    "The time at which a request comes. The filter knows no calendars of countries, so where \
     clocks \
     are changed twice a year, change `zone` with them or allow an hour on either side.",
    "when: {time: {zone: \"+01:00\", hours: \"08:00-18:00\", days: [mon, tue, wed, thu, fri]}}",
    &[&ZONE, &HOURS, &DAYS],
);

const DAY: u32 = 24 * 60;

const ZONE: Defaulted<Zone> = Field::defaulted(
    "zone",
    Zone,
    0,
    "How far the clock is from UTC: `UTC`, or hours and minutes as in `+02:00`.",
);

const HOURS: Optional<Hours> = Field::optional(
    "hours",
    Hours,
    "the whole day",
    "From when to when: the first minute counts, the last does not. `22:00-06:00` is a night.",
);

const DAYS: Optional<List> = Field::optional(
    "days",
    List::of("days", &WEEKDAY).unique(),
    "every day",
    "The days, as that clock has them when the request comes.",
);

const WEEKDAY: Words<u32> = Words {
    what: "day",
    of: &[
        Word::new("mon", 0, "Monday."),
        Word::new("tue", 1, "Tuesday."),
        Word::new("wed", 2, "Wednesday."),
        Word::new("thu", 3, "Thursday."),
        Word::new("fri", 4, "Friday."),
        Word::new("sat", 5, "Saturday."),
        Word::new("sun", 6, "Sunday."),
    ],
};

/// A distance from UTC, in minutes.
#[derive(Debug, Clone, Copy)]
struct Zone;

impl Kind for Zone {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "`UTC`, or a distance from it",
            pattern: "^(UTC|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$",
            example: "+02:00",
            ..Text::default()
        })
    }
}

impl Defaults for Zone {
    type Literal = i32;

    fn json(&self, _literal: i32) -> String {
        "\"UTC\"".to_owned()
    }
}

impl Read for Zone {
    type Value = i32;

    fn read(&self, spot: &Spot<'_>) -> Option<i32> {
        let text = spot.text("`UTC`, or a distance from it such as `+02:00`")?;
        let zone = zone(text);
        if zone.is_none() {
            spot.problem(format!(
                "expected `UTC`, or a distance from it such as `+02:00` (the filter knows no names \
                 of zones), found `{}`",
                shown(text)
            ));
        }
        zone
    }
}

fn zone(text: &str) -> Option<i32> {
    if text == "UTC" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let minutes = i32::try_from(minutes(rest)?).ok().filter(|minutes| *minutes <= 14 * 60)?;
    minutes.checked_mul(sign)
}

/// The minutes of `HH:MM`.
fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes).filter(|minutes| *minutes < 60)?);
    hours.checked_mul(60)?.checked_add(minutes).filter(|minutes| *minutes <= DAY)
}

/// From when to when, in minutes of a day.
#[derive(Debug, Clone, Copy)]
struct Hours;

impl Kind for Hours {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "two times of day",
            pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
            example: "08:00-18:00",
            ..Text::default()
        })
    }
}

impl Read for Hours {
    type Value = (u32, u32);

    fn read(&self, spot: &Spot<'_>) -> Option<(u32, u32)> {
        let text = spot.text("two times of day such as `08:00-18:00`")?;
        let times =
            text.split_once('-').and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
        let times = times.filter(|(from, _)| *from < DAY);
        if times.is_none() {
            spot.problem(format!(
                "expected two times of day such as `08:00-18:00`, found `{}`",
                shown(text)
            ));
        }
        if let Some((from, to)) = times
            && from == to
        {
            spot.problem("no time is between two that are the same");
        }
        times
    }
}

#[derive(Debug)]
struct Time {
    /// Minutes from UTC.
    zone: i32,
    hours: Option<(u32, u32)>,
    days: Option<Vec<u32>>,
}

fn read(spot: &Spot<'_>) -> Option<Time> {
    let mut fields = spot.object(&SECTION)?;
    let (zone, hours) = (fields.read(&ZONE), fields.read(&HOURS));
    let days = fields.read_with(&DAYS, |spot| {
        let mut days = Vec::new();
        for item in DAYS.kind.items(spot)? {
            let day = WEEKDAY.read(&item)?;
            if days.contains(&day) {
                item.problem("this day stands in this list before");
            }
            days.push(day);
        }
        Some(days)
    });
    fields.finish();
    let (hours, days) = (hours?, days?);
    if hours.is_none() && days.is_none() {
        spot.problem("expected `hours`, `days` or both");
    }
    Some(Time { zone: zone?, hours, days })
}

impl Time {
    /// Whether it is the time, so many seconds after 1970 began.
    fn is_at(&self, unix_seconds: u64) -> bool {
        let minutes = i64::try_from(unix_seconds / 60).unwrap_or(i64::MAX);
        let local = minutes.saturating_add(i64::from(self.zone));
        let (day, minute) = (local.div_euclid(i64::from(DAY)), local.rem_euclid(i64::from(DAY)));
        // 1970 began on a Thursday.
        let weekday = day.saturating_add(3).rem_euclid(7);
        let on_day =
            self.days.as_ref().is_none_or(|days| days.iter().any(|own| i64::from(*own) == weekday));
        let within = self.hours.is_none_or(|(from, to)| {
            let (from, to) = (i64::from(from), i64::from(to));
            if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to }
        });
        on_day && within
    }
}

impl Test for Time {
    fn holds(&self, facts: &dyn Facts) -> bool {
        self.is_at(facts.unix_seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::{Time, zone};

    #[test]
    fn a_zone_is_a_distance() {
        for (text, expected) in [
            ("UTC", Some(0)),
            ("+02:00", Some(120)),
            ("-03:30", Some(-210)),
            ("+14:00", Some(840)),
            ("+14:01", None),
            ("+2:00", None),
            ("+00:60", None),
            ("Europe/Berlin", None),
            ("", None),
        ] {
            assert_eq!(zone(text), expected, "{text}");
        }
    }

    #[test]
    fn hours_and_days_are_those_of_the_zone() {
        // 2026-11-29 was a Sunday: its 23:30 in UTC is Monday's 00:30 an hour further east.
        let at = 1_795_995_000;
        let time = |zone, hours, days: &[u32]| {
            let days = (!days.is_empty()).then(|| days.to_vec());
            Time { zone, hours, days }.is_at(at)
        };
        assert!(time(0, None, &[6]) && !time(0, None, &[0]));
        assert!(time(60, None, &[0]) && !time(60, None, &[6]));
        assert!(time(0, Some((22 * 60, 6 * 60)), &[]) && time(60, Some((22 * 60, 6 * 60)), &[]));
        assert!(time(0, Some((23 * 60 + 30, 24 * 60)), &[]));
        assert!(!time(0, Some((23 * 60, 23 * 60 + 30)), &[]));
        assert!(!time(60, Some((8 * 60, 18 * 60)), &[]));
    }
}
