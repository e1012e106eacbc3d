//! Patterns find what Rust's `regex` finds, where both know them, and letters of every script.
use proptest::prelude::*;

use super::bits::WORDS;
use super::links::{self, Links};
use super::place::Side;
use super::search::Search;
use super::set::Cases;
use super::{Machine, links_of, syntax, work};

/// What stands for one character or for none.
const ATOMS: &[&str] = &[
    "a", "b", "A", "_", "1", "-", " ", r"\n", ".", r"\w", r"\W", r"\d", r"\D", r"\s", r"\S",
    "[ab]", "[^a]", "[a-c_-]", r"[^\s1]", r"[\W_]", r"\b", r"\B", "^", "$", r"\A", r"\z", "()",
    "ab", "aab",
];

const TIMES: &[&str] = &["*", "+", "?", "{2}", "{0,3}", "{1,}", "*?", "{1,2}?", "{0}"];

const GROUPS: &[&str] = &["(", "(?:", "(?i:", "(?s:", "(?m:", "(?im-s:", "(?i)(?:"];

/// The same beyond ASCII, but for what the other does not know there.
const FAR: &[&str] = &["é", "ж", "[а-я]", "[^é]", ".", "a", "éж", "[éa]", r"\d", "^", "$", "жжé"];

fn pattern(atoms: &'static [&'static str]) -> impl Strategy<Value = String> {
    let one = |of: &'static [&'static str]| prop::sample::select(of).prop_map(str::to_owned);
    one(atoms).prop_recursive(5, 24, 4, move |inner| {
        let several = prop::collection::vec(inner.clone(), 1..5);
        prop_oneof![
            several.clone().prop_map(|all| all.concat()),
            several.prop_map(|all| format!("(?:{})", all.join("|"))),
            (inner.clone(), one(TIMES)).prop_map(|(inner, times)| format!("(?:{inner}){times}")),
            (one(GROUPS), inner).prop_map(|(group, inner)| format!("{group}{inner})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_found_is_what_another_finds(
        pattern in pattern(ATOMS),
        texts in prop::collection::vec("[aabAB_1 \n-]{0,24}", 8),
    ) {
        same(&pattern, &texts)?;
    }

    #[test]
    fn it_is_so_beyond_ascii(
        pattern in pattern(FAR),
        texts in prop::collection::vec("[éжжaщ€𝄞1]{0,20}", 8),
    ) {
        same(&pattern, &texts)?;
    }

    /// Nothing that an operator writes makes it end, and what is wrong has one line.
    #[test]
    fn whatever_is_written_is_read_or_refused(text in "[(){}\\[\\]|*+?^$.\\\\a-d0-9,:<>=!Pimsx&~é-]{0,40}") {
        match links_of(&text) {
            Ok(links) => drop(Machine::of(&links).is_in("abcd é")),
            Err(wrong) => prop_assert!(!wrong.is_empty() && !wrong.contains('\n')),
        }
    }
}

/// Whether a pattern is found where another search finds it.
fn same(pattern: &str, texts: &[String]) -> Result<(), TestCaseError> {
    let other = regex_lite::RegexBuilder::new(pattern).build();
    let expr = syntax::parse(pattern);
    prop_assert_eq!(expr.is_ok(), other.is_ok(), "{} {:?} {:?}", pattern, expr, other);
    let (Ok(other), Ok(expr)) = (other, expr) else { return Ok(()) };
    let parts = links::parts(&expr);
    if parts > 256 {
        return Ok(());
    }
    let links = Links::of(&expr);
    let (short, long) = (Search::<1>::of(&links), Search::<WORDS>::of(&links));
    for text in texts {
        let expected = other.is_match(text);
        prop_assert_eq!(long.is_in(text), expected, "{} {:?}", pattern, text);
        if parts <= 64 {
            prop_assert_eq!(short.is_in(text), expected, "short: {} {:?}", pattern, text);
        }
    }
    Ok(())
}

fn is_in(pattern: &str, text: &str) -> bool {
    links_of(pattern).map(|links| Machine::of(&links).is_in(text)) == Ok(true)
}

#[test]
fn letters_are_known_of_every_script() {
    for (pattern, text, expected) in [
        ("(?i)докажи", "ДОКАЖИ это", true),
        ("(?i)ДОКАЖИ", "докажи", true),
        ("докажи", "ДОКАЖИ", false),
        (r"\bдокажи\b", "ну, докажи!", true),
        (r"\bдокажи\b", "недокажи", false),
        (r"(?i)\b(докажи|выведи)\b", "А теперь Выведи", true),
        ("(?i)É", "é", true),
        ("(?i)é", "É", true),
        ("(?i)größe", "GRÖßE", true),
        ("(?i)λόγος", "ΛΌΓΟΣ", true),
        ("(?i)^[а-я]+$", "Привет", true),
        ("(?i)^[^é]$", "É", false),
        ("(?i)chứng minh", "CHỨNG MINH", true),
        ("(?i)ամբողջ", "ԱՄԲՈՂՋ", true),
        (r"^\w+$", "Übermut", true),
        (r"^\w+$", "e\u{301}te\u{301}", true),
        (r"\bका\b", "यह का है", true),
        (r"\W", "é", false),
        (r"\d", "٣", false),
        (r"a\sb", "a\u{a0}b", true),
        ("証明", "この証明を", true),
        ("[^a]", "é", true),
        ("^.$", "𝄞", true),
        ("a.{3}z", "aжéзz", true),
        (r"\x{e9}|\u0436|\x41", "ж", true),
        (r"(?<own>é)(?P<other>ж)", "éж", true),
        (r"[\x{430}-\u044f]", "щ", true),
        ("é{2,3}!", "éé!", true),
        ("é{2,3}!", "é!", false),
        ("(?i)straße|жук", "ein Жук", true),
    ] {
        assert_eq!(is_in(pattern, text), expected, "{pattern} {text}");
        let long = format!("{} {text} {}", "x ".repeat(300), "y ".repeat(300));
        if !pattern.contains(['^', '$']) {
            let expected = expected || (pattern == "[^a]" || pattern == r"\W");
            assert_eq!(is_in(pattern, &long), expected, "{pattern} {long}");
        }
    }
}

/// Each letter that has a large form is found in it.
#[test]
fn large_letters_are_small_ones() {
    let known: Vec<char> = Cases::letters().chain('a'..='z').chain('A'..='Z').collect();
    let mut found = 0;
    for letter in &known {
        let large: Vec<char> = letter.to_uppercase().collect();
        let [large] = large.as_slice() else { continue };
        // A few have it far away from the alphabets that are known.
        if large == letter || large.to_lowercase().ne([*letter]) || !known.contains(large) {
            continue;
        }
        found += 1;
        for (one, other) in [(letter, large), (large, letter)] {
            assert!(is_in(&format!("(?i){one}"), &other.to_string()), "{one} {other}");
            assert!(!is_in(&one.to_string(), &other.to_string()), "{one} {other}");
        }
    }
    assert!(found > 700, "{found}");
}

/// Variants of letters are the same as those, as in Unicode's simple case folding; what only a
/// language or several letters together make the same is not.
#[test]
fn variants_of_letters_are_the_same() {
    for same in [
        "µμΜ",
        "ϑθΘϴ",
        "ϕφΦ",
        "ϖπΠ",
        "ϱρΡ",
        "ϰκΚ",
        "ϵεΕ",
        "ςσΣ",
        "ϐβΒ",
        "\u{345}ιΙ\u{1FBE}",
        "ſsS",
        "\u{212A}kK",
        "\u{212B}åÅ",
        "\u{2126}ωΩ",
        "ẛṡṠ",
        "ẞß",
        "ǅǆǄ",
        "ᾳᾼ",
        "\u{1C80}вВ",
        "\u{1C88}ꙋꙊ",
        "ⱥȺ",
        "\u{390}\u{1FD3}",
        "\u{3B0}\u{1FE3}",
        "ﬅﬆ",
    ] {
        for one in same.chars() {
            for other in same.chars() {
                for pattern in [format!("(?i){one}"), format!("(?i)[{one}б]{{1,9}}$")] {
                    assert!(is_in(&pattern, &other.to_string()), "{pattern} {other}");
                }
                assert!(!is_in(&format!("(?i)[^{one}]"), &other.to_string()), "{one} {other}");
            }
        }
    }
    for (one, other) in [("ı", "i"), ("ı", "I"), ("İ", "i"), ("i", "İ"), ("ß", "s"), ("k", "κ")]
    {
        assert!(!is_in(&format!("(?i){one}"), other), "{one} {other}");
    }
}

/// What most letters are is not looked up, and is the same.
#[test]
fn a_letter_is_one_wherever_it_is_looked_up() {
    for letter in '\0'..=char::MAX {
        let mark = ('\u{300}'..='\u{36F}').contains(&letter);
        let word = letter == '_' || letter.is_ascii_alphanumeric() || letter.is_alphabetic();
        // No letter has this number.
        if letter != '\u{3A2}' {
            assert_eq!(word || mark, Side::of(letter) == Side::Word, "{letter:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_pattern_is_said() {
    for (pattern, expected) in [
        ("(?i)prove|(", "expected `)`"),
        ("a)", "a `)` without its `(`"),
        ("*a", "nothing before `*`"),
        ("a|+", "nothing before `+`"),
        ("a{2", "expected `}`"),
        ("a{3,2}", "expected 0 to 1000 times, the lower number first"),
        ("a{1001}", "expected 0 to 1000 times, the lower number first"),
        ("a{b}", "expected a number behind `{`"),
        ("[a", "a `[` without its `]`"),
        ("[[:alpha:]]", "a `[` within another: write `\\[`"),
        ("[a&&b]", "`&&` within `[`: list what is meant"),
        ("[z-a]", "a range with its end before its start"),
        (r"[\w-z]", "a range with its end before its start"),
        (r"\pL", "classes of Unicode are not known: list letters"),
        (r"(a)\1", "`\\1` is not known"),
        (r"\<a", "`\\<` is not known: write `<`, or `\\b`"),
        (r"[\>]", "`\\>` is not known: write `>`, or `\\b`"),
        (r"\", "a `\\` before nothing"),
        (r"\xZZ", "expected the number of a character, as in `\\x{e9}`"),
        (r"\x{110000}", "expected the number of a character, as in `\\x{e9}`"),
        ("(?=a)", "what stands behind a place cannot be asked for"),
        ("(?<!a)b", "what stands before a place cannot be asked for"),
        ("(?x) a", "expected `(?i)`, `(?m)`, `(?s)` or `(?:`"),
        (
            "(a{90}){90}",
            "with what it repeats it comes to 8100 characters, more than 256: repeat less",
        ),
    ] {
        let wrong = links_of(pattern).err().unwrap_or_default();
        assert_eq!(wrong, expected, "{pattern}");
    }
    let deep = format!("{}a{}", "(".repeat(40), ")".repeat(40));
    assert!(links_of(&deep).is_err());
}

/// What people write does little for each character; what used to take seconds does no more than
/// it says, and most of it is refused.
#[test]
fn the_work_is_known_before() {
    let words = "prove|refactor|derive|theorem|optimise|architect|integral|concurrency";
    for (pattern, expected) in [
        (format!(r"(?i)\b({words})\b"), 14),
        (format!("(?i){words}|analyse|debug|proof"), 20),
        (r"\b[A-Z]{2,5}-[0-9]{1,6}\b".to_owned(), 15),
        ("(?i)refund.{0,40}order".to_owned(), 15),
        ("[a-z]{1,90}9".to_owned(), 24),
        ("(?:a{0,50}){3}b".to_owned(), 32),
        (r"(?i)(?:\w{1,20}\s?){4}#".to_owned(), 52),
        ("(?:a?){60}bN".to_owned(), 73),
        ("(?:a?b?){100}c".to_owned(), 420),
    ] {
        let work = links_of(&pattern).map(|links| work(&links));
        assert_eq!(work, Ok(expected), "{pattern}");
    }
}

/// What a pattern links is bounded while it is read, and it is refused by that before more is made
/// of it.
#[test]
fn what_would_be_refused_is_not_made() {
    for pattern in [
        "(?:a?b?){120}c",
        "(?:a?b?c?d?){63}e",
        r"(?:\ba?\B|b?){60}c",
        r"(?m:(?:^a?|$b?|\bc?|\Bd?){25}z)",
    ] {
        let links = links_of(pattern).map(|links| (work(&links), links.jumps.len()));
        assert!(matches!(links, Ok((400.., ..=600))), "{pattern} {links:?}");
    }
}
