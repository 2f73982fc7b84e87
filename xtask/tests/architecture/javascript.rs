//! The imports and global names in a JavaScript module, read word by word.

/// What the module imports, and which of the given globals it names. A property (`a.fetch`) and a
/// key (`fetch:`) are no globals.
pub(crate) fn imports_and_globals(text: &str, globals: &[&str]) -> Vec<String> {
    let code = without_comments_and_strings(text);
    let mut found = Vec::new();
    for (start, word) in words(&code) {
        let before = code[..start].trim_end().chars().next_back();
        let after = code[start + word.len()..].trim_start().chars().next();
        let is_property = before == Some('.') || after == Some(':');
        let is_import = matches!(word, "import" | "require") && !is_property
            || word == "from" && after == Some('"');
        if is_import {
            found.push("imports something".to_owned());
        } else if globals.contains(&word) && !is_property {
            found.push(format!("names {word}"));
        }
    }
    found.dedup();
    found
}

fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |character: char| character.is_alphanumeric() || "_$#".contains(character);
    code.split(move |character| !is_part(character))
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr().addr() - code.as_ptr().addr(), word))
}

/// A string becomes `""`. Templates keep nothing either, so code inside `${}` is not read.
fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let skipped = match character {
            '/' if rest.starts_with("//") => rest.find('\n'),
            '/' if rest.starts_with("/*") => rest.find("*/").map(|end| end + 2),
            '"' | '\'' | '`' => {
                code.push_str("\"\"");
                end_of_string(rest, character)
            }
            _ => {
                code.push(character);
                Some(character.len_utf8())
            }
        };
        rest = &rest[skipped.unwrap_or(rest.len())..];
    }
    code
}

fn end_of_string(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().skip(1).find_map(|(at, character)| {
        let ends = character == quote && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        ends.then_some(at + 1)
    })
}
