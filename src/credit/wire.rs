//! The ledger's contract as both of its sides speak it: what a proxy sends, what a ledger answers.
//!
//! Amounts are exact decimals in strings. A number is read as well, by its digits: it never passes
//! through a double. Fields that a side does not know are an error to the ledger, so that a slip
//! is not lost, and nothing to the proxy, so that a ledger may say more.
use core::fmt;
use std::borrow::Cow;

use super::amount::{Balance, Credits};
use super::outcome::Outcome;
use crate::json::{Document, Kind, Value, Writer};
use crate::usage::Usage;

/// The path that holds are POSTed to.
pub const HOLDS: &str = "/v1/holds";
/// The path that settlements are POSTed to.
pub const SETTLEMENTS: &str = "/v1/settlements";
/// Most settlements of one batch.
pub const BATCH_MAX: usize = 1000;
/// Longest id, name or label, in bytes.
pub const NAME_MAX: usize = 128;
/// Longest life of a hold, in seconds: a day.
pub const EXPIRES_MAX: u64 = 86_400;

/// `POST /v1/holds`: set credits aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold<'h> {
    /// The asker's own id of it: asked twice, it is held once.
    pub hold_id: Cow<'h, str>,
    /// Who pays.
    pub tenant: Cow<'h, str>,
    /// On whose behalf, for budgets.
    pub user: Option<Cow<'h, str>>,
    /// With which key, for budgets.
    pub key: Option<Cow<'h, str>>,
    /// How much.
    pub credits: Credits,
    /// For how many seconds, from 1 to [`EXPIRES_MAX`].
    pub expires_in: u64,
}

/// What a ledger says of an account, with a hold or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What became of the hold.
    pub outcome: Outcome,
    /// What the account has.
    pub balance: Balance,
    /// What of it is not held.
    pub available: Balance,
    /// What was bought last.
    pub last_purchase: Credits,
}

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

/// What is wrong with a message, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The field's path; empty for the whole.
    pub field: String,
    /// What was expected.
    pub message: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "`{}`: {}", self.field, self.message)
    }
}

impl Hold<'_> {
    /// Writes it.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = Writer::after(Vec::with_capacity(192));
        out.object(|w| {
            w.key("hold_id").string(&self.hold_id);
            w.key("tenant").string(&self.tenant);
            write_optional("user", self.user.as_deref(), w);
            write_optional("key", self.key.as_deref(), w);
            w.key("credits").string(&self.credits.to_string());
            w.key("expires_in").number(self.expires_in);
        });
        out.finish()
    }

    /// Reads it, as a ledger does.
    ///
    /// # Errors
    /// The first field that is missing, unknown or wrong.
    pub fn read<'d>(document: &'d Document<'d>) -> Result<Hold<'d>, Wrong> {
        let fields = Fields::of(document.root(), "")?;
        fields.known(&["hold_id", "tenant", "user", "key", "credits", "expires_in"])?;
        Ok(Hold {
            hold_id: fields.name("hold_id")?,
            tenant: fields.name("tenant")?,
            user: fields.optional_name("user")?,
            key: fields.optional_name("key")?,
            credits: fields.credits("credits")?,
            expires_in: match fields.get("expires_in") {
                None => 900,
                Some(value) => value
                    .as_u64()
                    .filter(|seconds| (1..=EXPIRES_MAX).contains(seconds))
                    .ok_or_else(|| {
                        fields.wrong("expires_in", "expected 1 to 86400 whole seconds")
                    })?,
            },
        })
    }
}

impl Standing {
    /// Reads what a ledger answers to a hold, granted or not, as a proxy does.
    ///
    /// `status` decides what became of the hold: 2xx is held, 402 is not. None for anything else,
    /// and for an answer that says less than that.
    #[must_use]
    pub fn read(status: u16, document: &Document<'_>) -> Option<Self> {
        let root = document.root();
        let balance = |key| root.str_of(key).and_then(|text| Balance::parse(&text));
        let last = root.str_of("last_purchase").and_then(|text| text.parse().ok());
        let outcome = root.str_of("code").and_then(|code| Outcome::named(&code));
        let outcome = match status {
            200..=299 => Outcome::Held,
            402 => outcome.unwrap_or(Outcome::Insufficient),
            _ => return None,
        };
        Some(Self {
            outcome,
            balance: balance("balance")?,
            available: balance("available")?,
            last_purchase: last.unwrap_or_default(),
        })
    }
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
            usage: fields.usage()?,
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

fn write_optional(key: &str, value: Option<&str>, w: &mut Writer) {
    if let Some(value) = value {
        w.key(key).string(value);
    }
}

/// An object's fields, read strictly. A ledger reads its other messages with it as well.
#[derive(Debug)]
pub struct Fields<'d> {
    value: Value<'d>,
    at: String,
}

impl<'d> Fields<'d> {
    /// The fields of an object that stands at that path.
    ///
    /// # Errors
    /// When it is no object.
    pub fn of(value: Value<'d>, at: &str) -> Result<Self, Wrong> {
        let fields = Self { value, at: at.to_owned() };
        if value.is_object() { Ok(fields) } else { Err(fields.wrong("", "expected an object")) }
    }

    /// # Errors
    /// The first field that is none of these, or stands twice.
    pub fn known(&self, known: &[&str]) -> Result<(), Wrong> {
        let mut seen: Vec<Cow<'_, str>> = Vec::new();
        for (key, _) in self.value.members() {
            if !known.contains(&&*key) {
                return Err(self.wrong(&key, &format!("unknown: expected {}", known.join(", "))));
            }
            if seen.contains(&key) {
                return Err(self.wrong(&key, "stands twice"));
            }
            seen.push(key);
        }
        Ok(())
    }

    /// A field's value; none when it is missing or null.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'d>> {
        self.value.given(key)
    }

    /// An id, a name or a label: 1 to [`NAME_MAX`] bytes of visible ASCII.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub fn name(&self, key: &str) -> Result<Cow<'d, str>, Wrong> {
        self.optional_name(key)?.ok_or_else(|| self.wrong(key, "missing"))
    }

    /// The same where it is given.
    ///
    /// # Errors
    /// When it is something else.
    pub fn optional_name(&self, key: &str) -> Result<Option<Cow<'d, str>>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let safe = |text: &Cow<'_, str>| (1..=NAME_MAX).contains(&text.len()) && visible(text);
        match value.as_str().filter(safe) {
            Some(text) => Ok(Some(text)),
            None => Err(self.wrong(key, "expected 1 to 128 visible ASCII characters")),
        }
    }

    /// An amount.
    ///
    /// # Errors
    /// When it is missing or no exact amount.
    pub fn credits(&self, key: &str) -> Result<Credits, Wrong> {
        self.optional_credits(key)?.ok_or_else(|| self.wrong(key, "missing: an amount of credits"))
    }

    /// An amount where it is given.
    ///
    /// # Errors
    /// When it is no exact amount.
    pub fn optional_credits(&self, key: &str) -> Result<Option<Credits>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let text = match value.kind() {
            Kind::Number => Cow::Borrowed(value.raw()),
            Kind::Null | Kind::True | Kind::False | Kind::String | Kind::Array | Kind::Object => {
                value.as_str().unwrap_or_default()
            }
        };
        text.parse().map(Some).map_err(|wrong| self.wrong(key, &format!("{wrong}")))
    }

    /// `true` or `false`; `false` where it is missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn flag(&self, key: &str) -> Result<bool, Wrong> {
        let Some(value) = self.get(key) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.wrong(key, "expected true or false"))
    }

    fn usage(&self) -> Result<Usage, Wrong> {
        let Some(value) = self.get("usage") else { return Ok(Usage::default()) };
        let usage = Self::of(value, &self.path("usage"))?;
        let names = counts(&Usage::default()).map(|(name, _)| name);
        usage.known(&names)?;
        let count = |key: &str| match usage.get(key) {
            None => Ok(0),
            Some(value) => value
                .as_u64()
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

    /// What is wrong with one of them.
    #[must_use]
    pub fn wrong(&self, key: &str, message: &str) -> Wrong {
        Wrong { field: self.path(key), message: message.to_owned() }
    }

    fn path(&self, key: &str) -> String {
        match (self.at.as_str(), key) {
            ("", key) => key.to_owned(),
            (at, "") => at.to_owned(),
            (at, key) => format!("{at}.{key}"),
        }
    }
}
