//! Whose turn it is: the one thing in a plan that changes from attempt to attempt.
use super::super::contract::VERSION;
use crate::layout::{Reader, Writer};

/// The attempt that comes next. It stands right after the plan's version, so that a plan is handed
/// on to the next attempt without being read and written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The position of its leg in the plan, from 0.
    pub leg: u64,
    /// How often that leg's model has been asked once this attempt is made: 1, or more where stale
    /// connections cost those before.
    pub tries: u64,
}

impl Turn {
    /// The first attempt of a request.
    pub const FIRST: Self = Self::of(0);

    /// The first attempt of a leg.
    #[must_use]
    pub const fn of(leg: u64) -> Self {
        Self { leg, tries: 1 }
    }

    /// Another attempt of the same leg.
    #[must_use]
    pub const fn again(self) -> Self {
        Self { leg: self.leg, tries: self.tries.saturating_add(1) }
    }

    /// The first attempt of the leg after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::of(self.leg.saturating_add(1))
    }

    /// An encoded plan with this turn in the place of its own; `None` for what is no plan of this
    /// version.
    #[must_use]
    pub fn written_into(self, plan: &[u8]) -> Option<Vec<u8>> {
        let mut fields = Reader::of(plan);
        (fields.number()? == VERSION).then_some(())?;
        Self::read(&mut fields)?;
        let mut out = Writer::with_capacity(plan.len());
        out.number(VERSION);
        self.write(&mut out);
        let mut out = out.finish();
        out.extend_from_slice(fields.rest());
        Some(out)
    }

    pub(super) fn write(self, out: &mut Writer) {
        out.number(self.leg);
        out.number(self.tries);
    }

    pub(super) fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self { leg: fields.number()?, tries: fields.number()? })
    }
}
