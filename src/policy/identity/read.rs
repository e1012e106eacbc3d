//! The section `identity`: entries, each with the field of one kind.
use super::super::field::{Kind as FieldKind, List, Shape, Spot};
use super::super::tags::KnownTags;
use super::digest::Seen;
use super::header;
use super::{Identity, KINDS, Kind};

/// The section: its entries, in order.
pub(in super::super) const IDENTITY: List =
    List::of("ways to be known, such as `api_key` or `anonymous`", &Entry);

/// An entry: an object with the field of one kind.
#[derive(Debug, Clone, Copy)]
struct Entry;

impl FieldKind for Entry {
    fn shape(&self) -> Shape {
        Shape::OneOf(KINDS.iter().map(|kind| (kind.name, kind.section)).collect())
    }
}

/// What the entries of one policy share while they are read.
pub(super) struct Reading<'r> {
    /// Every digest of a key so far, and its line.
    pub(super) digests: Seen,
    /// How many entries know callers by tokens so far.
    pub(super) tokens: usize,
    /// What may be required of models.
    pub(super) tags: &'r KnownTags,
    /// The names of all routes, each with the place of its route.
    pub(super) routes: &'r [(&'r str, usize)],
    /// The headers of an entry's own choice in which credentials are looked for, in lower case.
    pub(super) credentials: Vec<String>,
}

/// Reads `identity`: every way to be known, in order.
pub(in super::super) fn read(
    section: Option<Spot<'_>>,
    tags: &KnownTags,
    routes: &[(&str, usize)],
) -> Vec<Identity> {
    let items = section.and_then(|section| IDENTITY.items(&section)).unwrap_or_default();
    let credentials = items.iter().flat_map(own_headers).collect();
    let mut reading = Reading { digests: Seen::new(), tokens: 0, tags, routes, credentials };
    let mut found: Vec<Identity> = Vec::new();
    let mut everybody: Option<(&str, usize)> = None;
    for item in &items {
        if let Some((name, line)) = everybody {
            item.problem(format!(
                "never reached: `{name}` on line {line} matches everybody; put it last"
            ));
        }
        let Some((kind, spot)) = kind(item) else { continue };
        if kind.everybody {
            everybody.get_or_insert((kind.name, item.line));
        }
        let Some(next) = (kind.read)(&spot, &mut reading) else { continue };
        let other = match found.last_mut() {
            Some(last) => last.join(next),
            None => Some(next),
        };
        found.extend(other);
    }
    found.iter_mut().for_each(Identity::finish);
    found
}

/// The headers in which an entry has credentials looked for, as far as it names any.
fn own_headers(item: &Spot<'_>) -> impl Iterator<Item = String> {
    let named = |kind: &Kind| item.node.member(kind.name)?.member(header::FIELD)?.text();
    KINDS.iter().filter_map(named).map(str::to_ascii_lowercase)
}

/// The kind of an entry, and where it is configured.
fn kind<'n>(item: &Spot<'n>) -> Option<(&'static Kind, Spot<'n>)> {
    let mut fields = item.fields(&format!("an object with {}", names(" or ")))?;
    let mut given = KINDS.iter().filter_map(|kind| Some((kind, fields.find(kind.name)?)));
    let (first, second) = (given.next(), given.next());
    given.for_each(drop);
    let empty = fields.is_empty();
    fields.finish();
    match (first, second) {
        (Some(only), None) => return Some(only),
        // An unknown field has been reported.
        (None, None) if !empty => {}
        _ => item.problem(format!("expected exactly one of {}", names(" and "))),
    }
    None
}

/// The names of all kinds in backticks, with a word between the last two.
fn names(between: &str) -> String {
    let mut names = String::new();
    for (index, kind) in KINDS.iter().enumerate() {
        names.push_str(match index {
            0 => "",
            last if last.saturating_add(1) == KINDS.len() => between,
            _ => ", ",
        });
        names.push_str(&format!("`{}`", kind.name));
    }
    names
}
