//! How many of a worker's requests have gone on from a model that failed: an outage is not to
//! become a flood elsewhere.
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::policy::RetryBudget;

/// A request that goes on is at the next model by then, in milliseconds: Envoy waits for ten at
/// most. One that is not will never be.
const ON_THE_WAY_MS: u64 = 1_000;

/// Parts of a whole share.
const WHOLE: u64 = 1_000_000;

/// The requests of a worker that are at a provider. A worker's VM is its own, and so is this count:
/// it costs no call, and a VM that fails takes it along.
#[derive(Debug, Clone, Default)]
pub struct Retries(Rc<RefCell<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    /// All of them.
    running: u64,
    /// Those that have gone on from a model that failed.
    gone_on: u64,
    /// When each that is on its way from one model to the next was let go, in order.
    on_the_way: VecDeque<u64>,
}

/// One request at a provider. It is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Running {
    retries: Retries,
    gone_on: bool,
}

impl Retries {
    /// A request is at a provider now; `gone_on` where a model has failed it before. It is at that
    /// model for the first time or once more: then it was there already, and not on its way.
    pub(super) fn begin(&self, gone_on: bool, tries: u64) -> Running {
        let mut counts = self.0.borrow_mut();
        counts.running = counts.running.saturating_add(1);
        if gone_on {
            counts.gone_on = counts.gone_on.saturating_add(1);
            if tries <= 1 {
                counts.on_the_way.pop_front();
            }
        }
        Running { retries: self.clone(), gone_on }
    }
}

impl Running {
    /// Whether it may go on to another model: then it is counted as on its way there.
    pub(super) fn may_go_on(&self, budget: &RetryBudget, now_ms: u64) -> bool {
        let mut counts = self.retries.0.borrow_mut();
        let is_old = |at: &u64| now_ms.saturating_sub(*at) > ON_THE_WAY_MS;
        while counts.on_the_way.front().is_some_and(is_old) {
            counts.on_the_way.pop_front();
        }
        let share = counts.running.saturating_mul(budget.share.parts().into()).div_ceil(WHOLE);
        // One that has gone on before only changes its place.
        let others = counts.gone_on.saturating_sub(self.gone_on.into());
        let on_the_way = u64::try_from(counts.on_the_way.len()).unwrap_or(u64::MAX);
        let may = others.saturating_add(on_the_way) < share.max(budget.at_least);
        if may {
            counts.on_the_way.push_back(now_ms);
        }
        may
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut counts = self.retries.0.borrow_mut();
        counts.running = counts.running.saturating_sub(1);
        counts.gone_on = counts.gone_on.saturating_sub(self.gone_on.into());
    }
}

#[cfg(test)]
mod tests {
    use super::{ON_THE_WAY_MS, Retries, RetryBudget, Running};
    use crate::credit::Share;

    const fn budget(percent: u8, at_least: u64) -> RetryBudget {
        RetryBudget { share: Share::percent(percent), at_least }
    }

    fn running(retries: &Retries, many: usize) -> Vec<Running> {
        (0..many).map(|_| retries.begin(false, 1)).collect()
    }

    /// How many of these go on at once.
    fn go_on(failed: &[Running], budget: &RetryBudget) -> usize {
        failed.iter().filter(|own| own.may_go_on(budget, 0)).count()
    }

    #[test]
    fn a_share_of_those_that_run_goes_on_and_a_few_always() {
        for (percent, at_least, many, expected) in
            [(20, 0, 100, 20), (20, 30, 100, 30), (20, 0, 1, 1), (100, 0, 7, 7), (20, 200, 50, 50)]
        {
            let retries = Retries::default();
            let failed = running(&retries, many);
            let found = go_on(&failed, &budget(percent, at_least));
            assert_eq!(found, expected, "{percent}% of {many}, {at_least} at least");
        }
    }

    #[test]
    fn who_has_gone_on_counts_to_its_end_and_may_go_on_again() {
        let (retries, budget) = (Retries::default(), budget(20, 1));
        let mut all = running(&retries, 2);
        let first = all.pop().expect("there is one");
        assert!(first.may_go_on(&budget, 0));
        drop(first);
        let second = retries.begin(true, 1);
        assert!(!all[0].may_go_on(&budget, 5_000), "one is at its second model");
        assert!(second.may_go_on(&budget, 5_000), "it only changes its place");
        drop(second);
        let third = retries.begin(true, 1);
        drop(third);
        assert!(all[0].may_go_on(&budget, 5_000), "it is over");
    }

    #[test]
    fn who_never_gets_there_is_forgotten() {
        let (retries, budget) = (Retries::default(), budget(20, 1));
        let all = running(&retries, 2);
        assert!(all[0].may_go_on(&budget, 0));
        assert!(!all[1].may_go_on(&budget, ON_THE_WAY_MS));
        assert!(all[1].may_go_on(&budget, ON_THE_WAY_MS + 1));
    }
}
