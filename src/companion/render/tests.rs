//! What the configuration says of each part of a policy, and what is asked of a key file.
mod accounts;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Checked, Place, Secret, Source, duration, envoy};
use crate::exchange::filter_state::NEXT;
use crate::policy::Policy;

const POLICY: &str = r#"{
  "version": "tradewind/v1",
  "identity": [{"anonymous": {"tenant": "public"}}],
  "limits": {"request": {"max_body_bytes": 4194304, "max_output_tokens": 50}},
  "providers": {
    "cloud-4.1":
      {"dialect": "openai", "endpoint": "https://api.example.com/base", "secret": "cloud-key"},
    "mesh": {"dialect": "openai", "endpoint": "http://models.local:8080"},
    "local": {"dialect": "openai", "endpoint": "http://127.0.0.1:9000/base", "secret": "local-key"},
    "secure": {"dialect": "openai", "endpoint": "https://[::1]:9443", "secret": "cloud-key"}
  },
  "models": {
    "c": {"provider": "cloud-4.1", "name": "c", "context_window": 1000, "max_output_tokens": 9},
    "local": {"provider": "mesh", "name": "m", "context_window": 1000, "max_output_tokens": 9},
    "l": {"provider": "local", "name": "l", "context_window": 1000, "max_output_tokens": 100},
    "l-2": {"provider": "local", "name": "l2", "context_window": 1000, "max_output_tokens": 100},
    "s": {"provider": "secure", "name": "s", "context_window": 1000, "max_output_tokens": 9}
  },
  "chains": {"all": ["c", "local", "l"], "two": ["l-2", "s"]},
  "routes": [{"models": ["auto"], "chain": "all"}, {"models": ["secure"], "chain": "two"}],
  "resilience": {"attempts": 3, "idle_timeout": "20500ms"}
}"#;

fn policy() -> Policy {
    Policy::from_json(POLICY.as_bytes()).unwrap()
}

fn place() -> Place {
    Place {
        listen: "0.0.0.0:10000".parse().unwrap(),
        admin: "[::1]:9901".parse().unwrap(),
        wasm: "/opt/tradewind.wasm".into(),
        authorities: "/etc/ca.pem".into(),
        tls: None,
        max_heap: 1 << 30,
    }
}

fn secrets() -> Vec<Secret> {
    let plain = Source::Plain { path: "/keys/cloud-key".into(), newline: false };
    let discovery = Source::Discovery("/keys/local-key.yaml".into());
    vec![
        Secret { name: "cloud-key".into(), source: plain },
        Secret { name: "local-key".into(), source: discovery },
    ]
}

fn rendered() -> Value {
    let policy = policy();
    envoy(Checked { policy: &policy, json: r#"{"n": 1.50}"# }, &place(), &secrets())
}

/// The value at a JSON pointer; the path that fails stands in the panic.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer} of {value:#}"))
}

fn cluster(index: usize) -> Value {
    at(&rendered(), &format!("/static_resources/clusters/{index}")).clone()
}

fn filters(cluster: &Value) -> &Vec<Value> {
    const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    cluster["typed_extension_protocol_options"][OPTIONS]["http_filters"].as_array().unwrap()
}

fn names(filters: &[Value]) -> Vec<&str> {
    filters.iter().map(|filter| filter["name"].as_str().unwrap()).collect()
}

fn configuration(filter: &Value) -> Value {
    let text = at(filter, "/typed_config/config/configuration/value").as_str().unwrap();
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_model_goes_to_its_providers_cluster() {
    let rendered = rendered();
    let route = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config\
                 /route_config/virtual_hosts/0/routes/0/route";
    let map = format!(
        "{route}/inline_cluster_specifier_plugin/extension/typed_config/cluster_matcher\
         /matcher_tree/exact_match_map/map"
    );
    let map = at(&rendered, &map).as_object().unwrap();
    let places = map.iter().map(|(model, own)| (model.as_str(), own));
    let places =
        places.map(|(model, own)| (model, at(own, "/action/typed_config/cluster").clone()));
    let expected =
        [("c", "cloud-4.1"), ("l", "local"), ("l-2", "local"), ("local", "mesh"), ("s", "secure")];
    let expected = expected.map(|(model, provider)| (model, json!(provider)));
    assert_eq!(places.collect::<BTreeMap<_, _>>(), BTreeMap::from(expected));
    for (index, provider) in ["cloud-4.1", "mesh", "local", "secure"].into_iter().enumerate() {
        assert_eq!(cluster(index)["name"], provider);
    }
    assert_eq!(cluster(0)["alt_stat_name"], "cloud-4_1", "a dot would end the name in metrics");
    let retry = at(&rendered, &format!("{route}/retry_policy"));
    assert_eq!(retry["num_retries"], 9, "three models, each thrice, and one that leads nowhere");
    let nowhere = format!(
        "{route}/inline_cluster_specifier_plugin/extension/typed_config/cluster_matcher\
         /on_no_match/action/typed_config/cluster"
    );
    assert_eq!(at(&rendered, &nowhere), "-nowhere", "else a retry goes to the cluster before");
    assert_eq!(retry["per_try_idle_timeout"], "20.500s");
}

/// Starting Envoy costs a cluster's and a plugin's time for each: they do not grow with the models.
#[test]
fn two_thousand_models_have_the_clusters_of_their_providers() {
    let mut policy: Value = serde_json::from_str(POLICY).unwrap();
    let before = rendered();
    for index in 0..2_000 {
        let (name, of) = (format!("m{index}"), ["c", "local", "l", "s"][index % 4]);
        policy["models"][&name] = policy["models"][of].clone();
        policy["chains"][&name] = json!([name]);
        policy["routes"].as_array_mut().unwrap().push(json!({"models": [name], "chain": name}));
    }
    let policy = Policy::from_json(policy.to_string().as_bytes()).unwrap();
    let after = envoy(Checked { policy: &policy, json: "{}" }, &place(), &secrets());
    let clusters = |rendered: &Value| at(rendered, "/static_resources/clusters").clone();
    assert_eq!(clusters(&after), clusters(&before));
}

#[test]
fn an_endpoint_says_how_its_host_is_found_and_trusted() {
    let sni = "/transport_socket/typed_config/sni";
    let san = "/transport_socket/typed_config/common_tls_context/validation_context\
               /match_typed_subject_alt_names/0";
    let table = [
        (2, "STATIC", json!(null), json!(null)),
        (3, "STATIC", json!(null), json!("IP_ADDRESS")),
        (4, "LOGICAL_DNS", json!("api.example.com"), json!("DNS")),
        (5, "LOGICAL_DNS", json!(null), json!(null)),
    ];
    for (index, found, name, kind) in table {
        let cluster = cluster(index);
        assert_eq!(cluster["type"], found, "cluster {index}");
        assert_eq!(cluster.pointer(sni).unwrap_or(&Value::Null), &name, "cluster {index}");
        let san = cluster.pointer(san).map_or(&Value::Null, |san| &san["san_type"]);
        assert_eq!(san, &kind, "cluster {index}");
    }
}

#[test]
fn a_name_that_does_not_resolve_ends_no_chain() {
    let clusters = at(&rendered(), "/static_resources/clusters").as_array().unwrap().clone();
    let names: Vec<&str> = clusters.iter().map(|own| own["name"].as_str().unwrap()).collect();
    #[rustfmt::skip]
    let expected = [
        "cloud-4.1", "mesh", "local", "secure",
        "provider/cloud-4.1", "provider/mesh", "unresolved/",
    ];
    assert_eq!(names, expected, "two of each provider with a name, and one that refuses");
    let either = "/cluster_type/typed_config/clusters";
    for (index, own) in [(0, "provider/cloud-4.1"), (1, "provider/mesh")] {
        let cluster = cluster(index);
        assert_eq!(at(&cluster, either), &json!([own, "unresolved/"]));
        assert_eq!(cluster["lb_policy"], "CLUSTER_PROVIDED");
        assert!(cluster.get("transport_socket").is_none(), "the endpoint's own cluster has it");
    }
    for index in [4, 5] {
        let options = &cluster(index)["typed_extension_protocol_options"];
        assert!(!options.to_string().contains("http_filters"), "the provider's cluster has them");
    }
    let refuses = cluster(6).to_string();
    assert!(refuses.contains(r#""address":"127.0.0.1","port_value":1"#), "{refuses}");
    for cluster in &clusters {
        let bound = at(cluster, "/circuit_breakers/thresholds/0/max_pending_requests");
        assert!(bound.as_u64() > Some(100_000), "an overflow would end the chain");
        let retries = at(cluster, "/circuit_breakers/thresholds/0/max_retries");
        assert_eq!(retries, u32::MAX, "stricter than `resilience.retry_budget` can be");
    }
}

#[test]
fn idle_connections_are_closed_before_the_other_side_does() {
    let idle = "/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3\
                .HttpProtocolOptions/common_http_protocol_options/idle_timeout";
    for (index, expected) in [(2, "4s"), (3, "30s"), (4, "30s"), (5, "4s")] {
        assert_eq!(at(&cluster(index), idle), expected, "cluster {index}");
    }
}

#[test]
fn the_key_is_added_after_the_module_and_only_where_one_is_wanted() {
    let injected = ["tradewind-cloud-4.1", INJECTOR, "envoy.filters.http.upstream_codec"];
    assert_eq!(names(filters(&cluster(0))), injected);
    assert_eq!(
        names(filters(&cluster(1))),
        ["tradewind-mesh", "envoy.filters.http.upstream_codec"]
    );
    let plain = credential(0);
    assert_eq!(plain["credential"], json!({"name": "cloud-key"}));
    let place = &crate::dialect::provider::named("openai").unwrap().credential;
    assert_eq!(plain["header"], place.header);
    assert_eq!(plain["header_value_prefix"], place.prefix);
    let path = "/credential/sds_config/path_config_source/path";
    assert_eq!(at(&credential(2), path), "/keys/local-key.yaml");
    assert_eq!(
        at(&rendered(), "/static_resources/secrets"),
        &json!([{
            "name": "cloud-key",
            "generic_secret": {"secret": {"filename": "/keys/cloud-key"}},
        }]),
        "a key that rotates is not among those that Envoy reads once"
    );
}

const INJECTOR: &str = "envoy.filters.http.credential_injector";

fn credential(index: usize) -> Value {
    let cluster = cluster(index);
    let injector = filters(&cluster).iter().find(|filter| filter["name"] == INJECTOR).unwrap();
    at(injector, "/typed_config/credential/typed_config").clone()
}

#[test]
fn each_role_gets_its_whole_configuration() {
    let edge =
        "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0";
    let rendered = rendered();
    let edge = at(&rendered, edge);
    assert_eq!(
        at(edge, "/typed_config/config/configuration/value"),
        r#"{"role":"edge","policy":{"n": 1.50},"limits":{"stream_buffer_bytes":16777216}}"#,
        "the policy goes in as it was checked, byte by byte"
    );
    assert_eq!(
        configuration(&filters(&cluster(2))[0]),
        json!({
            "role": "provider",
            "provider": {
                "name": "local",
                "dialect": "openai",
                "authority": "127.0.0.1:9000",
                "prefix": "/base",
                "tls": false,
            },
            "limits": {
                "idle_timeout_ms": 20500,
                "retry_share": 200000,
                "retries_at_least": 1000,
                "stream_buffer_bytes": 16777216,
            },
        })
    );
}

#[test]
fn the_module_is_loaded_the_same_way_everywhere() {
    let rendered = rendered().to_string();
    let vm = |id| {
        format!(
            "\"vm_config\":{{\"vm_id\":\"{id}\",\"runtime\":\"envoy.wasm.runtime.v8\",\
             \"code\":{{\"local\":{{\"filename\":\"/opt/tradewind.wasm\"}}}}}}"
        )
    };
    assert_eq!(rendered.matches(&vm("tradewind-edge")).count(), 1, "a VM of its own");
    assert_eq!(rendered.matches(&vm("tradewind-provider")).count(), 4, "and one for all providers");
    assert_eq!(rendered.matches("FAIL_RELOAD").count(), 5);
    assert_eq!(rendered.matches(r#""allow_on_headers_stop_iteration":true"#).count(), 5);
}

const CONNECTION: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

#[test]
fn what_envoy_may_hold_follows_from_its_heap() {
    let rendered = rendered();
    let monitors = "/overload_manager/resource_monitors";
    let heap = at(&rendered, &format!("{monitors}/0/typed_config/max_heap_size_bytes"));
    assert_eq!(heap, 1 << 30);
    let path = format!("{monitors}/1/typed_config/max_active_downstream_connections");
    assert_eq!(at(&rendered, &path), 16_384, "64 KiB each");
    let streams = format!("{CONNECTION}/http2_protocol_options/max_concurrent_streams");
    assert_eq!(at(&rendered, &streams), 100);
}

#[test]
fn what_is_not_decided_yet_waits_less() {
    let rendered = rendered();
    let routes = format!("{CONNECTION}/route_config/virtual_hosts/0/routes");
    let routes = at(&rendered, &routes).as_array().unwrap();
    let key = at(&routes[0], "/match/filter_state/0/key");
    assert_eq!(key, &format!("wasm.{NEXT}"), "only what has a next model is decided");
    assert_eq!(at(&routes[0], "/route/idle_timeout"), "91.500s");
    assert_eq!(at(&routes[1], "/route/idle_timeout"), "30s");
}

#[test]
fn an_app_waits_longer_than_all_attempts_in_silence() {
    let idle = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config\
                /stream_idle_timeout";
    assert_eq!(at(&rendered(), idle), "91.500s", "3 x 20.5 s and half a minute");
}

/// Bytes of which the app gets nothing are no silence, so the whole is bounded too.
#[test]
fn no_request_lives_for_ever() {
    let whole = format!("{CONNECTION}/common_http_protocol_options/max_stream_duration");
    assert_eq!(at(&rendered(), &whole), "3600.000s");
    let patient = POLICY.replace("20500ms", "1h");
    assert_ne!(patient, POLICY);
    let policy = Policy::from_json(patient.as_bytes()).unwrap();
    let rendered = envoy(Checked { policy: &policy, json: "{}" }, &place(), &secrets());
    let idle = at(&rendered, &format!("{CONNECTION}/stream_idle_timeout"));
    assert_eq!(at(&rendered, &whole), idle, "no sooner than silence ends one");
}

#[test]
fn durations_keep_their_milliseconds() {
    for (milliseconds, text) in [(0, "0.000s"), (7, "0.007s"), (60_000, "60.000s")] {
        assert_eq!(duration(milliseconds), text);
    }
}

/// A folder of its own for one test, removed at its end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let own = format!("tradewind-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(own);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_key_file_is_judged_before_envoy_sees_it() {
    let folder = Folder::new("secrets");
    let yaml = "resources:\n- {name: key, generic_secret: {}}\n";
    let table: [(&str, &str, &str); 12] = [
        ("key", "sk-1", "plain"),
        ("key", "sk-1\n", "plain, line break"),
        ("key.yaml", yaml, "discovery"),
        ("key.json", r#"{"resources": [{"name": "key"}]}"#, "discovery"),
        ("key", r#"{"resources": [{"name": "key"}]}"#, "discovery"),
        ("key", r#"{"resources": [{"name": "other"}]}"#, "has no resource with `name: key`"),
        ("key", yaml, "rename it so that it ends in `.yaml`"),
        ("key", "", "is empty"),
        ("key", "\n", "is empty"),
        ("key", "sk-1\nsk-2\n", "more than one line"),
        ("key", "sk 1", "more than one line"),
        ("key.yaml", "sk-1", "no `resources`"),
    ];
    for (file, text, expected) in table {
        let path = folder.0.join(file);
        fs::write(&path, text).unwrap();
        let found = match Secret::find("key", &folder.0) {
            Ok(Secret { source: Source::Plain { newline: true, .. }, .. }) => {
                "plain, line break".into()
            }
            Ok(Secret { source: Source::Plain { .. }, .. }) => "plain".to_owned(),
            Ok(Secret { source: Source::Discovery(_), .. }) => "discovery".to_owned(),
            Err(trouble) => trouble.to_string(),
        };
        assert!(found.contains(expected), "{file} with {text:?}: {found}");
        fs::remove_file(path).unwrap();
    }
    let missing = Secret::find("key", Path::new("/nowhere")).unwrap_err().to_string();
    assert_eq!(
        missing,
        "secret `key`: `/nowhere/key` does not exist: write the provider's key into it"
    );
}
