//! The dialect corpus: its cases, natively and as wasm32.
use std::collections::BTreeMap;

use super::files::{corpus, system, texts};

/// Every case folder, `pair/case`, with its files.
pub(crate) fn folders() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut folders = BTreeMap::new();
    for pair in system::list(&corpus("dialect")) {
        for case in system::list(&corpus(&format!("dialect/{pair}"))) {
            let name = format!("{pair}/{case}");
            let files = texts(&format!("dialect/{name}"), "");
            folders.insert(name, files);
        }
    }
    folders
}
