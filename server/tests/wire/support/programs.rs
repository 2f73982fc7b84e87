//! Programs of the machine that some tests need.

use std::process::Command;

/// Whether a program is there and runs with these arguments.
pub(crate) fn runs(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// Says in one line what is not tested here, and why.
#[expect(clippy::print_stderr, reason = "a test that can't run says so")]
pub(crate) fn note(line: &str) {
    eprintln!("{line}");
}
