//! A secret of a proxy: its workers share it, and nobody else can know it.
use core::cell::OnceCell;
use core::fmt;

use super::sip::Sip;
use crate::layout::{Reader, Writer};
use crate::port::Host;

/// Where it stands in shared data.
const KEY: &str = "tw.secret.1";

/// The secret, asked for when it is first needed.
///
/// What is shared and found by an app's own words has its name digested under it: who does not know
/// it can make no other words of that name, nor any that crowd it out of its bucket.
#[derive(Default)]
pub struct Secret(OnceCell<[u64; 2]>);

impl Secret {
    /// Begins a digest under it.
    #[must_use]
    pub fn digest(&self, host: &dyn Host) -> Sip {
        Sip::under(*self.0.get_or_init(|| shared(host)))
    }
}

/// The secret of all workers, made by whoever comes first. Where nobody can write it, it is this
/// worker's alone, which then remembers for itself.
fn shared(host: &dyn Host) -> [u64; 2] {
    let mut own = None;
    for _ in 0..2 {
        let (found, version) = host.shared_data(KEY);
        let mut fields = Reader::of(&found);
        if let (Some(one), Some(other)) = (fields.number(), fields.number()) {
            return [one, other];
        }
        let mut out = Writer::default();
        let drawn = own.get_or_insert_with(|| draw(host));
        drawn.iter().for_each(|half| out.number(*half));
        if host.set_shared_data(KEY, &out.finish(), version) {
            break;
        }
    }
    own.unwrap_or_else(|| draw(host))
}

fn draw(host: &dyn Host) -> [u64; 2] {
    [host.unique(), host.unique()]
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use core::cell::{Cell, RefCell};

    use super::Secret;
    use crate::port::{Clock, Random, Shared};

    /// A proxy whose shared data holds one value, or can be written by nobody.
    #[derive(Default)]
    struct Proxy {
        value: RefCell<Vec<u8>>,
        drawn: Cell<u64>,
        calls: Cell<u32>,
        is_full: bool,
    }

    impl Clock for Proxy {
        fn now_ms(&self) -> u64 {
            0
        }

        fn unix_seconds(&self) -> u64 {
            0
        }
    }

    impl Random for Proxy {
        fn unique(&self) -> u64 {
            self.drawn.update(|drawn| drawn.wrapping_add(1));
            self.drawn.get()
        }
    }

    impl Shared for Proxy {
        fn shared_data(&self, _key: &str) -> (Vec<u8>, Option<u32>) {
            self.calls.update(|calls| calls.wrapping_add(1));
            (self.value.borrow().clone(), None)
        }

        fn set_shared_data(&self, _key: &str, value: &[u8], _version: Option<u32>) -> bool {
            if !self.is_full {
                *self.value.borrow_mut() = value.to_vec();
            }
            !self.is_full
        }
    }

    fn digest(secret: &Secret, proxy: &Proxy, text: &str) -> [u64; 2] {
        let mut own = secret.digest(proxy);
        own.text(text);
        own.finish()
    }

    #[test]
    fn all_workers_of_a_proxy_have_one_and_another_proxy_has_another() {
        let (one, other) = (Proxy::default(), Proxy::default());
        other.drawn.set(7);
        let (first, second) = (Secret::default(), Secret::default());
        let told = digest(&first, &one, "ann");
        assert_eq!(told, digest(&second, &one, "ann"));
        assert_ne!(told, digest(&first, &one, "bob"));
        assert_ne!(told, digest(&Secret::default(), &other, "ann"));
    }

    #[test]
    fn it_is_asked_for_once() {
        let (proxy, secret) = (Proxy::default(), Secret::default());
        let told = digest(&secret, &proxy, "ann");
        let calls = proxy.calls.get();
        assert_eq!(told, digest(&secret, &proxy, "ann"));
        assert_eq!(proxy.calls.get(), calls);
    }

    #[test]
    fn where_it_cannot_be_written_a_worker_has_its_own() {
        let (proxy, secret) = (Proxy { is_full: true, ..Proxy::default() }, Secret::default());
        assert_eq!(digest(&secret, &proxy, "ann"), digest(&secret, &proxy, "ann"));
        assert_ne!(digest(&secret, &proxy, "ann"), digest(&Secret::default(), &proxy, "ann"));
    }

    #[test]
    fn it_is_not_shown() {
        let (proxy, secret) = (Proxy::default(), Secret::default());
        let _ = secret.digest(&proxy);
        assert_eq!(format!("{secret:?}"), "Secret { .. }");
    }
}
