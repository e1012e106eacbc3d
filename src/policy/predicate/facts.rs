//! What a question may know of a request.
use super::super::Tenant;
use super::text::TextFacts;
use crate::credit::{Balance, Credits};
use crate::dialect::Ask;
use crate::json::Value;

/// What is known of a request. A fact is found when a question first needs it, and once.
pub trait Facts {
    /// The request in our words.
    fn ask(&self) -> &Ask<'_>;

    /// The request as the app wrote it.
    fn body(&self) -> Value<'_>;

    /// The name that the app asks for, without what it chooses behind a colon.
    fn requested_model(&self) -> &str;

    /// The place of its route among the policy's.
    fn route(&self) -> usize;

    /// All names of its route.
    fn route_names(&self) -> &[String];

    /// Who pays, and for whom.
    fn tenant(&self) -> &Tenant;

    /// The name of the API that the app was written for.
    fn client(&self) -> &str;

    /// The name of what it asks for.
    fn operation(&self) -> &str;

    /// The value of a request header that the policy lists.
    fn header(&self, name: &str) -> Option<&str>;

    /// Tokens of the input, estimated.
    fn input_tokens(&self) -> u64;

    /// Seconds since 1970.
    fn unix_seconds(&self) -> u64;

    /// What the tenant has left, as this proxy last heard; `None` where it has not heard.
    fn standing(&self) -> Option<Standing>;

    /// What was found in the request's texts so far.
    fn texts(&self) -> &TextFacts;
}

/// What a tenant has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its credits, held ones included.
    pub balance: Balance,
    /// Credits of its last purchase.
    pub last_purchase: Credits,
}
