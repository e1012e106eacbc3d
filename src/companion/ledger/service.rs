//! The whole service: an engine, its HTTP server and its courier, started and stopped together.
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::engine::Ledger;
use super::http::{self, App, Tokens};
use super::metrics::Metrics;
use super::webhook::{self, Courier, Secrets};

/// Where the service listens, who may call it, and where its alerts go.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address to listen on; port 0 takes any free port.
    pub listen: SocketAddr,
    /// The tokens of those who may call. Without any everybody may, but only on loopback.
    pub tokens: Tokens,
    /// The URL for alerts of tenants that have none of their own.
    pub webhook: Option<String>,
    pub secrets: Secrets,
    /// How long the receiver of an alert may take to answer.
    pub webhook_timeout: Duration,
    /// How long a connection may stay open on which no valid token was sent.
    pub auth_timeout: Duration,
}

/// A running service.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    http: JoinHandle<()>,
    courier: JoinHandle<()>,
    ledger: Ledger,
}

impl Options {
    /// The defaults, at that address.
    #[must_use]
    pub fn at(listen: SocketAddr) -> Self {
        Self {
            listen,
            tokens: Tokens::default(),
            webhook: None,
            secrets: Secrets::default(),
            webhook_timeout: Duration::from_secs(5),
            auth_timeout: Duration::from_secs(10),
        }
    }

    /// # Errors
    /// Which option may not be served with, and what to do about it.
    pub fn check(&self) -> Result<(), String> {
        if self.tokens.is_empty() && !self.listen.ip().is_loopback() {
            return Err(format!(
                "refusing to listen on {} without tokens: anybody there could spend and buy \
                 credits. Give --admin-token-file and --proxy-token-file, or listen on 127.0.0.1",
                self.listen
            ));
        }
        match &self.webhook {
            Some(url) => webhook::target(url)
                .map(drop)
                .map_err(|expected| format!("--webhook-url: `{url}`: {expected}")),
            None => Ok(()),
        }
    }
}

impl Service {
    /// Starts to listen, and serves the ledger.
    ///
    /// # Errors
    /// When the options are wrong or the address cannot be listened on.
    pub async fn start(ledger: Ledger, options: Options) -> io::Result<Self> {
        options.check().map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let (stop, stopping) = watch::channel(false);
        let metrics = Arc::new(Metrics::default());
        let webhook: Option<Arc<str>> = options.webhook.map(Into::into);
        let courier = Courier::new(
            ledger.clone(),
            Arc::clone(&metrics),
            options.secrets,
            webhook.clone(),
            options.webhook_timeout,
        );
        let tokens = Arc::new(options.tokens);
        let app = App { ledger: ledger.clone(), tokens, metrics, webhook };
        let router = http::router(app);
        let http = http::serve(listener, router, options.auth_timeout, stopping.clone());
        let http = tokio::spawn(http);
        let courier = tokio::spawn(courier.run(stopping));
        Ok(Self { address, stop, http, courier, ledger })
    }

    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more calls, finishes those under way, and closes the database.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A task that failed has nothing left to finish.
        let _ = self.http.await;
        let _ = self.courier.await;
        self.ledger.close().await;
    }
}
