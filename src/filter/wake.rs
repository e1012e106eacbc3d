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

/// How long a stream waits until it is woken, in milliseconds.
const PATIENCE_MS: u64 = 1_000;

/// How often a plugin looks after them, while there are any.
const HURRY: Duration = Duration::from_millis(50);

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
    /// Those of all plugins of the VM. All wait equally long, so that the first is due first.
    static SLEEPERS: RefCell<VecDeque<Sleeper>> = const { RefCell::new(VecDeque::new()) };
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
pub(super) fn ask(context: u32, live: &Rc<RefCell<Live>>, pace: &Pace) {
    let due_ms = Host::default().now_ms().saturating_add(PATIENCE_MS);
    let turn = live.borrow_mut().asks();
    let sleeper = Sleeper { due_ms, turn, context, live: Rc::downgrade(live) };
    SLEEPERS.with_borrow_mut(|sleepers| sleepers.push_back(sleeper));
    pace.hurry();
}

/// Wakes those who are due. `root` is the context of the plugin that ticks.
pub(super) fn tick(root: u32, pace: &Pace) {
    let mut woken = false;
    while let Some(sleeper) = due() {
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
        if done.wakes {
            ask(sleeper.context, &own, pace);
        }
    }
    if woken && let Err(status) = hostcalls::set_effective_context(root) {
        log::error!("Envoy has forgotten a plugin that ticks ({status:?})");
    }
    if SLEEPERS.with_borrow(VecDeque::is_empty) {
        pace.rest();
    }
}

/// The first whose time has come.
fn due() -> Option<Sleeper> {
    SLEEPERS.with_borrow_mut(|sleepers| {
        let first = sleepers.front()?;
        (first.live.strong_count() == 0 || first.due_ms <= Host::default().now_ms())
            .then_some(())?;
        sleepers.pop_front()
    })
}
