//! How much may be compared for one question, so that no schema makes a worker wait.
use core::cell::Cell;

/// Most that is looked at, in steps: 2,097,152. A step is one value, one name or sixteen bytes of a
/// text, and takes some ten nanoseconds.
const STEPS_MAX: u32 = 1 << 21;

/// Bytes of a text that are one step.
const BYTES: usize = 16;

/// What may be looked at yet.
#[derive(Debug)]
pub struct Effort(Cell<u32>);

impl Default for Effort {
    fn default() -> Self {
        Self(Cell::new(STEPS_MAX))
    }
}

impl Effort {
    /// Takes so many steps; `false` where there are not so many left, and from then on.
    #[must_use]
    pub fn take(&self, steps: usize) -> bool {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.0.set(self.0.get().saturating_sub(steps));
        !self.is_spent()
    }

    /// Takes a step for a text, and more for a long one.
    #[must_use]
    pub(super) fn take_text(&self, text: &str) -> bool {
        self.take((text.len() / BYTES).saturating_add(1))
    }

    /// Whether more was to be looked at than may be.
    #[must_use]
    pub const fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}
