//! Runs every kept input of every fuzz target, so that a fault that was found once stays mended.
#![expect(clippy::unwrap_used, reason = "a test ends where it can't go on")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use chat_fuzz::TARGETS;

/// Files that are kept for a target, those of findings too: the test takes seconds, and the
/// repository stays small.
const FILES_MAX: usize = 60;
/// Bytes of them.
const BYTES_MAX: usize = 64 * 1024;

fn entries(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora")
}

#[test]
fn every_target_has_a_small_corpus() {
    let folders = TARGETS.iter().map(|target| corpora().join(target.name));
    assert_eq!(entries(&corpora()), folders.clone().collect());
    for folder in folders {
        let files = entries(&folder);
        let bytes: usize = files.iter().map(|file| fs::read(file).unwrap().len()).sum();
        assert!((1..=FILES_MAX).contains(&files.len()), "{folder:?}");
        assert!(bytes <= BYTES_MAX, "{folder:?} has {bytes} bytes");
    }
}

#[test]
fn every_kept_input_holds() {
    let mut failed = Vec::new();
    for target in TARGETS {
        for file in entries(&corpora().join(target.name)) {
            let input = fs::read(&file).unwrap();
            if catch_unwind(AssertUnwindSafe(|| (target.run)(&input))).is_err() {
                failed.push(file);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
