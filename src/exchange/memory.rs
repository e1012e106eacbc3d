//! What the streams of one VM may hold between two callbacks, all together.
//!
//! A worker has two VMs, one for the edge role and one for all of its provider roles. The memory of
//! each ends at 1 GiB: beyond it the VM traps, and with it every stream that passes through. So
//! what a stream holds is counted, and one that needs more than is left fails alone.
use std::cell::Cell;
use std::rc::Rc;

/// What all streams of a VM may hold beyond their allowances: 64 MiB.
const MOST: usize = 64 << 20;

/// What every stream may hold without asking: 16 KiB. Ordinary streams hold a few hundred bytes,
/// so they go on whatever others do.
pub const ALLOWANCE: usize = 16 << 10;

/// The most that one stream may hold, an event that comes in pieces among it: 384 KiB.
pub const STREAM_MOST: usize = 384 << 10;

/// What is left for the streams of one VM.
#[derive(Debug, Clone)]
pub struct Memory(Rc<Cell<usize>>);

/// There is no memory left for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Default for Memory {
    fn default() -> Self {
        Self::of(MOST)
    }
}

impl Memory {
    /// A VM whose streams may hold so many bytes beyond their allowances.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        Self(Rc::new(Cell::new(bytes)))
    }

    /// How many bytes are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.get()
    }

    /// A new stream, which holds nothing yet.
    #[must_use]
    pub fn permit(&self) -> Permit {
        Permit { memory: self.clone(), taken: 0 }
    }
}

/// What one stream holds; it gives it back when it is dropped.
#[derive(Debug)]
pub struct Permit {
    memory: Memory,
    taken: usize,
}

impl Permit {
    /// Holds so many bytes from now on, in the place of what it held.
    ///
    /// # Errors
    /// When a stream may not hold so much, or the VM has no more: it holds what it held.
    pub fn hold(&mut self, bytes: usize) -> Result<(), Full> {
        if bytes > STREAM_MOST {
            return Err(Full);
        }
        let wanted = bytes.saturating_sub(ALLOWANCE);
        if wanted == self.taken {
            return Ok(());
        }
        let free = self.memory.left().saturating_add(self.taken);
        let left = free.checked_sub(wanted).ok_or(Full)?;
        self.memory.0.set(left);
        self.taken = wanted;
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.memory.0.set(self.memory.left().saturating_add(self.taken));
    }
}

#[cfg(test)]
mod tests {
    use super::{ALLOWANCE, Full, Memory, STREAM_MOST};

    #[test]
    fn what_is_held_is_given_back() {
        let memory = Memory::of(100);
        let mut one = memory.permit();
        let mut other = memory.permit();
        assert_eq!(one.hold(ALLOWANCE), Ok(()));
        assert_eq!(memory.left(), 100, "an allowance is free");
        assert_eq!(one.hold(ALLOWANCE + 60), Ok(()));
        assert_eq!(other.hold(ALLOWANCE + 41), Err(Full));
        assert_eq!(other.hold(ALLOWANCE + 40), Ok(()));
        assert_eq!(memory.left(), 0);
        assert_eq!(other.hold(ALLOWANCE), Ok(()), "less is always possible");
        drop(one);
        drop(other);
        assert_eq!(memory.left(), 100);
    }

    #[test]
    fn one_stream_holds_no_more_than_its_own_bound() {
        let memory = Memory::default();
        let mut permit = memory.permit();
        assert_eq!(permit.hold(STREAM_MOST), Ok(()));
        assert_eq!(permit.hold(STREAM_MOST + 1), Err(Full));
    }
}
