//! Time for accounts: what a clock says, held against the time that has truly passed.
//!
//! A clock that jumps would let purchases and holds go, or keep them for ever. So a jump is not
//! followed: time goes on from the last moment that was right, and whoever asks is told. What is
//! small is caught up with slowly, as it is when a clock is set right by degrees.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::credit::Moment;

/// A clock that is further from the time that has passed has jumped, in milliseconds.
const JUMP: i64 = 30_000;

/// What is less is caught up with so slowly: one part of so many of the time that passes.
const SLEW: i64 = 100;

/// A start so much later than anything in the database is not believed, in milliseconds: 30 days.
const ABSENCE: i64 = 30 * 86_400_000;

/// A clock that is watched.
#[derive(Debug)]
pub(super) struct Watch(Mutex<State>);

#[derive(Debug, Clone, Copy)]
struct State {
    /// The last moment that was right, and when that was.
    good: Moment,
    at: Instant,
    /// How far the clock is from it, while that is a jump.
    jump: Option<i64>,
    /// The clock was not believed at the start.
    doubted: bool,
    /// The latest moment in the database, while it is still to come.
    ahead: Option<Moment>,
}

/// What was found at the start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// What the clock says.
    pub(super) reading: Moment,
    /// The latest moment in the database.
    pub(super) newest: Option<Moment>,
    /// Whether an operator says that the clock is right.
    pub(super) trusted: bool,
}

impl Watch {
    /// Begins with what the clock says, unless that cannot be.
    pub(super) fn new(start: Start, at: Instant) -> Self {
        let Start { reading, newest, trusted } = start;
        let since = newest.map(|newest| apart(reading, newest));
        let doubted = !trusted && since.is_some_and(|since| since > ABSENCE);
        let good = newest.filter(|_| doubted).unwrap_or(reading);
        let jump = doubted.then_some(since.unwrap_or_default());
        let ahead = newest.filter(|_| since.is_some_and(|since| since < -JUMP));
        Self(Mutex::new(State { good, at, jump, doubted, ahead }))
    }

    /// The time, when the clock says this.
    pub(super) fn tell(&self, reading: Moment, at: Instant) -> Moment {
        let mut state = self.state();
        let elapsed = millis(at.saturating_duration_since(state.at));
        let expected = later(state.good, elapsed);
        let off = apart(reading, expected);
        let back = state.doubted && (0..=ABSENCE).contains(&off);
        state.good = if back {
            reading
        } else if off.abs() <= JUMP {
            // Up, so that many readings a moment catch up as well as few.
            let most = elapsed.saturating_add(SLEW.saturating_sub(1)).checked_div(SLEW);
            let most = most.unwrap_or_default();
            later(expected, off.clamp(most.saturating_neg(), most))
        } else {
            expected
        };
        state.jump = Some(off).filter(|_| off.abs() > JUMP && !back);
        state.doubted = state.doubted && state.jump.is_some();
        state.at = state.at.max(at);
        state.good
    }

    /// The time, without a look at the clock.
    pub(super) fn now(&self, at: Instant) -> Moment {
        let state = self.state();
        later(state.good, millis(at.saturating_duration_since(state.at)))
    }

    /// The latest moment in the database, where that is still to come.
    pub(super) fn set_ahead(&self, newest: Option<Moment>, at: Instant) {
        let now = self.now(at);
        self.state().ahead = newest.filter(|newest| apart(*newest, now) > JUMP);
    }

    /// Whether the database has moments that are still to come.
    pub(super) fn is_ahead(&self) -> bool {
        self.state().ahead.is_some()
    }

    /// What is wrong with the clock, and what to do.
    pub(super) fn trouble(&self, at: Instant) -> Option<String> {
        let State { jump, doubted, ahead, .. } = *self.state();
        let now = self.now(at);
        if let Some(off) = jump.filter(|_| doubted) {
            return Some(format!(
                "the clock is {} after anything in the database and is not believed: it is taken \
                 to be {now}; set it right, or start with --trust-clock where it is right",
                long(off)
            ));
        }
        if let Some(off) = jump {
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

/// What this machine's clock says.
#[expect(clippy::disallowed_methods, reason = "the shell reads the clock")]
pub(super) fn system_time() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
    Moment::of_millis(millis)
}

/// What has passed, whatever clocks say.
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

/// How much later the first is, in milliseconds.
fn apart(first: Moment, second: Moment) -> i64 {
    signed(first).saturating_sub(signed(second))
}

fn later(moment: Moment, millis: i64) -> Moment {
    Moment::of_millis(moment.millis().saturating_add_signed(millis))
}

/// So many milliseconds, for people.
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

    fn start(reading: u64, newest: Option<u64>, trusted: bool) -> (Watch, Instant) {
        let began = instant();
        let newest = newest.map(at);
        (Watch::new(Start { reading: at(reading), newest, trusted }, began), began)
    }

    /// After so many true seconds the clock says this; what time is it, and is something said?
    fn told(watch: &Watch, began: Instant, passed: u64, says: u64) -> (u64, bool) {
        let now = after(began, passed);
        let told = watch.tell(at(says), now);
        let since = told.millis().saturating_sub(at(0).millis());
        (since.div_euclid(1000), watch.trouble(now).is_some())
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
