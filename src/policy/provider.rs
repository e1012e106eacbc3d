//! `providers.<name>`: a vendor's API.
use std::rc::Rc;

use super::endpoint::Endpoint;
use super::names;
use super::read::Spot;
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
    /// The name of its key's secret; none for a server that wants no key.
    pub secret: Option<String>,
}

/// What the keys of OpenAI and Anthropic, and those of Google, begin with.
const KEYS: [&str; 2] = ["sk-", "AIza"];

pub(super) type Providers<'n> = Table<'n, Rc<Provider>>;

pub(super) fn read<'n>(section: Option<Spot<'n>>, dialects: &[&str]) -> Providers<'n> {
    let read = |name: &str, spot: &Spot<'_>| provider(name, spot, dialects).map(Rc::new);
    let providers = Table::read("provider", section, read);
    providers.distinct();
    providers
}

fn provider(name: &str, spot: &Spot<'_>, dialects: &[&str]) -> Option<Provider> {
    let mut fields = spot.object("an object with a `dialect` and an `endpoint`")?;
    let dialect = fields.required("dialect").and_then(|spot| dialect(&spot, dialects));
    let endpoint = fields.required("endpoint").and_then(|spot| Endpoint::read(&spot));
    let secret = fields.optional("secret").and_then(|spot| secret(&spot));
    fields.finish();
    Some(Provider { name: name.to_owned(), dialect: dialect?, endpoint: endpoint?, secret })
}

/// The name of a secret. What looks like the key itself is never repeated.
pub(super) fn secret(spot: &Spot<'_>) -> Option<String> {
    let text = spot.text("the name of a secret")?;
    let key = KEYS.iter().any(|start| text.starts_with(start));
    if key || text.len() > names::LONGEST {
        spot.problem("this looks like a key; expected the name of a secret, whose file holds it");
        return None;
    }
    spot.safe(text).then(|| text.to_owned())
}

fn dialect(spot: &Spot<'_>, dialects: &[&str]) -> Option<String> {
    let text = spot.text("the name of a dialect")?;
    if dialects.contains(&text) {
        return Some(text.to_owned());
    }
    spot.problem(names::unknown("dialect", text, dialects));
    None
}
