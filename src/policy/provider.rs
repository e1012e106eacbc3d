//! `providers.<name>`: a vendor's API.
use std::rc::Rc;

use super::endpoint::{Endpoint, Url};
use super::field::{
    Entries, Field, Kind, LONGEST, Nested, Optional, PATTERN, Read, Required, Section, Shape, Spot,
    Text, unknown,
};
use super::table::Table;

/// `providers.<name>`: a vendor's API.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its name in the policy, which is also its cluster's name.
    pub name: String,
    /// The name of its dialect: one of the vocabulary the policy was read with.
    pub dialect: String,
    /// Where it is.
    pub endpoint: Endpoint,
    /// The name of its key's secret; `None` for a server that wants no key.
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

pub(super) fn read<'n>(section: Option<Spot<'n>>, dialects: &[&str]) -> Providers<'n> {
    let read = |name: &str, spot: &Spot<'_>| provider(name, spot, dialects).map(Rc::new);
    let providers = Table::read(PROVIDERS, section, read);
    providers.distinct();
    providers
}

fn provider(name: &str, spot: &Spot<'_>, dialects: &[&str]) -> Option<Provider> {
    let mut fields = spot.object(&PROVIDER)?;
    let dialect = fields.read_with(&DIALECT, |spot| dialect(spot, dialects));
    let endpoint = fields.read(&ENDPOINT);
    let secret = fields.read(&SECRET).flatten();
    fields.finish();
    Some(Provider { name: name.to_owned(), dialect: dialect?, endpoint: endpoint?, secret })
}

/// The name of a dialect, of those that there are.
#[derive(Debug, Clone, Copy)]
struct DialectName;

impl Kind for DialectName {
    fn shape(&self) -> Shape {
        Shape::Dialect
    }
}

fn dialect(spot: &Spot<'_>, dialects: &[&str]) -> Option<String> {
    let text = spot.text("the name of a dialect")?;
    if dialects.contains(&text) {
        return Some(text.to_owned());
    }
    spot.problem(unknown("dialect", text, dialects));
    None
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
