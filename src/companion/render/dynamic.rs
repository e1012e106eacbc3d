//! The same configuration in files that Envoy watches: what is put into their place is taken over
//! while it runs, and what Envoy refuses changes nothing.
use std::path::Path;

use serde_json::{Value, json};

use super::{
    Checked, Place, Secret, Source, bootstrap, internal, listener, response, secret, watched,
};

/// The file that Envoy is started with.
pub const BOOTSTRAP: &str = "bootstrap.json";

/// The file of the clusters.
pub const CLUSTERS: &str = "cds.json";

/// The file of the listeners, and so of the policy.
pub const LISTENERS: &str = "lds.json";

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

/// What stood in the files, if anything did.
#[derive(Debug, Default)]
pub struct Before {
    /// In [`CLUSTERS`].
    pub clusters: Option<Value>,
    /// In [`LISTENERS`].
    pub listeners: Option<Value>,
}

/// Configures an Envoy that finds the files in `folder`, an absolute path. `now` is in seconds
/// since 1970.
#[must_use]
pub fn dynamic(
    checked: Checked<'_>,
    place: &Place,
    secrets: &[Secret],
    (folder, before, now): (&Path, &Before, u64),
) -> Dynamic {
    let discovered: Vec<Secret> = secrets.iter().map(|secret| moved(secret, folder)).collect();
    let mut files: Vec<(String, Value)> = secret::fixed(secrets)
        .into_iter()
        .zip(secrets.iter().filter(|secret| matches!(secret.source, Source::Plain { .. })))
        .map(|(resource, secret)| (file(&secret.name), response(secret::MESSAGE, vec![resource])))
        .collect();
    let mut clusters = bootstrap::clusters(checked.policy, place, &discovered);
    clusters.extend(leaving(before.clusters.as_ref(), &clusters, now));
    let mut listeners = bootstrap::listeners(checked, place);
    listeners.extend(still_led_to(before.listeners.as_ref(), &listeners, &clusters));
    // Envoy takes them over one by one: those that no app calls come before whoever leads there.
    listeners.sort_by_key(|own| !is_within(own));
    files.push((CLUSTERS.to_owned(), response(CLUSTER, clusters)));
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
fn leaving(before: Option<&Value>, clusters: &[Value], now: u64) -> Vec<Value> {
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
    gone(before, clusters).filter_map(marked).collect()
}

/// The listeners within Envoy that were there before and that nothing names any more, as long as a
/// cluster leads there: what goes to that cluster would find nobody.
fn still_led_to(before: Option<&Value>, listeners: &[Value], clusters: &[Value]) -> Vec<Value> {
    let led_to = |own: &&Value| {
        is_within(own)
            && clusters.iter().any(|cluster| internal::led_to(cluster) == own.get("name"))
    };
    // Unchanged, so that Envoy leaves what is open there alone.
    gone(before, listeners).filter(led_to).cloned().collect()
}

/// Whether a listener is within Envoy.
fn is_within(listener: &Value) -> bool {
    listener.get("internal_listener").is_some()
}

/// What stood in a file and has no namesake now.
fn gone<'v>(before: Option<&'v Value>, now: &'v [Value]) -> impl Iterator<Item = &'v Value> {
    let before = before.and_then(|before| before.get("resources")).and_then(Value::as_array);
    let stays = |own: &Value| now.iter().any(|other| other.get("name") == own.get("name"));
    before.into_iter().flatten().filter(move |own| !stays(own))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{KEPT, leaving, still_led_to};

    /// The names that are kept of what stood there before, and since when each is left.
    fn kept(before: &Value, now: u64) -> Vec<(String, u64)> {
        let left = leaving(Some(before), &[json!({"name": "stays"})], now);
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
    #[test]
    fn a_listener_within_envoy_stays_as_it_is_while_a_cluster_leads_there() {
        let within = |name: &str| json!({"@type": "t", "name": name, "internal_listener": {}});
        let leads = |name: &str| super::internal::cluster(name, "m", name, &[]);
        let before = json!({"resources": [
            {"@type": "t", "name": "the apps'"},
            within("stays"),
            within("still led to"),
            within("led to by nobody"),
        ]});
        let clusters = [leads("stays"), leads("still led to"), json!({"name": "led to by nobody"})];
        let left = still_led_to(Some(&before), &[within("stays")], &clusters);
        assert_eq!(left, [within("still led to")]);
        assert!(still_led_to(None, &[], &clusters).is_empty());
    }
}
