//! One record of a collector: a request of an app's or its copy, and what was answered.
use crate::companion::calibrate::label::with;
use crate::json::Value;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The id of the request.
    pub request_id: String,
    /// The id of the request that it is a copy of; `None` for an app's own.
    pub copy_of: Option<String>,
    /// The experiment that has copied it.
    pub experiment: String,
    /// What the app asked for.
    pub route: Option<String>,
    /// The model that has answered.
    pub model: String,
    /// The app's body, as it stands in the record; an app's own has one.
    pub request: Option<String>,
    /// What was answered; `None` where that was too long to be kept.
    pub said: Option<Said>,
    /// What was read and written, in tokens, where the provider has said it.
    pub usage: Option<Usage>,
}

/// What was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    /// Functions that are called, each with its arguments.
    pub calls: Vec<(String, String)>,
    /// Why it ended: `stop`, `tool_calls`, `length`, `filtered`, `refused`; empty for no reason.
    pub finish: String,
}

/// Tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub input: u64,
    pub output: u64,
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it.
pub fn read(line: &[u8]) -> Result<Record, String> {
    with(line, record)
}

fn record(root: Value<'_>) -> Result<Record, String> {
    let copy_of = optional(root, "shadow_of")?;
    let request = root.given("request");
    match request {
        Some(request) if !request.is_object() => {
            return Err(expected(request, "request", "object"));
        }
        None if copy_of.is_none() => {
            let missing = "neither `request`, the app's own body, nor `shadow_of`, the id of the \
                           request that it is a copy of";
            return Err(missing.to_owned());
        }
        _ => {}
    }
    Ok(Record {
        request_id: text(root, "request_id")?,
        copy_of,
        experiment: text(root, "experiment")?,
        route: optional(root, "route")?,
        model: text(root, "model")?,
        request: request.map(|request| request.raw().to_owned()),
        said: said(root)?,
        usage: usage(root)?,
    })
}

fn said(root: Value<'_>) -> Result<Option<Said>, String> {
    const NO_TEXT: &str = "there are no texts in it: an access log has none, a collector is sent \
                           them where the policy says `shadow: {collector: …}`";
    let answer = root.given("answer").ok_or(NO_TEXT)?;
    if !answer.is_object() {
        return Err(expected(answer, "answer", "object"));
    }
    if answer.get("truncated").and_then(Value::as_bool) == Some(true) {
        return Ok(None);
    }
    let calls = answer.given("calls");
    let calls = calls.into_iter().flat_map(Value::items).map(|call| {
        let name = call.str_of("name").ok_or("`answer.calls[]` has a call without a `name`")?;
        let arguments = call.str_of("arguments").unwrap_or_default();
        Ok((name.into_owned(), arguments.into_owned()))
    });
    let calls: Vec<_> = calls.collect::<Result<_, String>>()?;
    let text = answer.str_of("text");
    if text.is_none() && calls.is_empty() {
        return Err(NO_TEXT.to_owned());
    }
    let finish = answer.str_of("finish").unwrap_or_default().into_owned();
    Ok(Some(Said { text: text.unwrap_or_default().into_owned(), calls, finish }))
}

fn usage(root: Value<'_>) -> Result<Option<Usage>, String> {
    let Some(usage) = root.given("usage") else { return Ok(None) };
    let tokens = |name: &str| {
        let value = usage.get(name).and_then(Value::as_u64);
        value.ok_or_else(|| format!("`usage.{name}` must be a whole number of tokens"))
    };
    Ok(Some(Usage { input: tokens("input")?, output: tokens("output")? }))
}

fn text(root: Value<'_>, name: &str) -> Result<String, String> {
    let text = optional(root, name)?.filter(|text| !text.is_empty());
    text.ok_or_else(|| format!("`{name}` is missing"))
}

fn optional(root: Value<'_>, name: &str) -> Result<Option<String>, String> {
    let Some(value) = root.given(name) else { return Ok(None) };
    let text = value.as_str().ok_or_else(|| expected(value, name, "text"))?;
    Ok(Some(text.into_owned()))
}

fn expected(found: Value<'_>, name: &str, kind: &str) -> String {
    format!("`{name}` must be an {kind}, found {}", found.kind().name())
        .replace("an text", "a text")
}
