//! A simulator for a test, and a client that reads what comes, byte by byte.
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tradewind::companion::sim::{Options, Sim, start};

/// A simulator of its own for each test.
pub(super) struct World {
    addresses: Value,
    _sim: Sim,
    _runtime: Runtime,
}

/// One answer: status, headers and body as they came, and whether the connection was reset.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
    pub(super) reset: bool,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The data of each event, whatever its framing.
    pub(super) fn events(&self) -> Vec<String> {
        let text = self.body.replace("\r\n", "\n");
        let blocks = text.trim_start_matches('\u{feff}').split("\n\n");
        let data = blocks.map(|block| {
            let lines = block.lines().filter_map(|line| line.strip_prefix("data:"));
            lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
        });
        data.filter(|data| !data.is_empty()).collect()
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(None)
    }

    pub(super) fn with(weather: Option<&str>) -> Self {
        let runtime = Runtime::new().unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let options = Options {
            openai: any,
            anthropic: any,
            gemini: any,
            admin: any,
            weather: weather.map(str::to_owned),
            allow_remote: false,
        };
        let sim = runtime.block_on(async { start(&options) }).unwrap();
        let addresses = serde_json::from_str(&sim.addresses()).unwrap();
        Self { addresses, _sim: sim, _runtime: runtime }
    }

    pub(super) fn connect(&self, place: &str) -> TcpStream {
        let stream = TcpStream::connect(self.addresses[place].as_str().unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream
    }

    pub(super) fn send(&self, place: &str, line: &str, headers: &str, body: &str) -> Answer {
        let mut stream = self.connect(place);
        let length = body.len();
        let head = format!("{line} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n{headers}");
        write!(stream, "{head}content-length: {length}\r\n\r\n{body}").unwrap();
        receive(&mut stream)
    }

    pub(super) fn ask(&self, provider: &str, body: &Value) -> Answer {
        self.send(provider, LINES[place(provider)], HEADERS[place(provider)], &body.to_string())
    }

    pub(super) fn weather(&self, row: &Value) {
        let answer = self.send("admin", "PUT /weather", "", &row.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

pub(super) const PROVIDERS: [&str; 3] = ["openai", "anthropic", "gemini"];
pub(super) const LINES: [&str; 3] = [
    "POST /v1/chat/completions",
    "POST /v1/messages",
    "POST /v1beta/models/gemini-3.8-flash:generateContent",
];
pub(super) const STREAM: &str =
    "POST /v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse";
pub(super) const HEADERS: [&str; 3] = [
    "content-type: application/json\r\nauthorization: Bearer k\r\n",
    "content-type: application/json\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\n",
    "content-type: application/json\r\nx-goog-api-key: k\r\n",
];

pub(super) fn place(provider: &str) -> usize {
    PROVIDERS.iter().position(|name| *name == provider).unwrap()
}

/// Reads to the end, and takes the chunks out of a chunked body.
pub(super) fn receive(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let reset = stream.read_to_end(&mut bytes).is_err();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let chunked = head.contains("transfer-encoding: chunked");
    let start = (head.len() + 4).min(bytes.len());
    let body = if chunked { dechunk(&bytes[start..]) } else { body.to_owned() };
    Answer { status, head: head.to_owned(), body, reset }
}

pub(super) fn dechunk(mut rest: &[u8]) -> String {
    let mut out = Vec::new();
    while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..at]).into_owned();
        let Ok(size) = usize::from_str_radix(&size, 16) else { break };
        let end = (at + 2 + size).min(rest.len());
        out.extend_from_slice(&rest[at + 2..end]);
        rest = rest.get(end + 2..).unwrap_or_default();
    }
    String::from_utf8(out).unwrap_or_default()
}

/// A body that each provider takes, with more fields.
pub(super) fn plain(provider: &str, text: &str, more: &Value) -> Value {
    let mut body = match provider {
        "openai" => json!({"model": "gpt-6-sol", "messages": [{"role": "user", "content": text}]}),
        "anthropic" => json!({"model": "claude-sonnet-5-5", "max_tokens": 2000,
            "messages": [{"role": "user", "content": text}]}),
        _ => json!({"contents": [{"role": "user", "parts": [{"text": text}]}]}),
    };
    for (name, value) in more.as_object().unwrap() {
        body[name.as_str()] = value.clone();
    }
    body
}

pub(super) fn stream(world: &World, provider: &str, text: &str) -> Answer {
    let streamed = if provider == "gemini" { json!({}) } else { json!({"stream": true}) };
    let line = if provider == "gemini" { STREAM } else { LINES[place(provider)] };
    let body = plain(provider, text, &streamed).to_string();
    world.send(provider, line, HEADERS[place(provider)], &body)
}

/// All text of a stream.
pub(super) fn streamed_text(answer: &Answer) -> String {
    let paths = ["/choices/0/delta/content", "/delta/text", "/candidates/0/content/parts/0/text"];
    let values = answer.events();
    let values = values.iter().filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let text = |value: Value| {
        paths.iter().find_map(|path| value.pointer(path)?.as_str().map(str::to_owned))
    };
    values.filter_map(text).collect()
}
