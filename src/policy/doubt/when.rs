//! Questions whose answer is always the same, and those that ask for something else than they look
//! like.
use super::super::document::{Content, Member, Node};
use super::super::{Policy, shown};
use crate::complexity::{Score, Weights};

/// A question, with its place.
struct Asked<'n> {
    at: String,
    /// The question that it is a part of: `header`, `label`, or none.
    of: &'static str,
    key: &'n str,
    value: &'n Node,
}

/// Doubts about every `when` of a policy.
pub(super) fn of_questions(root: &Node, policy: &Policy, doubts: &mut Vec<String>) {
    let mut whens = Vec::new();
    find(root, "", &mut whens);
    let classifier = Classifier::of(root);
    for (at, when) in &whens {
        object(when, at, (policy, &classifier), doubts);
    }
    let asked = whens.iter().any(|(_, when)| asks(when, "complexity"));
    if !asked && root.member("classifier").is_some() {
        doubts.push("classifier: judges nothing: no question asks for `complexity`".to_owned());
    }
}

/// What is to be known of `classifier`.
struct Classifier {
    /// Why every request is `premium`; `None` where not every one is.
    premium: Option<&'static str>,
}

impl Classifier {
    fn of(root: &Node) -> Self {
        let section = root.member("classifier");
        let given = section.and_then(|own| number(own, "threshold"));
        let weights = section.and_then(|own| own.member("weights")?.text());
        let learned = weights.map(|text| Weights::parse(text.as_bytes()).map(|own| own.threshold));
        let premium = match (given.and_then(Score::of), learned) {
            (Some(threshold), _) => {
                (threshold == Score::LEAST).then_some("the `threshold` of the `classifier` is 0")
            }
            (None, Some(learned)) => (learned == Ok(Score::LEAST))
                .then_some("the weights of the `classifier` have the threshold 0"),
            (None, None) => Some("the `classifier` has neither `weights` nor a `threshold`"),
        };
        Self { premium }
    }
}

/// Whether a question is asked somewhere in an object of them.
fn asks(node: &Node, key: &str) -> bool {
    match &node.content {
        Content::Object(members) => {
            members.iter().any(|member| member.key == key || asks(&member.value, key))
        }
        Content::List(items) => items.iter().any(|item| asks(item, key)),
        _ => false,
    }
}

/// Every `when` below a value, with its place.
fn find<'n>(node: &'n Node, at: &str, found: &mut Vec<(String, &'n Node)>) {
    match &node.content {
        Content::List(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| find(item, &format!("{at}[{index}]"), found));
        }
        Content::Object(members) => {
            for member in members {
                let at = below(at, &member.key);
                if member.key == "when" {
                    found.push((at, &member.value));
                } else {
                    find(&member.value, &at, found);
                }
            }
        }
        _ => {}
    }
}

fn below(at: &str, key: &str) -> String {
    if at.is_empty() { shown(key) } else { format!("{at}.{}", shown(key)) }
}

/// Doubts about an object of questions, and about those within it.
fn object(node: &Node, at: &str, known: (&Policy, &Classifier), doubts: &mut Vec<String>) {
    let (policy, classifier) = known;
    let mut together = Vec::new();
    gather(node, at, &mut together);
    for (index, asked) in together.iter().enumerate() {
        match asked.key {
            _ if !asked.of.is_empty() => {}
            "any" => {
                let items = asked.value.items().unwrap_or_default().iter().enumerate();
                items.for_each(|(index, item)| {
                    object(item, &format!("{}[{index}]", asked.at), known, doubts);
                });
            }
            "not" => object(asked.value, &asked.at, known, doubts),
            _ => doubts.extend(alone(asked, classifier).map(|why| format!("{}: {why}", asked.at))),
        }
        let before = together.iter().take(index);
        let other = before.into_iter().find(|other| contradict(other, asked, policy));
        doubts.extend(other.map(|other| {
            format!("{}: never holds where `{}` does, and both have to", asked.at, other.at)
        }));
    }
}

/// The questions that all have to hold: those of an object and of its `all`.
fn gather<'n>(node: &'n Node, at: &str, together: &mut Vec<Asked<'n>>) {
    let Content::Object(members) = &node.content else { return };
    for Member { key, value, .. } in members {
        let at = below(at, key);
        match (key.as_str(), &value.content) {
            ("all", Content::List(items)) => {
                let items = items.iter().enumerate();
                items.for_each(|(index, item)| gather(item, &format!("{at}[{index}]"), together));
            }
            ("header" | "label", Content::Object(members)) => {
                let of = if key == "label" { "label" } else { "header" };
                together.extend(members.iter().map(|member| {
                    let at = below(&at, &member.key);
                    Asked { at, of, key: &member.key, value: &member.value }
                }));
            }
            _ => together.push(Asked { at, of: "", key, value }),
        }
    }
}

/// What is doubtful about a question by itself.
fn alone(asked: &Asked<'_>, classifier: &Classifier) -> Option<String> {
    match asked.key {
        "tools" => {
            let word = texts(asked.value).into_iter().find(|text| is_boolean(text))?;
            Some(format!(
                "asks for a function that is called `{word}`: write `true` or `false` where any \
                 function is meant"
            ))
        }
        "complexity" if asked.value.text() == Some("budget") => {
            let why = classifier.premium?;
            Some(format!("never holds: every request is `premium`, since {why}"))
        }
        "complexity" if number(asked.value, "over")? >= 1.0 => {
            Some("never holds: a score is 1 at most".to_owned())
        }
        "turns" if number(asked.value, "at_most")? < 1.0 => {
            Some("never holds: a request has one message at least".to_owned())
        }
        "text_matches" | "system_matches" => {
            let pattern = asked.value.text().or_else(|| asked.value.member("pattern")?.text())?;
            let letter = beside_border(pattern)?;
            Some(format!(
                "`\\b` beside `{letter}`, in a script that does not part its words: it is hardly \
                 ever found; leave out the `\\b`"
            ))
        }
        _ => None,
    }
}

/// Whether a word is a boolean of older YAML.
fn is_boolean(text: &str) -> bool {
    let words = ["yes", "no", "on", "off", "true", "false"];
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A letter beside a `\b` of a pattern, or beside the group that stands there, of a script that
/// does not part its words.
fn beside_border(pattern: &str) -> Option<char> {
    pattern.match_indices("\\b").find_map(|(at, border)| {
        let (before, after) = (pattern.get(..at)?, pattern.get(at.saturating_add(border.len())..)?);
        let before = before.trim_end_matches(')').chars().next_back();
        let after = after.trim_start_matches(['(', '?', ':']).chars().next();
        [before, after].into_iter().flatten().find(|letter| is_unparted(*letter))
    })
}

/// Whether words of a letter's script stand beside each other without spaces: Thai, Lao, Burmese,
/// Khmer, Japanese, Chinese.
const fn is_unparted(letter: char) -> bool {
    matches!(letter,
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}')
}

/// Whether two questions never hold of one request.
fn contradict(one: &Asked<'_>, other: &Asked<'_>, policy: &Policy) -> bool {
    let denies = |own: &Asked<'_>| own.of.is_empty() && own.key == "not";
    match (denies(one), denies(other)) {
        (true, false) => return excludes(one.value, other),
        (false, true) => return excludes(other.value, one),
        _ if (one.of, one.key) != (other.of, other.key) => return false,
        _ => {}
    }
    match (one.of, one.key) {
        ("", "any" | "not" | "time" | "credits_left" | "text_matches" | "system_matches") => false,
        ("", "tools") => match (&one.value.content, &other.value.content) {
            (Content::Boolean(one), Content::Boolean(other)) => one != other,
            (Content::Boolean(false), _) => needs_tools(other.value),
            (_, Content::Boolean(false)) => needs_tools(one.value),
            _ => apart(one.value, other.value),
        },
        ("", "route") => {
            let places = |node| texts(node).into_iter().map(|name| policy.route_index(name));
            !places(one.value).any(|own| places(other.value).any(|place| place == own))
        }
        _ => match (&one.value.content, &other.value.content) {
            (Content::Boolean(one), Content::Boolean(other)) => one != other,
            (Content::Object(_), Content::Object(_)) => apart(one.value, other.value),
            (Content::Text(_) | Content::List(_), Content::Text(_) | Content::List(_)) => {
                let (own, others) = (texts(one.value), texts(other.value));
                !own.iter().any(|text| others.contains(text))
            }
            _ => false,
        },
    }
}

/// Whether `not` excludes a question: it asks the same, and nothing else.
fn excludes(not: &Node, asked: &Asked<'_>) -> bool {
    let mut inner = Vec::new();
    gather(not, "", &mut inner);
    let [only] = inner.as_slice() else { return false };
    only.of == asked.of && only.key == asked.key && only.value.to_json() == asked.value.to_json()
}

/// Whether it holds only of requests that offer functions.
fn needs_tools(tools: &Node) -> bool {
    match &tools.content {
        Content::Object(_) => number(tools, "over").is_some(),
        Content::Text(_) | Content::List(_) => true,
        _ => false,
    }
}

/// Whether no number lies between the bounds of both.
fn apart(one: &Node, other: &Node) -> bool {
    let none = |over: &Node, at_most: &Node| {
        let bounds = number(over, "over").zip(number(at_most, "at_most"));
        bounds.is_some_and(|(over, at_most)| over >= at_most)
    };
    none(one, other) || none(other, one)
}

fn number(node: &Node, key: &str) -> Option<f64> {
    match &node.member(key)?.content {
        Content::Number(text) => text.parse().ok(),
        _ => None,
    }
}

/// A text, or those of a list.
fn texts(node: &Node) -> Vec<&str> {
    match &node.content {
        Content::List(items) => items.iter().filter_map(Node::text).collect(),
        _ => node.text().into_iter().collect(),
    }
}
