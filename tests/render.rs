//! The rendered reference in `envoy/gateway` is what `tradewind render` prints.
#![cfg(feature = "companion")]
use std::fs;
use std::path::Path;

use tradewind::companion::policy_file;
use tradewind::companion::render::{Checked, Place, Secret, Source, envoy};

/// Set to anything, it writes the reference anew.
const BLESS: &str = "BLESS";

#[test]
fn the_reference_is_what_render_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/gateway");
    let (policy, node) = policy_file::load(&folder.join("policy.yaml")).unwrap();
    let place = Place {
        listen: "0.0.0.0:10000".parse().unwrap(),
        admin: "127.0.0.1:9901".parse().unwrap(),
        wasm: "/etc/tradewind/tradewind.wasm".into(),
        authorities: "/etc/ssl/certs/ca-certificates.crt".into(),
    };
    let secrets = ["anthropic-api-key", "openai-api-key", "gemini-api-key"].map(|name| {
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
