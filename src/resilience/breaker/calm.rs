//! That all models are well, as a worker has lately seen it: while that is news no request that is
//! decided on reads it again. Another worker may have had failures since, by which it decides a few
//! milliseconds later. An answer is told all the same: it ends a row of failures for all workers.
use std::cell::Cell;
use std::rc::Rc;

/// For how long it is news, in milliseconds.
const NEWS_MS: u64 = 10;

/// When a worker has seen it.
#[derive(Debug, Clone, Default)]
pub struct Calm(Rc<Cell<Option<u64>>>);

impl Calm {
    /// Whether it is news at that time of the proxy's clock, in milliseconds.
    #[must_use]
    pub fn lasts(&self, now_ms: u64) -> bool {
        self.0.get().is_some_and(|seen_ms| now_ms.saturating_sub(seen_ms) < NEWS_MS)
    }

    /// It is seen.
    pub fn seen(&self, now_ms: u64) {
        self.0.set(Some(now_ms));
    }

    /// A model has failed, or something else has been written of one.
    pub fn ends(&self) {
        self.0.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::{Calm, NEWS_MS};

    #[test]
    fn it_is_news_for_a_while_and_ends_at_once() {
        let calm = Calm::default();
        assert!(!calm.lasts(0));
        calm.clone().seen(7);
        assert!(calm.lasts(7) && calm.lasts(6 + NEWS_MS) && !calm.lasts(7 + NEWS_MS));
        calm.clone().ends();
        assert!(!calm.lasts(7));
    }
}
