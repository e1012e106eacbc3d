//! What stands in a request's texts: found by one pass over them, when a question first needs it.
use core::cell::{OnceCell, RefCell};

use super::source;
use crate::complexity::{Classifier, Judged};
use crate::dialect::{Ask, Block};

/// How much of a text patterns are looked for in, and letters are counted in, in bytes.
pub(super) const SEARCHED: usize = 16 << 10;

/// How much of it is looked at for code, in bytes.
const CODE_BYTES: usize = 64 << 10;

/// What has been found in the texts of one request.
#[derive(Debug, Default)]
pub struct TextFacts {
    last: OnceCell<String>,
    conversation: OnceCell<String>,
    system: OnceCell<String>,
    script: OnceCell<Option<Script>>,
    code: OnceCell<bool>,
    judged: OnceCell<Judged>,
    /// Whether patterns are there, by their places among those of the policy.
    found: RefCell<Vec<(usize, bool)>>,
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
    /// The last words of the user's, as far as patterns are looked for in them.
    pub(super) fn last(&self, ask: &Ask<'_>) -> &str {
        self.last.get_or_init(|| beginning(last_words(ask), SEARCHED))
    }

    /// The end of the conversation, with what functions gave back.
    pub(super) fn conversation(&self, ask: &Ask<'_>) -> &str {
        self.conversation.get_or_init(|| end(ask, SEARCHED))
    }

    /// The beginning of the instructions.
    pub(super) fn system(&self, ask: &Ask<'_>) -> &str {
        let texts = || ask.system.iter().map(AsRef::as_ref);
        self.system.get_or_init(|| beginning(texts(), SEARCHED))
    }

    /// The script of most letters in the last words of the user's; `None` where they have none.
    pub(super) fn script(&self, ask: &Ask<'_>) -> Option<Script> {
        *self.script.get_or_init(|| most(self.last(ask)))
    }

    /// How hard the request looks; a policy has one classifier.
    pub(super) fn judged(&self, ask: &Ask<'_>, route: &str, classifier: &Classifier) -> Judged {
        *self.judged.get_or_init(|| classifier.judge_ask(ask, Some(route)))
    }

    /// Whether there seems to be code in the last words of the user's.
    pub(super) fn has_code(&self, ask: &Ask<'_>) -> bool {
        *self.code.get_or_init(|| {
            source::is_code(heads(last_words(ask), CODE_BYTES).flat_map(str::lines))
        })
    }

    /// Whether a pattern is there: looked for once, however often it is asked.
    pub(super) fn found(&self, pattern: usize, search: impl FnOnce() -> bool) -> bool {
        let known = self.found.borrow().iter().find(|(own, _)| *own == pattern).copied();
        let (_, is) = known.unwrap_or_else(|| {
            let found = (pattern, search());
            self.found.borrow_mut().push(found);
            found
        });
        is
    }
}

/// The texts of the turn in which the user has said something last: the same while a model calls
/// functions, one after the other.
fn last_words<'a>(ask: &'a Ask<'_>) -> impl Iterator<Item = &'a str> {
    let last = ask.said_last().and_then(|last| ask.turns.get(last));
    last.into_iter().flat_map(|turn| &turn.blocks).filter_map(text)
}

fn text<'a>(block: &'a Block<'_>) -> Option<&'a str> {
    match block {
        Block::Text(text) | Block::Refusal(text) => Some(text),
        _ => None,
    }
}

/// Texts, as many of them as fit into so many bytes and the beginning of one more.
fn heads<'t>(
    texts: impl Iterator<Item = &'t str>,
    mut left: usize,
) -> impl Iterator<Item = &'t str> {
    texts.map_while(move |text| {
        let head = text.get(..text.floor_char_boundary(left)).unwrap_or(text);
        let more = left > 0;
        left = left.saturating_sub(text.len().saturating_add(1));
        more.then_some(head)
    })
}

/// Their beginning in one piece, each on lines of its own.
fn beginning<'t>(texts: impl Iterator<Item = &'t str>, bytes: usize) -> String {
    joined(heads(texts, bytes))
}

/// The end of a conversation in one piece, with what functions gave back.
fn end(ask: &Ask<'_>, bytes: usize) -> String {
    let newest = ask.turns.iter().rev().flat_map(|turn| turn.blocks.iter().rev());
    let newest = newest.flat_map(|block| {
        let inner = match block {
            Block::ToolResult { content, .. } => content.as_slice(),
            _ => &[],
        };
        text(block).into_iter().chain(inner.iter().rev().filter_map(text))
    });
    let (mut ends, mut left) = (Vec::new(), bytes);
    for text in newest {
        if left == 0 {
            break;
        }
        let from = text.ceil_char_boundary(text.len().saturating_sub(left));
        ends.push(text.get(from..).unwrap_or_default());
        left = left.saturating_sub(text.len().saturating_add(1));
    }
    joined(ends.into_iter().rev())
}

fn joined<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut all = String::new();
    for text in texts {
        if !all.is_empty() {
            all.push('\n');
        }
        all.push_str(text);
    }
    all
}

/// The script of most letters.
fn most(text: &str) -> Option<Script> {
    let mut letters = [0_u32; 11];
    for script in text.chars().filter_map(of) {
        if let Some(count) = letters.get_mut(script as usize) {
            *count = count.saturating_add(1);
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
        'À'..='\u{24F}'
        | '\u{1E00}'..='\u{1EFF}'
        | '\u{2C60}'..='\u{2C7F}'
        | '\u{A720}'..='\u{A7FF}'
        | 'Ａ'..='Ｚ'
        | 'ａ'..='ｚ' => Script::Latin,
        '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => Script::Greek,
        '\u{400}'..='\u{52F}' | '\u{1C80}'..='\u{1C8A}' | '\u{A640}'..='\u{A69F}' => {
            Script::Cyrillic
        }
        '\u{590}'..='\u{5FF}' => Script::Hebrew,
        '\u{600}'..='\u{6FF}'
        | '\u{750}'..='\u{77F}'
        | '\u{8A0}'..='\u{8FF}'
        | '\u{FB50}'..='\u{FDFF}'
        | '\u{FE70}'..='\u{FEFC}' => Script::Arabic,
        '\u{900}'..='\u{97F}' => Script::Devanagari,
        '\u{E00}'..='\u{E7F}' => Script::Thai,
        '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | 'ｦ'..='ﾟ' => Script::Kana,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{2FA1F}' => {
            Script::Han
        }
        '\u{1100}'..='\u{11FF}'
        | '\u{3130}'..='\u{318F}'
        | '\u{A960}'..='\u{A97F}'
        | '\u{AC00}'..='\u{D7FF}'
        | '\u{FFA0}'..='\u{FFDC}' => Script::Hangul,
        other if other.is_alphabetic() => Script::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Script, most};

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
            ("ﾊﾛｰ ﾜｰﾙﾄﾞ", Some(Script::Kana)),
            ("東京ﾀﾜｰ", Some(Script::Kana)),
            ("Ｈｅｌｌｏ １２", Some(Script::Latin)),
            ("ﾡﾢ", Some(Script::Hangul)),
            ("ꙮ ꙋ", Some(Script::Cyrillic)),
            ("ወንዙ በዚያ የፀደይ", Some(Script::Other)),
            ("12 + 7 = 19?", None),
            ("", None),
        ] {
            assert_eq!(most(text), script, "{text}");
        }
    }
}
