//! What `explain`, `test` and `diff` share: a policy that is asked outside of a proxy.
pub(super) mod diff;
pub(super) mod explain;
mod scene;
mod shown;
pub(super) mod test;

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::companion::policy_file;
use crate::companion::rehearsal::{Caller, Entered, Rehearsal, Request, Scene};
use crate::companion::render::Checked;
use crate::policy::{Node, Policy};

/// The largest file of requests that is read, in bytes: 256 MiB.
const LARGEST: u64 = 256 << 20;

/// A policy's file, read and checked.
struct Loaded {
    policy: Policy,
    node: Node,
}

impl Loaded {
    fn of(path: &Path) -> Result<Self, Vec<String>> {
        match policy_file::load(path) {
            Ok((policy, node)) => Ok(Self { policy, node }),
            Err(problems) => Err(problems.iter().map(|problem| problem.in_file(path)).collect()),
        }
    }

    /// The policy in a rehearsal, the request as its caller would send it, and the scene as its
    /// proxy would know the caller.
    fn rehearse(
        &self,
        caller: &Caller,
        mut request: Request,
        mut scene: Scene,
    ) -> Result<(Rehearsal, Request, Scene), String> {
        let (rehearsal, entered) = self.known(caller, &request.headers)?;
        if let Some((name, value)) = entered.header {
            request.set_header(&name, &value);
        }
        scene.caller = entered.caller;
        request.settle_path();
        Ok((rehearsal, request, scene))
    }

    /// The policy in a rehearsal that knows the caller, and how it does. Nobody is put in the place
    /// of a caller whose request has a credential of its own.
    fn known(
        &self,
        caller: &Caller,
        headers: &[(String, String)],
    ) -> Result<(Rehearsal, Entered), String> {
        let mut json = self.node.to_json();
        let places = self.policy.identity().iter().flat_map(|own| own.credential_headers());
        let places: Vec<String> = places.map(|place| place.name.clone().into_owned()).collect();
        let sent = headers.iter().any(|(name, _)| places.contains(name));
        let mut entered = Entered::default();
        if !(caller.is_anybody() && sent) {
            let mut tree = serde_json::from_str(&json).map_err(|error| error.to_string())?;
            entered = caller.enter(&self.policy, &mut tree)?;
            json = tree.to_string();
        }
        let checked = Checked { policy: &self.policy, json: &json };
        let rehearsal = Rehearsal::of(checked).map_err(|problems| {
            let said =
                problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message));
            said.collect::<Vec<_>>().join("; ")
        })?;
        Ok((rehearsal, entered))
    }
}

/// The bytes of a file, or of standard input where its name is `-`; without the mark that some
/// editors put before a text.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = with_mark(path)?;
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    Ok(bytes)
}

fn with_mark(path: &Path) -> Result<Vec<u8>, String> {
    let wrong = |error: io::Error| format!("{}: cannot be read: {error}", path.display());
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().take(LARGEST).read_to_end(&mut bytes).map_err(wrong)?;
        return Ok(bytes);
    }
    let length = std::fs::metadata(path).map_err(wrong)?.len();
    if length > LARGEST {
        return Err(format!("{}: {length} bytes are more than {LARGEST}", path.display()));
    }
    std::fs::read(path).map_err(wrong)
}

/// Prints what a command has found. Whoever closes the pipe has read enough.
fn print(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// Says why a command could not do its work.
fn fail(messages: &[String]) -> ExitCode {
    let mut out = io::stderr().lock();
    // Nothing is left to do when standard error is gone.
    messages.iter().for_each(|message| drop(writeln!(out, "{message}")));
    ExitCode::from(2)
}
