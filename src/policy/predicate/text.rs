//! What stands in a request's texts: found by one pass over them, when a question first needs it.
use core::cell::OnceCell;

use crate::complexity::{Classifier, Judged};
use crate::dialect::{Ask, Block};

/// How much of a text is looked at for its script, in bytes.
const SCRIPT_BYTES: usize = 16 << 10;

/// How much of it is looked at for code, in bytes.
const CODE_BYTES: usize = 64 << 10;

/// Lines that look like code, from which on there is some.
const CODE_LINES: usize = 3;

/// What has been found in the texts of one request.
#[derive(Debug, Default)]
pub struct TextFacts {
    script: OnceCell<Option<Script>>,
    code: OnceCell<bool>,
    judged: OnceCell<Judged>,
}

/// A writing system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Devanagari,
    Thai,
    Han,
    Kana,
    Hangul,
    Other,
}

impl TextFacts {
    /// The script of most letters in the last message of the user's; `None` where it has none.
    pub(super) fn script(&self, ask: &Ask<'_>) -> Option<Script> {
        *self.script.get_or_init(|| most(last_of_user(ask)))
    }

    /// How hard the request looks; a policy has one classifier.
    pub(super) fn judged(&self, ask: &Ask<'_>, route: &str, classifier: &Classifier) -> Judged {
        *self.judged.get_or_init(|| classifier.judge_ask(ask, Some(route)))
    }

    /// Whether there seems to be code in the last message of the user's.
    pub(super) fn has_code(&self, ask: &Ask<'_>) -> bool {
        *self.code.get_or_init(|| last_of_user(ask).any(is_code))
    }
}

/// The texts of the turn in which the user has said something last: the same while a model calls
/// functions, one after the other.
pub(super) fn last_of_user<'a>(ask: &'a Ask<'_>) -> impl Iterator<Item = &'a str> {
    let last = ask.said_last().and_then(|last| ask.turns.get(last));
    last.into_iter().flat_map(|turn| &turn.blocks).filter_map(text)
}

/// The texts of all turns, newest turn first, with what functions gave back.
pub(super) fn newest_first<'a>(ask: &'a Ask<'_>) -> impl Iterator<Item = &'a str> {
    ask.turns.iter().rev().flat_map(|turn| &turn.blocks).flat_map(|block| {
        let inner = match block {
            Block::ToolResult { content, .. } => content.as_slice(),
            _ => &[],
        };
        text(block).into_iter().chain(inner.iter().filter_map(text))
    })
}

fn text<'a>(block: &'a Block<'_>) -> Option<&'a str> {
    match block {
        Block::Text(text) | Block::Refusal(text) => Some(text),
        _ => None,
    }
}

/// As much of a text as fits into so many bytes.
pub(super) fn head(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// The script of most letters.
fn most<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Script> {
    let (mut letters, mut left) = ([0_u32; 11], SCRIPT_BYTES);
    for text in texts {
        let text = head(text, left);
        left = left.saturating_sub(text.len());
        for script in text.chars().filter_map(of) {
            if let Some(count) = letters.get_mut(script as usize) {
                *count = count.saturating_add(1);
            }
        }
    }
    let count = |script: Script| letters.get(script as usize).copied().unwrap_or_default();
    // Japanese is written in both, Chinese in one of them.
    let (han, kana) = (count(Script::Han), count(Script::Kana));
    let japanese = kana.saturating_mul(4) >= han && kana > 0;
    let of = |script: Script| match script {
        Script::Han if japanese => 0,
        Script::Kana if japanese => han.saturating_add(kana),
        other => count(other),
    };
    let found = ALL.into_iter().rev().max_by_key(|script| of(*script))?;
    (of(found) > 0).then_some(found)
}

const ALL: [Script; 11] = [
    Script::Latin,
    Script::Cyrillic,
    Script::Greek,
    Script::Arabic,
    Script::Hebrew,
    Script::Devanagari,
    Script::Thai,
    Script::Han,
    Script::Kana,
    Script::Hangul,
    Script::Other,
];

/// The script of a letter, by its block of Unicode; `None` for what is no letter.
fn of(letter: char) -> Option<Script> {
    Some(match letter {
        'A'..='Z' | 'a'..='z' => Script::Latin,
        '\0'..='\u{BF}' | '×' | '÷' => return None,
        'À'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => Script::Latin,
        '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => Script::Greek,
        '\u{400}'..='\u{52F}' => Script::Cyrillic,
        '\u{590}'..='\u{5FF}' => Script::Hebrew,
        '\u{600}'..='\u{6FF}'
        | '\u{750}'..='\u{77F}'
        | '\u{8A0}'..='\u{8FF}'
        | '\u{FB50}'..='\u{FDFF}'
        | '\u{FE70}'..='\u{FEFC}' => Script::Arabic,
        '\u{900}'..='\u{97F}' => Script::Devanagari,
        '\u{E00}'..='\u{E7F}' => Script::Thai,
        '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' => Script::Kana,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{2FA1F}' => {
            Script::Han
        }
        '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7AF}' => {
            Script::Hangul
        }
        other if other.is_alphabetic() => Script::Other,
        _ => return None,
    })
}

/// Whether a text seems to hold code.
fn is_code(text: &str) -> bool {
    let text = head(text, CODE_BYTES);
    text.contains("```") || text.lines().filter(|line| looks(line)).nth(CODE_LINES - 1).is_some()
}

/// Whether a line begins or ends as lines of code do.
fn looks(line: &str) -> bool {
    const BEGIN: [&str; 20] = [
        "def ",
        "fn ",
        "pub ",
        "class ",
        "import ",
        "from ",
        "function ",
        "const ",
        "let ",
        "var ",
        "return ",
        "#include",
        "public ",
        "private ",
        "if (",
        "for (",
        "while (",
        "} ",
        "</",
        "//",
    ];
    let line = line.trim();
    line.ends_with(['{', '}', ';']) || BEGIN.iter().any(|begin| line.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::{Script, is_code, most};

    #[test]
    fn a_text_has_the_script_of_most_of_its_letters() {
        for (text, script) in [
            ("How high is the river? 12 m!", Some(Script::Latin)),
            ("Größe", Some(Script::Latin)),
            ("Этой весной река, the river", Some(Script::Cyrillic)),
            ("今年春天河水很高", Some(Script::Han)),
            ("この川は春になると水かさが増えて", Some(Script::Kana)),
            ("東京都庁舎の所在地", Some(Script::Han)),
            ("올봄에는 강물이 높아서", Some(Script::Hangul)),
            ("كان النهر مرتفعا", Some(Script::Arabic)),
            ("ወንዙ በዚያ የፀደይ", Some(Script::Other)),
            ("12 + 7 = 19?", None),
            ("", None),
        ] {
            assert_eq!(most([text].into_iter()), script, "{text}");
        }
    }

    #[test]
    fn code_is_known_by_its_fence_or_by_several_lines() {
        for (text, expected) in [
            ("Why?\n```\nx\n```", true),
            ("fn main() {\n    run();\n}", true),
            ("I like rust; it is fast;\nso do we", false),
            ("import duty is due\nfrom Monday on\nwe pay", false),
            ("import os\nfrom sys import path\ndef f(x):\n  pass", true),
        ] {
            assert_eq!(is_code(text), expected, "{text}");
        }
    }
}
