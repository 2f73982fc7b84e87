//! The paths that a Rust file names, read from its tokens; comments and strings don't count.

use std::collections::HashMap;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Every path in the file, full as far as its own imports tell: `use std::time;` and then
/// `time::Instant::now()` gives `std::time` and `std::time::Instant::now`.
pub(crate) fn paths(file: &Path, text: &str) -> Vec<String> {
    let mut found = Found {
        module: module_of(file),
        ..Found::default()
    };
    found.read(&tokens(file, text));
    let Found {
        module,
        imports,
        others,
        ..
    } = found;

    let names: HashMap<&str, &str> = imports
        .iter()
        .map(|import| (&*import.name, &*import.path))
        .collect();
    let others = others.iter().map(|path| {
        let (first, rest) = path.split_once("::").unwrap_or((path, ""));
        match names.get(first) {
            Some(full) => format!("{full}::{rest}"),
            None => absolute(path, &module),
        }
    });
    let mut paths: Vec<String> = imports
        .iter()
        .map(|import| import.path.clone())
        .chain(others)
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// `target_os = "linux"` and `std::os::linux`.
pub(crate) fn linux_only(file: &Path, text: &str) -> Vec<String> {
    let mut violations: Vec<String> = paths(file, text)
        .into_iter()
        .filter(|path| path.starts_with("std::os::linux"))
        .map(|path| format!("names {path}"))
        .collect();
    if has_linux_condition(tokens(file, text)) {
        violations.push("is compiled differently on Linux".to_owned());
    }
    violations
}

fn tokens(file: &Path, text: &str) -> TokenStream {
    text.parse()
        .unwrap_or_else(|error| panic!("{} is not Rust: {error}", file.display()))
}

fn has_linux_condition(stream: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let is_condition = |window: &[TokenTree]| {
        let [name, equals, value] = window else {
            return false;
        };
        name.to_string() == "target_os"
            && equals.to_string() == "="
            && value.to_string() == "\"linux\""
    };
    tokens.windows(3).any(is_condition)
        || tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => has_linux_condition(group.stream()),
            _ => false,
        })
}

/// The module that a file holds, as a path from its crate.
fn module_of(file: &Path) -> Vec<String> {
    let mut parts: Vec<String> = file
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .skip_while(|part| part != "src")
        .skip(1)
        .collect();
    if parts
        .last()
        .is_some_and(|last| matches!(&**last, "mod" | "lib" | "main"))
    {
        parts.pop();
    }
    parts.insert(0, "crate".to_owned());
    parts
}

/// `super::` and `self::` resolved.
fn absolute(path: &str, module: &[String]) -> String {
    let mut base = module.to_vec();
    let mut rest = path;
    let mut is_relative = false;
    while let Some((first, after)) = rest.split_once("::") {
        match first {
            "super" => {
                base.pop();
            }
            "self" => {}
            _ => break,
        }
        is_relative = true;
        rest = after;
    }
    if is_relative {
        format!("{}::{rest}", base.join("::"))
    } else {
        path.to_owned()
    }
}

struct Import {
    /// What it is called in this file.
    name: String,
    path: String,
}

#[derive(Default)]
struct Found {
    module: Vec<String>,
    imports: Vec<Import>,
    /// Paths outside of `use`, as written.
    others: Vec<String>,
}

impl Found {
    fn read(&mut self, stream: &TokenStream) {
        let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(word) if word == "use" => {
                    let end = end_of_use(&tokens, at);
                    self.read_use(&tokens[at + 1..end], &[]);
                    at = end;
                }
                TokenTree::Ident(word) if word == "mod" => match &tokens[at + 1..] {
                    [TokenTree::Ident(name), TokenTree::Group(body), ..] => {
                        self.read_module(name.to_string(), &body.stream());
                        at += 3;
                    }
                    _ => at += 1,
                },
                TokenTree::Ident(_) => {
                    let (path, end) = read_path(&tokens, at);
                    self.others.push(path);
                    at = end;
                }
                TokenTree::Group(group) => {
                    self.read(&group.stream());
                    at += 1;
                }
                _ => at += 1,
            }
        }
    }

    /// A module within the file: what it says relative to itself must not be read as ours.
    fn read_module(&mut self, name: String, body: &TokenStream) {
        self.module.push(name);
        let outside = std::mem::take(&mut self.others);
        self.read(body);
        let inside = std::mem::replace(&mut self.others, outside);
        self.others
            .extend(inside.iter().map(|path| absolute(path, &self.module)));
        self.module.pop();
    }

    /// One branch or more of a tree of imports: `a::{b, c as d}, e::*`.
    fn read_use(&mut self, tokens: &[TokenTree], prefix: &[String]) {
        for branch in tokens.split(|token| is_punct(token, ',')) {
            let mut path = prefix.to_vec();
            let mut name = None;
            let mut at = 0;
            let mut is_leaf = true;
            while at < branch.len() {
                match &branch[at] {
                    TokenTree::Ident(word) if word == "as" => {
                        name = branch.get(at + 1).map(ToString::to_string);
                        at += 1;
                    }
                    TokenTree::Ident(word) => path.push(word.to_string()),
                    TokenTree::Punct(punct) if punct.as_char() == '*' => path.push("*".to_owned()),
                    TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                        self.read_use(&inner, &path);
                        is_leaf = false;
                    }
                    _ => {}
                }
                at += 1;
            }
            if is_leaf && path.len() > prefix.len() {
                if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                    path.pop();
                }
                let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
                let path = absolute(&path.join("::"), &self.module);
                self.imports.push(Import { name, path });
            }
        }
    }
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

/// The `;` that ends a `use`. (`impl … + use<'a>` has none of its own and is read up to the next.)
fn end_of_use(tokens: &[TokenTree], at: usize) -> usize {
    (at..tokens.len())
        .find(|&at| is_punct(&tokens[at], ';'))
        .unwrap_or(tokens.len())
}

/// The path that starts at an identifier, and where it ends.
fn read_path(tokens: &[TokenTree], at: usize) -> (String, usize) {
    let mut path = tokens[at].to_string();
    let mut at = at + 1;
    while let [colon, other, TokenTree::Ident(word), ..] = &tokens[at..] {
        if !is_punct(colon, ':') || !is_punct(other, ':') {
            break;
        }
        path = format!("{path}::{word}");
        at += 3;
    }
    (path, at)
}
