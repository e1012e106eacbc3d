//! The module itself, as Envoy loads it, in a plain wasm engine: callbacks become events and
//! effects become host calls, so whatever the core does with a script or a story, the module does.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test that fails says where"
)]
mod hit;
mod host;
mod imports;
mod role;
mod same;
mod ticks;
mod vm;
mod waits;
mod worker;

use std::rc::Rc;

use crate::files::texts;
use crate::support::{Gateway, Given, split};
use host::{Called, Deed};
use vm::Vm;
use worker::Worker;

/// A policy's gateway in its VMs, and a script of the corpus.
fn started(script: &str) -> (Rc<Gateway>, Rc<Worker>, Given) {
    let text = texts("exchange", ".txt").remove(script).unwrap();
    let given = Given::read(split(&text).0).unwrap();
    let policy = texts("exchange/policy", ".json").remove(&given.policy).unwrap();
    let mut gateway = Gateway::new(&policy).unwrap();
    let worker = Worker::start(&mut gateway);
    (Rc::new(gateway), worker, given)
}

/// Calls among deeds.
fn calls(deeds: &[Deed]) -> Vec<&Called> {
    fn call(deed: &Deed) -> Option<&Called> {
        if let Deed::Call(call) = deed { Some(call) } else { None }
    }
    deeds.iter().filter_map(call).collect()
}

impl Called {
    fn path(&self) -> String {
        let path = self.headers.iter().find(|(name, _)| name == ":path");
        String::from_utf8_lossy(&path.unwrap().1).into_owned()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
