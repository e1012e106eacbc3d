//! What a step may know beside the request: the time, chance, what a proxy's workers share.
use core::cell::OnceCell;
use core::fmt;

use crate::policy::{Policy, Standing};
use crate::port::Host;
use crate::resilience::{Breaker, Calm, Record, Records, Rule, Secret, Sip, Snapshot};

/// The world as one decision sees it. Each thing is asked of the host when a step first needs it,
/// and once: all steps see the same, and a request of which no step asks costs no call.
pub struct World<'w> {
    host: &'w dyn Host,
    now_ms: OnceCell<u64>,
    unix_seconds: OnceCell<u64>,
    chance: OnceCell<u64>,
    records: Snapshot<'w>,
    secret: Option<&'w Secret>,
    own_secret: Secret,
    calm: Option<&'w Calm>,
    account: Option<&'w dyn Fn() -> Option<Standing>>,
    standing: OnceCell<Option<Standing>>,
    watched: bool,
}

impl<'w> World<'w> {
    /// Of which nothing has been asked yet.
    #[must_use]
    pub fn of(host: &'w dyn Host) -> Self {
        Self {
            host,
            now_ms: OnceCell::new(),
            unix_seconds: OnceCell::new(),
            chance: OnceCell::new(),
            records: Snapshot::of(host),
            secret: None,
            own_secret: Secret::default(),
            calm: None,
            account: None,
            standing: OnceCell::new(),
            watched: false,
        }
    }

    /// The same while somebody watches, or nobody does.
    #[must_use]
    pub fn watched(self, watched: bool) -> Self {
        Self { watched, ..self }
    }

    /// Whether somebody watches how the request is decided, who wants to know what changes nothing,
    /// too. A proxy has no such reader: nothing is said for it alone.
    #[must_use]
    pub const fn is_watched(&self) -> bool {
        self.watched
    }

    /// The same with the secret of the proxy, which a worker asks for once for all requests.
    #[must_use]
    pub fn with_secret(self, secret: &'w Secret) -> Self {
        Self { secret: Some(secret), ..self }
    }

    /// Whether anything has been asked that another request, or the same one at another time, may
    /// be told otherwise. What was decided without it is decided of the same request every time.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        let Self { now_ms, unix_seconds, chance, records, standing, .. } = self;
        now_ms.get().or(unix_seconds.get()).or(chance.get()).is_some()
            || standing.get().is_some()
            || records.was_asked()
    }

    /// Begins a digest that nobody can foretell who does not know the proxy's secret. It is another
    /// one in another proxy, and in this one when it has begun anew.
    #[must_use]
    pub fn digest(&self) -> Sip {
        self.secret.unwrap_or(&self.own_secret).digest(self.host)
    }

    /// The same with when its worker has last seen all models well.
    #[must_use]
    pub fn with_calm(self, calm: &'w Calm) -> Self {
        Self { calm: Some(calm), ..self }
    }

    /// Whether all models of a policy are well, by a breaker of that rule. A worker that has just
    /// seen it looks no further. What stands of others stays as it is, since nobody asks them.
    #[must_use]
    pub(super) fn is_calm(&self, policy: &Policy, rule: &Rule) -> bool {
        let now_ms = self.now_ms();
        if self.calm.is_some_and(|calm| calm.lasts(now_ms)) {
            return true;
        }
        let is_asked = |name: &[u8]| {
            let mut asked = policy.asked();
            asked.any(|model| model.breaker_name.as_bytes() == name)
        };
        let calm =
            self.records.all(|name, own: &Breaker| own.is_well(now_ms, rule) || !is_asked(name));
        self.calm.filter(|_| calm).into_iter().for_each(|own| own.seen(now_ms));
        calm
    }

    /// The same with what the proxy has heard of the tenant's account.
    #[must_use]
    pub fn with_account(self, account: &'w dyn Fn() -> Option<Standing>) -> Self {
        Self { account: Some(account), ..self }
    }

    /// How the tenant's account stands; `None` where the proxy has not heard of it.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        *self.standing.get_or_init(|| self.account.and_then(|account| account()))
    }

    /// The time by the proxy's clock, in milliseconds: [`crate::port::Clock::now_ms`].
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        *self.now_ms.get_or_init(|| self.host.now_ms())
    }

    /// The time by the clock on the wall, in seconds since 1970.
    #[must_use]
    pub fn unix_seconds(&self) -> u64 {
        *self.unix_seconds.get_or_init(|| self.host.unix_seconds())
    }

    /// A step's own random number for this request: each of the 2^64 is as likely. The numbers of
    /// two steps have nothing to do with each other, so what is left of one half of the requests
    /// for another step is not one half of its choices.
    #[must_use]
    pub fn chance(&self, step: &str) -> u64 {
        let drawn = *self.chance.get_or_init(|| self.host.unique());
        step.bytes().fold(mixed(drawn), |chance, byte| mixed(chance ^ u64::from(byte)))
    }

    /// What the proxy's workers know together under a name; `None` where they know nothing.
    #[must_use]
    pub fn record<R: Record>(&self, name: &str) -> Option<R> {
        self.records.read(name)
    }

    /// The same to be changed. Other steps still see what was known before.
    #[must_use]
    pub fn records(&self) -> Records<'w> {
        Records::at(self.host, self.now_ms())
    }
}

/// A number of which every bit depends on all of the given one's, and no two are the same: the last
/// step of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
pub(super) const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}
