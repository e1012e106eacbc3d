//! Requests that run at once, counted so that one nobody hears of any more counts no longer.
//!
//! A request has a slot from its beginning to its end. Its worker may trap, and then nobody tells
//! its end: so each slot is counted under the stretch of time in which its request was last heard
//! of, a request that runs on is heard of in each, and stretches that are over long ago are gone.
use crate::layout::{Reader, Writer};

/// One stretch, in milliseconds: a request that runs longer is heard of again in the next one.
const STRETCH_MS: u64 = 10_000;

/// A slot counts for so many stretches after the one in which its request was last heard of: a
/// worker may stop for twenty seconds before its requests are taken for lost.
const LASTS: u64 = 3;

/// How many requests were last heard of in each stretch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slots(Vec<(u64, u64)>);

/// The stretch of a moment, in milliseconds.
#[must_use]
pub fn stretch(now_ms: u64) -> u64 {
    now_ms.checked_div(STRETCH_MS).unwrap_or(0)
}

impl Slots {
    /// Forgets those that nobody hears of any more.
    pub fn forget(&mut self, now_ms: u64) {
        let now = stretch(now_ms);
        self.0.retain(|(of, count)| *count > 0 && now.saturating_sub(*of) <= LASTS);
    }

    /// How many run.
    #[must_use]
    pub fn running(&self, now_ms: u64) -> u64 {
        let now = stretch(now_ms);
        let live = self.0.iter().filter(|(of, _)| now.saturating_sub(*of) <= LASTS);
        live.map(|(_, count)| *count).fold(0, u64::saturating_add)
    }

    /// One more runs: the stretch in which it was heard of.
    pub fn take(&mut self, now_ms: u64) -> u64 {
        let now = stretch(now_ms);
        match self.0.iter_mut().find(|(of, _)| *of == now) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.0.push((now, 1)),
        }
        now
    }

    /// One that was last heard of in that stretch is over.
    pub fn give_back(&mut self, last: u64) {
        let own = self.0.iter_mut().find(|(of, _)| *of == last);
        own.into_iter().for_each(|(_, count)| *count = count.saturating_sub(1));
    }

    /// What has become of some in one place happens to these as well.
    pub fn follow(&mut self, before: &Self, after: &Self) {
        for (of, count) in &after.0 {
            let had = before.0.iter().find(|(own, _)| own == of).map_or(0, |(_, had)| *had);
            match self.0.iter_mut().find(|(own, _)| own == of) {
                Some((_, own)) => *own = own.saturating_add(*count).saturating_sub(had),
                None => self.0.push((*of, count.saturating_sub(had))),
            }
        }
    }

    /// Writes it.
    pub fn write(&self, out: &mut Writer) {
        out.list(&self.0, |out, (of, count)| {
            out.number(*of);
            out.number(*count);
        });
    }

    /// Reads it.
    pub fn read(fields: &mut Reader<'_>) -> Option<Self> {
        fields.list(|fields| Some((fields.number()?, fields.number()?))).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::{LASTS, STRETCH_MS, Slots, stretch};

    #[test]
    fn a_slot_is_free_when_its_request_is_over() {
        let mut slots = Slots::default();
        let (first, second) = (slots.take(1), slots.take(STRETCH_MS));
        assert_eq!((first, second, slots.running(STRETCH_MS)), (0, 1, 2));
        slots.give_back(first);
        slots.give_back(first);
        assert_eq!(slots.running(STRETCH_MS), 1, "one that is over twice is over once");
        slots.give_back(second);
        slots.forget(STRETCH_MS);
        assert_eq!(slots, Slots::default());
    }

    #[test]
    fn what_came_and_went_elsewhere_comes_and_goes_here() {
        let mut told = Slots::default();
        let first = told.take(0);
        let mut own = told.clone();
        own.give_back(first);
        own.take(STRETCH_MS);
        own.take(STRETCH_MS);
        // Others have come meanwhile, and this one's first is still among them.
        let mut all = told.clone();
        all.take(0);
        all.follow(&told, &own);
        assert_eq!(all.running(STRETCH_MS), 3);
        all.give_back(0);
        assert_eq!(all.running(STRETCH_MS), 2);
        // Where all are forgotten nobody is below zero.
        let mut none = Slots::default();
        none.follow(&told, &own);
        assert_eq!(none.running(STRETCH_MS), 2);
    }

    #[test]
    fn one_that_nobody_hears_of_counts_no_longer_and_one_that_runs_on_does() {
        let mut slots = Slots::default();
        let (lost, mut runs) = (slots.take(0), slots.take(0));
        for turn in 1..=LASTS * 3 {
            let now = turn * STRETCH_MS;
            slots.give_back(runs);
            slots.forget(now);
            runs = slots.take(now);
            assert_eq!(runs, stretch(now));
            assert_eq!(slots.running(now), if turn <= LASTS { 2 } else { 1 }, "{turn}");
        }
        // Its end is told after all: nobody else's slot is given back for it.
        slots.give_back(lost);
        assert_eq!(slots.running(LASTS * 3 * STRETCH_MS), 1);
        assert!(slots.0.len() <= 4, "{slots:?}");
    }
}
