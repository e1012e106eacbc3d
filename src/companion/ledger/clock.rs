//! The time that accounts go by: a clock's, checked against the time that has passed.
//!
//! A clock that jumps would let lots and holds expire, or keep them for ever. So a jump is not
//! followed: time goes on from the last moment that was right, with a warning. A small difference
//! is caught up with slowly.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::credit::Moment;

/// How far a clock may be from the expected time before that counts as a jump, in milliseconds.
const JUMP: i64 = 30_000;

/// A smaller difference is caught up with at one part in this many of the time that passes.
const SLEW: i64 = 100;

/// How much later than anything in the database a clock may be at the start: 30 days, in
/// milliseconds. Beyond that it is not believed.
const ABSENCE: i64 = 30 * 86_400_000;

/// A clock whose jumps are not followed.
#[derive(Debug)]
pub(super) struct WatchedClock(Mutex<State>);

#[derive(Debug, Clone, Copy)]
struct State {
    /// The last moment that was right, and the monotonic time of it.
    good: Moment,
    at: Instant,
    /// How far the clock is from the expected time, in milliseconds, while that is a jump.
    off_by: Option<i64>,
    /// Whether the clock was not believed at the start, and has not been right since.
    disbelieved: bool,
    /// The latest moment in the database, where that is still to come.
    ahead: Option<Moment>,
}

/// What is known when a ledger starts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) reading: Moment,
    /// The latest moment in the database.
    pub(super) newest: Option<Moment>,
    /// Whether the operator says that the clock is right (`--trust-clock`).
    pub(super) trusted: bool,
}

impl WatchedClock {
    /// Begins with the clock's reading, or with the database's latest moment where that is not
    /// believed.
    pub(super) fn new(start: Start, at: Instant) -> Self {
        let Start { reading, newest, trusted } = start;
        let since = newest.map(|newest| apart(reading, newest));
        let disbelieved = !trusted && since.is_some_and(|since| since > ABSENCE);
        let good = newest.filter(|_| disbelieved).unwrap_or(reading);
        let off_by = disbelieved.then_some(since.unwrap_or_default());
        let ahead = newest.filter(|_| since.is_some_and(|since| since < -JUMP));
        Self(Mutex::new(State { good, at, off_by, disbelieved, ahead }))
    }

    /// The time to go by, when the clock reads `reading`.
    pub(super) fn read(&self, reading: Moment, at: Instant) -> Moment {
        let mut state = self.state();
        let elapsed = millis(at.saturating_duration_since(state.at));
        let expected = later(state.good, elapsed);
        let off = apart(reading, expected);
        let back = state.disbelieved && (0..=ABSENCE).contains(&off);
        state.good = if back {
            reading
        } else if off.abs() <= JUMP {
            // Rounded up, so that frequent readings catch up as well.
            let most = elapsed.saturating_add(SLEW.saturating_sub(1)).checked_div(SLEW);
            let most = most.unwrap_or_default();
            later(expected, off.clamp(most.saturating_neg(), most))
        } else {
            expected
        };
        state.off_by = Some(off).filter(|_| off.abs() > JUMP && !back);
        state.disbelieved = state.disbelieved && state.off_by.is_some();
        state.at = state.at.max(at);
        state.good
    }

    /// The time to go by, without reading the clock.
    pub(super) fn now(&self, at: Instant) -> Moment {
        let state = self.state();
        later(state.good, millis(at.saturating_duration_since(state.at)))
    }

    /// The latest moment in the database, where that is still to come.
    pub(super) fn set_ahead(&self, newest: Option<Moment>, at: Instant) {
        let now = self.now(at);
        self.state().ahead = newest.filter(|newest| apart(*newest, now) > JUMP);
    }

    pub(super) fn is_ahead(&self) -> bool {
        self.state().ahead.is_some()
    }

    /// What is wrong with the clock, and what to do about it.
    pub(super) fn warning(&self, at: Instant) -> Option<String> {
        let State { off_by, disbelieved, ahead, .. } = *self.state();
        let now = self.now(at);
        if let Some(off) = off_by.filter(|_| disbelieved) {
            return Some(format!(
                "the clock is {} after anything in the database and is not believed: it is taken \
                 to be {now}; set it right, or start with --trust-clock where it is right",
                long(off)
            ));
        }
        if let Some(off) = off_by {
            let way = if off > 0 { "forward" } else { "back" };
            return Some(format!(
                "the clock has jumped {way} by {} and is not followed: it is taken to be {now}; \
                 set it right, or restart the ledger where it is right",
                long(off)
            ));
        }
        let ahead = ahead.filter(|ahead| *ahead > now)?;
        Some(format!(
            "an account is {} ahead of the clock, and nothing expires in it till then: stop the \
             ledger and see what `tradewind-ledger repair` says",
            long(apart(ahead, now))
        ))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// This machine's clock.
#[expect(clippy::disallowed_methods, reason = "the shell reads the clock")]
pub(super) fn system_time() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
    Moment::of_millis(millis)
}

/// The monotonic clock, which no one sets.
#[expect(clippy::disallowed_methods, reason = "the shell reads the clock")]
pub(super) fn instant() -> Instant {
    Instant::now()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn signed(moment: Moment) -> i64 {
    i64::try_from(moment.millis()).unwrap_or(i64::MAX)
}

/// How much later `first` is, in milliseconds; negative when it is earlier.
fn apart(first: Moment, second: Moment) -> i64 {
    signed(first).saturating_sub(signed(second))
}

fn later(moment: Moment, millis: i64) -> Moment {
    Moment::of_millis(moment.millis().saturating_add_signed(millis))
}

/// A duration in its largest fitting unit, for messages: `3 days`.
fn long(millis: i64) -> String {
    let seconds = millis.unsigned_abs().div_euclid(1000);
    let units: [(u64, &str); 3] = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    let unit = units.into_iter().find(|(unit, _)| seconds >= unit.saturating_mul(2));
    let (unit, name) = unit.unwrap_or((1, "seconds"));
    format!("{} {name}", seconds.checked_div(unit).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const NOON: u64 = 1_772_366_400;

    fn at(second: u64) -> Moment {
        Moment::of_millis(NOON * 1000).plus_seconds(second)
    }

    fn after(began: Instant, seconds: u64) -> Instant {
        began.checked_add(Duration::from_secs(seconds)).unwrap()
    }

    fn start(reading: u64, newest: Option<u64>, trusted: bool) -> (WatchedClock, Instant) {
        let began = instant();
        let newest = newest.map(at);
        (WatchedClock::new(Start { reading: at(reading), newest, trusted }, began), began)
    }

    /// After so many true seconds the clock says this; what time is it, and is something said?
    fn told(watch: &WatchedClock, began: Instant, passed: u64, says: u64) -> (u64, bool) {
        let now = after(began, passed);
        let told = watch.read(at(says), now);
        let since = told.millis().saturating_sub(at(0).millis());
        (since.div_euclid(1000), watch.warning(now).is_some())
    }

    #[test]
    fn a_jump_is_not_followed_and_is_over_when_the_clock_is_right_again() {
        let (watch, began) = start(1_000_000, None, false);
        for (passed, says, expected) in [
            (10, 1_000_010, (1_000_010, false)),
            (11, 1_000_011 + 400 * DAY, (1_000_011, true)),
            (16, 1_000_016 + 400 * DAY, (1_000_016, true)),
            (17, 1_000_017, (1_000_017, false)),
            (20, 20, (1_000_020, true)),
            (30, 1_000_030 - 1200, (1_000_030, true)),
            (40, 1_000_040 + 60, (1_000_040, true)),
            (50, 1_000_050, (1_000_050, false)),
        ] {
            assert_eq!(told(&watch, began, passed, says), expected, "after {passed}");
        }
        assert_eq!(watch.now(after(began, 60)), at(1_000_060));
    }

    #[test]
    fn what_is_small_is_caught_up_with_by_degrees() {
        let (watch, began) = start(0, None, false);
        // Twenty seconds in one step: a hundredth of what passes is made good.
        assert_eq!(told(&watch, began, 100, 120), (101, false));
        assert_eq!(told(&watch, began, 1100, 1120), (1111, false));
        assert_eq!(told(&watch, began, 3100, 3120), (3120, false));
        // One that runs at twice the speed is left behind.
        let (watch, began) = start(0, None, false);
        let last =
            (1..1000).map(|second| told(&watch, began, second, second.saturating_mul(2))).last();
        assert!(last.is_some_and(|(time, said)| time < 1010 && said), "{last:?}");
    }

    #[test]
    fn a_start_that_cannot_be_is_not_believed_until_somebody_says_so() {
        let (watch, began) = start(400 * DAY, Some(5), false);
        assert_eq!(told(&watch, began, 2, 400 * DAY + 2), (7, true));
        // Set right while it runs: it is at once.
        assert_eq!(told(&watch, began, 6, DAY), (DAY, false));
        let (watch, began) = start(400 * DAY, Some(5), true);
        assert_eq!(told(&watch, began, 2, 400 * DAY + 2), (400 * DAY + 2, false));
        let (watch, began) = start(29 * DAY, Some(5), false);
        assert_eq!(told(&watch, began, 2, 29 * DAY + 2), (29 * DAY + 2, false));
    }

    #[test]
    fn moments_to_come_are_told_until_they_have_come() {
        let (watch, began) = start(0, Some(1200), false);
        assert_eq!(told(&watch, began, 2, 2), (2, true));
        assert!(watch.is_ahead());
        assert_eq!(told(&watch, began, 1201, 1201), (1201, false));
        let (watch, began) = start(0, Some(1200), false);
        watch.set_ahead(Some(at(3)), began);
        assert_eq!(told(&watch, began, 2, 2), (2, false));
    }
}
