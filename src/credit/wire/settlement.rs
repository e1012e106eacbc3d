//! `POST /v1/settlements`: charges what requests cost, in batches.
use std::borrow::Cow;

use super::{BATCH_MAX, FieldError, Fields, write_flag, write_optional};
use crate::credit::{Credits, Outcome};
use crate::json::{Document, Value, Writer};
use crate::usage::Usage;

/// Most parts of one settlement.
pub const PARTS_MAX: usize = 16;
/// Most flags of one settlement.
pub const FLAGS_MAX: usize = 8;

/// An item of `POST /v1/settlements`: charge what a request cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settlement<'s> {
    /// The tenant that pays: that of the hold.
    pub tenant: Cow<'s, str>,
    /// The hold that the settlement ends, or draws on.
    pub hold_id: Cow<'s, str>,
    /// For a request of a lease: its draw on the hold, which goes on.
    pub draw: Option<LeaseDraw<'s>>,
    /// Whether the request ran without a hold, while the ledger was away.
    pub unheld: bool,
    pub user: Option<Cow<'s, str>>,
    pub key: Option<Cow<'s, str>>,
    /// What the request cost: the sum of the parts, where there are any.
    pub credits: Credits,
    /// How the request ended: `answered`, `failed`, `cut` or another word.
    pub outcome: Option<Cow<'s, str>>,
    /// Whether the cost is an estimate. Where there are parts, each says so itself.
    pub estimated: bool,
    /// What was odd, such as `usage_rejected`: kept with every entry. At most [`FLAGS_MAX`].
    pub flags: Vec<Cow<'s, str>>,
    /// What each attempt cost, in the order of the attempts. At most [`PARTS_MAX`].
    pub parts: Vec<SettlementPart<'s>>,
}

/// What one attempt of a request cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementPart<'p> {
    /// The model that was asked, by its name in the policy.
    pub model: Cow<'p, str>,
    pub credits: Credits,
    /// How the attempt ended; `None` where it ended as the settlement says.
    pub outcome: Option<Cow<'p, str>>,
    pub usage: Usage,
    /// Whether the usage is an estimate, because the provider reported none, or not all.
    pub estimated: bool,
}

/// One request's draw on a hold that serves many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseDraw<'d> {
    /// The request's id: sent twice, it is charged once.
    pub id: Cow<'d, str>,
    /// How much of the hold the request no longer needs, its cost included.
    pub releases: Credits,
}

/// The state of an item that a ledger could not take now, though it took others of the batch: it is
/// to be sent again with the same ids.
pub const UNAVAILABLE: &str = "unavailable";

/// What became of one settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What the ledger says; `None` for a word that this side does not know.
    pub outcome: Option<Outcome>,
    /// The ledger could not take this settlement now: it is to be sent again.
    pub waits: bool,
}

impl Settlement<'_> {
    /// Writes the settlement as an item of a batch.
    pub fn write(&self, out: &mut Writer) {
        out.object(|w| {
            w.key("tenant").string(&self.tenant);
            w.key("hold_id").string(&self.hold_id);
            if let Some(draw) = &self.draw {
                w.key("draw").string(&draw.id);
                w.key("releases").string(&draw.releases.to_string());
            }
            write_flag("unheld", self.unheld, w);
            write_optional("user", self.user.as_deref(), w);
            write_optional("key", self.key.as_deref(), w);
            w.key("credits").string(&self.credits.to_string());
            write_optional("outcome", self.outcome.as_deref(), w);
            write_flag("estimated", self.estimated, w);
            if !self.flags.is_empty() {
                w.key("flags").array(|w| self.flags.iter().for_each(|flag| w.string(flag)));
            }
            if !self.parts.is_empty() {
                w.key("parts").array(|w| self.parts.iter().for_each(|part| part.write(w)));
            }
        });
    }

    /// Reads a batch `{"settlements": […]}` on the ledger's side: a wrong item leaves the others
    /// as they are.
    ///
    /// # Errors
    /// When the body is not such a batch, or has more than [`BATCH_MAX`] items.
    pub fn read_batch<'d>(
        document: &'d Document<'d>,
    ) -> Result<Vec<Result<Settlement<'d>, FieldError>>, FieldError> {
        let fields = Fields::of(document.root(), "")?;
        fields.allow_only(&["settlements"])?;
        let list = fields.get("settlements").filter(|list| list.is_array());
        let list = list.ok_or_else(|| fields.error("settlements", "expected a list"))?;
        if list.items().count() > BATCH_MAX {
            return Err(fields.error("settlements", "expected at most 1000 of them"));
        }
        let item = |(index, item)| Settlement::read(item, &format!("settlements[{index}]"));
        Ok(list.items().enumerate().map(item).collect())
    }

    fn read<'d>(value: Value<'d>, at: &str) -> Result<Settlement<'d>, FieldError> {
        let fields = Fields::of(value, at)?;
        fields.allow_only(&[
            "tenant",
            "hold_id",
            "draw",
            "releases",
            "unheld",
            "user",
            "key",
            "credits",
            "outcome",
            "estimated",
            "flags",
            "parts",
        ])?;
        let draw = match fields.optional_name("draw")? {
            None if fields.get("releases").is_some() => {
                return Err(fields.error("releases", "expected only with `draw`"));
            }
            None => None,
            Some(id) => Some(LeaseDraw { id, releases: fields.credits("releases")? }),
        };
        let parts = fields.list("parts", PARTS_MAX)?;
        let parts: Result<Vec<_>, FieldError> =
            parts.into_iter().map(|(at, part)| SettlementPart::read(part, &at)).collect();
        let settlement = Settlement {
            tenant: fields.name("tenant")?,
            hold_id: fields.name("hold_id")?,
            draw,
            unheld: fields.flag("unheld")?,
            user: fields.optional_name("user")?,
            key: fields.optional_name("key")?,
            credits: fields.credits("credits")?,
            outcome: fields.optional_name("outcome")?,
            estimated: fields.flag("estimated")?,
            flags: flags(&fields)?,
            parts: parts?,
        };
        settlement.check_sum(&fields)?;
        Ok(settlement)
    }

    /// Checks that `credits` is the sum of the parts.
    fn check_sum(&self, fields: &Fields<'_>) -> Result<(), FieldError> {
        let micros = |part: &SettlementPart<'_>| u128::from(part.credits.micros());
        let sum = self.parts.iter().map(micros).fold(0, u128::saturating_add);
        if self.parts.is_empty() || sum == u128::from(self.credits.micros()) {
            return Ok(());
        }
        let sum = match u64::try_from(sum).ok().and_then(Credits::of_micros) {
            Some(sum) => sum.to_string(),
            None => format!("more than {}", Credits::MAX),
        };
        let message = format!(
            "expected the sum of the parts: this says {}, and they come to {sum}",
            self.credits
        );
        Err(fields.error("credits", &message))
    }
}

impl SettlementPart<'_> {
    fn write(&self, out: &mut Writer) {
        out.object(|w| {
            w.key("model").string(&self.model);
            w.key("credits").string(&self.credits.to_string());
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
            write_flag("estimated", self.estimated, w);
        });
    }

    fn read<'d>(value: Value<'d>, at: &str) -> Result<SettlementPart<'d>, FieldError> {
        let fields = Fields::of(value, at)?;
        fields.allow_only(&["model", "credits", "outcome", "usage", "estimated"])?;
        Ok(SettlementPart {
            model: fields.name("model")?,
            credits: fields.credits("credits")?,
            outcome: fields.optional_name("outcome")?,
            usage: usage(&fields)?,
            estimated: fields.flag("estimated")?,
        })
    }
}

impl Settled {
    /// Reads a ledger's answer to a batch, in the order of its items; `None` when it is not such an
    /// answer.
    #[must_use]
    pub fn read(document: &Document<'_>) -> Option<Vec<Self>> {
        let results = document.root().get("results").filter(|results| results.is_array())?;
        let settled = |item: Value<'_>| {
            let state = item.str_of("state").unwrap_or_default();
            Self { outcome: Outcome::named(&state), waits: state == UNAVAILABLE }
        };
        Some(results.items().map(settled).collect())
    }
}

/// The flags: words of lower-case letters and `_`, each once.
fn flags<'d>(fields: &Fields<'d>) -> Result<Vec<Cow<'d, str>>, FieldError> {
    let mut flags: Vec<Cow<'d, str>> = Vec::new();
    for (field, value) in fields.list("flags", FLAGS_MAX)? {
        let wrong =
            |message: &str| FieldError { field: field.clone(), message: message.to_owned() };
        let word = |text: &Cow<'_, str>| {
            let letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            (1..=32).contains(&text.len()) && text.bytes().all(letter)
        };
        match value.as_str().filter(word) {
            Some(flag) if flags.contains(&flag) => return Err(wrong("stands twice")),
            Some(flag) => flags.push(flag),
            None => return Err(wrong("expected 1 to 32 of `a` to `z` and `_`")),
        }
    }
    Ok(flags)
}

fn usage(fields: &Fields<'_>) -> Result<Usage, FieldError> {
    let Some(value) = fields.get("usage") else { return Ok(Usage::default()) };
    let usage = Fields::of(value, &fields.path("usage"))?;
    let names = counts(&Usage::default()).map(|(name, _)| name);
    usage.allow_only(&names)?;
    let count = |key: &str| match usage.whole(key) {
        None => Ok(0),
        Some(tokens) => tokens
            .filter(|tokens| i64::try_from(*tokens).is_ok())
            .ok_or_else(|| usage.error(key, "expected a whole number of tokens")),
    };
    Ok(Usage {
        input: count("input")?,
        cached_input: count("cached_input")?,
        cache_write: count("cache_write")?,
        cache_write_hour: count("cache_write_1h")?,
        output: count("output")?,
        reasoning: count("reasoning")?,
        garbled: false,
    })
}

/// The counts of a usage with their names on the wire.
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
