//! The syntax of patterns: that of Rust's `regex`, but for what a search for whether there is a
//! match has no use for, and what an operator can say otherwise.
use core::iter::Peekable;
use core::str::Chars;
use std::rc::Rc;

use super::place::{Places, Side};
use super::set::{Cases, Set};

/// What a pattern says.
#[derive(Debug)]
pub(super) enum Expr {
    /// One character of a set.
    One(Rc<Set>),
    /// Nothing, at such a place.
    At(Places),
    /// One after the other.
    All(Vec<Expr>),
    /// One of them.
    Any(Vec<Expr>),
    /// So many times, the most where there is one.
    Times(Box<Expr>, usize, Option<usize>),
}

/// Most groups within one another.
const DEPTH_MAX: usize = 32;

/// Most times that a part may be asked for.
const TIMES_MAX: usize = 1000;

/// How letters are read from here on.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    /// `i`: large and small ones are the same.
    ignore_case: bool,
    /// `m`: `^` and `$` stand for lines.
    lines: bool,
    /// `s`: `.` stands for the end of a line too.
    dot_all: bool,
}

/// Reads a pattern.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser {
        rest: text.chars().peekable(),
        flags: Flags::default(),
        depth: 0,
        cases: Cases::default(),
    };
    let expr = parser.any()?;
    // What no alternative takes is a `)`.
    if parser.rest.peek().is_some() { Err("a `)` without its `(`".to_owned()) } else { Ok(expr) }
}

struct Parser<'p> {
    rest: Peekable<Chars<'p>>,
    flags: Flags,
    depth: usize,
    cases: Cases,
}

impl Parser<'_> {
    fn takes(&mut self, letter: char) -> bool {
        self.rest.next_if_eq(&letter).is_some()
    }

    fn need(&mut self, letter: char) -> Result<(), String> {
        if self.takes(letter) { Ok(()) } else { Err(format!("expected `{letter}`")) }
    }

    /// Alternatives, up to the end of the group.
    fn any(&mut self) -> Result<Expr, String> {
        let mut any = vec![self.all()?];
        while self.takes('|') {
            any.push(self.all()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Expr::Any(any) })
    }

    fn all(&mut self) -> Result<Expr, String> {
        let mut all = Vec::new();
        while let Some(letter) = self.rest.next_if(|letter| !matches!(letter, '|' | ')')) {
            let one = match letter {
                '(' => match self.group()? {
                    Some(group) => group,
                    None => continue,
                },
                '[' => self.set()?,
                '.' if self.flags.dot_all => self.one(not(Set::default())),
                '.' => self.one(not(Set::of(&[('\n', '\n')]))),
                '^' => self.edge(|before, _| before),
                '$' => self.edge(|_, after| after),
                '\\' => self.escaped()?,
                '*' | '+' | '?' | '{' => return Err(format!("nothing before `{letter}`")),
                letter => self.letter(letter),
            };
            let one = self.times(one)?;
            all.push(one);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::All(all) })
    }

    /// What follows a `(`; `None` where that only says how letters are read from here on.
    fn group(&mut self) -> Result<Option<Expr>, String> {
        let before = self.flags;
        if self.takes('?') {
            if self.takes('P') || self.rest.peek() == Some(&'<') {
                self.need('<')?;
                if self.rest.peek().is_some_and(|letter| matches!(letter, '=' | '!')) {
                    return Err("what stands before a place cannot be asked for".to_owned());
                }
                // Nobody asks a group for what it has found.
                while self.rest.next_if(|own| own.is_alphanumeric() || *own == '_').is_some() {}
                self.need('>')?;
            } else if self.flags()? {
                return Ok(None);
            }
        }
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} groups within one another"));
        }
        let group = self.any()?;
        self.need(')')?;
        self.depth = self.depth.saturating_sub(1);
        self.flags = before;
        Ok(Some(group))
    }

    /// Flags, up to the colon of their group; whether they stand alone.
    fn flags(&mut self) -> Result<bool, String> {
        let mut is = true;
        loop {
            match self.rest.next() {
                Some('i') => self.flags.ignore_case = is,
                Some('m') => self.flags.lines = is,
                Some('s') => self.flags.dot_all = is,
                // Which match would be found first is the same to us.
                Some('U') => {}
                Some('-') if is => is = false,
                Some(':') => return Ok(false),
                Some(')') => return Ok(true),
                Some('=' | '!') => {
                    return Err("what stands behind a place cannot be asked for".to_owned());
                }
                _ => return Err("expected `(?i)`, `(?m)`, `(?s)` or `(?:`".to_owned()),
            }
        }
    }

    /// How many times what was just read is asked for.
    fn times(&mut self, mut one: Expr) -> Result<Expr, String> {
        loop {
            let (least, most) = match self.rest.next_if(|own| matches!(own, '*' | '+' | '?' | '{'))
            {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some(_) => self.bounds()?,
                None => return Ok(one),
            };
            // As few as will do, or as many as there are: for a match it is the same.
            self.takes('?');
            one = Expr::Times(Box::new(one), least, most);
        }
    }

    fn bounds(&mut self) -> Result<(usize, Option<usize>), String> {
        let least = self.number()?;
        let (least, most) = if self.takes(',') {
            (least.unwrap_or(0), self.number()?)
        } else {
            (least.ok_or("expected a number behind `{`")?, least)
        };
        self.need('}')?;
        if most.is_some_and(|most| most < least) || least.max(most.unwrap_or(0)) > TIMES_MAX {
            return Err(format!("expected 0 to {TIMES_MAX} times, the lower number first"));
        }
        Ok((least, most))
    }

    fn number(&mut self) -> Result<Option<usize>, String> {
        let mut number = None;
        while let Some(digit) = self.rest.peek().and_then(|letter| letter.to_digit(10)) {
            self.rest.next();
            let digit = usize::try_from(digit).unwrap_or_default();
            number = Some(number.unwrap_or(0_usize).saturating_mul(10).saturating_add(digit));
        }
        Ok(number)
    }

    /// What follows a `\` that stands in no set.
    fn escaped(&mut self) -> Result<Expr, String> {
        let is_word = |side: Side| side == Side::Word;
        Ok(match self.rest.peek() {
            Some('b') => self.at(|before, after| is_word(before) != is_word(after)),
            Some('B') => self.at(|before, after| is_word(before) == is_word(after)),
            Some('A') => self.at(|before, _| before == Side::Edge),
            Some('z') => self.at(|_, after| after == Side::Edge),
            _ => match self.member()? {
                Member::Letter(letter) => self.letter(letter),
                Member::Set(set) => self.one(set),
            },
        })
    }

    fn at(&mut self, such: impl Fn(Side, Side) -> bool) -> Expr {
        self.rest.next();
        Expr::At(Places::whose(such))
    }

    fn edge(&self, of: impl Fn(Side, Side) -> Side) -> Expr {
        let lines = self.flags.lines;
        let is = |side| side == Side::Edge || (lines && side == Side::Break);
        Expr::At(Places::whose(|before, after| is(of(before, after))))
    }

    fn letter(&self, letter: char) -> Expr {
        self.one(Set::of(&[(letter, letter)]))
    }

    fn one(&self, mut set: Set) -> Expr {
        if self.flags.ignore_case {
            set.ignore_case(&self.cases);
        }
        Expr::One(Rc::new(set))
    }

    /// What follows a `[`.
    fn set(&mut self) -> Result<Expr, String> {
        let negated = self.takes('^');
        let mut set = Set::default();
        let mut first = true;
        loop {
            let member = match self.rest.next() {
                None => return Err("a `[` without its `]`".to_owned()),
                Some(']') if !first => break,
                Some('[') => return Err("a `[` within another: write `\\[`".to_owned()),
                Some(twice @ ('&' | '~')) if self.rest.peek() == Some(&twice) => {
                    return Err(format!("`{twice}{twice}` within `[`: list what is meant"));
                }
                Some('\\') => self.member()?,
                Some(letter) => Member::Letter(letter),
            };
            first = false;
            match (member, self.until()?) {
                (Member::Letter(from), Some(to)) if from <= to => set.add(&Set::of(&[(from, to)])),
                (_, Some(_)) => return Err("a range with its end before its start".to_owned()),
                (Member::Letter(letter), None) => set.add(&Set::of(&[(letter, letter)])),
                (Member::Set(own), None) => set.add(&own),
            }
        }
        // `[^a]` has no large one in it either.
        if self.flags.ignore_case {
            set.ignore_case(&self.cases);
        }
        if negated {
            set.negate();
        }
        Ok(Expr::One(Rc::new(set)))
    }

    /// The end of a range; `None` where there is none.
    fn until(&mut self) -> Result<Option<char>, String> {
        let mut ahead = self.rest.clone();
        // A `-` before the end of the set stands for itself.
        if ahead.next() != Some('-') || ahead.next() == Some(']') {
            return Ok(None);
        }
        self.rest.next();
        match self.rest.next() {
            Some('\\') => match self.member()? {
                Member::Letter(letter) => Ok(Some(letter)),
                Member::Set(_) => Err("a range needs two characters".to_owned()),
            },
            Some('-' | '[') | None => Err("expected the end of a range behind `-`".to_owned()),
            letter => Ok(letter),
        }
    }

    /// What follows a `\` and stands for characters.
    fn member(&mut self) -> Result<Member, String> {
        let letter = self.rest.next().ok_or("a `\\` before nothing")?;
        if let Some(set) = Set::class(letter) {
            return Ok(Member::Set(set));
        }
        Ok(Member::Letter(match letter {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\x0C',
            'v' => '\x0B',
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            '<' | '>' => {
                return Err(format!("`\\{letter}` is not known: write `{letter}`, or `\\b`"));
            }
            own if own.is_ascii_punctuation() || own == ' ' => own,
            'p' | 'P' => return Err("classes of Unicode are not known: list letters".to_owned()),
            other => return Err(format!("`\\{other}` is not known")),
        }))
    }

    /// A character by its number: so many digits, or some in braces.
    fn code(&mut self, digits: usize) -> Result<char, String> {
        let (braced, mut code, mut count) = (self.takes('{'), 0_u32, 0_usize);
        while let Some(digit) = self.rest.peek().and_then(|letter| letter.to_digit(16))
            && (braced || count < digits)
        {
            self.rest.next();
            code = code.saturating_mul(16).saturating_add(digit);
            count = count.saturating_add(1);
        }
        if braced {
            self.need('}')?;
        }
        let right = if braced { count > 0 } else { count == digits };
        let letter = char::from_u32(code).filter(|_| right);
        letter.ok_or_else(|| "expected the number of a character, as in `\\x{e9}`".to_owned())
    }
}

enum Member {
    Letter(char),
    Set(Set),
}

fn not(mut set: Set) -> Set {
    set.negate();
    set
}
