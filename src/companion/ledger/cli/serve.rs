//! `tradewind-ledger serve`: the service, until it is told to stop.
use core::time::Duration;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::{Database, Stop, say, secrets};
use crate::companion::ledger::engine::Ledger;
use crate::companion::ledger::http::Tokens;
use crate::companion::ledger::service::{Options, Service};
use crate::companion::ledger::webhook::Secrets;

const ADMIN: &str = "TRADEWIND_LEDGER_ADMIN_TOKEN";
const PROXY: &str = "TRADEWIND_LEDGER_PROXY_TOKEN";
const WEBHOOK: &str = "TRADEWIND_LEDGER_WEBHOOK_SECRET";

/// How often it is looked whether there is something to say.
const TELL: Duration = Duration::from_secs(1);

const MORE: &str = "\
Who may call:
  A proxy token holds and settles. An admin token also buys credits, changes settings and sees
  every tenant. Callers send `authorization: Bearer <token>`; a browser is asked for a user and a
  password: any user, an admin token as the password. Without tokens everybody may do everything,
  so the ledger then listens on loopback only. Several lines of a token file are valid at once:
  add the new token, restart, change the callers, take the old one out.

  TRADEWIND_LEDGER_ADMIN_TOKEN, TRADEWIND_LEDGER_PROXY_TOKEN and TRADEWIND_LEDGER_WEBHOOK_SECRET
  may hold one each instead of a file or beside it.

What to look at:
  GET /               the operator's page
  GET /healthz        200, and `degraded` where the clock is wrong; 503 when the database cannot be
                      written, and why; no token
  GET /metrics        Prometheus; any token
  GET /openapi.json   every call, with what it takes and answers; no token

Examples:
  tradewind-ledger serve
  tradewind-ledger serve --listen 0.0.0.0:8700 --database postgres://ledger@db/ledger \\
    --admin-token-file /run/secrets/admin --proxy-token-file /run/secrets/proxy
  curl localhost:8700/v1/tenants/acme/purchases -H 'content-type: application/json' \\
    -H 'idempotency-key: first' -d '{\"credits\": \"100\"}'

Stops on SIGTERM and SIGINT: takes no more connections, finishes what is in flight within 10 s and
exits with 0. Exits with 1 when it cannot serve, with 2 when it was asked wrongly.";

/// Serve the ledger over HTTP.
///
/// Prints one line with its address when it is ready, and serves until it is stopped.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MORE)]
pub(super) struct Serve {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8700")]
    listen: SocketAddr,
    #[command(flatten)]
    database: Database,
    /// Tokens that may do everything, one per line.
    #[arg(long, value_name = "PATH")]
    admin_token_file: Option<PathBuf>,
    /// Tokens that may hold and settle, one per line.
    #[arg(long, value_name = "PATH")]
    proxy_token_file: Option<PathBuf>,
    /// Where alerts are sent whose tenant says nothing else.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
    /// The clock is right, even where it is months after anything in the database.
    ///
    /// A clock that starts more than 30 days after anything in the database is otherwise not
    /// believed: time goes on from there, so that nothing expires by mistake, and /healthz says so.
    #[arg(long)]
    trust_clock: bool,
    /// What signs alerts, one secret per line; each signs. Without any, none is sent.
    #[arg(long, value_name = "PATH")]
    webhook_secret_file: Option<PathBuf>,
}

pub(super) async fn run(args: Serve) -> Result<ExitCode, Stop> {
    let refused = |why: String| Stop::refused(&why);
    let admin = secrets::gather(args.admin_token_file.as_deref(), ADMIN).map_err(refused)?;
    let proxy = secrets::gather(args.proxy_token_file.as_deref(), PROXY).map_err(refused)?;
    let webhook = secrets::gather(args.webhook_secret_file.as_deref(), WEBHOOK).map_err(refused)?;
    let options = Options {
        tokens: Tokens::new(&admin, &proxy),
        webhook: args.webhook_url,
        secrets: Secrets::new(webhook),
        ..Options::at(args.listen)
    };
    options.check().map_err(refused)?;
    warn(&options, secrets::weak(&admin) || secrets::weak(&proxy));
    // Before anything listens, so that no signal is missed.
    let mut terminate = signal(SignalKind::terminate()).map_err(|why| Stop::failed(&why))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|why| Stop::failed(&why))?;
    let ledger = args.database.open(args.trust_clock).await;
    let ledger = ledger.map_err(|why| Stop::failed(&why))?;
    tokio::spawn(ledger.clone().keep_swept());
    tokio::spawn(log_clock_warnings(ledger.clone()));
    let service = Service::start(ledger, options).await;
    let service = service.map_err(|why| Stop::failed(&format!("{}: {why}", args.listen)))?;
    let ready =
        format!("ledger: listening on http://{} ({})", service.address(), args.database.database);
    let mut out = io::stdout();
    // It serves all the same when nobody reads this.
    let _ = writeln!(out, "{ready}");
    let _ = out.flush();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    service.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Says what is wrong with the clock or the database once, and when it is over.
async fn log_clock_warnings(ledger: Ledger) {
    let mut told = [None, None];
    loop {
        let now = [ledger.clock_warning(), ledger.failed()];
        for ((what, told), now) in ["clock", "database"].iter().zip(&mut told).zip(now) {
            match (&told, &now) {
                (None, Some(why)) => say(&format!("{what}: {why}")),
                (Some(_), None) => say(&format!("{what}: it is right again")),
                (Some(_), Some(_)) | (None, None) => {}
            }
            *told = now;
        }
        tokio::time::sleep(TELL).await;
    }
}

fn warn(options: &Options, weak: bool) {
    if options.tokens.is_empty() {
        say("no tokens: whoever reaches this address may spend and buy credits");
    }
    if options.tokens.lacks_admin() {
        say("no admin token: nobody can buy credits or see the pages");
    }
    if weak {
        say("a token of less than 16 characters can be guessed");
    }
    if options.webhook.is_some() && options.secrets.is_empty() {
        say("--webhook-url without --webhook-secret-file: alerts are kept and not sent");
    }
}
