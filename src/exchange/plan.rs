//! The plan: what the edge role decided, as the provider role reads it from filter state.
//!
//! It is JSON, so that an operator can print it in an access log
//! (`%FILTER_STATE(wasm.tw.plan:PLAIN)%`). It holds no text of the request and no key.
use core::fmt;
use std::borrow::Cow;

use crate::dialect::{Edit, Put};
use crate::json::{Document, Limits, Value, Writer};

/// The encoding's version: both roles must be of the same one.
const VERSION: u64 = 3;

/// What was decided for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<'p> {
    /// Our id of the request.
    pub request_id: Cow<'p, str>,
    /// The app's dialect.
    pub app: Cow<'p, str>,
    /// Who pays.
    pub tenant: Cow<'p, str>,
    /// The route the app named.
    pub route: Cow<'p, str>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Whether a stream ends with its usage.
    pub stream_usage: bool,
    /// The models to try, in order.
    pub chain: Vec<Cow<'p, str>>,
    /// The models passed over.
    pub skipped: Vec<Skipped<'p>>,
    /// What changes in the body for a provider of the app's own dialect.
    pub edits: Vec<Edit>,
    /// The app's headers that go to a provider of its own dialect.
    pub carried: Vec<(Cow<'p, str>, Cow<'p, str>)>,
    /// What credits bind it to; none where nobody counts them.
    pub meter: Option<Meter<'p>>,
    /// The model that is asked once more, since its connection was stale.
    pub again: Option<Cow<'p, str>>,
}

/// What credits bind a request to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meter<'p> {
    /// Of each model of the chain, the most tokens of an answer that was paid for.
    pub bounds: Vec<u64>,
    /// How many answers.
    pub choices: u64,
    /// Whether a longer answer is ended there.
    pub stop: bool,
    /// What the tenant has left, for the app to see.
    pub left: Option<Cow<'p, str>>,
}

/// A model that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped<'p> {
    /// Which.
    pub model: Cow<'p, str>,
    /// Why.
    pub why: Cow<'p, str>,
}

/// A plan that this module did not write: two versions of it run side by side, or there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the edge and provider roles do not understand each other: give every filter of this \
             listener the same tradewind.wasm (plan encoding {VERSION})"
        )
    }
}

impl Plan<'_> {
    /// Writes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::after(Vec::with_capacity(512));
        out.object(|w| {
            w.key("v").number(VERSION);
            w.key("id").string(&self.request_id);
            w.key("app").string(&self.app);
            w.key("tenant").string(&self.tenant);
            w.key("route").string(&self.route);
            w.key("stream").boolean(self.stream);
            w.key("stream_usage").boolean(self.stream_usage);
            w.key("chain").array(|w| self.chain.iter().for_each(|model| w.string(model)));
            w.key("skipped").array(|w| {
                for skipped in &self.skipped {
                    w.array(|w| {
                        w.string(&skipped.model);
                        w.string(&skipped.why);
                    });
                }
            });
            w.key("edits").array(|w| self.edits.iter().for_each(|edit| write_edit(edit, w)));
            w.key("carried").array(|w| {
                for (name, value) in &self.carried {
                    w.array(|w| {
                        w.string(name);
                        w.string(value);
                    });
                }
            });
            if let Some(meter) = &self.meter {
                w.key("bounds").array(|w| meter.bounds.iter().for_each(|bound| w.number(*bound)));
                w.key("choices").number(meter.choices);
                w.key("stop").boolean(meter.stop);
                if let Some(left) = &meter.left {
                    w.key("left").string(left);
                }
            }
            if let Some(model) = &self.again {
                w.key("again").string(model);
            }
        });
        out.finish()
    }

    /// Adds to a plan that is written already what is known only later: what the tenant has left.
    pub(super) fn add_left(plan: &mut Vec<u8>, left: &impl fmt::Display) {
        if plan.pop() == Some(b'}') {
            plan.extend_from_slice(format!(r#","left":"{left}"}}"#).as_bytes());
        }
    }
}

fn write_edit(edit: &Edit, w: &mut Writer) {
    w.array(|w| {
        w.number(u64::try_from(edit.at.start).unwrap_or(u64::MAX));
        w.number(u64::try_from(edit.at.end).unwrap_or(u64::MAX));
        match &edit.put {
            Put::Model => w.null(),
            Put::Text(text) => w.string(text),
            Put::Bound { before, after, without } => w.array(|w| {
                w.string(before);
                w.string(after);
                w.string(without);
            }),
        }
    });
}

impl<'p> Plan<'p> {
    /// Reads it.
    ///
    /// # Errors
    /// When it was not written by [`Plan::encode`] of this version.
    pub fn decode(document: &'p Document<'p>) -> Result<Self, Mismatch> {
        let root = document.root();
        if root.get("v").and_then(Value::as_u64) != Some(VERSION) {
            return Err(Mismatch);
        }
        let text = |key: &str| root.str_of(key).ok_or(Mismatch);
        let flag = |key: &str| root.get(key).and_then(Value::as_bool).ok_or(Mismatch);
        let list = |key: &str| root.get(key).filter(|v| v.is_array()).ok_or(Mismatch);
        let chain = list("chain")?.items().map(|v| v.as_str().ok_or(Mismatch));
        let edits = list("edits")?.items().map(read_edit);
        let pairs = |value: Value<'p>| value.items().map(read_pair).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            request_id: text("id")?,
            app: text("app")?,
            tenant: text("tenant")?,
            route: text("route")?,
            stream: flag("stream")?,
            stream_usage: flag("stream_usage")?,
            chain: chain.collect::<Result<_, _>>()?,
            skipped: pairs(list("skipped")?)?
                .into_iter()
                .map(|(model, why)| Skipped { model, why })
                .collect(),
            edits: edits.collect::<Result<_, _>>()?,
            carried: pairs(list("carried")?)?,
            meter: if root.get("bounds").is_some() {
                let bounds = list("bounds")?.items().map(|bound| bound.as_u64().ok_or(Mismatch));
                let bounds = bounds.collect::<Result<_, _>>()?;
                let choices = root.get("choices").and_then(Value::as_u64).ok_or(Mismatch)?;
                let left = root.str_of("left");
                Some(Meter { bounds, choices, stop: flag("stop")?, left })
            } else {
                None
            },
            again: root.str_of("again"),
        })
    }

    /// Reads it as JSON first.
    ///
    /// # Errors
    /// When it is none.
    pub fn document(bytes: &'p [u8]) -> Result<Document<'p>, Mismatch> {
        Document::parse(bytes, Limits::default()).map_err(|_| Mismatch)
    }
}

fn read_pair<'p>(value: Value<'p>) -> Result<(Cow<'p, str>, Cow<'p, str>), Mismatch> {
    let mut items = value.items().map(Value::as_str);
    match (items.next().flatten(), items.next().flatten()) {
        (Some(first), Some(second)) => Ok((first, second)),
        _ => Err(Mismatch),
    }
}

fn read_edit(value: Value<'_>) -> Result<Edit, Mismatch> {
    let mut items = value.items();
    let mut offset = || items.next()?.as_u64()?.try_into().ok();
    let at = offset().ok_or(Mismatch)?..offset().ok_or(Mismatch)?;
    let put = match items.next() {
        Some(put) if put.is_array() => {
            let mut texts = put.items().map(|text| text.as_str().map(Cow::into_owned));
            let mut text = || texts.next().flatten().ok_or(Mismatch);
            Put::Bound { before: text()?, after: text()?, without: text()? }
        }
        Some(text) if !text.is_null() => Put::Text(text.as_str().ok_or(Mismatch)?.into_owned()),
        Some(_) => Put::Model,
        None => return Err(Mismatch),
    };
    Ok(Edit { at, put })
}
