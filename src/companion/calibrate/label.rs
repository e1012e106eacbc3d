//! One line of labels or of requests: read strictly, so that a mistake is found where it is.
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::near::Shingles;
use crate::complexity::{Features, features, texts};
use crate::dialect::{client, read_body, tokens};
use crate::json::{Document, Limits, Value};
use crate::policy::nearest;

/// Problems that are told; more of them are of the same sort.
const TOLD: usize = 20;

/// A request and what both models made of it.
#[derive(Debug)]
pub struct Label {
    /// Its line, from 1.
    pub line: usize,
    /// Its name.
    pub id: String,
    /// Its route, where it has one.
    pub route: Option<String>,
    /// The words of its text, to find those that are nearly the same.
    pub shingles: Shingles,
    /// What its text looks like.
    pub features: Features,
    /// The length of its texts, in bytes.
    pub length: u64,
    /// The quality of the premium model's answer, from 0 to 1.
    pub premium: f64,
    /// The quality of the budget model's answer, from 0 to 1.
    pub budget: f64,
    /// Tokens of the request, estimated where the label does not tell.
    pub input_tokens: f64,
    /// Tokens of the premium model's answer.
    pub premium_tokens: Option<f64>,
    /// Tokens of the budget model's answer.
    pub budget_tokens: Option<f64>,
    /// Members that nobody reads.
    pub unread: Vec<String>,
}

/// Reads a file of labels.
///
/// # Errors
/// What is wrong, each with its line.
pub fn labels(file: &[u8]) -> Result<Vec<Label>, Vec<String>> {
    let (mut labels, mut wrong) = (Vec::new(), Vec::new());
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for (line, text) in lines_of(file) {
        let read = with(text, |root| label(root, line)).and_then(|label| {
            let first = *lines.entry(label.id.clone()).or_insert(line);
            let again = || format!("the id `{}` is that of line {first} already", label.id);
            if first == line { Ok(label) } else { Err(again()) }
        });
        match read {
            Ok(label) => labels.push(label),
            Err(problem) => wrong.push(format!("{line}: {problem}")),
        }
    }
    if wrong.is_empty() {
        return Ok(labels);
    }
    let more = wrong.len().saturating_sub(TOLD);
    wrong.truncate(TOLD);
    if more > 0 {
        wrong.push(format!("and {more} more"));
    }
    Err(wrong)
}

/// The lines that hold something, from 1.
pub fn lines_of(file: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let lines = (1_usize..).zip(file.split(|b| *b == b'\n'));
    lines.map(|(line, text)| (line, text.trim_ascii())).filter(|(_, text)| !text.is_empty())
}

/// Reads a line's object.
pub(crate) fn with<T>(
    line: &[u8],
    read: impl FnOnce(Value<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let document = Document::parse(line, Limits::lenient()).map_err(|error| {
        let nan = [&b"NaN"[..], b"Infinity"].iter().any(|n| line.windows(n.len()).any(|w| w == *n));
        let hint = if nan { "; JSON has no NaN: leave out what nobody judged" } else { "" };
        format!("not JSON: {error}{hint}")
    })?;
    let root = document.root();
    if !root.is_object() {
        return Err(format!("expected an object, found {}", root.kind().name()));
    }
    read(root)
}

/// The members of a label.
const MEMBERS: [&str; 9] = [
    "id",
    "route",
    "prompt",
    "request",
    "premium",
    "budget",
    "input_tokens",
    "premium_tokens",
    "budget_tokens",
];

/// The members that nobody reads; each has to stand there once, and may be no slip of one that is
/// read.
fn unread(root: Value<'_>) -> Result<Vec<String>, String> {
    let (mut seen, mut unread): (Vec<Cow<'_, str>>, Vec<String>) = (Vec::new(), Vec::new());
    for (name, _) in root.members() {
        if seen.contains(&name) {
            return Err(format!("`{name}` stands there twice: keep one"));
        }
        if !MEMBERS.contains(&&*name) {
            if let Some(meant) = nearest::meant(&name, &MEMBERS) {
                return Err(format!("there is no member `{name}`; did you mean `{meant}`?"));
            }
            unread.push(name.to_string());
        }
        seen.push(name);
    }
    Ok(unread)
}

fn label(root: Value<'_>, line: usize) -> Result<Label, String> {
    let unread = unread(root)?;
    let (premium, budget) = (quality(root, "premium")?, quality(root, "budget")?);
    let tokens = [count(root, "input_tokens")?, count(root, "premium_tokens")?];
    let [input_tokens, premium_tokens] = tokens;
    let budget_tokens = count(root, "budget_tokens")?;
    let (id, route) = (id(root)?, route(root)?);
    with_texts(root, |texts, tools| Label {
        line,
        id,
        route,
        shingles: Shingles::of(texts),
        features: features(texts.iter().copied(), tools),
        length: texts.iter().map(|text| u64::try_from(text.len()).unwrap_or(0)).sum(),
        premium,
        budget,
        input_tokens: input_tokens
            .unwrap_or_else(|| texts.iter().map(|text| tokens::estimate(text)).sum::<u64>() as f64),
        premium_tokens,
        budget_tokens,
        unread,
    })
}

/// The name of a line: a text or a number.
pub(crate) fn id(root: Value<'_>) -> Result<String, String> {
    let id = root.given("id").ok_or("`id` is missing")?;
    let text = id.as_str().or_else(|| Some(id.as_u64()?.to_string().into()));
    let text = text.ok_or("`id` must be a text")?;
    if text.is_empty() { Err("`id` is empty".to_owned()) } else { Ok(text.into_owned()) }
}

pub(crate) fn route(root: Value<'_>) -> Result<Option<String>, String> {
    let Some(route) = root.given("route") else { return Ok(None) };
    let text = route.as_str().ok_or("`route` must be a text")?;
    match text.len() {
        0 => Ok(None),
        1..=255 => Ok(Some(text.into_owned())),
        _ => Err("`route` is longer than 255 bytes".to_owned()),
    }
}

/// The texts of `prompt` or of `request`, and how many tools come with them.
pub(crate) fn with_texts<T>(
    root: Value<'_>,
    read: impl FnOnce(&[&str], usize) -> T,
) -> Result<T, String> {
    match (root.given("prompt"), root.given("request")) {
        (Some(prompt), None) => {
            let text = prompt.as_str().ok_or("`prompt` must be a text")?;
            Ok(read(&[&text], 0))
        }
        (None, Some(request)) => request_texts(request.raw(), read),
        (Some(_), Some(_)) => Err("both `prompt` and `request`: give one of them".to_owned()),
        (None, None) => {
            Err("neither `prompt` nor `request`: the text of the request, or its body".to_owned())
        }
    }
}

/// The texts of a body as an app sends it, read as the filter reads it.
fn request_texts<T>(body: &str, read: impl FnOnce(&[&str], usize) -> T) -> Result<T, String> {
    let document =
        read_body(body.as_bytes()).map_err(|fault| format!("`request`: {}", fault.message))?;
    let mut wrong = String::new();
    // What one client's format refuses may be another's.
    for client in [client::DEFAULT].into_iter().chain(client::ALL.iter().copied()) {
        let Some(inbound) = client.endpoint_for("chat").and_then(client::Endpoint::inbound) else {
            continue;
        };
        match inbound.ask(&document) {
            Ok(ask) => return Ok(read(&texts(&ask), ask.tools.len())),
            Err(fault) if wrong.is_empty() => wrong = fault.message.to_string(),
            Err(_) => {}
        }
    }
    Err(format!("`request` is no request that the gateway reads: {wrong}"))
}

/// A quality from 0 to 1.
fn quality(root: Value<'_>, name: &str) -> Result<f64, String> {
    let value = root.given(name).ok_or_else(|| format!("`{name}` is missing"))?;
    let number = value.as_f64().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| format!("`{name}` must be a number from 0 to 1, found {}", short(value)))
}

/// A number of tokens.
fn count(root: Value<'_>, name: &str) -> Result<Option<f64>, String> {
    let Some(value) = root.given(name) else { return Ok(None) };
    let number = value.as_f64().filter(|number| (0.0..=1e9).contains(number));
    let wrong = || format!("`{name}` must be a number of tokens, found {}", short(value));
    number.map(Some).ok_or_else(wrong)
}

/// A value as it stands, cut short.
fn short(value: Value<'_>) -> String {
    value.raw().chars().take(40).collect()
}
