//! Holds what may not depend on what, where no compiler does.
//!
//! Crates hold most boundaries: the rules, for example, have no socket because their crate depends
//! on none. [`RULES`] is the table of the others: layers inside a crate, the standard library's IO
//! in code that must be pure, and the page's modules. The check reads source lines and looks for
//! forbidden names, so imports must be written one module a line, as the project's style is.
#![expect(clippy::unwrap_used, reason = "a test ends where it can't go on")]

use std::fs;
use std::path::{Path, PathBuf};

/// One line of the table.
struct Rule {
    /// Completes "this was found, but …".
    because: &'static str,
    /// Files and folders, from the root. Each must exist and hold sources.
    files: &'static [&'static str],
    /// Files and folders in them that the rule leaves out. Each must exist.
    except: &'static [&'static str],
    /// Names that must not occur, as whole words. A path forbids everything below it too.
    forbids: &'static [&'static [&'static str]],
    /// In JavaScript, the only imports that are allowed: a whole path, or a folder with its slash.
    may_import: Option<&'static [&'static str]>,
}

const IO: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    // A group such as `use std::{fs, io}` would hide what it imports from this test.
    "std::{",
];
const CLOCK: &[&str] = &["SystemTime", "Instant"];
const RUNTIME: &[&str] = &["tokio", "futures", "tokio_tungstenite", "tokio_rustls"];
/// The terminal client's modules with IO.
const TERMINAL_IO: &[&str] = &[
    "crate::net",
    "crate::run",
    "crate::storage",
    "crate::terminal",
    "crossterm::terminal",
];
const BROWSER: &[&str] = &[
    "document",
    "window",
    "location",
    "navigator",
    "fetch",
    "WebSocket",
    "Date",
    "Math.random",
    "crypto",
    "localStorage",
    "sessionStorage",
    "setTimeout",
    "setInterval",
];

const RULES: &[Rule] = &[
    Rule {
        because: "the rules of a room do no IO and read no clock",
        files: &["server/rules/src"],
        forbids: &[IO, CLOCK],
        ..EMPTY
    },
    Rule {
        because: "chat-shared is types and text; only its SDK does IO",
        files: &["shared/src"],
        except: &["shared/src/client"],
        forbids: &[IO, CLOCK, RUNTIME],
        ..EMPTY
    },
    Rule {
        because: "accounts know neither rooms nor connections",
        files: &["server/src/accounts"],
        // They see that sockets close, which needs a hub.
        except: &["server/src/accounts/tests"],
        forbids: &[&["crate::hub", "crate::gateway", "crate::http"]],
        ..EMPTY
    },
    Rule {
        because: "rooms know neither the connection loop nor HTTP",
        files: &["server/src/hub"],
        forbids: &[&["crate::gateway", "crate::http"]],
        ..EMPTY
    },
    Rule {
        because: "the connection loop does not know HTTP",
        files: &["server/src/gateway"],
        forbids: &[&["crate::http"]],
        ..EMPTY
    },
    Rule {
        because: "the terminal client's state is data that knows no view and does no IO",
        files: &["client-tui/src/state", "client-tui/src/text"],
        forbids: &[
            IO,
            CLOCK,
            RUNTIME,
            TERMINAL_IO,
            &["crate::update", "crate::view", "ratatui", "crossterm"],
        ],
        ..EMPTY
    },
    Rule {
        because: "the terminal client's update returns effects and does no IO",
        files: &["client-tui/src/update"],
        forbids: &[IO, CLOCK, RUNTIME, TERMINAL_IO],
        ..EMPTY
    },
    Rule {
        because: "the terminal client's view draws the state and changes nothing",
        files: &["client-tui/src/view"],
        // A test that reads the shared vectors.
        except: &["client-tui/src/view/vectors.rs"],
        forbids: &[
            IO,
            CLOCK,
            RUNTIME,
            TERMINAL_IO,
            &["crate::update", "&mut App", "&mut Chat", "&mut Room"],
        ],
        ..EMPTY
    },
    Rule {
        because: "the page's state is a pure function of its input",
        files: &["web/js/state"],
        forbids: &[BROWSER],
        may_import: Some(&["./", "../wire.js", "../messages.js"]),
        ..EMPTY
    },
    Rule {
        because: "the page's network code knows neither its state nor its view",
        files: &["web/js/net"],
        may_import: Some(&["./", "../wire.js", "../messages.js"]),
        ..EMPTY
    },
    Rule {
        because: "the page's view sends intents and neither changes state nor opens connections",
        files: &["web/js/view"],
        forbids: &[&["state/state.js", "net/connection.js", "WebSocket"]],
        ..EMPTY
    },
    Rule {
        because: "all but the benchmark runs on macOS too",
        files: &["shared", "server", "client-tui", "fuzz", "xtask/src"],
        // Only Linux gives a thread a priority of its own; elsewhere the work is done without.
        except: &["server/store/src/background.rs"],
        forbids: &[&["target_os = \"linux\"", "std::os::linux"]],
        ..EMPTY
    },
];

const EMPTY: Rule = Rule {
    because: "",
    files: &[],
    except: &[],
    forbids: &[],
    may_import: None,
};

#[test]
fn the_project_keeps_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let violations: Vec<String> = RULES
        .iter()
        .flat_map(|rule| rule.violations(root))
        .collect();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// The folders that hold all Rust code of the workspace.
const CRATES: [&str; 5] = ["shared", "server", "client-tui", "bench", "xtask"];

/// Lines of the longest Rust file that is allowed: one idea a file.
const FILE_LINES_MAX: usize = 450;

#[test]
fn every_rust_file_is_documented_and_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for path in CRATES {
        sources(&root.join(path), &mut files);
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "rs"));
    assert!(files.len() > 300, "only {} files found", files.len());
    let mut violations = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root).unwrap().display();
        violations.extend(faults_of(&text).map(|fault| format!("{name}: {fault}")));
    }
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// Returns the faults of a Rust file as a whole.
fn faults_of(text: &str) -> impl Iterator<Item = String> {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let is_documented = first.is_some_and(|line| line.starts_with("//!"));
    let lines = text.lines().count();
    let no_docs = (!is_documented).then(|| "does not open with its `//!` documentation".to_owned());
    let too_long = (lines > FILE_LINES_MAX)
        .then(|| format!("has {lines} lines, and {FILE_LINES_MAX} are allowed"));
    no_docs.into_iter().chain(too_long)
}

#[test]
fn files_without_documentation_and_long_files_are_found() {
    let faults = |text: &str| faults_of(text).count();
    assert_eq!(faults("//! A module.\n\nuse std::fmt;\n"), 0);
    assert_eq!(faults("use std::fmt;\n//! Too late.\n"), 1);
    assert_eq!(faults(""), 1);
    let longest = format!("//! A module.\n{}", "\n".repeat(FILE_LINES_MAX - 1));
    assert_eq!(faults(&longest), 0);
    assert_eq!(faults(&format!("{longest}\n")), 1);
}

impl Rule {
    /// Everything in this tree that breaks the rule, a sentence for each.
    fn violations(&self, root: &Path) -> Vec<String> {
        let mut violations = Vec::new();
        let missing = self.except.iter().filter(|path| !root.join(path).exists());
        violations.extend(missing.map(|path| format!("{path}: is named here and does not exist")));
        for path in self.files {
            let mut files = Vec::new();
            sources(&root.join(path), &mut files);
            if files.is_empty() {
                violations.push(format!("{path}: holds no source"));
            }
            let is_left_out =
                |file: &Path| self.except.iter().any(|e| file.starts_with(root.join(e)));
            for file in files.iter().filter(|file| !is_left_out(file)) {
                let name = file.strip_prefix(root).unwrap().display();
                for (number, line) in (1..).zip(fs::read_to_string(file).unwrap().lines()) {
                    if let Some(found) = self.broken_by(line) {
                        violations.push(format!("{name}:{number}: {found}, but {}", self.because));
                    }
                }
            }
        }
        violations
    }

    fn broken_by(&self, line: &str) -> Option<String> {
        let code = without_comment(line);
        if let (Some(allowed), Some(module)) = (self.may_import, imported(code)) {
            let is_allowed = |path: &&str| {
                module == *path
                    || path.ends_with('/')
                        && module
                            .strip_prefix(path)
                            .is_some_and(|rest| !rest.contains('/'))
            };
            if !allowed.iter().any(is_allowed) {
                return Some(format!("imports {module}"));
            }
        }
        let names = self.forbids.iter().copied().flatten();
        names
            .copied()
            .find(|name| has_word(code, name))
            .map(|name| format!("names {name}"))
    }
}

/// All Rust, JavaScript and Cargo files at or below a path.
fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    const ENDINGS: [&str; 3] = ["rs", "js", "toml"];
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        entries.sort();
        entries.iter().for_each(|entry| sources(entry, found));
    } else if path
        .extension()
        .is_some_and(|ending| ENDINGS.iter().any(|e| ending == *e))
    {
        found.push(path.to_owned());
    }
}

/// The line up to a comment. A line within a block comment of JSDoc counts as one.
fn without_comment(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") || trimmed.starts_with("/*") || trimmed.starts_with("* ") {
        return "";
    }
    line.split(" // ").next().unwrap_or_default()
}

/// The module that a line of JavaScript imports or exports from.
fn imported(code: &str) -> Option<&str> {
    let after = ["from '", "import '", "import('"]
        .iter()
        .find_map(|word| code.split_once(word))?
        .1;
    after.split('\'').next()
}

/// Whether `code` has `name` as a whole word or path. A property (`a.fetch`) and a key (`fetch:`) of
/// JavaScript are other words.
fn has_word(code: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        let after = &code[start + name.len()..];
        let begins = !before.is_some_and(|c| is_part(c) || c == '.' || c == '$');
        let is_key = after.starts_with(':') && !after.starts_with("::");
        let ends = !name.ends_with(is_part) || !after.starts_with(is_part);
        begins && ends && !is_key
    })
}

#[test]
fn forbidden_names_are_found_as_whole_words() {
    let rule = Rule {
        forbids: &[&["tokio", "std::fs", "std::{", "&mut Room", "fetch"]],
        ..EMPTY
    };
    for line in [
        "use tokio;",
        "pub(crate) use tokio::sync::mpsc;",
        "    tokio::spawn(work());",
        "let text = std::fs::read(path);",
        "use std::{fs, io};",
        "fn draw(room: &mut Room) {}",
        "const answer = await fetch('/me');",
    ] {
        assert!(rule.broken_by(line).is_some(), "{line}");
    }
    for line in [
        "// use tokio;",
        "let a = 1; // tokio",
        "/** fetch */",
        "use tokio_like::x;",
        "use my_tokio;",
        "use std::fmt;",
        "fn draw(rooms: &mut Rooms) {}",
        "session.fetch(1); const a = { fetch: 2 }; prefetch();",
    ] {
        assert_eq!(rule.broken_by(line), None, "{line}");
    }
}

#[test]
fn imports_of_javascript_are_found() {
    let rule = Rule {
        may_import: Some(&["./", "../wire.js"]),
        ..EMPTY
    };
    for line in [
        "import { a } from '../net/a.js';",
        "import '../view/a.js';",
        "export { a } from './deep/a.js';",
        "const a = () => import('../a.js');",
    ] {
        assert!(rule.broken_by(line).is_some(), "{line}");
    }
    for line in [
        "import { a } from './a.js';",
        "import * as wire from '../wire.js';",
        "// import { a } from '../net/a.js';",
        "export const a = 1;",
    ] {
        assert_eq!(rule.broken_by(line), None, "{line}");
    }
}

#[test]
fn a_rule_about_nothing_is_a_violation() {
    let root = tempfile::tempdir().unwrap();
    let rule = Rule {
        files: &["src"],
        except: &["src/gone"],
        ..EMPTY
    };
    let violations = rule.violations(root.path());
    assert_eq!(violations.len(), 2, "{violations:?}");
    fs::create_dir_all(root.path().join("src/gone")).unwrap();
    fs::write(root.path().join("src/a.rs"), "fn a() {}").unwrap();
    assert_eq!(rule.violations(root.path()), Vec::<String>::new());
}
