//! Texts with variables: `You work for {{tenant}}.` What stands for a variable is put in as it is
//! and never read again, so no value can say more than a value.
use super::field::{Kind, Shape, Spot, Text, unknown};
use super::predicate::Reading;

/// Longest text of a template, in bytes.
const LONGEST: usize = 16 << 10;

/// Longest value of a variable, in characters.
const VALUE_MAX: usize = 256;

/// A text with variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Of(Variable),
}

/// What stands in a text for something that is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    /// `tenant`: who pays.
    Tenant,
    /// `user`: a person or a program of the tenant.
    User,
    /// `key`: what the caller's key is called.
    Key,
    /// `route`: the name that the app asks for.
    Route,
    /// `class`: the request's class.
    Class,
    /// `date`: the day, in UTC, such as `2026-11-29`.
    Date,
    /// `header.NAME`: a request header that the policy lists.
    Header(String),
    /// `label.NAME`: a label of the caller's key.
    Label(String),
}

/// The variables that have no name behind them.
const PLAIN: [(&str, Variable); 6] = [
    ("tenant", Variable::Tenant),
    ("user", Variable::User),
    ("key", Variable::Key),
    ("route", Variable::Route),
    ("class", Variable::Class),
    ("date", Variable::Date),
];

impl Template {
    /// The text with what `value` knows in the places of its variables; nothing stands for what it
    /// does not know.
    #[must_use]
    pub fn filled(&self, mut value: impl FnMut(&Variable) -> Option<String>) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Of(variable) => {
                    let value = value(variable).unwrap_or_default();
                    out.extend(value.chars().take(VALUE_MAX).map(plain));
                }
            }
        }
        out
    }
}

/// A letter of a value: whatever would begin a line, or turn the direction of what follows, is a
/// space.
const fn plain(letter: char) -> char {
    match letter {
        '\0'..='\x1F'
        | '\x7F'..='\u{9F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{E0000}'..='\u{E007F}' => ' ',
        letter => letter,
    }
}

/// A text with variables, as a field's kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct TemplateKind;

impl Kind for TemplateKind {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a text, with variables such as `{{tenant}}`",
            pattern: "^[\\s\\S]+$",
            longest: Some(LONGEST),
            example: "You work for {{tenant}}. Today is {{date}}.",
            ..Text::default()
        })
    }
}

/// What the variables of a template may be.
pub(super) struct Known<'r> {
    pub(super) reading: &'r Reading<'r>,
    pub(super) has_classes: bool,
}

/// Reads a template; `None`, and a report, where something is wrong with it.
pub(super) fn read(spot: &Spot<'_>, known: &Known<'_>) -> Option<Template> {
    let text = spot.text("a text")?;
    if text.is_empty() || text.len() > LONGEST {
        let length = text.len();
        spot.problem(format!("expected a text of 1 to {LONGEST} bytes, found {length}"));
        return None;
    }
    let (mut pieces, mut rest, mut right) = (Vec::new(), text, true);
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            spot.problem("`{{` begins a variable that no `}}` ends");
            return None;
        };
        pieces.extend((!before.is_empty()).then(|| Piece::Text(before.to_owned())));
        match variable(name.trim(), known) {
            Ok(variable) => pieces.push(Piece::Of(variable)),
            Err(problem) => {
                spot.problem(problem);
                right = false;
            }
        }
        rest = after;
    }
    pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
    right.then_some(Template(pieces))
}

fn variable(name: &str, known: &Known<'_>) -> Result<Variable, String> {
    let Known { reading, has_classes } = known;
    if let Some(header) = name.strip_prefix("header.") {
        let header = header.to_ascii_lowercase();
        let listed: Vec<&str> = reading.headers.iter().map(String::as_str).collect();
        if !listed.contains(&header.as_str()) {
            let problem = unknown("header", &header, &listed);
            return Err(format!("{problem}: list it in `request_headers`"));
        }
        return Ok(Variable::Header(header));
    }
    if let Some(label) = name.strip_prefix("label.") {
        let mut listed: Vec<&str> = reading.callers.labels.iter().map(|(own, _)| *own).collect();
        listed.dedup();
        if !reading.callers.open && !listed.contains(&label) {
            return Err(unknown("label", label, &listed));
        }
        return Ok(Variable::Label(label.to_owned()));
    }
    let Some((_, variable)) = PLAIN.iter().find(|(own, _)| *own == name) else {
        let names = PLAIN.iter().map(|(own, _)| *own).chain(["header.NAME", "label.NAME"]);
        return Err(unknown("variable", name, &names.collect::<Vec<_>>()));
    };
    if *variable == Variable::Class && !has_classes {
        return Err("there is no `class` here: the policy has no `classes`".to_owned());
    }
    Ok(variable.clone())
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use proptest::prelude::*;

    use super::{Piece, Template, VALUE_MAX, Variable};

    proptest! {
        /// Whatever a value holds, what stands around it stays, and the value is read as no
        /// template.
        #[test]
        fn no_value_says_more_than_a_value(
            value in any::<String>(),
            mark in "(\\{\\{date\\}\\})?",
        ) {
            let template = Template(vec![
                Piece::Text("[".to_owned()),
                Piece::Of(Variable::User),
                Piece::Text("] is the user.\n".to_owned()),
            ]);
            let value = format!("{value}{mark}");
            let filled = template.filled(|_| Some(value.clone()));
            let behind = "] is the user.\n";
            let within = filled.strip_prefix('[').and_then(|own| own.strip_suffix(behind));
            let within = within.unwrap();
            prop_assert!(!within.contains(|letter: char| letter.is_control()));
            let kept = value.chars().take(VALUE_MAX);
            prop_assert_eq!(within.chars().count(), kept.clone().count());
            for (own, given) in within.chars().zip(kept) {
                prop_assert!(own == given || own == ' ');
            }
        }
    }
}
