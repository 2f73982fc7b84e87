//! The imports and global names in a JavaScript module, read word by word.

/// What the module imports beside what it may, and which of the given globals it names. A property
/// (`a.fetch`) and a key (`fetch:`) are no globals.
pub(crate) fn imports_and_globals(
    text: &str,
    may_import: &[&str],
    globals: &[&str],
) -> Vec<String> {
    let (code, strings) = without_comments_and_strings(text);
    let mut found = Vec::new();
    for (start, word) in words(&code) {
        let before = code[..start].trim_end().chars().next_back();
        let after = code[start + word.len()..].trim_start();
        if before == Some('.') || after.starts_with(':') {
            continue;
        }
        match word {
            "import" | "require" | "from" => {
                let argument = after.trim_start_matches(['(', ' ']);
                let module = argument
                    .strip_prefix('"')
                    .and_then(|rest| rest.split('"').next());
                match module.and_then(|number| number.parse::<usize>().ok()) {
                    Some(number) if may_import.contains(&&*strings[number]) => {}
                    Some(number) => found.push(format!("imports {}", strings[number])),
                    None if after.starts_with('(') => found.push("imports something".to_owned()),
                    None => {}
                }
            }
            _ if globals.contains(&word) => found.push(format!("names {word}")),
            _ => {}
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

/// The code with a number in place of each string, and the strings by these numbers. Templates
/// count as strings, so code inside `${}` is not read.
fn without_comments_and_strings(text: &str) -> (String, Vec<String>) {
    let mut code = String::new();
    let mut strings = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let skipped = match character {
            '/' if rest.starts_with("//") => rest.find('\n'),
            '/' if rest.starts_with("/*") => rest.find("*/").map(|end| end + 2),
            '"' | '\'' | '`' => {
                let end = end_of_string(rest, character);
                code.push_str(&format!("\"{}\"", strings.len()));
                strings.push(end.map_or("", |end| &rest[1..end - 1]).to_owned());
                end
            }
            _ => {
                code.push(character);
                Some(character.len_utf8())
            }
        };
        rest = &rest[skipped.unwrap_or(rest.len())..];
    }
    (code, strings)
}

fn end_of_string(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().skip(1).find_map(|(at, character)| {
        let ends = character == quote && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        ends.then_some(at + 1)
    })
}
