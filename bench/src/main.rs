//! Measures what the server costs, compared with the machine's own limit and with other programs.
//!
//! Linux only: the server's cost is its own CPU time on a core of its own, and the load is one
//! epoll loop on another core.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    use std::io::Write;
    // If even this cannot be written, the exit status says it.
    let _ = writeln!(
        std::io::stderr(),
        "chat-bench measures with epoll, /proc and CPU affinity: run it on Linux."
    );
    ExitCode::FAILURE
}
