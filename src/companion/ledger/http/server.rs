//! Accepts connections and answers their requests until told to stop.
use core::convert::Infallible;
use core::pin::pin;
use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::http::Request;
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{sleep, timeout};

use super::connections::{Caller, Connections, descriptors};
use super::problem::ProblemDetails;

/// How long a connection may be idle. A proxy keeps its connections for an hour: if they were
/// closed here before that, a request could be sent on a connection that is just closing.
const IDLE: Duration = Duration::from_secs(65 * 60);

/// How long requests in flight may take when the service stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// How long a request that is being answered may still take on a connection that is to end.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// Serves until `stop` says so, then finishes the requests under way. A connection that has not
/// shown a valid token after `auth_timeout` is closed.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    auth_timeout: Duration,
    mut stop: watch::Receiver<bool>,
) {
    // Nothing is sent on it: it ends when the last connection drops its end.
    let (open, mut all_gone) = mpsc::channel::<()>(1);
    let connections = Arc::new(Connections::with(descriptors()));
    loop {
        let stream = tokio::select! {
            stream = accept(&listener, &connections) => stream,
            // An error means that the sender is gone, which is a stop as well.
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (caller, leave) = connections.arrive();
        let service = service_of(app.clone(), caller.clone());
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE);
        builder.http2().timer(TokioTimer::new());
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let (open, mut stop) = (open.clone(), stop.clone());
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            // After a broken connection the caller sends its requests again, with the same ids.
            let patience = tokio::select! {
                _ = connection.as_mut() => return,
                _ = stop.wait_for(|stop| *stop) => FAREWELL,
                patience = unwelcome(&caller, &leave, auth_timeout) => patience,
            };
            connection.as_mut().graceful_shutdown();
            let _ = timeout(patience, connection).await;
            drop(open);
        });
    }
    drop((listener, open));
    let _ = timeout(FAREWELL, all_gone.recv()).await;
}

/// A service whose requests know the connection they came on.
///
/// A request is carried out even when its caller has gone: a proxy that ends sends its last
/// settlements and does not wait for the answers.
fn service_of(
    app: Router,
    caller: Caller,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Clone
{
    let app = TowerToHyperService::new(app);
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(caller.clone());
        let (busy, answer) = (caller.asks(), app.call(request));
        let answer = tokio::spawn(async move {
            let answered = answer.await;
            drop(busy);
            answered
        });
        async move {
            let Ok(answered) = answer.await else {
                return Ok(ProblemDetails::unavailable("it failed; ask again with the same ids")
                    .into_response());
            };
            answered
        }
    })
}

/// Ends when a connection has to close, because its place is needed or it has not shown a token in
/// time. Gives the time that its last answer may take.
async fn unwelcome(caller: &Caller, leave: &Notify, auth_timeout: Duration) -> Duration {
    let evicted = timeout(auth_timeout, leave.notified()).await.is_ok();
    if !caller.is_known() {
        return if evicted { Duration::ZERO } else { LAST_ANSWER };
    }
    while !caller.is_sent_away() {
        leave.notified().await;
    }
    LAST_ANSWER
}

/// The next connection. When file descriptors or memory run out, a connection is closed to make
/// room.
async fn accept(listener: &TcpListener, connections: &Connections) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small, and a caller waits for each.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(_) => {
                connections.make_room();
                sleep(Duration::from_millis(10)).await;
            }
        }
    }
}
