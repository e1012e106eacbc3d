//! What a request leaves to its worker to be sent once: its copy, or what is told of it.
use std::rc::Rc;

use super::super::{Call, Permit};
use super::Seat;

/// A call that is made after the request, from no stream's callback, and never again.
#[derive(Debug)]
pub struct Parcel {
    /// The call; what it is for says its purpose.
    pub call: Call,
    /// The experiment that it is for.
    pub experiment: Rc<str>,
    /// What a copy holds until its answer is here.
    pub(super) load: Option<Load>,
}

/// What a copy holds: one of its experiment's seats, and memory until it is sent.
#[derive(Debug)]
pub(super) struct Load(pub(super) Seat, pub(super) Permit);

/// What one holds is no part of what it says.
impl PartialEq for Parcel {
    fn eq(&self, other: &Self) -> bool {
        self.call == other.call && self.experiment == other.experiment
    }
}

impl Eq for Parcel {}
