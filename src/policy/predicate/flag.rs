//! Questions whose answer is yes or no.
use core::fmt;

use super::super::field::{Boolean, Read as _, Spot};
use super::facts::Facts;
use super::question::Test;

/// Something that a request has or has not, and which of both it must be.
struct Flag {
    of: fn(&dyn Facts) -> bool,
    is: bool,
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flag").field(&self.is).finish()
    }
}

impl Test for Flag {
    fn holds(&self, facts: &dyn Facts) -> bool {
        (self.of)(facts) == self.is
    }
}

/// Reads which of both it must be.
pub(super) fn read(spot: &Spot<'_>, of: fn(&dyn Facts) -> bool) -> Option<Box<dyn Test>> {
    let is = Boolean.read(spot)?;
    Some(Box::new(Flag { of, is }))
}
