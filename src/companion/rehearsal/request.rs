//! A request as a file has it: its body alone, or the body with its path and headers.
use serde_json::Value;

use super::guess::guess_path;

/// A request to be rehearsed.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Where it is sent.
    pub path: String,
    /// By their names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether nobody has said where it is sent.
    pub guessed: bool,
}

impl Request {
    /// Reads a file: `{"path": …, "headers": {…}, "body": {…}}`, or what stands in `body` there.
    /// What is no JSON object is a body all the same: it shows what the app would be told.
    ///
    /// # Errors
    /// What is wrong with the path or the headers.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let Ok(Value::Object(root)) = serde_json::from_slice::<Value>(bytes) else {
            return Ok(Self { body: bytes.to_vec(), ..Self::default() });
        };
        if !Self::is_beside(&root) {
            return Ok(Self { body: bytes.to_vec(), ..Self::default() });
        }
        Self::envelope(&root)
    }

    /// Reads a request of which the body may stand apart.
    ///
    /// # Errors
    /// What is wrong with the path or the headers.
    pub fn of(value: &Value) -> Result<Self, String> {
        match value {
            Value::Object(root) if Self::is_beside(root) => Self::envelope(root),
            other => Ok(Self { body: text(other), ..Self::default() }),
        }
    }

    /// Whether an object is no body, but has one with what is said beside it.
    #[must_use]
    pub fn is_beside(root: &serde_json::Map<String, Value>) -> bool {
        root.contains_key("body") && !root.contains_key("model")
    }

    fn envelope(root: &serde_json::Map<String, Value>) -> Result<Self, String> {
        let mut request = Self::default();
        for (member, value) in root {
            match (member.as_str(), value) {
                ("path", Value::String(path)) => request.path.clone_from(path),
                ("headers", Value::Object(headers)) => {
                    for (name, value) in headers {
                        let value = value.as_str();
                        let value =
                            value.ok_or_else(|| format!("`headers.{name}`: expected a string"))?;
                        request.headers.push((name.to_ascii_lowercase(), value.to_owned()));
                    }
                }
                ("body", value) => request.body = text(value),
                ("path" | "headers", _) => {
                    return Err(format!(
                        "`{member}`: expected a string for `path`, an object of strings for \
                         `headers`"
                    ));
                }
                // What a sample knows of a request beside it.
                _ => {}
            }
        }
        Ok(request)
    }

    /// One header more, in the place of another of the same name.
    pub fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(own, _)| own != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Finds out where the request would be sent, where nobody has said.
    pub fn settle_path(&mut self) {
        if self.path.is_empty() {
            self.path = guess_path(&self.headers, &self.body).to_owned();
            self.guessed = true;
        }
    }

    /// The header map that a proxy would see.
    pub(super) fn headers(&self) -> Vec<(String, Vec<u8>)> {
        let own = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let mut headers = vec![
            own(":method", if self.body.is_empty() { "GET" } else { "POST" }),
            own(":scheme", "http"),
            own(":authority", "gateway"),
            own(":path", &self.path),
            own("content-type", "application/json"),
            own("x-request-id", "rehearsal"),
        ];
        for (name, value) in &self.headers {
            headers.retain(|(other, _)| other != name);
            headers.push(own(name, value));
        }
        headers
    }
}

fn text(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    }
}
