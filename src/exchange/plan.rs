//! The plan: what the edge role decided, as the provider role reads it from filter state.
//!
//! It is JSON, so that an operator can print it in an access log
//! (`%FILTER_STATE(wasm.tw.plan:PLAIN)%`). It holds no text of the request and no key.
use core::fmt;
use std::borrow::Cow;

use crate::dialect::{Edit, Put};
use crate::json::{Document, Limits, Value, Writer};
use crate::policy::{Model, Unsupported};

/// The encoding's version: both roles must be of the same one.
const VERSION: u64 = 4;

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
    pub legs: Vec<Leg<'p>>,
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

/// One model to try. A provider's cluster serves all of its models, so what differs between them
/// stands here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg<'p> {
    /// Its name in the policy.
    pub model: Cow<'p, str>,
    /// Whose it is, by the provider's name in the policy, which is also its cluster's.
    pub provider: Cow<'p, str>,
    /// The provider's own name of it.
    pub provider_model: Cow<'p, str>,
    /// Most tokens of a request and its answer together.
    pub context_window: u64,
    /// Most tokens of an answer that the model and the policy allow.
    pub max_output_tokens: u64,
    /// What the provider's dialect cannot say is left out, and named in a response header.
    pub drops: bool,
    /// The most tokens of an answer that were paid for; none where nobody counts credits.
    pub bound: Option<u64>,
}

/// What credits bind a request to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meter<'p> {
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

impl<'p> Leg<'p> {
    /// A model, where the policy allows answers of so many tokens; none for any number.
    #[must_use]
    pub fn of(model: &'p Model, most: Option<u64>) -> Self {
        Self {
            model: Cow::Borrowed(&model.name),
            provider: Cow::Borrowed(&model.provider.name),
            provider_model: Cow::Borrowed(&model.provider_model),
            context_window: model.context_window,
            max_output_tokens: model.max_output_tokens.min(most.unwrap_or(u64::MAX)),
            drops: model.unsupported == Unsupported::Drop,
            bound: None,
        }
    }

    /// Most tokens of an answer to an input of that many, when the app sets no bound; at least 1.
    #[must_use]
    pub fn room(&self, input_tokens: u64) -> u64 {
        self.max_output_tokens.min(self.context_window.saturating_sub(input_tokens)).max(1)
    }

    fn write(&self, w: &mut Writer) {
        w.array(|w| {
            w.string(&self.model);
            w.string(&self.provider);
            w.string(&self.provider_model);
            w.number(self.context_window);
            w.number(self.max_output_tokens);
            w.boolean(self.drops);
            self.bound.into_iter().for_each(|bound| w.number(bound));
        });
    }

    fn read(value: Value<'p>) -> Result<Self, Mismatch> {
        let mut items = value.items();
        let (model, provider) = (text(items.next())?, text(items.next())?);
        let provider_model = text(items.next())?;
        let mut number = || items.next()?.as_u64();
        Ok(Self {
            model,
            provider,
            provider_model,
            context_window: number().ok_or(Mismatch)?,
            max_output_tokens: number().ok_or(Mismatch)?,
            drops: items.next().and_then(Value::as_bool).ok_or(Mismatch)?,
            bound: items.next().map(|bound| bound.as_u64().ok_or(Mismatch)).transpose()?,
        })
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
            w.key("legs").array(|w| self.legs.iter().for_each(|leg| leg.write(w)));
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
        let edits = list("edits")?.items().map(read_edit);
        let pairs = |value: Value<'p>| value.items().map(read_pair).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            request_id: text("id")?,
            app: text("app")?,
            tenant: text("tenant")?,
            route: text("route")?,
            stream: flag("stream")?,
            stream_usage: flag("stream_usage")?,
            legs: list("legs")?.items().map(Leg::read).collect::<Result<_, _>>()?,
            skipped: pairs(list("skipped")?)?
                .into_iter()
                .map(|(model, why)| Skipped { model, why })
                .collect(),
            edits: edits.collect::<Result<_, _>>()?,
            carried: pairs(list("carried")?)?,
            meter: match root.get("choices") {
                Some(choices) => {
                    let choices = choices.as_u64().ok_or(Mismatch)?;
                    Some(Meter { choices, stop: flag("stop")?, left: root.str_of("left") })
                }
                None => None,
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

fn text(value: Option<Value<'_>>) -> Result<Cow<'_, str>, Mismatch> {
    value.and_then(Value::as_str).ok_or(Mismatch)
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
