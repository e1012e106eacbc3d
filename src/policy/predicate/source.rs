//! Whether there is code in a text, by what its lines look like.
//!
//! A line that people write in prose as well says little, one that they never do says more: the
//! lines are weighed, and enough of them are code. Prose that ends its lines with semicolons, or
//! begins them with `from` and `return`, weighs nothing.

/// From this weight on there is code.
const ENOUGH: usize = 3;

/// Whether one of these lines fences code, or enough of them look like it.
pub(super) fn is_code<'t>(lines: impl Iterator<Item = &'t str>) -> bool {
    let mut weight = 0_usize;
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with("```") || line.starts_with("~~~") {
            return true;
        }
        weight = weight.saturating_add(weigh(line, Signs::of(line)));
        if weight >= ENOUGH {
            return true;
        }
    }
    false
}

/// What stands somewhere in a line: found in one pass.
#[derive(Debug, Clone, Copy, Default)]
struct Signs {
    /// One of `()*{}[]<>=;:$|&"@#/`, or an option.
    any: bool,
    /// A parenthesis right after a name.
    call: bool,
    /// `==`, `!=`, `+=`, `:=`, `=>`, `->`, `::`, `&&` or `||`.
    operator: bool,
    /// An `=` of its own.
    assigns: bool,
    /// `$(`, `${` or `"$`.
    expands: bool,
    /// A word that begins with `-`.
    option: bool,
}

/// Whether a byte is a sign, or may be part of one.
const fn is_sign(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')'
            | b'*'
            | b'{'
            | b'}'
            | b'['
            | b']'
            | b'<'
            | b'>'
            | b'='
            | b';'
            | b':'
            | b'$'
            | b'|'
            | b'&'
            | b'"'
            | b'@'
            | b'#'
            | b'/'
            | b'-'
    )
}

impl Signs {
    fn of(line: &str) -> Self {
        let bytes = line.as_bytes();
        let mut signs = Self::default();
        for (at, byte) in bytes.iter().enumerate() {
            // Most of prose is none.
            if is_sign(*byte) {
                let before = at.checked_sub(1).and_then(|at| bytes.get(at));
                let after = bytes.get(at.saturating_add(1));
                let beside = |byte: Option<&u8>| byte.copied().unwrap_or(b' ');
                signs.see(beside(before), *byte, beside(after));
            }
        }
        signs
    }

    /// Notes a sign between two bytes.
    fn see(&mut self, before: u8, sign: u8, after: u8) {
        self.any |= sign != b'-';
        match sign {
            b'(' => {
                self.call |= before.is_ascii_alphanumeric() || before == b'_';
                self.expands |= before == b'$';
            }
            b'{' => self.expands |= before == b'$',
            b'$' => self.expands |= before == b'"',
            b'=' if matches!(before, b'=' | b'!' | b'+' | b':') => {
                self.operator = true;
                self.assigns |= before == b':';
            }
            b'=' => self.assigns |= before == b' ' && after == b' ',
            b'>' if matches!(before, b'=' | b'-') => self.operator = true,
            b':' | b'&' | b'|' if before == sign => self.operator = true,
            b'-' if before == b'<' => self.assigns = true,
            b'-' if before == b' ' && (after.is_ascii_lowercase() || after == b'-') => {
                self.option = true;
                self.any = true;
            }
            _ => {}
        }
    }
}

/// What is code wherever it begins a line.
const BEGINS: &[&str] = &[
    "#!/",
    "#include",
    "#define ",
    "+++ b/",
    "--- a/",
    "<!DOCTYPE",
    "<!doctype",
    "<?php",
    "<?xml",
    "@@ -",
    "CREATE TABLE ",
    "DELETE FROM ",
    "Exception in thread ",
    "INSERT INTO ",
    "Traceback (most recent",
    "diff --git ",
    "error[",
];

/// What closes or parts blocks, alone on its line.
const ALONE: &[&str] = &[
    "{", "}", "};", "},", "})", "});", "]", "],", "];", ")", "),", ");", "end", "fi", "done",
    "else", "esac", "pass", "break", "break;", "continue",
];

/// Bytes of the longest of them.
const LONGEST_ALONE: usize = 8;

/// Commands of a shell.
const COMMANDS: &[&str] = &[
    "apt", "apt-get", "awk", "brew", "cargo", "cat", "cd", "chmod", "cp", "curl", "docker", "echo",
    "export", "find", "git", "grep", "kubectl", "ls", "make", "mkdir", "mv", "node", "npm", "npx",
    "pip", "python", "python3", "rm", "sed", "ssh", "sudo", "tar", "wget",
];

/// Tags of HTML that begin lines.
const TAGS: &[&str] = &[
    "a", "body", "br", "button", "div", "footer", "form", "h1", "h2", "h3", "head", "header",
    "html", "img", "input", "li", "link", "main", "meta", "nav", "ol", "option", "p", "script",
    "section", "select", "span", "style", "svg", "table", "td", "th", "title", "tr", "ul",
];

/// How much a line looks like code.
fn weigh(line: &str, signs: Signs) -> usize {
    if line.len() <= LONGEST_ALONE && ALONE.contains(&line) {
        return 1;
    }
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    if !signs.any {
        // Nothing but words.
        return match word {
            "import" | "return" => usize::from(is_path(rest)),
            _ if rest.contains(" import ") && word == "from" => 2,
            _ if whole::is_instruction(word, rest) => 2,
            "FROM" | "JOIN" | "SELECT" | "WHERE" => 1,
            _ => 0,
        };
    }
    if BEGINS.iter().any(|begin| line.starts_with(begin)) || is_trace(line) {
        return ENOUGH;
    }
    let own = by_word(word, rest, signs).max(whole::weigh(line, word, rest, signs));
    own.max(by_end(line, signs)).max(by_tag(line)).max(by_shell(line, word, signs))
}

/// By the word that a line begins with.
fn by_word(word: &str, rest: &str, signs: Signs) -> usize {
    let block = rest.ends_with(':');
    let says = |words: &[&str]| words.iter().any(|word| rest.contains(word));
    let compares = || signs.call || signs.operator || says(&[" in ", " is ", "not ", " < ", " > "]);
    let is = match word {
        "def" if signs.call && rest.contains(':') => return ENOUGH,
        "def" | "class" | "async" => block && (signs.call || is_path(rest.trim_end_matches(':'))),
        "for" => block && rest.contains(" in "),
        "if" | "elif" | "while" | "with" | "except" => block && compares(),
        "else:" | "try:" | "finally:" => true,
        "raise" | "throw" => signs.call,
        "const" | "let" | "var" | "val" => signs.assigns,
        "import" => is_path(rest.trim_end_matches(';')) || rest.contains("from '"),
        "from" => rest.contains(" import "),
        "use" | "using" | "package" => rest.ends_with(';') && is_path(rest.trim_end_matches(';')),
        "SELECT" => return if rest.contains(" FROM ") { ENOUGH } else { 2 },
        "UPDATE" => rest.contains(" SET "),
        "select" if rest.contains(" from ") && says(&["*", "=", ";", "("]) => return ENOUGH,
        "select" => signs.call || rest.starts_with('*'),
        "FROM" | "WHERE" | "JOIN" | "GROUP" | "ORDER" | "LEFT" | "INNER" => return 1,
        "where" => return usize::from(says(&[" = ", " > ", " < ", " in ("])),
        "group" | "order" => return usize::from(rest.starts_with("by ") && rest.ends_with(';')),
        "return" => {
            let value = rest.strip_suffix(';');
            let value = value.is_some_and(|own| is_path(own) || own.contains(['+', '*', '"', '[']));
            return usize::from(signs.call || signs.operator || value);
        }
        "//" => return 1,
        _ => false,
    };
    usize::from(is).saturating_mul(2)
}

/// By how a line ends, and what else it says.
fn by_end(line: &str, signs: Signs) -> usize {
    let does = signs.operator || ((signs.call || signs.assigns) && whole::is_statement(line));
    match line.as_bytes().last() {
        Some(b'{') => 2,
        Some(b';') if does => 2,
        // A member of a type or a style: `name?: string;`.
        Some(b';') => usize::from(is_member(line)),
        Some(b',') if line.starts_with('"') => usize::from(line.contains("\": ")),
        Some(b')' | b']' | b'"' | b'\'') if signs.assigns => 1,
        // Nothing but a call.
        Some(b')') => usize::from(line.split_once('(').is_some_and(|(name, _)| is_path(name))),
        _ => usize::from(signs.assigns && is_assigned(line)),
    }
}

/// By the tag that a line begins with: one of HTML, or one with an attribute.
fn by_tag(line: &str) -> usize {
    let Some(tag) = line.strip_prefix('<').filter(|_| line.contains('>')) else { return 0 };
    let tag = tag.trim_start_matches('/');
    let end = tag.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(tag.len());
    let name = tag.get(..end).unwrap_or_default();
    let known = TAGS.contains(&name) || (!name.is_empty() && tag.contains("=\""));
    usize::from(known).saturating_mul(2)
}

/// By what only a shell reads.
fn by_shell(line: &str, word: &str, signs: Signs) -> usize {
    if line.ends_with("; do") || line.ends_with("; then") {
        return 2;
    }
    if word != "$" && !COMMANDS.contains(&word) {
        return usize::from(signs.expands);
    }
    let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
    let joins = signs.expands || says(&[" | ", " && ", " > ", " '", " \""]);
    match (signs.option || line.contains(" /"), joins) {
        (true, true) => ENOUGH,
        (true, false) | (false, true) => 2,
        _ => 0,
    }
}

/// Whether it is a line of what a program says that has failed.
fn is_trace(line: &str) -> bool {
    let place = |line: &str| {
        let inside = line.strip_suffix(')').and_then(|line| line.rsplit_once(':'));
        inside.is_some_and(|(_, line)| line.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let fault = || {
        let (name, _) = line.split_once(": ").unwrap_or((line, ""));
        let kind = name.strip_suffix("Error").or_else(|| name.strip_suffix("Exception"));
        kind.is_some_and(|kind| !kind.is_empty() && is_path(kind))
    };
    (line.starts_with("File \"") && line.contains("\", line "))
        || (line.starts_with("at ") && place(line))
        || (line.starts_with("thread '") && line.contains(" panicked at"))
        || fault()
}

/// Whether it is a name, or several with dots or commas between them.
fn is_path(text: &str) -> bool {
    let names =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'*');
    let one = |text: &str| !text.is_empty() && text.bytes().all(names);
    text.split(", ").all(one)
}

/// Whether a line gives a name in small letters a value: `color: red;`.
fn is_member(line: &str) -> bool {
    let name = line.split_once(": ").map(|(name, _)| name.trim_end_matches('?'));
    let small =
        |name: &str| name.starts_with(|first: char| first.is_ascii_lowercase() || first == '-');
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    name.is_some_and(|name| small(name) && name.bytes().all(letters))
}

/// Whether a line assigns to a name of several letters: in a sum of school they have one.
fn is_assigned(line: &str) -> bool {
    let name = line.split_once([':', '=']).map_or("", |(name, _)| name.trim_end());
    name.len() > 1 && is_path(name)
}

#[cfg(test)]
mod tests;
mod whole;
