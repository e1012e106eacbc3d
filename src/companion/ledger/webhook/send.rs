//! One delivery: a signed POST that anything but a 2xx in time fails.
use core::fmt;
use core::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use super::sign::Secrets;
use crate::credit::{Alert, Moment};
use crate::json::Writer;

/// How long an idle connection to a receiver is kept.
const IDLE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone)]
pub(super) struct Sender {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    secrets: Secrets,
    /// How long a receiver may take to answer.
    patience: Duration,
}

/// Why a delivery failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Failure {
    /// There is no secret to sign with.
    Unsigned,
    /// The receiver took too long.
    Late(Duration),
    /// The receiver cannot be reached.
    Unreached(String),
    /// The receiver did not answer 2xx. A redirect is not followed.
    Refused(u16),
}

impl Sender {
    pub(super) fn new(secrets: Secrets, patience: Duration) -> Self {
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Self { client, secrets, patience }
    }

    pub(super) async fn send(&self, uri: Uri, alert: &Alert, now: Moment) -> Result<(), Failure> {
        if self.secrets.is_empty() {
            return Err(Failure::Unsigned);
        }
        let body = body(alert);
        let signature = self.secrets.sign(now.millis() / 1000, &body);
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("tradewind-ledger/", env!("CARGO_PKG_VERSION")))
            .header("x-tradewind-event", alert.id())
            .header("x-tradewind-signature", signature)
            .body(Full::from(body))
            .map_err(|why| Failure::Unreached(why.to_string()))?;
        match timeout(self.patience, self.client.request(request)).await {
            Err(_) => Err(Failure::Late(self.patience)),
            Ok(Err(why)) => Err(Failure::Unreached(chain(&why))),
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(Failure::Refused(answer.status().as_u16())),
        }
    }
}

/// An error and its causes: `client error (Connect): tcp connect error: Connection refused`.
fn chain(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn body(alert: &Alert) -> Vec<u8> {
    let mut out = Writer::new();
    out.object(|w| {
        w.key("id").string(&alert.id());
        w.key("type").string("credits.below");
        w.key("tenant").string(&alert.tenant);
        w.key("threshold").string(&alert.threshold.to_string());
        w.key("balance").string(&alert.balance.to_string());
        w.key("available").string(&alert.available.to_string());
        w.key("last_purchase").string(&alert.last_purchase.to_string());
        w.key("at").string(&alert.at.to_string());
    });
    out.finish()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("not sent: this ledger has no --webhook-secret-file"),
            Self::Late(patience) => write!(f, "no answer within {patience:?}"),
            Self::Unreached(why) => f.write_str(why),
            Self::Refused(status) => write!(f, "answered {status}"),
        }
    }
}
