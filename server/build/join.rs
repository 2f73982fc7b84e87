//! Joins the page's modules into two files: what the page starts with, and what it loads when that
//! is first wanted. A browser then asks for two files instead of one module after another, and the
//! modules compress together.
//!
//! Each module becomes a function that runs once and returns what the module exports. So that this
//! takes no JavaScript parser, modules keep to a few forms, which the page's own tests hold:
//!
//! - an import is `import { a, b as c } from './x.js';`, on one line or several, or
//!   `import * as x from './x.js';`;
//! - an export is `export function`, `export async function` or `export const` at the start of a
//!   line;
//! - a module that is loaded later is `=> import('./x.js')` or `await import('./x.js')`;
//! - no two modules import each other;
//! - no template literal has a blank line, a line that begins with a space or one that begins like
//!   a comment, because blank lines, indentation and comments are left out.
//!
//! Anything else is a [`JoinError`]. The server's build script runs this; the server's tests
//! include the file for the tests below.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The module that the index starts with.
const MAIN: &str = "js/main.js";

/// The joined files, as names beside the index: what the page starts with, and the rest.
pub(crate) const PAGE: &str = "page.js";
pub(crate) const MORE: &str = "more.js";

#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) page: String,
    pub(crate) more: String,
}

#[derive(Debug, thiserror::Error, PartialEq)]
pub(crate) enum JoinError {
    #[error("{0} is imported but does not exist")]
    Missing(String),
    #[error("{0} imports itself through other modules")]
    Circle(String),
    #[error("{0} is loaded later but is part of the start, or is known to a later module only")]
    Later(String),
    #[error("{0} would get the same variable as another module")]
    Name(String),
    #[error("{module} has a form that can't be joined: {line}")]
    Form { module: String, line: String },
}

#[derive(Debug, Default)]
struct Module {
    /// The names that each import binds, and the module it is from.
    imports: Vec<(String, String)>,
    exports: Vec<String>,
    /// The modules that it loads later.
    later: Vec<String>,
    body: String,
}

impl Module {
    /// Whether it imports that module.
    fn uses(&self, name: &str) -> bool {
        self.imports.iter().any(|(_, from)| from == name)
    }
}

/// Joins the modules that `read` gives by their paths.
pub(crate) fn join(read: impl Fn(&str) -> Option<String>) -> Result<Joined, JoinError> {
    let mut all = BTreeMap::new();
    let mut first = Vec::new();
    collect(MAIN, &read, &mut all, &mut first, &mut Vec::new())?;
    let later: Vec<_> = first
        .iter()
        .flat_map(|name| all[name].later.clone())
        .collect();
    let mut order = first.clone();
    for name in &later {
        collect(name, &read, &mut all, &mut order, &mut Vec::new())?;
    }
    let second = &order[first.len()..];
    for name in second {
        if !all[name].later.is_empty() {
            return Err(JoinError::Later(name.clone()));
        }
    }
    for name in &later {
        if !second.contains(name) {
            return Err(JoinError::Later(name.clone()));
        }
    }
    let mut taken = std::collections::BTreeSet::new();
    if let Some(twin) = order.iter().find(|name| !taken.insert(variable(name))) {
        return Err(JoinError::Name(twin.clone()));
    }
    let mut page = String::new();
    for name in &first {
        write_module(&mut page, name, &all[name]);
    }
    let shared = first
        .iter()
        .filter(|name| second.iter().any(|other| all[other].uses(name)));
    let shared = variables(shared);
    let _ = writeln!(page, "export {{ {shared} }};");
    let mut more = format!("import {{ {shared} }} from './{PAGE}';\n");
    for name in second {
        write_module(&mut more, name, &all[name]);
    }
    let loaded = second.iter().filter(|name| later.contains(name));
    let _ = writeln!(more, "export {{ {} }};", variables(loaded));
    Ok(Joined {
        page: with_short_variables(&page, &order),
        more: with_short_variables(&more, &order),
    })
}

fn variables<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names
        .map(|name| variable(name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Gives each module's variable a number in place of its path.
fn with_short_variables(joined: &str, order: &[String]) -> String {
    let numbers: BTreeMap<String, usize> = order
        .iter()
        .enumerate()
        .map(|(at, name)| (variable(name), at))
        .collect();
    let mut out = String::new();
    let mut rest = joined;
    while let Some(at) = rest.find('$') {
        let len = rest[at + 1..]
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(rest.len() - at, |len| len + 1);
        let (before, word) = (&rest[..at], &rest[at..at + len]);
        out.push_str(before);
        match numbers.get(word) {
            Some(number) => {
                let _ = write!(out, "${number}");
            }
            None => out.push_str(word),
        }
        rest = &rest[at + len..];
    }
    out.push_str(rest);
    out
}

/// Adds a module after the modules that it imports.
fn collect(
    name: &str,
    read: &impl Fn(&str) -> Option<String>,
    all: &mut BTreeMap<String, Module>,
    order: &mut Vec<String>,
    above: &mut Vec<String>,
) -> Result<(), JoinError> {
    if above.iter().any(|one| one == name) {
        return Err(JoinError::Circle(name.into()));
    }
    if all.contains_key(name) {
        return Ok(());
    }
    let source = read(name).ok_or_else(|| JoinError::Missing(name.into()))?;
    let module = parse(name, &source)?;
    above.push(name.into());
    for (_, from) in &module.imports {
        collect(from, read, all, order, above)?;
    }
    above.pop();
    all.insert(name.into(), module);
    order.push(name.into());
    Ok(())
}

fn parse(name: &str, source: &str) -> Result<Module, JoinError> {
    let form = |line: &str| JoinError::Form {
        module: name.into(),
        line: line.into(),
    };
    let mut module = Module::default();
    let kept = without_comments(source).map_err(|line| form(&line))?;
    let mut lines = kept.iter().map(String::as_str);
    while let Some(line) = lines.next() {
        if line.starts_with("import ") {
            let mut statement = line.to_owned();
            while !statement.ends_with(';') {
                let more = lines.next().ok_or_else(|| form(line))?;
                statement.push(' ');
                statement.push_str(more.trim());
            }
            let import = imported(name, &statement).ok_or_else(|| form(&statement))?;
            module.imports.push(import);
            continue;
        }
        let line = match line.strip_prefix("export ") {
            Some(export) => {
                module
                    .exports
                    .push(exported(export).ok_or_else(|| form(line))?);
                export
            }
            None => line,
        };
        let line = with_later(line, name, &mut module.later);
        if line.contains("import(") {
            return Err(form(&line));
        }
        module.body.push_str(&line);
        module.body.push('\n');
    }
    Ok(module)
}

/// The lines without indentation, blank ones and comments: lines that begin with `//`, blocks from a line
/// that begins with `/*` to a line that ends with `*/`, and `/** */` within a line. The error is a line
/// on which a block ends and code goes on.
fn without_comments(source: &str) -> Result<Vec<String>, String> {
    let mut in_block = false;
    let mut kept = Vec::new();
    for line in source.lines() {
        let line = without_inner_comments(line);
        let text = line.trim();
        if in_block || text.starts_with("/*") {
            in_block = !text.ends_with("*/");
            if in_block && text.contains("*/") {
                return Err(line);
            }
        } else if !text.is_empty() && !text.starts_with("//") {
            kept.push(line.trim_start().to_owned());
        }
    }
    Ok(kept)
}

/// The line without the comments within it, as in `/** @type {Room} */ (room)`.
fn without_inner_comments(line: &str) -> String {
    let mut line = line.to_owned();
    while let Some(at) = line.find("/** ") {
        let Some(length) = line[at..].find("*/") else {
            break;
        };
        line.replace_range(at..at + length + 2, "");
    }
    line
}

/// Returns the names that an import statement binds, and the module it is from.
fn imported(name: &str, statement: &str) -> Option<(String, String)> {
    let (what, from) = statement
        .strip_prefix("import ")?
        .strip_suffix("';")?
        .split_once(" from '")?;
    let bound = match what.strip_prefix("* as ") {
        Some(whole) => whole.to_owned(),
        None => {
            let names = what.strip_prefix('{')?.strip_suffix('}')?.trim();
            let names = names.trim_end_matches(',').replace(" as ", ": ");
            format!("{{ {names} }}")
        }
    };
    Some((bound, resolve(name, from)))
}

/// The name that an export declares.
fn exported(export: &str) -> Option<String> {
    let declared = ["async function ", "function ", "const "]
        .iter()
        .find_map(|kind| export.strip_prefix(kind))?;
    let is_name = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '$');
    Some(declared.chars().take_while(is_name).collect())
}

/// Replaces each import that happens later: it loads the second file and takes the module from it.
fn with_later(line: &str, name: &str, later: &mut Vec<String>) -> String {
    let mut line = line.to_owned();
    for before in ["=> ", "await "] {
        let opening = format!("{before}import('");
        while let Some(at) = line.find(&opening) {
            let from = at + opening.len();
            let Some(length) = line[from..].find("')") else {
                break;
            };
            let path = resolve(name, &line[from..from + length]);
            let taken = format!(
                "{before}import ('./{MORE}').then((more) => more.{})",
                variable(&path)
            );
            line.replace_range(at..from + length + 2, &taken);
            later.push(path);
        }
    }
    line
}

fn write_module(out: &mut String, name: &str, module: &Module) {
    let _ = writeln!(out, "const {} = (() => {{", variable(name));
    for (bound, from) in &module.imports {
        let _ = writeln!(out, "const {bound} = {};", variable(from));
    }
    out.push_str(&module.body);
    let _ = writeln!(out, "return {{ {} }};\n}})();", module.exports.join(", "));
}

/// A module's name as a variable. It begins with `$`, unlike every name in the modules.
fn variable(name: &str) -> String {
    let stem = name.trim_start_matches("js/").trim_end_matches(".js");
    let word = |c: char| if c.is_alphanumeric() { c } else { '_' };
    format!("${}", stem.chars().map(word).collect::<String>())
}

/// The path that `to` names within the module `name`.
fn resolve(name: &str, to: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(files: &[(&str, &str)]) -> Result<Joined, JoinError> {
        let find = |path: &str| files.iter().find(|(name, _)| *name == path);
        join(|path| find(path).map(|(_, source)| (*source).to_owned()))
    }

    #[test]
    fn a_module_runs_after_the_modules_it_imports() {
        let files = [
            (
                "js/main.js",
                "// A note.\nimport {\n  a as b,\n} from './x/a.js';\n/**\n * Words.\n */\n\nimport * as c from './c.js';\nb(c.C);\nconst later = () => import('./x/later.js');\n",
            ),
            (
                "js/x/a.js",
                "import { C } from '../c.js';\nexport function a(x) { return x + C; }\n",
            ),
            (
                "js/c.js",
                "export const C = 1;\nexport async function d() {}\n",
            ),
            (
                "js/x/later.js",
                "import { a } from './a.js';\nimport { E } from './e-f.js';\nexport const L = a(E);\n",
            ),
            ("js/x/e-f.js", "export const E = 2;\n"),
        ];
        let Joined { page, more } = joined(&files).unwrap();
        assert_eq!(
            page,
            "const $0 = (() => {\nconst C = 1;\nasync function d() {}\nreturn { C, d };\n})();\n\
             const $1 = (() => {\nconst { C } = $0;\nfunction a(x) { return x + C; }\nreturn { a };\n})();\n\
             const $2 = (() => {\nconst { a: b } = $1;\nconst c = $0;\nb(c.C);\n\
             const later = () => import ('./more.js').then((more) => more.$4);\nreturn {  };\n})();\n\
             export { $1 };\n"
        );
        assert_eq!(
            more,
            "import { $1 } from './page.js';\n\
             const $3 = (() => {\nconst E = 2;\nreturn { E };\n})();\n\
             const $4 = (() => {\nconst { a } = $1;\nconst { E } = $3;\nconst L = a(E);\nreturn { L };\n})();\n\
             export { $4 };\n"
        );
    }

    #[test]
    fn a_form_that_cannot_be_joined_is_an_error() {
        let check = |source: &str, expect: &str| {
            let files = [
                ("js/b.js", "export const b = 1;\n"),
                ("js/main.js", source),
                ("js/a.js", "import { b } from './main.js';\n"),
            ];
            assert_eq!(joined(&files).unwrap_err().to_string(), expect);
        };
        check(
            "import { a } from './c.js';\n",
            "js/c.js is imported but does not exist",
        );
        check(
            "import { a } from './a.js';\n",
            "js/main.js imports itself through other modules",
        );
        check(
            "import a from './a.js';\n",
            "js/main.js has a form that can't be joined: import a from './a.js';",
        );
        check(
            "import { b } from './b.js';\nconst c = () => import('./b.js');\n",
            "js/b.js is loaded later but is part of the start, or is known to a later module only",
        );
        check(
            "export default 1;\n",
            "js/main.js has a form that can't be joined: export default 1;",
        );
        check(
            "const a =\n  import('./a.js');\n",
            "js/main.js has a form that can't be joined: import('./a.js');",
        );
    }
}
