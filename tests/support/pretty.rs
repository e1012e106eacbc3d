//! JSON for people: one member or item a line, numbers and strings as they were written.

/// The same JSON text, laid out.
pub(crate) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len().saturating_mul(2));
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut opened = false;
    for c in json.chars() {
        if quoted {
            out.push(c);
            quoted = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        let closes = matches!(c, '}' | ']');
        if c.is_ascii_whitespace() {
            continue;
        }
        depth = if closes { depth.saturating_sub(1) } else { depth };
        if opened != closes && (opened || closes) {
            line(&mut out, depth);
        }
        opened = matches!(c, '{' | '[');
        depth = if opened { depth.saturating_add(1) } else { depth };
        quoted = c == '"';
        out.push(c);
        match c {
            ',' => line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out.push('\n');
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(core::iter::repeat_n("  ", depth));
}
