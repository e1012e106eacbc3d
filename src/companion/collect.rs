//! A collector: what is posted is appended to a file, a line each.
use std::fs::File;
use std::future::Future;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::any;
use axum::{Router, serve};
use serde_json::Value;
use tokio::net::TcpListener;

/// The largest record, in bytes: a request that is copied and an answer that is kept are shorter.
const LARGEST: usize = 2 << 20;

/// Where records go, and who may send some.
#[derive(Debug)]
pub struct Collector {
    out: Mutex<File>,
    token: Option<String>,
}

impl Collector {
    /// One that appends to a file; where there is a token, it has to be sent.
    #[must_use]
    pub const fn new(out: File, token: Option<String>) -> Self {
        Self { out: Mutex::new(out), token }
    }

    fn takes(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
        self.token.as_deref().is_none_or(|token| sent == Some(token))
    }

    /// Appends a record, in one write.
    fn append(&self, record: &[u8]) -> io::Result<()> {
        let space = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
        // Within its texts JSON has no line breaks.
        let mut line: Vec<u8> = record.iter().map(space).collect();
        line.push(b'\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(&line)
    }
}

/// Begins to serve: where, and what serves until `stopped` is over.
///
/// # Errors
/// Where nobody can listen there.
pub async fn start(
    listen: SocketAddr,
    collector: Collector,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> io::Result<(SocketAddr, impl Future<Output = io::Result<()>>)> {
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|why| io::Error::new(why.kind(), format!("--listen: `{listen}`: {why}")))?;
    let address = listener.local_addr()?;
    let routes = Router::new()
        .fallback(any(record))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(Arc::new(collector));
    Ok((address, async move { serve(listener, routes).with_graceful_shutdown(stopped).await }))
}

/// Takes one record.
async fn record(
    State(collector): State<Arc<Collector>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    if !collector.takes(&headers) {
        return (StatusCode::UNAUTHORIZED, "the token is another\n");
    }
    if !matches!(serde_json::from_slice::<Value>(&body), Ok(Value::Object(_))) {
        return (StatusCode::BAD_REQUEST, "expected one JSON object\n");
    }
    match collector.append(&body) {
        Ok(()) => (StatusCode::NO_CONTENT, ""),
        Err(why) => {
            let _ = writeln!(io::stderr(), "tradewind collect: a record is lost: {why}");
            (StatusCode::INTERNAL_SERVER_ERROR, "the record cannot be written\n")
        }
    }
}
