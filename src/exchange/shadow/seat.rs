//! How many sampled requests, and copies of them, a worker has at once.
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Most experiments that are remembered: those of earlier policies are forgotten first.
const EXPERIMENTS_MOST: usize = 64;

/// The seats of one VM, by experiment: a new policy finds those that the last one's copies have.
#[derive(Debug, Clone, Default)]
pub struct Seats(Rc<RefCell<Vec<Taken>>>);

/// An experiment, and how many of its seats are taken.
type Taken = (Rc<str>, Rc<Cell<usize>>);

/// One of them; it is free again when it is dropped.
#[derive(Debug)]
pub(in super::super) struct Seat(Rc<Cell<usize>>);

impl Seats {
    /// A seat of an experiment that has so many; `None` where all are taken.
    pub(super) fn take(&self, experiment: &Rc<str>, most: usize) -> Option<Seat> {
        let mut all = self.0.borrow_mut();
        let known = all.iter().find(|(own, _)| own == experiment).map(|(_, taken)| taken);
        let taken = if let Some(taken) = known {
            Rc::clone(taken)
        } else {
            if all.len() >= EXPERIMENTS_MOST {
                all.retain(|(_, taken)| taken.get() > 0);
            }
            let taken = Rc::default();
            all.push((Rc::clone(experiment), Rc::clone(&taken)));
            taken
        };
        if taken.get() >= most {
            return None;
        }
        taken.set(taken.get().saturating_add(1));
        Some(Seat(taken))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::Seats;

    #[test]
    fn a_seat_is_free_again_when_its_copy_is_over() {
        let seats = Seats::default();
        let one = seats.take(&"one".into(), 2);
        let two = seats.take(&"one".into(), 2);
        assert!(one.is_some() && two.is_some());
        assert!(seats.take(&"one".into(), 2).is_none());
        assert!(seats.take(&"other".into(), 1).is_some(), "each experiment has its own");
        drop(one);
        assert!(seats.take(&"one".into(), 2).is_some());
    }

    #[test]
    fn experiments_that_nobody_sits_in_are_forgotten() {
        let seats = Seats::default();
        let kept = seats.take(&"kept".into(), 1);
        for number in 0..1_000 {
            assert!(seats.take(&format!("e{number}").into(), 1).is_some());
        }
        assert!(kept.is_some() && seats.take(&"kept".into(), 1).is_none());
        assert!(seats.0.borrow().len() <= super::EXPERIMENTS_MOST);
    }
}
