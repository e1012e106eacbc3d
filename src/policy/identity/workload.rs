//! `identity[].workload`: the proxy's own workload, as its node's metadata says it. In the sidecar
//! of an app every request is that app's, and its pod needs no key.
use core::cell::OnceCell;

use super::super::field::{
    Defaulted, Entries, Field, Holds, Is, Optional, Read as _, Rule, Section, Spot,
};
use super::asked::{MODELS, USER_HEADER, label};
use super::claimed::{Claimed, FIXED, ONE_TENANT, Said, TENANTS};
use super::path::{self, Metadatum, Path, in_node};
use super::tenant::REQUIRE;
use super::{Caller, Reading, Told};

pub(super) const WORKLOAD: Section = Section::new(
    "an object, which may be empty: `{}`",
    "By the workload that the proxy belongs to: for sidecars, where every request is that of the \
     app beside it. What it is stands in the metadata of the proxy's node, which istiod writes and \
     no request can. Not for a gateway: there it would be the gateway's own, and all callers the \
     same.",
    "identity:\n  - workload: {tenant_from: NAMESPACE, labels: {team: LABELS.team}}",
    &[&TENANT_FROM, &FIXED, &TENANTS, &USER_FROM, &LABELS, &MODELS, &USER_HEADER, &REQUIRE],
)
.with(&[
    ONE_TENANT,
    Rule {
        when: Holds { key: TENANT_FROM.key(), is: Is::Given },
        then: Holds { key: FIXED.key(), is: Is::Absent },
    },
]);

const TENANT_FROM: Defaulted<Metadatum> = Field::defaulted(
    "tenant_from",
    Metadatum,
    "NAMESPACE",
    "The metadatum that says the tenant, where there is no `tenant`. What stands behind a dot is \
     looked for within it: `LABELS.team`.",
);

const USER_FROM: Defaulted<Metadatum> = Field::defaulted(
    "user_from",
    Metadatum,
    "SERVICE_ACCOUNT",
    "The metadatum that says the user. A node without it has none.",
);

const LABELS: Optional<Entries> = Field::optional(
    "labels",
    Entries::of("metadatum", &Metadatum),
    "none",
    "Labels that questions may ask for, and the metadata that say them. One that is no text of 1 \
     to 128 visible characters is left out. Eight at most.",
);

/// The proxy's own workload.
#[derive(Debug, Clone)]
pub struct Workload {
    tenant: Path,
    user: Path,
    labels: Vec<(String, Path)>,
    claimed: Claimed,
    /// What the node says, once it has been asked: it is the same for as long as the proxy runs.
    node: OnceCell<Node>,
}

/// What a node says of its workload.
#[derive(Debug, Clone)]
struct Node {
    tenant: Option<Vec<u8>>,
    user: Option<Vec<u8>>,
    labels: Vec<(String, String)>,
}

impl Workload {
    /// Reads what `workload` holds.
    pub(super) fn read(spot: &Spot<'_>, reading: &Reading<'_>) -> Option<Self> {
        let mut fields = spot.object(&WORKLOAD)?;
        let path = |field: &Defaulted<Metadatum>, spot: Option<Spot<'_>>| match spot {
            Some(spot) => Metadatum.read(&spot),
            None => Some(in_node(field.default()).into()),
        };
        let tenant = fields.spot(&TENANT_FROM);
        if let (Some(spot), true) = (&tenant, fields.has(&FIXED)) {
            spot.problem("the tenant is said twice: remove `tenant_from` or `tenant`");
        }
        let (tenant, user) =
            (path(&TENANT_FROM, tenant), path(&USER_FROM, fields.spot(&USER_FROM)));
        let labels =
            fields.read_with(&LABELS, |spot| path::labels(spot, "metadata by label", &Metadatum));
        let claimed = Claimed::read(&mut fields, reading);
        fields.finish();
        Some(Self {
            tenant: tenant?,
            user: user?,
            labels: labels?.unwrap_or_default(),
            claimed: claimed?,
            node: OnceCell::new(),
        })
    }

    /// What holds of all its callers.
    pub(super) const fn claimed(&self) -> &Claimed {
        &self.claimed
    }

    /// Metadata by which the proxy is that tenant's and user's: their paths and values.
    #[must_use]
    pub fn metadata<'w>(
        &'w self,
        tenant: &'w str,
        user: Option<&'w str>,
    ) -> Vec<(&'w [String], &'w str)> {
        let user = user.map(|user| (&*self.user, user));
        core::iter::once((&*self.tenant, tenant)).chain(user).collect()
    }

    /// Whose the proxy is. A node that says nothing of its tenant tells nobody.
    pub(super) fn caller(&self, caller: &Caller<'_>) -> Told {
        let node = self.node.get_or_init(|| self.ask(caller));
        if node.tenant.is_none() && !self.claimed.is_fixed() {
            return Ok(None);
        }
        let said = Said {
            by: "the proxy's workload",
            tenant: node.tenant.as_deref(),
            user: node.user.as_deref(),
            labels: node.labels.clone(),
        };
        self.claimed.caller(said, caller)
    }

    fn ask(&self, caller: &Caller<'_>) -> Node {
        let at = |path: &Path| {
            let whole = ["xds", "node", "metadata"].into_iter();
            let path: Vec<&str> = whole.chain(path.iter().map(String::as_str)).collect();
            caller.facts.property(&path).filter(|value| !value.is_empty())
        };
        let labels = self
            .labels
            .iter()
            .filter_map(|(name, path)| Some((name.clone(), label(&at(path)?)?.to_owned())));
        let tenant = if self.claimed.is_fixed() { None } else { at(&self.tenant) };
        Node { tenant, user: at(&self.user), labels: labels.collect() }
    }
}
