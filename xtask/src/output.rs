//! Passes a program's output on, and keeps what it says of a failure for the end of the log, where a
//! CI that cuts long logs still shows it.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, PipeReader, Write as _};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// Lines of one program that are kept. The longest part prints about a tenth of that.
const LINES_MAX: usize = 20_000;
/// Lines that are repeated where a program does not list its failures.
const LAST_LINES: usize = 60;
/// Lines that are repeated of one program.
const REPEATED_MAX: usize = 200;
/// How long output may still come after a program has ended, from one that it started.
const END_TIME_MAX: Duration = Duration::from_secs(5);

/// What a failed program said of its failure.
pub(crate) struct Failure {
    pub(crate) program: String,
    pub(crate) lines: Vec<String>,
}

/// Failures since they were last taken. They are kept for the whole process, because a part may run
/// several programs and goes on after one of them failed.
static FAILURES: Mutex<Vec<Failure>> = Mutex::new(Vec::new());

/// Takes the failures that programs have had since the last call.
pub(crate) fn take_failures() -> Vec<Failure> {
    std::mem::take(&mut FAILURES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A program's output while it runs.
pub(crate) struct Output {
    lines: Arc<Mutex<VecDeque<String>>>,
    ended: mpsc::Receiver<()>,
}

impl Output {
    /// Writes everything that comes to standard output until the pipe ends.
    pub(crate) fn follow(pipe: PipeReader) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&lines);
        let (sender, ended) = mpsc::channel();
        std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                // A closed standard output is ignored, and the program's pipe must not fill.
                let _ = std::io::stdout().lock().write_all(&line);
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == LINES_MAX {
                    kept.pop_front();
                }
                kept.push_back(text);
                line.clear();
            }
            let _ = sender.send(());
        });
        Self { lines, ended }
    }

    /// Notes the failure of the program, which has ended.
    pub(crate) fn fail(self, program: String) {
        // A program that it left behind may hold the pipe for ever.
        let _ = self.ended.recv_timeout(END_TIME_MAX);
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = telling(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let mut failures = FAILURES.lock().unwrap_or_else(PoisonError::into_inner);
        failures.push(Failure { program, lines });
    }
}

/// The lines that tell why tests failed: what libtest and Node list as failures, else the last ones.
fn telling(lines: &[&str]) -> Vec<String> {
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    let listed = [rust_failures(lines), node_failures(lines)].concat();
    let told = if listed.is_empty() { last } else { &listed };
    let mut told: Vec<String> = told.iter().map(|line| (*line).to_owned()).collect();
    if told.len() > REPEATED_MAX {
        let left_out = told.len() - REPEATED_MAX;
        told.truncate(REPEATED_MAX);
        told.push(format!("({left_out} more lines are above)"));
    }
    told
}

/// What libtest prints between `failures:` and the result, where it holds the tests' own output.
fn rust_failures<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = lines;
    while let Some(start) = rest.iter().position(|line| *line == "failures:") {
        let block = &rest[start..];
        let is_result = |line: &&str| line.starts_with("test result: ");
        let end = block.iter().position(is_result).unwrap_or(block.len() - 1);
        if block[..=end].iter().any(|line| line.starts_with("---- ")) {
            found.extend_from_slice(&block[..=end]);
        }
        rest = &block[end + 1..];
    }
    found
}

/// Node's list of failing tests, which is the last that it prints.
fn node_failures<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let is_start = |line: &&str| line.ends_with("failing tests:");
    let start = lines.iter().rposition(is_start);
    start.map_or(Vec::new(), |start| lines[start..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::telling;

    #[test]
    fn the_failures_of_rust_tests_are_told_and_what_passed_is_not() {
        let lines = [
            "test a ... ok",
            "test b ... FAILED",
            "",
            "failures:",
            "",
            "---- b stdout ----",
            "left: 1, right: 2",
            "",
            "failures:",
            "    b",
            "",
            "test result: FAILED. 1 passed; 1 failed",
            "test c ... ok",
            "test result: ok. 1 passed",
        ];
        assert_eq!(telling(&lines), lines[3..12]);
    }

    #[test]
    fn the_failing_tests_of_node_are_told() {
        let lines = ["✔ one", "✖ two", "ℹ fail 1", "✖ failing tests:", "", "two"];
        assert_eq!(telling(&lines), lines[3..]);
    }

    #[test]
    fn of_other_programs_the_last_lines_are_told() {
        let lines: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(telling(&lines), lines[40..]);
        assert!(telling(&[]).is_empty());
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let mut lines = vec!["✖ failing tests:"; 1];
        lines.extend(["x"; 300]);
        let told = telling(&lines);
        assert_eq!(told.len(), 201);
        assert_eq!(told[200], "(101 more lines are above)");
    }
}
