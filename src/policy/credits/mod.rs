//! `credits`: the service that counts what tenants spend, and what happens when it does not answer
//! or few credits are left.
mod allowance;
mod near_limit;
mod threshold;
mod unavailable;

use super::chain::Chains;
use super::endpoint::{Endpoint, Url};
use super::field::{
    Boolean, Defaulted, Duration, Field, Holds, Is, Label, Nested, Object, Optional, Read as _,
    Rule, Section, Spot, Word, Words,
};
use super::model::Models;
use super::provider::Providers;
use super::secret::SecretName;
use allowance::Lease;

pub use allowance::Allowance;
pub use near_limit::NearLimit;
pub(super) use threshold::{Below, Threshold};
pub use unavailable::{OnTokenRefused, OnUnavailable};

/// `credits`: the ledger, and what happens around it.
#[derive(Debug, Clone)]
pub struct CreditPolicy {
    /// The name of the ledger's cluster in Envoy.
    pub cluster: String,
    /// The ledger's address, for `render`; `None` when the cluster comes from elsewhere.
    pub endpoint: Option<Endpoint>,
    /// The name of the secret that holds the ledger's token; `None` for a ledger that wants none.
    pub secret: Option<String>,
    /// Whether the ledger is known to speak HTTP/2 without TLS.
    pub http2: bool,
    /// How long the ledger may take to answer a hold, in milliseconds, from 1 to 10,000.
    pub timeout_ms: u64,
    /// After how many seconds a hold expires. It is renewed while its request runs.
    pub hold_seconds: u64,
    /// What becomes of requests while the ledger does not answer.
    pub on_unavailable: OnUnavailable,
    /// What becomes of requests while the ledger refuses this proxy's token.
    pub on_token_refused: OnTokenRefused,
    /// Holds that serve many requests; `None` for one hold for each request.
    pub lease: Option<Allowance>,
    /// The cheaper chain for tenants who have few credits left.
    pub near_limit: Option<NearLimit>,
    /// Whether what a tenant has left decides how it is served, so that a proxy keeps account of it
    /// between two answers of the ledger.
    pub follows_balance: bool,
    /// What happens to an answer that grows beyond what was held for it.
    pub on_exhausted: OnExhausted,
    /// What is charged for an answer whose app leaves before the provider has reported its usage.
    pub on_abandoned: OnAbandoned,
}

/// `on_exhausted`: what happens to an answer that grows beyond what was held for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExhausted {
    /// The answer goes on to its end.
    Finish,
    /// The answer ends as one that has reached its most tokens.
    Stop,
}

/// `on_abandoned`: what is charged for an answer whose app leaves before the provider has reported
/// its usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnAbandoned {
    /// An estimate: what was seen of the answer, and what the model makes in the time after it.
    Estimate,
    /// All that was held for the request.
    Hold,
}

pub(super) const CREDITS: Section = Section::new(
    "an object of settings",
    "The credit service, called the ledger, that counts what tenants spend. The most that a \
     request can cost is held there before it runs, and what it did cost is charged after it.",
    "credits:
  endpoint: \"http://127.0.0.1:8700\"
  secret: ledger-token
  http2: true
  grace: {credits: \"5\", seconds: 60}
  near_limit: {below: \"20%\", chain: budget}",
    &[
        &CLUSTER,
        &ENDPOINT,
        &SECRET,
        &HTTP2,
        &TIMEOUT,
        &HOLD_FOR,
        &LEASE,
        &unavailable::ON_UNAVAILABLE,
        &unavailable::GRACE,
        &unavailable::ON_TOKEN_REFUSED,
        &NEAR_LIMIT,
        &ON_EXHAUSTED,
        &ON_ABANDONED,
    ],
)
.with(&[
    unavailable::NEEDS_GRACE,
    unavailable::MEANS_GRACE,
    Rule {
        when: Holds { key: ENDPOINT.key(), is: Is::Begins("https://") },
        then: Holds { key: HTTP2.key(), is: Is::Absent },
    },
]);

const CLUSTER: Defaulted<Label> = Field::defaulted(
    "cluster",
    Label("the name of a cluster"),
    "ledger",
    "What the ledger's cluster is called in Envoy. No provider may be called like it.",
);

const ENDPOINT: Optional<Url> = Field::optional(
    "endpoint",
    Url,
    "the cluster comes from elsewhere",
    "Where the ledger is. `tradewind render` needs it to write the cluster.",
);

const SECRET: Optional<SecretName> = Field::optional(
    "secret",
    SecretName,
    "no token is sent",
    "The name of the secret that holds one of the ledger's proxy tokens, which is the name of its \
     file for Envoy.",
);

const HTTP2: Defaulted<Boolean> = Field::defaulted(
    "http2",
    Boolean,
    false,
    "Whether the ledger speaks HTTP/2 without TLS, as `tradewind-ledger` does: one connection then \
     carries many calls. By `https://` the two agree on it themselves.",
);

const TIMEOUT: Defaulted<Duration> = Field::defaulted(
    "timeout",
    Duration { least: 1, most: 10_000 },
    500,
    "How long the ledger may take to hold credits for a request. Three such failures in a row, and \
     it counts as away.",
);

const HOLD_FOR: Defaulted<Duration> = Field::defaulted(
    "hold_for",
    Duration { least: 1_000, most: 82_800_000 },
    60_000,
    "How long credits stay held that nobody settles, as after a proxy died. They are renewed while \
     their request runs.",
);

const LEASE: Defaulted<Lease> = Field::defaulted(
    "lease",
    Lease,
    allowance::USUAL_LEASE,
    "Credits that a proxy holds at once for many requests of a tenant, so that most of them need \
     no call; `off` for a call for each.",
);

const NEAR_LIMIT: Optional<Nested> = Field::optional(
    "near_limit",
    Nested(&near_limit::NEAR_LIMIT),
    "requests keep to their chain",
    "A cheaper chain for tenants who have little left.",
);

const ON_EXHAUSTED: Defaulted<Words<OnExhausted>> = Field::defaulted(
    "on_exhausted",
    Words {
        what: "value",
        of: &[
            Word::new("finish", OnExhausted::Finish, "It goes on to its end."),
            Word::new(
                "stop",
                OnExhausted::Stop,
                "It ends as one does that has reached its most tokens.",
            ),
        ],
    },
    OnExhausted::Finish,
    "What becomes of an answer that grows beyond what was held for it.",
);

const ON_ABANDONED: Defaulted<Words<OnAbandoned>> = Field::defaulted(
    "on_abandoned",
    Words {
        what: "value",
        of: &[
            Word::new(
                "estimate",
                OnAbandoned::Estimate,
                "What was seen of it, and what the model makes in the time in which nothing was.",
            ),
            Word::new("hold", OnAbandoned::Hold, "All that was held for it."),
        ],
    },
    OnAbandoned::Estimate,
    "What an app pays for an answer that it leaves before the provider has said what it used.",
);

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(
    section: &Spot<'_>,
    chains: &Chains<'_>,
    models: &Models<'_>,
    providers: &Providers<'_>,
) -> Option<CreditPolicy> {
    models.report(|model| {
        let missing = "missing field `price`, since there are `credits`: write \
                       `{input: \"0\", output: \"0\"}` for a model that costs nothing";
        model.price.is_none().then(|| missing.to_owned())
    });
    let mut fields = section.object(&CREDITS)?;
    let cluster = fields.read(&CLUSTER);
    let place = fields.place(&CLUSTER);
    check_cluster_name(cluster.as_deref(), &place, providers);
    let endpoint = fields.read(&ENDPOINT);
    if let (Some(name), Some(Some(_))) = (&cluster, &endpoint) {
        // It is written beside clusters of the gateway's own: those of accounts, and those within
        // Envoy.
        if name.contains('@') || name.starts_with('-') {
            place.problem(
                "may be that of a cluster of the gateway's own: begin it with a letter, \
                           and leave out `@`",
            );
        }
    }
    let secret = fields.read(&SECRET);
    let http2 = http2(&mut fields, endpoint.as_ref());
    let timeout_ms = fields.read(&TIMEOUT);
    let hold_ms = fields.read(&HOLD_FOR);
    let lease = fields.read(&LEASE);
    let near_limit = fields.read_with(&NEAR_LIMIT, |spot| near_limit::read(spot, chains));
    let on_exhausted = fields.read(&ON_EXHAUSTED);
    let on_abandoned = fields.read(&ON_ABANDONED);
    let on_token_refused = fields.read(&unavailable::ON_TOKEN_REFUSED);
    let on_unavailable = unavailable::read(&mut fields);
    fields.finish();
    let near_limit = near_limit?;
    Some(CreditPolicy {
        cluster: cluster?,
        endpoint: endpoint?,
        secret: secret?,
        http2: http2?,
        timeout_ms: timeout_ms?,
        hold_seconds: hold_ms?.div_ceil(1000),
        on_unavailable: on_unavailable?,
        on_token_refused: on_token_refused?,
        lease: lease?,
        follows_balance: near_limit.is_some(),
        near_limit,
        on_exhausted: on_exhausted?,
        on_abandoned: on_abandoned?,
    })
}

/// Clusters of providers have the providers' names: the ledger's must be another.
fn check_cluster_name(cluster: Option<&str>, spot: &Spot<'_>, providers: &Providers<'_>) {
    let like = cluster.and_then(|name| Some((name, providers.same_label(name)?)));
    if let Some((name, provider)) = like {
        spot.problem(format!(
            "the ledger's cluster `{name}` would be that of the provider `{provider}`: choose \
             another name for `cluster`"
        ));
    }
}

/// Whether HTTP/2 is spoken without TLS; with TLS the handshake decides.
fn http2(fields: &mut Object<'_>, endpoint: Option<&Option<Endpoint>>) -> Option<bool> {
    let tls = endpoint.and_then(Option::as_ref).is_some_and(|endpoint| endpoint.tls);
    fields.read_with(&HTTP2, |spot| {
        let http2 = HTTP2.kind.read(spot)?;
        if tls {
            spot.problem(
                "means nothing with an `https://` endpoint, which says it itself: remove it",
            );
        }
        Some(http2)
    })
}
