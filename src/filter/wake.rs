//! Streams that asked to be woken.
//!
//! A stream's own callbacks come only with what Envoy has for it; what is to happen when nothing
//! comes is done from a plugin's tick, in the stream's name.
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::Action;

use super::host::Host;
use super::live::Live;
use crate::exchange::{Callback, Clock as _};

/// How often a plugin looks after them, while one is due soon.
const HURRY: Duration = Duration::from_millis(50);

/// Who is due within this time is looked after that often: twice the longest time between usual
/// ticks, so that one which comes late is not the last before.
const SOON_MS: u64 = 2_000;

/// A stream that waits.
#[derive(Debug)]
struct Sleeper {
    due_ms: u64,
    /// How often its stream had asked.
    turn: u32,
    context: u32,
    live: Weak<RefCell<Live>>,
}

thread_local! {
    /// Those of all plugins of the VM.
    static SLEEPERS: RefCell<Sleepers> = const { RefCell::new(Sleepers::NONE) };
}

/// Those who sleep. Who is due first comes first.
#[derive(Debug)]
struct Sleepers {
    queue: VecDeque<Sleeper>,
    /// When there are so many, those are thrown out whose stream is over.
    most: usize,
}

/// So many may lie there whose stream is over, however few others there are.
const OVER_MOST: usize = 256;

impl Sleepers {
    const NONE: Self = Self { queue: VecDeque::new(), most: OVER_MOST };

    /// One falls asleep. Those that sleep briefly are due before most others, and those that sleep
    /// long after them: few have to move.
    fn add(&mut self, sleeper: Sleeper) {
        let at = self.queue.partition_point(|own| own.due_ms <= sleeper.due_ms);
        self.queue.insert(at, sleeper);
        if self.queue.len() >= self.most {
            self.queue.retain(|own| own.live.strong_count() > 0);
            // Each is looked at as often as there are doublings of their number.
            self.most = self.queue.len().saturating_mul(2).max(OVER_MOST);
        }
    }

    /// The first, where its time has come or its stream is over.
    fn due(&mut self, now_ms: impl FnOnce() -> u64) -> Option<Sleeper> {
        let first = self.queue.front()?;
        (first.live.strong_count() == 0 || first.due_ms <= now_ms()).then_some(())?;
        self.queue.pop_front()
    }

    /// When the first is due.
    fn first_due_ms(&self) -> Option<u64> {
        self.queue.front().map(|own| own.due_ms)
    }
}

/// How often a plugin ticks.
#[derive(Debug, Default)]
pub(super) struct Pace {
    usual: Cell<Duration>,
    hurries: Cell<bool>,
}

impl Pace {
    /// Ticks so often, unless somebody waits.
    pub(super) fn set(&self, usual: Duration) {
        self.usual.set(usual);
        self.hurries.set(false);
        tick_every(usual);
    }

    /// Ticks as often as it takes for whoever is due first: `due_ms` from now, where somebody is.
    fn suit(&self, due_ms: Option<u64>) {
        match due_ms.is_some_and(|due_ms| due_ms < SOON_MS) {
            true => self.hurry(),
            false => self.rest(),
        }
    }

    fn hurry(&self) {
        if !self.hurries.replace(true) {
            tick_every(HURRY.min(self.usual.get()));
        }
    }

    fn rest(&self) {
        if self.hurries.replace(false) {
            tick_every(self.usual.get());
        }
    }
}

fn tick_every(period: Duration) {
    if let Err(status) = hostcalls::set_tick_period(period) {
        log::error!("Envoy refused to tick every {period:?} ({status:?})");
    }
}

/// A stream wants to be woken: then, and not when it had asked for it before.
pub(super) fn ask(context: u32, live: &Rc<RefCell<Live>>, ms: u64, pace: &Pace) {
    let now_ms = Host::default().now_ms();
    let due_ms = now_ms.saturating_add(ms);
    let turn = live.borrow_mut().asks();
    let sleeper = Sleeper { due_ms, turn, context, live: Rc::downgrade(live) };
    let first_ms = SLEEPERS.with_borrow_mut(|sleepers| {
        sleepers.add(sleeper);
        sleepers.first_due_ms()
    });
    pace.suit(first_ms.map(|first_ms| first_ms.saturating_sub(now_ms)));
}

/// Wakes those who are due. `root` is the context of the plugin that ticks.
pub(super) fn tick(root: u32, pace: &Pace) {
    let mut woken = false;
    let now_ms = || Host::default().now_ms();
    while let Some(sleeper) = SLEEPERS.with_borrow_mut(|sleepers| sleepers.due(now_ms)) {
        let Some(own) = sleeper.live.upgrade() else { continue };
        if hostcalls::set_effective_context(sleeper.context).is_err() {
            continue; // Envoy has forgotten it.
        }
        woken = true;
        let Ok(mut live) = own.try_borrow_mut() else { continue };
        if live.asked() != sleeper.turn {
            continue;
        }
        let held = live.response_held();
        let done = live.on(Callback::Woken);
        if held && done.action == Action::Continue && !done.replied {
            live.let_go();
        }
        drop(live);
        if let Some(ms) = done.wakes {
            ask(sleeper.context, &own, ms, pace);
        }
    }
    if woken && let Err(status) = hostcalls::set_effective_context(root) {
        log::error!("Envoy has forgotten a plugin that ticks ({status:?})");
    }
    let first_ms = SLEEPERS.with_borrow(Sleepers::first_due_ms);
    pace.suit(first_ms.map(|first_ms| first_ms.saturating_sub(now_ms())));
}
