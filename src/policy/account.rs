//! `providers.<name>.accounts`: several keys of one provider, or several places where it is.
//!
//! Each account is a provider of its own to everybody who reaches it, with a cluster and a key; a
//! model of such a provider is asked at one account after the other. Both are named `NAME@ACCOUNT`:
//! no name in a policy has an `@`.
use super::endpoint::{Endpoint, Url};
use super::field::{
    Amount, Field, List, Name, Nested, Optional, Required, Section, Spot, Word, Words, metric_label,
};
use super::secret::SecretName;
use crate::credit::{Credits, Period};

/// Most accounts of a provider: each may be tried for a request.
const MOST: usize = 8;

pub(super) const ACCOUNTS: Optional<List> = Field::optional(
    "accounts",
    List::of("accounts", &Nested(&ACCOUNT)),
    "there is one, with the provider's own `secret`",
    "Several accounts with this provider, 8 at most. Each model is asked at the first of them, and \
     at the next one only where the one before it takes no request: it answers 429, its key is \
     refused, its money is used up, it does not have the model, or there is no connection to it. \
     On any other failure the chain's next model is asked, and no other account; its own next one \
     only where the model is the last of its chain. They take no turns: a provider's prompt cache \
     is its account's. With `resilience.breaker` an account that said so is passed over until \
     its time is over. Each \
     account counts as one of `resilience.attempts`; an answer costs the model's `price` at all of \
     them. What the provider keeps (`thread`, files) is the first account's, and requests that \
     name it go nowhere else.",
);

const ACCOUNT: Section = Section::new(
    "an object with a `name`",
    "An account with a provider, or a deployment of its models. It is a cluster in Envoy, called \
     `PROVIDER@NAME`. The log says of an attempt at which `account` it was; a model's breaker at \
     an account is called `MODEL@NAME`.",
    "providers:
  openai:
    dialect: openai
    endpoint: \"https://api.openai.com\"
    accounts:
      - {name: team-a, secret: openai-team-a, budget: {credits: \"500\", per: month}}
      - {name: europe, secret: openai-europe, endpoint: \"https://eu.api.openai.com\"}",
    &[&NAME, &SECRET, &ENDPOINT, &BUDGET],
);

const NAME: Required<Name> =
    Field::required("name", Name("the name of an account"), "What it is called in logs.");

const SECRET: Optional<SecretName> = Field::optional(
    "secret",
    SecretName,
    "no key is sent",
    "The name of the secret that holds its key, which is the name of its file for Envoy.",
);

const ENDPOINT: Optional<Url> =
    Field::optional("endpoint", Url, "the provider's", "Where the API is for this account.");

const BUDGET: Optional<Nested> = Field::optional(
    "budget",
    Nested(&BUDGET_SECTION),
    "it may cost any amount",
    "How much the account may cost in a day or a month.",
);

const BUDGET_SECTION: Section = Section::new(
    "an object with `credits` and `per`",
    "What an account may cost. Once it has cost that it is asked nothing until the next day or \
     month begins: the next account is, or the chain's next model; where nobody is left requests \
     are refused with 503. The log says so in `skipped`. What counts is what tenants are charged \
     for the account's answers, when they are over: requests that run then go on, so it may cost \
     a little more. Each proxy counts for itself, all of its workers together, and one that is \
     started anew counts anew: with several proxies give each its part. Needs `credits`.",
    "accounts:
  - {name: team-a, secret: openai-team-a, budget: {credits: \"500\", per: month}}",
    &[&CREDITS, &PER],
);

const CREDITS: Required<Amount> =
    Field::required("credits", Amount::Positive, "The most that it may cost.");

const PER: Required<Words<Period>> = Field::required(
    "per",
    Words {
        what: "time",
        of: &[
            Word::new("day", Period::Day, "A day, from midnight UTC."),
            Word::new("month", Period::Month, "A month of the calendar, from midnight UTC."),
        ],
    },
    "In what time.",
);

/// What an account may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountBudget {
    /// At most so much.
    pub credits: Credits,
    /// In each day or month.
    pub per: Period,
}

/// One account.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) secret: Option<String>,
    pub(super) endpoint: Endpoint,
    pub(super) budget: Option<AccountBudget>,
}

/// Reads the accounts of a provider that is there; `None`, and a report, when something is wrong
/// with one. `counted` is whether somebody counts credits.
pub(super) fn read(spot: &Spot<'_>, endpoint: &Endpoint, counted: bool) -> Option<Vec<Account>> {
    let items = ACCOUNTS.kind.items(spot)?;
    let mut accounts: Vec<Account> = Vec::with_capacity(items.len());
    for item in &items {
        let Some(account) = account(item, endpoint, counted) else { continue };
        let Account { name, secret, endpoint, .. } = &account;
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

fn account(spot: &Spot<'_>, usual: &Endpoint, counted: bool) -> Option<Account> {
    let mut fields = spot.object(&ACCOUNT)?;
    let name = fields.read(&NAME);
    let secret = fields.read(&SECRET);
    let endpoint = fields.read(&ENDPOINT);
    let budget = fields.read_with(&BUDGET, budget);
    let place = fields.place(&BUDGET);
    fields.finish();
    let (endpoint, budget) = (endpoint?.unwrap_or_else(|| usual.clone()), budget?);
    if budget.is_some() && !counted {
        place.problem("nobody counts credits: add `credits` to the policy, or leave this out");
    }
    Some(Account { name: name?, secret: secret?, endpoint, budget })
}

fn budget(spot: &Spot<'_>) -> Option<AccountBudget> {
    let mut fields = spot.object(&BUDGET_SECTION)?;
    let (credits, per) = (fields.read(&CREDITS), fields.read(&PER));
    fields.finish();
    Some(AccountBudget { credits: credits?, per: per? })
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
