//! `identity[].jwt.jwks`: where the keys are that tokens are signed with.
use super::super::endpoint::{Endpoint, Url};
use super::super::field::{
    Field, Holds, Is, Kind, Optional, Read, Rule, Section, Shape, Spot, Text, shown,
};

pub(super) const KEYS: Section = Section::new(
    "an object with a `uri` or a `file`",
    "Where the keys are, as a JSON Web Key Set.",
    "jwks: {file: /etc/tradewind/jwks.json}",
    &[&URI, &FILE],
)
.with(&[Rule {
    when: Holds { key: URI.key(), is: Is::Given },
    then: Holds { key: FILE.key(), is: Is::Absent },
}]);

const URI: Optional<Url> = Field::optional(
    "uri",
    Url,
    "they are in a `file`",
    "Where Envoy fetches them: when it starts and every ten minutes. A server that is away leaves \
     those in force that it has.",
);

const FILE: Optional<AbsolutePath> = Field::optional(
    "file",
    AbsolutePath,
    "they are at a `uri`",
    "The file that Envoy reads them from when it takes over the configuration.",
);

/// Where keys are.
#[derive(Debug, Clone)]
pub enum Jwks {
    /// `uri`: on a server.
    At(Endpoint),
    /// `file`: beside Envoy.
    In(String),
}

/// Reads what `jwks` holds.
pub(super) fn read(spot: &Spot<'_>) -> Option<Jwks> {
    let mut fields = spot.object(&KEYS)?;
    let (uri, file) = (fields.read(&URI), fields.read(&FILE));
    let one = fields.has(&URI) != fields.has(&FILE);
    let empty = fields.is_empty();
    fields.finish();
    if !one && (empty || uri.is_some()) {
        spot.problem("expected exactly one of `uri` and `file`");
    }
    match (uri?, file?) {
        (Some(uri), None) => Some(Jwks::At(uri)),
        (None, Some(file)) => Some(Jwks::In(file)),
        _ => None,
    }
}

/// The path of a file, from the root.
#[derive(Debug, Clone, Copy)]
struct AbsolutePath;

impl Read for AbsolutePath {
    type Value = String;

    fn read(&self, spot: &Spot<'_>) -> Option<String> {
        let text = spot.text("the path of a file")?;
        if text.starts_with('/') && !text.bytes().any(|byte| byte.is_ascii_control()) {
            return Some(text.to_owned());
        }
        let wrong = "expected the path of a file from the root, such as `/etc/tradewind/jwks.json`";
        spot.problem(format!("{wrong}, found `{}`", shown(text)));
        None
    }
}

impl Kind for AbsolutePath {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "the path of a file, from the root",
            pattern: "^/[^\\x00-\\x1F\\x7F]*$",
            example: "/etc/tradewind/jwks.json",
            ..Text::default()
        })
    }
}
