//! A request as the steps of a decision read it.
use crate::dialect::{Ask, Client, Operation};
use crate::json::Document;
use crate::policy::Policy;

/// A request that has been read, and the policy that decides on it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The policy in force.
    pub policy: &'r Policy,
    /// The client that the app was written for.
    pub client: &'static Client,
    /// What the app asks for.
    pub operation: Operation,
    /// The body.
    pub document: &'r Document<'r>,
    /// The body in our words.
    pub ask: &'r Ask<'r>,
    /// Length of the body, in bytes.
    pub bytes: usize,
}
