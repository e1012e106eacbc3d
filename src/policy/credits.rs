//! `credits`: who counts what tenants spend, and what happens when nobody answers or little is
//! left.
use super::chain::Chains;
use super::document::Content;
use super::endpoint::Endpoint;
use super::model::Models;
use super::names::shown;
use super::price;
use super::provider::{Providers, secret};
use super::read::Spot;
use crate::credit::Credits;

/// Millionths in a whole.
const WHOLE: u64 = 1_000_000;

/// What the ledger's cluster is called by default.
const CLUSTER: &str = "ledger";

/// How long a hold may take by default, in milliseconds: what a ledger needs under load.
const TIMEOUT_MS: u64 = 500;

/// How long a hold lives by default, in milliseconds: what a proxy that dies held is free after it.
const HOLD_MS: u64 = 60_000;

/// The lease that proxies take by default: one credit for ten seconds.
const LEASE: (u64, u64) = (WHOLE, 10);

/// `credits`: the ledger, and what happens around it.
#[derive(Debug, Clone)]
pub struct CreditPolicy {
    /// The ledger's cluster.
    pub cluster: String,
    /// Where the ledger is, for whoever writes that cluster; none when it comes from elsewhere.
    pub endpoint: Option<Endpoint>,
    /// The name of the secret that holds the ledger's token; none for a ledger that wants none.
    pub secret: Option<String>,
    /// Whether the ledger is known to speak HTTP/2 without TLS.
    pub http2: bool,
    /// How long a hold may take, in milliseconds, from 1 to 10,000.
    pub timeout_ms: u64,
    /// How long a hold lives that nobody settles or renews, in seconds. It is renewed while its
    /// request runs.
    pub hold_seconds: u64,
    /// What becomes of requests while the ledger does not answer.
    pub on_unavailable: OnUnavailable,
    /// What becomes of requests while the ledger refuses this proxy's token.
    pub on_token_refused: OnTokenRefused,
    /// Holds that serve many requests; none for one hold for each.
    pub lease: Option<Allowance>,
    /// The cheaper chain for those who have little left.
    pub near_limit: Option<NearLimit>,
    /// What becomes of an answer that grows beyond what was held for it.
    pub on_exhausted: OnExhausted,
    /// What an app pays for an answer that it leaves before its provider has said what it used.
    pub on_abandoned: OnAbandoned,
}

/// So many credits for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many.
    pub credits: Credits,
    /// For how long, in seconds, from 1 to 3600.
    pub seconds: u64,
}

/// `on_unavailable`: what becomes of requests while the ledger does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnavailable {
    /// They run, and are charged later.
    Allow,
    /// They are refused.
    Deny,
    /// They run as long as what a tenant has not yet been charged for stays within an allowance.
    Grace(Allowance),
}

/// `on_token_refused`: what becomes of requests while the ledger refuses this proxy's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTokenRefused {
    /// They run, and are charged when the token is right.
    Allow,
    /// They are refused.
    Deny,
}

/// `on_exhausted`: what becomes of an answer that grows beyond what was held for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExhausted {
    /// It goes on to its end.
    Finish,
    /// It ends as one that reached its most tokens.
    Stop,
}

/// `on_abandoned`: what an app pays for an answer that it leaves before its provider has said what
/// it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnAbandoned {
    /// What was seen of it, and what the model makes in the time in which nothing was.
    Estimate,
    /// All that was held for it.
    Hold,
}

/// `near_limit`: the cheaper chain for those who have little left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearLimit {
    below: Below,
    pub(super) chain: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Below {
    /// So many millionths of the last purchase.
    Share(u64),
    Amount(Credits),
}

impl NearLimit {
    /// Whether that is little, of a last purchase of so much.
    #[must_use]
    pub fn holds(&self, available: Credits, last_purchase: Credits) -> bool {
        available
            < match self.below {
                Below::Share(parts) => last_purchase.share(parts),
                Below::Amount(credits) => credits,
            }
    }
}

/// Reads the section; none where there is none, or where something is wrong with it.
pub(super) fn read(
    section: Option<Spot<'_>>,
    chains: &Chains<'_>,
    models: &Models<'_>,
    providers: &Providers<'_>,
) -> Option<CreditPolicy> {
    let section = section?;
    models.report(|model| {
        let missing = "missing field `price`, since there are `credits`: write \
                       `{input: \"0\", output: \"0\"}` for a model that costs nothing";
        model.price.is_none().then(|| missing.to_owned())
    });
    let mut fields = section.object("an object of settings")?;
    let cluster = cluster(fields.optional("cluster").as_ref(), &section, providers);
    let endpoint = fields.optional("endpoint").map(|spot| Endpoint::read(&spot));
    let secret = fields.optional("secret").map(|spot| secret(&spot));
    let http2 = fields.optional("http2").and_then(|spot| http2(&spot, endpoint.as_ref()));
    let timeout = fields
        .optional("timeout")
        .map(|spot| spot.duration(1..=10_000, "a duration from 1ms to 10s"));
    let expires = fields
        .optional("hold_for")
        .map(|spot| spot.duration(1_000..=82_800_000, "a duration from 1s to 23h"));
    let lease = fields.optional("lease").map(|spot| lease(&spot));
    let near_limit = fields.optional("near_limit").map(|spot| near(&spot, chains));
    let on_exhausted = fields.optional("on_exhausted").map(|spot| {
        spot.word("value", &[("finish", OnExhausted::Finish), ("stop", OnExhausted::Stop)])
    });
    let on_abandoned = fields.optional("on_abandoned").map(|spot| {
        spot.word("value", &[("estimate", OnAbandoned::Estimate), ("hold", OnAbandoned::Hold)])
    });
    let on_token_refused = fields.optional("on_token_refused").map(|spot| {
        spot.word("value", &[("allow", OnTokenRefused::Allow), ("deny", OnTokenRefused::Deny)])
    });
    let word = fields.optional("on_unavailable");
    let grace = fields.optional("grace");
    let grace = grace
        .as_ref()
        .map(|spot| (spot, allowance(spot, "an object with `credits` and `seconds`")));
    let unavailable = unavailable(word.as_ref(), grace);
    fields.finish();
    Some(CreditPolicy {
        cluster: cluster?,
        endpoint: match endpoint {
            Some(endpoint) => Some(endpoint?),
            None => None,
        },
        secret: secret.flatten(),
        http2: http2.unwrap_or_default(),
        timeout_ms: timeout.unwrap_or(Some(TIMEOUT_MS))?,
        hold_seconds: expires.unwrap_or(Some(HOLD_MS))?.div_ceil(1000),
        on_unavailable: unavailable?,
        on_token_refused: on_token_refused.flatten().unwrap_or(OnTokenRefused::Deny),
        lease: lease.unwrap_or_else(usual_lease),
        near_limit: near_limit.flatten(),
        on_exhausted: on_exhausted.flatten().unwrap_or(OnExhausted::Finish),
        on_abandoned: on_abandoned.flatten().unwrap_or(OnAbandoned::Estimate),
    })
}

/// The ledger's cluster stands beside those of the providers, which are called like the providers.
fn cluster(
    given: Option<&Spot<'_>>,
    section: &Spot<'_>,
    providers: &Providers<'_>,
) -> Option<String> {
    let (name, spot) = match given {
        Some(spot) => (spot.name("the name of a cluster")?, spot),
        None => (CLUSTER, section),
    };
    if let Some(provider) = providers.like(name) {
        spot.problem(format!(
            "the ledger's cluster `{name}` would be that of the provider `{provider}`: choose \
             another name for `cluster`"
        ));
    }
    Some(name.to_owned())
}

/// By TLS the two agree on it in their handshake.
fn http2(spot: &Spot<'_>, endpoint: Option<&Option<Endpoint>>) -> Option<bool> {
    let http2 = spot.boolean()?;
    if endpoint.and_then(Option::as_ref).is_some_and(|endpoint| endpoint.tls) {
        spot.problem("means nothing with an `https://` endpoint, which says it itself: remove it");
    }
    Some(http2)
}

fn unavailable(
    word: Option<&Spot<'_>>,
    grace: Option<(&Spot<'_>, Option<Allowance>)>,
) -> Option<OnUnavailable> {
    let Some(word) = word else {
        // Whoever gives a grace means it.
        return grace
            .map_or(Some(OnUnavailable::Deny), |(_, grace)| grace.map(OnUnavailable::Grace));
    };
    let chosen = word.word("value", &[("allow", "allow"), ("deny", "deny"), ("grace", "grace")])?;
    match (chosen, grace) {
        ("grace", Some((_, grace))) => grace.map(OnUnavailable::Grace),
        ("grace", None) => {
            word.problem("needs `grace: {credits: \"5\", seconds: 60}` beside it");
            None
        }
        (other, Some((spot, _))) => {
            spot.problem(format!("means nothing with `on_unavailable: {other}`: remove it"));
            None
        }
        ("allow", None) => Some(OnUnavailable::Allow),
        _ => Some(OnUnavailable::Deny),
    }
}

/// On unless it is switched off.
fn lease(spot: &Spot<'_>) -> Option<Allowance> {
    let off = match &spot.node.content {
        Content::Text(text) => text == "off",
        Content::Boolean(on) => !on,
        _ => false,
    };
    if off { None } else { allowance(spot, "an object with `credits` and `seconds`, or `off`") }
}

fn usual_lease() -> Option<Allowance> {
    let (micros, seconds) = LEASE;
    Credits::of_micros(micros).map(|credits| Allowance { credits, seconds })
}

fn allowance(spot: &Spot<'_>, what: &str) -> Option<Allowance> {
    let mut fields = spot.object(what)?;
    let credits = fields.required("credits").and_then(|spot| amount(&spot));
    let seconds = fields.required("seconds").and_then(|spot| spot.whole("seconds", 1..=3600));
    fields.finish();
    Some(Allowance { credits: credits?, seconds: seconds? })
}

/// An amount above zero.
fn amount(spot: &Spot<'_>) -> Option<Credits> {
    let credits = price::decimal(spot)?;
    if credits.is_zero() {
        spot.problem("expected more than 0 credits");
        return None;
    }
    Some(credits)
}

fn near(spot: &Spot<'_>, chains: &Chains<'_>) -> Option<NearLimit> {
    let Some(mut fields) = spot.object("an object with `below` and `chain`") else {
        chains.unsure();
        return None;
    };
    let below = fields.required("below").and_then(|spot| below(&spot));
    let chain = chains.find(fields.required("chain").as_ref());
    fields.finish();
    Some(NearLimit { below: below?, chain: chain? })
}

fn below(spot: &Spot<'_>) -> Option<Below> {
    let percent = match &spot.node.content {
        Content::Text(text) => text.strip_suffix('%'),
        _ => None,
    };
    let Some(percent) = percent else { return amount(spot).map(Below::Amount) };
    // A percent is ten thousand millionths, so four of the six digits are left.
    let exact: Option<Credits> = percent.parse().ok();
    let parts = exact.map(Credits::micros).filter(|micros| micros.is_multiple_of(100));
    match parts.and_then(|micros| micros.checked_div(100)) {
        Some(parts) if (1..=WHOLE).contains(&parts) => Some(Below::Share(parts)),
        _ => {
            let found = shown(percent);
            spot.problem(format!("expected a share from 0.0001% to 100%, found `{found}%`"));
            None
        }
    }
}
