//! `identity[].spiffe`: by the caller's certificate, as SPIRE and Istio issue them, and no secret
//! that an app would hold.
use super::super::field::{Field, Kind, Optional, Read, Required, Section, Shape, Spot};
use super::asked::{MODELS, USER_HEADER};
use super::claimed::{Claimed, FIXED, ONE_TENANT, Said, TENANTS};
use super::pattern::{LONGEST, Pattern, PatternKind};
use super::tenant::REQUIRE;
use super::xfcc::{self, XFCC};
use super::{Caller, Reading, Told};

/// What the proxy knows of the certificate that a connection came with, once it has verified it.
pub const PEER: [&str; 2] = ["connection", "uri_san_peer_certificate"];

pub(super) const SPIFFE: Section = Section::new(
    "an object with a `pattern`",
    "By the SPIFFE id in the certificate of whoever calls: the first URI among its names, of a \
     connection by mutual TLS whose certificate Envoy has verified (`tradewind render --tls-cert, \
     --tls-key, --client-ca`). No request can write it. Where a proxy in front takes the TLS, \
     `xfcc` has its word for it count.",
    "identity:\n  - spiffe: {pattern: \"spiffe://cluster.local/ns/{tenant}/sa/{user}\"}",
    &[&PATTERN, &FIXED, &TENANTS, &XFCC_FROM, &MODELS, &USER_HEADER, &REQUIRE],
)
.with(&[ONE_TENANT]);

const PATTERN: Required<PatternKind> = Field::required(
    "pattern",
    PatternKind,
    "What the ids look like, part by part: a text, `*` for any, and where the tenant and the user \
     stand. An id that looks otherwise makes nobody. `*` as the trust domain is for authorities \
     that issue for one domain only.",
);

const XFCC_FROM: Optional<Hop> = Field::optional(
    "xfcc",
    Hop,
    "the header is removed, whoever sends it",
    "The hop in front whose `x-forwarded-client-cert` counts: what its own certificate's id looks \
     like, as in `spiffe://*/ns/istio-system/sa/gateway`; or `trusted` for whoever calls without a \
     certificate, where nobody but that hop can reach the listener. Of the header the last element \
     counts which is not that of such a hop: the one that the hop has written. Have it replace \
     what apps send (`forward_client_cert_details: SANITIZE_SET`, with `uri: true`) or append to \
     it. A hop is never the caller itself.",
);

/// Callers with certificates.
#[derive(Debug, Clone)]
pub struct Spiffe {
    pattern: Pattern,
    hop: Option<HopRule>,
    claimed: Claimed,
}

/// Whose word for a certificate counts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum HopRule {
    /// That of whoever calls without a certificate of its own.
    Anyone,
    /// That of whoever has such a certificate.
    Like(Pattern),
}

impl Spiffe {
    /// Reads what `spiffe` holds.
    pub(super) fn read(spot: &Spot<'_>, reading: &Reading<'_>) -> Option<Self> {
        let mut fields = spot.object(&SPIFFE)?;
        let pattern = fields.read(&PATTERN);
        let hop = fields.read(&XFCC_FROM);
        let claimed = Claimed::read(&mut fields, reading);
        if let Some(pattern) = &pattern {
            let place = fields.place(&PATTERN);
            match (pattern.says_tenant(), fields.has(&FIXED)) {
                (false, false) => place.problem(
                    "the pattern does not say the tenant: put `{tenant}` where it stands, or name \
                     one `tenant` for all",
                ),
                (true, true) => place.problem(
                    "the tenant is said twice: put `*` in the place of `{tenant}`, or remove \
                     `tenant`",
                ),
                _ => {}
            }
        }
        fields.finish();
        Some(Self { pattern: pattern?, hop: hop?, claimed: claimed? })
    }

    /// What holds of all its callers.
    pub(super) const fn claimed(&self) -> &Claimed {
        &self.claimed
    }

    /// Whether the word of a hop in front may count; of one without a certificate, too.
    #[must_use]
    pub fn trusts(&self) -> Option<bool> {
        self.hop.as_ref().map(|hop| *hop == HopRule::Anyone)
    }

    /// Whether an authority of any trust domain may name any tenant.
    pub(in super::super) fn is_of_any_domain(&self) -> bool {
        self.pattern.is_of_any_domain()
    }

    /// Whether everybody whose certificate is one of a caller's is taken for a hop.
    pub(in super::super) fn takes_all_for_hops(&self) -> bool {
        matches!(&self.hop, Some(HopRule::Like(hop)) if hop.covers(&self.pattern))
    }

    /// Whether it says the user of a caller.
    pub(super) fn says_user(&self) -> bool {
        self.pattern.says_user()
    }

    /// An id by which a caller is known as that tenant and user.
    #[must_use]
    pub fn example(&self, tenant: &str, user: Option<&str>) -> String {
        self.pattern.example(tenant, user.unwrap_or("any"))
    }

    /// Whose certificate it is.
    pub(super) fn caller(&self, caller: &Caller<'_>) -> Told {
        let peer = caller.facts.property(&PEER).filter(|peer| !peer.is_empty());
        let peer = peer.as_ref().map(|bytes| core::str::from_utf8(bytes).unwrap_or_default());
        let Some(id) = self.id(peer, caller) else { return Ok(None) };
        let Some(named) = self.pattern.read(id).filter(|_| id.len() <= LONGEST) else {
            return Ok(None);
        };
        let said = Said {
            by: "the caller's certificate",
            tenant: named.tenant.map(str::as_bytes),
            user: named.user.map(str::as_bytes),
            labels: Vec::new(),
        };
        self.claimed.caller(said, caller)
    }

    /// The id of the caller: of its certificate, or of the one that the hop in front has seen.
    fn id<'i>(&self, peer: Option<&'i str>, caller: &Caller<'i>) -> Option<&'i str> {
        let written = || caller.facts.last_header(XFCC).map(xfcc::elements).into_iter().flatten();
        match (&self.hop, peer) {
            (None, peer) => peer,
            (Some(HopRule::Anyone), None) => xfcc::uri(written().next()?),
            (Some(HopRule::Anyone), Some(peer)) => Some(peer),
            (Some(HopRule::Like(hop)), Some(peer)) if hop.read(peer).is_some() => {
                let mut others = written().map(xfcc::uri);
                let is_hop = |id: &str| hop.read(id).is_some();
                others.find(|id| !id.is_some_and(is_hop))?
            }
            (Some(HopRule::Like(_)), peer) => peer,
        }
    }
}

/// `trusted`, or what the certificate of a hop looks like.
#[derive(Debug, Clone, Copy)]
struct Hop;

const TRUSTED: &str = "trusted";

impl Read for Hop {
    type Value = HopRule;

    fn read(&self, spot: &Spot<'_>) -> Option<HopRule> {
        if spot.node.text() == Some(TRUSTED) {
            return Some(HopRule::Anyone);
        }
        let pattern = PatternKind.read(spot)?;
        if !pattern.says_nothing() {
            spot.problem(
                "a hop is nobody's: put a text or `*` in the place of `{tenant}` and `{user}`",
            );
        }
        Some(HopRule::Like(pattern))
    }
}

impl Kind for Hop {
    fn shape(&self) -> Shape {
        const MEANING: &str = "Whoever calls without a certificate.";
        Shape::Either(vec![Shape::Words(vec![(TRUSTED, MEANING)]), PatternKind.shape()])
    }
}
