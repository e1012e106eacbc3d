//! `tradewind sim`: the three providers on loopback.
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::companion::sim::{Options, start};

/// Plays OpenAI, Anthropic and Gemini on loopback, each as strict as its own API.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to play OpenAI.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    openai: SocketAddr,
    /// Where to play Anthropic.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    anthropic: SocketAddr,
    /// Where to play Gemini.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    gemini: SocketAddr,
    /// Where to take weather and show requests.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    admin: SocketAddr,
    /// Weather to begin with, in JSON or YAML.
    #[arg(long, value_name = "FILE")]
    weather: Option<PathBuf>,
    /// Listen beyond loopback too.
    #[arg(long)]
    allow_remote: bool,
}

/// Serves until it is told to stop.
pub(super) fn run(args: &Args) -> ExitCode {
    match serve(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "tradewind sim: {why}");
            ExitCode::FAILURE
        }
    }
}

fn serve(args: &Args) -> std::io::Result<()> {
    let weather = match &args.weather {
        None => None,
        Some(path) => Some(std::fs::read_to_string(path).map_err(|why| {
            std::io::Error::new(why.kind(), format!("`{}`: {why}", path.display()))
        })?),
    };
    let options = Options {
        openai: args.openai,
        anthropic: args.anthropic,
        gemini: args.gemini,
        admin: args.admin,
        weather,
        allow_remote: args.allow_remote,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let sim = start(&options)?;
        let mut out = std::io::stdout();
        writeln!(out, "{}", sim.addresses())?;
        out.flush()?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        sim.stop().await;
        Ok(())
    })
}
