//! The same configuration in files that Envoy watches: what is put into their place is taken over
//! while it runs, and what Envoy refuses changes nothing.
use std::path::Path;

use serde_json::{Value, json};

use super::{Checked, Place, Secret, Source, bootstrap, listener, response, secret, watched};

/// The file that Envoy is started with.
pub const BOOTSTRAP: &str = "bootstrap.json";

/// The file of the clusters.
pub const CLUSTERS: &str = "cds.json";

/// The file of the listener, and so of the policy.
const LISTENERS: &str = "lds.json";

/// How long a cluster that the policy names no more is kept, in seconds: requests that were decided
/// before still go there, and none takes longer.
const KEPT: u64 = listener::WHOLE_MS / 1000;

/// A configuration in files.
#[derive(Debug)]
pub struct Dynamic {
    /// What Envoy is started with; it is read once.
    pub bootstrap: Value,
    /// Names and contents of the files that it watches, in the order in which they are to be put
    /// there: nothing is named before it exists.
    pub watched: Vec<(String, Value)>,
}

/// Configures an Envoy that finds the files in `folder`, an absolute path.
///
/// `before` is what stood in [`CLUSTERS`], if anything did. `now` is in seconds since 1970.
#[must_use]
pub fn dynamic(
    checked: Checked<'_>,
    place: &Place,
    secrets: &[Secret],
    (folder, before, now): (&Path, Option<&Value>, u64),
) -> Dynamic {
    let discovered: Vec<Secret> = secrets.iter().map(|secret| moved(secret, folder)).collect();
    let mut files: Vec<(String, Value)> = secret::fixed(secrets)
        .into_iter()
        .zip(secrets.iter().filter(|secret| matches!(secret.source, Source::Plain { .. })))
        .map(|(resource, secret)| (file(&secret.name), response(secret::MESSAGE, vec![resource])))
        .collect();
    let mut clusters = bootstrap::clusters(checked.policy, place, &discovered);
    clusters.extend(before.map(|before| leaving(before, &clusters, now)).unwrap_or_default());
    files.push((CLUSTERS.to_owned(), response(CLUSTER, clusters)));
    let listeners = bootstrap::listeners(checked, place);
    files.push((LISTENERS.to_owned(), response(LISTENER, listeners)));
    let resources = json!({
        "cds_config": watched(&folder.join(CLUSTERS)),
        "lds_config": watched(&folder.join(LISTENERS)),
    });
    let bootstrap = bootstrap::frame(place, "dynamic_resources", resources);
    Dynamic { bootstrap, watched: files }
}

const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";
const LISTENER: &str = "envoy.config.listener.v3.Listener";

/// The file that names a secret's own file. A folder within the folder could not be a ConfigMap's.
fn file(secret: &str) -> String {
    format!("sds-{secret}.json")
}

/// A secret as one that is discovered: Envoy would end if a cluster that it takes over named one
/// that was not there when it started.
fn moved(secret: &Secret, folder: &Path) -> Secret {
    let Secret { name, source } = secret.clone();
    let source = match source {
        Source::Plain { .. } => Source::Discovery(folder.join(file(&name))),
        discovery @ Source::Discovery(_) => discovery,
    };
    Secret { name, source }
}

/// The clusters that were there before and that nothing names any more, as long as they are kept.
fn leaving(before: &Value, clusters: &[Value], now: u64) -> Vec<Value> {
    let before = before.get("resources").and_then(Value::as_array);
    let gone =
        |own: &&Value| !clusters.iter().any(|cluster| cluster.get("name") == own.get("name"));
    let marked = |own: &Value| {
        let mut own = own.clone();
        let since = own.pointer("/metadata/filter_metadata/tradewind/left_at");
        let since = since.and_then(Value::as_u64).unwrap_or(now);
        let fields = own.as_object_mut()?;
        fields.remove("@type");
        fields.insert(
            "metadata".to_owned(),
            json!({"filter_metadata": {"tradewind": {"left_at": since}}}),
        );
        (now.saturating_sub(since) < KEPT).then_some(own)
    };
    before.into_iter().flatten().filter(gone).filter_map(marked).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{KEPT, leaving};

    /// The names that are kept of what stood there before, and since when each is left.
    fn kept(before: &Value, now: u64) -> Vec<(String, u64)> {
        let left = leaving(before, &[json!({"name": "stays"})], now);
        let since =
            |own: &Value| own["metadata"]["filter_metadata"]["tradewind"]["left_at"].as_u64();
        left.iter().map(|own| (own["name"].as_str().unwrap().into(), since(own).unwrap())).collect()
    }

    #[test]
    fn a_cluster_outlives_the_policy_that_named_it_for_as_long_as_a_request_may_take() {
        let left_at = |at: u64| json!({"filter_metadata": {"tradewind": {"left_at": at}}});
        let now = KEPT + 10;
        let before = json!({"resources": [
            {"@type": "t", "name": "stays"},
            {"@type": "t", "name": "goes"},
            {"@type": "t", "name": "just in time", "metadata": left_at(11)},
            {"@type": "t", "name": "over", "metadata": left_at(10)},
        ]});
        let expected = vec![("goes".to_owned(), now), ("just in time".to_owned(), 11)];
        assert_eq!(kept(&before, now), expected);
        assert_eq!(kept(&json!({}), now), []);
    }
}
