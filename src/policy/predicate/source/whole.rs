//! Lines that are a program by themselves, or nearly: what other languages than those of braces and
//! semicolons look like, and what people put on one line.
use super::{ENOUGH, Signs, is_path};

/// What only the lines of one language begin with.
const BEGINS: &[&str] = &[
    "(cond ",
    "(def ",
    "(define ",
    "(defmacro ",
    "(defn ",
    "(defun ",
    "(lambda (",
    "(let (",
    "(let [",
    "(ns ",
    "(setq ",
    "local function ",
    "my $",
    "my @",
    "our $",
    "section .",
    "global _start",
];

/// Words of an assembler that stand before registers.
const MNEMONICS: &[&str] = &[
    "add", "addi", "addq", "and", "bl", "call", "cmp", "cmpl", "dec", "div", "imul", "inc", "je",
    "jmp", "jne", "ldr", "lea", "leaq", "li", "mov", "movl", "movq", "mul", "or", "pop", "popq",
    "push", "pushq", "shl", "shr", "str", "sub", "subq", "test", "xor", "xorl",
];

/// How much a line looks like code for what it has from its start to its end.
pub(super) fn weigh(line: &str, word: &str, rest: &str, signs: Signs) -> usize {
    let ends = BEGINS.iter().any(|begin| line.starts_with(begin)) || is_block(line, signs);
    if ends || is_print(line) {
        return ENOUGH;
    }
    match word {
        "const" | "let" | "var" if signs.assigns && line.contains("=>") => ENOUGH,
        "fn" | "fun" | "func" | "function" | "sub" if signs.call => 2,
        "export" | "type" if signs.assigns => 2,
        _ if is_instruction(word, rest) => 2,
        // The type of a function: `fact :: Int -> Int`.
        _ if is_path(word) && rest.starts_with(":: ") && rest.contains("->") => 2,
        // A statement of R.
        _ if is_path(word) && rest.starts_with("<- ") && signs.call => 2,
        _ => 0,
    }
}

/// Whether a line is an instruction of an assembler: it names a register, or an interrupt.
pub(super) fn is_instruction(word: &str, rest: &str) -> bool {
    if word == "int" {
        return rest.starts_with("0x");
    }
    let operands = || rest.split(',').map(|own| own.trim().trim_start_matches(['%', '[']));
    MNEMONICS.contains(&word) && operands().count() <= 3 && operands().any(is_register)
}

fn is_register(name: &str) -> bool {
    let name = name.trim_end_matches(']');
    let wide = name.strip_prefix(['e', 'r']).unwrap_or(name);
    let numbered = name.strip_prefix(['r', 'x', 'w', 't', 's']);
    matches!(wide, "ax" | "bx" | "cx" | "dx" | "si" | "di" | "sp" | "bp")
        || matches!(name, "al" | "bl" | "cl" | "dl" | "ah" | "bh" | "ch" | "dh")
        || numbered.is_some_and(|number| matches!(number.parse(), Ok(0_u8..=31)))
}

/// Whether a line opens a block and closes it: `int main() { return 0; }`, `a { color: red; }`.
fn is_block(line: &str, signs: Signs) -> bool {
    let inside = line.strip_suffix('}').and_then(|line| line.split_once('{'));
    let Some((before, inside)) = inside else { return false };
    let (before, inside) = (before.trim_end(), inside.trim());
    let of = before.split_once(' ').map_or(before, |(word, _)| word);
    let members = || inside.contains(": ");
    match of {
        "interface" | "struct" | "enum" | "class" | "type" | "trait" | "impl" => !before.is_empty(),
        // LaTeX has braces too, and what stands in them does nothing.
        _ if line.starts_with('\\') || before.ends_with(['\\', '^', '_']) => false,
        _ if signs.call && before.ends_with([')', '>']) => inside.contains([';', '(', '+', '=']),
        _ => !before.is_empty() && members() && inside.ends_with(';') && !before.contains(". "),
    }
}

/// Whether a line is a call that begins with a text in quotation marks: `print("hello")`.
fn is_print(line: &str) -> bool {
    let line = line.strip_suffix(';').unwrap_or(line);
    let call = line.strip_suffix(')').and_then(|line| line.split_once('('));
    let Some((name, inside)) = call else { return false };
    let name = name.trim_end_matches('!');
    let small = name.rsplit('.').next().is_some_and(|own| own.starts_with(char::is_lowercase));
    let quoted = inside.starts_with('"') || (inside.starts_with('\'') && inside.len() > 2);
    small && name.len() > 2 && is_path(name) && quoted
}

/// Whether a line that ends with a semicolon assigns as programs do: to a name with its type, not
/// to a value of a function, and no number with its unit.
pub(super) fn is_statement(line: &str) -> bool {
    let first = line.split(';').next().unwrap_or_default();
    let Some((to, value)) = first.split_once(" = ") else { return true };
    let words = to.split_whitespace().count();
    let declares = ["let ", "const ", "var ", "for "].iter().any(|word| to.starts_with(word));
    let named = declares || !to.contains('(');
    let unit = value.split_once(' ').is_some_and(|(number, unit)| {
        number.bytes().all(|byte| byte.is_ascii_digit()) && unit.starts_with(char::is_alphabetic)
    });
    named && words <= 5 && !unit
}
