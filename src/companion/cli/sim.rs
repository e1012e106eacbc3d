//! `tradewind sim`: the three providers on loopback.
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::companion::sim::{Options, start};

const WEATHER: &str = "\
Weather is a list of rows, in the file or by POST /weather on the admin port (PUT replaces, DELETE
clears, GET lists). The first row that covers a valid request applies to it:
  model, provider      whom it covers: a name, gpt-*, or * (the default)
  times                for how many requests
  latency_ms           waits before the headers
  status, error, message, headers, retry_after
                       fails; error: bad_request auth permission not_found too_large rate_limit
                       quota server overloaded timeout context_length
  body, not_json, huge_body_bytes, error_in_200_body
                       another body
  silent               never answers
  reset, close, stall, error_event
                       at before_headers, before_content, after_headers or after_events:N
  chunk_delay_ms       waits between events
  missing_usage        leaves usage out
  thinking, thinking_ms
                       so many tokens more that nobody sees, and how long they take
  words                so many words more, whatever the most tokens of the request
  framing              {crlf, comments, multi_line, no_space, extra_fields, bom, one_piece,
                       one_byte, split_utf8: true, split: N}
  max_input, max_output
                       the model's limits in tokens
For example: [{\"model\": \"claude-*\", \"status\": 529}, {\"model\": \"gpt-6-sol\", \"times\": 1,
\"reset\": \"after_events:3\"}]

GET /requests on the admin port lists the requests seen and how each was answered; DELETE /requests
forgets them. Every provider answers `[mark:...]`, `call the tool NAME`, `refuse this` and
`[words:N]` in the last user text, and makes the calls of a task one after the other that is spelt
out as `[step NAME {...}] [step NAME {...}]`.";

/// Plays OpenAI, Anthropic and Gemini on loopback, each as strict as its own API.
///
/// Prints one line of JSON with its addresses when it is ready, and serves until it is stopped.
#[derive(Debug, clap::Args)]
#[command(after_long_help = WEATHER)]
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
