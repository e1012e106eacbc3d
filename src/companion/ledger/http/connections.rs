//! Open connections: callers', which have shown a token, and strangers', which get little room and
//! time.
//!
//! A stranger is a connection on which no request has shown a valid token yet. When there are too
//! many, the oldest is closed, so that a caller with a token can always connect. A connection of a
//! caller stays open as long as there is room: when there are too many, the one that has been idle
//! for the longest is closed.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Most strangers at a time.
pub(super) const STRANGERS_MAX: usize = 256;

/// File descriptors that the service keeps for its database, its webhooks and its files.
const OWN: usize = 256;

/// The number of file descriptors to assume where the system does not tell it.
const USUAL: usize = 1_024;

/// The least and the most callers, however many file descriptors there are.
const CALLERS: (usize, usize) = (128, 100_000);

/// All open connections.
#[derive(Debug)]
pub(super) struct Connections {
    places: Mutex<Places>,
    /// Most callers at a time.
    most: usize,
}

#[derive(Debug, Default)]
struct Places {
    next: u64,
    /// The strangers in the order of their arrival.
    strangers: BTreeMap<u64, Arc<Notify>>,
    /// The number of callers that were not told to close.
    callers: usize,
    /// The idle callers, in the order of their last answers.
    idle: BTreeMap<u64, Arc<Notify>>,
}

/// A connection, as its requests see it.
#[derive(Debug, Clone)]
pub(super) struct Caller(Arc<Known>);

#[derive(Debug)]
struct Known {
    arrival: u64,
    leave: Arc<Notify>,
    mine: Mutex<Mine>,
    connections: Arc<Connections>,
}

/// The state of a connection.
#[derive(Debug, Default)]
struct Mine {
    let_in: bool,
    /// Requests that are being answered.
    busy: usize,
    /// The connection's key among the idle ones.
    idle: Option<u64>,
    /// Whether it was told to close after it had shown a token.
    sent_away: bool,
}

/// A request that is being answered, until it is dropped.
#[derive(Debug)]
pub(super) struct Busy(Caller);

impl Connections {
    /// For a process with that many file descriptors.
    pub(super) fn with(descriptors: Option<usize>) -> Self {
        let (fewest, most) = CALLERS;
        let descriptors = descriptors.unwrap_or(USUAL);
        let left = descriptors.saturating_sub(OWN).saturating_sub(STRANGERS_MAX);
        Self { places: Mutex::default(), most: left.clamp(fewest, most) }
    }

    /// Adds a connection. The second value tells the connection when it has to close.
    pub(super) fn arrive(self: &Arc<Self>) -> (Caller, Arc<Notify>) {
        let leave = Arc::new(Notify::new());
        let mut places = self.places();
        let arrival = places.number();
        places.strangers.insert(arrival, Arc::clone(&leave));
        if places.strangers.len() > STRANGERS_MAX {
            places.send_a_stranger_away();
        }
        drop(places);
        let (mine, connections) = (Mutex::default(), Arc::clone(self));
        let known = Known { arrival, leave: Arc::clone(&leave), mine, connections };
        (Caller(Arc::new(known)), leave)
    }

    /// Closes the oldest stranger, or where there is none the caller that is idle for the longest.
    pub(super) fn make_room(&self) {
        let mut places = self.places();
        if !places.send_a_stranger_away() {
            places.send_a_caller_away();
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    const fn number(&mut self) -> u64 {
        let number = self.next;
        self.next = number.saturating_add(1);
        number
    }

    fn send_a_stranger_away(&mut self) -> bool {
        let oldest = self.strangers.pop_first();
        oldest.is_some_and(|(_, stranger)| {
            stranger.notify_one();
            true
        })
    }

    fn send_a_caller_away(&mut self) {
        if let Some((_, longest)) = self.idle.pop_first() {
            self.callers = self.callers.saturating_sub(1);
            longest.notify_one();
        }
    }
}

impl Caller {
    /// Notes that one of the connection's requests has shown a valid token.
    pub(super) fn let_in(&self) {
        let mut mine = self.mine();
        if core::mem::replace(&mut mine.let_in, true) {
            return;
        }
        let mut places = self.0.connections.places();
        places.strangers.remove(&self.0.arrival);
        places.callers = places.callers.saturating_add(1);
        if places.callers > self.0.connections.most {
            places.send_a_caller_away();
        }
    }

    pub(super) fn is_known(&self) -> bool {
        self.mine().let_in
    }

    /// Whether the connection has to close, though it has shown a token.
    pub(super) fn is_sent_away(&self) -> bool {
        let mut mine = self.mine();
        self.notice(&mut mine);
        mine.sent_away
    }

    /// Notes that one of the connection's requests is being answered.
    pub(super) fn asks(&self) -> Busy {
        let mut mine = self.mine();
        self.notice(&mut mine);
        if let Some(place) = mine.idle.take() {
            self.0.connections.places().idle.remove(&place);
        }
        mine.busy = mine.busy.saturating_add(1);
        Busy(self.clone())
    }

    fn answered(&self) {
        let mut mine = self.mine();
        mine.busy = mine.busy.saturating_sub(1);
        if mine.busy > 0 || !mine.let_in || mine.sent_away {
            return;
        }
        let mut places = self.0.connections.places();
        let place = places.number();
        places.idle.insert(place, Arc::clone(&self.0.leave));
        mine.idle = Some(place);
        // When it became a caller there may have been none to close.
        if places.callers > self.0.connections.most {
            places.send_a_caller_away();
        }
    }

    /// Takes a connection that is told to close out of the idle ones.
    fn notice(&self, mine: &mut Mine) {
        if let Some(place) = mine.idle
            && !self.0.connections.places().idle.contains_key(&place)
        {
            mine.idle = None;
            mine.sent_away = true;
        }
    }

    fn mine(&self) -> MutexGuard<'_, Mine> {
        self.0.mine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.answered();
    }
}

/// A connection that has ended is no longer counted.
impl Drop for Known {
    fn drop(&mut self) {
        let mine = self.mine.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut places = self.connections.places();
        places.strangers.remove(&self.arrival);
        let sent_away = match mine.idle {
            Some(place) => places.idle.remove(&place).is_none(),
            None => mine.sent_away,
        };
        if mine.let_in && !sent_away {
            places.callers = places.callers.saturating_sub(1);
        }
    }
}

/// The number of file descriptors that this process may have, where the system tells it.
pub(super) fn descriptors() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(usize::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many that were let in, each with what tells it to go.
    fn callers(connections: &Arc<Connections>, count: usize) -> Vec<(Caller, Arc<Notify>)> {
        let let_in = |_| {
            let (caller, leave) = connections.arrive();
            let busy = caller.asks();
            caller.let_in();
            drop(busy);
            (caller, leave)
        };
        (0..count).map(let_in).collect()
    }

    fn sent_away(callers: &[(Caller, Arc<Notify>)]) -> Vec<usize> {
        let gone = callers.iter().enumerate().filter(|(_, (caller, _))| caller.is_sent_away());
        gone.map(|(index, _)| index).collect()
    }

    #[test]
    fn the_one_that_has_asked_nothing_for_the_longest_goes_first() {
        let connections = Arc::new(Connections { places: Mutex::default(), most: 4 });
        let mut known = callers(&connections, 4);
        drop(known[0].0.asks());
        let working = known[1].0.asks();
        known.extend(callers(&connections, 2));
        assert_eq!(sent_away(&known), [2, 3]);
        // Those that are gone leave room for as many.
        known.drain(2..4);
        assert_eq!(connections.places().callers, 4);
        known.remove(0);
        known.extend(callers(&connections, 1));
        assert_eq!(sent_away(&known), [0_usize; 0]);
        drop(working);
        drop(known);
        assert_eq!(connections.places().callers, 0);
        assert!(connections.places().idle.is_empty());
    }

    #[test]
    fn who_is_being_answered_stays_until_it_is() {
        let connections = Arc::new(Connections { places: Mutex::default(), most: 2 });
        let known: Vec<_> = (0..3).map(|_| connections.arrive()).collect();
        let busy: Vec<Busy> = known.iter().map(|(caller, _)| caller.asks()).collect();
        known.iter().for_each(|(caller, _)| caller.let_in());
        assert_eq!(sent_away(&known), [0_usize; 0]);
        drop(busy);
        assert_eq!(sent_away(&known), [0]);
        assert_eq!(connections.places().callers, 2);
    }

    #[test]
    fn there_is_always_room_for_strangers_and_for_the_service_itself() {
        for (descriptors, most) in [
            (None, 512),
            (Some(1_024), 512),
            (Some(4_096), 3_584),
            (Some(300), 128),
            (Some(usize::MAX), 100_000),
        ] {
            assert_eq!(Connections::with(descriptors).most, most, "{descriptors:?}");
        }
        let connections = Arc::new(Connections::with(None));
        let known = callers(&connections, 600);
        assert_eq!(sent_away(&known), (0..88).collect::<Vec<_>>());
        connections.make_room();
        assert_eq!(sent_away(&known).len(), 89, "where there is no stranger, a caller goes");
        let (stranger, _) = connections.arrive();
        connections.make_room();
        assert_eq!((sent_away(&known).len(), stranger.is_known()), (89, false));
    }
}
