//! `script`: the writing system of what the user says.
use super::super::document::Content;
use super::super::field::{Kind, List, Read as _, Shape, Spot, Word, Words};
use super::facts::Facts;
use super::question::{Question, Test};
use super::text::Script;

pub(super) static QUESTION: Question = Question::new(
    "script",
    &OneOrMore,
    "The writing system of most letters in what the user said last, or one of several: a language \
     that has its own is known by it. Its first 16 KiB are looked at.",
    |spot, _| Some(Box::new(Scripts(read(spot)?))),
);

const SCRIPT: Words<Script> = Words {
    what: "script",
    of: &[
        Word::new("latin", Script::Latin, "English, Spanish, Vietnamese, Turkish and more."),
        Word::new("cyrillic", Script::Cyrillic, "Russian, Ukrainian and more."),
        Word::new("greek", Script::Greek, "Greek."),
        Word::new("arabic", Script::Arabic, "Arabic, Persian, Urdu."),
        Word::new("hebrew", Script::Hebrew, "Hebrew, Yiddish."),
        Word::new("devanagari", Script::Devanagari, "Hindi, Marathi, Nepali."),
        Word::new("thai", Script::Thai, "Thai."),
        Word::new("han", Script::Han, "Chinese."),
        Word::new("kana", Script::Kana, "Japanese, with the Chinese characters in it."),
        Word::new("hangul", Script::Hangul, "Korean."),
        Word::new("other", Script::Other, "Any other."),
    ],
};

const LIST: List = List::of("scripts", &SCRIPT).unique();

/// One script, or several.
#[derive(Debug, Clone, Copy)]
struct OneOrMore;

impl Kind for OneOrMore {
    fn shape(&self) -> Shape {
        Shape::Either(vec![SCRIPT.shape(), LIST.shape()])
    }
}

fn read(spot: &Spot<'_>) -> Option<Vec<Script>> {
    let Content::List(_) = &spot.node.content else {
        return Some(vec![SCRIPT.read(spot)?]);
    };
    let items = LIST.items(spot)?;
    let read: Vec<_> = items.iter().map(|item| SCRIPT.read(item)).collect();
    let read: Option<Vec<Script>> = read.into_iter().collect();
    read.filter(|read| !read.is_empty())
}

#[derive(Debug)]
struct Scripts(Vec<Script>);

impl Test for Scripts {
    fn holds(&self, facts: &dyn Facts) -> bool {
        facts.texts().script(facts.ask()).is_some_and(|script| self.0.contains(&script))
    }

    fn found(&self, facts: &dyn Facts) -> Option<String> {
        Some(SCRIPT.word(facts.texts().script(facts.ask())?).to_owned())
    }
}
