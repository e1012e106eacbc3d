//! Which connections to providers have served: one that was kept and then fails at once was closed
//! while nobody used it.
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Most connections that are remembered. Beyond them all are forgotten: those in use come back with
/// their next answer.
const MOST: usize = 1024;

/// The connections that have served, by this side's address. A worker's connections are its own,
/// and so is its VM.
#[derive(Debug, Clone, Default)]
pub struct Connections(Rc<RefCell<BTreeSet<Vec<u8>>>>);

impl Connections {
    /// Notes that an answer came on the connection from this address.
    pub fn served(&self, address: Vec<u8>) {
        let mut served = self.0.borrow_mut();
        if served.len() >= MOST {
            served.clear();
        }
        served.insert(address);
    }

    /// Forgets the connection from this address, which has broken; whether it had served.
    #[must_use]
    pub fn lost(&self, address: &[u8]) -> bool {
        self.0.borrow_mut().remove(address)
    }
}

#[cfg(test)]
mod tests {
    use super::{Connections, MOST};

    #[test]
    fn a_connection_is_known_until_it_breaks() {
        let connections = Connections::default();
        assert!(!connections.lost(b"a"));
        connections.served(b"a".to_vec());
        connections.clone().served(b"a".to_vec());
        assert!(!connections.lost(b"b"));
        assert!(connections.lost(b"a"));
        assert!(!connections.lost(b"a"));
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let connections = Connections::default();
        for number in 0..=MOST {
            connections.served(number.to_le_bytes().to_vec());
            assert!(connections.0.borrow().len() <= MOST);
        }
        assert!(connections.lost(&MOST.to_le_bytes()), "the last is known");
    }
}
