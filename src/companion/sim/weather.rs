//! Weather: what goes wrong, for which model, and how often.
use serde_json::{Map, Value, json};

use super::frame::Framing;

/// A moment in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before the answer's headers, or before anything of its body.
    Before,
    /// After the answer's headers, before anything of its body.
    Headers,
    /// After this many events that carry content; what comes before the first of them is sent.
    Events(usize),
}

/// One row of weather.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) provider: Option<String>,
    /// A name, a beginning with `*` at its end, or `*`.
    pub(super) model: String,
    pub(super) times: Option<u64>,
    pub(super) latency_ms: u64,
    pub(super) status: Option<u16>,
    pub(super) body: Option<Value>,
    pub(super) error: Option<String>,
    pub(super) message: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) retry_after: Option<String>,
    pub(super) reset: Option<Moment>,
    pub(super) close: Option<Moment>,
    pub(super) error_event: Option<Moment>,
    pub(super) stall: Option<Moment>,
    pub(super) error_in_200_body: bool,
    pub(super) silent: bool,
    pub(super) chunk_delay_ms: u64,
    pub(super) missing_usage: bool,
    /// Extra tokens of reasoning, which are not shown, and how long they take in milliseconds.
    pub(super) thinking: u64,
    pub(super) thinking_ms: u64,
    /// Extra words of the answer, beyond the request's most tokens as well.
    pub(super) words: Option<u64>,
    pub(super) framing: Framing,
    pub(super) not_json: bool,
    pub(super) huge_body_bytes: u64,
    pub(super) max_input: Option<u64>,
    pub(super) max_output: Option<u64>,
    /// The row as it was given.
    pub(super) given: Value,
}

impl Row {
    fn covers(&self, provider: &str, model: &str) -> bool {
        let named = match self.model.strip_suffix('*') {
            Some(start) => model.starts_with(start),
            None => self.model == model,
        };
        named && self.provider.as_deref().is_none_or(|found| found == provider)
    }

    /// Whether the row only states a model's limits, which hold beside any weather.
    fn only_limits(&self) -> bool {
        let limits = ["provider", "model", "max_input", "max_output"];
        self.given
            .as_object()
            .is_some_and(|row| row.keys().all(|key| limits.contains(&key.as_str())))
    }
}

/// All rows, in the order given.
#[derive(Debug, Default)]
pub(super) struct Weather {
    rows: Vec<Row>,
}

impl Weather {
    /// Adds rows: one object, a list, or `{"weather": [...]}`.
    ///
    /// # Errors
    /// What is wrong with the first bad row; none is added then.
    pub(super) fn add(&mut self, given: &Value) -> Result<usize, String> {
        let list = given.get("weather").unwrap_or(given);
        let rows = match list {
            Value::Array(rows) => rows.iter().map(read).collect::<Result<Vec<_>, _>>()?,
            one => vec![read(one)?],
        };
        let count = rows.len();
        self.rows.extend(rows);
        Ok(count)
    }

    /// Takes all rows away.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

    /// The rows with what is left of them.
    pub(super) fn list(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let mut out = row.given.clone();
            if let (Some(times), Some(out)) = (row.times, out.as_object_mut()) {
                out.insert("times".to_owned(), json!(times));
            }
            out
        });
        Value::Array(rows.collect())
    }

    /// The weather for one request: the first row that covers it. Counts it.
    pub(super) fn pick(&mut self, provider: &str, model: &str) -> Option<Row> {
        let covers = |row: &Row| !row.only_limits() && row.covers(provider, model);
        let index = self.rows.iter().position(covers)?;
        let row = self.rows.get_mut(index)?;
        let picked = row.clone();
        if let Some(times) = &mut row.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.rows.remove(index);
            }
        }
        Some(picked)
    }

    /// A model's limits in tokens: input, output.
    pub(super) fn limits(&self, provider: &str, model: &str) -> (Option<u64>, Option<u64>) {
        let rows = || self.rows.iter().filter(|row| row.covers(provider, model));
        (rows().find_map(|row| row.max_input), rows().find_map(|row| row.max_output))
    }
}

type Given = Map<String, Value>;

fn read(value: &Value) -> Result<Row, String> {
    let given = value.as_object().ok_or("a weather row must be an object")?;
    let mut row = Row { model: "*".to_owned(), given: value.clone(), ..Row::default() };
    for (name, value) in given {
        field(&mut row, name, value).map_err(|why| format!("weather field `{name}`: {why}"))?;
    }
    if row.times == Some(0) {
        return Err("weather field `times`: must be at least 1".to_owned());
    }
    Ok(row)
}

fn field(row: &mut Row, name: &str, value: &Value) -> Result<(), String> {
    match name {
        "provider" => row.provider = Some(text(value)?),
        "model" => row.model = text(value)?,
        "times" => row.times = Some(whole(value)?),
        "latency_ms" => row.latency_ms = whole(value)?,
        "status" => {
            let status = u16::try_from(whole(value)?).ok();
            let known = status.filter(|status| (200..=599).contains(status));
            row.status = Some(known.ok_or("expected a status from 200 to 599")?);
        }
        "body" => row.body = Some(value.clone()),
        "error" => {
            let sort = text(value)?;
            super::fault::ErrorKind::named(&sort).ok_or("no such kind of error")?;
            row.error = Some(sort);
        }
        "message" => row.message = Some(text(value)?),
        "headers" => row.headers = pairs(value)?,
        "retry_after" => {
            row.retry_after = Some(text(value).unwrap_or_else(|_| value.to_string()));
        }
        "reset" => row.reset = Some(moment(value)?),
        "close" => row.close = Some(moment(value)?),
        "error_event" => row.error_event = Some(moment(value)?),
        "stall" => row.stall = Some(moment(value)?),
        "error_in_200_body" => row.error_in_200_body = flag(value)?,
        "silent" => row.silent = flag(value)?,
        "chunk_delay_ms" => row.chunk_delay_ms = whole(value)?,
        "missing_usage" => row.missing_usage = flag(value)?,
        "thinking" => row.thinking = whole(value)?,
        "thinking_ms" => row.thinking_ms = whole(value)?,
        "words" => row.words = Some(whole(value)?),
        "framing" => row.framing = framing(value)?,
        "not_json" => row.not_json = flag(value)?,
        "huge_body_bytes" => row.huge_body_bytes = whole(value)?,
        "max_input" => row.max_input = Some(whole(value)?),
        "max_output" => row.max_output = Some(whole(value)?),
        _ => return Err("no such field".to_owned()),
    }
    Ok(())
}

fn text(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| "expected a text".to_owned())
}

fn whole(value: &Value) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| "expected a whole number".to_owned())
}

fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "expected true or false".to_owned())
}

fn pairs(value: &Value) -> Result<Vec<(String, String)>, String> {
    let object: &Given = value.as_object().ok_or("expected an object of texts")?;
    object.iter().map(|(name, value)| Ok((name.clone(), text(value)?))).collect()
}

/// `"before_headers"`, `"before_content"`, `"after_headers"`, `"after_events:3"` or
/// `{"after_events": 3}`.
fn moment(value: &Value) -> Result<Moment, String> {
    if let Some(events) = value.get("after_events") {
        return Ok(Moment::Events(usize::try_from(whole(events)?).unwrap_or(usize::MAX)));
    }
    match value.as_str() {
        Some("before_headers" | "before_content") => Ok(Moment::Before),
        Some("after_headers") => Ok(Moment::Headers),
        Some(other) => other
            .strip_prefix("after_events:")
            .and_then(|events| events.trim().parse().ok())
            .map(Moment::Events)
            .ok_or_else(|| format!("no such moment: `{other}`")),
        None => Err("expected a moment".to_owned()),
    }
}

fn framing(value: &Value) -> Result<Framing, String> {
    let object = value.as_object().ok_or("expected an object")?;
    let mut out = Framing::default();
    for (name, value) in object {
        match name.as_str() {
            "crlf" => out.crlf = flag(value)?,
            "comments" => out.comments = flag(value)?,
            "multi_line" => out.multi_line = flag(value)?,
            "no_space" => out.no_space = flag(value)?,
            "extra_fields" => out.extra_fields = flag(value)?,
            "one_byte" => out.one_byte = flag(value)?,
            "split_utf8" => out.split_utf8 = flag(value)?,
            "bom" => out.bom = flag(value)?,
            "one_piece" => out.one_piece = flag(value)?,
            "split" => out.split = Some(usize::try_from(whole(value)?).unwrap_or(usize::MAX)),
            _ => return Err(format!("no framing `{name}`")),
        }
    }
    Ok(out)
}
