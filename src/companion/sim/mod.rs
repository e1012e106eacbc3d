//! The three providers, played on loopback, each as strict as its own API.
//!
//! The simulator shares no code with the translation it helps to test: it is the witness of what
//! the real APIs accept, written from their published references. It speaks HTTP/1.1 and HTTP/2
//! with prior knowledge on the same ports.
//!
//! # What it answers
//!
//! Text that names the provider and model, counts messages, images and tools, repeats every
//! `[mark:...]` of the last user text, quotes that text and then all tool results. Words in the
//! last user text ask for more:
//!
//! | words | what happens |
//! |---|---|
//! | `call the tool NAME`, `call the tools A and B` | tool calls whose input fits the schema |
//! | `[words:500]` | that many more words |
//! | `refuse this` | a refusal, in the API's shape |
//! | `refuse this prompt` | Gemini: no candidate, `promptFeedback` |
//! | `filter this` | the content filter's end |
//!
//! A forced tool choice is obeyed, a JSON schema is answered by JSON that fits it, stop sequences
//! and the most tokens are kept to. A token is four characters. A model whose name contains
//! `retired` does not exist; a key that contains `invalid` is wrong; a login header of another
//! provider is refused with 400.
//!
//! # Weather
//!
//! `POST /weather` on the admin port adds rows (one object, a list, or `{"weather": [...]}`, in
//! JSON or YAML, as in the file); `PUT` replaces all, `DELETE` clears, `GET` lists. A valid request
//! meets the first row that covers it.
//!
//! | field | what it does |
//! |---|---|
//! | `model`, `provider` | whom it covers: a name, `gpt-*`, or `*`, which is the default |
//! | `times` | for how many requests; without it, until cleared |
//! | `latency_ms` | waits before the headers |
//! | `status`, `error`, `message`, `headers`, `retry_after` | fails in the API's shape |
//! | `body` | this body instead, as JSON or as a text |
//! | `error_in_200_body` | the error's body with status 200 |
//! | `not_json`, `huge_body_bytes` | HTML, or so many bytes of `x` |
//! | `silent` | never answers |
//! | `reset` | breaks the connection (RST; RST_STREAM in HTTP/2) at a moment |
//! | `close` | ends the body at a moment, cleanly and without its end mark |
//! | `stall` | says nothing more after a moment |
//! | `error_event` | an error inside the stream at a moment, then its end |
//! | `chunk_delay_ms` | waits between events |
//! | `missing_usage` | leaves usage out |
//! | `thinking`, `thinking_ms` | so many tokens more that nobody sees, and how long they take |
//! | `words` | so many words more, and no end at stop sequences or the most tokens |
//! | `framing` | puts events on the wire in rare and legal ways |
//! | `max_input`, `max_output` | the model's limits in tokens; alone, they hold beside other rows |
//!
//! `error` is `bad_request`, `auth`, `permission`, `not_found`, `too_large`, `rate_limit`, `quota`,
//! `server`, `overloaded`, `timeout` or `context_length`. `framing` has `crlf`, `comments`,
//! `multi_line`, `no_space`, `extra_fields`, `bom`, `one_piece`, `one_byte` (each in a TCP write of
//! its own), `split_utf8` and `split: n`.
//!
//! A moment is `before_headers`, `before_content`, `after_headers`, or `after_events:n`: after n
//! events that carry content, where 0 is just before the first of them. A body in one piece is
//! cut in half instead.
//!
//! # Requests
//!
//! `GET /requests` lists what came, valid or not, oldest first: provider, model, method, path,
//! headers in order as `[name, value]`, the body as text, and `answered`: status, outcome, message,
//! the row of weather, the tokens that the answer uses (all of its input, how much of that was read
//! from the cache and written to it, its output, its thinking), and how it ended (`whole`, `reset`,
//! `client left`, null while it goes on).
//! `DELETE /requests` forgets them. At most 20,000 are kept.
mod admin;
mod anthropic;
mod api;
mod body;
mod fault;
mod fit;
mod frame;
mod gemini;
mod log;
mod openai;
mod play;
mod serve;
mod shape;
mod signature;
mod state;
mod talk;
mod weather;
mod wire;
mod yaml;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use self::api::Api;
use self::serve::Connection;
use self::state::State;
use self::wire::{Socket, Wire};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4096;

/// Where to listen, and the weather to begin with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where OpenAI is played.
    pub openai: SocketAddr,
    /// Where Anthropic is played.
    pub anthropic: SocketAddr,
    /// Where Gemini is played.
    pub gemini: SocketAddr,
    /// Where weather and requests are asked for.
    pub admin: SocketAddr,
    /// Weather, in JSON or YAML.
    pub weather: Option<String>,
    /// Whether other machines may connect.
    pub allow_remote: bool,
}

/// A running simulator. It ends when this is dropped.
#[derive(Debug)]
pub struct Sim {
    openai: SocketAddr,
    anthropic: SocketAddr,
    gemini: SocketAddr,
    admin: SocketAddr,
    tasks: JoinSet<()>,
}

impl Sim {
    /// The addresses it listens on, as one line of JSON.
    #[must_use]
    pub fn addresses(&self) -> String {
        serde_json::json!({
            "openai": self.openai.to_string(),
            "anthropic": self.anthropic.to_string(),
            "gemini": self.gemini.to_string(),
            "admin": self.admin.to_string(),
        })
        .to_string()
    }

    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// Starts the three providers and the admin port.
///
/// # Errors
/// When an address is taken, is not loopback without leave, or the weather is not readable.
pub fn start(options: &Options) -> io::Result<Sim> {
    let state = Arc::new(State::default());
    if let Some(text) = &options.weather {
        let added = yaml::read(text).and_then(|rows| log::lock(&state.weather).add(&rows));
        added.map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
    }
    let remote = options.allow_remote;
    let openai = listen(options.openai, remote)?;
    let anthropic = listen(options.anthropic, remote)?;
    let gemini = listen(options.gemini, remote)?;
    let admin = listen(options.admin, remote)?;
    let mut sim = Sim {
        openai: openai.local_addr()?,
        anthropic: anthropic.local_addr()?,
        gemini: gemini.local_addr()?,
        admin: admin.local_addr()?,
        tasks: JoinSet::new(),
    };
    for (listener, api) in
        [(openai, &openai::API), (anthropic, &anthropic::API), (gemini, &gemini::API)]
    {
        sim.tasks.spawn(play(listener, api, Arc::clone(&state)));
    }
    sim.tasks.spawn(administer(admin, state));
    Ok(sim)
}

fn listen(address: SocketAddr, remote: bool) -> io::Result<TcpListener> {
    if !remote && !address.ip().is_loopback() {
        let message =
            format!("`{address}` is not loopback; --allow-remote lets other machines connect");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    let named = |why: io::Error| io::Error::new(why.kind(), format!("`{address}`: {why}"));
    socket.bind(address).map_err(named)?;
    socket.listen(BACKLOG).map_err(named)
}

/// Accepts one more connection; a failure to accept is waited out.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            return stream;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

async fn play(listener: TcpListener, api: &'static Api, state: Arc<State>) {
    let connections = AtomicU64::new(0);
    let mut open = JoinSet::new();
    loop {
        let stream = tokio::select! {
            stream = accept(&listener) => stream,
            Some(_) = open.join_next() => continue,
        };
        let wire = Arc::new(Wire::default());
        let number = connections.fetch_add(1, Ordering::Relaxed);
        let connection =
            Connection { api, state: Arc::clone(&state), wire: Arc::clone(&wire), number };
        let socket = TokioIo::new(Socket::new(stream, wire));
        open.spawn(async move {
            let service = service_fn(move |request| serve::serve(connection.clone(), request));
            let mut builder = Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new()).writev(false);
            builder.http2().timer(TokioTimer::new()).max_concurrent_streams(2000);
            // A connection that breaks is weather, or a client that left: nothing to report.
            let _ = builder.serve_connection(socket, service).await;
        });
    }
}

async fn administer(listener: TcpListener, state: Arc<State>) {
    let mut open = JoinSet::new();
    loop {
        let stream = tokio::select! {
            stream = accept(&listener) => stream,
            Some(_) = open.join_next() => continue,
        };
        let state = Arc::clone(&state);
        open.spawn(async move {
            let service = service_fn(move |request| admin::serve(Arc::clone(&state), request));
            let builder = Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
