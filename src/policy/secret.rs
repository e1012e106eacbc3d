//! The names of secrets: never a key itself.
use super::field::{Kind, LONGEST, PATTERN, Read, Shape, Spot, Text};

/// The name of a secret. What looks like the key itself is never repeated.
#[derive(Debug, Clone, Copy)]
pub(super) struct SecretName;

/// What the keys of OpenAI and Anthropic, and those of Google, begin with.
const KEYS: [&str; 2] = ["sk-", "AIza"];

impl Read for SecretName {
    type Value = String;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<String> {
        let text = spot.text("the name of a secret")?;
        let key = KEYS.iter().any(|start| text.starts_with(start));
        if key || text.len() > LONGEST {
            spot.problem(
                "this looks like a key; expected the name of a secret, whose file holds it",
            );
            return None;
        }
        spot.safe(text).then(|| text.to_owned())
    }
}

impl Kind for SecretName {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "the name of a secret",
            pattern: PATTERN,
            unlike: "^(sk-|AIza)",
            longest: Some(LONGEST),
            example: "openai-api-key",
            ..Text::default()
        })
    }
}
