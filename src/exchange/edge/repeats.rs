//! Requests that come again, byte for byte: what was decided of one whose answer was given again
//! holds of the next, which is neither read nor decided on.
//!
//! It holds where nothing but the request has decided ([`crate::decide::World::was_asked`]): not
//! the time, nor chance, nor what workers share. Who calls is found out each time, and is a part of
//! what must be the same, with every header by which something is decided. Whether the answer is
//! still there and young enough, and whether the limits let the request through, is asked each
//! time, too. A request whose answer costs something, a copy, and one that is to have a new answer
//! are read as ever.
//!
//! Bytes are compared with bytes: of no two requests one is ever taken for the other.
use core::cell::RefCell;
use core::fmt;
use std::rc::Rc;

use super::head::Head;
use crate::decide::{Claims, Outline, Trace};
use crate::dialect::Client;
use crate::dialect::client::Endpoint;
use crate::policy::Tenant;
use crate::resilience::Name;

/// So many requests are remembered: each has one place, where the last one that came stays.
const PLACES: usize = 512;

/// The longest body that is remembered, in bytes: 64 KiB. A longer one is read every time.
const LONGEST: usize = 64 << 10;

/// Most bytes of all bodies: 4 MiB for a worker. When there is no room for one more, all of them
/// are forgotten.
const MOST: usize = 4 << 20;

/// What was decided of a request.
#[derive(Debug)]
pub(super) struct Decided {
    /// The name of its answer, and how old that may be, in milliseconds.
    pub(super) answer: (Name, u64),
    /// The name in its `model`.
    pub(super) model: String,
    pub(super) outline: Outline,
    pub(super) trace: Trace,
    /// The chain that would serve it.
    pub(super) chain: String,
    /// What it takes of its limits.
    pub(super) claims: Option<Claims>,
}

/// A request that is remembered.
struct Repeat {
    client: &'static Client,
    endpoint: &'static Endpoint,
    tenant: Tenant,
    forwarded: Vec<(String, String)>,
    deciding: Vec<(String, String)>,
    body: Vec<u8>,
    decided: Rc<Decided>,
}

/// The requests that a worker remembers under one policy.
#[derive(Default)]
pub(super) struct Repeats(RefCell<Places>);

#[derive(Default)]
struct Places {
    /// Empty until there is one.
    all: Vec<Option<Repeat>>,
    /// Of all their bodies.
    bytes: usize,
}

impl Repeats {
    /// What was decided of the same request before.
    pub(super) fn of(&self, head: &Head, body: &[u8]) -> Option<Rc<Decided>> {
        let places = self.0.borrow();
        if places.all.is_empty() || !may_repeat(head, body) {
            return None;
        }
        let known = places.all.get(place(body))?.as_ref()?;
        known.is(head, body).then(|| Rc::clone(&known.decided))
    }

    /// Remembers what was decided of a request, which holds every time.
    pub(super) fn remember(&self, head: &Head, body: &[u8], decided: impl FnOnce() -> Decided) {
        if may_repeat(head, body) {
            self.0.borrow_mut().put(Repeat::new(head, body, decided()));
        }
    }
}

impl Places {
    fn put(&mut self, own: Repeat) {
        let bytes = self.bytes.saturating_add(own.body.len());
        if self.all.is_empty() || bytes > MOST {
            self.all.clear();
            self.all.resize_with(PLACES, || None);
            self.bytes = 0;
        }
        let Some(place) = self.all.get_mut(place(&own.body)) else { return };
        let before = place.as_ref().map_or(0, |before| before.body.len());
        self.bytes = self.bytes.saturating_add(own.body.len()).saturating_sub(before);
        *place = Some(own);
    }
}

/// Whether a request is one that is remembered.
fn may_repeat(head: &Head, body: &[u8]) -> bool {
    let is_of_an_app = head.copy_of.is_none() && head.resumption.is_none();
    is_of_an_app && head.count.is_none() && body.len() <= LONGEST
}

impl Repeat {
    fn new(head: &Head, body: &[u8], decided: Decided) -> Self {
        Self {
            client: head.client,
            endpoint: head.endpoint,
            tenant: head.tenant.clone(),
            forwarded: head.forwarded.clone(),
            deciding: head.deciding.clone(),
            body: body.to_vec(),
            decided: Rc::new(decided),
        }
    }

    /// Whether it is this one.
    fn is(&self, head: &Head, body: &[u8]) -> bool {
        core::ptr::eq(self.client, head.client)
            && core::ptr::eq(self.endpoint, head.endpoint)
            && self.tenant == head.tenant
            && self.forwarded == head.forwarded
            && self.deciding == head.deciding
            && is_same(&self.body, body)
    }
}

impl fmt::Debug for Repeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repeats").finish_non_exhaustive()
    }
}

/// The words of a text, four at a time, and the rest of it.
fn words(text: &[u8]) -> (impl Iterator<Item = [u64; 4]>, &[u8]) {
    let (fours, rest) = text.as_chunks::<32>();
    let words = fours.iter().map(|four| {
        let mut words = [0; 4];
        let (eights, _) = four.as_chunks::<8>();
        words.iter_mut().zip(eights).for_each(|(to, from)| *to = u64::from_le_bytes(*from));
        words
    });
    (words, rest)
}

/// Whether two texts are the same. A library's comparison goes byte by byte in a module.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let ((mut words, rest), (others, others_rest)) = (words(one), words(other));
    one.len() == other.len() && words.by_ref().eq(others) && rest == others_rest
}

/// The place of a body: requests that differ a little have different ones, most of the time.
fn place(body: &[u8]) -> usize {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let with = |sum: u64, word: u64| (sum.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = words(body);
    let sums = words.fold([0_u64; 4], |mut sums, words| {
        sums.iter_mut().zip(words).for_each(|(sum, word)| *sum = with(*sum, word));
        sums
    });
    let sum = sums.into_iter().fold(u64::try_from(body.len()).unwrap_or_default(), with);
    let sum = rest.iter().fold(sum, |sum, byte| with(sum, u64::from(*byte)));
    usize::try_from(sum >> 32).unwrap_or_default() % PLACES
}

#[cfg(test)]
mod tests {
    use super::super::stripped::Stripped;
    use super::{Decided, Head, LONGEST, MOST, PLACES, Repeats, Tenant, is_same, place};
    use crate::decide::{Outline, Trace};
    use crate::dialect::Operation;
    use crate::dialect::client::{self, Client};

    fn head(client: &'static Client) -> Head {
        let endpoint = client.endpoint_for(Operation::CHAT.name).unwrap();
        Head {
            client,
            endpoint,
            inbound: endpoint.inbound().unwrap(),
            count: None,
            tenant: Tenant { tenant: "acme".to_owned(), ..Tenant::default() },
            request_id: "r".into(),
            forwarded: Vec::new(),
            deciding: Vec::new(),
            stripped: Stripped::default(),
            copy_of: None,
            resumption: None,
        }
    }

    fn decided(chain: &str) -> Decided {
        let (outline, trace, chain) = (Outline::default(), Trace::default(), chain.to_owned());
        Decided { answer: ([1, 2], 3), model: String::new(), outline, trace, chain, claims: None }
    }

    fn known(repeats: &Repeats, head: &Head, body: &[u8]) -> Option<String> {
        repeats.of(head, body).map(|own| own.chain.clone())
    }

    #[test]
    fn a_request_is_taken_for_none_that_differs_in_anything() {
        let (repeats, body) = (Repeats::default(), b"{\"model\":\"auto\"}");
        let own = head(client::DEFAULT);
        assert_eq!(known(&repeats, &own, body), None);
        repeats.remember(&own, body, || decided("own"));
        assert_eq!(known(&repeats, &own, body).as_deref(), Some("own"));
        let text = || Some("x".to_owned());
        let pair = || vec![("a".to_owned(), "b".to_owned())];
        let others: [fn(&mut Head); 2] =
            [|own| own.request_id = "other".into(), |own| own.stripped = Stripped::default()];
        for change in others {
            let mut same = head(client::DEFAULT);
            change(&mut same);
            assert_eq!(known(&repeats, &same, body).as_deref(), Some("own"));
        }
        let tenant = |change: &dyn Fn(&mut Tenant)| {
            let mut other = head(client::DEFAULT);
            change(&mut other.tenant);
            other
        };
        for other in [
            tenant(&|own| own.tenant = "globex".to_owned()),
            tenant(&|own| own.user = text()),
            tenant(&|own| own.key = text()),
            tenant(&|own| own.labels = pair().into()),
            tenant(&|own| own.require = pair().into()),
            tenant(&|own| own.models = Some(vec!["auto".to_owned()].into())),
            Head { forwarded: pair(), ..head(client::DEFAULT) },
            Head { deciding: pair(), ..head(client::DEFAULT) },
            head(client::named("anthropic").unwrap()),
        ] {
            assert_eq!(known(&repeats, &other, body), None, "{other:?}");
        }
        assert_eq!(known(&repeats, &own, b"{\"model\":\"auto\"} "), None);
    }

    #[test]
    fn a_text_is_the_same_as_itself_and_no_other() {
        for length in 0..100 {
            let text = vec![b'a'; length];
            assert!(is_same(&text, &text.clone()));
            assert!(!is_same(&text, &vec![b'a'; length + 1]));
            for at in 0..length {
                let mut other = text.clone();
                other[at] = b'b';
                assert!(!is_same(&text, &other) && !is_same(&other, &text), "{at} of {length}");
                assert!(place(&other) < PLACES);
            }
        }
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let (repeats, own) = (Repeats::default(), head(client::DEFAULT));
        repeats.remember(&own, &vec![b'a'; LONGEST + 1], || decided("long"));
        assert!(repeats.0.borrow().all.is_empty(), "too long");
        for number in 0..3 * MOST / LONGEST {
            let mut body = vec![b'a'; LONGEST];
            body[..8].copy_from_slice(&number.to_le_bytes());
            repeats.remember(&own, &body, || decided("own"));
            assert!(known(&repeats, &own, &body).is_some());
            let places = repeats.0.borrow();
            let held = places.all.iter().flatten().map(|own| own.body.len()).sum::<usize>();
            assert!(held == places.bytes && held <= MOST, "{held} of {}", places.bytes);
        }
        // In its own place another one makes no more of them.
        for _ in 0..10 {
            repeats.remember(&own, b"a", || decided("again"));
        }
        let places = repeats.0.borrow();
        assert_eq!(places.all.len(), PLACES);
    }
}
