//! Where a value stands within an object that others have made: a token's claims, a node's
//! metadata.
use super::super::field::{Defaults, Kind, Read, Shape, Spot, Text, shown};

/// The longest path, in bytes.
const LONGEST: usize = 128;

/// A path, name by name.
pub(super) type Path = Box<[String]>;

/// The path of a claim. A dot leads into an object, but not in a name with a `/`, as vendors of
/// tokens have them: `https://acme.example/org`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim;

impl Read for Claim {
    type Value = Path;

    fn read(&self, spot: &Spot<'_>) -> Option<Path> {
        read(spot, "the name of a claim", |text| match text.contains('/') {
            true => vec![text.to_owned()],
            false => text.split('.').map(str::to_owned).collect(),
        })
    }
}

impl Kind for Claim {
    fn shape(&self) -> Shape {
        Shape::Text(shape("the name of a claim, or a path of names with dots", "org.team"))
    }
}

/// The path of a node's metadatum. The first dot leads into an object; those after it are part of
/// the name, as they are in labels of pods: `LABELS.app.kubernetes.io/name`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metadatum;

impl Read for Metadatum {
    type Value = Path;

    fn read(&self, spot: &Spot<'_>) -> Option<Path> {
        read(spot, "the name of a metadatum", in_node)
    }
}

impl Kind for Metadatum {
    fn shape(&self) -> Shape {
        Shape::Text(shape("the name of a metadatum of the node", "LABELS.team"))
    }
}

impl Defaults for Metadatum {
    type Literal = &'static str;

    fn json(&self, literal: &'static str) -> String {
        format!("\"{literal}\"")
    }
}

/// A path within a node's metadata.
pub(super) fn in_node(text: &str) -> Vec<String> {
    text.splitn(2, '.').map(str::to_owned).collect()
}

fn shape(what: &'static str, example: &'static str) -> Text {
    let pattern = "^[!-,/-~-]+(\\.[!-,/-~-]+)*$";
    Text { what, pattern, longest: Some(LONGEST), example, ..Text::default() }
}

#[inline(never)]
fn read(spot: &Spot<'_>, what: &str, parts: fn(&str) -> Vec<String>) -> Option<Path> {
    let text = spot.text(what)?;
    let path = parts(text);
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    let parted = !text.split('.').any(str::is_empty);
    if visible && parted && text.len() <= LONGEST {
        return Some(path.into());
    }
    spot.problem(format!(
        "expected {what}, in visible ASCII, at most {LONGEST} characters, no dot beside another or \
         at an end, found `{}`",
        shown(text)
    ));
    None
}

/// Most labels of one entry: each is a call of the host.
const LABELS_MOST: usize = 8;

/// Reads labels, each with the path of what says it.
#[inline(never)]
pub(super) fn labels(
    spot: &Spot<'_>,
    what: &str,
    kind: &dyn Read<Value = Path>,
) -> Option<Vec<(String, Path)>> {
    let entries = spot.entries(what)?;
    if entries.len() > LABELS_MOST {
        spot.problem(format!("{} labels are more than {LABELS_MOST}: name fewer", entries.len()));
    }
    let read = entries.into_iter().map(|(name, spot)| {
        let (safe, path) = (spot.safe(name), kind.read(&spot));
        path.filter(|_| safe).map(|path| (name.to_owned(), path))
    });
    read.collect::<Vec<_>>().into_iter().collect()
}
