//! Leaves out of the page's files what a browser does not need: white space, comments, and commas
//! at the end of lists.
//!
//! [`script`] reads JavaScript no further than to know strings, templates and regular expressions
//! from code. It relies on what prettier guarantees: statements end with semicolons, a division has
//! a space on both sides while a regular expression does not begin with one, and a list on lines of
//! its own ends with a comma that means nothing.

/// Words behind which a slash begins a regular expression.
const BEFORE_PATTERN: [&str; 6] = ["return", "typeof", "case", "of", "in", "await"];

/// Returns the script without comments, and without white space where no word needs it.
pub(crate) fn script(source: &str) -> String {
    let mut out = Shrunk::default();
    // The depth of brackets in each `${}` around the place.
    let mut templates: Vec<usize> = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '\'' | '"' => literal(rest, c),
            '`' => template(rest, &mut templates),
            '}' if templates.last() == Some(&0) => {
                templates.pop();
                template(rest, &mut templates)
            }
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '/' if out.awaits_operand() && !rest.starts_with("/ ") => pattern(rest),
            _ => c.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        let is_comment = c == '/' && (token.starts_with("//") || token.starts_with("/*"));
        match c {
            _ if is_comment => {}
            '\n' => out.waits = Some('\n'),
            c if c.is_whitespace() => out.waits = out.waits.or(Some(' ')),
            _ => out.push(token),
        }
        if let Some(depth) = templates.last_mut() {
            match token {
                "{" => *depth += 1,
                "}" => *depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        rest = after;
    }
    out.text.push('\n');
    out.text
}

/// The length of a string in quotes.
fn literal(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The length of a template from its backtick, or from the end of a `${}`, to its end or the next
/// `${`, which it enters.
fn template(text: &str, templates: &mut Vec<usize>) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '`' => return at + 1,
            '$' if text[at..].starts_with("${") => {
                templates.push(0);
                return at + 2;
            }
            _ => {}
        }
    }
    text.len()
}

/// The length of a regular expression.
fn pattern(text: &str) -> usize {
    let mut is_escaped = false;
    let mut is_class = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => is_class = true,
            ']' => is_class = false,
            '/' if !is_class => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

#[derive(Default)]
struct Shrunk {
    text: String,
    /// White space that was read and not written: a space, or a line's end.
    waits: Option<char>,
}

impl Shrunk {
    /// Whether an operand comes next, so that a slash begins a regular expression.
    fn awaits_operand(&self) -> bool {
        let Some(last) = self.text.chars().next_back() else {
            return true;
        };
        let word = self.text.rsplit(|c| !is_word(c)).next().unwrap_or("");
        self.waits == Some('\n')
            || "(,=:[!&|?{};>+".contains(last)
            || BEFORE_PATTERN.contains(&word)
    }

    fn push(&mut self, token: &str) {
        let last = self.text.chars().next_back();
        let next = token.chars().next();
        if let (Some(space), Some(last), Some(next)) = (self.waits.take(), last, next) {
            let joins = is_word(last) && is_word(next)
                || last == next && matches!(next, '+' | '-' | '/')
                || next == '.' && last.is_ascii_digit();
            let goes_on = "{([,;:?=&|".contains(last) || ")]},.?:&|".contains(next);
            if space == '\n' && last == ',' && matches!(next, '}' | ')' | ']') {
                self.text.pop();
            } else if space == '\n' && !goes_on || joins {
                self.text.push(space);
            }
        }
        self.text.push_str(token);
    }
}

/// Returns the style sheet without comments, and without white space around its punctuation.
pub(crate) fn style(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '\'' | '"' => literal(rest, c),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            c if c.is_whitespace() => rest.len() - rest.trim_start().len(),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        if token.starts_with("/*") {
        } else if c.is_whitespace() {
            let is_needed = !out.ends_with(['{', '}', ';', ',', ':', ' ']) && !out.is_empty();
            if is_needed && !after.starts_with(['{', '}']) && !after.is_empty() {
                out.push(' ');
            }
        } else {
            if c == '}' && out.ends_with(';') {
                out.pop();
            }
            out.push_str(token);
        }
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_keeps_what_it_means() {
        let check = |source: &str, expect: &str| assert_eq!(script(source), format!("{expect}\n"));
        check("const a = b + +c - -d;", "const a=b+ +c- -d;");
        check("if (a) {\n  b();\n}\nreturn c;", "if(a){b();}\nreturn c;");
        check(
            "return x\n  .map((y) => y / 2 / z)\n  .at(0);",
            "return x.map((y)=>y/2/z).at(0);",
        );
        check("f('a  // b', \"c ' d\"); // e", "f('a  // b',\"c ' d\");");
        check(
            "const r = /[/'] a/gu; const s = 1; /* b */",
            "const r=/[/'] a/gu;const s=1;",
        );
        check("return /a  b/.test(c);", "return/a  b/.test(c);");
        check(
            "f(`a  ${ b ? `c  ${d}` : { e } }  f`, 1);",
            "f(`a  ${b?`c  ${d}`:{e}}  f`,1);",
        );
        check(
            "async () => {\n  await import ('./x.js');\n};",
            "async()=>{await import('./x.js');};",
        );
        check("for (const a of [1])\n  b(a);", "for(const a of[1])\nb(a);");
        check("const { a: b = 1 } = c;\nlet d;", "const{a:b=1}=c;let d;");
        check("a = 1\n\n+ 2;", "a=1\n+2;");
        check("f(\n  {\n    a: ',',\n  },\n);", "f({a:','});");
        check("const [, a] = [\n  ',\n)',\n];", "const[,a]=[',\n)'];");
    }

    #[test]
    fn a_style_sheet_keeps_what_it_means() {
        let source = "/* A. */\n.a :hover,\n.b > .c {\n  margin: 0 -1px;\n  content: ' ;  ';\n}\n\n\
                      @media (width < 9px) and (a) {\n  b {\n    c: d;\n  }\n}\n";
        assert_eq!(
            style(source),
            ".a :hover,.b > .c{margin:0 -1px;content:' ;  '}@media (width < 9px) and (a){b{c:d}}"
        );
    }
}
