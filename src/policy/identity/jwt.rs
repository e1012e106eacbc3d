//! `identity[].jwt`: by a signed token, which a filter in front of the module has verified. What
//! the module reads is that filter's own word, dynamic metadata, which no request can write.
use std::borrow::Cow;

use super::super::app_header::AppHeader;
use super::super::field::{
    Entries, Field, Holds, Is, Label, List, Nested, Optional, Read as _, Required, Rule, Section,
    Spot, shown,
};
use super::asked::{MODELS, USER_HEADER, label};
use super::claimed::{Claimed, FIXED, ONE_TENANT, Said, TENANTS};
use super::header::CredentialHeader;
use super::jwks::{self, Jwks};
use super::path::{self, Claim, Path};
use super::tenant::REQUIRE;
use super::{Caller, Reading, Told, header};

/// The filter that verifies tokens.
pub const VERIFIER: &str = "envoy.filters.http.jwt_authn";

pub(super) const JWT: Section = Section::new(
    "an object with an `issuer`",
    "By a signed token (JWT). Envoy's own filter `jwt_authn` verifies it before the module sees \
     the request: signature, issuer, audience, and time, which must be limited; `tradewind render` \
     writes that filter where `jwks` is given. The module reads the claims from what that filter \
     found, which nobody can send. A token that is not good makes nobody: who is known by nothing \
     else is told what is wrong with it (401), also where `anonymous` comes after. A good one \
     without the name of a tenant that is served is refused (403); a claim that is no text is \
     nobody's name.",
    "identity:
  - jwt:
      issuer: https://login.acme.example
      audiences: [tradewind]
      jwks: {uri: \"https://login.acme.example/.well-known/jwks.json\"}
      tenant_claim: org.name
      user_claim: sub
      labels: {team: org.team}",
    &[
        &ISSUER,
        &AUDIENCES,
        &JWKS,
        &METADATA,
        &HEADER,
        &TENANT_CLAIM,
        &FIXED,
        &TENANTS,
        &USER_CLAIM,
        &LABELS,
        &MODELS,
        &USER_HEADER,
        &REQUIRE,
    ],
)
.with(&[
    ONE_TENANT,
    Rule {
        when: Holds { key: TENANT_CLAIM.key(), is: Is::Given },
        then: Holds { key: FIXED.key(), is: Is::Absent },
    },
    Rule {
        when: Holds { key: JWKS.key(), is: Is::Given },
        then: Holds { key: METADATA.key(), is: Is::Absent },
    },
]);

const ISSUER: Required<Label> =
    Field::required("issuer", Label("the issuer"), "Who issues the tokens, as `iss` says it.");

const AUDIENCES: Optional<List> = Field::optional(
    "audiences",
    List::of("audiences", &AUDIENCE).unique(),
    "a token for anybody is taken, which `tradewind check` warns of",
    "Whom a token is for, as `aud` says it: one of these must stand there.",
);

const AUDIENCE: Label = Label("an audience");

const JWKS: Optional<Nested> = Field::optional(
    "jwks",
    Nested(&jwks::KEYS),
    "another filter verifies, such as Istio's: `metadata` says where it leaves the claims",
    "The keys that tokens are signed with.",
);

const METADATA: Optional<Label> = Field::optional(
    "metadata",
    Label("a name in the metadata"),
    "one of its own, where `jwks` is given",
    "The name under which a filter that you write yourself leaves the claims \
     (`payload_in_metadata`): `payload` for Istio's RequestAuthentication. Not beside `jwks`.",
);

const HEADER: Optional<AppHeader> = Field::optional(
    header::FIELD,
    AppHeader::Key,
    "`authorization`, behind `Bearer `",
    "The one request header in which the token is looked for. It is looked for in no other place, \
     and in no query.",
);

const TENANT_CLAIM: Optional<Claim> = Field::optional(
    "tenant_claim",
    Claim,
    "all are the one `tenant`",
    "The claim that says the tenant: a text, or a path to one.",
);

const USER_CLAIM: Optional<Claim> = Field::optional(
    "user_claim",
    Claim,
    "no user",
    "The claim that says the user. A token without it has none.",
);

const LABELS: Optional<Entries> = Field::optional(
    "labels",
    Entries::of("claim", &Claim),
    "none",
    "Labels that questions may ask for, and the claims that say them. One that is no text of 1 to \
     128 visible characters is left out. Eight at most.",
);

/// Tokens of one issuer.
#[derive(Debug, Clone)]
pub struct Jwt {
    /// Who issues them.
    pub issuer: String,
    /// Whom they are for; empty for anybody.
    pub audiences: Vec<String>,
    /// The keys; `None` where another filter verifies.
    pub keys: Option<Jwks>,
    /// The name under which the filter in front leaves the claims.
    pub metadata: String,
    place: CredentialHeader,
    tenant: Option<Path>,
    user: Option<Path>,
    labels: Vec<(String, Path)>,
    claimed: Claimed,
}

impl Jwt {
    /// Reads what `jwt` holds.
    #[inline(never)]
    pub(super) fn read(spot: &Spot<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let mut fields = spot.object(&JWT)?;
        let issuer = fields.read(&ISSUER);
        let audiences = fields.read_with(&AUDIENCES, audiences);
        let keys = fields.read_with(&JWKS, jwks::read);
        let metadata = fields.read(&METADATA);
        let header = fields.read(&HEADER);
        let tenant = fields.read(&TENANT_CLAIM);
        let user = fields.read(&USER_CLAIM);
        let labels =
            fields.read_with(&LABELS, |spot| path::labels(spot, "claims by label", &Claim));
        let claimed = Claimed::read(&mut fields, reading);
        if !fields.has(&TENANT_CLAIM) && !fields.has(&FIXED) {
            spot.problem("whose the token is nobody says: expected `tenant_claim` or `tenant`");
        } else if fields.has(&TENANT_CLAIM) && fields.has(&FIXED) {
            let place = fields.place(&TENANT_CLAIM);
            place.problem("the tenant is said twice: remove `tenant_claim` or `tenant`");
        }
        match (fields.has(&JWKS), fields.has(&METADATA)) {
            (true, true) => fields
                .place(&METADATA)
                .problem("`metadata` is for a filter that you write yourself: remove it or `jwks`"),
            (false, false) => spot.problem(
                "who verifies the token nobody says: expected `jwks`, or `metadata` where another \
                 filter does",
            ),
            _ => {}
        }
        fields.finish();
        let own = format!("tradewind-{}", reading.tokens);
        reading.tokens = reading.tokens.saturating_add(1);
        let (name, scheme) = match header? {
            Some(name) => (Cow::Owned(name), ""),
            None => (Cow::Borrowed("authorization"), "Bearer "),
        };
        Some(Self {
            issuer: issuer?,
            audiences: audiences?.unwrap_or_default(),
            keys: keys?,
            metadata: metadata?.unwrap_or(own),
            place: CredentialHeader { name, scheme, secret: "TOKEN", advertised: true },
            tenant: tenant?,
            user: user?,
            labels: labels?.unwrap_or_default(),
            claimed: claimed?,
        })
    }

    /// The name under which the filter in front says what is wrong with a token.
    #[must_use]
    pub fn failure(&self) -> String {
        format!("{}-failed", self.metadata)
    }

    /// Where an app puts its token.
    #[must_use]
    pub const fn place(&self) -> &CredentialHeader {
        &self.place
    }

    /// What holds of all its callers.
    pub(super) const fn claimed(&self) -> &Claimed {
        &self.claimed
    }

    /// Whether a claim says the user of a caller.
    pub(super) const fn says_user(&self) -> bool {
        self.user.is_some()
    }

    /// Claims by which a caller is known as that tenant and user: their paths and values.
    #[must_use]
    pub fn claims<'j>(
        &'j self,
        tenant: &'j str,
        user: Option<&'j str>,
    ) -> Vec<(&'j [String], &'j str)> {
        let tenant = self.tenant.as_deref().map(|path| (path, tenant));
        let user = self.user.as_deref().zip(user);
        tenant.into_iter().chain(user).collect()
    }

    /// Whose token the caller has sent, where it is good.
    pub(super) fn caller(&self, caller: &Caller<'_>) -> Told {
        let sent = caller.facts.header(&self.place.name).is_some_and(is_token);
        // Where the filter is ours it leaves the token there. Another one may have taken it away.
        if self.keys.is_some() && !sent {
            return Ok(None);
        }
        let claim = |path: &[&str]| {
            let whole = ["metadata", "filter_metadata", VERIFIER, &self.metadata];
            caller.facts.property(&[&whole, path].concat())
        };
        let issuer = claim(&["iss"]);
        if issuer.as_deref() != Some(self.issuer.as_bytes()) {
            if sent && issuer.is_none() {
                caller.doubt(|| self.trouble(caller));
            }
            return Ok(None);
        }
        let at = |path: &Path| claim(&path.iter().map(String::as_str).collect::<Vec<_>>());
        let tenant = self.tenant.as_ref().and_then(at);
        let user = self.user.as_ref().and_then(at);
        let labels = self
            .labels
            .iter()
            .filter_map(|(name, path)| Some((name.clone(), label(&at(path)?)?.to_owned())));
        let named = self.tenant.as_deref().map(|path| path.join("."));
        let by = format!("the token's claim `{}`", named.unwrap_or_default());
        let said = Said {
            by: if self.claimed.is_fixed() { "the token" } else { &by },
            tenant: tenant.as_deref(),
            user: user.as_deref(),
            labels: labels.collect(),
        };
        self.claimed.caller(said, caller)
    }

    /// What the filter in front says of a token that it did not take.
    fn trouble(&self, caller: &Caller<'_>) -> String {
        let failure = self.failure();
        let path = ["metadata", "filter_metadata", VERIFIER, &failure, "message"];
        let why = caller.facts.property(&path).map(|own| shown(&String::from_utf8_lossy(&own)));
        match why.filter(|why| !why.is_empty()) {
            Some(why) => format!("the token is not good: {why}"),
            None => "the token is not good: it is not one of an issuer that is known here, or has \
                     expired"
                .to_owned(),
        }
    }
}

/// Whether something looks like a token: three parts with dots between them, of which the first
/// begins as a JSON object does in Base64.
fn is_token(value: &[u8]) -> bool {
    let value = header::bearer(value).unwrap_or(value).trim_ascii();
    let dots = value.iter().filter(|byte| **byte == b'.').count();
    value.starts_with(b"eyJ") && dots == 2
}

fn audiences(spot: &Spot<'_>) -> Option<Vec<String>> {
    AUDIENCES.kind.items(spot)?.iter().map(|item| AUDIENCE.read(item)).collect()
}
