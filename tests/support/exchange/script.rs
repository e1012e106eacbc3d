//! The scripts' text form: read, and told again with what came out.
//!
//! A script begins with lines that say what it shows (`#`). Sections follow: `--- policy NAME`,
//! `--- app`, `--- state KEY`, and for each answer of a provider, in order, `--- MODEL STATUS`,
//! `--- MODEL refused` (no connection), `--- MODEL unconnected` (none yet), `--- MODEL silent` (no
//! answer within the time allowed), `--- MODEL hangs-up` (a new connection was closed) or
//! `--- MODEL stale` (a kept one was, as the request went out), and for each of the ledger's,
//! `--- ledger STATUS` (0 when it cannot be reached). `--- leaves N` says that the app is gone
//! after N pieces of the answer, `--- bare MODEL` that the model's cluster lacks the provider role,
//! `--- nowhere MODEL` that there is none. Then comes what must come out: `=== MODEL saw`,
//! `=== app got`, `=== access log`, `=== ledger asked`, `=== kept`,
//! `=== counted`, `=== logged`.
//!
//! A message is its headers, a blank line, and its body to the byte; a line that ends in `\`
//! goes on in the next one. In a body the line `~~~` ends a chunk, `~~~ trailers` ends it with
//! trailers, `~~~ reset` cuts the connection, `~~~ more` leaves it open: for
//! ever, or until a story goes on with it;
//! `<<70000 x>>` is that many of that byte.
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::envoy::{Headers, Piece};
use super::play::Life;
use tradewind::exchange::filter_state::LOG;
use tradewind::exchange::{Call, Item};
use tradewind::json::{Document, Limits};

/// A request or an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) headers: Headers,
    pub(crate) chunks: Vec<Vec<u8>>,
    pub(crate) trailers: bool,
    pub(crate) reset: bool,
    /// There is more to come, which a story tells later.
    pub(crate) more: bool,
}

/// What a provider does when asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Message(Message),
    Refused,
    Silent,
    /// No connection comes about, for as long as anybody waits.
    Unconnected,
    /// A new connection that its provider closed when it had the request.
    HungUp,
    /// A kept connection that its provider closed as the request went out.
    Stale,
    /// The VM of the provider role fails: Envoy answers with headers alone, and tries no other.
    Trapped,
}

/// What a script gives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    pub(crate) policy: String,
    pub(crate) request: Message,
    /// Filter state that somebody else writes before the provider role reads it.
    pub(crate) state: Vec<(String, String)>,
    pub(crate) answers: BTreeMap<String, VecDeque<Answer>>,
    pub(crate) ledger: VecDeque<(u16, Vec<u8>)>,
    pub(crate) leaves: Option<usize>,
    /// Models whose clusters lack the provider role.
    pub(crate) bare: BTreeSet<String>,
    /// Models that have no cluster.
    pub(crate) nowhere: BTreeSet<String>,
}

impl Message {
    /// What Envoy delivers of it, in order; none behind the last.
    pub(crate) fn piece(&self, index: usize) -> Option<Piece<'_>> {
        let open = self.trailers || self.reset || self.more;
        let Some(chunk) = index.checked_sub(1) else {
            return Some(Piece::Headers { end: self.chunks.is_empty() && !open });
        };
        match self.chunks.get(chunk) {
            Some(bytes) => Some(Piece::Body(bytes, index == self.chunks.len() && !open)),
            None => (self.trailers && chunk == self.chunks.len()).then_some(Piece::Trailers),
        }
    }

    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn body(&self) -> Vec<u8> {
        self.chunks.concat()
    }
}

/// The given part of a script, and the expected part.
pub(crate) fn split(text: &str) -> (&str, &str) {
    let at = text.find("\n=== ").map_or(text.len(), |at| at.saturating_add(1));
    text.split_at_checked(at).unwrap_or((text, ""))
}

impl Given {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut given = Self::default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let joined = text.replace("\\\n", "\u{0}\n");
        let mut sections = joined.split("\n--- ");
        if !sections.next().is_some_and(|about| about.lines().all(|line| line.starts_with('#'))) {
            return Err("the first lines say what it shows".to_owned());
        }
        for section in sections {
            let (title, text) = section.split_once('\n').unwrap_or((section, ""));
            // The split has taken the last line's end.
            let text = format!("{text}\n").replace("\u{0}\n", "");
            match title.split_once(' ') {
                None if title == "app" => given.request = request(&text)?,
                Some(("policy", name)) => given.policy = name.to_owned(),
                Some(("ledger", status)) => {
                    let status = status.parse().map_err(|_| "`--- ledger STATUS`")?;
                    given.ledger.push_back((status, text.trim_end().as_bytes().to_vec()));
                }
                Some(("leaves", pieces)) => {
                    given.leaves = Some(pieces.parse().map_err(|_| "`--- leaves PIECES`")?);
                }
                Some(("bare", model)) => drop(given.bare.insert(model.to_owned())),
                Some(("nowhere", model)) => drop(given.nowhere.insert(model.to_owned())),
                Some(("state", key)) => {
                    given.state.push((key.to_owned(), text.trim_end().to_owned()));
                }
                Some((model, what)) => {
                    let answer = Answer::read(what, &text)?;
                    given.answers.entry(model.to_owned()).or_default().push_back(answer);
                }
                None => return Err(format!("no section is called `{title}`")),
            }
        }
        Ok(given)
    }
}

impl Answer {
    /// What a provider does, in a word or as the status of a message.
    pub(crate) fn read(what: &str, text: &str) -> Result<Self, String> {
        Ok(match what {
            "refused" => Self::Refused,
            "silent" => Self::Silent,
            "unconnected" => Self::Unconnected,
            "hangs-up" => Self::HungUp,
            "stale" => Self::Stale,
            "traps" => Self::Trapped,
            status => Self::Message(message(text, &[(":status", status)])?),
        })
    }
}

pub(crate) fn request(text: &str) -> Result<Message, String> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (method, path) = first.split_once(' ').ok_or("a request is `METHOD PATH`")?;
    let own = [
        (":method", method),
        (":path", path),
        (":scheme", "http"),
        (":authority", "gateway.test"),
        ("x-request-id", "req-1"),
    ];
    message(rest, &own)
}

pub(crate) fn message(text: &str, own: &[(&str, &str)]) -> Result<Message, String> {
    let text = format!("\n{text}");
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let mut message = Message::default();
    for (name, value) in own {
        message.headers.push(((*name).to_owned(), value.as_bytes().to_vec()));
    }
    for line in head.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").ok_or(format!("no header: `{line}`"))?;
        message.headers.push((name.to_owned(), value.as_bytes().to_vec()));
    }
    let mut rest = body;
    while let Some((chunk, after)) = rest.split_once("~~~") {
        if !chunk.is_empty() {
            message.chunks.push(expand(chunk)?);
        }
        let (mark, after) = after.split_once('\n').unwrap_or((after, ""));
        match mark {
            "" => {}
            " trailers" => message.trailers = true,
            " reset" => message.reset = true,
            " more" => message.more = true,
            other => return Err(format!("no mark is called `~~~{other}`")),
        }
        rest = after;
    }
    if !rest.is_empty() {
        message.chunks.push(expand(rest)?);
    }
    Ok(message)
}

fn expand(text: &str) -> Result<Vec<u8>, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<<") {
        let (count, after) = after.split_once(' ').ok_or("`<<COUNT TEXT>>`")?;
        let (unit, after) = after.split_once(">>").ok_or("`<<COUNT TEXT>>`")?;
        let count = count.parse().map_err(|_| format!("`{count}` is no count"))?;
        out.push_str(before);
        out.push_str(&unit.repeat(count));
        rest = after;
    }
    out.push_str(rest);
    Ok(out.into_bytes())
}

/// What came out, as a script's expected part.
pub(crate) fn told(life: &Life) -> String {
    let mut out = String::new();
    for (model, headers, body) in &life.saw {
        let first = |name: &str| {
            let found = headers.iter().find(|(own, _)| own == name);
            found.map_or_else(String::new, |(_, value)| String::from_utf8_lossy(value).into())
        };
        let (method, scheme) = (first(":method"), first(":scheme"));
        let url = format!("{scheme}://{}{}", first(":authority"), first(":path"));
        out.push_str(&format!("=== {model} saw\n{method} {url}\n"));
        tell(headers, body, &mut out);
    }
    let status = life.headers.iter().find(|(name, _)| name == ":status");
    let status = status.map_or("nothing".into(), |(_, value)| String::from_utf8_lossy(value));
    out.push_str(&format!("=== app got {status}\n"));
    tell(&life.headers, &life.body, &mut out);
    if life.reset {
        out.push_str("=== app's connection was reset\n");
    }
    tell_log(life, &mut out);
    tell_credits(life, &mut out);
    if !life.world.counted.is_empty() {
        out.push_str("=== counted\n");
        for (name, count) in &life.world.counted {
            out.push_str(&format!("{count} {name}\n"));
        }
    }
    if !life.world.logged.is_empty() {
        out.push_str("=== logged\n");
        for line in &life.world.logged {
            out.push_str(&format!("{line}\n"));
        }
    }
    out
}

/// What the module has left for the access log, in the line that Envoy writes around it.
pub(crate) fn line(life: &Life) -> Option<String> {
    let left = String::from_utf8(life.world.state.get(LOG)?.clone()).ok()?;
    Some(format!("{{\"details\":\"{left}\"}}"))
}

/// The members of that line in which scripts differ; those of a list of reasons stand apart.
pub(crate) fn logged(life: &Life) -> Vec<(String, String)> {
    const SAME: [&str; 11] = [
        "details",
        "request_id",
        "method",
        "path",
        "api",
        "operation",
        "tenant",
        "route",
        "stream",
        "policy",
        "first_ms",
    ];
    let line = line(life).unwrap_or_default();
    let Ok(read) = Document::parse(line.as_bytes(), Limits::default()) else {
        return vec![("no JSON".to_owned(), line)];
    };
    let members = read.root().members();
    let members = members.filter(|(name, _)| !SAME.contains(&name.as_ref()));
    members.map(|(name, value)| (name.into_owned(), value.raw().to_owned())).collect()
}

/// What stands in the access log beside what Envoy knows itself.
fn tell_log(life: &Life, out: &mut String) {
    let logged = logged(life);
    if logged.is_empty() {
        return;
    }
    out.push_str("=== access log\n");
    for (name, value) in logged {
        out.push_str(&format!("{name} {value}\n"));
    }
}

/// What the ledger was asked, what it is told later, and what became known.
fn tell_credits(life: &Life, out: &mut String) {
    for call in &life.world.called {
        let body = String::from_utf8_lossy(&call.body);
        let Call { cluster, authority, path, timeout_ms, .. } = call;
        let head = format!("{cluster} {authority}{path} within {timeout_ms} ms");
        out.push_str(&format!("=== ledger asked\n{head}\n{body}\n"));
    }
    if !life.world.queued.is_empty() {
        out.push_str("=== kept\n");
    }
    for note in &life.world.queued {
        match &note.item {
            Item::Settlement { json, owed } => {
                out.push_str(&String::from_utf8_lossy(json));
                if let Some((tenant, credits)) = owed {
                    out.push_str(&format!(" of the grace of {tenant}: {credits}"));
                }
            }
            Item::Lease { id, until_ms, .. } => {
                out.push_str(&format!("lease {id} until {until_ms}"));
            }
            // Stories show what comes of these.
            Item::Opened { .. } | Item::Closed { .. } => continue,
        }
        out.push('\n');
    }
    for (name, value) in &life.world.gauges {
        out.push_str(&format!("=== gauge {name}\n{value}\n"));
    }
}

/// What was decided beside the usual, each with its reason.
fn tell(headers: &Headers, body: &[u8], out: &mut String) {
    for (name, value) in headers.iter().filter(|(name, _)| !name.starts_with(':')) {
        out.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value)));
    }
    if body.is_empty() {
        return;
    }
    out.push('\n');
    out.push_str(&shorten(&String::from_utf8_lossy(body)));
    if !body.ends_with(b"\n") {
        out.push_str("\\\n");
    }
}

/// Writes long runs of one character as their length.
fn shorten(text: &str) -> String {
    const LONG: usize = 200;
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        let mut count = 1_usize;
        while chars.peek() == Some(&first) {
            chars.next();
            count = count.saturating_add(1);
        }
        if count >= LONG {
            out.push_str(&format!("<<{count} {first}>>"));
        } else {
            out.extend(std::iter::repeat_n(first, count));
        }
    }
    out
}
