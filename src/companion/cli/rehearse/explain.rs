//! `tradewind explain`: what becomes of one request, and why.
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::scene::{SceneArgs, unknown_model};
use super::{Loaded, fail, print, read, shown};
use crate::companion::rehearsal::Request;

/// Shows how a policy serves one request, and why: from the filter's own code, without a network.
///
/// Exits with 0 when a model would answer, with 1 when the app would be refused, and with 2 when
/// the policy or the request cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The policy, in YAML or JSON.
    policy: PathBuf,
    /// The request: a body as an app sends it, or `{"path": …, "headers": {…}, "body": {…}}`; `-`
    /// for standard input.
    request: PathBuf,
    /// The path it is sent to. Where nobody says, by what stands in the body: `/v1/messages` or
    /// `/v1/chat/completions`.
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// A request header. May be given several times.
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(String, String)>,
    #[command(flatten)]
    scene: SceneArgs,
    /// Show each attempt's request as its provider sees it, too.
    #[arg(long)]
    bodies: bool,
    /// Print one JSON object instead.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Explain) -> ExitCode {
    let loaded = match Loaded::of(&args.policy) {
        Ok(loaded) => loaded,
        Err(problems) => return fail(&problems),
    };
    match explain(args, &loaded) {
        Ok((text, served)) => {
            print(&text);
            ExitCode::from(u8::from(!served))
        }
        Err(message) => fail(&[message]),
    }
}

/// The text, and whether a model would answer.
fn explain(args: &Explain, loaded: &Loaded) -> Result<(String, bool), String> {
    let bytes = read(&args.request)?;
    if bytes.trim_ascii().is_empty() && args.path.is_none() {
        let path = args.request.display();
        return Err(format!("{path}: is empty: expected the body of a request, as JSON"));
    }
    let mut request =
        Request::read(&bytes).map_err(|wrong| format!("{}: {wrong}", args.request.display()))?;
    if let Some(path) = &args.path {
        request.path.clone_from(path);
    }
    for (name, value) in &args.header {
        request.set_header(name, value);
    }
    let (rehearsal, request, scene) =
        loaded.rehearse(&args.scene.caller()?, request, args.scene.scene())?;
    if let Some(wrong) = unknown_model(&rehearsal, &scene.weather) {
        return Err(wrong);
    }
    let considered = rehearsal.consider(&request, &scene);
    let course = rehearsal.run(&request, &scene);
    let (policy, request) = (rehearsal.policy(), &request);
    let shown = shown::Shown { request, considered: &considered, course: &course, policy };
    let text = if args.json { format!("{:#}\n", shown.json()) } else { shown.text(args.bodies) };
    Ok((text, shown.is_served()))
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("expected NAME: VALUE, such as `anthropic-version: 2023-06-01`")?;
    Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}
