//! The corpora's files: natively, and as wasm32, where only Node can read them.
use std::collections::BTreeMap;
use std::path::Path;

/// A folder of `tests/corpus`.
pub(crate) fn corpus(folder: &str) -> String {
    // What is fuzzed is built by a package of its own, below ours.
    let own = env!("CARGO_MANIFEST_DIR");
    let root = Path::new(own.strip_suffix("/tests/fuzz").unwrap_or(own));
    root.join("tests/corpus").join(folder).to_string_lossy().into_owned()
}

/// The files of a folder of `tests/corpus` that end in that, by their names without it.
pub(crate) fn texts(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let folder = corpus(folder);
    let own = |file: String| {
        let name = file.strip_suffix(ending)?.to_owned();
        Some((name, system::read(&format!("{folder}/{file}"))))
    };
    system::list(&folder).into_iter().filter_map(own).collect()
}

#[cfg(not(target_family = "wasm"))]
pub(crate) mod system {
    use std::fs;

    pub(crate) fn list(folder: &str) -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    pub(crate) fn read(path: &str) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }
}

#[cfg(target_family = "wasm")]
pub(crate) mod system {
    use wasm_bindgen::prelude::wasm_bindgen;

    pub(crate) fn list(folder: &str) -> Vec<String> {
        readdir_sync(folder)
    }

    pub(crate) fn read(path: &str) -> String {
        read_file_sync(path, "utf8")
    }

    #[wasm_bindgen(module = "fs")]
    extern "C" {
        #[wasm_bindgen(js_name = readdirSync)]
        fn readdir_sync(path: &str) -> Vec<String>;
        #[wasm_bindgen(js_name = readFileSync)]
        fn read_file_sync(path: &str, encoding: &str) -> String;
    }
}
