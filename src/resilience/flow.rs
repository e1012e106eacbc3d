//! A token bucket, in whole numbers: so much flows in per time, so much it holds at most.
//!
//! What is in a bucket is one number, the moment at which it is full again if nobody takes anything
//! (the "theoretical arrival time" of the generic cell rate algorithm, ITU-T I.371). A bucket that
//! is full by now is like one that nobody has ever taken from: forgetting it loses nothing.

/// Nanoseconds in a millisecond.
const NANOS: u64 = 1_000_000;

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// So much flows in.
    pub amount: u64,
    /// In that time, in milliseconds.
    pub per_ms: u64,
    /// So much is in a full one.
    pub burst: u64,
}

/// A moment by the proxy's clock, in nanoseconds.
#[must_use]
pub const fn nanos(ms: u64) -> u64 {
    ms.saturating_mul(NANOS)
}

impl Flow {
    /// How long it takes until so much has flowed in, in nanoseconds; `more` rounds it up.
    fn takes(self, of: u64, more: bool) -> u64 {
        let amount = self.amount.max(1);
        let rest = if more { amount.saturating_sub(1) } else { 0 };
        scaled(of, (nanos(self.per_ms), amount), rest)
    }

    /// How long it takes to fill an empty one, in nanoseconds. Whoever takes something takes up to
    /// a nanosecond too much: there is room for these, but for no more than a thousandth of one.
    fn fills(self) -> u64 {
        let one = self.takes(1, false);
        let parts = if one == self.takes(1, true) { 0 } else { self.burst.min(one / 1000) };
        self.takes(self.burst, true).saturating_add(parts)
    }

    /// Takes so much out of a bucket that is full again at that moment: when it is full then.
    ///
    /// # Errors
    /// In how many nanoseconds there will be so much, if nobody takes anything: never, where it is
    /// more than a full bucket has.
    pub fn take(self, full_ns: u64, now_ns: u64, of: u64) -> Result<u64, u64> {
        let full = full_ns.max(now_ns).saturating_add(self.takes(of, true));
        let most = now_ns.saturating_add(self.fills());
        match full.checked_sub(most) {
            Some(wait) if wait > 0 => Err(wait),
            _ => Ok(full),
        }
    }

    /// Corrects what was taken to what was used: when the bucket is full then. More may have been
    /// used than there was: nobody takes anything before that has flowed in as well.
    #[must_use]
    pub fn correct(self, full_ns: u64, now_ns: u64, (taken, used): (u64, u64)) -> u64 {
        match used.checked_sub(taken) {
            Some(0) => full_ns,
            Some(more) => full_ns.max(now_ns).saturating_add(self.takes(more, true)),
            None => full_ns.saturating_sub(self.takes(taken.saturating_sub(used), false)),
        }
    }

    /// What is in it.
    #[must_use]
    pub fn left(self, full_ns: u64, now_ns: u64) -> u64 {
        let there = self.left_ns(full_ns, now_ns);
        scaled(there, (self.amount, nanos(self.per_ms).max(1)), 0).min(self.burst)
    }

    /// The same in nanoseconds, as the time in which it flows in.
    #[must_use]
    pub fn left_ns(self, full_ns: u64, now_ns: u64) -> u64 {
        self.fills().saturating_sub(full_ns.saturating_sub(now_ns))
    }
}

/// So much times a fraction, with a rest added before it is divided. Most numbers are small enough
/// for one division; the others take many times as long.
fn scaled(of: u64, (times, by): (u64, u64), rest: u64) -> u64 {
    let small = of.checked_mul(times).and_then(|whole| whole.checked_add(rest));
    if let Some(whole) = small {
        return whole.checked_div(by).unwrap_or(u64::MAX);
    }
    let whole = u128::from(of).saturating_mul(times.into()).saturating_add(rest.into());
    let whole = whole.checked_div(by.into()).unwrap_or(u128::MAX);
    u64::try_from(whole).unwrap_or(u64::MAX)
}

#[cfg(all(test, not(target_family = "wasm")))]
#[expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]
mod tests {
    use proptest::prelude::*;

    use super::{Flow, nanos};

    const MINUTE: u64 = 60_000;

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_what_flows_in() {
        let flow = Flow { amount: 60, per_ms: MINUTE, burst: 3 };
        let now = nanos(1_000_000);
        let mut full = 0;
        for left in [2, 1, 0] {
            full = flow.take(full, now, 1).unwrap();
            assert_eq!(flow.left(full, now), left);
        }
        assert_eq!(flow.take(full, now, 1), Err(nanos(1_000)), "one a second flows in");
        assert_eq!(flow.take(full, now + nanos(999), 1), Err(nanos(1)));
        assert!(flow.take(full, now + nanos(1_000), 1).is_ok());
        assert_eq!(flow.left(full, now + nanos(2_999)), 2);
        assert_eq!(flow.left(full, now + nanos(3_000)), 3);
        assert_eq!(flow.left(full, now + nanos(9_000)), 3, "it holds no more");
    }

    #[test]
    fn what_was_used_beyond_what_was_taken_flows_in_before_anybody_takes() {
        let flow = Flow { amount: 1_000, per_ms: MINUTE, burst: 1_000 };
        let now = nanos(5);
        let full = flow.take(0, now, 400).unwrap();
        let full = flow.correct(full, now, (400, 1_500));
        assert_eq!(flow.left(full, now), 0);
        assert_eq!(flow.take(full, now, 1), Err(nanos(30_060)));
        let full = flow.correct(full, now, (1_500, 0));
        assert_eq!(flow.left(full, now), 1_000, "and what was not used is there again");
    }

    #[test]
    fn the_largest_numbers_of_a_policy_are_reckoned_exactly() {
        const MOST: u64 = 1_000_000_000_000;
        for (amount, per_ms, burst) in
            [(MOST, 1_000, MOST), (1, 86_400_000, 36_500), (7, 1_000, 100_000_000)]
        {
            let flow = Flow { amount, per_ms, burst };
            let now = nanos(1_800_000_000_000);
            let full = flow.take(0, now, amount).unwrap();
            assert!((full - now).abs_diff(nanos(per_ms)) <= 1, "{amount} {per_ms}");
            assert_eq!(flow.left(full, now), flow.burst - amount);
        }
    }

    /// What workers do with one bucket, each in turn: wait, take, or correct what was taken.
    fn turns() -> impl Strategy<Value = Vec<(u64, u64, Option<u64>)>> {
        let used = proptest::option::of(0..300_u64);
        proptest::collection::vec((0..2_000_u64, 1..200_u64, used), 1..200)
    }

    proptest! {
        /// Whatever came before, and however it was corrected: what is used between any two
        /// moments of it is no more than a full bucket, what has flowed in meanwhile, and what the
        /// last one to be let in used beyond what it had taken.
        #[test]
        fn no_window_has_more_than_its_burst_and_what_flows_in(
            turns in turns(),
            amount in 1..5_000_u64,
            burst in 1..5_000_u64,
        ) {
            let flow = Flow { amount, per_ms: MINUTE, burst };
            let (mut now, mut full) = (nanos(1_000), 0);
            let mut used: Vec<(u64, u64)> = Vec::new();
            let mut beyond = 0;
            for (wait, of, really) in turns {
                now += nanos(wait);
                let of = of.min(burst);
                let Ok(next) = flow.take(full, now, of) else { continue };
                let really = really.unwrap_or(of);
                full = flow.correct(next, now, (of, really));
                beyond = really.saturating_sub(of).max(beyond);
                used.push((now, really));
            }
            for (from, (begin, _)) in used.iter().enumerate() {
                let mut sum = 0;
                for (at, own) in used.iter().skip(from) {
                    sum += own;
                    let flowed = u128::from(at - begin) * u128::from(amount);
                    let flowed = flowed.div_ceil(u128::from(nanos(MINUTE)));
                    let most = u128::from(burst + beyond) + flowed + 2;
                    prop_assert!(u128::from(sum) <= most, "{sum} of {most}");
                }
            }
        }

        /// A bucket that is asked for all it has gives it: nothing is lost on the way.
        #[test]
        fn nobody_is_refused_what_is_there(
            waits in proptest::collection::vec(0..3_000_u64, 1..100),
            amount in 1..5_000_u64,
            burst in 1..500_u64,
        ) {
            let flow = Flow { amount, per_ms: MINUTE, burst };
            let (mut now, mut full) = (nanos(1), 0);
            let mut taken = 0_u64;
            for wait in &waits {
                now += nanos(*wait);
                while let Ok(next) = flow.take(full, now, 1) {
                    prop_assert!(flow.left(full, now) >= 1);
                    full = next;
                    taken += 1;
                }
                prop_assert_eq!(flow.left(full, now), 0);
            }
            // It was never full between two turns in which it was emptied, but for long waits.
            let overflows = waits.iter().any(|own| own * amount / MINUTE >= burst);
            let all = burst + waits.iter().skip(1).sum::<u64>() * amount / MINUTE;
            prop_assert!(overflows || taken.abs_diff(all) <= 2, "{taken} of {all}");
        }
    }
}
