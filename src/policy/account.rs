//! `providers.<name>.accounts`: several keys of one provider, or several places where it is.
//!
//! Each account is a provider of its own to everybody who reaches it, with a cluster and a key; a
//! model of such a provider is asked at one account after the other. Both are named `NAME@ACCOUNT`:
//! no name in a policy has an `@`.
use super::endpoint::{Endpoint, Url};
use super::field::{Field, List, Name, Nested, Optional, Required, Section, Spot, metric_label};
use super::secret::SecretName;

/// Most accounts of a provider: each may be tried for a request.
const MOST: usize = 8;

pub(super) const ACCOUNTS: Optional<List> = Field::optional(
    "accounts",
    List::of("accounts", &Nested(&ACCOUNT)),
    "there is one, with the provider's own `secret`",
    "Several accounts with this provider, 8 at most. Each model is asked at the first of them, and \
     at the next one only where the one before it takes no request: it answers 429, its key is \
     refused, its money is used up, it does not have the model, or there is no connection to it. \
     On any other failure the chain's next model is asked, and the next account where there is \
     none. They take no turns: a provider's prompt cache is its account's. With \
     `resilience.breaker` an account that said so is passed over until its time is over. Each \
     account counts as one of `resilience.attempts`; an answer costs the model's `price` at all of \
     them. What the provider keeps (`thread`, files) is the first account's, and requests that \
     name it go nowhere else.",
);

const ACCOUNT: Section = Section::new(
    "an object with a `name` and a `secret`",
    "An account with a provider, or a deployment of its models. It is a cluster in Envoy, called \
     `PROVIDER@NAME`. The log says of an attempt at which `account` it was; a model's breaker at \
     an account is called `MODEL@NAME`.",
    "providers:
  openai:
    dialect: openai
    endpoint: \"https://api.openai.com\"
    accounts:
      - {name: team-a, secret: openai-team-a}
      - {name: europe, secret: openai-europe, endpoint: \"https://eu.api.openai.com\"}",
    &[&NAME, &SECRET, &ENDPOINT],
);

const NAME: Required<Name> =
    Field::required("name", Name("the name of an account"), "What it is called in logs.");

const SECRET: Required<SecretName> = Field::required(
    "secret",
    SecretName,
    "The name of the secret that holds its key, which is the name of its file for Envoy.",
);

const ENDPOINT: Optional<Url> =
    Field::optional("endpoint", Url, "the provider's", "Where the API is for this account.");

/// One account.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) secret: String,
    pub(super) endpoint: Endpoint,
}

/// Reads the accounts of a provider that is there; `None`, and a report, when something is wrong
/// with one.
pub(super) fn read(spot: &Spot<'_>, endpoint: &Endpoint) -> Option<Vec<Account>> {
    let items = ACCOUNTS.kind.items(spot)?;
    let mut accounts: Vec<Account> = Vec::with_capacity(items.len());
    for item in &items {
        let Some(account) = account(item, endpoint) else { continue };
        let Account { name, secret, endpoint } = &account;
        let label = metric_label(name);
        let same = |own: &&Account| own.secret == *secret && own.endpoint == *endpoint;
        if accounts.iter().any(|own| metric_label(&own.name) == label) {
            item.problem(format!("an account named `{name}` stands in this list before"));
        } else if let Some(own) = accounts.iter().find(same) {
            item.problem(format!(
                "it has the `secret` and the `endpoint` of `{}`: one account is asked once",
                own.name
            ));
        }
        accounts.push(account);
    }
    if items.len() > MOST {
        spot.problem(format!("expected at most {MOST} accounts, found {}", items.len()));
    }
    (accounts.len() == items.len()).then_some(accounts)
}

fn account(spot: &Spot<'_>, usual: &Endpoint) -> Option<Account> {
    let mut fields = spot.object(&ACCOUNT)?;
    let name = fields.read(&NAME);
    let secret = fields.read(&SECRET);
    let endpoint = fields.read(&ENDPOINT);
    fields.finish();
    let endpoint = endpoint?.unwrap_or_else(|| usual.clone());
    Some(Account { name: name?, secret: secret?, endpoint })
}

/// The name of a model or a provider at an account.
pub(super) fn joined(name: &str, account: &str) -> String {
    [name, "@", account].concat()
}

/// The name of a model or a provider, and that of the account where it has one.
#[must_use]
pub fn parted(name: &str) -> (&str, Option<&str>) {
    name.split_once('@').map_or((name, None), |(name, account)| (name, Some(account)))
}
