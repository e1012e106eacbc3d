//! `POST /v1/settlements`: what requests cost, in batches.
use std::borrow::Cow;

use super::{BATCH_MAX, Fields, Wrong, write_optional};
use crate::credit::{Credits, Outcome};
use crate::json::{Document, Value, Writer};
use crate::usage::Usage;

/// One item of `POST /v1/settlements`: charge what a request cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement<'s> {
    /// The hold that it ends, or draws on.
    pub hold_id: Cow<'s, str>,
    /// For a request that shares the hold with others: its part of it. The hold goes on.
    pub draw: Option<Draw<'s>>,
    /// The request ran without a hold while the ledger was away. `tenant` says who pays.
    pub unheld: bool,
    /// Who pays; needed only without a hold.
    pub tenant: Option<Cow<'s, str>>,
    /// On whose behalf.
    pub user: Option<Cow<'s, str>>,
    /// With which key.
    pub key: Option<Cow<'s, str>>,
    /// What the request cost.
    pub credits: Credits,
    /// The model that answered, by its name in the policy.
    pub model: Option<Cow<'s, str>>,
    /// How the request ended: `answered`, `failed`, `cut` or another word.
    pub outcome: Option<Cow<'s, str>>,
    /// What was used.
    pub usage: Usage,
    /// Whether the usage is an estimate: the provider reported none, or not all.
    pub estimated: bool,
}

/// A request's part of a hold that serves many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw<'d> {
    /// The request's id: drawn twice, it is charged once.
    pub id: Cow<'d, str>,
    /// How much of the hold this request no longer needs, what it cost included.
    pub releases: Credits,
}

/// What became of one settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What; none for a word that this side does not know.
    pub outcome: Option<Outcome>,
}

impl Settlement<'_> {
    /// Writes it, as one item of a batch.
    pub fn write(&self, out: &mut Writer) {
        out.object(|w| {
            w.key("hold_id").string(&self.hold_id);
            if let Some(draw) = &self.draw {
                w.key("draw").string(&draw.id);
                w.key("releases").string(&draw.releases.to_string());
            }
            if self.unheld {
                w.key("unheld").boolean(true);
            }
            write_optional("tenant", self.tenant.as_deref(), w);
            write_optional("user", self.user.as_deref(), w);
            write_optional("key", self.key.as_deref(), w);
            w.key("credits").string(&self.credits.to_string());
            write_optional("model", self.model.as_deref(), w);
            write_optional("outcome", self.outcome.as_deref(), w);
            if self.usage != Usage::default() {
                w.key("usage").object(|w| {
                    for (name, tokens) in counts(&self.usage) {
                        if tokens > 0 {
                            w.key(name).number(tokens);
                        }
                    }
                });
            }
            if self.estimated {
                w.key("estimated").boolean(true);
            }
        });
    }

    /// Reads a batch `{"settlements": […]}`, as a ledger does: each item for itself.
    ///
    /// # Errors
    /// When it is no batch at all, or one of more than [`BATCH_MAX`].
    pub fn read_batch<'d>(
        document: &'d Document<'d>,
    ) -> Result<Vec<Result<Settlement<'d>, Wrong>>, Wrong> {
        let fields = Fields::of(document.root(), "")?;
        fields.known(&["settlements"])?;
        let list = fields.get("settlements").filter(|list| list.is_array());
        let list = list.ok_or_else(|| fields.wrong("settlements", "expected a list"))?;
        if list.items().count() > BATCH_MAX {
            return Err(fields.wrong("settlements", "expected at most 1000 of them"));
        }
        let item = |(index, item)| Settlement::read(item, &format!("settlements[{index}]"));
        Ok(list.items().enumerate().map(item).collect())
    }

    fn read<'d>(value: Value<'d>, at: &str) -> Result<Settlement<'d>, Wrong> {
        let fields = Fields::of(value, at)?;
        fields.known(&[
            "hold_id",
            "draw",
            "releases",
            "unheld",
            "tenant",
            "user",
            "key",
            "credits",
            "model",
            "outcome",
            "usage",
            "estimated",
        ])?;
        let draw = match fields.optional_name("draw")? {
            None => None,
            Some(id) => Some(Draw { id, releases: fields.credits("releases")? }),
        };
        let unheld = fields.flag("unheld")?;
        let tenant = fields.optional_name("tenant")?;
        if unheld && tenant.is_none() {
            return Err(fields.wrong("tenant", "missing: without a hold it says who pays"));
        }
        Ok(Settlement {
            hold_id: fields.name("hold_id")?,
            draw,
            unheld,
            tenant,
            user: fields.optional_name("user")?,
            key: fields.optional_name("key")?,
            credits: fields.credits("credits")?,
            model: fields.optional_name("model")?,
            outcome: fields.optional_name("outcome")?,
            usage: usage(&fields)?,
            estimated: fields.flag("estimated")?,
        })
    }
}

impl Settled {
    /// Reads what a ledger answers to a batch, in the order of its items, as a proxy does; none
    /// when it is no such answer.
    #[must_use]
    pub fn read(document: &Document<'_>) -> Option<Vec<Self>> {
        let results = document.root().get("results").filter(|results| results.is_array())?;
        let state = |item: Value<'_>| item.str_of("state").and_then(|word| Outcome::named(&word));
        Some(results.items().map(|item| Self { outcome: state(item) }).collect())
    }
}

fn usage(fields: &Fields<'_>) -> Result<Usage, Wrong> {
    let Some(value) = fields.get("usage") else { return Ok(Usage::default()) };
    let usage = Fields::of(value, &fields.path("usage"))?;
    let names = counts(&Usage::default()).map(|(name, _)| name);
    usage.known(&names)?;
    let count = |key: &str| match usage.whole(key) {
        None => Ok(0),
        Some(tokens) => tokens
            .filter(|tokens| i64::try_from(*tokens).is_ok())
            .ok_or_else(|| usage.wrong(key, "expected a whole number of tokens")),
    };
    Ok(Usage {
        input: count("input")?,
        cached_input: count("cached_input")?,
        cache_write: count("cache_write")?,
        cache_write_hour: count("cache_write_1h")?,
        output: count("output")?,
        reasoning: count("reasoning")?,
    })
}

/// A usage's counts by their names on the wire.
#[must_use]
pub const fn counts(usage: &Usage) -> [(&'static str, u64); 6] {
    [
        ("input", usage.input),
        ("cached_input", usage.cached_input),
        ("cache_write", usage.cache_write),
        ("cache_write_1h", usage.cache_write_hour),
        ("output", usage.output),
        ("reasoning", usage.reasoning),
    ]
}
