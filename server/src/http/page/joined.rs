//! The page's modules joined into two files: what it starts with, and what it loads when that is
//! wanted. A module is asked for once instead of after each other, and all of them compress
//! together. Nobody has to build anything: the modules are written, read and tested as they are.
//!
//! Each becomes a function that runs once and gives what it exports. So that this takes no parser,
//! modules keep to a few forms, which the page's own tests hold: an import is one line
//! `import { a, b as c } from './x.js';` or `import * as x from './x.js';`, an export is
//! `export function`, `export async function` or `export const` at the start of a line, and what
//! loads later is `=> import('./x.js')` or `await import('./x.js')`. No two import each other.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The module that the index starts.
const MAIN: &str = "js/main.js";

/// What begins with the page, and what comes later, as names beside the index.
pub(super) const PAGE: &str = "page.js";
pub(super) const MORE: &str = "more.js";

#[derive(Debug)]
pub(super) struct Joined {
    pub(super) page: String,
    pub(super) more: String,
}

#[derive(Debug, thiserror::Error, PartialEq)]
pub(super) enum JoinError {
    #[error("{0} is imported and not there")]
    Missing(String),
    #[error("{0} imports itself by way of others")]
    Circle(String),
    #[error("{0} would load later what the page begins with, or what only a later part knows")]
    Later(String),
    #[error("{0} has the variable of another module")]
    Name(String),
    #[error("{module} has a form that can't be joined: {line}")]
    Form { module: String, line: String },
}

#[derive(Debug, Default)]
struct Module {
    /// What stands for each import, and the module it is of.
    imports: Vec<(String, String)>,
    exports: Vec<String>,
    /// Modules that it loads later.
    later: Vec<String>,
    body: String,
}

/// Joins the modules that `read` gives by their paths.
pub(super) fn join(read: impl Fn(&str) -> Option<String>) -> Result<Joined, JoinError> {
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
    let names = |list: &[String]| list.iter().map(|name| variable(name)).collect::<Vec<_>>();
    let _ = writeln!(page, "export {{ {} }};", names(&first).join(", "));
    let mut more = format!(
        "import {{ {} }} from './{PAGE}';\n",
        names(&first).join(", ")
    );
    for name in second {
        write_module(&mut more, name, &all[name]);
    }
    let _ = writeln!(more, "export {{ {} }};", names(second).join(", "));
    Ok(Joined { page, more })
}

/// Takes a module in behind those that it imports.
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
    for line in source.lines() {
        if let Some(import) = line.strip_prefix("import ") {
            let (what, from) = import
                .strip_suffix("';")
                .and_then(|import| import.split_once(" from '"))
                .ok_or_else(|| form(line))?;
            let bound = match what.strip_prefix("* as ") {
                Some(whole) => whole.to_owned(),
                None if what.starts_with('{') => what.replace(" as ", ": "),
                None => return Err(form(line)),
            };
            module.imports.push((bound, resolve(name, from)));
            continue;
        }
        let line = match line.strip_prefix("export ") {
            Some(export) => {
                let declared = ["async function ", "function ", "const "]
                    .iter()
                    .find_map(|kind| export.strip_prefix(kind))
                    .ok_or_else(|| form(line))?;
                let is_name = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '$');
                module
                    .exports
                    .push(declared.chars().take_while(is_name).collect());
                export
            }
            None => line,
        };
        let line = with_later(line, name, &mut module.later);
        module.body.push_str(&line);
        module.body.push('\n');
    }
    Ok(module)
}

/// What loads another module later loads the second file, and takes the module out of it.
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
    let _ = writeln!(out, "// {name}\nconst {} = (() => {{", variable(name));
    for (bound, from) in &module.imports {
        let _ = writeln!(out, "const {bound} = {};", variable(from));
    }
    out.push_str(&module.body);
    let _ = writeln!(out, "return {{ {} }};\n}})();", module.exports.join(", "));
}

/// A module's name as a variable, which no name in the modules is like.
fn variable(name: &str) -> String {
    let stem = name.trim_start_matches("js/").trim_end_matches(".js");
    let word = |c: char| if c.is_alphanumeric() { c } else { '_' };
    format!("${}", stem.chars().map(word).collect::<String>())
}

/// The path that `to` means in the module `name`.
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
    fn modules_run_behind_what_they_import() {
        let files = [
            (
                "js/main.js",
                "import { a as b } from './x/a.js';\nimport * as c from './c.js';\nb(c.C);\nconst later = () => import('./x/later.js');\n",
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
            "// js/c.js\nconst $c = (() => {\nconst C = 1;\nasync function d() {}\nreturn { C, d };\n})();\n\
             // js/x/a.js\nconst $x_a = (() => {\nconst { C } = $c;\nfunction a(x) { return x + C; }\nreturn { a };\n})();\n\
             // js/main.js\nconst $main = (() => {\nconst { a: b } = $x_a;\nconst c = $c;\nb(c.C);\n\
             const later = () => import ('./more.js').then((more) => more.$x_later);\nreturn {  };\n})();\n\
             export { $c, $x_a, $main };\n"
        );
        assert_eq!(
            more,
            "import { $c, $x_a, $main } from './page.js';\n\
             // js/x/e-f.js\nconst $x_e_f = (() => {\nconst E = 2;\nreturn { E };\n})();\n\
             // js/x/later.js\nconst $x_later = (() => {\nconst { a } = $x_a;\nconst { E } = $x_e_f;\nconst L = a(E);\nreturn { L };\n})();\n\
             export { $x_e_f, $x_later };\n"
        );
    }

    #[test]
    fn what_cannot_be_joined_is_told() {
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
            "js/c.js is imported and not there",
        );
        check(
            "import { a } from './a.js';\n",
            "js/main.js imports itself by way of others",
        );
        check(
            "import a from './a.js';\n",
            "js/main.js has a form that can't be joined: import a from './a.js';",
        );
        check(
            "import { b } from './b.js';\nconst c = () => import('./b.js');\n",
            "js/b.js would load later what the page begins with, or what only a later part knows",
        );
        check(
            "export default 1;\n",
            "js/main.js has a form that can't be joined: export default 1;",
        );
    }

    #[test]
    fn our_page_can_be_joined() {
        let web = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
        let joined = join(|path| std::fs::read_to_string(web.join(path)).ok()).unwrap();
        assert!(joined.page.contains("$session"));
        assert!(joined.more.contains("$view_dialogs_search"));
    }
}
