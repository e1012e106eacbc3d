//! Connections in, answers out, until told to stop.
use core::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long a connection may wait for the head of its next request. A proxy keeps its connections
/// for an hour: were ours closed before, a request could meet the closing.
const IDLE: Duration = Duration::from_secs(65 * 60);

/// How long requests in flight may take when the service stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// Serves until `stop` says so, then finishes what is in flight.
pub(crate) async fn serve(listener: TcpListener, app: Router, mut stop: watch::Receiver<bool>) {
    let open = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            stream = accept(&listener) => stream,
            // An error means that whoever could say so is gone: the same.
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let service = TowerToHyperService::new(app.clone());
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE);
        builder.http2().timer(TokioTimer::new());
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = open.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is the caller's to mend: it asks again by the same ids.
            let _ = connection.await;
        });
    }
    drop(listener);
    let _ = timeout(FAREWELL, open.shutdown()).await;
}

/// The next connection. A failure to accept is a want of file descriptors or of memory: it passes.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small and somebody waits for each.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}
