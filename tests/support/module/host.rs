//! The side of the proxy-wasm ABI that Envoy plays (version 0.2.1,
//! <https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>): what the module asks is
//! answered from data, what it does is noted.
use std::collections::BTreeMap;

/// Statuses of host calls.
pub(crate) const OK: u32 = 0;
pub(crate) const NOT_FOUND: u32 = 1;
pub(crate) const BAD_ARGUMENT: u32 = 2;
pub(crate) const CAS_MISMATCH: u32 = 8;

/// A header map, in order.
pub(crate) type Map = Vec<(String, Vec<u8>)>;

/// What Envoy holds for one context.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    /// By the number of their kind: 0 is the request's headers, 2 the response's, 6 those of the
    /// answer to a call.
    pub(crate) maps: BTreeMap<u32, Map>,
    /// By the number of their kind: 0 is the request's body, 1 the response's, 4 that of the answer
    /// to a call, 7 the plugin's configuration.
    pub(crate) buffers: BTreeMap<u32, Vec<u8>>,
    /// By path; filter state by its key.
    pub(crate) properties: BTreeMap<String, Vec<u8>>,
}

/// Something the module did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    SetMap(u32, Map),
    SetHeader(u32, String, Vec<u8>),
    RemoveHeader(u32, String),
    SetBuffer(u32, Vec<u8>),
    SetProperty(String, Vec<u8>),
    Reply(u32, Map, Vec<u8>),
    Call(Called),
    Resume(u32),
    Close(u32),
    Count(String, i64),
    Record(String, u64),
    Measure(String, u64),
    Log(u32, String),
    TickPeriod(u32),
    Done,
}

/// A call that the module made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) cluster: String,
    pub(crate) headers: Map,
    pub(crate) body: Vec<u8>,
    pub(crate) timeout_ms: u32,
    pub(crate) token: u32,
}

/// What a metric is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Metric {
    Counter(String),
    Gauge(String),
    Histogram(String),
}

/// The host: what it knows, and what it was asked to do.
#[derive(Debug, Default)]
pub(crate) struct Host {
    /// By the numbers that Envoy gives them.
    pub(crate) contexts: BTreeMap<u32, Context>,
    /// Whose calls are served.
    pub(crate) current: u32,
    pub(crate) shared: BTreeMap<String, (Vec<u8>, u32)>,
    pub(crate) now_ms: u64,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) deeds: Vec<Deed>,
    /// So many writes of shared records meet one of another worker.
    pub(crate) conflicts: u32,
    /// Calls to these clusters are refused, with that status.
    pub(crate) refused_clusters: BTreeMap<String, u32>,
    /// The number of the last call that was made.
    pub(crate) tokens: u32,
    /// How often it was called.
    pub(crate) calls: u32,
}

impl Host {
    /// The context whose calls are served.
    pub(crate) fn context(&mut self) -> &mut Context {
        self.contexts.entry(self.current).or_default()
    }

    pub(crate) fn does(&mut self, deed: Deed) {
        self.deeds.push(deed);
    }

    /// A metric by the number that it was given.
    pub(crate) fn metric(&self, number: u32) -> Option<Metric> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.metrics.get(index).cloned()
    }

    /// Writes a shared record, if nobody has since it was read.
    pub(crate) fn share(&mut self, key: String, value: Vec<u8>, cas: u32) -> u32 {
        if let Some(left) = self.conflicts.checked_sub(1) {
            self.conflicts = left;
            return CAS_MISMATCH;
        }
        let before = self.shared.get(&key).map(|(_, number)| *number);
        // Envoy compares only where there is a record, and only with a number that is not 0.
        if before.is_some_and(|before| cas != 0 && cas != before) {
            return CAS_MISMATCH;
        }
        self.shared.insert(key, (value, before.unwrap_or(0).saturating_add(1)));
        OK
    }
}

/// A header map as the ABI has it: the number of pairs, the sizes of each, then each ended by 0.
pub(crate) fn written(map: &Map) -> Vec<u8> {
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut out = size(map.len()).to_vec();
    for (name, value) in map {
        out.extend(size(name.len()));
        out.extend(size(value.len()));
    }
    for (name, value) in map {
        out.extend_from_slice(name.as_bytes());
        out.push(0);
        out.extend_from_slice(value);
        out.push(0);
    }
    out
}

/// The header map that was written so.
pub(crate) fn read(bytes: &[u8]) -> Map {
    let number = |at: usize| {
        let four = bytes.get(at..at.saturating_add(4)).and_then(|four| four.try_into().ok());
        usize::try_from(four.map_or(0, u32::from_le_bytes)).unwrap_or(0)
    };
    let count = number(0);
    let mut at = count.saturating_mul(8).saturating_add(4);
    let mut take = |length: usize| {
        let part = bytes.get(at..at.saturating_add(length)).unwrap_or_default().to_vec();
        at = at.saturating_add(length).saturating_add(1);
        part
    };
    let pair = |index: usize| {
        let sizes = index.saturating_mul(8).saturating_add(4);
        let (name, value) = (number(sizes), number(sizes.saturating_add(4)));
        (String::from_utf8_lossy(&take(name)).into_owned(), take(value))
    };
    (0..count).map(pair).collect()
}
