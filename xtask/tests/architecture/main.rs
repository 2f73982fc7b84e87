//! Holds what may not depend on what, by reading the imports of the source files.
//!
//! [`rules::RULES`] is the table. A rule whose files are not there fails: it would hold nothing.
#![expect(clippy::unwrap_used, reason = "a test ends where it can't go on")]

mod javascript;
mod made_up;
mod rules;
mod rust;

use std::path::Path;

#[test]
fn the_project_keeps_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let violations: Vec<String> = rules::RULES
        .iter()
        .flat_map(|rule| rule.violations(root))
        .collect();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}
