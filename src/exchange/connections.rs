//! Which connections to providers have served: one that was kept and then fails at once was closed
//! while nobody used it.
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Most connections that are remembered in one generation; there are two.
const MOST: usize = 1024;

/// The connections that have served. A worker's connections are its own, and so is its VM.
///
/// What breaks is not taken out: all streams of an HTTP/2 connection break with it, and each of
/// them asks. An address that is used again costs at most one more try.
#[derive(Debug, Clone, Default)]
pub struct Connections(Rc<RefCell<Generations>>);

/// Those that served lately, and those that did before: the older are forgotten, never all.
#[derive(Debug, Default)]
struct Generations {
    young: BTreeSet<Vec<u8>>,
    old: BTreeSet<Vec<u8>>,
}

impl Connections {
    /// Notes that an answer came on a connection; an empty name is none.
    pub fn served(&self, connection: Vec<u8>) {
        let mut served = self.0.borrow_mut();
        if connection.is_empty() || served.young.contains(&connection) {
            return;
        }
        if served.young.len() >= MOST {
            served.old = core::mem::take(&mut served.young);
        }
        served.young.insert(connection);
    }

    /// Whether a connection has served.
    #[must_use]
    pub fn has_served(&self, connection: &[u8]) -> bool {
        let served = self.0.borrow();
        served.young.contains(connection) || served.old.contains(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::{Connections, MOST};

    #[test]
    fn all_streams_of_a_connection_find_that_it_has_served() {
        let connections = Connections::default();
        assert!(!connections.has_served(b"a"));
        connections.served(b"a".to_vec());
        connections.clone().served(b"a".to_vec());
        assert!(!connections.has_served(b"b"));
        assert!(connections.has_served(b"a"));
        assert!(connections.has_served(b"a"));
    }

    #[test]
    fn an_answer_that_came_on_none_names_none() {
        let connections = Connections::default();
        connections.served(Vec::new());
        assert!(!connections.has_served(b""));
    }

    #[test]
    fn those_that_serve_are_remembered_whatever_comes_and_goes() {
        let connections = Connections::default();
        for number in 0..=10 * MOST {
            connections.served(b"busy".to_vec());
            connections.served(number.to_le_bytes().to_vec());
            assert!(connections.has_served(b"busy"));
            let served = connections.0.borrow();
            assert!(served.young.len() <= MOST && served.old.len() <= MOST);
        }
    }

    #[test]
    fn as_many_are_remembered_as_one_generation_has() {
        let connections = Connections::default();
        let name = |number: usize| number.to_le_bytes().to_vec();
        for number in 0..5 * MOST {
            connections.served(name(number));
            let last = number.saturating_sub(MOST - 1);
            assert!(connections.has_served(&name(last)), "{last} of {number}");
        }
        assert!(!connections.has_served(&name(0)));
    }
}
