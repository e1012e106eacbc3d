//! `providers.<name>`: a vendor's API.
use std::rc::Rc;

use super::account::{self, ACCOUNTS, Account, AccountBudget, joined};
use super::endpoint::{Endpoint, Url};
use super::field::{
    Entries, Field, Holds, Is, Kind, Nested, Optional, Read, Required, Rule, Section, Shape, Spot,
    unknown,
};
use super::secret::SecretName;
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
    /// Its accounts, each a provider of its own; empty where it is one itself.
    pub accounts: Vec<Rc<Provider>>,
    /// What it may cost, where it is an account that has a budget.
    pub budget: Option<AccountBudget>,
}

pub(super) const PROVIDERS: Entries = Entries::of("provider", &Nested(&PROVIDER));

const PROVIDER: Section = Section::new(
    "an object with a `dialect` and an `endpoint`",
    "A vendor's API, or a server of your own that speaks like one. Each is a cluster in Envoy, \
     called like the provider here.",
    "providers:\n  anthropic: {dialect: anthropic, endpoint: \"https://api.anthropic.com\", \
     secret: anthropic-api-key}\n  local: {dialect: openai, endpoint: \"http://127.0.0.1:8000\"}",
    &[&DIALECT, &ENDPOINT, &SECRET, &ACCOUNTS],
)
.with(&[Rule {
    when: Holds { key: ACCOUNTS.key(), is: Is::Given },
    then: Holds { key: SECRET.key(), is: Is::Absent },
}]);

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

/// Reads the section; `counted` is whether somebody counts credits.
pub(super) fn read(section: Option<Spot<'_>>, counted: bool) -> Providers<'_> {
    let read = |name: &str, spot: &Spot<'_>| provider(name, spot, counted).map(Rc::new);
    let providers = Table::read(PROVIDERS, section, read);
    providers.distinct();
    providers
}

fn provider(name: &str, spot: &Spot<'_>, counted: bool) -> Option<Provider> {
    let mut fields = spot.object(&PROVIDER)?;
    let dialect = fields.read(&DIALECT);
    let endpoint = fields.read(&ENDPOINT);
    let secret = fields.read(&SECRET).flatten();
    let place = fields.place(&SECRET);
    let list = fields.spot(&ACCOUNTS);
    fields.finish();
    let mut own = Provider {
        name: name.to_owned(),
        dialect: dialect?,
        endpoint: endpoint?,
        secret,
        accounts: Vec::new(),
        budget: None,
    };
    if let Some(list) = list {
        if own.secret.is_some() {
            place.problem("each of its `accounts` has its own `secret`: leave this one out");
        }
        let list = account::read(&list, &own.endpoint, counted)?;
        own.accounts = list.into_iter().map(|account| Rc::new(own.at(account))).collect();
    }
    Some(own)
}

impl Provider {
    /// The provider as it is reached: itself, or each of its accounts.
    pub(super) fn reached(own: &Rc<Self>) -> &[Rc<Self>] {
        if own.accounts.is_empty() { core::slice::from_ref(own) } else { &own.accounts }
    }

    /// An account as a provider of its own.
    fn at(&self, account: Account) -> Self {
        let Account { name, secret, endpoint, budget } = account;
        let (name, accounts) = (joined(&self.name, &name), Vec::new());
        Self { name, dialect: self.dialect, endpoint, secret, accounts, budget }
    }
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
