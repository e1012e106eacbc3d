//! HTML written so that nothing can be forgotten: tags are ours, everything else is escaped.

/// Elements without content or end tag.
const VOID: [&str; 2] = ["meta", "link"];

/// An HTML text that grows.
#[derive(Debug, Default)]
pub(crate) struct Html(String);

/// An attribute: a name of ours, and any value.
pub(crate) type Attribute<'a> = (&'static str, &'a str);

impl Html {
    /// A whole document from its root element's content.
    pub(crate) fn document(content: impl FnOnce(&mut Self)) -> String {
        let mut html = Self("<!doctype html>\n".to_owned());
        html.element("html", &[("lang", "en")], content);
        html.0.push('\n');
        html.0
    }

    /// An element and what is in it.
    pub(crate) fn element(
        &mut self,
        tag: &'static str,
        attributes: &[Attribute<'_>],
        content: impl FnOnce(&mut Self),
    ) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            escape(value, &mut self.0);
            self.0.push('"');
        }
        self.0.push('>');
        if VOID.contains(&tag) {
            return;
        }
        content(self);
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
    }

    /// An element that holds a text.
    pub(crate) fn leaf(&mut self, tag: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.element(tag, attributes, |h| h.text(text));
    }

    pub(crate) fn text(&mut self, text: &str) {
        escape(text, &mut self.0);
    }

    /// The content of a `style` element, where nothing is escaped: ours only.
    pub(crate) fn style(&mut self, css: &'static str) {
        self.0.push_str("<style>");
        self.0.push_str(css);
        self.0.push_str("</style>");
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

/// A name as one part of a path.
pub(crate) fn segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        let evil = "<script>\"'&</script>";
        let html = Html::document(|h| h.leaf("p", &[("title", evil)], evil));
        let safe = "&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;";
        let expected = format!("<html lang=\"en\"><p title=\"{safe}\">{safe}</p></html>");
        assert_eq!(html, format!("<!doctype html>\n{expected}\n"));
        assert_eq!(segment("a/b c%é?"), "a%2Fb%20c%25%C3%A9%3F");
    }
}
