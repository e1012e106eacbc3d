//! A service for a test, by a clock of the test's, and a client that holds every answer to the
//! document.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Runtime;
use tradewind::companion::ledger::{Ledger, Options, Service, Tokens};
use tradewind::credit::Moment;

use crate::document;

pub(super) const ADMIN: &str = "an-admin-token-of-the-tests";
pub(super) const PROXY: &str = "a-proxy-token-of-the-tests";

/// 2026-03-01T00:00:00Z
const BEGIN: u64 = 1_772_323_200_000;

pub(super) struct World {
    service: Option<Service>,
    pub(super) address: SocketAddr,
    pub(super) runtime: Runtime,
    now: Arc<AtomicU64>,
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    /// A string of the body.
    pub(super) fn text(&self, key: &str) -> String {
        self.json()[key].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// Status and code.
    pub(super) fn says(&self) -> String {
        format!("{} {}", self.status, self.text("code"))
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// One with other options.
    pub(super) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let runtime = Runtime::new().unwrap();
        let now = Arc::new(AtomicU64::new(BEGIN));
        let clock = Arc::clone(&now);
        let clock = Arc::new(move || Moment::of_millis(clock.load(Ordering::SeqCst)));
        let mut options = Options::at("127.0.0.1:0".parse().unwrap());
        options.tokens = Tokens::new(&[ADMIN], &[PROXY]);
        change(&mut options);
        let service = runtime.block_on(async {
            let url = "sqlite::memory:".parse().unwrap();
            let ledger = Ledger::open_with(&url, clock).await.unwrap();
            Service::start(ledger, options).await.unwrap()
        });
        Self { address: service.address(), service: Some(service), runtime, now }
    }

    /// Moves the clock on.
    pub(super) fn tick(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap();
        self.now.fetch_add(millis, Ordering::SeqCst);
    }

    /// Stops the service, and waits until it has.
    pub(super) fn stop(&mut self) {
        let service = self.service.take().unwrap();
        self.runtime.block_on(service.stop());
    }

    /// Sends what is given, as it is given.
    pub(super) fn raw(&self, text: &[u8]) -> Reply {
        exchange(self.address, text)
    }

    /// Sends a request with these headers, and holds the answer to the document.
    pub(super) fn send(&self, call: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let (method, path) = call.split_once(' ').unwrap();
        let mut text = format!("{call} HTTP/1.1\r\nhost: ledger\r\nconnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let reply = self.raw(text.as_bytes());
        document::check(method, path, &reply);
        reply
    }

    /// Sends a request with a token and JSON.
    pub(super) fn as_(&self, token: &str, call: &str, body: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", &*bearer), ("content-type", "application/json")];
        self.send(call, &headers, body)
    }

    /// As an admin.
    pub(super) fn call(&self, call: &str, body: &str) -> Reply {
        self.as_(ADMIN, call, body)
    }

    /// Buys credits.
    pub(super) fn buy(&self, tenant: &str, key: &str, credits: &str) -> Reply {
        let bearer = format!("Bearer {ADMIN}");
        let headers = [
            ("authorization", &*bearer),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        let call = format!("POST /v1/tenants/{tenant}/purchases");
        self.send(&call, &headers, &format!("{{\"credits\": \"{credits}\"}}"))
    }

    /// Charges a tenant without a hold; what became of it.
    pub(super) fn charge(&self, tenant: &str, id: &str, credits: &str) -> String {
        let item = format!(
            "{{\"settlements\": [{{\"hold_id\": \"{id}\", \"unheld\": true, \"tenant\": \
             \"{tenant}\", \"credits\": \"{credits}\", \"parts\": [{{\"model\": \"gpt-6-sol\", \
             \"credits\": \"{credits}\"}}]}}]}}"
        );
        let reply = self.as_(PROXY, "POST /v1/settlements", &item);
        reply.json()["results"][0]["state"].as_str().unwrap().to_owned()
    }
}

/// Waits until it is so.
pub(super) fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("never: {what}");
}

/// One request on a connection of its own.
fn exchange(address: SocketAddr, text: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(text).unwrap();
    read(&mut stream)
}

/// What comes until the other side has said all.
pub(super) fn read(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}
