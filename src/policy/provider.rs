//! `providers.<name>`: a vendor's API.
use std::rc::Rc;

use super::endpoint::{Endpoint, Url};
use super::field::{
    Entries, Field, Kind, LONGEST, Nested, Optional, PATTERN, Read, Required, Section, Shape, Spot,
    Text, unknown,
};
use super::table::Table;
use crate::dialect;

/// `providers.<name>`: a vendor's API.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The provider's name in the policy, which is also its cluster's name.
    pub name: String,
    /// How the API is spoken to: the row that `dialect` names.
    pub dialect: &'static dialect::Provider,
    /// Where the API is.
    pub endpoint: Endpoint,
    /// The name of the secret that holds the key; `None` for a server that wants no key.
    pub secret: Option<String>,
}

pub(super) const PROVIDERS: Entries = Entries::of("provider", &Nested(&PROVIDER));

const PROVIDER: Section = Section::new(
    "an object with a `dialect` and an `endpoint`",
    "A vendor's API, or a server of your own that speaks like one. Each is a cluster in Envoy, \
     called like the provider here.",
    "providers:\n  anthropic: {dialect: anthropic, endpoint: \"https://api.anthropic.com\", \
     secret: anthropic-api-key}\n  local: {dialect: openai, endpoint: \"http://127.0.0.1:8000\"}",
    &[&DIALECT, &ENDPOINT, &SECRET],
);

const DIALECT: Required<DialectName> = Field::required(
    "dialect",
    DialectName,
    "The wire format of the API. A server that is compatible with OpenAI's Chat Completions speaks \
     `openai`.",
);

const ENDPOINT: Required<Url> = Field::required(
    "endpoint",
    Url,
    "Where the API is: scheme, host, and where they differ from the usual a port and what stands \
     before every path. No user, password or query.",
);

const SECRET: Optional<SecretName> = Field::optional(
    "secret",
    SecretName,
    "no key is sent",
    "The name of the secret that holds the key, which is the name of its file for Envoy. Never the \
     key itself: the policy and the module do not see it.",
);

pub(super) type Providers<'n> = Table<'n, Rc<Provider>>;

pub(super) fn read(section: Option<Spot<'_>>) -> Providers<'_> {
    let read = |name: &str, spot: &Spot<'_>| provider(name, spot).map(Rc::new);
    let providers = Table::read(PROVIDERS, section, read);
    providers.distinct();
    providers
}

fn provider(name: &str, spot: &Spot<'_>) -> Option<Provider> {
    let mut fields = spot.object(&PROVIDER)?;
    let dialect = fields.read(&DIALECT);
    let endpoint = fields.read(&ENDPOINT);
    let secret = fields.read(&SECRET).flatten();
    fields.finish();
    Some(Provider { name: name.to_owned(), dialect: dialect?, endpoint: endpoint?, secret })
}

/// The name of a provider's row.
#[derive(Debug, Clone, Copy)]
struct DialectName;

impl Kind for DialectName {
    fn shape(&self) -> Shape {
        Shape::Dialect
    }
}

impl Read for DialectName {
    type Value = &'static dialect::Provider;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<Self::Value> {
        let text = spot.text("the name of a dialect")?;
        let found = dialect::provider::named(text);
        if found.is_none() {
            spot.problem(unknown("dialect", text, &dialect::provider::names()));
        }
        found
    }
}

/// The name of a secret. What looks like the key itself is never repeated.
#[derive(Debug, Clone, Copy)]
pub(super) struct SecretName;

/// What the keys of OpenAI and Anthropic, and those of Google, begin with.
const KEYS: [&str; 2] = ["sk-", "AIza"];

impl Read for SecretName {
    type Value = String;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<String> {
        let text = spot.text("the name of a secret")?;
        let key = KEYS.iter().any(|start| text.starts_with(start));
        if key || text.len() > LONGEST {
            spot.problem(
                "this looks like a key; expected the name of a secret, whose file holds it",
            );
            return None;
        }
        spot.safe(text).then(|| text.to_owned())
    }
}

impl Kind for SecretName {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "the name of a secret",
            pattern: PATTERN,
            unlike: "^(sk-|AIza)",
            longest: Some(LONGEST),
            example: "openai-api-key",
            ..Text::default()
        })
    }
}
