//! The table of rules, and how one is held against a tree of files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{javascript, rust};

pub(crate) struct Rule {
    /// Completes "that was found, but …".
    pub(crate) because: &'static str,
    /// Paths from the root; a `*` at the end takes every file and folder that starts so. Each
    /// must match something.
    pub(crate) files: &'static [&'static str],
    /// Paths that the rule leaves alone.
    pub(crate) except: &'static [&'static str],
    pub(crate) forbids: Forbids,
}

pub(crate) enum Forbids {
    /// Rust paths and all below them, wherever they are named.
    Paths(&'static [&'static str]),
    /// Code that only Linux runs.
    LinuxOnly,
    /// In a JavaScript module, these global names and every import but those it may have.
    ImportsAndGlobals {
        may_import: &'static [&'static str],
        globals: &'static [&'static str],
    },
}

const NETWORK_AND_FILES: &[&str] = &[
    "tokio",
    "tokio_tungstenite",
    "tokio_rustls",
    "reqwest",
    "futures",
    "std::net",
    "std::fs",
    "std::io",
    "std::process",
    "std::thread",
];

pub(crate) const RULES: &[Rule] = &[
    Rule {
        because: "a room's rules know no socket, store or clock",
        files: &["server/rules/src"],
        except: &[],
        forbids: Forbids::Paths(&[
            "tokio",
            "futures",
            "axum",
            "hyper",
            "rusqlite",
            "mongodb",
            "getrandom",
            "rand",
            "std::net",
            "std::fs",
            "std::io",
            "std::env",
            "std::process",
            "std::thread",
            "std::time::SystemTime",
            "std::time::Instant",
            "crate::store",
            "crate::hub",
            "crate::gateway",
        ]),
    },
    Rule {
        because: "chat-shared is types and text; only its SDK has a runtime",
        files: &["shared/src"],
        except: &["shared/src/client", "shared/src/client.rs"],
        forbids: Forbids::Paths(NETWORK_AND_FILES),
    },
    Rule {
        because: "the terminal client's view draws the state and changes nothing",
        files: &["client-tui/src/view*"],
        except: &[],
        forbids: Forbids::Paths(&[
            "crate::update",
            "crate::net",
            "crate::run",
            "crate::storage",
            "crate::terminal",
            "crossterm::terminal",
            "tokio",
            "futures",
            "std::env",
            "std::fs",
            "std::io",
            "std::net",
            "std::process",
            "std::thread",
            "std::time::SystemTime",
            "std::time::Instant",
        ]),
    },
    Rule {
        because: "the terminal client's state is data that knows no view and does no IO",
        files: &["client-tui/src/state*", "client-tui/src/text*"],
        except: &[],
        forbids: Forbids::Paths(&[
            "crate::update",
            "crate::view",
            "crate::net",
            "crate::run",
            "crate::storage",
            "crate::terminal",
            "ratatui",
            "crossterm",
            "tokio",
            "futures",
            "std::env",
            "std::fs",
            "std::io",
            "std::net",
            "std::process",
            "std::thread",
            "std::time::SystemTime",
            "std::time::Instant",
        ]),
    },
    Rule {
        because: "the terminal client's update returns effects and does no IO",
        files: &["client-tui/src/update*"],
        except: &[],
        forbids: Forbids::Paths(&[
            "crate::net",
            "crate::run",
            "crate::storage",
            "crate::terminal",
            "crossterm::terminal",
            "tokio",
            "futures",
            "std::env",
            "std::fs",
            "std::io",
            "std::net",
            "std::process",
            "std::thread",
            "std::time::SystemTime",
            "std::time::Instant",
        ]),
    },
    Rule {
        because: "the page's state is a pure function of what came",
        files: &["web/js/state"],
        except: &[],
        forbids: Forbids::ImportsAndGlobals {
            may_import: &[
                "./commands.js",
                "./entries.js",
                "./frames.js",
                "./initial.js",
                "./intents.js",
                "./past.js",
                "./people.js",
                "./quotes.js",
                "./room.js",
                "./rooms.js",
                "./unread.js",
                "../wire.js",
            ],
            globals: &[
                "document",
                "window",
                "location",
                "fetch",
                "WebSocket",
                "Date",
                "localStorage",
                "sessionStorage",
                "setTimeout",
                "setInterval",
            ],
        },
    },
    Rule {
        because: "all but the benchmark runs on a Mac too",
        files: &["shared", "server", "client-tui", "xtask"],
        except: &[],
        forbids: Forbids::LinuxOnly,
    },
];

impl Rule {
    /// What in this tree breaks the rule, a sentence for each.
    pub(crate) fn violations(&self, root: &Path) -> Vec<String> {
        let mut violations = Vec::new();
        for pattern in self.files {
            let files = self.files_of(root, pattern);
            if files.is_empty() {
                violations.push(format!("{pattern}: holds no source, but {}", self.because));
            }
            for file in files {
                let text = fs::read_to_string(root.join(&file)).unwrap();
                for found in self.forbids.find_in(&file, &text) {
                    let file = file.display();
                    violations.push(format!("{file}: {found}, but {}", self.because));
                }
            }
        }
        violations
    }

    /// Paths from the root, sorted.
    fn files_of(&self, root: &Path, pattern: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        if let Some(start) = pattern.strip_suffix('*') {
            let folder = Path::new(start).parent().unwrap();
            for entry in children(root, folder) {
                if entry.to_str().unwrap().starts_with(start) {
                    self.collect(root, &entry, &mut files);
                }
            }
        } else {
            self.collect(root, Path::new(pattern), &mut files);
        }
        files.sort();
        files
    }

    fn collect(&self, root: &Path, path: &Path, files: &mut Vec<PathBuf>) {
        let is_excepted = self.except.iter().any(|except| path == Path::new(except));
        if is_excepted || path.ends_with("target") || path.ends_with("node_modules") {
            return;
        }
        if root.join(path).is_dir() {
            children(root, path)
                .iter()
                .for_each(|child| self.collect(root, child, files));
        } else if root.join(path).is_file() && self.forbids.reads(path) {
            files.push(path.to_path_buf());
        }
    }
}

fn children(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = root.join(folder).read_dir() else {
        return Vec::new();
    };
    entries
        .map(|entry| folder.join(entry.unwrap().file_name()))
        .collect()
}

impl Forbids {
    fn reads(&self, path: &Path) -> bool {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match self {
            Self::Paths(_) => extension == Some("rs"),
            Self::LinuxOnly => extension == Some("rs") || path.ends_with("Cargo.toml"),
            Self::ImportsAndGlobals { .. } => extension == Some("js"),
        }
    }

    fn find_in(&self, file: &Path, text: &str) -> Vec<String> {
        match self {
            Self::Paths(forbidden) => rust::paths(file, text)
                .into_iter()
                .filter(|path| forbidden.iter().any(|forbidden| reaches(path, forbidden)))
                .map(|path| format!("names {path}"))
                .collect(),
            Self::LinuxOnly if path_is_toml(file) => text
                .lines()
                .filter(|line| line.contains("target_os") && line.contains("linux"))
                .map(|line| format!("says {}", line.trim()))
                .collect(),
            Self::LinuxOnly => rust::linux_only(file, text),
            Self::ImportsAndGlobals {
                may_import,
                globals,
            } => javascript::imports_and_globals(text, may_import, globals),
        }
    }
}

fn path_is_toml(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension == "toml")
}

/// Whether a path is the forbidden one, lies below it, or takes it in by a `*`.
fn reaches(path: &str, forbidden: &str) -> bool {
    let is_at_or_below = |path: &str, above: &str| {
        path.strip_prefix(above)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    is_at_or_below(path, forbidden)
        || path
            .strip_suffix("::*")
            .is_some_and(|glob| is_at_or_below(forbidden, glob))
}
