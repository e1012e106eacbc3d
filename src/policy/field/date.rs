//! Days of the calendar.
use super::section::shape::{Kind, Read, Shape, Text};
use super::spot::Spot;
use super::words::shown;
use crate::credit::{Moment, Period, Window};

/// A day such as `2027-03-01`: read as the moment at which it begins, in UTC.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Day;

const WHAT: &str = "a day such as `2027-03-01`";

impl Read for Day {
    type Value = Moment;

    fn read(&self, spot: &Spot<'_>) -> Option<Moment> {
        let text = spot.text(WHAT)?;
        // A window of one day is written like that, and a day that no month has begins with
        // another.
        let day = format!("day:{text}");
        let window: Option<Window> = day.parse().ok();
        let of = |window: &Window| Window::of(Period::Day, window.begins()).to_string();
        let window = window.filter(|window| of(window) == day);
        if window.is_none() {
            spot.problem(format!("expected {WHAT}, found `{}`", shown(text)));
        }
        window.map(Window::begins)
    }
}

impl Kind for Day {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a day",
            pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            range: "of the calendar".to_owned(),
            example: "2027-03-01",
            ..Text::default()
        })
    }
}
