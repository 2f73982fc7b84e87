//! The checker itself, on made-up trees: that it finds what it should, and only that.

use std::path::Path;

use crate::rules::{Forbids, Rule};

const PURE: Rule = Rule {
    because: "it is pure",
    files: &["src/rules", "src/view*"],
    except: &["src/rules/free"],
    forbids: Forbids::Paths(&["tokio", "std::time::Instant", "crate::store"]),
};
const MAC: Rule = Rule {
    because: "Macs",
    files: &["src"],
    except: &[],
    forbids: Forbids::LinuxOnly,
};
const PAGE: Rule = Rule {
    because: "it is pure",
    files: &["state.js"],
    except: &[],
    forbids: Forbids::ImportsAndGlobals {
        may_import: &["./pure.js"],
        globals: &["fetch", "document"],
    },
};

/// What the rule finds in a tree of these files, without the reason.
fn check(rule: &Rule, files: &[(&str, &str)], expect: &[&str]) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let found: Vec<String> = rule
        .violations(root.path())
        .iter()
        .map(|violation| violation.split(", but ").next().unwrap().to_owned())
        .collect();
    assert_eq!(found, expect, "{files:?}");
}

/// What the pure rule finds in one file of Rust.
fn check_rust(text: &str, expect: &[&str]) {
    let expect: Vec<String> = expect
        .iter()
        .map(|path| format!("src/rules/a.rs: names {path}"))
        .collect();
    let expect: Vec<&str> = expect.iter().map(String::as_str).collect();
    check(
        &PURE,
        &[("src/rules/a.rs", text), ("src/view.rs", "")],
        &expect,
    );
}

#[test]
fn imports_are_found() {
    check_rust("use tokio;", &["tokio"]);
    check_rust("use tokio::sync::mpsc;", &["tokio::sync::mpsc"]);
    check_rust("use ::tokio::sync;", &["tokio::sync"]);
    check_rust("pub(crate) use tokio::sync as s;", &["tokio::sync"]);
    check_rust(
        "use std::{fmt, time::{Duration, Instant}};",
        &["std::time::Instant"],
    );
    check_rust("use std::time::*;", &["std::time::*"]);
    check_rust("use crate::*;", &["crate::*"]);
    check_rust(
        "use crate::{a, store::{self, Log}};",
        &["crate::store", "crate::store::Log"],
    );
    check_rust("use super::super::store::Log;", &["crate::store::Log"]);
    check_rust("fn f() { use tokio::x; }", &["tokio::x"]);
    check_rust(
        "mod tests { use super::super::super::store; }",
        &["crate::store"],
    );
}

#[test]
fn paths_in_code_are_found() {
    check_rust("fn f() { tokio::spawn(g()); }", &["tokio::spawn"]);
    check_rust("fn f(at: std::time::Instant) {}", &["std::time::Instant"]);
    check_rust("#[tokio::test] fn f() {}", &["tokio::test"]);
    check_rust(
        "fn f() { select! { _ = tokio::time::sleep(d) => {} } }",
        &["tokio::time::sleep"],
    );
    check_rust(
        "use std::time; fn f() { time::Instant::now() }",
        &["std::time::Instant::now"],
    );
    check_rust(
        "use std::time as t; fn f() { t::Instant::now() }",
        &["std::time::Instant::now"],
    );
    check_rust(
        "fn f() { super::super::store::open() }",
        &["crate::store::open"],
    );
}

#[test]
fn what_only_looks_alike_is_left_alone() {
    check_rust(
        "// use tokio;\n/* tokio::x */\n/// tokio::x\nfn f() {}",
        &[],
    );
    check_rust(r#"const A: &str = "use tokio;";"#, &[]);
    check_rust(
        "use tokio_like::x; use std::time::{Duration, InstantLike};",
        &[],
    );
    check_rust("use super::store::Log; use crate::rules::store;", &[]);
    check_rust("mod tests { use super::store; }", &[]);
}

#[test]
fn exceptions_and_stars_are_understood() {
    let bad = "use tokio::x;";
    check(
        &PURE,
        &[
            ("src/rules/mod.rs", bad),
            ("src/rules/free/a.rs", bad),
            ("src/rules/free.txt", bad),
            ("src/view.rs", bad),
            ("src/view/deep/b.rs", bad),
            ("src/viewer.rs", bad),
            ("src/other.rs", bad),
        ],
        &[
            "src/rules/mod.rs: names tokio::x",
            "src/view/deep/b.rs: names tokio::x",
            "src/view.rs: names tokio::x",
            "src/viewer.rs: names tokio::x",
        ],
    );
}

#[test]
fn a_rule_without_files_fails() {
    check(
        &PURE,
        &[("src/view.rs", "")],
        &["src/rules: holds no source"],
    );
    check(
        &PURE,
        &[("src/rules/mod.rs", "")],
        &["src/view*: holds no source"],
    );
    check(
        &PURE,
        &[("src/rules/a.txt", ""), ("src/view.rs", "")],
        &["src/rules: holds no source"],
    );
    check(&PAGE, &[("other.js", "")], &["state.js: holds no source"]);
}

#[test]
fn linux_only_code_is_found() {
    let check_text = |path: &str, text: &str, expect: &[&str]| check(&MAC, &[(path, text)], expect);
    let differs = &["src/a.rs: is compiled differently on Linux"];
    check_text(
        "src/a.rs",
        "#[cfg(target_os = \"linux\")] fn f() {}",
        differs,
    );
    check_text(
        "src/a.rs",
        "fn f() { if cfg!(not(target_os=\"linux\")) {} }",
        differs,
    );
    check_text(
        "src/a.rs",
        "use std::os::linux::fs;",
        &["src/a.rs: names std::os::linux::fs"],
    );
    check_text(
        "src/a.rs",
        "#[cfg(target_os = \"macos\")] use std::os::unix::fs;",
        &[],
    );
    check_text("src/a.rs", "// target_os = \"linux\"", &[]);
    check_text(
        "src/Cargo.toml",
        "[target.'cfg(target_os = \"linux\")'.dependencies]",
        &["src/Cargo.toml: says [target.'cfg(target_os = \"linux\")'.dependencies]"],
    );
}

#[test]
fn a_module_that_imports_is_found() {
    let check_text = |text: &str, expect: &[&str]| check(&PAGE, &[("state.js", text)], expect);
    let imports = &["state.js: imports ./a.js"];
    check_text("import { a } from './a.js';", imports);
    check_text("import './a.js';", imports);
    check_text("export { a } from \"./a.js\";", imports);
    check_text("export const a = () => import('./a.js');", imports);
    check_text("import './pure.js';\nimport { b } from './a.js';", imports);
    check_text("const a = import(b);", &["state.js: imports something"]);
    check_text(
        "import { a } from './pure.js'; export * from \"./pure.js\"; import.meta.url;",
        &[],
    );
    check_text(
        "fetch('/me'); document.title = 1",
        &["state.js: names fetch", "state.js: names document"],
    );
    check_text(
        "// import x\n/* fetch() */ const a = 'import(x)', b = `fetch`;",
        &[],
    );
    check_text(
        "export const from = 1; a.fetch(); const b = { document: 1 }; prefetch();",
        &[],
    );
}

#[test]
fn sentences_say_why() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("state.js"), "import 'x'").unwrap();
    assert_eq!(
        PAGE.violations(Path::new(root.path())),
        ["state.js: imports x, but it is pure"]
    );
}
