//! The rendered reference in `envoy/gateway` is what `tradewind render` prints.
#![cfg(feature = "companion")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::fs;
use std::path::Path;
use std::process::Command;

use tradewind::companion::policy_file;
use tradewind::companion::render::{Checked, Place, Secret, Source, envoy};

/// Set to anything, it writes the reference anew.
const BLESS: &str = "BLESS";

/// What `tradewind render` says on standard error, and its exit code.
fn render(arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/exchange/policy"));
    match command.args(["render", "--for", "envoy"]).args(arguments).output() {
        Ok(output) => (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code()),
        Err(error) => (error.to_string(), None),
    }
}

#[test]
fn what_envoy_would_choke_on_is_refused() {
    let policy = "../../policy/flow.yaml";
    let module = Path::new(env!("CARGO_TARGET_TMPDIR")).join("module.wasm");
    fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
    let module = module.to_str().unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["--wasm", module], ""),
        (
            &["--wasm", "usual.json"],
            "--wasm: `usual.json` is not a WebAssembly module: `make build` makes one\n",
        ),
        (
            &["--wasm", module, "--listen", "0.0.0.0:9901"],
            "--admin: `127.0.0.1:9901` meets --listen `0.0.0.0:9901`: give one of them another \
             port\n",
        ),
        (&["--wasm", module, "--listen", "127.0.0.2:9901"], ""),
        (&["--wasm", module, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], ""),
    ];
    for (arguments, said) in cases {
        let code = if said.is_empty() { 0 } else { 1 };
        let arguments = [&[policy], arguments].concat();
        assert_eq!(render(&arguments), (said.to_owned(), Some(code)), "{arguments:?}");
    }
}

#[test]
fn a_ledger_without_an_address_is_refused() {
    let module = Path::new(env!("CARGO_TARGET_TMPDIR")).join("other-module.wasm");
    fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
    let policy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-endpoint.yaml");
    let text = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/corpus/policy/credits.yaml"
    ));
    let lines = text.unwrap();
    let kept: Vec<&str> = lines
        .lines()
        .filter(|line| !line.contains("https://ledger") && !line.contains("ledger-token"))
        .collect();
    fs::write(&policy, kept.join("\n")).unwrap();
    let arguments = [policy.to_str().unwrap(), "--wasm", module.to_str().unwrap()];
    let (said, code) = render(&arguments);
    assert!(said.starts_with("credits.endpoint: missing"), "{said}");
    assert_eq!(code, Some(1));
}

#[test]
fn the_reference_is_what_render_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/gateway");
    let (policy, node) = policy_file::load(&folder.join("policy.yaml")).unwrap();
    let place = Place {
        listen: "0.0.0.0:10000".parse().unwrap(),
        admin: "127.0.0.1:9901".parse().unwrap(),
        wasm: "/etc/tradewind/tradewind.wasm".into(),
        authorities: "/etc/ssl/certs/ca-certificates.crt".into(),
        tls: None,
        max_heap: 1 << 30,
    };
    let names = ["anthropic-api-key", "openai-api-key", "gemini-api-key", "ledger-token"];
    let secrets = names.map(|name| {
        let path = Path::new("/etc/tradewind/secrets").join(name);
        Secret { name: name.into(), source: Source::Plain { path, newline: false } }
    });
    let json = node.to_json();
    let rendered = envoy(Checked { policy: &policy, json: &json }, &place, &secrets);
    let rendered = format!("{rendered:#}\n");
    let file = folder.join("envoy.json");
    if std::env::var_os(BLESS).is_some() {
        fs::write(&file, &rendered).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(rendered, written, "{BLESS}=1 cargo test --features companion writes it anew");
}

/// A folder of its own for a test, with a module and a policy that names no secret.
#[expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
fn folder(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("module.wasm"), b"\0asm\x01\0\0\0").unwrap();
    folder
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = folder("render-output");
    let (file, module) = (folder.join("envoy.json"), folder.join("module.wasm"));
    let options = ["--wasm", module.to_str().unwrap(), "--output", file.to_str().unwrap()];
    let (said, code) = render(&[&["../../policy/flow.yaml"], &options[..]].concat());
    assert_eq!((said.as_str(), code), ("", Some(0)));
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.starts_with('{') && written.ends_with("}\n"), "{written}");

    let (said, code) = render(&[&["../../problem/no-such-file.yaml"], &options[..]].concat());
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    let names = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(names.count(), 2, "nothing half written stays");
}

#[test]
fn what_a_start_alone_takes_over_is_said() {
    let folder = folder("render-dynamic");
    let (watched, module) = (folder.join("envoy"), folder.join("module.wasm"));
    let options = ["--wasm", module.to_str().unwrap(), "--dynamic", watched.to_str().unwrap()];
    let usual = [&["../../policy/flow.yaml"], &options[..]].concat();
    assert_eq!(render(&usual), (String::new(), Some(0)));
    assert_eq!(render(&usual), (String::new(), Some(0)));
    let (said, code) = render(&[&usual[..], &["--max-heap", "2GiB"]].concat());
    assert!(said.ends_with("takes effect when Envoy is started again\n"), "{said}");
    assert_eq!(code, Some(0));
}

#[test]
fn an_option_that_would_mean_nothing_is_refused() {
    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/envoy/istio/policy.yaml");
    let cases: [(&str, &[&str], &str); 9] = [
        ("istio", &["--listen", "0.0.0.0:80"], "where apps call --mesh-host on port 80"),
        ("istio", &["--admin", "127.0.0.1:1"], "where each proxy has its own at 127.0.0.1:15000"),
        ("istio-gateway", &["--ca-file", "ca.pem"], "trusts the authorities of its image"),
        ("istio", &["--dynamic", "folder"], "where istiod brings a proxy what is applied"),
        ("istio", &["--no-check-files"], "where files of a pod are not looked at"),
        ("istio-gateway", &["--max-heap", "2GiB"], "where a container's limits bound its proxy"),
        ("envoy", &["--namespace", "shop"], "only with --for istio and istio-gateway"),
        ("envoy", &["--workload", "a=b"], "only with --for istio and istio-gateway"),
        ("envoy", &["--mesh-host", "llm.own"], "only with --for istio and istio-gateway"),
    ];
    for (proxy, options, so) in cases {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
        let output = command.args(["render", policy, "--for", proxy]).args(options).output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said.lines().find(|line| line.starts_with(&format!("{}: ", options[0])));
        assert!(line.is_some_and(|line| line.contains(so)), "{options:?}: {said}");
        assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]), "{options:?}");
    }
}

#[test]
fn a_ledger_that_a_mesh_cannot_name_is_refused() {
    let folder = folder("render-ledger");
    let usual = concat!(env!("CARGO_MANIFEST_DIR"), "/envoy/istio/policy.yaml");
    let text = fs::read_to_string(usual).unwrap();
    let policy = folder.join("policy.yaml");
    for (label, refused) in [("a".repeat(58), false), ("a".repeat(59), true)] {
        let host = format!("{label}.{}.svc.cluster.local", "b".repeat(30));
        let text = text.replace("tradewind-ledger.llm.svc.cluster.local", &host);
        fs::write(&policy, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
        let output = command.arg("render").arg(&policy).args(["--for", "istio"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.contains("longer than 128 bytes"), refused, "{said}");
        assert_eq!(output.status.success(), !refused);
    }
}

#[test]
fn the_reference_for_istio_is_what_render_writes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/istio");
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("istio.yaml");
    let policy = folder.join("policy.yaml");
    let usual = [policy.to_str().unwrap(), "--output", made.to_str().unwrap()];
    for (name, options) in [
        ("sidecar.yaml", &["--for", "istio", "--namespace", "shop"][..]),
        ("gateway.yaml", &["--for", "istio-gateway"]),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
        let output = command.arg("render").args(usual).args(options).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
        let rendered = fs::read_to_string(&made).unwrap();
        let file = folder.join(name);
        if std::env::var_os(BLESS).is_some() {
            fs::write(&file, &rendered).unwrap();
        }
        let written = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(rendered, written, "{BLESS}=1 cargo test --features companion writes it anew");
    }
}

/// What `tradewind render` prints for a policy of the exchange's corpus.
#[expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
fn printed(arguments: &[&str]) -> serde_json::Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/exchange/policy"));
    command.args(["render", "--for", "envoy", "--no-check-files"]).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

#[test]
fn copies_have_a_listener_without_an_address_where_there_are_any() {
    let with = printed(&["shadow.json"]);
    let internal = "envoy.bootstrap.internal_listener";
    assert_eq!(with["bootstrap_extensions"][0]["name"], internal);
    let listeners = with["static_resources"]["listeners"].as_array().unwrap();
    let [public, inner] = listeners.as_slice() else { panic!("{listeners:?}") };
    assert!(inner.get("address").is_none() && inner["internal_listener"].is_object());
    // The module knows the one by the name of its filter chain, and the other has none.
    assert_eq!(inner["filter_chains"][0]["name"], "tradewind-shadow");
    assert!(public["filter_chains"][0].get("name").is_none());
    let filters = |own: &serde_json::Value| {
        let connections = &own["filter_chains"][0]["filters"][0]["typed_config"];
        (connections["http_filters"].clone(), connections["access_log"].clone())
    };
    assert_eq!(filters(public), filters(inner), "a copy is a request like any other");
    let clusters = with["static_resources"]["clusters"].as_array().unwrap();
    let named = |name: &str| clusters.iter().find(|own| own["name"] == name).unwrap();
    let address =
        &named("-shadow")["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"];
    let to = &address["address"]["envoy_internal_address"]["server_listener_name"];
    assert_eq!(*to, inner["name"]);
    assert!(named("-collector-could-be").to_string().contains("texts.test"));

    let without = printed(&["credits.json"]).to_string();
    assert!(!without.contains("internal_address") && !without.contains("-shadow"), "{without}");
}

#[test]
fn streams_that_are_finished_go_to_clusters_and_listeners_of_their_own() {
    let with = printed(&["hop.json"]);
    assert_eq!(with["bootstrap_extensions"][0]["name"], "envoy.bootstrap.internal_listener");
    let clusters = with["static_resources"]["clusters"].as_array().unwrap();
    let listeners = with["static_resources"]["listeners"].as_array().unwrap();
    let named = |all: &[serde_json::Value], name: &str| {
        all.iter().find(|own| own["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    let connections = |own: &serde_json::Value, at: usize| {
        own["filter_chains"][0]["filters"][at]["typed_config"].clone()
    };
    let routes = &connections(&listeners[0], 0)["route_config"]["virtual_hosts"][0]["routes"];
    let route = &routes[0]["route"];
    let matcher = &route["inline_cluster_specifier_plugin"]["extension"]["typed_config"];
    let map = &matcher["cluster_matcher"]["matcher_tree"]["exact_match_map"]["map"];
    let place = |next: &str| map[next]["action"]["typed_config"]["cluster"].clone();
    assert_eq!(
        (place("claude"), place("stream/claude")),
        ("anthropic".into(), "stream/anthropic".into())
    );
    for provider in ["anthropic", "openai", "google"] {
        let name = format!("stream/{provider}");
        let cluster = named(clusters, &name);
        let to = &cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"];
        assert_eq!(to["address"]["envoy_internal_address"]["server_listener_name"], *name);
        let options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
        let filters = &cluster["typed_extension_protocol_options"][options]["http_filters"];
        let names: Vec<_> = filters.as_array().unwrap().iter().map(|own| &own["name"]).collect();
        let role = format!("tradewind-{provider}-streams");
        let rest = ["envoy.filters.http.credential_injector", "envoy.filters.http.upstream_codec"];
        assert_eq!(names, [role.as_str(), rest[0], rest[1]], "the key comes last, as elsewhere");
        let listener = named(listeners, &name);
        assert!(listener.get("address").is_none() && listener["internal_listener"].is_object());
        let hop = connections(&listener, 1);
        let route = &hop["route_config"]["virtual_hosts"][0]["routes"][0]["route"];
        assert_eq!(route["cluster"], *format!("provider/{provider}"));
        // Behind it stands nothing but the provider.
        let behind = named(clusters, &format!("provider/{provider}"));
        assert!(behind["typed_extension_protocol_options"][options]["http_filters"].is_null());
        assert!(!hop.to_string().contains("wasm"), "{hop}");
    }
    // What the hop ends can be finished, and what Envoy ends in front of it cannot.
    let hop = connections(&named(listeners, "stream/openai"), 1);
    let own = &hop["route_config"]["virtual_hosts"][0]["routes"][0]["route"]["idle_timeout"];
    let front = &route["retry_policy"]["per_try_idle_timeout"];
    assert_eq!((own.as_str(), front.as_str()), (Some("60.000s"), Some("60.500s")));

    let without = printed(&["usual.json"]);
    let text = without.to_string();
    assert!(!text.contains("internal_address") && !text.contains("stream/"), "{text}");
}

#[test]
fn the_listener_outlives_every_attempt_that_is_silent_to_its_end() {
    for (policy, attempt, all) in
        [("usual.json", 60.0, 4.0), ("resume.json", 60.0, 4.0), ("hop.json", 60.5, 4.0)]
    {
        let bootstrap = printed(&[policy]);
        let manager = &bootstrap["static_resources"]["listeners"][0]["filter_chains"][0];
        let manager = &manager["filters"][0]["typed_config"];
        let route = &manager["route_config"]["virtual_hosts"][0]["routes"][0]["route"];
        let seconds = |own: &serde_json::Value| -> f64 {
            own.as_str().unwrap().trim_end_matches('s').parse().unwrap()
        };
        let own = seconds(&route["retry_policy"]["per_try_idle_timeout"]);
        assert_eq!(own, attempt, "{policy}: the rest of an answer may take twice 30 s");
        let idle = seconds(&manager["stream_idle_timeout"]);
        assert!(idle > own * all, "{policy}: {idle} s of {own} s each");
    }
}

/// What `render` says of a policy of `tests/corpus/commands/`.
fn said(policy: &str, options: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/commands"));
    let output = command.arg("render").args(options).arg(policy).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn callers_whom_a_proxy_cannot_know_are_refused_or_warned_of() {
    let certificates = "identity: `spiffe` knows callers by certificates, and";
    let (code, sidecar) = said("known.yaml", &["--for", "istio"]);
    assert!(code == Some(1) && sidecar.contains(certificates), "{sidecar}");
    assert!(!sidecar.contains("`workload` is the proxy's own"), "{sidecar}");
    let (code, gateway) = said("known.yaml", &["--for", "istio-gateway"]);
    assert!(code == Some(1) && !gateway.contains(certificates), "{gateway}");
    assert!(gateway.contains("`workload` is the proxy's own"), "{gateway}");
    let (code, envoy) = said("known.yaml", &["--for", "envoy", "--no-check-files"]);
    assert!(code == Some(0) && envoy.contains("`workload` is for the sidecars"), "{envoy}");
}

#[test]
fn a_mesh_has_no_listeners_within_envoy_and_is_refused() {
    for (policy, why) in [
        ("shadow.json", "experiments: `could-be`: copies need a listener within Envoy"),
        ("hop.json", "resilience.finish_cut_streams: streams would need a listener within Envoy"),
        (
            "resume.json",
            "resilience.resume: the rest of answers would need a listener within Envoy",
        ),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/exchange/policy"));
        let output = command.args(["render", "--for", "istio", policy]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(why), "{said}");
    }
}
