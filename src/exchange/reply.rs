//! An answer of our own.
use crate::dialect::{Client, Fault};

/// What an app receives when no provider is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A failure in the app's dialect.
    #[must_use]
    pub fn fault(client: &Client, fault: &Fault, request_id: &str) -> Self {
        Self {
            status: fault.status,
            headers: headers(client, request_id),
            body: (client.write_fault)(fault, request_id),
        }
    }

    /// A body in the app's dialect.
    #[must_use]
    pub fn ok(client: &Client, body: Vec<u8>, request_id: &str) -> Self {
        Self { status: 200, headers: headers(client, request_id), body }
    }
}

fn headers(client: &Client, request_id: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("x-tradewind-request-id", request_id.to_owned()),
    ];
    if !request_id.is_empty() {
        headers.push((client.request_id_header, request_id.to_owned()));
    }
    headers
}
