//! An answer of our own.
use crate::dialect::{App, Fault};

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
    pub fn fault(app: &App, fault: &Fault, request_id: &str) -> Self {
        Self {
            status: fault.status,
            headers: headers(app, request_id),
            body: (app.fault)(fault, request_id),
        }
    }

    /// A body in the app's dialect.
    #[must_use]
    pub fn ok(app: &App, body: Vec<u8>, request_id: &str) -> Self {
        Self { status: 200, headers: headers(app, request_id), body }
    }
}

fn headers(app: &App, request_id: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("x-tradewind-request-id", request_id.to_owned()),
    ];
    if !request_id.is_empty() {
        headers.push((app.request_id_header, request_id.to_owned()));
    }
    headers
}
