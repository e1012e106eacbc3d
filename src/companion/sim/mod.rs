//! The three providers, played on loopback, each as strict as its own API.
//!
//! The simulator shares no code with the translation it helps to test: it is the witness of what
//! the real APIs accept, written from their published references.
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
use self::serve::Line;
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

    /// Ends it.
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
        let connection = connections.fetch_add(1, Ordering::Relaxed);
        let line = Line { api, state: Arc::clone(&state), wire: Arc::clone(&wire), connection };
        let socket = TokioIo::new(Socket::new(stream, wire));
        open.spawn(async move {
            let service = service_fn(move |request| serve::serve(line.clone(), request));
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
