//! `tradewind collect`: a collector for what experiments that copy requests say of both.
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::companion::collect::{Collector, start};

/// Take the records of requests and their copies (`shadow.collector`), and append each to a file.
///
/// A record is one JSON object a line, whole: `request_id`, `experiment`, `route`, `tenant`,
/// `model`, `client`, `answer`, `usage`, `credits`; of the request itself the app's `request`, of a
/// copy `shadow_of`, which is the other's `request_id`. `tradewind label` makes labels of them.
/// Prompts and answers stand in the file: only its owner may read it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8800")]
    listen: SocketAddr,
    /// The file to append to; it is made where it is not there.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The file of the token that a gateway has to send (`shadow.collector.secret`). Without it
    /// everybody may write who can connect.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Serves until it is told to stop.
pub(super) fn run(args: &Args) -> ExitCode {
    match serve(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "tradewind collect: {why}");
            ExitCode::FAILURE
        }
    }
}

fn serve(args: &Args) -> io::Result<()> {
    let token = args.token_file.as_deref().map(token).transpose()?;
    let out = open(&args.out).map_err(|why| at("--out", &args.out, &why))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stopped = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let (address, served) = start(args.listen, Collector::new(out, token), stopped).await?;
        let mut said = io::stdout();
        writeln!(said, "listening on http://{address}")?;
        said.flush()?;
        served.await
    })
}

/// What is written there is read by its owner alone.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

fn token(path: &Path) -> io::Result<String> {
    let text = std::fs::read_to_string(path).map_err(|why| at("--token-file", path, &why))?;
    match text.trim() {
        "" => Err(io::Error::other(format!("--token-file: `{}` is empty", path.display()))),
        token => Ok(token.to_owned()),
    }
}

fn at(option: &str, path: &Path, why: &io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("{option}: `{}`: {why}", path.display()))
}
